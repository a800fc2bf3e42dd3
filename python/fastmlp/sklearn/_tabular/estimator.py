"""What TabularClassifier and TabularRegressor share: networks for tables, with settings that need no tuning.

The recipe is that of RealMLP (D. Holzmueller, L. Grinsztajn and I. Steinwart, Better by default, NeurIPS 2024), less
what did not help on the tables where it was tried (docs/decisions, 15 and 17). encoder.py makes numbers of a table;
scaling and clipping them is the networks', so that a model is in one piece.
"""

from __future__ import annotations

import math
from abc import ABCMeta, abstractmethod
from collections.abc import Sequence
from functools import partial
from itertools import pairwise, repeat
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, is_classifier
from sklearn.utils import check_consistent_length, check_random_state, column_or_1d
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from fastmlp._checks.arguments import check_integer, check_real
from fastmlp._training.side_by_side import run_side_by_side
from fastmlp.layers import AnyLayer, Dense, RobustScale
from fastmlp.losses import Loss
from fastmlp.network import Network
from fastmlp.optimizers import Adam
from fastmlp.runtime import own_limit
from fastmlp.schedules import Coslog4
from fastmlp.sklearn._mlp.iterations import all_or_nothing
from fastmlp.sklearn._sizes import hidden_sizes
from fastmlp.sklearn._tabular.encoder import TableEncoder, is_frame, rows_as_array
from fastmlp.sklearn._tabular.members import Settings, train, validation_rows
from fastmlp.sklearn._threads import threads_of

Array = npt.NDArray[Any]

BIAS_RATE = 0.1
ROWS = 65536  # that become numbers at a time: categories take more room as such
CLIP = 6.0  # of inputs, in ranges of their middle half
# few steps leave small tables unlearned, small batches take long on large ones
BATCHES, SMALLEST_BATCH, LARGEST_BATCH = 64, 32, 256


class BaseTabular(BaseEstimator, metaclass=ABCMeta):
    """A network for tables behind the interface of scikit-learn."""

    hidden_layer_sizes: Sequence[int] | int
    learning_rate: float
    n_estimators: int
    max_iter: int
    batch_size: int | str
    validation_fraction: float
    random_state: Any
    n_threads: int | None
    _activation: str
    _last_activation: str

    networks_: list[Network]
    n_iter_: int
    best_iterations_: list[int]

    @abstractmethod
    def _loss_object(self) -> Loss:
        """Return the loss to minimize."""

    @abstractmethod
    def _learn_targets(self, y: Array) -> Array:
        """Settle what targets stand for, and return them as the network takes them."""

    @abstractmethod
    def _encode(self, y: Array, name: str = "y") -> Array:
        """Return targets as the network takes them."""

    @abstractmethod
    def _n_outputs(self) -> int:
        """Return the units of the last layer."""

    def _train(self, X: Any, y: Any, X_val: Any, y_val: Any) -> None:
        """Fit; an earlier fit stays as it was if this one fails."""
        with all_or_nothing(self):
            self._train_members(X, y, X_val, y_val)

    def _train_members(self, X: Any, y: Any, X_val: Any, y_val: Any) -> None:
        members = check_integer(self.n_estimators, "n_estimators", minimum=1)
        max_iter = check_integer(self.max_iter, "max_iter", minimum=1)
        fraction = check_real(self.validation_fraction, "validation_fraction", above=0.0, below=1.0)
        optimizer = Adam(Coslog4(check_real(self.learning_rate, "learning_rate", above=0.0)), beta2=0.95)
        limit = threads_of(self.n_threads)
        table, y = self._checked(X, y)
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val belong together: give both.")
        if X_val is None and len(y) < 2:
            raise ValueError("X has one sample, but needs one to learn from and one for validation: give more.")
        targets = self._learn_targets(y)
        random_state = check_random_state(self.random_state)
        encoder = TableEncoder().fit(table)
        numbers = encoder.transform(table)
        if X_val is None:
            places = targets if is_classifier(self) else None
            asides: Any = validation_rows(len(y), fraction, places, random_state)
        else:
            aside = encoder.transform(self._checked_like_training(X_val)), column_or_1d(np.asarray(y_val), warn=True)
            check_consistent_length(*aside)
            asides = repeat((aside[0], self._encode(aside[1], "y_val")))
        settings: Settings = {"epochs": max_iter, "batch_size": self._batch_size(len(y)), "optimizer": optimizer}
        networks = [self._build(numbers.shape[1], random_state) for _ in range(members)]
        trainings = [
            partial(train, network, (numbers, targets), aside, settings)
            for network, aside in zip(networks, asides, strict=False)
        ]
        try:
            best_iterations = run_side_by_side(trainings, limit)
        except FloatingPointError as divergence:
            raise ValueError(str(divergence)) from divergence
        self._encoder, self.networks_ = encoder, networks
        self.n_iter_, self.best_iterations_ = max_iter, best_iterations

    def _batch_size(self, n_samples: int) -> int:
        if isinstance(self.batch_size, str):
            if self.batch_size != "auto":
                raise ValueError(f"batch_size must be 'auto' or an integer of at least 1, got {self.batch_size!r}.")
            return min(max(n_samples // BATCHES, SMALLEST_BATCH), LARGEST_BATCH)
        return check_integer(self.batch_size, "batch_size", minimum=1)

    def _build(self, n_inputs: int, random_state: Any) -> Network:
        """Return a network in the neural tangent kernel's parametrization, by factors on the rates of its layers."""
        sizes = [n_inputs, *hidden_sizes(self.hidden_layer_sizes)]
        layers: list[AnyLayer] = [RobustScale(limit=CLIP)]
        for n_in, n_out in pairwise([*sizes, self._n_outputs()]):
            is_last = len(layers) == len(sizes)
            layers.append(
                Dense(
                    n_out,
                    self._last_activation if is_last else self._activation,
                    initializer="zeros" if is_last else "lecun_normal",
                    weight_rate_factor=1.0 / math.sqrt(n_in),
                    bias_rate_factor=BIAS_RATE,
                )
            )
        seed = int(random_state.randint(np.iinfo(np.int32).max))
        network = Network(n_inputs, layers, loss=self._loss_object(), seed=seed)
        for layer in network.layers[:-1]:
            layer.bias[:] = random_state.standard_normal(layer.bias.shape)
        return network

    def _checked(self, X: Any, y: Any) -> tuple[Any, Array]:
        """Return the table, a DataFrame as it is, and y as an array."""
        X = rows_as_array(X)
        if is_frame(X):
            validate_data(self, X, skip_check_array=True)
            if y is None:
                raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None.")
            y = check_array(y, ensure_2d=False, dtype=None, input_name="y")
            if len(X) != len(y):
                raise ValueError(f"y has {len(y)} rows, but X has {len(X)}: give one for each row.")
            return X, column_or_1d(y, warn=True)
        X, y = validate_data(self, X, y, dtype=None, ensure_all_finite="allow-nan")
        return _without_infinities(X), y

    def _checked_like_training(self, X: Any) -> Any:
        X = rows_as_array(X)
        if is_frame(X):
            validate_data(self, X, reset=False, skip_check_array=True)
            return X
        return _without_infinities(validate_data(self, X, reset=False, dtype=None, ensure_all_finite="allow-nan"))

    def _forward(self, X: Any) -> Array:
        check_is_fitted(self)
        table = self._checked_like_training(X)
        rows = table.iloc if hasattr(table, "iloc") else table
        outputs = []
        with own_limit(threads_of(self.n_threads)):
            for start in range(0, max(1, len(table)), ROWS):
                numbers = self._encoder.transform(rows[start : start + ROWS])
                outputs.append(np.mean([network.forward(numbers) for network in self.networks_], axis=0))
        return np.concatenate(outputs)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


def _without_infinities(X: Array) -> Array:
    if X.dtype.kind == "f" and np.isinf(X).any():
        raise ValueError("X holds infinity, which is no number to learn from: replace it, or mark it missing by NaN.")
    return X
