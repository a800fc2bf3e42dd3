"""The rows that choose the epoch of a member: given by the user, or set aside by chance, by groups or from the end.

By chance is members.py's ``validation_rows``; this file knows how users say what they want.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import check_choice
from fastmlp._checks.arrays import count
from fastmlp._checks.text import brief
from fastmlp.sklearn._labels import plain_targets
from fastmlp.sklearn._tabular.columns import Table
from fastmlp.sklearn._tabular.members import Rows, validation_rows

VALIDATIONS = ("random", "last")


class Validation(NamedTuple):
    """What ``fit`` was given to validate on: other rows, with weights perhaps, or groups of its own ones."""

    X: Table
    y: Any
    sample_weight: Any
    groups: Any

    @classmethod
    def of(cls, X: Table, y: Any, sample_weight: Any, eval_set: Any, groups: Any) -> Validation:
        """Return it; ``eval_set`` is X and y as LightGBM and XGBoost take them."""
        if (X is None) != (y is None):
            raise ValueError("X_val and y_val belong together: give both.")
        if eval_set is not None:
            if X is not None:
                raise ValueError("eval_set and X_val both say what validation is made on: give one of them.")
            if not isinstance(eval_set, list | tuple) or not all(
                isinstance(pair, list | tuple) and len(pair) == 2 for pair in eval_set
            ):
                raise TypeError(f"eval_set must be [(X, y)], got {brief(eval_set)}: give it so, or X_val and y_val.")
            if len(eval_set) != 1:
                raise ValueError(
                    f"eval_set has {count(len(eval_set), 'pair')}, but one chooses the epoch: give [(X, y)]."
                )
            ((X, y),) = eval_set
            if X is None or y is None:
                raise ValueError("eval_set must be [(X, y)], got None in it: give rows and their targets.")
        if sample_weight is not None and X is None:
            raise ValueError("sample_weight_val is of X_val and y_val: give these, too.")
        if groups is not None and X is not None:
            raise ValueError("groups say which rows are set aside, but there are rows of X_val: give one of both.")
        return cls(X, y, sample_weight, groups)

    def group_of_each(self, n: int) -> Rows | None:
        """Return the number of each row's group, or None."""
        if self.groups is None:
            return None
        groups = np.asarray(plain_targets(self.groups, "groups"))
        if groups.shape != (n,):
            raise ValueError(f"groups has shape {groups.shape}, but y has {count(n, 'row')}: give the group of each.")
        if groups.dtype.kind == "f" and np.isnan(groups).any():
            raise ValueError(f"groups holds nan in row {int(np.isnan(groups).argmax())}: give every row a group.")
        # by what they are: groups of several kinds cannot be sorted
        numbers: dict[Any, int] = {}
        try:
            return np.array([numbers.setdefault(group, len(numbers)) for group in groups.tolist()], np.intp)
        except TypeError:
            raise TypeError("groups holds what is no name of a group: give text or numbers.") from None


def rows_aside(
    n: int,
    fraction: float,
    validation: str,
    classes: Rows | None,
    groups: Rows | None,
    random_state: np.random.RandomState,
) -> Iterator[Rows]:
    """Yield for one member after another the rows to set aside, without end."""
    check_choice(validation, "validation", VALIDATIONS)
    if n < 2:
        raise ValueError("X has one sample, but needs one to learn from and one for validation: give more.")
    if validation == "last":
        if groups is not None:
            raise ValueError("groups and validation='last' both say which rows are set aside: give one of them.")
        return repeat(np.arange(n - min(max(1, math.ceil(n * fraction)), n - 1), n))
    if groups is None:
        return validation_rows(n, fraction, classes, random_state)
    if groups.max() == groups.min():
        raise ValueError("groups has one group, but needs one to learn from and one for validation: give more.")
    return group_rows(groups, fraction, random_state)


def group_rows(groups: Rows, fraction: float, random_state: np.random.RandomState) -> Iterator[Rows]:
    """Yield for one member after another the rows of whole groups, as near to their share as these go, without end.

    Each takes the next groups of a random order, so that together they set all of them aside about equally often, but
    for a group of more than half of the rows, from which there would be too little left to learn.
    """
    counts: npt.NDArray[np.intp] = np.unique(groups, return_counts=True)[1]
    groups = np.unique(groups, return_inverse=True)[1]
    wanted = fraction * len(groups)
    turns = np.flatnonzero(counts <= max(wanted, len(groups) / 2))
    most = len(turns) - (len(turns) == len(counts))
    while True:
        order = random_state.permutation(turns)
        start = 0
        while start < len(order):
            following = np.roll(order, -start)
            rows = np.cumsum(counts[following])[:most]
            n_groups = 1 + int(np.abs(rows - wanted).argmin())
            yield np.flatnonzero(np.isin(groups, following[:n_groups]))
            start += n_groups
