"""Targets of TabularRegressor: numbers, which the networks learn with mean 0 and standard deviation 1."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Units:
    """Mean and standard deviation of the values learned from, and the least and the greatest of them."""

    mean: float
    deviation: float
    least: float
    greatest: float

    @classmethod
    def of(cls, y: npt.ArrayLike) -> Units:
        """Learn the units of targets."""
        values = numbers_of(y, "y")
        with np.errstate(over="ignore", invalid="ignore"):
            mean, deviation = float(values.mean()), float(values.std()) or 1.0
        if not np.isfinite(deviation):
            raise ValueError(f"y goes up to {np.abs(values).max()}, whose square no number holds: divide it.")
        return cls(mean, deviation, float(values.min()), float(values.max()))

    def inside(self, y: npt.ArrayLike, name: str) -> Values:
        """Return targets as the networks learn them."""
        return (numbers_of(y, name) - self.mean) / self.deviation

    def outside(self, outputs: npt.NDArray[np.floating[Any]]) -> Values:
        """Return outputs of the networks in the units of the targets, never beyond those learned from."""
        return np.clip(outputs.astype(np.float64) * self.deviation + self.mean, self.least, self.greatest)


def numbers_of(y: npt.ArrayLike, name: str) -> Values:
    """Return targets as float64; what is no finite number is an error."""
    array = np.asarray(y)
    if array.dtype == object and not any(isinstance(value, str | bytes) for value in array):
        with suppress(TypeError, ValueError):
            array = array.astype(np.float64)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} is of {array.dtype}, but values must be numbers: convert them first.")
    values = array.astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError(f"{name} holds {values[~np.isfinite(values)][0]}: leave such rows out.")
    return values
