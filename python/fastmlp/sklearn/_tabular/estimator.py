"""What TabularClassifier and TabularRegressor share: how a fit goes, and the outputs for new rows.

encoder.py makes numbers of a table, recipe.py a network for them, and fitting.py trains some; scaling and clipping the
numbers is the networks', so that a model is in one piece. What labels and values need apart is in classifier.py and
regressor.py. The documentation of save and to_c makes it a long file.
"""

from __future__ import annotations

import os
from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, is_classifier
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted

from fastmlp._checks.arguments import check_integer, check_real
from fastmlp._checks.arrays import check_total_weight
from fastmlp._model.evaluation import averaged
from fastmlp._training.checkpoint import Checkpoint, checkpoints_of
from fastmlp.losses import Loss
from fastmlp.network import Network
from fastmlp.runtime import own_limit
from fastmlp.sklearn._blocks import by_blocks
from fastmlp.sklearn._labels import one_column, plain_targets
from fastmlp.sklearn._models import check_random_state_is_kept
from fastmlp.sklearn._tabular.best import Search
from fastmlp.sklearn._tabular.checks import checked, checked_like_training, rows_of
from fastmlp.sklearn._tabular.columns import Table
from fastmlp.sklearn._tabular.encoder import TableEncoder
from fastmlp.sklearn._tabular.exporting import ExportedTable
from fastmlp.sklearn._tabular.files import write
from fastmlp.sklearn._tabular.fitting import Fitting
from fastmlp.sklearn._tabular.members import Rows, Samples, validation_rows
from fastmlp.sklearn._tabular.recipe import batch_of
from fastmlp.sklearn._tabular.results import TabularResult
from fastmlp.sklearn._tabular.settings import wanted_of
from fastmlp.sklearn._threads import threads_of
from fastmlp.sklearn._weights import checked_sample_weight

Array = npt.NDArray[Any]

# Rows of a table that are looked at together in a prediction, and numbers that they are made at a time: a column of
# categories takes a column of these for each.
ROWS, ENTRIES = 65536, 2**22


class BaseTabular(ExportedTable, BaseEstimator, metaclass=ABCMeta):
    """A network for tables behind the interface of scikit-learn."""

    hidden_layer_sizes: Sequence[int] | int | str
    bins: int | str
    learning_rate: float | str
    dropout: float | str
    n_estimators: int
    max_iter: int | str
    batch_size: int | str
    validation_fraction: float
    random_state: int | np.random.RandomState | None
    n_threads: int | None
    preset: str | None
    time_limit: float | None
    plan: int | None
    # that of the hidden layers, and that of the last
    _activations: tuple[str, str]

    networks_: list[Network]
    n_iter_: int
    best_iterations_: list[int]
    repeats_: list[int]
    plan_: int
    _encoder: TableEncoder

    @abstractmethod
    def _loss_object(self) -> Loss:
        """Return the loss to minimize."""

    @abstractmethod
    def _learn_targets(self, y: Array, weights: Array | None, result: TabularResult) -> int:
        """Settle what targets stand for, and return the units of the last layer."""

    @abstractmethod
    def _loss_of(self, outputs: Array, targets: Array, weights: Array | None) -> float:
        """Return what an ensemble with these outputs is judged by: the less the better."""

    @abstractmethod
    def _encode(self, y: Array, result: TabularResult, name: str) -> Array:
        """Return targets as the network takes them; an error calls them by the name."""

    def _weight_of_each(
        self, targets: Array, weights: Array | None, result: TabularResult
    ) -> npt.NDArray[np.float64] | None:
        """Return the weight of each target that is one of classes, or None: all weigh the same."""
        return None

    def _weights(self, targets: Array, weights: Array | None, of_each: Array | None) -> Array | None:
        """Return the weights of samples, those of their classes included."""
        if of_each is None:
            return weights
        return check_total_weight(of_each[targets] * (1.0 if weights is None else weights), "class_weight")

    def _train(
        self,
        X: Table,
        y: Any,
        sample_weight: Any,
        validation: tuple[Table, Any, Any],
        checkpoint: Checkpoint | None,
    ) -> None:
        X_val, y_val, sample_weight_val = validation
        members = check_integer(self.n_estimators, "n_estimators", minimum=1)
        fraction = check_real(self.validation_fraction, "validation_fraction", above=0.0, below=1.0)
        wanted = wanted_of(self)
        check_random_state_is_kept(checkpoint, self.random_state)
        search = Search.wanted_of(self)
        if search is not None and checkpoint is not None:
            raise ValueError("a checkpoint is of one training, not of the many of preset='best': give one of both.")
        checkpoints = checkpoints_of(checkpoint, members, 'give Checkpoint("run-{network}.ckpt"), for example')
        limit = threads_of(self.n_threads)
        result = TabularResult()
        # scikit-learn writes number and names of columns on what it checks with, and the estimator stays as it is
        stand_in = copy(self)
        table, y = checked(stand_in, X, y)
        result.take_columns(stand_in)
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val belong together: give both.")
        if sample_weight_val is not None and X_val is None:
            raise ValueError("sample_weight_val is of X_val and y_val: give these, too.")
        weights = checked_sample_weight(sample_weight, y)
        n_outputs = self._learn_targets(y, weights, result)
        targets = self._encode(y, result, "y")
        of_each = self._weight_of_each(targets, weights, result)
        weights = self._weights(targets, weights, of_each)
        if weights is not None and not weights.all():
            # what weighs nothing is not there: neither for the columns nor among the rows that are set aside
            weighing = np.flatnonzero(weights)
            table, targets, weights = rows_of(table)[weighing], targets[weighing], weights[weighing]
        if X_val is None and len(targets) < 2:
            raise ValueError("X has one sample, but needs one to learn from and one for validation: give more.")
        random_state = check_random_state(self.random_state)
        settled = wanted.fitting(len(targets), self._activations[0], is_classifier=is_classifier(self))
        result.encoder = TableEncoder()
        rows = result.encoder.fit_encode(table, with_bins=settled.bins > 0)
        asides: Iterable[Rows | Samples]
        if X_val is None:
            asides = validation_rows(len(targets), fraction, targets if is_classifier(self) else None, random_state)
        else:
            X_aside = result.encoder.encode(checked_like_training(stand_in, X_val))
            y_aside = one_column(np.asarray(plain_targets(y_val, "y_val")))
            check_consistent_length(X_aside, y_aside)
            weights_aside = checked_sample_weight(sample_weight_val, y_aside, "sample_weight_val")
            targets_aside = self._encode(y_aside, result, "y_val")
            asides = repeat(Samples(X_aside, targets_aside, self._weights(targets_aside, weights_aside, of_each)))
        batch_size = batch_of(self.batch_size, len(targets))
        fitting = Fitting(
            Samples(rows, targets, weights),
            result.encoder.n_in_bins,
            n_outputs,
            self._activations[1],
            self._loss_object(),
            batch_size,
            iter(asides),
            random_state,
        )
        try:
            with own_limit(limit):
                if search is None:
                    ensemble = fitting.members(settled, checkpoints)
                else:
                    ensemble = fitting.search(search, settled, fraction, self._loss_of)
                    result.plan_ = ensemble.plan
        except FloatingPointError as divergence:
            raise ValueError(str(divergence)) from divergence
        result.networks_ = [member.network for member in ensemble.members]
        result.best_iterations_ = [member.best_epoch for member in ensemble.members]
        result.repeats_ = ensemble.repeats
        result.n_iter_ = settled.epochs
        result.hand_over(self)

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
            A parameter is an object that the file does not keep, such as a ``RandomState``.
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
        rows = rows_of(table)
        functions = [function_of(network) for network in self.networks_]

        size = max(1, ENTRIES // self.networks_[0].n_inputs)

        def values_of(part: slice) -> Array:
            encoded = self._encoder.encode(rows[part])

            def values_of_some(some: slice) -> Array:
                numbers = encoded.taken(some).dense()
                return combine([function(numbers) for function in functions])

            return by_blocks(values_of_some, len(encoded), size)

        with own_limit(threads_of(self.n_threads)):
            return by_blocks(values_of, len(table), ROWS)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags
