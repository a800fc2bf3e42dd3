"""TabularClassifier and TabularRegressor: networks for tables, with settings that need no tuning.

The recipe is that of RealMLP (D. Holzmueller, L. Grinsztajn and I. Steinwart, Better by default, NeurIPS 2024), less what
did not help on the tables where it was tried (docs/decisions/0015-what-tables-need.md). _tables.py makes numbers of a
table; scaling and clipping them is the network's, so that the model is in one piece.
"""

from __future__ import annotations

import math
from abc import ABCMeta, abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from fastmlp._validation import check_integer, check_real
from fastmlp.layers import AnyLayer, Dense, RobustScale
from fastmlp.losses import CrossEntropy, Loss, MeanSquaredError
from fastmlp.network import Network
from fastmlp.optimizers import Adam
from fastmlp.runtime import own_limit
from fastmlp.schedules import Coslog4
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

    hidden_layer_sizes: Sequence[int]
    learning_rate: float
    max_iter: int
    batch_size: int
    validation_fraction: float
    random_state: Any
    n_threads: int | None
    _activation: str

    network_: Network
    best_iteration_: int
    validation_losses_: list[float]

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
    def _output_layer(self, targets: Array) -> Dense:
        """Return the last layer."""

    def _train(self, X: Any, y: Any, X_val: Any, y_val: Any) -> None:
        max_iter = check_integer(self.max_iter, "max_iter", minimum=1)
        batch = check_integer(self.batch_size, "batch_size", minimum=1)
        fraction = check_real(self.validation_fraction, "validation_fraction", above=0.0, below=1.0)
        rate = check_real(self.learning_rate, "learning_rate", above=0.0)
        table, y = self._checked(X, y)
        targets = self._learn_targets(y)
        random_state = check_random_state(self.random_state)
        if X_val is None:
            table, table_val, targets, targets_val = self._split(table, targets, fraction, random_state)
        else:
            table_val, targets_val = self._checked_like_training(X_val), self._encode(np.asarray(y_val))
        self._encoder = TableEncoder().fit(table)
        X, X_val = self._encoder.transform(table), self._encoder.transform(table_val)
        network = self._build(X.shape[1], targets, random_state)
        best = BestEpoch()
        with own_limit(threads_of(self.n_threads)):
            network.fit(
                X,
                targets,
                epochs=max_iter,
                batch_size=min(batch, len(X)),
                optimizer=Adam(Coslog4(rate), beta2=0.95),
                validation_data=(X_val, targets_val),
                metrics=[],
                callbacks=[best],
                progress=False,
            )
        self.network_ = network
        self.best_iteration_, self.validation_losses_ = best.epoch, best.losses

    def _build(self, n_inputs: int, targets: Array, random_state: Any) -> Network:
        """Return a network in the neural tangent kernel's parametrization, by factors on the rates of its layers."""
        sizes = [n_inputs, *(check_integer(n, "hidden_layer_sizes", minimum=1) for n in self.hidden_layer_sizes)]
        layers: list[AnyLayer] = [RobustScale()]
        for n_in, n_out in pairwise(sizes):
            factor = 1.0 / math.sqrt(n_in)
            layers.append(
                Dense(n_out, self._activation, initializer="lecun_normal", weight_rate_factor=factor, bias_rate_factor=BIAS_RATE)
            )
        layers.append(self._output_layer(targets))
        seed = int(random_state.randint(np.iinfo(np.int32).max))
        network = Network(n_inputs, layers, loss=self._loss_object(), seed=seed)
        for layer in network.layers[:-1]:
            layer.bias[:] = random_state.standard_normal(layer.bias.shape)
        return network

    def _split(
        self, table: Any, targets: Array, fraction: float, random_state: Any
    ) -> tuple[Any, Any, Array, Array]:
        """Set samples aside for validation: of each class its share, where each has enough."""
        stratify = targets if self._stratifies(targets, fraction) else None
        return tuple(  # type: ignore[return-value]
            train_test_split(table, targets, test_size=fraction, random_state=random_state, stratify=stratify)
        )

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
        return _without_infinities(
            validate_data(self, X, reset=False, dtype=None, ensure_all_finite="allow-nan")
        )

    def _forward(self, X: Any) -> Array:
        check_is_fitted(self)
        numbers = self._encoder.transform(self._checked_like_training(X))
        with own_limit(self.n_threads):
            return self.network_.forward(numbers)

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


class TabularClassifier(ClassifierMixin, BaseTabular):
    """Classes of the rows of a table: of numbers, categories and missing values, without preparation or tuning.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default (256, 256, 256)
    learning_rate : float, default 0.04
        The highest of the schedule coslog4, for weights of variance 1 (neural tangent kernel parametrization).
    max_iter : int, default 256
        Epochs; the weights of the one with the least validation loss are kept.
    batch_size : int, default 256
        Or all rows where there are fewer.
    label_smoothing : float, default 0.1
        In [0, 1).
    validation_fraction : float, default 0.2
        Share of the rows that choose the epoch.
    random_state : int, RandomState or None, default None
        Decides initial weights, order of rows and the validation rows.
    n_threads : int, optional
        Threads at most; default: what fastmlp may use, and one inside a worker of joblib.

    Attributes
    ----------
    classes_ : array
    network_ : fastmlp.Network
        The model, with the scaling of its inputs.
    best_iteration_ : int
        The epoch whose weights were kept.
    validation_losses_ : list of float
    n_features_in_ : int
    feature_names_in_ : array of str
        Where X had names of columns.

    Notes
    -----
    Columns of text, categories or bools become one column for each category; a category not seen before has none. A
    missing number becomes the median of its column. All are scaled by their quartiles and clipped smoothly.

    D. Holzmueller, L. Grinsztajn and I. Steinwart, Better by default: strong pre-tuned MLPs and boosted trees on tabular
    data, NeurIPS 2024, variant TD-S; what was left out of it is in docs/decisions.

    Examples
    --------
    >>> import numpy as np
    >>> from fastmlp.sklearn import TabularClassifier
    >>> X = np.array([[25, "cat"], [31, "dog"], [np.nan, "cat"], [40, None]] * 10, dtype=object)
    >>> y = ["purrs", "barks", "purrs", "barks"] * 10
    >>> model = TabularClassifier(max_iter=30, random_state=0).fit(X, y)
    >>> model.predict(X[:2])
    array(['purrs', 'barks'], dtype='<U5')
    """

    _activation = "selu"

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (256, 256, 256),
        *,
        learning_rate: float = 0.04,
        max_iter: int = 256,
        batch_size: int = 256,
        label_smoothing: float = 0.1,
        validation_fraction: float = 0.2,
        random_state: Any = None,
        n_threads: int | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.label_smoothing = label_smoothing
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.n_threads = n_threads

    def fit(self, X: Any, y: Any, *, X_val: Any = None, y_val: Any = None) -> TabularClassifier:
        """Train the model.

        Parameters
        ----------
        X : DataFrame or array (samples, columns)
            Numbers, text, categories, missing values.
        y : array (samples,)
            Labels of any kind.
        X_val, y_val : optional
            Rows that choose the epoch, in the place of validation_fraction.

        Returns
        -------
        self
        """
        self._train(X, y, X_val, y_val)
        return self

    def predict(self, X: Any) -> Array:
        """Return the label of each row.

        Parameters
        ----------
        X : DataFrame or array (samples, columns)

        Returns
        -------
        array (samples,)
        """
        outputs = self._forward(X)
        return self.classes_[outputs.argmax(axis=1)]

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, in the order of ``classes_``.

        Parameters
        ----------
        X : DataFrame or array (samples, columns)

        Returns
        -------
        array (samples, classes)
        """
        return self._forward(X)

    def _loss_object(self) -> Loss:
        return CrossEntropy(label_smoothing=self.label_smoothing)

    def _output_layer(self, targets: Array) -> Dense:
        factor = 1.0 / math.sqrt(self.hidden_layer_sizes[-1])
        return Dense(len(self.classes_), "softmax", initializer="zeros", weight_rate_factor=factor, bias_rate_factor=BIAS_RATE)

    def _learn_targets(self, y: Array) -> Array:
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        return self._encode(y)

    def _encode(self, y: Array) -> Array:
        places = np.minimum(np.searchsorted(self.classes_, y), len(self.classes_) - 1)
        known = self.classes_[places] == y
        if not known.all():
            label = y[np.argmin(known)]
            raise ValueError(f"y has the label {label!r}, which is none of classes_: {list(self.classes_)!r}.")
        return places.astype(np.int32)

    def _stratifies(self, targets: Array, fraction: float) -> bool:
        counts = np.bincount(targets)
        aside = math.ceil(len(targets) * fraction)
        return bool(counts.min() >= 2 and min(aside, len(targets) - aside) >= len(counts))


class TabularRegressor(RegressorMixin, BaseTabular):
    """Values of the rows of a table: of numbers, categories and missing values, without preparation or tuning.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default (256, 256, 256)
    learning_rate : float, default 0.07
        As for ``TabularClassifier``, as are all others.
    max_iter : int, default 256
    batch_size : int, default 256
    validation_fraction : float, default 0.2
    random_state : int, RandomState or None, default None
    n_threads : int, optional

    Attributes
    ----------
    network_, best_iteration_, validation_losses_, n_features_in_, feature_names_in_
        As for ``TabularClassifier``. The network computes values of mean 0 and standard deviation 1, and losses are of
        these.

    Notes
    -----
    As for ``TabularClassifier``, with the activation mish and the squared error.

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

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (256, 256, 256),
        *,
        learning_rate: float = 0.07,
        max_iter: int = 256,
        batch_size: int = 256,
        validation_fraction: float = 0.2,
        random_state: Any = None,
        n_threads: int | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
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
        return self._forward(X)[:, 0].astype(np.float64) * self._deviation + self._mean

    def _loss_object(self) -> Loss:
        return MeanSquaredError()

    def _output_layer(self, targets: Array) -> Dense:
        factor = 1.0 / math.sqrt(self.hidden_layer_sizes[-1])
        return Dense(1, initializer="zeros", weight_rate_factor=factor, bias_rate_factor=BIAS_RATE)

    def _learn_targets(self, y: Array) -> Array:
        values = np.asarray(y, np.float64)
        self._mean, self._deviation = float(values.mean()), float(values.std()) or 1.0
        return self._encode(y)

    def _encode(self, y: Array) -> Array:
        return (np.asarray(y, np.float64) - self._mean) / self._deviation
