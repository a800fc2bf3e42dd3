"""What ``fit_many`` is given for each network: its rows of X and y, its settings; and what two must not share.

How they are trained: fleet.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import check_row_numbers
from fastmlp._checks.arrays import check_data
from fastmlp._checks.text import brief, joined
from fastmlp._model.indexed_rows import IndexedRows
from fastmlp._model.model import Model
from fastmlp._training.arguments import FitArguments

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
    known = [field.name for field in fields(FitArguments) if field.name not in ("progress", "metadata")]
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


def with_validation(arguments: FitArguments, pair: tuple[Any, Any], name: str) -> FitArguments:
    """Return the arguments with this validation data, the only one."""
    if arguments.validation_data is not None or arguments.validation_fraction is not None:
        raise ValueError(f"{name} and the settings both say what validation is made on: give one of them.")
    return replace(arguments, validation_data=pair)
