"""What follows an iteration (an epoch): the estimator's attributes, scikit-learn's rules of stopping and of the rate.

The rules are those of the documentation of scikit-learn's ``tol``, ``n_iter_no_change``, ``early_stopping`` and
``learning_rate``: an iteration counts as no improvement unless it is better than the best one by ``tol``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from fastmlp.history import Epoch
from fastmlp.optimizers import LBFGS
from fastmlp.sklearn._mlp.parameters import Parameters

if TYPE_CHECKING:
    from fastmlp.network import Network
    from fastmlp.sklearn._mlp.estimator import BaseMLP
    from fastmlp.sklearn._tabular.estimator import BaseTabular

SMALLEST_RATE = 1e-6  # of "adaptive"; then the fit ends
REDUCTION = 5.0  # of "adaptive"
# results whose names do not end as those of scikit-learn do
UNLISTED = ("_binarizer", "_no_improvement_count", "_rate", "_encoder", "_mean", "_deviation", "_range")
# attributes that a fit from the start begins with
FOLLOWED = ("loss_curve_", "best_loss_", "validation_scores_", "best_validation_score_", "_no_improvement_count")


class Iterations:
    """The callback of one fit.

    Attributes
    ----------
    has_stopped : bool
        Whether a rule ended the fit before ``max_iter``.
    rate : float
        Of the next iteration, where a rule sets it.
    reported : callable
        Makes of the network's loss the one that is told.
    """

    def __init__(
        self,
        estimator: BaseMLP,
        parameters: Parameters,
        n_samples: int,
        reported: Callable[[float], float],
        score: Callable[[Network], float] | None,
        after: Callable[[bool], bool],
    ) -> None:
        self._estimator, self._parameters = estimator, parameters
        self._n_samples, self.reported = n_samples, reported
        self._score, self._after = score, after
        self._is_lbfgs = isinstance(parameters.optimizer, LBFGS)
        self._by_score = parameters.early_stopping and score is not None and not self._is_lbfgs
        self._best: npt.NDArray[Any] | None = None
        self.has_stopped = False
        self.rate = estimator._rate

    def __call__(self, network: Network, epoch: Epoch) -> bool:
        """Take the iteration into account; True ends the fit."""
        estimator = self._estimator
        estimator.n_iter_ += 1
        estimator.loss_ = self.reported(epoch["loss"])
        self._say(f"Iteration {estimator.n_iter_}, loss = {estimator.loss_:.8f}")
        if not self._is_lbfgs:
            estimator.t_ += self._n_samples
            estimator.loss_curve_.append(estimator.loss_)
        if self._score is not None:
            self._take_score(network, self._score(network))
        if not self._is_lbfgs:
            self._compare()
        is_last = self.has_stopped or estimator.n_iter_ == self._parameters.max_iter
        self.has_stopped = self._after(is_last) or self.has_stopped
        return self.has_stopped

    def end(self, network: Network) -> None:
        """Put the best weights back, where a score chose them."""
        if self._by_score and self._best is not None:
            network.set_parameters(self._best)

    def _compare(self) -> None:
        estimator, parameters = self._estimator, self._parameters
        if not self._by_score:
            self._take_loss()
        if parameters.rule == "invscaling":
            # not by division: a power beyond all numbers is a rate of 0
            self.rate = estimator.learning_rate_init * (estimator.t_ + 1) ** -estimator.power_t
        if estimator._no_improvement_count > parameters.patience:
            self._end_or_slow_down()
        estimator._rate = self.rate

    def _take_loss(self) -> None:
        estimator = self._estimator
        improves = estimator.loss_ <= estimator.best_loss_ - self._parameters.tol
        estimator._no_improvement_count = 0 if improves else estimator._no_improvement_count + 1
        estimator.best_loss_ = min(estimator.best_loss_, estimator.loss_)

    def _take_score(self, network: Network, score: float) -> None:
        estimator = self._estimator
        estimator.validation_scores_.append(score)
        self._say(f"Validation score: {score:f}")
        if self._by_score:
            improves = score >= estimator.best_validation_score_ + self._parameters.tol
            estimator._no_improvement_count = 0 if improves else estimator._no_improvement_count + 1
        if score > estimator.best_validation_score_:
            estimator.best_validation_score_ = score
            if self._by_score:
                self._best = network.get_parameters()

    def _end_or_slow_down(self) -> None:
        parameters = self._parameters
        what = "Validation score" if self._by_score else "Training loss"
        why = f"{what} did not improve more than tol={parameters.tol:f} for {parameters.patience} consecutive epochs."
        if parameters.rule != "adaptive":
            self._say(f"{why} Stopping.")
            self.has_stopped = True
        elif self.rate <= SMALLEST_RATE:
            self._say(f"{why} Learning rate too small. Stopping.")
            self.has_stopped = True
        else:
            self.rate /= REDUCTION
            self._say(f"{why} Setting learning rate to {self.rate:f}")
            self._estimator._no_improvement_count = 0

    def _say(self, line: str) -> None:
        if self._parameters.verbose:
            print(line)


def begin_iterations(estimator: BaseMLP, parameters: Parameters, *, anew: bool, has_score: bool) -> None:
    """Begin the attributes that ``Iterations`` goes on with, and those that an earlier fit of another kind left out."""
    present = estimator.__dict__
    if anew:
        estimator.t_ = 0
        for name in FOLLOWED:
            present.pop(name, None)
    if has_score and present.get("validation_scores_") is None:
        estimator.validation_scores_, estimator.best_validation_score_ = [], -math.inf
    if isinstance(parameters.optimizer, LBFGS):
        return
    for name in ("validation_scores_", "best_validation_score_"):
        present.setdefault(name, None)
    present.setdefault("loss_curve_", [])
    by_score = parameters.early_stopping
    if "best_loss_" not in present or by_score != (estimator.best_loss_ is None):
        estimator.best_loss_ = None if by_score else math.inf
        estimator._no_improvement_count = 0


def results(estimator: BaseMLP | BaseTabular) -> dict[str, Any]:
    """Return what fits have set."""
    return {name: value for name, value in estimator.__dict__.items() if name.endswith("_") or name in UNLISTED}


@contextmanager
def all_or_nothing(estimator: BaseMLP | BaseTabular) -> Iterator[None]:
    """Leave the results of an earlier fit as they were, if this one fails."""
    before = results(estimator)
    lengths = {name: len(value) for name, value in before.items() if isinstance(value, list)}
    try:
        yield
    except BaseException:
        for name in results(estimator):
            delattr(estimator, name)
        estimator.__dict__.update(before)
        for name, length in lengths.items():
            del before[name][length:]
        raise
