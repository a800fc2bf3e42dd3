"""Right, wrong, or not to be told: one derivative against a slope that knows its own error.

Wrong is what differs by more than the tolerance of the derivative itself and the error of the slope. Where that error
is larger than a derivative can be compared with, both may agree and nothing is known: that is undecided, unless it is
small beside the largest slopes of f, as it is where a unit is saturated; then it is called unseen and counted.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from fastmlp._gradient_check.noise import Precision
from fastmlp._gradient_check.slope import Slope

# An error of more than this share of a derivative tells nothing about it: a wrong one of 0.1 % must show.
_SEEN = 2.5e-4
# One of so little of it that better differences would change nothing.
_CLEAR = 1e-5
# Of the largest slope of f, an error that leaves a small derivative unseen.
_UNSEEN = 1e-4
# Roundings in a gradient's own entry, in units of the largest entry.
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
        self._scale = largest
        self._own = _ROUNDINGS * eps * largest

    def raise_scale(self, slope: float) -> None:
        """Know of a slope of f as large as this."""
        if math.isfinite(slope):
            self._scale = max(self._scale, slope)

    def is_enough(self, analytic: float, slope: Slope) -> bool:
        """Return whether better differences would not change the verdict."""
        size = max(abs(analytic), abs(slope.value))
        error = slope.error + self._own
        if not (math.isfinite(error) and math.isfinite(analytic)) or slope.bend > 2 * self.tolerance * size:
            return False
        return error <= _CLEAR * size and abs(analytic - slope.value) <= self.tolerance * size + error

    def verdict(self, analytic: float, slope: Slope, is_still: bool = False) -> Verdict:
        """Return the verdict on one entry; is_still: f had one value at all steps."""
        if math.isnan(slope.value):
            return Verdict(False, math.inf, "f is not finite close to the point (overflow, or outside of its domain)")
        if not math.isfinite(analytic):
            return Verdict(True, math.inf)
        size = max(abs(analytic), abs(slope.value))
        error = slope.error + self._own
        allowed = self.tolerance * size + error
        difference = abs(analytic - slope.value)
        if slope.bend > self.tolerance * size and difference <= slope.bend + allowed:
            return Verdict(False, 0.0, f"f has a kink or jump there: one-sided slopes differ by {slope.bend:.3g}")
        if difference > allowed:
            return Verdict(True, (difference - error) / size)
        excess = max(0.0, difference - error) / size if size > 0 else 0.0
        if error <= _SEEN * size or (is_still and analytic == 0):
            return Verdict(False, excess)
        if error <= _UNSEEN * self._scale:
            return Verdict(False, excess, is_unseen=True)
        return Verdict(False, excess, self._reason(slope, error))

    def _reason(self, slope: Slope, error: float) -> str:
        if 2 * slope.noise < slope.error and slope.error > self._own:
            return (
                f"differences of f do not settle, their slope is known to +-{error:.1e} only: a kink lies between the "
                "points, or f oscillates within the steps"
            )
        if self.precision.is_single:
            return (
                f"f computes in float32, which hides slopes below {error:.1e}; compute it in float64, or scale it so "
                "that its values are small"
            )
        return f"the rounding or noise of f, {self.precision.noise:.1e} in a value, hides slopes below {error:.1e}"
