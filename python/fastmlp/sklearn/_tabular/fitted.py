"""What TabularClassifier and TabularRegressor share once they are fitted: outputs for new rows, files, importances.

How they are fitted is in estimator.py.
"""

from __future__ import annotations

import os
from abc import ABCMeta, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from fastmlp._checks.arguments import check_integer
from fastmlp._model.evaluation import averaged
from fastmlp.network import Network
from fastmlp.runtime import own_limit
from fastmlp.sklearn._tabular.checks import checked_like_training
from fastmlp.sklearn._tabular.columns import Table
from fastmlp.sklearn._tabular.encoder import TableEncoder
from fastmlp.sklearn._tabular.exporting import ExportedTable
from fastmlp.sklearn._tabular.files import write
from fastmlp.sklearn._tabular.importances import importances_of
from fastmlp.sklearn._tabular.prediction import combined
from fastmlp.sklearn._tabular.results import TabularResult
from fastmlp.sklearn._threads import threads_of

Array = npt.NDArray[Any]


class Fitted(ExportedTable, BaseEstimator, metaclass=ABCMeta):
    """What a fit has left, and what can be done with it."""

    n_threads: int | None

    networks_: list[Network]
    n_iter_: int
    best_iterations_: list[int]
    repeats_: list[int]
    plan_: int
    _encoder: TableEncoder

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model to a file that ``fastmlp.sklearn.load`` reads; the same model gives the same bytes.

        Parameters
        ----------
        path : path
            The file, ``*.safetensors``. It appears whole or not at all. Kept are the parameters, what the
            columns stand for, labels or units, and the networks; the text of categories and labels is in it.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            There is nothing to save yet.
        TypeError
            A parameter is an object that the file does not keep, such as a ``RandomState``; the labels are none of
            text, numbers and bools; or the estimator is of a class of your own.
        ValueError
            The name ends otherwise, or there is more than a file takes.
        OSError
            The file cannot be written.

        See Also
        --------
        fastmlp.sklearn.load : Read one.

        Examples
        --------
        >>> import os, tempfile
        >>> import fastmlp.sklearn
        >>> X, y = [[25, "cat"], [31, "dog"]] * 20, [4.0, 30.0] * 20
        >>> model = fastmlp.sklearn.TabularRegressor(max_iter=5, random_state=0).fit(X, y)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "pets.safetensors")
        ...     model.save(path)
        ...     fastmlp.sklearn.load(path)
        TabularRegressor(max_iter=5, random_state=0)
        """
        check_is_fitted(self)
        write(self, TabularResult.of(self), path)

    def importances(
        self, X: Table, *, max_rows: int = 1000, random_state: int | np.random.RandomState | None = 0
    ) -> Array:
        """Return how much each column moves the predictions: nothing is trained for that.

        Parameters
        ----------
        X : DataFrame or array (samples, columns)
            Rows as in ``fit``, at least two.
        max_rows : int, default 1000
            Of more rows, so many are drawn.
        random_state : int, RandomState or None, default 0
            Decides which rows, and which are compared.

        Returns
        -------
        array (columns,), or (outputs, columns)
            The mean over pairs of rows of what the column adds to, or takes from, the prediction when one row becomes
            the other: in units of y, of a probability, or of the logarithm of a count. Of several values or labels a
            row each.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            There is no model yet.
        ValueError, TypeError
            An argument is not as described.

        See Also
        --------
        fastmlp.Network.jacobian : The derivatives that are integrated.

        Notes
        -----
        Integrated gradients (Sundararajan and others, ICML 2017) with other rows as baselines (expected gradients,
        Erion and others, 2021): before their signs are dropped, the parts of all columns add up to the change of the
        outputs. They say what the model uses, not what it needs: ``sklearn.inspection.permutation_importance``, which
        works, too, says how much worse predictions are without a column.

        Examples
        --------
        >>> import numpy as np
        >>> from fastmlp.sklearn import TabularRegressor
        >>> X = np.random.default_rng(0).uniform(size=(200, 2))
        >>> model = TabularRegressor(max_iter=30, random_state=0).fit(X, 10 * X[:, 0])
        >>> model.importances(X).round()
        array([3., 0.])
        """
        check_is_fitted(self)
        table = checked_like_training(self, X)
        most = check_integer(max_rows, "max_rows", minimum=2)
        if len(table) < 2:
            raise ValueError("X has one row, but importances compare rows with each other: give at least two.")
        with own_limit(threads_of(self.n_threads)):
            found = importances_of(
                self.networks_, self.repeats_, self._encoder, table, most, check_random_state(random_state)
            )
        return self._in_units(found)

    @abstractmethod
    def _in_units(self, changes: Array) -> Array:
        """Return changes of outputs (outputs, columns) as those of predictions."""

    def _forward(self, X: Table) -> Array:
        """Return the outputs of the members for rows of a table, averaged."""
        return self._combined(X, lambda network: network.forward, lambda outputs: averaged(outputs, self.repeats_))

    def _combined(
        self,
        X: Table,
        function_of: Callable[[Network], Callable[[Array], Array]],
        combine: Callable[[list[Array]], Array],
    ) -> Array:
        """Return what comes of the values of a function of each member for rows of a table."""
        check_is_fitted(self)
        table = checked_like_training(self, X)
        with own_limit(threads_of(self.n_threads)):
            return combined(self.networks_, self._encoder, table, function_of, combine)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags
