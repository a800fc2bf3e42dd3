"""What ``ReduceOnPlateau`` does in one fit: look at every epoch, and lower the rate where the loss stands still."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fastmlp.history import Epoch


@dataclass
class Plateau:
    """The best value of a column so far, and how long it has stood."""

    factor: float
    patience: int
    min_delta: float
    column: str
    best: float = math.inf
    waited: int = 0

    def __call__(self, epoch: Epoch, rate: float) -> float:
        """Return the rate of the next epoch."""
        value = epoch[self.column] * (-1.0 if self.column.endswith("accuracy") else 1.0)
        # a comparison with NaN is false: an epoch without a number is no improvement
        if value < self.best - self.min_delta:
            self.best, self.waited = value, 0
            return rate
        self.waited += 1
        if self.waited <= self.patience:
            return rate
        self.waited = 0
        return rate * self.factor


def monitored(monitor: str | None, columns: list[str]) -> str:
    """Return the column that is looked at, if epochs have it."""
    default = "validation_loss" if "validation_loss" in columns else "loss"
    column = default if monitor is None else monitor
    if column not in columns:
        hint = "give validation_data or monitor" if column.startswith("validation") else "monitor"
        raise ValueError(
            f"ReduceOnPlateau monitors {column!r}, which this fit does not have: {hint} one of {', '.join(columns)}."
        )
    return column
