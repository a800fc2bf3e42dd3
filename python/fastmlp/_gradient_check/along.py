"""The slope of f along one line, as sure as f allows.

The first estimate believes what was measured of f's noise. Where the derivative does not agree with it, the noise is
measured again beside that very slope: in shorter steps, f may differ from a straight line by noise alone. What looks
like noise may be a slope that only the shortest steps show (f oscillates), and what looks like a slope there may be a
part of f that does not move (another one is computed in float32): where the shortest steps settle, both are looked at.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from fastmlp._gradient_check.noise import EPS
from fastmlp._gradient_check.quotients import ROUNDINGS, Quotients
from fastmlp._gradient_check.slope import NO_SLOPE, Slope, estimate
from fastmlp._gradient_check.verdict import Judge

_MOST_MEASURES = 4
# what an estimate out of the shortest steps must be known to; noise does not settle so, twice
_SETTLED = 1e-2
_ANOTHER = 0.73
_CONTRADICTION = (
    "f has the slope {:.6g} in long and {:.6g} in short steps: it oscillates, or a part of it computes in float32"
)
_JUMP = "f jumps {:.2g} away, as one does that rounds within: its slope between jumps is not the one over many"
_ALL_ZEROS = "f is 0 wherever it was looked at, as a sum whose terms cancel may be that is not"


class Found(NamedTuple):
    """A slope, and why it says nothing after all, if so."""

    slope: Slope
    reason: str = ""


def slope_along(
    quotients: Quotients, first: float, longest: float, own: float, judge: Judge, analytic: float, is_direction: bool
) -> Found:
    """Return the slope that a derivative is compared with.

    Of an f that moves in steps by itself or in part, as log(1 - s) does where s is rounded next to 1, the slope on one
    of them is not that of f: where a jump would explain what differs, nothing is told.

    Parameters
    ----------
    quotients : Quotients
    first, longest, own : float
        The step to begin with, the longest one, and one that is short beside the number that moves.
    judge : Judge
        Says when a slope is known well enough.
    analytic : float
        The derivative.
    is_direction : bool
        Whether many entries move: one of thousands shows only if the slope is known as well as can be.
    """
    if not 0 < first < math.inf:  # where an infinite activation leaves no step that moves it by itself
        return Found(NO_SLOPE)
    found = _without_jumps(quotients, first, longest, own, judge, analytic, is_direction)
    if not found.reason and judge.verdict(analytic, found.slope).is_wrong:
        distance = quotients.jump_towards(analytic - found.slope.value, found.slope, longest)
        return found._replace(reason=_JUMP.format(distance) if distance else "")
    return found


def _without_jumps(
    quotients: Quotients, first: float, longest: float, own: float, judge: Judge, analytic: float, is_direction: bool
) -> Found:
    def enough(slope: Slope) -> bool:
        return not is_direction and judge.is_enough(analytic, slope)

    def estimated(first: float, noise: float) -> Slope:
        return estimate(quotients, first, noise, enough, longest)

    noise = judge.precision.noise
    slope = estimated(first, noise)
    if quotients.is_still and analytic != 0 and (moving := quotients.moving_step(first, longest)) > first:
        first = moving
        slope = estimated(first, noise)
    if quotients.is_zero and 0 < abs(analytic) * longest < EPS:
        return Found(slope, _ALL_ZEROS)
    is_tiny = own < first
    if not is_tiny and (judge.agrees(analytic, slope, quotients.is_flat(first)) or not math.isfinite(slope.error)):
        return Found(slope)

    for i in range(_MOST_MEASURES):
        measured = max(quotients.noise_beside(slope), quotients(slope.step).noise)
        # less than was believed only once, or one would be chosen that was small by chance
        if measured > 2 * noise or (i == 0 and measured < noise / 4):
            noise = measured
            slope = estimated(first, noise)
        else:
            break
    rounding = quotients(slope.step).noise
    if not is_tiny and (judge.agrees(analytic, slope, quotients.is_flat(first)) or noise <= ROUNDINGS * rounding):
        return Found(slope)

    short = _in_short_steps(quotients, min(first, own))
    if short is None:
        seen = quotients.short_slope_like(analytic, first)
        is_wrong = judge.verdict(analytic, slope).is_wrong
        is_far = abs(analytic - slope.value) > max(abs(analytic), abs(slope.value)) / 2
        return Found(slope, _CONTRADICTION.format(slope.value, seen) if is_wrong and is_far and seen else "")
    if slope.error <= short.error and abs(slope.value - short.value) <= slope.error + short.error:
        return Found(slope)
    if quotients.leaves_gradually(short, slope):
        return Found(short)
    is_wrong, is_wrong_in_short = (judge.verdict(analytic, one).is_wrong for one in (slope, short))
    if is_wrong == is_wrong_in_short:
        return Found(slope if is_wrong or slope.error < short.error else short)
    return Found(slope, _CONTRADICTION.format(slope.value, short.value))


def _in_short_steps(quotients: Quotients, first: float) -> Slope | None:
    """Return the slope in the shortest steps that show one, where they settle."""
    start = quotients.start_of_short_steps(first)
    if start == 0:
        return None
    one = estimate(quotients, start, 0.0, lambda _: False, first, start)
    if not one.error <= _SETTLED * abs(one.value):
        return None
    other = estimate(quotients, _ANOTHER * start, 0.0, lambda _: False, first, _ANOTHER * start)
    if not other.error <= _SETTLED * abs(other.value) or abs(one.value - other.value) > one.error + other.error:
        return None
    one = one.with_noise(quotients.noise_beside(one))
    return one if one.error <= _SETTLED * abs(one.value) else None
