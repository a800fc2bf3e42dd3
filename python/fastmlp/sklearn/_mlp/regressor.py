"""MLPRegressor: one value or several for each sample, or expected counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import column_or_1d
from sklearn.utils.metaestimators import available_if

from fastmlp._model.outputs import predictions
from fastmlp.activations import resolve_activation
from fastmlp.losses import CrossEntropy, HalfSquaredError, Hinge, Loss, Perceptron, Poisson, resolve_loss
from fastmlp.network import Network
from fastmlp.optimizers import Optimizer
from fastmlp.sklearn._mlp.callbacks import with_callbacks
from fastmlp.sklearn._mlp.classifier import _makes_iterations
from fastmlp.sklearn._mlp.estimator import BaseMLP, by_blocks

if TYPE_CHECKING:
    from fastmlp.callbacks import Callback

Array = npt.NDArray[Any]


class MLPRegressor(RegressorMixin, BaseMLP):
    """Multilayer perceptron for values, with the parameters of scikit-learn's class of this name and more.

    Parameters
    ----------
    loss : str or loss object, default "squared_error"
        "squared_error" is half the squared error; "poisson" is for counts, whose logarithm the network computes; else
        any loss of ``fastmlp.losses`` for values, such as "mae", "huber" or ``Quantile(0.9)``.
    hidden_layer_sizes, activation, solver, alpha, batch_size, learning_rate, learning_rate_init, power_t, max_iter
        As for ``MLPClassifier``.
    shuffle, random_state, tol, verbose, warm_start, momentum, nesterovs_momentum
        As for ``MLPClassifier``.
    early_stopping : bool, default False
        Set validation_fraction of the samples aside, stop when their R^2 stands still, and keep the best weights.
    validation_fraction, beta_1, beta_2, epsilon, n_iter_no_change, max_fun
        As for ``MLPClassifier``.
    dropout, optimizer, scale, dtype, n_threads
        As for ``MLPClassifier``.

    Attributes
    ----------
    network_ : fastmlp.Network
        The model itself.
    validation_scores_ : list of float or None
        R^2 after each iteration, with early stopping or X_val.
    coefs_, intercepts_, loss_, best_loss_, loss_curve_, best_validation_score_, n_iter_, t_, n_layers_, n_outputs_
        As for ``MLPClassifier``; so are ``n_features_in_``, ``out_activation_`` and ``feature_names_in_``.

    Examples
    --------
    >>> from fastmlp.sklearn import MLPRegressor
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 5.0, 7.0]
    >>> model = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=0, random_state=0).fit(X, y)
    >>> model.predict([[10.0]]).round(3)
    array([21.])
    """

    def __init__(
        self,
        loss: str | Loss = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        dropout: Any = 0.0,
        optimizer: str | Optimizer | None = None,
        scale: str | None = None,
        dtype: npt.DTypeLike | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.loss = loss
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.dropout = dropout
        self.optimizer = optimizer
        self.scale = scale
        self.dtype = dtype
        self.n_threads = n_threads

    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        callbacks: Iterable[Callback] = (),
    ) -> MLPRegressor:
        """Train the model.

        Parameters
        ----------
        X : array, DataFrame or sparse matrix (samples, features)
            Of sparse ones, a batch at a time becomes dense, with lbfgs or a scale all rows.
        y : array (samples,) or (samples, outputs)
        sample_weight : array (samples,), optional
        X_val, y_val : optional
            Validation samples: scored after each iteration; with early_stopping in the place of validation_fraction.
        callbacks : list of callables
            Called with (network, epoch) after each iteration, see ``fastmlp.callbacks``.

        Returns
        -------
        self
        """
        self._train(X, y, sample_weight, (X_val, y_val), callbacks)
        return self

    @available_if(_makes_iterations)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> MLPRegressor:
        """Make one iteration over these samples.

        Parameters
        ----------
        X, y, sample_weight
            As for ``fit``.

        Returns
        -------
        self
        """
        self._train(X, y, sample_weight, (None, None), (), incremental=True)
        return self

    def predict(self, X: Any) -> Array:
        """Return the value, or the expected count, of each sample.

        Parameters
        ----------
        X : array, DataFrame or sparse matrix (samples, features)

        Returns
        -------
        array (samples,) or (samples, outputs)
        """
        return predictions(self._forward(X), self.network_._architecture.meaning)

    @property
    def out_activation_(self) -> str:
        """scikit-learn's name of the last activation: "exp" for expected counts."""
        network = self._attribute_network("out_activation_")
        return "exp" if isinstance(network.loss_function, Poisson) else "identity"

    def _loss_object(self) -> Loss:
        if isinstance(self.loss, str) and self.loss == "squared_error":
            return HalfSquaredError()
        name = self.loss if isinstance(self.loss, str) else getattr(self.loss, "name", None)
        if name in (CrossEntropy.name, Hinge.name, Perceptron.name):
            raise ValueError(f"loss {name!r} is for classes: use MLPClassifier.")
        return resolve_loss(self.loss, resolve_activation("identity"))

    def _last_activation(self) -> str:
        return "identity"

    def _encode(self, y: Array, *, reset: bool, name: str = "y") -> Array:
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return y

    def _count_outputs(self, targets: Array) -> int:
        return 1 if targets.ndim == 1 else targets.shape[1]

    def _stratifies(self, targets: Array) -> bool:
        return False

    def _weights(self, y: Array, targets: Array, sample_weight: Array | None) -> Array | None:
        return sample_weight

    def _score_of(self, network: Network, X: Array, targets: Array, sample_weight: Array | None) -> float:
        return float(r2_score(targets, by_blocks(network.predict, X), sample_weight=sample_weight))

    def _averaged(self, n_outputs: int) -> int:
        return n_outputs if isinstance(self._loss_object(), Poisson) else 1

    def _reported(self, loss: float, targets: Array, sample_weight: Array | None) -> float:
        if isinstance(self.network_.loss_function, HalfSquaredError):
            # the mean over outputs, as there, with the whole penalty; what is minimized is the sum
            penalty = self._penalty()
            return (loss - penalty) / self.n_outputs_ + penalty
        if isinstance(self.network_.loss_function, Poisson):
            # the deviance, with the terms that depend on the targets alone
            rows = (xlogy(targets, targets) - targets).reshape(len(targets), -1).sum(axis=1)
            return loss * self.n_outputs_ + float(np.average(rows, weights=sample_weight))
        return loss

    def _penalty(self) -> float:
        """Return the penalty on the weights as they are now; within an iteration they have changed little."""
        if self.n_outputs_ == 1:
            return 0.0
        _, l2 = self.network_._architecture.penalties(0)
        return l2 / 2.0 * sum(float(np.square(layer.weights, dtype=np.float64).sum()) for layer in self.network_.layers)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
