"""Quotients of differences of f along one line, and what they say of how f moves there.

f may stand still in short steps and move in longer ones, by leaps, since it has few digits or a part of it is computed
in float32; beside a slope that is known, what differs from a straight line is noise in short steps and a jump in long
ones. What follows for the slope, along.py decides.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from fastmlp._gradient_check.noise import SINGLE_EPS, are_single
from fastmlp._gradient_check.slope import NOISE_OF_SLOPE, Quotient, Slope

# Shorter steps for a look at noise: each a fourth of the one before, about, in ratios that no period fits.
_RATIO = 0.25
_UNEVEN = 0.618034
_LOOKS = 12
# from the largest of so few deviations to what hardly any exceeds
_DEVIATIONS = 3.0
# the shortest step: its change of f is as many times the rounding of f
_STANDS_OUT = 100.0
_SHORTEST = 20
# noise of so many roundings needs no explanation
ROUNDINGS = 8.0
# Of what is no part of a line when steps are twice as long: 4 where f has a third derivative, 4096 with a 13th only.
_MOST_GROWTH = 4096.0
# of halvings of the distance between a step in which f moves and one in which it stands still
_BISECTIONS = 52
_LEAST = float(np.finfo(np.float64).tiny)
# A jump is a change within so little of its distance.
_PLACE = 1e-10
# One of several makes up for a part of a difference of slopes, or for more where it is nearer than most.
_MORE_JUMPS = 16.0
# Where a curve has left the straight line by so many times a jump's size, the jump is no matter.
_FAR = 1e6

Values = tuple[float, float, float]

_NOT_FINITE = Quotient(math.nan, math.nan)


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

    @property
    def staircase(self) -> float:
        """The least change of f where it moves in steps that rounding does not explain, else 0."""
        noise = max((quotient.noise for quotient, _ in self._known.values() if not quotient.moves), default=0.0)
        return least if (least := self._resolution()) > ROUNDINGS * noise else 0.0

    def is_flat(self, step: float) -> bool:
        """Return whether f has one value in steps up to this, and no staircase is the reason."""
        still = [known for known, (quotient, _) in self._known.items() if not quotient.moves]
        return max(still, default=0.0) >= step and not self.staircase

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

    def jump_towards(self, apart: float, slope: Slope, longest: float) -> float:
        """Return the distance of a jump of f that may be why longer steps have a slope so far apart; 0 without one."""
        short = slope.step
        # in roundings: larger values far away have larger ones
        noise = max(1.0, slope.noise * short / NOISE_OF_SLOPE / max(self._at(short)[0].noise, _LEAST))
        while 0 < short < longest:
            long = min(2 * short, longest)
            unexplained = ROUNDINGS * noise * self._at(long)[0].noise
            if self._jumps(short, long, slope.value, apart, max(abs(apart) * long / _MORE_JUMPS, unexplained)):
                return long
            short = long
        return 0.0

    def _jumps(self, short: float, long: float, slope: float, apart: float, least: float) -> bool:
        """Return whether f leaves a straight line at one place between two steps, by so much or more, to one side."""
        most = abs(apart) * long * _MORE_JUMPS

        def left(step: float) -> float:
            above, below, distance = self._at(step)[1]
            return math.copysign(1.0, apart) * (above - below - slope * distance)

        at_short, at_long = left(short), left(long)
        if not abs(at_long) <= _FAR * most < math.inf:
            return False
        while long - short > _PLACE * long:
            if not at_long - at_short >= least:
                return False
            middle = (short + long) / 2
            at_middle = left(middle)
            if at_middle - at_short >= at_long - at_middle:
                long, at_long = middle, at_middle
            else:
                short, at_short = middle, at_middle
        return least <= at_long - at_short <= most

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
            if not short < long or self._least_change <= ROUNDINGS * self._at(long)[0].noise:
                break
            middle = (short + long) / 2
            if self._at(middle)[0].moves:
                long = middle
            else:
                short = middle
        self._is_resolved = True
        return self._least_change
