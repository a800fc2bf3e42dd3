"""What follows an iteration (an epoch): the results so far, scikit-learn's rules of stopping and of the rate.

The rules are those of the documentation of scikit-learn's ``tol``, ``n_iter_no_change``, ``early_stopping`` and
``learning_rate``; what an improvement is, is a ``Monitor``'s to say. training.py runs the iterations, and callbacks.py
tells others of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.monitor import Columns, Mode, Monitor
from fastmlp.history import Epoch
from fastmlp.optimizers import LBFGS
from fastmlp.schedules import EpochSchedule
from fastmlp.sklearn._mlp.parameters import Parameters
from fastmlp.sklearn._mlp.results import MLPResult

if TYPE_CHECKING:
    from fastmlp.network import Network

# of "adaptive": what the rate is divided by, and the rate at which the fit ends instead
REDUCTION = 5.0
SMALLEST_RATE = 1e-6
# of the results, what iterations change and go on with
KEPT = (
    "n_iter_", "t_", "loss_", "loss_curve_", "best_loss_", "validation_scores_", "best_validation_score_",
    "no_improvement_count", "rate",
)  # fmt: skip


@dataclass(frozen=True)
class RateByIterations(EpochSchedule):
    """A rate that the rules of scikit-learn's ``learning_rate`` set after each iteration."""

    initial: float
    next_rate: Callable[[], float]

    def follow(self, columns: Columns) -> Callable[[Epoch, float], float]:
        """Return what asks the rule after each epoch."""
        return _Follower(self.next_rate)


@dataclass(frozen=True)
class _Follower:
    next_rate: Callable[[], float]

    def __call__(self, epoch: Epoch, rate: float) -> float:
        return self.next_rate()

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: the rule is the iterations'."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take it."""


class Iterations:
    """The callback of one fit.

    Parameters
    ----------
    result : MLPResult
        Goes on from where it stands.
    parameters : Parameters
    n_samples : int
        Of an iteration.
    reported : callable
        Makes of the network's loss the one that is told.
    score : callable or None
        How right a network is about the validation samples, if there are any.
    after : callable
        Called when an iteration has been taken into account, with whether it is the last; True ends the fit.
    scored_text : str
        By which the samples of the score are known again.

    Attributes
    ----------
    has_stopped : bool
        Whether a rule ended the fit before ``max_iter``.
    """

    def __init__(
        self,
        result: MLPResult,
        parameters: Parameters,
        n_samples: int,
        reported: Callable[[float], float],
        score: Callable[[Network], float] | None,
        after: Callable[[bool], bool],
        scored_text: str,
    ) -> None:
        self._scored_text = scored_text
        self._result, self._parameters = result, parameters
        self._n_samples, self._reported = n_samples, reported
        self._score, self._after = score, after
        self._is_lbfgs = isinstance(parameters.optimizer, LBFGS)
        self._by_score = parameters.early_stopping and score is not None and not self._is_lbfgs
        _begin(result, parameters, has_score=score is not None)
        self._losses = _monitor("loss", "min", parameters.tol, vars(result).get("best_loss_"))
        self._scores = _monitor("score", "max", parameters.tol, vars(result).get("best_validation_score_"))
        self._best: npt.NDArray[Any] | None = None
        self.has_stopped = False

    def __call__(self, network: Network, epoch: Epoch) -> bool:
        """Take the iteration into account; True ends the fit."""
        result = self._result
        result.n_iter_ += 1
        result.loss_ = self._reported(epoch["loss"])
        self._say(f"Iteration {result.n_iter_}, loss = {result.loss_:.8f}")
        if not self._is_lbfgs:
            result.t_ += self._n_samples
            result.loss_curve_.append(result.loss_)
        if self._score is not None:
            self._take_score(network, self._scored(network, self._score))
        if not self._is_lbfgs:
            self._compare()
        is_last = self.has_stopped or result.n_iter_ == self._parameters.max_iter
        self.has_stopped = self._after(is_last) or self.has_stopped
        return self.has_stopped

    def __repr__(self) -> str:
        # by which a checkpoint knows the training again
        parameters = self._parameters
        return (
            f"Iterations(tol={parameters.tol}, n_iter_no_change={parameters.patience}, "
            f"early_stopping={parameters.early_stopping}, rule={parameters.rule!r}, scored={self._scored_text})"
        )

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps: the results so far, and the best weights."""
        present = vars(self._result)
        return {
            "result": {name: _plain(present[name]) for name in KEPT if name in present},
            "best_loss": float(self._losses.best),
            "best_score": float(self._scores.best),
            "weights": self._best,
            "has_stopped": self.has_stopped,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what ``state_dict`` returned."""
        for name in KEPT:
            if name in state["result"]:
                setattr(self._result, name, state["result"][name])
        self._losses.best, self._scores.best = state["best_loss"], state["best_score"]
        self._best, self.has_stopped = state["weights"], state["has_stopped"]

    def end(self, network: Network) -> None:
        """Put the best weights back, where a score chose them."""
        if self._by_score and self._best is not None:
            network.set_parameters(self._best)

    def interrupted(self, network: Network) -> None:
        """Put them back where Ctrl-C ended the fit, too."""
        self.end(network)

    def _compare(self) -> None:
        result, parameters = self._result, self._parameters
        if not self._by_score:
            self._count(self._losses.improves(result.loss_))
            result.best_loss_ = self._losses.best
        if parameters.rule == "invscaling":
            # multiplied by the negative power: a power_t too large for a division makes the rate 0
            result.rate = parameters.initial_rate * (result.t_ + 1) ** -parameters.power_t
        if result.no_improvement_count > parameters.patience:
            self._end_or_slow_down()

    def _scored(self, network: Network, score: Callable[[Network], float]) -> float:
        try:
            return score(network)
        except FloatingPointError as failure:
            # the network's sentence says what it holds, and then what it thinks of it
            what = str(failure).partition(":")[0]
            raise FloatingPointError(
                f"{what} of the validation samples after iteration {self._result.n_iter_}: "
                "a weight is not finite, or these samples are too large."
            ) from None

    def _take_score(self, network: Network, score: float) -> None:
        result, best_before = self._result, self._scores.best
        assert result.validation_scores_ is not None  # since there is a score
        result.validation_scores_.append(score)
        self._say(f"Validation score: {score:f}")
        improves = self._scores.improves(score)
        result.best_validation_score_ = self._scores.best
        if self._by_score:
            self._count(improves)
            # not only where it improves: better by less than tol is not counted, and still has the best weights
            if self._scores.best != best_before:
                self._best = network.get_parameters()

    def _count(self, improves: bool) -> None:
        self._result.no_improvement_count = 0 if improves else self._result.no_improvement_count + 1

    def _end_or_slow_down(self) -> None:
        result, parameters = self._result, self._parameters
        what = "Validation score" if self._by_score else "Training loss"
        why = f"{what} did not improve more than tol={parameters.tol:f} for {parameters.patience} consecutive epochs."
        if parameters.rule != "adaptive":
            self._say(f"{why} Stopping.")
            self.has_stopped = True
        elif result.rate <= SMALLEST_RATE:
            self._say(f"{why} Learning rate too small. Stopping.")
            self.has_stopped = True
        else:
            result.rate /= REDUCTION
            self._say(f"{why} Setting learning rate to {result.rate:f}")
            result.no_improvement_count = 0

    def _say(self, line: str) -> None:
        if self._parameters.verbose:
            print(line)


def _plain(value: Any) -> Any:
    """Return numbers, of scores that are NumPy's too, as Python has them."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.item() if isinstance(value, np.generic) else value


def _monitor(column: str, mode: Mode, tol: float, best: float | None) -> Monitor:
    """Return the monitor that goes on from the best value so far, if there is one, by scikit-learn's rule."""
    return Monitor(column, mode, tol, counts_equal=True, best=math.nan if best is None else best)


def _begin(result: MLPResult, parameters: Parameters, *, has_score: bool) -> None:
    """Begin what the iterations go on with, and what an earlier fit of another kind has left out."""
    present = vars(result)
    result.n_iter_ = 0
    present.setdefault("t_", 0)
    if has_score and present.get("validation_scores_") is None:
        result.validation_scores_, result.best_validation_score_ = [], -math.inf
    if isinstance(parameters.optimizer, LBFGS):
        return
    for name in ("validation_scores_", "best_validation_score_"):
        present.setdefault(name, None)
    present.setdefault("loss_curve_", [])
    by_score = parameters.early_stopping
    if "best_loss_" not in present or by_score != (result.best_loss_ is None):
        result.best_loss_ = None if by_score else math.inf
        result.no_improvement_count = 0
