"""A slope out of values of f alone, and how far it can be trusted.

Ridders' method (Adv. Eng. Software 4, 1982): central differences of steps h, h/2, h/4 are extrapolated to h = 0, and
what the last extrapolation changed bounds what is left of curvature. To it comes what the rounding or noise of f does
to the quotients, which grows as h shrinks; so the steps that give the least sum of both are searched for, from the
first one to longer or shorter ones. A kink at the point shows in the one-sided slopes: their difference shrinks with h
where f is smooth.

Here is arithmetic on numbers alone: what f is and what a slope is compared with, others know.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

# How the error of f enters the extrapolation of two and of three quotients, over the longest of their steps.
_NOISE_OF_TWO = 3.0
_NOISE_OF_THREE = 6.6
# A search in one direction ends after so many steps that bring nothing.
_PATIENCE = 3
_MOST_HALVINGS = 60
# Of the difference of one-sided slopes when the step is halved: 0.5 where f is smooth, 1 at a kink.
_BEND_OF_A_KINK = 0.75
# How far such a difference must stand out of the noise.
_BEND_OVER_NOISE = 16


class Quotient(NamedTuple):
    """What two values around the point say: the slope between them, and how much the one-sided slopes differ."""

    slope: float
    bend: float


class Slope(NamedTuple):
    """An estimate of f'(0) along a line.

    Attributes
    ----------
    value : float
        NaN where f is not finite close to the point.
    error : float
        What the value may be wrong by, curvature and noise together.
    noise : float
        The part of it that noise has.
    step : float
        The longest step of those it is made of.
    bend : float
        The difference of the one-sided slopes where it is that of a kink, else 0.
    """

    value: float
    error: float
    noise: float
    step: float
    bend: float


NO_SLOPE = Slope(math.nan, math.inf, 0.0, 0.0, 0.0)

Ladder = Callable[[int], Quotient]


def estimate(
    quotient: Callable[[float], Quotient],
    first: float,
    noise: float,
    enough: Callable[[Slope], bool],
    longest: float = math.inf,
) -> Slope:
    """Return the slope at 0 of a function of one number.

    Parameters
    ----------
    quotient : callable
        From a step to the quotient with this step.
    first : float
        The step to begin with.
    noise : float
        What a value of f may be wrong by.
    enough : callable
        Whether an estimate will do.
    longest : float
        No step is longer.
    """
    rungs: dict[int, Quotient] = {}

    def rung(halvings: int) -> Quotient:
        if halvings not in rungs:
            rungs[halvings] = quotient(math.ldexp(first, -halvings))
        return rungs[halvings]

    two = _of_two(rung, first, noise)
    if enough(two):
        return two
    found: dict[int, Slope] = {0: _of_three(rung, 0, first, noise)}
    best = at_first = found[0]
    # with values that are not finite, shorter steps may meet none
    grows = math.isfinite(best.error) and 2 * best.noise >= best.error
    for sign in (-1, 1) if grows else (1, -1):
        # what seems to be curvature may be noise: where one direction brings nothing, the other one is tried
        if best is not at_first:
            break
        halvings = without_gain = 0
        while not enough(best) and without_gain < _PATIENCE:
            halvings += sign
            step = math.ldexp(first, -halvings)
            if step > longest or halvings > _MOST_HALVINGS:
                break
            if sign > 0 and _is_lost(noise / step, best):
                break
            found[halvings] = _of_three(rung, halvings, step, noise)
            slope = _settled(halvings, found)
            if slope.error < best.error:
                best, without_gain = slope, 0
            elif math.isfinite(best.error) and not best.bend:
                # a kink within the steps lies outside of shorter ones, unless it is at the point
                without_gain += 1
    # of the longest steps nothing says whether their curvature is small by chance
    known = [_settled(halvings, found) for halvings in found if halvings >= 0 or halvings - 1 in found]
    best = min(known, key=lambda slope: slope.error)
    contradiction = max(
        abs(best.value - other.value) - other.error if other.error <= 10 * best.error else 0.0
        for other in found.values()
    )
    return best._replace(error=max(best.error, contradiction))


def _is_lost(noise: float, best: Slope) -> bool:
    """Return whether so much noise in a quotient hides more than the best estimate does not know, or its kink."""
    return _NOISE_OF_THREE * noise > best.error or (best.bend > 0 and 4 * _BEND_OVER_NOISE * noise > best.bend)


def _settled(halvings: int, found: Mapping[int, Slope]) -> Slope:
    """Return an estimate with an error that the one of twice as long steps does not contradict.

    What is left of curvature may be small by chance; it grows sixteenfold when steps are twice as long.
    """
    slope = found[halvings]
    longer = found.get(halvings - 1)
    if longer is None or not math.isfinite(longer.error):
        return slope
    curvature = longer.error - longer.noise - longer.bend / 2
    return slope._replace(error=max(slope.error, slope.noise + slope.bend / 2 + curvature / 16))


def _of_two(rung: Ladder, step: float, noise: float) -> Slope:
    long, short = rung(0), rung(1)
    change = (short.slope - long.slope) / 3
    share = _NOISE_OF_TWO * noise / step
    return _slope(short.slope + change, abs(change), share, step, _kink(long, short, noise / step))


def _of_three(rung: Ladder, halvings: int, step: float, noise: float) -> Slope:
    long, middle, short = (rung(halvings + i) for i in range(3))
    first = middle.slope + (middle.slope - long.slope) / 3
    second = short.slope + (short.slope - middle.slope) / 3
    value = second + (second - first) / 15
    share = _NOISE_OF_THREE * noise / step
    return _slope(value, abs(value - first), share, step, _kink(middle, short, 2 * noise / step))


def _slope(value: float, curvature: float, noise: float, step: float, bend: float) -> Slope:
    # whose kink lies within the steps may have either slope
    error = curvature + noise + bend / 2
    return Slope(value, error, noise, step, bend) if math.isfinite(error) else NO_SLOPE._replace(step=step)


def _kink(long: Quotient, short: Quotient, noise: float) -> float:
    """Return the bend where halving the step leaves it; noise: what it does to the longer step's quotient."""
    bend = abs(short.bend)
    # four values of f make the bend of half the step
    return bend if bend > _BEND_OF_A_KINK * abs(long.bend) and bend > _BEND_OVER_NOISE * noise else 0.0
