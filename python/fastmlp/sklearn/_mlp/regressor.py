"""MLPRegressor: one value or several for each sample, or expected counts.

What values mean to the network is in values.py, how a fit goes in estimator.py and training.py. Most of this file is
documentation and the constructor, whose parameters scikit-learn's ``get_params`` wants one by one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if

from fastmlp._checks.arrays import check_unmasked
from fastmlp._model.outputs import predictions
from fastmlp._training.checkpoint import Checkpoint
from fastmlp._training.watch import Callback
from fastmlp.losses import Loss, Poisson
from fastmlp.optimizers import Optimizer
from fastmlp.sklearn._labels import plain_targets
from fastmlp.sklearn._mlp.callbacks import with_callbacks
from fastmlp.sklearn._mlp.estimator import BaseMLP, makes_iterations, values_of
from fastmlp.sklearn._mlp.goal import Goal
from fastmlp.sklearn._mlp.parameters import Activations, Rates, Sizes
from fastmlp.sklearn._mlp.results import MLPResult
from fastmlp.sklearn._mlp.values import ValueGoal, loss_of_values
from fastmlp.sklearn._models import meaning_of

Array = npt.NDArray[Any]


class MLPRegressor(RegressorMixin, BaseMLP):
    """Multilayer perceptron for values, with the parameters of scikit-learn's class of this name and more.

    Parameters
    ----------
    loss : str or loss object, default "squared_error"
        "squared_error" is half the squared error; "poisson" is for counts, whose logarithm the network computes; else
        any loss of ``fastmlp.losses`` for values, such as "mae", "huber" or ``Quantile(0.9)``.
    hidden_layer_sizes, activation, solver, alpha, batch_size : as there
        As for ``MLPClassifier``.
    learning_rate, learning_rate_init, power_t, max_iter : as there
        As for ``MLPClassifier``.
    shuffle, random_state, tol, verbose, warm_start, momentum, nesterovs_momentum : as there
        As for ``MLPClassifier``.
    early_stopping : bool, default False
        Set validation_fraction of the samples aside, stop when their R^2 stands still, and keep the best weights.
    validation_fraction, beta_1, beta_2, epsilon, n_iter_no_change, max_fun : as there
        As for ``MLPClassifier``.
    dropout, optimizer, scale, dtype, n_threads : as there
        As for ``MLPClassifier``.

    Attributes
    ----------
    network_ : fastmlp.Network
        The model itself.
    validation_scores_ : list of float or None
        R^2 after each iteration, with early stopping or X_val.
    coefs_, intercepts_, loss_, best_loss_, loss_curve_, best_validation_score_, n_iter_, t_, n_layers_, n_outputs_
        As for ``MLPClassifier``; so are ``n_features_in_``, ``out_activation_`` and ``feature_names_in_``.

    See Also
    --------
    TabularRegressor : For tables, without preparation.
    from_sklearn : Takes over a fitted one.
    fastmlp.Network : What is inside.

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
        hidden_layer_sizes: Sizes = (100,),
        activation: Activations = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
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
        dropout: Rates = 0.0,
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
        checkpoint: Checkpoint | None = None,
    ) -> MLPRegressor:
        """Train the model.

        Parameters
        ----------
        X : array, DataFrame or sparse matrix (samples, features)
            Of sparse ones, a batch at a time becomes dense, with lbfgs or a scale all rows.
        y : array (samples,) or (samples, outputs)
            Values.
        sample_weight : array (samples,), optional
            What each sample counts; not negative.
        X_val, y_val : optional
            Validation samples: scored after each iteration; with early_stopping in the place of validation_fraction.
        callbacks : list of callables
            Called with (network, epoch) after each iteration, see ``fastmlp.callbacks``.
        checkpoint : Checkpoint, optional
            A file from which the same fit goes on, if anything has ended it; random_state must be an integer.

        Returns
        -------
        self
            The estimator.
        """
        self._train(X, y, sample_weight, validation=(X_val, y_val), callbacks=callbacks, checkpoint=checkpoint)
        return self

    @available_if(makes_iterations)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> MLPRegressor:
        """Make one iteration over these samples.

        Parameters
        ----------
        X, y, sample_weight : array-like
            As for ``fit``.

        Returns
        -------
        self
            The estimator.
        """
        self._train(X, y, sample_weight, incremental=True)
        return self

    def predict(self, X: Any) -> Array:
        """Return the value, or the expected count, of each sample.

        Parameters
        ----------
        X : array, DataFrame or sparse matrix (samples, features)
            Rows as in ``fit``.

        Returns
        -------
        array (samples,) or (samples, outputs)
            Values.
        """
        outputs = self._forward(X)
        return predictions(outputs, meaning_of(self.network_))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return R^2, the mean over the values of a sample.

        Parameters
        ----------
        X, y, sample_weight : array-like
            As for ``fit``.

        Returns
        -------
        float
            R^2.
        """
        check_unmasked(sample_weight, "sample_weight")
        return float(super().score(X, plain_targets(y), sample_weight))

    @property
    def out_activation_(self) -> str:
        """scikit-learn's name of the last activation: "exp" for expected counts."""
        network = self._attribute_network("out_activation_")
        return "exp" if isinstance(network.loss_function, Poisson) else "identity"

    def _settings(self) -> dict[str, Any]:
        return values_of(self, MLPRegressor)

    def _goal(
        self, result: MLPResult, y: Array, classes: npt.ArrayLike | None, *, begins: bool, is_part: bool
    ) -> tuple[Goal, Array]:
        goal = ValueGoal(loss_of_values(self.loss))
        return goal, goal.encode(y, "y")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
