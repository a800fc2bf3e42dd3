"""How a fit goes once its data are checked: the network it begins with, its iterations, and what is said at its end.

All that it learns is put on an MLPResult; no estimator is known here. data.py checks the data, building.py builds the
network, iterations.py decides after each iteration.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import issparse
from sklearn.exceptions import ConvergenceWarning

from fastmlp._checks.arrays import check_total_weight
from fastmlp._checks.caller import warn_caller
from fastmlp._model.sparse_rows import SparseRows
from fastmlp.optimizers import LBFGS, SGD, Adam, Optimizer
from fastmlp.runtime import own_limit
from fastmlp.sklearn._mlp.building import build, initial_parameters, penalty, with_settings
from fastmlp.sklearn._mlp.data import LabelledRows, split
from fastmlp.sklearn._mlp.goal import Goal
from fastmlp.sklearn._mlp.iterations import Iterations, RateByIterations
from fastmlp.sklearn._mlp.parameters import Parameters
from fastmlp.sklearn._mlp.results import MLPResult
from fastmlp.sklearn._models import text_of_samples

if TYPE_CHECKING:
    from fastmlp._training.checkpoint import Checkpoint
    from fastmlp._training.watch import Callback
    from fastmlp.network import Network


@dataclass(frozen=True)
class Training:
    """One fit, or one iteration of ``partial_fit``.

    Attributes
    ----------
    goal : Goal
    result : MLPResult
        What is filled. It holds a network unless ``begins``.
    begins : bool
        Whether with new weights.
    incremental : bool
        Whether for one iteration, with the optimizer's state kept.
    after_iteration : callable
        As ``after`` of ``Iterations``.
    """

    parameters: Parameters
    goal: Goal
    result: MLPResult
    begins: bool
    incremental: bool
    callbacks: Sequence[Callback]
    after_iteration: Callable[[bool], bool]
    checkpoint: Checkpoint | None

    def run(
        self,
        samples: LabelledRows,
        aside: LabelledRows | None,
        dtype: np.dtype[Any],
        random_state: np.random.RandomState,
        n_threads: int | None,
    ) -> None:
        """Train on the samples; those ``aside`` are scored after each iteration, and set aside here where none came."""
        parameters, goal, result = self.parameters, self.goal, self.result
        sizes = [samples.X.shape[1], *parameters.hidden, goal.n_outputs(samples.targets)]
        # scikit-learn draws the weights before it splits the samples: the same seed does the same here
        initial = list(initial_parameters(parameters, sizes, random_state)) if self.begins else []
        if aside is None and parameters.early_stopping and not isinstance(parameters.optimizer, LBFGS):
            stratifies = goal.stratifies(samples.targets)
            samples, aside = split(samples, parameters.validation_fraction, random_state, stratifies=stratifies)
        if aside is not None and aside.weights is not None:
            check_total_weight(aside.weights, "the weight of the validation samples")
        batch = _batch_size(parameters, samples.X.shape[0])
        l2 = penalty(parameters.alpha, batch, samples.weights) / goal.outputs_per_loss(sizes[-1])
        last = goal.last_activation
        if self.begins:
            seed = int(random_state.randint(np.iinfo(np.int32).max))
            network = build(parameters, sizes, last, goal.loss, l2, dtype, seed, initial)
        else:
            network, keeps = result.network_, self.incremental
            _check_sizes(network, sizes)
            network = with_settings(network, parameters, last, goal.loss, l2, keeps_optimizer=keeps)
        if self.begins or not self.incremental:
            result.rate = parameters.initial_rate
        result.network_, result.n_outputs_ = network, sizes[-1]
        iterations = Iterations(
            result,
            parameters,
            samples.X.shape[0],
            lambda loss: goal.reported(loss, network, samples.targets, samples.weights),
            None if aside is None else lambda network: goal.score(network, *aside),
            self.after_iteration,
            "none" if aside is None or self.checkpoint is None else text_of_samples(*aside),
        )
        self._iterate(samples, batch, iterations, n_threads)

    def _iterate(self, samples: LabelledRows, batch: int, iterations: Iterations, n_threads: int | None) -> None:
        parameters, result = self.parameters, self.result
        X, targets, weights = samples
        # Network.fit does not promise to take sparse rows, and so its types do not have them
        rows: Any = SparseRows(X) if issparse(X) else X
        try:
            with own_limit(n_threads):
                history = result.network_.fit(
                    rows,
                    targets,
                    sample_weight=weights,
                    epochs=1 if self.incremental else parameters.max_iter,
                    batch_size=None if isinstance(parameters.optimizer, LBFGS) else batch,
                    optimizer=_optimizer(parameters, self.goal.outputs_per_loss(result.n_outputs_), result),
                    shuffle=parameters.shuffle,
                    callbacks=[iterations, *self.callbacks],
                    progress=False,
                    checkpoint=self.checkpoint,
                )
        except FloatingPointError as divergence:
            # the network's sentence ends with which of its weights were kept; the estimator keeps its last fit
            what = str(divergence).partition(":")[0]
            raise ValueError(
                f"{what}: the estimator is as before the call; lower the learning rate, or scale the data."
            ) from divergence
        except KeyboardInterrupt:
            warn_caller("Training interrupted by user.")
            return
        if result.n_iter_ == 0:
            # L-BFGS makes no iteration where it begins at a minimum
            loss = result.network_.loss(X, targets, weights)
            result.loss_ = self.goal.reported(loss, result.network_, targets, weights)
        if not self.incremental and not iterations.has_stopped:
            _warn_unless_converged(result.n_iter_, parameters.max_iter, history.converged)


def _batch_size(parameters: Parameters, n_samples: int) -> int:
    batch = parameters.batch_of(n_samples)
    if parameters.makes_batches and parameters.batch_size is not None and parameters.batch_size > n_samples:
        warn_caller(
            f"batch_size is {parameters.batch_size}, but there are {n_samples} samples: all of them make one batch."
        )
    return batch


def _check_sizes(network: Network, sizes: list[int]) -> None:
    found = [network.n_inputs, *(layer.units for layer in network.layers)]
    if found != sizes:
        raise ValueError(
            f"the model has layers of {found} units, but data and hidden_layer_sizes ask for {sizes}: "
            "keep them, or fit with warm_start=False."
        )


def _optimizer(parameters: Parameters, n: int, result: MLPResult) -> Optimizer:
    """Return the optimizer, for a loss that is the mean over n outputs where scikit-learn's is their sum.

    A gradient that is n times smaller moves the weights as there, by a rate that is n times larger, or thresholds that
    are n times smaller. An optimizer that was given is left as it is.
    """
    optimizer = parameters.optimizer
    if not parameters.by_solver:
        return optimizer
    if isinstance(optimizer, SGD):
        if parameters.rule == "constant":
            return replace(optimizer, learning_rate=n * parameters.initial_rate)
        return replace(optimizer, learning_rate=RateByIterations(n * result.rate, lambda: n * result.rate))
    if isinstance(optimizer, Adam):
        return replace(optimizer, epsilon=optimizer.epsilon / n)
    if isinstance(optimizer, LBFGS):
        return replace(optimizer, tolerance=optimizer.tolerance / n)
    return optimizer


def _warn_unless_converged(n_iter: int, max_iter: int, converged: bool | None) -> None:
    if n_iter == max_iter and not converged:
        what = f"the fit made max_iter={max_iter} iterations and has not converged: raise max_iter"
    elif converged is False:
        what = f"L-BFGS ended after {n_iter} iterations without having converged: raise its limits (max_fun)"
    else:
        return
    warn_caller(f"{what}, or scale the data.", ConvergenceWarning)
