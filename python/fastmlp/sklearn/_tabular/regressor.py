"""TabularRegressor: a value for each row of a table.

How a fit goes is in estimator.py, what is fitted in recipe.py, and what is done to the values in units.py and
value_losses.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import RegressorMixin

from fastmlp._checks.arrays import count
from fastmlp._model.evaluation import averaged
from fastmlp._training.checkpoint import Checkpoint
from fastmlp._training.watch import Callback
from fastmlp.losses import Loss, Poisson
from fastmlp.network import Network
from fastmlp.sklearn._callbacks import with_callbacks
from fastmlp.sklearn._models import meaning_of
from fastmlp.sklearn._tabular.aside import Validation
from fastmlp.sklearn._tabular.columns import Table
from fastmlp.sklearn._tabular.estimator import BaseTabular
from fastmlp.sklearn._tabular.results import TabularResult
from fastmlp.sklearn._tabular.units import Units, numbers_of
from fastmlp.sklearn._tabular.value_losses import ValueLoss, check_counts, mean_loss, value_loss_of

Array = npt.NDArray[Any]


class TabularRegressor(RegressorMixin, BaseTabular):
    """Values of the rows of a table: of numbers, categories and missing values, without preparation or tuning.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, int or "auto", default "auto"
        Units of each hidden layer. "auto": three of 64.
    loss : str, default "squared_error"
        "squared_error" for means, "absolute_error" for medians, "huber" for means that a few wild values do not move,
        "poisson" for expected counts, "quantile" for the quantile that ``quantile`` says.
    quantile : float, default 0.5
        Between 0 and 1, for loss "quantile": 0.9 is the value that nine of ten are below.
    n_estimators : int, default 5
        Networks whose values are averaged.
    learning_rate : float or "auto", default "auto"
        As for ``TabularClassifier``, as are all others. "auto": 0.07.
    max_iter : int or "auto", default "auto"
        Epochs; the weights of the best one are kept. "auto": 112 with fewer than 2000 rows, 48 with fewer than 30 000,
        24 with more.
    batch_size : int or "auto", default "auto"
        Rows of a step.
    bins : int or "auto", default "auto"
        Bins into which numbers are put; "auto": 48 from 2000 rows on, 128 from 8000 to 30 000, fewer beside more than
        10 columns of numbers.
    dropout : float or "auto", default "auto"
        Share of the hidden units that are dropped in a step; "auto": 0.
    validation : str, default "random"
        Or "last": the last rows choose the epoch, for rows in the order of time.
    validation_fraction : float, default 0.2
        Share of the rows that choose the epoch of a network.
    random_state : int, RandomState or None, default None
        Decides all that is drawn.
    verbose : bool or int, default False
        Show the progress.
    n_threads : int, optional
        Threads at most.
    preset, time_limit, plan : optional
        As for ``TabularClassifier``.

    Attributes
    ----------
    networks_, best_iterations_, repeats_, plan_, n_iter_, n_features_in_, feature_names_in_
        As for ``TabularClassifier``. The networks compute values about 0 and of a spread of 1: of mean 0 and standard
        deviation 1 for the squared error, about the median, or the quantile, in units of the mean deviation for the
        absolute error and quantiles, of the median deviation for "huber", whose squares end at 1.35 standard deviations
        of a normal distribution; for "poisson" logarithms of counts that were divided by their mean.

    See Also
    --------
    MLPRegressor : For arrays of numbers.

    Notes
    -----
    As for ``TabularClassifier``, with the activation mish. A predicted value is never beyond the least and the greatest
    of those learned from; an expected count is above 0. ``score`` is R^2, whatever the loss is: of several
    values the mean. The losses are those of
    ``fastmlp.losses``.

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
        loss: str = "squared_error",
        quantile: float = 0.5,
        n_estimators: int = 5,
        learning_rate: float | str = "auto",
        max_iter: int | str = "auto",
        batch_size: int | str = "auto",
        bins: int | str = "auto",
        dropout: float | str = "auto",
        validation: str = "random",
        validation_fraction: float = 0.2,
        random_state: int | np.random.RandomState | None = None,
        verbose: bool | int = False,
        n_threads: int | None = None,
        preset: str | None = None,
        time_limit: float | None = None,
        plan: int | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.loss = loss
        self.quantile = quantile
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.bins = bins
        self.dropout = dropout
        self.validation = validation
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.verbose = verbose
        self.n_threads = n_threads
        self.preset = preset
        self.time_limit = time_limit
        self.plan = plan

    @with_callbacks
    def fit(
        self,
        X: Table,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Table = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        eval_set: Any = None,
        groups: Any = None,
        callbacks: Iterable[Callback] = (),
        checkpoint: Checkpoint | None = None,
    ) -> TabularRegressor:
        """Train the model.

        Parameters
        ----------
        X : DataFrame or array (samples, columns)
            Numbers, text, categories, missing values.
        y : array (samples,) or (samples, outputs)
            Values, one or several for each row.
        sample_weight : array (samples,), optional
            Not negative: how much a row counts, in the loss and in the choice of the epoch. A row of weight 0 is as if
            it were not there; one of weight 2 counts as two, which is not the same as to give it twice: of two rows one
            may be set aside.
        X_val, y_val : optional
            Rows that choose the epoch, in the place of validation_fraction.
        sample_weight_val : array, optional
            Weights of these.
        eval_set : list of one pair, optional
            [(X_val, y_val)], as LightGBM and XGBoost take them.
        groups : array (samples,), optional
            The group of each row, such as a patient or a shop: whole groups are set aside, so that the epoch is chosen
            on groups that a network has not seen. One of more than half of the rows is always learned from.
        callbacks : list of callables
            Called with (network, epoch) after each epoch of each network, see ``fastmlp.callbacks``; True ends the
            training of that network. Where there are several, each has a copy of those that keep something between
            epochs, such as ``EarlyStopping``.
        checkpoint : Checkpoint, optional
            A file from which the same fit goes on, if anything has ended it; random_state must be an integer. With
            several n_estimators one for each: "{network}" in its path is the number of the member.

        Returns
        -------
        self
            The estimator.
        """
        validation = Validation.of(X_val, y_val, sample_weight_val, eval_set, groups)
        self._train(X, y, sample_weight, validation, callbacks, checkpoint)
        return self

    def predict(self, X: Table) -> Array:
        """Return the value of each row.

        Parameters
        ----------
        X : DataFrame or array (samples, columns)
            Rows as in ``fit``.

        Returns
        -------
        array (samples,) or (samples, outputs)
            Values.
        """
        outputs = self._combined(X, _values_of, lambda values: averaged(values, self.repeats_))
        values = self._units.outside(outputs)
        return values[:, 0] if values.shape[1] == 1 else values

    @property
    def _value_loss(self) -> ValueLoss:
        return value_loss_of(self.loss, self.quantile)

    def _loss_object(self) -> Loss:
        return self._value_loss.loss

    def _loss_of(self, outputs: Array, targets: Array, weights: Array | None) -> float:
        return mean_loss(self._loss_object(), outputs, targets.reshape(outputs.shape), weights)

    def _learn_targets(self, y: Array, weights: Array | None, result: TabularResult) -> int:
        loss = self._value_loss
        is_poisson = isinstance(loss.loss, Poisson)
        counted = numbers_of(y if weights is None else y[weights > 0], "y")
        if is_poisson:
            check_counts(counted, "y", needs_any=True)
        result.units = Units.of(counted, loss)
        if is_poisson:
            # an expected count of 0 would make the deviance of a single event infinite
            least = np.maximum(result.units.least, np.finfo(np.float64).tiny)
            result.units = replace(result.units, least=least)
        return len(result.units.centre)

    def _encode(self, y: Array, result: TabularResult, name: str) -> Array:
        if isinstance(self._loss_object(), Poisson):
            check_counts(numbers_of(y, name), name, needs_any=False)
        n_outputs, came = len(result.units.centre), y.shape[1] if y.ndim == 2 else 1
        if came != n_outputs:
            raise ValueError(f"{name} has {count(came, 'value')} for each row, but y has {n_outputs}.")
        return result.units.inside(y, name)

    def _in_units(self, changes: Array) -> Array:
        if meaning_of(self.networks_[0]) != "log_rates":
            changes = changes * self._units.spread[:, np.newaxis]
        return changes[0] if len(changes) == 1 else changes

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _values_of(network: Network) -> Callable[[Array], Array]:
    """Return the function of data to rows of values, or of counts, whose logarithms the network computes."""
    return lambda X: network.predict(X).reshape(len(X), -1)
