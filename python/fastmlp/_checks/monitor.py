"""What "better than the best so far" means, for everything that looks at a column of numbers from epoch to epoch.

Early stopping, checkpoints, plateaus of the learning rate and the estimators all ask one ``Monitor``. Which way a
column improves travels with the column (``Columns``), from the metric that is measured; no name is looked at here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from fastmlp._checks.text import brief, joined

Mode: TypeAlias = Literal["min", "max"]


class Columns(list[str]):
    """Names of the columns that the rows of a fit will have, and which way each is better.

    Parameters
    ----------
    names : iterable of str
    modes : mapping of names to "min" or "max"
        Of those columns of which less, or more, is better; a metric of a user's own need not say.

    Examples
    --------
    >>> columns = Columns(["epoch", "loss"], {"loss": "min"})
    >>> columns.extended(["validation_r2"], {"validation_r2": "max"})
    ['epoch', 'loss', 'validation_r2']
    """

    def __init__(self, names: Iterable[str] = (), modes: Mapping[str, Mode] | None = None) -> None:
        super().__init__(names)
        self.modes: dict[str, Mode] = dict(modes or {})

    def extended(self, names: Iterable[str], modes: Mapping[str, Mode] | None = None) -> Columns:
        """Return these columns and more."""
        return Columns([*self, *names], self.modes | dict(modes or {}))


@dataclass
class Monitor:
    """The best value of a column so far.

    Attributes
    ----------
    column : str
    mode : "min" or "max"
        Whether less or more is better.
    min_delta : float, default 0.0
        What counts as an improvement: a value that is better than the best by more than this.
    counts_equal : bool, default False
        The rule of scikit-learn's ``tol`` instead: better by just as much counts, too, and the best value is the best
        of all, not only of those that counted.
    best : float
        Infinite before the first.

    Examples
    --------
    >>> monitor = Monitor("validation_r2", "max", min_delta=0.1)
    >>> [monitor.improves(value) for value in (0.5, 0.55, 0.65, float("nan"))]
    [True, False, True, False]
    >>> monitor.best
    0.65
    """

    column: str
    mode: Mode
    min_delta: float = 0.0
    counts_equal: bool = False
    best: float = field(default=math.nan)

    def __post_init__(self) -> None:
        if math.isnan(self.best):
            self.best = -math.inf if self.mode == "max" else math.inf

    def improves(self, value: float) -> bool:
        """Take a value into account, and return whether it counts as an improvement; NaN never does."""
        sign = -1.0 if self.mode == "max" else 1.0
        # of numbers that less is better of; a comparison with NaN is false
        value_down, best_down = sign * value, sign * self.best
        if not self.counts_equal:
            counts = moves = best_down - value_down > self.min_delta
        else:
            # written as scikit-learn writes it, for the same rounding
            counts = value_down <= best_down - self.min_delta
            moves = counts or value_down < best_down
        if moves:
            self.best = value
        return counts


def check_monitor(monitor: Any, mode: Any) -> None:
    """Refuse what cannot be a column, and what is no way to compare."""
    if monitor is not None and not isinstance(monitor, str):
        raise TypeError(f"monitor must be the name of a column or None, got {brief(monitor)}.")
    if not (mode is None or (isinstance(mode, str) and mode in ("min", "max"))):
        raise ValueError(f"mode must be 'min', 'max' or None, got {brief(mode)}.")


def resolve_monitor(who: str, monitor: str | None, mode: Mode | None, columns: list[str], min_delta: float) -> Monitor:
    """Return the monitor of the column that ``who`` asked for, or of the loss, of the validation if there is one."""
    default = "validation_loss" if "validation_loss" in columns else "loss"
    column = default if monitor is None else monitor
    if column not in columns:
        hint = "give validation_data or monitor" if column.startswith("validation") else "monitor"
        raise ValueError(
            f"{who} monitors {brief(column)}, which this fit does not have: {hint} one of {joined(columns)}."
        )
    known = columns.modes.get(column) if isinstance(columns, Columns) else None
    settled = mode or known or ("min" if column == default else None)
    if settled is None:
        raise ValueError(
            f"{who} cannot know whether more or less of {brief(column)} is better: give mode='min' or mode='max'."
        )
    return Monitor(column, settled, min_delta)


def check_state(state: Any, **kinds: type | tuple[type, ...]) -> None:
    """Refuse a state of a checkpoint that is none of its kind: what it has of each name must be of these types."""
    for name, kind in kinds.items():
        if not isinstance(state, dict) or not isinstance(state.get(name, ...), kind):
            raise ValueError(f"its state is {brief(state)}")
