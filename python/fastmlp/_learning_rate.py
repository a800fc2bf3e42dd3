"""The learning rate of one fit, as training.py needs it: what the core is told, and the rate of any step.

Schedules that depend on the step alone are the core's (fastmlp.schedules hands them over whole). On a plateau it is
this file that looks at each epoch and sets the rate of the next one.
"""

from __future__ import annotations

import math
from typing import Any

from fastmlp.history import Epoch
from fastmlp.schedules import CoreSchedule, ReduceOnPlateau, Schedule


class LearningRate:
    """The rates of a fit of ``total`` steps.

    Attributes
    ----------
    base : float
        The number, or where the schedule starts from or rises to.
    for_core : tuple or None
        The schedule as the core takes it.
    changes_between_epochs : bool
        Whether ``after`` must see every epoch.
    """

    def __init__(self, setting: float | Schedule, total: int, steps_per_epoch: int, columns: list[str]) -> None:
        self._schedule = setting if isinstance(setting, Schedule) else None
        self._total, self._steps_per_epoch = total, steps_per_epoch
        self.base = setting.initial if isinstance(setting, Schedule) else setting
        self.for_core: CoreSchedule | None = None
        if self._schedule is not None:
            self.for_core = self._schedule._for_core(total, steps_per_epoch)
        self.changes_between_epochs = isinstance(setting, ReduceOnPlateau)
        if isinstance(setting, ReduceOnPlateau):
            self._column = _monitored(setting, columns)
            self._best, self._waited = math.inf, 0

    def of(self, step: int) -> float:
        """Return the rate of a step, from 0; on a plateau, the one that is set now."""
        if self._schedule is None or self.changes_between_epochs:
            return self.base
        return self._schedule.rate(step, self._total, self._steps_per_epoch)

    def record(self, epoch: Epoch) -> None:
        """Add the rate of an epoch's last step to its row, where there is a schedule."""
        if self._schedule is not None:
            epoch["learning_rate"] = self.of(int(epoch["epoch"]) * self._steps_per_epoch - 1)

    def after(self, epoch: Epoch, trainer: Any) -> None:
        """Look at a whole epoch, and lower the rate of the next one where the loss has not improved."""
        if not isinstance(self._schedule, ReduceOnPlateau):
            return
        value = epoch[self._column] * (-1.0 if self._column.endswith("accuracy") else 1.0)
        # a comparison with NaN is false: an epoch without a number is no improvement
        if value < self._best - self._schedule.min_delta:
            self._best, self._waited = value, 0
            return
        self._waited += 1
        if self._waited > self._schedule.patience:
            self.base, self._waited = self.base * self._schedule.factor, 0
            trainer.set_learning_rate(self.base)


def _monitored(schedule: ReduceOnPlateau, columns: list[str]) -> str:
    default = "validation_loss" if "validation_loss" in columns else "loss"
    column = default if schedule.monitor is None else schedule.monitor
    if column not in columns:
        hint = "give validation_data or monitor" if column.startswith("validation") else "monitor"
        raise ValueError(
            f"ReduceOnPlateau monitors {column!r}, which this fit does not have: {hint} one of {', '.join(columns)}."
        )
    return column
