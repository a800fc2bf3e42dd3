"""The slope of f along one line, as sure as f allows.

The first estimate believes what was measured of f's noise. Where the derivative does not agree with it, the noise is
measured again beside that very slope: in shorter steps, f may differ from a straight line by noise alone. What looks
like noise may be a slope that only the shortest steps show (f oscillates), and what looks like a slope there may be a
part of f that does not move (another one is computed in float32): where the shortest steps settle, both are looked at.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

from fastmlp._gradient_check.noise import EPS, SINGLE_EPS, are_single
from fastmlp._gradient_check.slope import NO_SLOPE, Quotient, Slope, estimate
from fastmlp._gradient_check.verdict import Judge

# Shorter steps for a look at noise: each a fourth of the one before, about, in ratios that no period fits.
_RATIO = 0.25
_UNEVEN = 0.618034
_LOOKS = 12
# from the largest of so few deviations to what hardly any exceeds
_DEVIATIONS = 3.0
_MOST_MEASURES = 4
# the shortest step: its change of f is as many times the rounding of f
_STANDS_OUT = 100.0
_SHORTEST = 20
# what an estimate out of the shortest steps must be known to; noise does not settle so, twice
_SETTLED = 1e-2
_ANOTHER = 0.73
# noise of so many roundings needs no explanation
_ROUNDINGS = 8.0
# Of what is no part of a line when steps are twice as long: 4 where f has a third derivative, 4096 with a 13th only.
_MOST_GROWTH = 4096.0
# of halvings of the distance between a step in which f moves and one in which it stands still
_BISECTIONS = 52
_CONTRADICTION = (
    "f has the slope {:.6g} in long and {:.6g} in short steps: it oscillates, or a part of it computes in float32"
)
_ALL_ZEROS = "f is 0 wherever it was looked at, as a sum whose terms cancel may be that is not"

Values = tuple[float, float, float]


class Quotients:
    """Quotients of differences of one of f's values along a line.

    Parameters
    ----------
    around : callable
        From a step to the values at both sides, and how far these are apart.
    center : float
        The value between them.
    eps : float
        The unit roundoff of the values, but of those that may be numbers of float32.
    size : float
        Of the number that moves: it is rounded as well.
    least_noise : float
        What a value is wrong by at least, for who knows.
    """

    def __init__(
        self, around: Callable[[float], Values], center: float, eps: float, size: float, least_noise: float
    ) -> None:
        self._around = around
        self._center = center
        self._eps = eps
        self._size = size
        self._least_noise = least_noise
        self._known: dict[float, tuple[Quotient, Values]] = {}
        self._least_change = 0.0
        self._is_resolved = False

    def __call__(self, step: float) -> Quotient:
        """Return the quotient with this step."""
        quotient = self._at(step)[0]
        # an f that stands still within a step may do so since it moves in larger ones
        return quotient if quotient.moves else quotient._replace(noise=max(quotient.noise, self._resolution()))

    @property
    def is_still(self) -> bool:
        """Whether f had one value wherever it was looked at."""
        return not any(quotient.moves for quotient, _ in self._known.values())

    def is_flat(self, step: float) -> bool:
        """Return whether f has one value in steps up to this, and no staircase is the reason."""
        still = [(known, quotient.noise) for known, (quotient, _) in self._known.items() if not quotient.moves]
        reached, noise = max(still, default=(0.0, 0.0))
        return reached >= step and self._resolution() <= _ROUNDINGS * noise

    @property
    def is_zero(self) -> bool:
        """Whether that value was 0."""
        return self._center == 0 and self.is_still

    def moving_step(self, first: float, longest: float) -> float:
        """Return the first step from this one on in which f moves; the first where it never does."""
        step = first
        while step <= longest:
            if self(step).moves:
                return step
            step *= 2
        return first

    def noise_beside(self, slope: Slope) -> float:
        """Return by how much a value may differ from a straight line of this slope, in steps shorter than its own."""
        deviation = 0.0
        unsettled = slope.error - slope.noise
        bent = abs(self(slope.step).slope - slope.value)
        for i in range(1, _LOOKS + 1):
            share = _RATIO**i * (1 - 0.3 * math.fmod(i * _UNEVEN, 1))
            _, (above, below, distance) = self._at(slope.step * share)
            if not distance > 0:
                break
            # what curvature leaves of the longest step's quotient goes with its square
            apart = abs(above - below - slope.value * distance) - (unsettled + bent * share**2) * distance
            if math.isfinite(apart):
                deviation = max(deviation, apart / 2)
        return _DEVIATIONS * max(deviation, self._resolution() / 2)

    def start_of_short_steps(self, first: float) -> float:
        """Return the shortest step whose change of f stands out of its rounding; 0 where none does."""
        stand_out = (step for step, q, change in self._short_steps(first) if change > _STANDS_OUT * q.noise)
        return next(stand_out, 0.0)

    def short_slope_like(self, slope: float, first: float) -> float:
        """Return a quotient like this slope where two shorter steps have such and stand out of the noise; else 0."""
        noise, alike = 0.0, 0
        for _, quotient, change in self._short_steps(first):
            is_like = abs(quotient.slope - slope) < abs(slope) / 2 and change > 4 * max(noise, quotient.noise)
            alike = alike + 1 if is_like else 0
            if alike == 2:
                return quotient.slope
            noise = noise if is_like else max(noise, change)
        return 0.0

    def leaves_gradually(self, slope: Slope, other: Slope) -> bool:
        """Return whether f bends, if at all, and does not jump, from the slope of short steps to that of longer."""
        step, apart = slope.step / 8, [0.0, 0.0]
        enough = max(abs(slope.value - other.value), abs(slope.value) / 16) / 4
        while step < 2 * other.step:
            apart.append(abs(self(step).slope - slope.value))
            if apart[-1] > enough:
                return all(shorter >= longer / _MOST_GROWTH for shorter, longer in pairwise(apart[-3:]))
            step *= 2
        return len(apart) > 2

    def _short_steps(self, first: float) -> Iterator[tuple[float, Quotient, float]]:
        """Yield steps from the shortest on, with their quotients and changes of f."""
        for i in range(_SHORTEST, 0, -1):
            step = first * _RATIO**i
            quotient, (above, below, distance) = self._at(step)
            if distance > 0 and math.isfinite(above - below):
                yield step, quotient, abs(above - below)

    def _at(self, step: float) -> tuple[Quotient, Values]:
        if step not in self._known:
            above, below, distance = self._around(step)
            quotient = _NOT_FINITE
            if distance > 0:
                slope = (above - below) / distance
                bend = 2 * ((above - self._center) - (self._center - below)) / distance
                eps = max(self._eps, SINGLE_EPS) if are_single((above, below)) else self._eps
                noise = eps * max(abs(above), abs(below)) + eps * self._size * abs(slope)
                noise = max(noise, self._least_noise)
                quotient = Quotient(slope, bend, noise, above != self._center or below != self._center)
            changes = [c for c in (abs(above - self._center), abs(below - self._center)) if 0 < c < math.inf]
            if changes:
                self._least_change = min(*changes, self._least_change or math.inf)
            self._known[step] = quotient, (above, below, distance)
        return self._known[step]

    def _resolution(self) -> float:
        """Return the least change of f where it stands still in short steps and moves in longer ones, else 0."""
        if self._is_resolved:
            return self._least_change
        still = [step for step, (quotient, _) in self._known.items() if not quotient.moves]
        moving = [step for step, (quotient, _) in self._known.items() if quotient.moves]
        if not still or not moving:
            return 0.0
        short, long = max(still), min(moving)
        for _ in range(_BISECTIONS):
            # next to a kink, f moves by as little as one likes
            if not short < long or self._least_change <= _ROUNDINGS * self._at(long)[0].noise:
                break
            middle = (short + long) / 2
            if self._at(middle)[0].moves:
                long = middle
            else:
                short = middle
        self._is_resolved = True
        return self._least_change


_NOT_FINITE = Quotient(math.nan, math.nan)


class Found(NamedTuple):
    """A slope, and why it says nothing after all, if so."""

    slope: Slope
    reason: str = ""


def slope_along(
    quotients: Quotients, first: float, longest: float, own: float, judge: Judge, analytic: float, is_direction: bool
) -> Found:
    """Return the slope that a derivative is compared with.

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
    if not is_tiny and (judge.agrees(analytic, slope, quotients.is_flat(first)) or noise <= _ROUNDINGS * rounding):
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
