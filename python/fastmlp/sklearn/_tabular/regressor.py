"""TabularRegressor: a value for each row of a table. The recipe is in estimator.py."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import RegressorMixin

from fastmlp.losses import Loss, MeanSquaredError
from fastmlp.sklearn._tabular.estimator import BaseTabular

Array = npt.NDArray[Any]


class TabularRegressor(RegressorMixin, BaseTabular):
    """Values of the rows of a table: of numbers, categories and missing values, without preparation or tuning.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int or int, default (64, 64, 64)
    n_estimators : int, default 5
    learning_rate : float, default 0.07
        As for ``TabularClassifier``, as are all others.
    max_iter : int, default 112
    batch_size : int or "auto", default "auto"
    validation_fraction : float, default 0.2
    random_state : int, RandomState or None, default None
    n_threads : int, optional

    Attributes
    ----------
    networks_, best_iterations_, n_iter_, n_features_in_, feature_names_in_
        As for ``TabularClassifier``. The networks compute values of mean 0 and standard deviation 1.

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

    _activation = "mish"
    _last_activation = "identity"

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] | int = (64, 64, 64),
        *,
        n_estimators: int = 5,
        learning_rate: float = 0.07,
        max_iter: int = 112,
        batch_size: int | str = "auto",
        validation_fraction: float = 0.2,
        random_state: Any = None,
        n_threads: int | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.n_threads = n_threads

    def fit(self, X: Any, y: Any, *, X_val: Any = None, y_val: Any = None) -> TabularRegressor:
        """Train the model.

        Parameters
        ----------
        X : DataFrame or array (samples, columns)
            Numbers, text, categories, missing values.
        y : array (samples,)
        X_val, y_val : optional
            Rows that choose the epoch, in the place of validation_fraction.

        Returns
        -------
        self
        """
        self._train(X, y, X_val, y_val)
        return self

    def predict(self, X: Any) -> Array:
        """Return the value of each row.

        Parameters
        ----------
        X : DataFrame or array (samples, columns)

        Returns
        -------
        array (samples,)
        """
        values = self._forward(X)[:, 0].astype(np.float64) * self._deviation + self._mean
        return np.clip(values, *self._range)

    def _loss_object(self) -> Loss:
        return MeanSquaredError()

    def _n_outputs(self) -> int:
        return 1

    def _learn_targets(self, y: Array) -> Array:
        values = _numbers(y, "y")
        with np.errstate(over="ignore", invalid="ignore"):
            self._mean, self._deviation = float(values.mean()), float(values.std()) or 1.0
        if not np.isfinite(self._deviation):
            raise ValueError(f"y goes up to {np.abs(values).max()}, whose square no number holds: divide it.")
        self._range = values.min(), values.max()
        return self._encode(y)

    def _encode(self, y: Array, name: str = "y") -> Array:
        return (_numbers(y, name) - self._mean) / self._deviation


def _numbers(y: Any, name: str) -> Array:
    y = np.asarray(y)
    if y.dtype == object and not any(isinstance(value, str | bytes) for value in y):
        with suppress(TypeError, ValueError):
            y = y.astype(np.float64)
    if y.dtype.kind not in "biuf":
        raise ValueError(f"{name} is of {y.dtype}, but values must be numbers: convert them first.")
    y = y.astype(np.float64)
    if not np.isfinite(y).all():
        raise ValueError(f"{name} holds {y[~np.isfinite(y)][0]}: leave such rows out.")
    return y
