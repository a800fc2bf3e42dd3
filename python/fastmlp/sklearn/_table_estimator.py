"""What TabularClassifier and TabularRegressor share: networks for tables, with settings that need no tuning.

The recipe is that of RealMLP (D. Holzmueller, L. Grinsztajn and I. Steinwart, Better by default, NeurIPS 2024), less
what did not help on the tables where it was tried (docs/decisions/0015-what-tables-need.md). _tables.py makes numbers
of a table; scaling and clipping them is the networks', so that a model is in one piece.
"""

from __future__ import annotations

import math
from abc import ABCMeta, abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from fastmlp._validation import check_integer, check_real
from fastmlp.layers import AnyLayer, Dense, RobustScale
from fastmlp.losses import Loss
from fastmlp.network import Network
from fastmlp.optimizers import Adam
from fastmlp.runtime import own_limit
from fastmlp.schedules import Coslog4
from fastmlp.sklearn._iterations import all_or_nothing
from fastmlp.sklearn._parameters import hidden_sizes
from fastmlp.sklearn._tables import TableEncoder, is_frame
from fastmlp.sklearn._threads import threads_of

if TYPE_CHECKING:
    from fastmlp.history import Epoch

Array = npt.NDArray[Any]

BIAS_RATE = 0.1


class BestEpoch:
    """Keeps the weights of the epoch with the least validation loss, the last of equals, and puts them back."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.epoch = 0

    def __call__(self, network: Network, epoch: Epoch) -> None:
        """Look at an epoch."""
        loss = epoch["validation_loss"]
        if not self.losses or loss <= min(self.losses):
            self._weights, self.epoch = network.get_parameters(), int(epoch["epoch"])
        self.losses.append(loss)

    def end(self, network: Network) -> None:
        """Put the best weights back."""
        network.set_parameters(self._weights)


class BaseTabular(BaseEstimator, metaclass=ABCMeta):
    """A network for tables behind the interface of scikit-learn."""

    hidden_layer_sizes: Sequence[int] | int
    learning_rate: float
    n_estimators: int
    max_iter: int
    batch_size: int
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
    def _encode(self, y: Array) -> Array:
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
        batch = check_integer(self.batch_size, "batch_size", minimum=1)
        fraction = check_real(self.validation_fraction, "validation_fraction", above=0.0, below=1.0)
        optimizer = Adam(Coslog4(check_real(self.learning_rate, "learning_rate", above=0.0)), beta2=0.95)
        table, y = self._checked(X, y)
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val belong together: give both.")
        if X_val is None and len(y) < 2:
            raise ValueError("X has one sample, but needs one to learn from and one for validation: give more.")
        targets = self._learn_targets(y)
        random_state = check_random_state(self.random_state)
        encoder = TableEncoder().fit(table)
        numbers = encoder.transform(table)
        validation = None
        if X_val is not None:
            validation = encoder.transform(self._checked_like_training(X_val)), self._encode(np.asarray(y_val))
        networks, best_iterations = [], []
        for _ in range(members):
            learned, aside = (numbers, targets), validation
            if aside is None:
                learned, aside = self._split(numbers, targets, fraction, random_state)
            network, best = self._build(numbers.shape[1], random_state), BestEpoch()
            try:
                with own_limit(threads_of(self.n_threads)):
                    network.fit(
                        *learned,
                        epochs=max_iter,
                        batch_size=batch,
                        optimizer=optimizer,
                        validation_data=aside,
                        metrics=[],
                        callbacks=[best],
                        progress=False,
                    )
            except FloatingPointError as divergence:
                raise ValueError(str(divergence)) from divergence
            networks.append(network)
            best_iterations.append(best.epoch)
        self._encoder, self.networks_ = encoder, networks
        self.n_iter_, self.best_iterations_ = max_iter, best_iterations

    def _build(self, n_inputs: int, random_state: Any) -> Network:
        """Return a network in the neural tangent kernel's parametrization, by factors on the rates of its layers."""
        sizes = [n_inputs, *hidden_sizes(self.hidden_layer_sizes)]
        layers: list[AnyLayer] = [RobustScale()]
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

    def _split(self, numbers: Array, targets: Array, fraction: float, random_state: Any) -> tuple[Any, Any]:
        """Set samples aside for validation: of each class its share, where each has enough."""
        stratify = targets if self._stratifies(targets, fraction) else None
        X, X_val, y, y_val = train_test_split(
            numbers, targets, test_size=fraction, random_state=random_state, stratify=stratify
        )
        return (X, y), (X_val, y_val)

    def _stratifies(self, targets: Array, fraction: float) -> bool:
        return False

    def _checked(self, X: Any, y: Any) -> tuple[Any, Array]:
        """Return the table, a DataFrame as it is, and y as an array."""
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
        if is_frame(X):
            validate_data(self, X, reset=False, skip_check_array=True)
            return X
        return _without_infinities(validate_data(self, X, reset=False, dtype=None, ensure_all_finite="allow-nan"))

    def _forward(self, X: Any) -> Array:
        check_is_fitted(self)
        numbers = self._encoder.transform(self._checked_like_training(X))
        with own_limit(self.n_threads):
            return np.mean([network.forward(numbers) for network in self.networks_], axis=0)

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
