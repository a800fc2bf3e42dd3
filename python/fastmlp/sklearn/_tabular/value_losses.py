"""The losses of TabularRegressor by scikit-learn's names, and what each makes of targets before they are learned.

A network begins with outputs of 0, so the number that is taken to 0 is the best constant by the loss itself, and the
spread is measured in its kind of error. Expected counts are divided by their mean and not shifted: their logarithm is
learned.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import check_choice, check_real
from fastmlp._single_layer import lost
from fastmlp.losses import Huber, Loss, MeanAbsoluteError, MeanSquaredError, Poisson, Quantile

Values = npt.NDArray[np.float64]

VALUE_LOSSES = ("squared_error", "absolute_error", "huber", "poisson", "quantile")
# P. J. Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics, 1964: 95 % of the
# efficiency of squares where errors are normal, of standard deviation 1
HUBER_DELTA = 1.35
# the median of absolute deviations of a normal distribution of standard deviation 1, inverted
NORMAL = 1.4826


class ValueLoss(NamedTuple):
    """What the networks minimize, and of a column of targets the value that becomes 0, and from both what becomes 1."""

    loss: Loss
    centre: Callable[[Values], float]
    spread: Callable[[Values, float], float]


def value_loss_of(name: str, quantile: float) -> ValueLoss:
    """Return the loss of this name; only "quantile" has a use for another quantile than the median."""
    check_choice(name, "loss", VALUE_LOSSES)
    q = check_real(quantile, "quantile", above=0.0, below=1.0)
    if name != "quantile" and q != 0.5:
        raise ValueError(f"quantile is {q:g}, but loss {name!r} has none: give loss='quantile', or leave quantile out.")
    if name == "squared_error":
        return ValueLoss(MeanSquaredError(), lambda y: float(y.mean()), lambda y, _: float(y.std()))
    if name == "poisson":
        return ValueLoss(Poisson(), lambda y: 0.0, lambda y, _: float(y.mean()))
    if name == "huber":
        return ValueLoss(Huber(HUBER_DELTA), lambda y: float(np.median(y)), _robust_deviation)
    loss = MeanAbsoluteError() if name == "absolute_error" else Quantile(q)
    return ValueLoss(loss, lambda y: float(np.quantile(y, q)), _mean_deviation)


def check_counts(y: Values, name: str, *, needs_any: bool) -> None:
    """Refuse what are no counts; where they are learned from, those of each output must not all be 0."""
    if (y < 0).any():
        raise ValueError(f"{name} holds {y[y < 0].flat[0]:g}, but loss 'poisson' is for counts: none is negative.")
    if needs_any and not y.reshape(len(y), -1).any(axis=0).all():
        raise ValueError(f"{name} is 0 in every row, but loss 'poisson' needs a count above 0 to learn from.")


def mean_loss(loss: Loss, outputs: Values, targets: Values, weights: Values | None) -> float:
    """Return the mean over rows of what a loss here makes of outputs and targets (rows, values)."""
    return lost(loss.name, loss.parameter, None, outputs, targets, weights)[0]


def _mean_deviation(y: Values, centre: float) -> float:
    return float(np.abs(y - centre).mean())


def _robust_deviation(y: Values, centre: float) -> float:
    # where more than half of all are equal, the median deviation is 0
    return NORMAL * float(np.median(np.abs(y - centre))) or _mean_deviation(y, centre)
