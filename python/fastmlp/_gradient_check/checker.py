"""f evaluated along lines, what its slopes are there, and the verdicts gathered for a report.

An entry is moved in its array, f is evaluated there, and the entry is put back. f may have several values, each with
its own derivatives; they share its evaluations. Which lines there are, lines.py says; what a slope is, slope.py; what
is right, verdict.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import check_integer, check_real
from fastmlp._gradient_check.along import slope_along
from fastmlp._gradient_check.lines import Line, Part, Values, lines_of, smooth_entries
from fastmlp._gradient_check.noise import EPS, SINGLE_EPS, Precision, precision_of
from fastmlp._gradient_check.quotients import Quotients
from fastmlp._gradient_check.report import GradientReport, Probe, Sampling
from fastmlp._gradient_check.slope import Slope
from fastmlp._gradient_check.verdict import Judge, Verdict
from fastmlp.runtime import imported

Array = npt.NDArray[Any]

# Of a complex step, which has no differences to round; roundings in it; how far differences may be from it.
_COMPLEX_STEP = 2.0**-70
_COMPLEX_FACTORS = (1.0, 1.37, 1.83)
_ROUNDINGS = 16
_AGREES = 1e-6
# Of its scale, a number for which even the first step may be too long.
_TINY = 1 / 64
_NOT_ANALYTIC = (
    "the complex step gives {:.6g} and differences {:.6g}: f takes real parts or is not analytic (abs, max, ...)"
)


class _Found(NamedTuple):
    """What was found along a line for one of f's values."""

    line: Line
    value: int
    slope: Slope
    is_still: bool
    is_flat: bool
    reason: str = ""


class Checker:
    """Compares derivatives of ``evaluate`` with differences of it.

    Parameters
    ----------
    evaluate : callable
        The values of f at what the arrays hold.
    step : float
        The first step of the differences, in units of the scales.
    tolerance : float
    seed : int
        Of what is chosen at random.
    longest : float
        The longest step, likewise.
    eps : float
        The unit roundoff of the arithmetic that the derivatives were computed in.
    least_noise : float
        What a value of f is wrong by at least, for who knows.
    roundoff : callable
        The unit roundoff of the values that were evaluated.
    shape : tuple of int
        Of f's values; () where it is one number.
    aside : callable or None
        From an array, an index and a move to the imaginary parts of f's values where the entries there move by so much
        along the imaginary axis: then slopes are those, and differences only have to agree.
    """

    def __init__(
        self,
        evaluate: Callable[[], Values],
        *,
        step: float,
        tolerance: float,
        seed: int,
        longest: float = 1.0,
        eps: float = EPS,
        least_noise: float = 0.0,
        roundoff: Callable[[], float] = lambda: EPS,
        shape: tuple[int, ...] = (),
        aside: Callable[[Array, Any, Any], Values] | None = None,
    ) -> None:
        self._evaluate = evaluate
        self._step = step
        self._longest = max(longest, step)
        self._eps = eps
        self._least_noise = least_noise
        self._roundoff = roundoff
        self._tolerance = check_real(tolerance, "tolerance", above=0.0)
        self._random = imported("numpy.random").default_rng(check_integer(seed, "seed", minimum=0))
        self._shape = shape
        self._aside = aside
        self._n_evaluations = 0
        self._worst: dict[str, tuple[tuple[bool, bool, float, float], Probe]] = {}
        self._wrong: list[Probe] = []
        self._undecided: list[Probe] = []
        self._samplings: list[Sampling] = []
        self._n_compared = self._n_left_out = self._n_unseen = 0

    def compare(self, parts: Sequence[Part]) -> None:
        """Compare every entry, or random ones and directions where a part has more than its limit."""
        # values that overflow are looked at one by one
        with np.errstate(all="ignore"):
            self._center = self._values()
            judges = self._judges(parts)
            self._n_left_out = sum(part.array.size - int(smooth_entries(part).sum()) for part in parts)
            lines = [line for part in parts for line in lines_of(part, self._random)]
            found = [one for line in lines for one in self._slopes(line, judges)]
            # whether a slope is small, all of them together say
            for one in found:
                self._settle(one, judges[one.value])
            for part in parts:
                self._add_sampling(part, [one for one in found if one.line.part is part])

    def report(self, n_samples: int = 0, n_samples_left_out: int = 0) -> GradientReport:
        """Return what was found."""
        worst = sorted(self._worst.values(), key=lambda ranked: ranked[0], reverse=True)
        return GradientReport(
            worst=tuple(probe for _, probe in worst),
            tolerance=self._tolerance,
            n_checked=self._n_compared,
            n_left_out=self._n_left_out,
            n_samples=n_samples,
            n_samples_left_out=n_samples_left_out,
            wrong=tuple(sorted(self._wrong, key=lambda probe: -probe.relative_error)),
            undecided=tuple(self._undecided),
            n_unseen=self._n_unseen,
            n_evaluations=self._n_evaluations,
            samplings=tuple(self._samplings),
        )

    def _values(self) -> Values:
        self._n_evaluations += 1
        return self._evaluate()

    def _judges(self, parts: Sequence[Part]) -> list[Judge]:
        judges = []
        for value, precision in enumerate(self._precisions(parts)):
            largest = max((_largest(part.analytic[value]) for part in parts), default=0.0)
            eps = max(self._eps, SINGLE_EPS) if precision.is_single else self._eps
            judges.append(Judge(self._tolerance, precision, eps, largest))
        return judges

    def _precisions(self, parts: Sequence[Part]) -> list[Precision]:
        """Return the precision of each value of f, on a line that moves every entry of every part."""
        kept = [part.array.copy() for part in parts]
        # an entry near the end of f's domain is small, and shall not be moved beyond
        sizes = [np.where(part.array == 0, part.scales, np.minimum(np.abs(part.array), part.scales)) for part in parts]
        moves = [size * self._random.choice([-1.0, 1.0], size.shape) for size in sizes]
        known: dict[float, Values] = {0.0: self._center}

        def values_at(distance: float) -> Values:
            if distance not in known:
                for part, center, move in zip(parts, kept, moves, strict=True):
                    part.array[...] = center + distance * move
                known[distance] = self._values()
            return known[distance]

        try:
            found = [precision_of(_value_of(values_at, i)) for i in range(len(self._center))]
        finally:
            for part, center in zip(parts, kept, strict=True):
                part.array[...] = center
        roundoff = self._roundoff()
        return [
            Precision(
                max(one.noise, self._least_noise, roundoff * abs(center)), one.is_single or roundoff >= SINGLE_EPS
            )
            for one, center in zip(found, self._center, strict=True)
        ]

    def _slopes(self, line: Line, judges: Sequence[Judge]) -> list[_Found]:
        """Return the slopes of all values of f along a line."""
        known: dict[float, tuple[Values, Values, float]] = {}

        def around(step: float) -> tuple[Values, Values, float]:
            if step not in known:
                known[step] = line.around(step, self._values)
            return known[step]

        # of another length on each line: a period of f fits none of them
        first = self._step * line.scale * self._random.uniform(0.8, 1.0)
        longest = self._longest * line.scale
        is_direction = line.called is None
        size = 0.0 if is_direction else abs(float(line.part.array[line.at]))
        found = []
        for value, judge in enumerate(judges):

            def values_around(step: float, value: int = value) -> tuple[float, float, float]:
                above, below, distance = around(step)
                return above[value], below[value], distance

            eps = max(self._roundoff(), SINGLE_EPS if judge.precision.is_single else EPS)
            quotients = Quotients(values_around, self._center[value], eps, size, self._least_noise)
            is_tiny = line.part.units_apart and 0 < size < _TINY * line.scale
            own = self._step * size if is_tiny else first
            slope, reason = slope_along(quotients, first, longest, own, judge, line.analytic(value), is_direction)
            # curvature is known of as far as the slope's own steps went
            judge.raise_scale(abs(slope.value) - slope.error + slope.curvature * min(first, slope.step))
            judge.raise_resolution(quotients.staircase)
            found.append(_Found(line, value, slope, quotients.is_still, quotients.is_flat(first), reason))
        return found if self._aside is None else self._by_complex_step(line, found)

    def _by_complex_step(self, line: Line, found: list[_Found]) -> list[_Found]:
        assert self._aside is not None
        slopes = []
        # of other mantissas, so that imaginary parts which cancel are rounded otherwise
        for step in (_COMPLEX_STEP * line.scale * factor for factor in _COMPLEX_FACTORS):
            self._n_evaluations += 1
            slopes.append(np.asarray(self._aside(line.part.array, line.at, step * line.unit)) / step)
        better = []
        for one, several in zip(found, np.transpose(slopes), strict=True):
            slope, exact = one.slope, float(several[0])
            apart = abs(exact - slope.value)
            if apart <= slope.error + _AGREES * abs(exact):
                error = _ROUNDINGS * (EPS * abs(exact) + float(np.ptp(several)))
                better.append(one._replace(slope=slope._replace(value=exact, error=error, noise=error), reason=""))
            else:
                better.append(one._replace(reason=_NOT_ANALYTIC.format(exact, slope.value)))
        return better

    def _settle(self, found: _Found, judge: Judge) -> None:
        line, slope = found.line, found.slope
        analytic = line.analytic(found.value)
        if found.is_still and slope.step > 0:
            # f may stand still here since it moves in the steps that other lines have shown
            slope = slope.with_noise(judge.resolution)
        verdict = judge.verdict(analytic, slope, found.is_flat)
        if found.reason:
            verdict = Verdict(False, 0.0, found.reason)
        where = line.part.where
        label = line.label(tuple(int(i) for i in np.unravel_index(found.value, self._shape)))
        probe = Probe(where, label, analytic, slope.value, slope.error, verdict.relative_error, verdict.reason)
        self._n_compared += 1
        self._n_unseen += verdict.is_unseen
        if verdict.is_wrong:
            self._wrong.append(probe)
        elif verdict.reason:
            self._undecided.append(probe)
        size = max(abs(analytic), abs(slope.value))
        apart = abs(analytic - slope.value) / size if size > 0 else 0.0
        rank = (verdict.is_wrong, bool(verdict.reason), verdict.relative_error, apart)
        if where not in self._worst or rank > self._worst[where][0]:
            self._worst[where] = (rank, probe)

    def _add_sampling(self, part: Part, found: list[_Found]) -> None:
        """Say how much of a part was looked at, where that was not all."""
        along = [one for one in found if one.line.called is None]
        if not along:
            return
        # an entry's error counts along a direction by the entry's share of it
        least = max(
            (self._tolerance * abs(one.line.analytic(one.value)) + one.slope.error)
            / float(np.abs(one.line.unit[one.line.unit != 0]).min())
            for one in along
        )
        n_entries = int(smooth_entries(part).sum())
        place = part.name if part.name.startswith(part.where) else f"{part.where} {part.name}"
        self._samplings.append(Sampling(place, n_entries, len(found) - len(along), len(along), least))


def _value_of(values_at: Callable[[float], Values], i: int) -> Callable[[float], float]:
    return lambda distance: values_at(distance)[i]


def _largest(gradient: Array) -> float:
    finite = np.abs(gradient[np.isfinite(gradient)])
    return float(finite.max()) if finite.size else 0.0
