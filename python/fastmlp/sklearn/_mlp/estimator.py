"""What both estimators share: how a fit goes, and the attributes that scikit-learn's classes have after it.

The parameters are scikit-learn's, the training is ``Network.fit``. A row for prediction goes straight to the core when
it is an ordinary array, since scikit-learn's checks take longer than the network; all else is checked by scikit-learn.
"""

from __future__ import annotations

import warnings
from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, is_regressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from fastmlp._checks.arguments import check_callables
from fastmlp._checks.arrays import check_total_weight
from fastmlp._model.sparse_rows import SparseRows
from fastmlp.losses import Loss
from fastmlp.network import Network
from fastmlp.optimizers import LBFGS, SGD, Adam, Optimizer
from fastmlp.runtime import own_limit, thread_limit
from fastmlp.sklearn._mlp.building import build, initial_parameters, penalty, with_settings
from fastmlp.sklearn._mlp.callbacks import CallbackSupport, Tasks
from fastmlp.sklearn._mlp.iterations import Iterations, all_or_nothing, begin_iterations, results
from fastmlp.sklearn._mlp.parameters import Parameters, RateByIterations
from fastmlp.sklearn._threads import threads_of

if TYPE_CHECKING:
    from fastmlp.callbacks import Callback

Array = npt.NDArray[Any]
# kinds of X, whose numbers the network converts as they are needed
ACCEPTED: dict[str, Any] = {"accept_sparse": ["csr", "csc"], "dtype": "numeric"}
# of a block of a sparse matrix, as dense rows
DENSE_BYTES = 1 << 26


class BaseMLP(CallbackSupport, BaseEstimator, metaclass=ABCMeta):
    """A multilayer perceptron behind the interface of scikit-learn."""

    hidden_layer_sizes: Any
    activation: Any
    solver: str
    alpha: float
    batch_size: int | str
    learning_rate: str
    learning_rate_init: float
    power_t: float
    max_iter: int
    loss: str | Loss
    shuffle: bool
    random_state: Any
    tol: float
    verbose: bool | int
    warm_start: bool
    momentum: float
    nesterovs_momentum: bool
    early_stopping: bool
    validation_fraction: float
    beta_1: float
    beta_2: float
    epsilon: float
    n_iter_no_change: float
    max_fun: int
    dropout: Any
    optimizer: str | Optimizer | None
    scale: str | None
    dtype: npt.DTypeLike | None
    n_threads: int | None

    network_: Network
    n_iter_: int
    t_: int
    n_outputs_: int
    loss_: float
    loss_curve_: list[float]
    best_loss_: Any  # None where a score decides
    validation_scores_: Any  # None where there is no score, as the next
    best_validation_score_: Any
    _no_improvement_count: int
    _rate: float

    @abstractmethod
    def _loss_object(self) -> Loss:
        """Return the loss that ``loss`` names."""

    @abstractmethod
    def _last_activation(self) -> str:
        """Return the activation of the outputs."""

    @abstractmethod
    def _encode(self, y: Array, *, reset: bool, name: str = "y") -> Array:
        """Return targets as the network takes them; with ``reset`` settle what they stand for."""

    @abstractmethod
    def _count_outputs(self, targets: Array) -> int:
        """Return the units of the last layer."""

    @abstractmethod
    def _stratifies(self, targets: Array) -> bool:
        """Whether a split keeps the shares of these targets."""

    @abstractmethod
    def _weights(self, y: Array, targets: Array, sample_weight: Array | None) -> Array | None:
        """Return the weight of each sample, from that of its class."""

    @abstractmethod
    def _score_of(self, network: Network, X: Array, targets: Array, sample_weight: Array | None) -> float:
        """Return how right a network is about validation samples."""

    def _averaged(self, n_outputs: int) -> int:
        """Over how many outputs the network's loss is a mean, where scikit-learn's is a sum."""
        return 1

    @abstractmethod
    def _reported(self, loss: float, targets: Array, sample_weight: Array | None) -> float:
        """Return the loss as scikit-learn counts it."""

    def _checked_pair(self, X: Any, y: Any, *, reset: bool) -> tuple[Any, Array]:
        """Return samples, sparse or not, and targets, checked by scikit-learn."""
        y_numeric = is_regressor(self)
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=y_numeric, reset=reset, **ACCEPTED)
        return X, y

    def _train(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: tuple[Any, Any],
        callbacks: Iterable[Callback],
        *,
        incremental: bool = False,
    ) -> None:
        """Fit, or with ``incremental`` make one iteration."""
        if "network_" in vars(self):
            # a callback of a fit, or another thread, must not begin one inside it
            self.network_._guard.check_idle()
        with all_or_nothing(self):
            self._train_checked(X, y, sample_weight, validation, check_callables(callbacks, "callbacks"), incremental)

    def _train_checked(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: tuple[Any, Any],
        callbacks: list[Callback],
        incremental: bool,
    ) -> None:
        parameters = Parameters.of(self)
        if incremental:
            parameters.check_incremental()
        begins = "network_" not in vars(self) or not (parameters.warm_start or incremental)
        X, y = self._checked_pair(X, y, reset=begins)
        dtype = parameters.dtype_of(X) if begins else parameters.dtype or self.network_.dtype
        X = _for_training(X, dtype, parameters)
        loss = self._loss_object()
        # the labels of partial_fit are settled by its classes
        targets = self._encode(y, reset=begins and not incremental)
        weights = self._checked_weights(X, y, targets, sample_weight)
        tasks = Tasks(self, X, y, sample_weight, 0 if incremental else parameters.max_iter)
        random_state = check_random_state(self.random_state)
        sizes = [X.shape[1], *parameters.hidden, self._count_outputs(targets)]
        initial = list(initial_parameters(parameters, sizes, random_state)) if begins else []
        held_out: tuple[Array, Array, Array | None] | None = None
        if any(part is not None for part in validation):
            held_out = self._validation(*validation, sizes[-1])
        elif parameters.early_stopping and not isinstance(parameters.optimizer, LBFGS):
            (X, targets, weights), held_out = self._split(X, targets, weights, parameters, random_state)
        if held_out is not None and held_out[2] is not None:
            check_total_weight(held_out[2], "the weight of the validation samples")

        batch = self._batch_size(parameters, X.shape[0])
        l2 = penalty(parameters.alpha, batch, weights) / self._averaged(sizes[-1])
        last = self._last_activation()
        if begins:
            seed = int(random_state.randint(np.iinfo(np.int32).max))
            network = build(parameters, sizes, last, loss, l2, dtype, seed, initial)
        else:
            self._check_sizes(self.network_, sizes)
            network = with_settings(self.network_, parameters, last, loss, l2, keeps_optimizer=incremental)
        if begins or not incremental:
            self._rate = self.learning_rate_init
        self.network_ = network
        self.n_outputs_ = sizes[-1]
        self.n_iter_ = 0
        begin_iterations(self, parameters, anew=begins, has_score=held_out is not None)
        score = None
        if held_out is not None:
            aside = held_out

            def score(network: Network) -> float:
                return self._score_of(network, *aside)

        iterations = Iterations(
            self,
            parameters,
            X.shape[0],
            lambda value: self._reported(value, targets, weights),
            score,
            tasks.after_iteration,
        )
        self._run(parameters, (X, targets, weights), batch, iterations, callbacks, 1 if incremental else None)
        tasks.end()

    def _run(
        self,
        parameters: Parameters,
        data: tuple[Array, Array, Array | None],
        batch: int,
        iterations: Iterations,
        callbacks: Iterable[Callback],
        epochs: int | None,
    ) -> None:
        X, targets, weights = data
        samples: Any = SparseRows(X) if issparse(X) else X
        optimizer = self._optimizer_of_sums(parameters.optimizer)
        if isinstance(optimizer, SGD) and parameters.rule != "constant":
            n = self._averaged(self.n_outputs_)
            optimizer = replace(optimizer, learning_rate=RateByIterations(n * self._rate, lambda: n * iterations.rate))
        try:
            with own_limit(threads_of(self.n_threads)):
                history = self.network_.fit(
                    samples,
                    targets,
                    sample_weight=weights,
                    epochs=parameters.max_iter if epochs is None else epochs,
                    batch_size=None if isinstance(optimizer, LBFGS) else batch,
                    optimizer=optimizer,
                    shuffle=parameters.shuffle,
                    callbacks=[iterations, *callbacks],
                    progress=False,
                )
        except FloatingPointError as divergence:
            # what the network's sentence says of its weights is not so of an estimator, which goes back to its last fit
            what = str(divergence).partition(":")[0]
            raise ValueError(
                f"{what}: the estimator is as before the call; lower the learning rate, or scale the data."
            ) from divergence
        except KeyboardInterrupt:
            iterations.end(self.network_)
            warnings.warn("Training interrupted by user.", stacklevel=4)
            return
        if self.n_iter_ == 0:
            # L-BFGS has nothing to do at a minimum
            self.loss_ = iterations.reported(self.network_.loss(X, targets, weights))
        if epochs is None and not iterations.has_stopped:
            self._warn_unless_converged(parameters.max_iter, history.converged)

    def _optimizer_of_sums(self, optimizer: Optimizer) -> Optimizer:
        """Return the optimizer of a solver for the network's loss where that is a mean, and scikit-learn's a sum."""
        n = self._averaged(self.n_outputs_)
        if self.optimizer is not None or n == 1:
            return optimizer
        if isinstance(optimizer, SGD) and isinstance(optimizer.learning_rate, float):
            return replace(optimizer, learning_rate=n * optimizer.learning_rate)
        if isinstance(optimizer, Adam):
            return replace(optimizer, epsilon=optimizer.epsilon / n)
        if isinstance(optimizer, LBFGS):
            return replace(optimizer, tolerance=optimizer.tolerance / n)
        return optimizer

    def _warn_unless_converged(self, max_iter: int, converged: bool | None) -> None:
        if self.n_iter_ == max_iter and not converged:
            what = f"the fit made max_iter={max_iter} iterations and has not converged: raise max_iter"
        elif converged is False:
            what = f"L-BFGS ended after {self.n_iter_} iterations without having converged: raise its limits (max_fun)"
        else:
            return
        warnings.warn(f"{what}, or scale the data.", ConvergenceWarning, stacklevel=5)

    def _checked_weights(self, X: Array, y: Any, targets: Array, sample_weight: Any) -> Array | None:
        """Return the weight of each sample, that of its class included."""
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float64)
            if sample_weight.min() < 0:
                raise ValueError(f"sample_weight holds {sample_weight.min()}, but weights must not be negative.")
        weights = self._weights(y, targets, sample_weight)
        return None if weights is None else check_total_weight(weights, "sample_weight")

    def _validation(self, X: Any, y: Any, n_outputs: int) -> tuple[Array, Array, Array | None]:
        """Return the validation samples that fit was given, and their weights."""
        if X is None or y is None:
            raise ValueError("X_val and y_val belong together: give both.")
        X, y = self._checked_pair(X, y, reset=False)
        targets = self._encode(y, reset=False, name="y_val")
        if self._count_outputs(targets) != n_outputs:
            raise ValueError(f"y_val has {self._count_outputs(targets)} outputs, but y has {n_outputs}.")
        return X, targets, self._weights(y, targets, None)

    def _split(
        self, X: Array, targets: Array, weights: Array | None, parameters: Parameters, random_state: Any
    ) -> tuple[tuple[Array, Array, Array | None], tuple[Array, Array, Array | None]]:
        """Set samples aside for early stopping."""
        arrays = [X, targets] if weights is None else [X, targets, weights]
        parts = train_test_split(
            *arrays,
            random_state=random_state,
            test_size=parameters.validation_fraction,
            stratify=targets if self._stratifies(targets) else None,
        )
        learned, aside = parts[::2], parts[1::2]
        if aside[0].shape[0] < 2:
            raise ValueError(
                f"early_stopping sets {aside[0].shape[0]} of {X.shape[0]} samples aside, but needs at least 2: "
                "raise validation_fraction."
            )
        none = [None] if weights is None else []
        return (*learned, *none), (*aside, *none)

    def _batch_size(self, parameters: Parameters, n_samples: int) -> int:
        batch = parameters.batch_of(n_samples)
        if parameters.makes_batches and parameters.batch_size is not None and parameters.batch_size > n_samples:
            warnings.warn(
                f"batch_size is {parameters.batch_size}, but there are {n_samples} samples: "
                "all of them make one batch.",
                stacklevel=5,
            )
        return batch

    def _check_sizes(self, network: Network, sizes: list[int]) -> None:
        found = [network.n_inputs, *(layer.units for layer in network.layers)]
        if found != sizes:
            raise ValueError(
                f"the model has layers of {found} units, but data and hidden_layer_sizes ask for {sizes}: "
                "keep them, or fit with warm_start=False."
            )

    def _fitted(self) -> Network:
        if "network_" not in vars(self):
            check_is_fitted(self)
        return self.network_

    def _forward(self, X: Any) -> Array:
        """Return the outputs of the network for data as users give it."""
        network = self._fitted()
        # to ask joblib takes half as long as to predict a row, which is for one thread anyway
        is_row = type(X) is np.ndarray and len(X.shape) == 2 and X.shape[0] == 1
        with own_limit(self.n_threads if is_row else threads_of(self.n_threads)):
            # names of columns are compared by scikit-learn
            if type(X) is np.ndarray and "feature_names_in_" not in vars(self):
                outputs: Array | None = network._core.plain_outputs(X=X, threads=thread_limit())
                if outputs is not None:
                    return outputs
            return by_blocks(network.forward, validate_data(self, X, reset=False, **ACCEPTED))

    def _fitted_copy(self) -> dict[str, Any]:
        """Return the attributes of an estimator that predicts as this one would now."""
        return results(self) | {"network_": copy(self.network_)}

    @property
    def coefs_(self) -> list[Array]:
        """Weights of each layer, (inputs, units), as views: writing into one changes the model."""
        return [layer.weights for layer in self._attribute_network("coefs_").layers]

    @property
    def intercepts_(self) -> list[Array]:
        """Biases of each layer, (units,), as views."""
        return [layer.bias for layer in self._attribute_network("intercepts_").layers]

    @property
    def n_layers_(self) -> int:
        """Layers, the inputs among them."""
        return len(self._attribute_network("n_layers_").layers) + 1

    def _attribute_network(self, name: str) -> Network:
        if "network_" not in vars(self):
            raise AttributeError(f"{type(self).__name__!r} has no {name!r} before fit.")
        return self.network_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _for_training(X: Any, dtype: np.dtype[Any], parameters: Parameters) -> Any:
    """Return samples; sparse ones by rows in the dtype of the network, and dense where something looks at columns."""
    if not issparse(X):
        return X
    X = X.tocsr()
    if not X.has_canonical_format:
        # entries of the same place add up; the caller's matrix stays as it is
        X = X.copy()
        X.sum_duplicates()
    # else what is too large for the dtype is to be said of the number that came
    fits = float(abs(X).max()) < float(np.finfo(dtype).max)
    if fits:
        X = X.astype(dtype, copy=False)
    is_dense = not fits or parameters.scale is not None or isinstance(parameters.optimizer, LBFGS)
    return X.toarray() if is_dense else X


def by_blocks(function: Callable[[Array], Array], X: Any) -> Array:
    """Return a network's function of samples, which become dense block by block where they are sparse."""
    if not issparse(X):
        return function(X)
    rows = max(1, DENSE_BYTES // (8 * X.shape[1]))
    X = X.tocsr()
    return np.concatenate([function(X[at : at + rows].toarray()) for at in range(0, X.shape[0], rows)])
