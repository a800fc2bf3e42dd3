"""Every check of an argument and every error sentence of the library.

A sentence names the subject, the rule, what came and how to mend it. ValueError for values and shapes, TypeError for
types. The core behind ``_core`` only asserts: what passes here is C-contiguous, aligned, native and in range.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from typing import Any, TypeVar

Kind = TypeVar("Kind")


def check_real(
    value: Any,
    name: str,
    *,
    minimum: float | None = None,
    above: float | None = None,
    below: float | None = None,
) -> float:
    """Return a finite float within the bounds (``minimum`` included, ``above`` and ``below`` excluded)."""
    bounds = [
        text
        for text, bound in (
            (f"at least {minimum}", minimum),
            (f"above {above}", above),
            (f"below {below}", below),
        )
        if bound is not None
    ]
    rule = " and ".join(bounds) or "finite"
    if isinstance(value, bool | str | bytes):
        raise TypeError(f"{name} must be a number ({rule}), got {value!r}.")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number ({rule}), got {value!r}.") from None
    if (
        not math.isfinite(number)
        or (minimum is not None and number < minimum)
        or (above is not None and number <= above)
        or (below is not None and number >= below)
    ):
        raise ValueError(f"{name} must be {rule}, got {value!r}.")
    return number


def check_integer(value: Any, name: str, *, minimum: int, maximum: int | None = None) -> int:
    """Return an int within the bounds, both included."""
    rule = f"an integer of at least {minimum}" if maximum is None else f"an integer from {minimum} to {maximum}"
    if isinstance(value, bool):
        raise TypeError(f"{name} must be {rule}, got {value!r}.")
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be {rule}, got {value!r}.") from None
    if number < minimum or (maximum is not None and number > maximum):
        raise ValueError(f"{name} must be {rule}, got {number}.")
    return number


def check_flag(value: Any, name: str) -> bool:
    """Return a bool; NumPy's bools count, other numbers do not."""
    if type(value).__name__ not in ("bool", "bool_"):
        raise TypeError(f"{name} must be True or False, got {value!r}.")
    return bool(value)


def resolve_by_name(value: Any, kinds: Mapping[str, type[Kind]], subject: str) -> Kind:
    """Return ``value`` if it is an object of one of ``kinds``, or a default object of the kind with that name."""
    names = ", ".join(repr(name) for name in kinds)
    if isinstance(value, str):
        if value not in kinds:
            raise ValueError(f"{subject} {value!r} does not exist: use one of {names}, or an object of these kinds.")
        return kinds[value]()
    for kind in kinds.values():
        if type(value) is kind:
            return value
    raise TypeError(f"{subject} must be one of the names {names} or an object of these kinds, got {value!r}.")
