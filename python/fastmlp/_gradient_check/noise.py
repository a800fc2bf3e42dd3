"""How exactly a function is computed, from values of it alone.

Differences of high order of values on a short line are noise: what is smooth vanishes in them (ECnoise: More and Wild,
Estimating computational noise, SIAM J. Sci. Comput. 33, 2011). Rounding inside f, random numbers and an arithmetic of
32 bits all show.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

# Of the points of a line, relative to the point's own scale: longer than the steps in which a part of f may be computed
# that has float32, and a ninth of it. Noise is the same on both; what a kink or an oscillation leaves is not.
_SPACINGS = (1e-5, 1e-5 / 9)
_SAME = 7.0
# how many differences at each end of a line, and which share of the largest one they must have
_END, _SHARE = 3, 0.02
# roundings in a value, of which nobody asks more
_ROUNDINGS = 1e4
# where both see something else than noise
_SHORT = 1e-10
_POINTS = 16
# of the differences: what is smooth has vanished in both, and the larger one is nearer to the truth
_ORDERS = (5, 6)
# from a deviation to what hardly any value exceeds
_DEVIATIONS = 6.0
# A number of so few digits may be one of float32 by chance.
_FEW_BITS = 14
_EPS = float(np.finfo(np.float64).eps)


class Precision(NamedTuple):
    """What the values of a function are worth.

    Attributes
    ----------
    noise : float
        What a value may be wrong by.
    is_single : bool
        Whether the values are numbers of float32, all of them.
    least : float
        What it may be wrong by if what seems to be noise is an oscillation within the lines; else the noise.
    """

    noise: float
    is_single: bool
    least: float


def precision_of(value_at: Callable[[float], float]) -> Precision:
    """Return the precision of a function of one number around 0, in units of its scale."""
    values = [value_at(0.0)]

    def noise_on(spacing: float) -> float:
        line = [value_at(spacing * i) for i in range(1, _POINTS)]
        values.extend(line)
        noise, is_everywhere = _noise_of([values[0], *line])
        spread.append(is_everywhere)
        return noise if math.isfinite(noise) else math.inf

    spread: list[bool] = []
    long, short = (noise_on(spacing) for spacing in _SPACINGS)
    noise = max(long, short)
    if not 0 < noise < math.inf or long > _SAME * short or not all(spread):
        # of a line on which f does not move, nothing is learned
        noise = least = _least(short, noise_on(_SHORT))
    else:
        # rounding alone is no oscillation
        is_rounding = noise <= _ROUNDINGS * _EPS * max(map(abs, values))
        least = noise if is_rounding else _least(short, noise_on(_SHORT))
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return Precision(0.0, False, 0.0)
    largest = max(map(abs, finite))
    is_single = not all(map(_is_round, finite)) and all(float(np.float32(value)) == value for value in finite)
    rounding = largest * (float(np.finfo(np.float32).eps) if is_single else _EPS)
    return Precision(max(rounding, _DEVIATIONS * noise), is_single, max(rounding, _DEVIATIONS * least))


def _least(*noises: float) -> float:
    return min((noise for noise in noises if 0 < noise < math.inf), default=0.0)


def _noise_of(values: list[float]) -> tuple[float, bool]:
    """Return the deviation of noise in equidistant values, and whether both ends have it: what a kink leaves is not."""
    differences = values
    found, is_everywhere = 0.0, True
    for order in range(1, max(_ORDERS) + 1):
        differences = [b - a for a, b in pairwise(differences)]
        if order in _ORDERS:
            # of independent values with deviation 1 they have deviation sqrt((2k)! / (k!)^2)
            gain = math.sqrt(math.factorial(2 * order)) / math.factorial(order)
            largest = max(map(abs, differences))
            # the mean of squares, in units of the largest: squares of themselves may overflow
            mean = math.sqrt(sum((d / largest) ** 2 for d in differences) / len(differences)) if largest else 0.0
            found = max(found, largest * mean / gain)
            ends = (max(map(abs, end)) for end in (differences[:_END], differences[-_END:]))
            is_everywhere = is_everywhere and min(ends) >= _SHARE * largest
    return found, is_everywhere


def _is_round(value: float) -> bool:
    return math.ldexp(math.frexp(value)[0], _FEW_BITS).is_integer()
