"""The lines along which arrays are moved: through single entries, or along random directions that move all of them.

Arrays of more entries than a limit are compared at random ones and along random directions: an entry that is wrong by
more than the slopes along them are known by shows in each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import EllipsisType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastmlp._gradient_check.arrays import median

Array = npt.NDArray[Any]
Values = Sequence[float]

# of an array too large to be compared entry by entry
SINGLE_PROBES = 100
DIRECTIONS = 10
# Each entry shall have a share in a direction that shows.
_LEAST_SHARE = 4.0


class Part(NamedTuple):
    """One array that f is a function of, and the derivatives by it.

    Attributes
    ----------
    where, name : str
        "layer 1", "weights"; an entry is called name[i, j].
    array : array
        Moved in place, and put back.
    analytic : array (values of f, *shape of array)
    scales : array
        The distances on which f may change its shape, for each entry.
    limit : int
        The most entries that are compared one by one.
    smooth : array or None
        Which entries can be compared.
    rows : array or None
        The numbers by which the first index is called.
    units_apart : bool
        Whether each entry may be in a unit of its own: then tiny ones are moved in steps of their size as well.
    """

    where: str
    name: str
    array: Array
    analytic: Array
    scales: Array
    limit: int
    smooth: Array | None = None
    rows: Array | None = None
    units_apart: bool = False


class Line(NamedTuple):
    """A line through the point, in one array: along ``unit`` at ``at``, for steps in units of ``scale``."""

    part: Part
    called: tuple[int, ...] | None
    at: tuple[int, ...] | EllipsisType
    scale: float
    unit: Any

    def analytic(self, value: int) -> float:
        """Return the derivative along the line of one of f's values."""
        of_value = self.part.analytic[value]
        return float(of_value[self.at]) if self.at is not ... else float(np.sum(of_value * self.unit))

    def around(self, step: float, evaluate: Callable[[], Values]) -> tuple[Values, Values, float]:
        """Return the values at both sides of the line's middle, and how far they are apart."""
        array, at = self.part.array, self.at
        kept = np.copy(array[at])
        above, below = kept + step * self.unit, kept - step * self.unit
        # what is left of the step beside the entry
        distance = float(above - below) if at is not ... else 2 * step
        try:
            array[at] = above
            forward = evaluate()
            array[at] = below
            backward = evaluate()
        finally:
            array[at] = kept
        return forward, backward, distance

    def label(self, value: tuple[int, ...]) -> str:
        """Return what the comparison is called in a report."""
        if self.called is None:
            return f"{self.part.name}, random direction"
        index = (*value, *self.called)
        return f"{self.part.name}[{', '.join(map(str, index))}]" if index else self.part.name


def smooth_entries(part: Part) -> Array:
    """Return where the entries of a part can be compared."""
    return np.ones(part.array.shape, bool) if part.smooth is None else part.smooth


def lines_of(part: Part, random: np.random.Generator) -> list[Line]:
    """Return the lines through every smooth entry, or through some of them and along random directions."""
    smooth = smooth_entries(part)
    entries = np.flatnonzero(smooth)
    is_sampled = entries.size > part.limit
    if is_sampled:
        entries = random.choice(entries, min(part.limit, SINGLE_PROBES), replace=False)
    lines = []
    for entry in entries:
        at = tuple(int(i) for i in np.unravel_index(entry, part.array.shape))
        called = at if part.rows is None else (int(part.rows[at[0]]), *at[1:])
        lines.append(Line(part, called, at, float(part.scales[at]), 1.0))
    typical = median(part.scales)
    shares = np.minimum(np.maximum(part.scales, typical / _LEAST_SHARE), typical * _LEAST_SHARE)  # NaN too
    for _ in range(DIRECTIONS if is_sampled else 0):
        # of about one scale in what many entries add up to: signs are random, and fan-in is the first dimension
        move = smooth * shares * random.choice([-1.0, 1.0], smooth.shape) / math.sqrt(len(smooth))
        length = math.sqrt(float(np.mean(move**2)))
        lines.append(Line(part, None, ..., length, move / length))
    return lines
