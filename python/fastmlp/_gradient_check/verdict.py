"""Right, wrong, or not to be told: one derivative against a slope that knows its own error.

Wrong is what differs by more than the tolerance of the derivative itself and the error of the slope. Where that error
is larger than a derivative can be compared with, both may agree and nothing is known: that is undecided, unless it is
small beside the largest slopes of f, as it is where a unit is saturated; then it is called unseen and counted.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from fastmlp._gradient_check.noise import EPS, Precision
from fastmlp._gradient_check.slope import Slope

# An error of more than this share of a derivative tells nothing about it: a wrong one of 0.1 % must show.
_SEEN = 2.5e-4
# One of so little of it that better differences would change nothing.
_CLEAR = 1e-5
# How often a slope is off by more than what differences that do not settle say: by 3.4 times at most of 19 000 slopes
# of a network of relus in float32, whose steps all have kinks within them.
_UNSETTLED = 4.0
# Differences of so many times what is allowed stay wrong.
_FAR = 100.0
# Of the largest slope of f, an error that leaves a small derivative unseen.
_UNSEEN = 1e-4
# The same where f does not move at all: a slope of a tenth of the error would move it.
_FLAT = 1e-3
# Roundings in a gradient's entry, in units of itself, and of the largest entry where terms of that size cancel.
_ROUNDINGS = 64


class Verdict(NamedTuple):
    """``reason`` is empty where the verdict is one; unseen ones agree."""

    is_wrong: bool
    relative_error: float
    reason: str = ""
    is_unseen: bool = False


class Judge:
    """Judges the entries of one gradient.

    Parameters
    ----------
    tolerance : float
        Relative to the derivative itself.
    precision : Precision
        Of f.
    eps : float
        The unit roundoff of the arithmetic in which the gradient was computed.
    largest : float
        The largest entry of the whole gradient.
    """

    def __init__(self, tolerance: float, precision: Precision, eps: float, largest: float) -> None:
        self.tolerance = tolerance
        self.precision = precision
        self.resolution = 0.0
        self._scale = 0.0
        self._roundoff = _ROUNDINGS * eps
        self._cancelled = self._roundoff * largest

    def raise_scale(self, slope: float) -> None:
        """Know of a slope of f as large as this."""
        if math.isfinite(slope):
            self._scale = max(self._scale, slope)

    def raise_resolution(self, change: float) -> None:
        """Know that f moves in steps as large as this."""
        self.resolution = max(self.resolution, change)

    def is_enough(self, analytic: float, slope: Slope) -> bool:
        """Return whether better differences would not change the verdict."""
        size = max(abs(analytic), abs(slope.value))
        error = slope.error + self._roundoff * abs(analytic)
        if not (math.isfinite(error) and math.isfinite(analytic)) or slope.bend > self.tolerance * size:
            return False
        difference, allowed = abs(analytic - slope.value), self.tolerance * size + error
        return error <= _CLEAR * size and (difference <= allowed or difference > _FAR * allowed)

    def agrees(self, analytic: float, slope: Slope, is_flat: bool) -> bool:
        """Return whether the derivative is right, as far as it can be wanted to be known."""
        verdict = self.verdict(analytic, slope, is_flat)
        return not (verdict.is_wrong or verdict.reason or verdict.is_unseen)

    def verdict(self, analytic: float, slope: Slope, is_flat: bool = False) -> Verdict:
        """Return the verdict on one entry; is_flat: f has one value in all steps up to the first."""
        if math.isnan(slope.value):
            return Verdict(False, math.inf, "f is not finite close to the point (overflow, or outside of its domain)")
        if not math.isfinite(analytic):
            return Verdict(True, math.inf)
        size = max(abs(analytic), abs(slope.value))
        error = slope.error + self._roundoff * abs(analytic)
        allowed = self.tolerance * size + error
        difference = abs(analytic - slope.value)
        if slope.bend > self.tolerance * size and difference <= slope.bend + allowed:
            reason = f"f has a kink or jump there, or bends as sharply: one-sided slopes differ by {slope.bend:.3g}"
            return Verdict(False, 0.0, reason)
        if difference > allowed:
            unsettled = slope.error - slope.bend / 2  # both slopes beside a kink are settled
            if difference > allowed + self._cancelled + (_UNSETTLED - 1) * unsettled:
                return Verdict(True, (difference - error) / size)
            if difference > allowed + self._cancelled:
                return Verdict(False, 0.0, self._reason(slope, error))
            if slope.error + self._cancelled > _SEEN * size:
                return Verdict(False, 0.0, self._own_rounding())
        excess = max(0.0, difference - error) / size if size > 0 else 0.0
        if error <= _SEEN * size or (analytic == 0 and is_flat and self._shows_flat(error)):
            return Verdict(False, excess)
        if error <= _UNSEEN * self._scale:
            return Verdict(False, excess, is_unseen=True)
        return Verdict(False, excess, self._reason(slope, error))

    def _shows_flat(self, error: float) -> bool:
        """Return whether f would move if it were not flat, and not stand still since it has few digits."""
        return not (self.precision.is_single or self.resolution) or error <= _FLAT * self._scale

    def _own_rounding(self) -> str:
        remedy = "compute it in float64, or scale x" if self._roundoff > _ROUNDINGS * EPS else "scale x"
        return (
            f"the gradient's own rounding may be {self._cancelled:.1e} where terms of the size of its largest entry "
            f"cancel; {remedy} so that its entries are of one size"
        )

    def _reason(self, slope: Slope, error: float) -> str:
        if self._roundoff > _SEEN:
            return "the gradient is of float16, which has too few digits for a check; compute it in float32 or float64"
        if 2 * slope.noise < slope.error:
            return (
                f"differences of f do not settle, their slope is known to +-{error:.1e} only: a kink lies between the "
                "points, or f oscillates within the steps"
            )
        if self.precision.is_single:
            return (
                f"f computes in float32, which hides slopes below {error:.1e}; compute it in float64, or scale it so "
                "that its values are small"
            )
        return f"the rounding or noise of f hides slopes below {error:.1e}"
