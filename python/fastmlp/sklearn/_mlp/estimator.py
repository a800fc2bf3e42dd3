"""What both estimators share: a fit from the user's data to the attributes after it, and predictions.

A fit fills an MLPResult, which the estimator takes over when all has gone well: one that fails leaves it as it was.
data.py checks the data, training.py trains, and what classes and values need apart is their goal's (goal.py). For
prediction an ordinary array goes straight to the core, since scikit-learn's checks take longer than the network takes
for a row; all else is checked by scikit-learn.
"""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from copy import copy
from functools import cache, partial
from inspect import signature
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from fastmlp._checks.arguments import check_callables
from fastmlp._checks.arrays import check_unmasked
from fastmlp._checks.text import brief
from fastmlp._training.checkpoint import Checkpoint
from fastmlp._training.watch import Callback
from fastmlp.losses import Loss
from fastmlp.network import Network
from fastmlp.optimizers import Optimizer
from fastmlp.runtime import own_limit
from fastmlp.sklearn._mlp.callbacks import CallbackSupport, ShownTo, Tasks
from fastmlp.sklearn._mlp.data import (
    ACCEPTED,
    LabelledRows,
    as_wide_as,
    checked_pair,
    checked_weights,
    for_training,
    outputs_of,
    validation_samples,
)
from fastmlp.sklearn._mlp.exporting import exported
from fastmlp.sklearn._mlp.goal import Goal
from fastmlp.sklearn._mlp.parameters import Activations, Parameters, Rates, Sizes, is_lbfgs
from fastmlp.sklearn._mlp.results import MLPResult
from fastmlp.sklearn._mlp.training import Training
from fastmlp.sklearn._models import (
    check_idle,
    check_random_state_is_kept,
    plain_outputs,
    told_of,
    unchanged_on_failure,
)
from fastmlp.sklearn._threads import threads_of

Array = npt.NDArray[Any]


class BaseMLP(CallbackSupport, BaseEstimator, metaclass=ABCMeta):
    """A multilayer perceptron behind the interface of scikit-learn."""

    hidden_layer_sizes: Sizes
    activation: Activations
    solver: str
    alpha: float
    batch_size: int | str
    learning_rate: str
    learning_rate_init: float
    power_t: float
    max_iter: int
    loss: str | Loss
    shuffle: bool
    random_state: int | np.random.RandomState | None
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
    dropout: Rates
    optimizer: str | Optimizer | None
    scale: str | None
    dtype: npt.DTypeLike | None
    n_threads: int | None

    network_: Network
    n_features_in_: int
    n_iter_: int
    t_: int
    n_outputs_: int
    loss_: float
    loss_curve_: list[float]
    best_loss_: float | None
    validation_scores_: list[float] | None
    best_validation_score_: float | None

    @abstractmethod
    def _settings(self) -> dict[str, Any]:
        """Return all parameters of the class that the package has, also where a subclass takes fewer."""

    @abstractmethod
    def _goal(
        self, result: MLPResult, y: Array, classes: npt.ArrayLike | None, *, begins: bool, is_part: bool
    ) -> tuple[Goal, Array]:
        """Return what is learned from checked targets, and these as the network takes them.

        A fit that ``begins`` settles what they stand for, by ``classes`` where a first part may not hold all of them;
        one that goes on may lack some only where y ``is_part`` of what there is.
        """

    def _train(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        *,
        validation: tuple[Any, Any] = (None, None),
        callbacks: Iterable[Callback] = (),
        checkpoint: Checkpoint | None = None,
        incremental: bool = False,
        classes: npt.ArrayLike | None = None,
    ) -> None:
        """Fit, or with ``incremental`` make one iteration."""
        is_fitted = "network_" in vars(self)
        if is_fitted:
            # a callback, to which the network in fit is shown, must not begin another fit
            check_idle(self.network_)
        called = check_callables(callbacks, "callbacks")
        check_random_state_is_kept(checkpoint, self.random_state)
        parameters = Parameters.of(self._settings())
        if incremental:
            parameters.check_incremental()
        begins = not is_fitted or not (parameters.warm_start or incremental)
        result = MLPResult() if begins else MLPResult.of(self)
        # scikit-learn writes number and names of columns on what it checks with, and the estimator stays as it is
        stand_in = copy(self)
        X, y = checked_pair(stand_in, X, y, reset=begins)
        result.take_columns(stand_in)
        dtype = parameters.dtype_of(X) if begins else parameters.dtype or result.network_.dtype
        X = for_training(X, dtype, parameters)
        goal, targets = self._goal(result, y, classes, begins=begins, is_part=incremental)
        samples = LabelledRows(X, targets, checked_weights(X, y, targets, sample_weight, goal))
        aside = None
        if any(part is not None for part in validation):
            aside = validation_samples(stand_in, *validation, goal, goal.n_outputs(targets))
        tasks = Tasks(self, result, X, y, sample_weight, 0 if incremental else parameters.max_iter)
        training = Training(
            parameters,
            goal,
            result,
            begins=begins,
            incremental=incremental,
            callbacks=[ShownTo(callback, partial(result.shown, self)) for callback in called],
            after_iteration=tasks.after_iteration,
            checkpoint=told_of(self, checkpoint, X_val=validation[0]),
        )
        # partial_fit trains the estimator's own network unless a parameter has changed, any other fit another one
        with unchanged_on_failure(self.network_) if is_fitted and incremental else nullcontext():
            random_state = check_random_state(self.random_state)
            training.run(samples, aside, dtype, random_state, threads_of(self.n_threads))
            tasks.end()
            result.hand_over(self)

    def _fitted(self) -> Network:
        if "network_" not in vars(self):
            check_is_fitted(self)
        return self.network_

    def _forward(self, X: Any) -> Array:
        """Return the outputs of the network for data as users give it, in the dtype that scikit-learn has them in."""
        network = self._fitted()
        # for a row joblib is not asked whether this is one of its workers: asking takes half as long as the prediction,
        # which is for one thread anyway
        is_row = type(X) is np.ndarray and len(X.shape) == 2 and X.shape[0] == 1
        with own_limit(self.n_threads if is_row else threads_of(self.n_threads)):
            # where there were names of columns, scikit-learn compares them, or warns that they are missing
            if type(X) is np.ndarray and "feature_names_in_" not in vars(self):
                outputs = plain_outputs(network, X)
                if outputs is not None:
                    return as_wide_as(X.dtype, outputs)
            return self._outputs(network.forward, X)

    def _outputs(self, function: Callable[[Array], Array], X: Any) -> Array:
        """Return a function's outputs as ``_forward`` does the network's, within the estimator's limit of threads."""
        with own_limit(threads_of(self.n_threads)):
            check_unmasked(X, "X")
            X = validate_data(self, X, reset=False, **ACCEPTED)
            return as_wide_as(X.dtype, outputs_of(function, X))

    def to_sklearn(self) -> Any:
        """Return the fitted model as scikit-learn's own estimator, with the same predictions but for rounding.

        Returns
        -------
        sklearn.neural_network.MLPClassifier or MLPRegressor
            With copies of weights and curves, and the parameters that it has; of an estimator with ``scale`` a pipeline
            of a fitted StandardScaler and it. ``partial_fit`` and ``warm_start`` go on from there, with an optimizer
            that begins anew.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            There is nothing yet.
        ValueError
            The model was fitted with what scikit-learn's class has not: dropout, activations for each layer or other
            ones, a formula, another loss, an optimizer of its own, weights of classes, a robust scaling.

        See Also
        --------
        fastmlp.sklearn.from_sklearn : The way in.

        Examples
        --------
        >>> from fastmlp.sklearn import MLPRegressor
        >>> ours = MLPRegressor(hidden_layer_sizes=(8,), tol=1e3, random_state=0)
        >>> ours = ours.fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
        >>> theirs = ours.to_sklearn()
        >>> type(theirs).__module__.split(".")[0]
        'sklearn'
        >>> bool(abs(theirs.predict([[1.5]]) - ours.predict([[1.5]])).max() < 1e-12)
        True
        """
        check_is_fitted(self, "network_")
        return exported(self._settings(), MLPResult.of(self))

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
            raise AttributeError(f"{type(self).__name__!r} has no {brief(name)} before fit.")
        return self.network_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def makes_iterations(estimator: BaseMLP) -> bool:
    """Whether the estimator has a ``partial_fit``; the error says why it has not."""
    if is_lbfgs(estimator.solver, estimator.optimizer):
        raise AttributeError("partial_fit makes one iteration, which lbfgs cannot: use solver='adam' or 'sgd'.")
    return True


def values_of(estimator: BaseMLP, kind: type[BaseMLP]) -> dict[str, Any]:
    """Return the estimator's values of the parameters that the constructor of ``kind`` takes."""
    return {name: getattr(estimator, name) for name in _parameters_of(kind)}


@cache
def _parameters_of(kind: type[BaseMLP]) -> tuple[str, ...]:
    return tuple(signature(kind).parameters)
