"""A fleet of members: all are checked before one is trained, and a clock or a plan may end them.

What a member is given is in members.py, how trainings run together in crew.py, what each is in fit.py.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import fastmlp._core as _core
from fastmlp._checks.arguments import ProgressKind
from fastmlp._training import fit
from fastmlp._training.crew import SomeTraining, train_together
from fastmlp._training.members import Member, check_apart
from fastmlp._training.progress import Progress
from fastmlp.history import Epoch, History
from fastmlp.optimizers import LBFGS


class TimeLimit:
    """The moment at which a fleet shall have ended, by a clock that never goes back."""

    def __init__(self, seconds: float | None) -> None:
        self._end = math.inf if seconds is None else time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds from now."""
        return self._end - time.monotonic()


class LastEpoch:
    """Ends a member where the plan or the clock says so, after the member's own callbacks; no checkpoint knows of it.

    Parameters
    ----------
    planned : int or None
        After so many epochs, None: after all.
    limit : TimeLimit
        After which no epoch shall end; how long one takes, the one before says.

    Attributes
    ----------
    plan : int or None
        After which epoch it ended, or None if neither has ended it; 0: it has not begun.
    """

    def __init__(self, planned: int | None, limit: TimeLimit) -> None:
        self.plan, self._limit = planned, limit
        self._left: float | None = None

    def __call__(self, epoch: Epoch) -> bool:
        """Look whether this was the last one."""
        left = self._limit.left
        took = 0.0 if self._left is None else self._left - left
        self._left = left
        if left <= 0.0 or left < took:
            self.plan = int(epoch["epoch"])
        return epoch["epoch"] == self.plan


class Fleet:
    """Members that are checked, and held, before any has changed: in a with statement.

    Attributes
    ----------
    histories : list of History
        Filled while the members are trained.
    last_epochs : list of LastEpoch
        Whose plans say in the end what was decided.
    trainings : list of generators
    shown : Shown
    limit : TimeLimit
    """

    def __init__(self, members: Sequence[Member], plan: Sequence[int | None], limit: TimeLimit) -> None:
        check_apart(members)
        self.histories = [History() for _ in members]
        self.shown = Shown()
        self.limit = limit
        self.last_epochs = [LastEpoch(planned, limit) for planned in plan]
        self.trainings = [
            _training(index, member, history, self.shown)
            for index, (member, history) in enumerate(zip(members, self.histories, strict=True))
        ]

    def __enter__(self) -> Fleet:
        try:
            for index, training in enumerate(self.trainings):
                self.shown.plans.append(_prepared(training, index, self.last_epochs[index].plan))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *failure: object) -> None:
        for training in self.trainings:
            training.close()

    def train(self) -> None:
        """Train all whose plan is not to begin at all, on the threads of this process."""
        begun = [index for index, last in enumerate(self.last_epochs) if last.plan != 0]
        for index in begun:
            last = self.last_epochs[index]
            if last.plan is not None or self.limit.left < math.inf:
                self.shown.plans[index].watch.ends.append(last)
        trained = train_together(
            [self.trainings[index] for index in begun],
            may_begin=lambda: self.limit.left > 0,
            after_slice=lambda place, report: self.shown.after_slice(begun[place], report),
        )
        for place, index in enumerate(begun):
            if place not in trained:
                self.last_epochs[index].plan = 0


def _training(index: int, member: Member, history: History, shown: Shown) -> SomeTraining[None]:
    """Train a member; where it diverges, its history says so."""
    try:
        yield from fit.training(member.model, member.owner, member.X, member.y, member.arguments, history)
    except FloatingPointError as error:
        history.error = error
    shown.after_end(index)


def _prepared(training: SomeTraining[None], index: int, last_epoch: int | None) -> fit.Plan:
    """Prepare a member, and return its plan; a sentence that refuses it says which one it is."""
    try:
        plan = cast(fit.Plan, next(training))
        if plan.keeper is not None and last_epoch is not None:
            plan.keeper.check_made(last_epoch * plan.steps_per_epoch, "its plan: leave the plan out")
    except (ValueError, TypeError) as error:
        if type(error) not in (ValueError, TypeError):
            raise
        raise type(error)(f"of networks[{index}]: {error}") from None
    if isinstance(plan.optimizer, LBFGS):
        raise ValueError(
            f"of networks[{index}]: fit_many trains step by step, but {plan.optimizer.name} searches by itself: call "
            "fit of this network, or use 'adam'."
        )
    return plan


class Shown:
    """The progress of a fleet: samples of all, and how many networks are trained."""

    def __init__(self) -> None:
        self.bar = Progress(False, 1)
        self.plans: list[fit.Plan] = []
        self._steps: Counter[int] = Counter()
        self._ended = 0
        self._words = ""

    @contextmanager
    def on(self, progress: ProgressKind) -> Iterator[None]:
        """Show it inside a with block, once all is prepared."""
        with Progress(progress, 1, sum(plan.n_samples for plan in self.plans)) as self.bar:
            yield

    def after_slice(self, index: int, report: _core.RunReport) -> None:
        """Count a slice."""
        before, self._steps[index] = self._steps[index], self._steps[index] + report.steps
        self._words = f", loss {report.last_loss:#.4g}"
        plan = self.plans[index]
        self._advance(plan.samples_in(self._steps[index]) - plan.samples_in(before))

    def after_end(self, index: int) -> None:
        """Count a network, and samples that it has left."""
        self._ended += 1
        plan = self.plans[index]
        self._advance(plan.n_samples - plan.samples_in(self._steps[index]))

    def _advance(self, samples: int) -> None:
        self.bar.advance(samples, f"{self._ended}/{len(self.plans)} networks{self._words}")
