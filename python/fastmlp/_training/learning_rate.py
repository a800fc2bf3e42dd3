"""The learning rate of one fit, as fit.py needs it: what the core is told, and the rate of any step.

Schedules that depend on the step alone are the core's (fastmlp.schedules hands them over whole). A rate that depends on
what an epoch measured is set between epochs, here.
"""

from __future__ import annotations

from typing import Any

import fastmlp._core as _core
from fastmlp._checks.monitor import Columns
from fastmlp.history import Epoch
from fastmlp.schedules import CoreSchedule, EpochSchedule, Schedule


class LearningRate:
    """The rates of a fit of ``total`` steps.

    Attributes
    ----------
    base : float
        The number; of a schedule where it starts from or rises to; of one that follows epochs, the present rate.
    for_core : tuple or None
        The schedule as the core takes it.
    changes_between_epochs : bool
        Whether ``after`` must see every epoch.
    """

    def __init__(self, setting: float | Schedule, total: int, steps_per_epoch: int, columns: Columns) -> None:
        self._schedule = setting if isinstance(setting, Schedule) else None
        self._total, self._steps_per_epoch = total, steps_per_epoch
        self.base = setting.initial if isinstance(setting, Schedule) else setting
        self.for_core: CoreSchedule | None = None
        if self._schedule is not None:
            self.for_core = self._schedule.for_core(total, steps_per_epoch)
        self._next = setting.follow(columns) if isinstance(setting, EpochSchedule) else None

    @classmethod
    def constant(cls, rate: float) -> LearningRate:
        """Return that of steps whose number is not known."""
        return cls(rate, 0, 1, Columns())

    @classmethod
    def told(cls, base: float, for_core: CoreSchedule | None) -> LearningRate:
        """Return one of which is known what the core was told."""
        rate = cls.constant(base)
        rate.for_core = for_core
        return rate

    @property
    def changes_between_epochs(self) -> bool:
        """Whether the rate depends on what epochs measure."""
        return self._next is not None

    def of(self, step: int) -> float:
        """Return the rate of a step, from 0; of one that is set between epochs, the present one."""
        if self._schedule is None or self._next is not None:
            return self.base
        return self._schedule.rate(step, self._total, self._steps_per_epoch)

    def record(self, epoch: Epoch) -> None:
        """Add the rate of an epoch's last step to its row, where there is a schedule."""
        if self._schedule is not None:
            epoch["learning_rate"] = self.of(int(epoch["epoch"]) * self._steps_per_epoch - 1)

    def check_kept(self) -> None:
        """Refuse a schedule that a checkpoint cannot keep."""
        if self._next is not None and not hasattr(self._next, "state_dict"):
            raise ValueError(
                f"{type(self._schedule).__name__} cannot be kept in a checkpoint: let its follow return an object with "
                "state_dict and load_state_dict."
            )

    def check_length(self, total: int, path: str) -> None:
        """Refuse to go on from a checkpoint of a training of another number of steps, where that changes the rates."""
        if total != self._total and self._schedule is not None and self._schedule.needs_total:
            raise ValueError(
                f"{path} is of a training of {total} steps, on which every rate of "
                f"{type(self._schedule).__name__} depends, and not of {self._total}: give the epochs that it was begun "
                "with, or another path."
            )

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps: the present rate, and what it follows."""
        return {"base": float(self.base), "follows": None if self._next is None else _as_any(self._next).state_dict()}

    def restore(self, state: dict[str, Any], trainer: _core.Trainer32) -> None:
        """Become what ``state`` returned of the same schedule."""
        self.base = state["base"]
        trainer.set_learning_rate(self.base)
        if self._next is not None:
            _as_any(self._next).load_state_dict(state["follows"])

    def after(self, epoch: Epoch, trainer: _core.Trainer32) -> None:
        """Look at a whole epoch, and set the rate of the next one where it depends on that."""
        if self._next is None:
            return
        rate = self._next(epoch, self.base)
        if rate != self.base:
            self.base = rate
            trainer.set_learning_rate(rate)


def _as_any(followed: object) -> Any:
    return followed
