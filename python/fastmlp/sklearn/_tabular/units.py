"""Targets of TabularRegressor: numbers, which the networks learn about 0 and with a spread of 1.

Which number of a column is taken to 0, and what its spread is, the loss says (value_losses.py).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp.sklearn._tabular.value_losses import ValueLoss, Values


@dataclass(frozen=True, eq=False)
class Units:
    """Of each output the target that is 0, what 1 is, and the least and the greatest target learned from."""

    centre: Values
    spread: Values
    least: Values
    greatest: Values

    @classmethod
    def of(cls, y: npt.ArrayLike, loss: ValueLoss) -> Units:
        """Learn the units of targets."""
        values = numbers_of(y, "y")
        # column by column: a sum over rows of several would be rounded otherwise than that of one
        columns = np.ascontiguousarray(values.reshape(len(values), -1).T)
        with np.errstate(over="ignore", invalid="ignore"):
            centres = [loss.centre(column) for column in columns]
            spreads = [loss.spread(*pair) or 1.0 for pair in zip(columns, centres, strict=True)]
        if not np.isfinite(spreads).all():
            raise ValueError(f"y goes up to {np.abs(values).max()}, whose square no number holds: divide it.")
        return cls(np.array(centres), np.array(spreads), columns.min(axis=1), columns.max(axis=1))

    def inside(self, y: npt.ArrayLike, name: str) -> Values:
        """Return targets (samples,) or (samples, outputs) as the networks learn them."""
        values = numbers_of(y, name)
        rows = (values.reshape(len(values), -1) - self.centre) / self.spread
        return rows.reshape(values.shape)

    def outside(self, outputs: npt.NDArray[np.floating[Any]]) -> Values:
        """Return values (samples, outputs) in the units of the targets, never beyond those learned from."""
        return np.clip(outputs.astype(np.float64) * self.spread + self.centre, self.least, self.greatest)


def numbers_of(y: npt.ArrayLike, name: str) -> Values:
    """Return targets as float64; what is no finite number is an error."""
    array = np.asarray(y)
    if array.dtype == object and not any(isinstance(value, str | bytes) for value in array.flat):
        with suppress(TypeError, ValueError):
            array = array.astype(np.float64)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} is of {array.dtype}, but values must be numbers: convert them first.")
    values = array.astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError(f"{name} holds {values[~np.isfinite(values)][0]}: leave such rows out.")
    return values
