"""TabularRegressor: a value for each row of a table.

How a fit goes is in estimator.py, what is fitted in recipe.py, and what is done to the values in units.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import RegressorMixin

from fastmlp._training.checkpoint import Checkpoint
from fastmlp.losses import Loss, MeanSquaredError
from fastmlp.sklearn._tabular.columns import Table
from fastmlp.sklearn._tabular.estimator import BaseTabular
from fastmlp.sklearn._tabular.results import TabularResult
from fastmlp.sklearn._tabular.units import Units

Array = npt.NDArray[Any]


class TabularRegressor(RegressorMixin, BaseTabular):
    """Values of the rows of a table: of numbers, categories and missing values, without preparation or tuning.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, int or "auto", default "auto"
        Units of each hidden layer. "auto": three of 64.
    n_estimators : int, default 5
        Networks whose values are averaged.
    learning_rate : float or "auto", default "auto"
        As for ``TabularClassifier``, as are all others. "auto": 0.07.
    max_iter : int or "auto", default "auto"
        Epochs; the weights of the best one are kept.
    batch_size : int or "auto", default "auto"
        Rows of a step.
    bins : int or "auto", default "auto"
        Bins into which numbers are put; "auto": 48 from 2000 rows on, fewer beside more than 10 columns of numbers.
    dropout : float or "auto", default "auto"
        Share of the hidden units that are dropped in a step; "auto": 0.
    validation_fraction : float, default 0.2
        Share of the rows that choose the epoch of a network.
    random_state : int, RandomState or None, default None
        Decides all that is drawn.
    n_threads : int, optional
        Threads at most.
    preset, time_limit, plan : optional
        As for ``TabularClassifier``.

    Attributes
    ----------
    networks_, best_iterations_, repeats_, plan_, n_iter_, n_features_in_, feature_names_in_
        As for ``TabularClassifier``. The networks compute values of mean 0 and standard deviation 1.

    See Also
    --------
    MLPRegressor : For arrays of numbers.

    Notes
    -----
    As for ``TabularClassifier``, with the activation mish and the squared error. A predicted value is never beyond the
    least and the greatest of those learned from.

    Examples
    --------
    >>> import numpy as np
    >>> from fastmlp.sklearn import TabularRegressor
    >>> X = np.linspace(-1, 1, 200).reshape(-1, 1)
    >>> model = TabularRegressor(max_iter=60, random_state=0).fit(X, 100 * X[:, 0] ** 2)
    >>> model.score(X, 100 * X[:, 0] ** 2) > 0.99
    True
    """

    _activations = ("mish", "identity")
    _units: Units

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] | int | str = "auto",
        *,
        n_estimators: int = 5,
        learning_rate: float | str = "auto",
        max_iter: int | str = "auto",
        batch_size: int | str = "auto",
        bins: int | str = "auto",
        dropout: float | str = "auto",
        validation_fraction: float = 0.2,
        random_state: int | np.random.RandomState | None = None,
        n_threads: int | None = None,
        preset: str | None = None,
        time_limit: float | None = None,
        plan: int | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.bins = bins
        self.dropout = dropout
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.n_threads = n_threads
        self.preset = preset
        self.time_limit = time_limit
        self.plan = plan

    def fit(
        self,
        X: Table,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Table = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        checkpoint: Checkpoint | None = None,
    ) -> TabularRegressor:
        """Train the model.

        Parameters
        ----------
        X : DataFrame or array (samples, columns)
            Numbers, text, categories, missing values.
        y : array (samples,)
            Values.
        sample_weight : array (samples,), optional
            Not negative: how much a row counts, in the loss and in the choice of the epoch. A row of weight 0 is as if
            it were not there; one of weight 2 counts as two, which is not the same as to give it twice: of two rows one
            may be set aside.
        X_val, y_val : optional
            Rows that choose the epoch, in the place of validation_fraction.
        sample_weight_val : array, optional
            Weights of these.
        checkpoint : Checkpoint, optional
            A file from which the same fit goes on, if anything has ended it; random_state must be an integer. With
            several n_estimators one for each: "{network}" in its path is the number of the member.

        Returns
        -------
        self
            The estimator.
        """
        self._train(X, y, sample_weight, (X_val, y_val, sample_weight_val), checkpoint)
        return self

    def predict(self, X: Table) -> Array:
        """Return the value of each row.

        Parameters
        ----------
        X : DataFrame or array (samples, columns)
            Rows as in ``fit``.

        Returns
        -------
        array (samples,)
            Values.
        """
        outputs = self._forward(X)
        return self._units.outside(outputs[:, 0])

    def _loss_object(self) -> Loss:
        return MeanSquaredError()

    def _loss_of(self, outputs: Array, targets: Array, weights: Array | None) -> float:
        return float(np.average((outputs[:, 0] - targets) ** 2, weights=weights))

    def _learn_targets(self, y: Array, weights: Array | None, result: TabularResult) -> int:
        result.units = Units.of(y if weights is None else y[weights > 0])
        return 1

    def _encode(self, y: Array, result: TabularResult, name: str) -> Array:
        return result.units.inside(y, name)
