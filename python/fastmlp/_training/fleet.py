"""What ``fit_many`` is given, made into trainings: each network's rows, targets and settings, checked beforehand.

How trainings run together: crew.py; what each is: fit.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt

import fastmlp._core as _core
from fastmlp._checks.arguments import ProgressKind, check_row_numbers
from fastmlp._checks.arrays import check_data
from fastmlp._checks.text import brief, joined
from fastmlp._model.indexed_rows import IndexedRows
from fastmlp._model.model import Model
from fastmlp._training import fit
from fastmlp._training.arguments import FitArguments
from fastmlp._training.crew import SomeTraining, train_together
from fastmlp._training.progress import Progress
from fastmlp.history import History
from fastmlp.optimizers import LBFGS

Array = npt.NDArray[Any]
# what a callback has that keeps something from epoch to epoch
STATEFUL = ("begin", "end", "interrupted")


@dataclass(frozen=True)
class Member:
    """One network of a fleet, and what it is fitted to."""

    model: Model
    owner: object
    X: Any
    y: Any
    arguments: FitArguments


class SharedRows:
    """X and y of a fleet, of which each member has some rows; X is looked at once for each kind of network."""

    def __init__(self, X: Any, y: Any, name: str = "") -> None:
        self._X, self._y_as_given = X, y
        self._y = y if isinstance(y, np.ndarray) else np.asarray(y)
        self._names = f"X{name}", f"y{name}"
        self._seen: set[tuple[int, np.dtype[Any]]] = set()

    def of(self, model: Model, rows: Any, name: str) -> tuple[Any, Array]:
        """Return the data and targets of these rows, None for all of them, without a copy of X."""
        kind = model.architecture.n_inputs, model.architecture.dtype
        if kind not in self._seen and not isinstance(self._X, IndexedRows):
            # what it returns is what any other network takes, too
            self._X = check_data(self._X, *kind, self._names[0])
            self._seen.add(kind)
        X, y = self._X, self._y
        if y.ndim == 0 or len(y) != len(X):
            came = "one value" if y.ndim == 0 else f"{len(y)} rows"
            raise ValueError(f"{self._names[1]} has {came}, but {self._names[0]} has {len(X)}: give one for each row.")
        if rows is None:
            return X, self._y_as_given
        numbers = check_row_numbers(rows, len(X), name)
        return X[numbers] if isinstance(X, IndexedRows) else IndexedRows(X, numbers), y[numbers]


def check_settings(given: Mapping[str, Any], name: str) -> FitArguments:
    """Return the arguments of a fit that these settings are."""
    known = [field.name for field in fields(FitArguments) if field.name != "progress"]
    if not isinstance(given, Mapping):
        raise TypeError(f"{name} must be a dict of arguments of fit, got {brief(given)}.")
    if "progress" in given:
        raise ValueError(f"{name} has 'progress', but a fleet shows one for all: give progress to fit_many.")
    for setting in given:
        if setting not in known:
            raise ValueError(f"{name} has {brief(setting)}, but fit takes {joined(known)}: take it out.")
    return FitArguments(**given, progress=False)


def check_apart(members: Sequence[Member]) -> None:
    """Refuse what two members would change at the same time."""
    models: dict[int, int] = {}
    callbacks: dict[int, int] = {}
    for index, member in enumerate(members):
        first = models.setdefault(id(member.model), index)
        if first != index:
            raise ValueError(f"networks[{first}] and networks[{index}] are the same: give each once, or a copy().")
        called = member.arguments.callbacks
        for callback in called if isinstance(called, list | tuple) else ():
            if any(hasattr(callback, method) for method in STATEFUL):
                first = callbacks.setdefault(id(callback), index)
                if first != index:
                    raise ValueError(
                        f"settings[{first}] and settings[{index}] share one {type(callback).__name__}, which would mix "
                        "up what it sees: give each its own."
                    )


def train_members(
    members: Sequence[Member], progress: ProgressKind, may_begin: Callable[[], bool], own: Sequence[Iterable[Any]]
) -> list[History]:
    """Train them all; ``own`` are callbacks of the fleet itself for each, after those of its user."""
    histories = [History() for _ in members]
    shown = _Shown()
    trainings = [_training(index, member, histories[index], shown) for index, member in enumerate(members)]
    try:
        for index, (training, more) in enumerate(zip(trainings, own, strict=True)):
            shown.plans.append(_prepared(training, index))
            shown.plans[-1].watch.callbacks.extend(more)
        with Progress(progress, 1, sum(plan.n_samples for plan in shown.plans)) as shown.bar:
            train_together(trainings, may_begin=may_begin, after_slice=shown.after_slice)
    finally:
        for training in trainings:
            training.close()
    return histories


def _training(index: int, member: Member, history: History, shown: _Shown) -> SomeTraining[None]:
    """Train a member; where it diverges, its history says so."""
    try:
        yield from fit.training(member.model, member.owner, member.X, member.y, member.arguments, history)
    except FloatingPointError as error:
        history.error = error
    shown.after_end(index)


def _prepared(training: SomeTraining[None], index: int) -> fit.Plan:
    """Prepare a member, and return its plan; a sentence that refuses it says which one it is."""
    try:
        plan = cast(fit.Plan, next(training))
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


class _Shown:
    """The progress of a fleet: samples of all, and how many networks are trained."""

    def __init__(self) -> None:
        self.bar = Progress(False, 1)
        self.plans: list[fit.Plan] = []
        self._steps: Counter[int] = Counter()
        self._ended = 0
        self._words = ""

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


def with_validation(arguments: FitArguments, pair: tuple[Any, Any], name: str) -> FitArguments:
    """Return the arguments with this validation data, the only one."""
    if arguments.validation_data is not None or arguments.validation_fraction is not None:
        raise ValueError(f"{name} and the settings both say what validation is made on: give one of them.")
    return replace(arguments, validation_data=pair)
