"""Targets that are learned in units of their own deviation: what the core sees of them, and what users see of that.

The core learns z = (y - mean) / deviation, column by column; outputs, losses and gradients come back in the units of y.
Both ways are float64, for a target of 1.7e9 +- 100 keeps nothing in float32. How the numbers are learned: scaling.py.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastmlp.losses import Loss
from fastmlp.scalings import Standardize

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


class TargetUnits(NamedTuple):
    """The numbers of each column of the targets, and the unit of what is left between outputs and targets."""

    mean: Floats
    deviation: Floats
    error: float

    @classmethod
    def of(cls, scaling: Standardize, loss: Loss) -> TargetUnits:
        """Return the units that a scaling has learned.

        The loss is one number for all columns, each of which counts by its own deviation: it is given in the unit in
        which it is the plain loss where the columns are known equally well.
        """
        mean, deviation = np.array(scaling.mean, np.float64), np.array(scaling.deviation, np.float64)
        # the largest first, so that no power of a deviation leaves the range of floats
        largest = float(deviation.max())
        error = largest * float(np.mean((deviation / largest) ** loss.degree)) ** (1.0 / loss.degree)
        return cls(mean, deviation, error)

    def loss_unit(self, loss: Loss) -> float:
        """Return what a loss of 1 of the core is in the user's units."""
        return float(self.error**loss.degree)

    def to_core(self, targets: Array, dtype: np.dtype[Any]) -> Array:
        """Return targets (rows, outputs) as the core learns them."""
        with np.errstate(over="ignore"):  # an infinite loss says what is wrong
            return ((targets - self.mean) / self.deviation).astype(dtype)

    def from_core(self, outputs: Array) -> Floats:
        """Return outputs of the core in the units of the targets."""
        values: Floats = outputs * self.deviation + self.mean
        return values
