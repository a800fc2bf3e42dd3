"""How exactly a function is computed, from values of it alone.

Differences of high order of values on a short line are noise: what is smooth vanishes in them (ECnoise: More and Wild,
Estimating computational noise, SIAM J. Sci. Comput. 33, 2011). Rounding inside f, random numbers and an arithmetic of
32 bits all show. It is a first guess for all of f: where it matters, along.py measures it anew beside one slope.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

# Between the points, relative to the point's own scale: longer than the steps in which a part of f may be computed that
# has float32. No power of two or ten, which a period of f may be.
SPACING = 2.3e-6
_POINTS = 16
# of the differences: what is smooth has vanished in both, and the larger one is nearer to the truth
_ORDERS = (5, 6)
# from a deviation to what hardly any value exceeds
_DEVIATIONS = 6.0
# A number of so few digits may be one of float32 by chance.
_FEW_BITS = 14
# unit roundoffs of float64 and float32
EPS = float(np.finfo(np.float64).eps)
SINGLE_EPS = float(np.finfo(np.float32).eps)


class Precision(NamedTuple):
    """What the values of a function are worth.

    Attributes
    ----------
    noise : float
        What a value may be wrong by.
    is_single : bool
        Whether the values are numbers of float32, all of them.
    """

    noise: float
    is_single: bool


def precision_of(value_at: Callable[[float], float]) -> Precision:
    """Return the precision of a function of one number around 0, in units of its scale."""
    values = [value_at(SPACING * i) for i in range(_POINTS)]
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return Precision(0.0, False)
    noise = _noise_of(values)
    largest = max(map(abs, finite))
    is_single = not all(map(_is_round, finite)) and are_single(finite)
    rounding = largest * (SINGLE_EPS if is_single else EPS)
    return Precision(max(rounding, _DEVIATIONS * noise if math.isfinite(noise) else 0.0), is_single)


def are_single(values: Iterable[float]) -> bool:
    """Return whether these may be numbers of float32."""
    return all(float(np.float32(value)) == value for value in values)


def _noise_of(values: list[float]) -> float:
    """Return the deviation of noise in equidistant values."""
    differences = values
    found = 0.0
    for order in range(1, max(_ORDERS) + 1):
        differences = [b - a for a, b in pairwise(differences)]
        if order in _ORDERS:
            # of independent values with deviation 1 they have deviation sqrt((2k)! / (k!)^2)
            gain = math.sqrt(math.factorial(2 * order)) / math.factorial(order)
            largest = max(map(abs, differences))
            # the mean of squares, in units of the largest: squares of themselves may overflow
            mean = math.sqrt(sum((d / largest) ** 2 for d in differences) / len(differences)) if largest else 0.0
            found = max(found, largest * mean / gain)
    return found


def _is_round(value: float) -> bool:
    return math.ldexp(math.frexp(value)[0], _FEW_BITS).is_integer()
