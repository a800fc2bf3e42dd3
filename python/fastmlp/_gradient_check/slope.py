"""A slope out of values of f alone, and how far it can be trusted.

Ridders' method (Adv. Eng. Software 4, 1982): central differences of steps h, h/2, h/4 are extrapolated to h = 0, and
what the last extrapolation changed bounds what is left of curvature. To it comes what the rounding or noise of f does
to the quotients, which grows as h shrinks; so the steps that give the least sum of both are searched for, from the
first one to longer or shorter ones. A kink at the point shows in the one-sided slopes: their difference, extrapolated
likewise, vanishes where f is smooth.

Here is arithmetic on numbers alone: what f is and what a slope is compared with, others know.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

# A search in one direction ends after so many steps that bring nothing.
_PATIENCE = 3
_MOST_HALVINGS = 60
# How the error of f enters the extrapolated quotients of three steps, and the extrapolated bends of two and of three
# steps, over the longest step.
NOISE_OF_SLOPE = 6.6
_NOISE_OF_BEND = (20.0, 50.0)
# A kink stands out of what the extrapolation of bends changes: those of curvature shrink with the step.
_KINK_OVER_CHANGE = 4.0


class Quotient(NamedTuple):
    """What the values at both sides of the point say.

    Attributes
    ----------
    slope : float
        Between the two.
    bend : float
        How much the one-sided slopes differ.
    noise : float
        What these values are wrong by at least: they are rounded.
    moves : bool
        Whether one of them is another number than f at the point.
    """

    slope: float
    bend: float
    noise: float = 0.0
    moves: bool = True


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
    blind : float
        A kink whose one-sided slopes differ by less than this may be there unseen.
    curvature : float
        About the size of the second derivative, as far as it stands out of the noise.
    """

    value: float
    error: float
    noise: float
    step: float
    bend: float
    blind: float = 0.0
    curvature: float = 0.0

    def with_noise(self, noise: float) -> Slope:
        """Return the same slope where a value of f may be wrong by at least this much."""
        share = max(self.noise, NOISE_OF_SLOPE * noise / self.step)
        return self._replace(error=self.error - self.noise + share, noise=share)


NO_SLOPE = Slope(math.nan, math.inf, 0.0, 0.0, 0.0)

Ladder = Callable[[int], Quotient]


def estimate(
    quotient: Callable[[float], Quotient],
    first: float,
    noise: float,
    enough: Callable[[Slope], bool],
    longest: float = math.inf,
    shortest: float = 0.0,
) -> Slope:
    """Return the slope at 0 of a function of one number.

    Parameters
    ----------
    quotient : callable
        From a step to the quotient with this step, which may know of more noise once others were asked for.
    first : float
        The step to begin with.
    noise : float
        What a value of f may be wrong by.
    enough : callable
        Whether an estimate will do.
    longest, shortest : float
        No step is longer, and none of a search shorter.
    """

    def rung(halvings: int) -> Quotient:
        return quotient(math.ldexp(first, -halvings))

    two = _of_two(rung, first, noise)
    if enough(two):
        return two
    found: dict[int, Slope] = {0: _of_three(rung, 0, first, noise)}
    best = at_first = found[0]
    # with values that are not finite, shorter steps may meet none; where f does not move, longer ones may
    stands = not all(rung(halvings).moves for halvings in range(3))
    grows = stands or (math.isfinite(best.error) and 2 * best.noise >= best.error)
    for sign in (-1, 1) if grows else (1, -1):
        # what seems to be curvature may be noise: where one direction brings nothing, the other one is tried
        if best is not at_first:
            break
        halvings = without_gain = 0
        while not enough(best) and without_gain < _PATIENCE:
            halvings += sign
            step = math.ldexp(first, -halvings)
            if step > longest or step < shortest or halvings > _MOST_HALVINGS:
                break
            if sign > 0 and (stands or _is_lost(noise / step, best)):
                break
            found[halvings] = _of_three(rung, halvings, step, noise)
            slope = _settled(halvings, found)
            if slope.error < best.error:
                best, without_gain = slope, 0
            elif math.isfinite(best.error) and not best.bend and (sign < 0 or best.error < abs(best.value) / 2):
                # a kink within the steps lies outside of shorter ones, unless it is at the point, and an oscillation
                # has periods that are longer
                without_gain += 1
    if not all(rung(halvings + i).moves for halvings in found for i in range(3)):
        # steps within which f stands still say nothing once longer ones have shown by how much it moves
        found = {halvings: _of_three(rung, halvings, math.ldexp(first, -halvings), noise) for halvings in found}
    # of the longest steps nothing says whether their curvature is small by chance
    known = [_settled(halvings, found) for halvings in found if halvings >= 0 or halvings - 1 in found]
    best = min(known, key=lambda slope: slope.error)
    contradiction = max(
        abs(best.value - other.value) - other.error if other.error <= 10 * best.error < math.inf else 0.0
        for other in found.values()
    )
    return best._replace(error=max(best.error, contradiction))


def _is_lost(noise: float, best: Slope) -> bool:
    """Return whether so much noise in a quotient hides more than the best estimate does not know, or its kink."""
    return NOISE_OF_SLOPE * noise > best.error or (best.bend > 0 and _NOISE_OF_BEND[1] * noise > best.bend)


def _settled(halvings: int, found: Mapping[int, Slope]) -> Slope:
    """Return an estimate with an error that those of longer steps do not contradict.

    What is left of curvature may be small by chance; it grows sixteenfold when steps are twice as long. And a kink that
    longer steps show is there until shorter ones would show it and do not.
    """
    slope = found[halvings]
    bend = max((one.bend for i, one in found.items() if i < halvings), default=0.0)
    if slope.bend < bend < 2 * slope.blind:
        slope = slope._replace(bend=bend, error=slope.error + (bend - slope.bend) / 2)
    longer = found.get(halvings - 1)
    if longer is None or not math.isfinite(longer.error):
        return slope
    curvature = longer.error - longer.noise - longer.bend / 2
    return slope._replace(error=max(slope.error, slope.noise + slope.bend / 2 + curvature / 16))


def _of_two(rung: Ladder, step: float, noise: float) -> Slope:
    long, short = rung(0), rung(1)
    change = (short.slope - long.slope) / 3
    of_long, of_short = (max(noise, quotient.noise) for quotient in (long, short))
    share = (8 * of_short + of_long) / (3 * step)
    bend, blind = abs(2 * short.bend - long.bend), _NOISE_OF_BEND[0] * max(of_long, of_short) / step
    if bend <= blind:
        bend = 0.0
    return _slope(short.slope + change, abs(change), share, step, bend, blind, short.bend)


def _of_three(rung: Ladder, halvings: int, step: float, noise: float) -> Slope:
    long, middle, short = (rung(halvings + i) for i in range(3))
    first = middle.slope + (middle.slope - long.slope) / 3
    second = short.slope + (short.slope - middle.slope) / 3
    value = second + (second - first) / 15
    of_long, of_middle, of_short = (max(noise, quotient.noise) for quotient in (long, middle, short))
    share = (256 * of_short + 40 * of_middle + of_long) / (45 * step)
    # bends are odd in the step, but for that of a kink
    first_bend, second_bend = 2 * middle.bend - long.bend, 2 * short.bend - middle.bend
    bend = abs(8 * second_bend - first_bend) / 7
    curvature = abs(value - first)
    blind = _NOISE_OF_BEND[1] * max(of_long, of_middle, of_short) / step
    if bend <= blind:
        bend = 0.0
    elif bend < _KINK_OVER_CHANGE * abs(second_bend - first_bend):
        curvature, bend = curvature + bend, 0.0
    return _slope(value, curvature, share, step, bend, blind, middle.bend)


def _slope(
    value: float, change: float, noise: float, step: float, bend: float, blind: float, bend_of_half_step: float
) -> Slope:
    # whose kink lies within the steps may have either slope
    error = change + noise + bend / 2
    if not math.isfinite(error):
        return NO_SLOPE._replace(step=step)
    curvature = max(0.0, abs(bend_of_half_step) - blind) / (step / 2)
    return Slope(value, error, noise, step, bend, blind, curvature)
