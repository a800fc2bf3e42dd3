"""TabularClassifier: labels of any kind for rows of tables, and probabilities.

How a fit goes is in estimator.py, what is fitted in recipe.py. Documentation and the constructor, whose arguments
scikit-learn wants one by one, make it a long file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from types import ModuleType
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from fastmlp._training.checkpoint import Checkpoint
from fastmlp._training.watch import Callback
from fastmlp.losses import CrossEntropy, Loss
from fastmlp.sklearn._callbacks import with_callbacks
from fastmlp.sklearn._models import logits_of
from fastmlp.sklearn._tabular import one_label, several_labels
from fastmlp.sklearn._tabular.aside import Validation
from fastmlp.sklearn._tabular.calibration import calibrate, log_loss
from fastmlp.sklearn._tabular.classes import encoded, learn_classes
from fastmlp.sklearn._tabular.columns import Table
from fastmlp.sklearn._tabular.estimator import BaseTabular
from fastmlp.sklearn._tabular.members import Rows, Samples
from fastmlp.sklearn._tabular.results import TabularResult
from fastmlp.sklearn._weights import balanced_weight_of_each, weight_of_each

Array = npt.NDArray[Any]


class TabularClassifier(ClassifierMixin, BaseTabular):
    """Classes of the rows of a table: of numbers, categories and missing values, without preparation or tuning.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, int or "auto", default "auto"
        Units of each hidden layer. "auto": three of 64, or from 2000 rows on two of 128.
    n_estimators : int, default 5
        Networks, each with other initial weights and other validation rows.
    learning_rate : float or "auto", default "auto"
        The highest of the schedule coslog4, for weights of variance 1 (neural tangent kernel parametrization). "auto":
        0.04, or with fewer than 2000 rows 0.01.
    max_iter : int or "auto", default "auto"
        Epochs; the weights of the one with the least validation loss are kept. "auto": 112 with fewer than 2000 rows,
        48 with fewer than 8000, 32 with fewer than 30 000, 24 with more.
    batch_size : int or "auto", default "auto"
        Rows of a step; "auto": a sixty-fourth of them, at least 32 and at most 256.
    bins : int or "auto", default "auto"
        Bins into which numbers are put (``fastmlp.PiecewiseLinear``), those that are not 0 and 1; 0: none. "auto": 32
        from 2000 rows on, fewer beside more than 10 columns of numbers.
    dropout : float or "auto", default "auto"
        Share of the hidden units that are dropped in a step; "auto": 0.2 from 2000 rows on, else 0.
    label_smoothing : float, default 0.1
        In [0, 1).
    class_weight : None, "balanced" or dict of label to weight, default None
        Weights of the rows of each class; "balanced": such that all classes weigh the same.
    calibrate : bool, default False
        Divide the logits of all networks by the temperature with the least log-loss on their validation rows.
    validation : str, default "random"
        Which rows are set aside to choose the epoch: "random", of each class its share and others for each network, or
        "last", for rows in the order of time: the last ones, which then nothing learns from.
    validation_fraction : float, default 0.2
        Share of the rows that choose the epoch of a network and that it does not learn from; as the next network sets
        the next ones aside, the default's five learn from every row.
    random_state : int, RandomState or None, default None
        Decides initial weights, order of rows and the validation rows.
    verbose : bool or int, default False
        Show the progress of all networks: a bar, or lines where nothing can be redrawn.
    n_threads : int, optional
        Threads at most; default: what fastmlp may use, and one inside a worker of joblib.
    preset : None or "best", default None
        "best": as good as the time allows. Other settings are tried, too, and an ensemble is picked of all by rows that
        its networks did not learn from; of each setting there are so many networks, in the place of n_estimators, that
        each row is set aside once.
    time_limit : float, optional
        Seconds of the clock after which no other setting begins, with the preset; the first one is always tried.
        Default: twelve settings.
    plan : int, optional
        In its place how many settings are tried: ``plan_`` of an earlier fit gives its bits again.

    Attributes
    ----------
    classes_ : array
        Where rows have several labels, the numbers of their columns.
    networks_ : list of fastmlp.Network
        The members, each with the scaling of its inputs; their outputs are averaged.
    best_iterations_ : list of int
        The epoch of each member whose weights were kept.
    repeats_ : list of int
        How often each counts in the average: once, but with a preset.
    plan_ : int
        With a preset, the number of settings that were tried.
    n_iter_ : int
        Epochs, of the network that made most of them.
    n_features_in_ : int
    feature_names_in_ : array of str
        Where X had names of columns.

    See Also
    --------
    MLPClassifier : For arrays of numbers.

    Notes
    -----
    Columns of text, categories or bools become one column for each category; a category not seen before has none. Text
    that is a number in every cell is numbers, and a missing number becomes the median of its column. All are scaled by
    their quartiles and clipped smoothly. docs/scikit-learn.md says what a column is taken for, and when ``fit`` warns.

    D. Holzmueller, L. Grinsztajn and I. Steinwart, Better by default: strong pre-tuned MLPs and boosted trees on
    tabular data, NeurIPS 2024, variant TD-S; what was left out of it is in docs/decisions.

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

    classes_: Array
    _has_many: bool
    _activations = ("selu", "softmax")

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
        label_smoothing: float = 0.1,
        class_weight: str | Mapping[Any, float] | None = None,
        calibrate: bool = False,
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
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.bins = bins
        self.dropout = dropout
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight
        self.calibrate = calibrate
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
    ) -> TabularClassifier:
        """Train the model.

        Parameters
        ----------
        X : DataFrame or array (samples, columns)
            Numbers, text, categories, missing values.
        y : array (samples,) or (samples, labels)
            Labels of any kind, or for rows that have several labels a column of 0 and 1 for each.
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
        """Return the label of each row.

        Parameters
        ----------
        X : DataFrame or array (samples, columns)
            Rows as in ``fit``.

        Returns
        -------
        array (samples,) or (samples, labels)
            Labels as they were given to ``fit``.
        """
        outputs = self._forward(X)
        if self._has_many:
            return (outputs > 0.5).astype(np.int64)
        return self.classes_[outputs.argmax(axis=1)]

    def predict_proba(self, X: Table) -> Array:
        """Return the probability of each class, in the order of ``classes_``.

        Parameters
        ----------
        X : DataFrame or array (samples, columns)
            Rows as in ``fit``.

        Returns
        -------
        array (samples, classes)
            Freed of the label smoothing, which draws what the networks learn toward equal probabilities. Where rows
            have several labels, that of each by itself.
        """
        outputs = self._forward(X)
        return self._labels.without_smoothing(outputs, self._smoothing)

    def predict_log_proba(self, X: Table) -> Array:
        """Return the logarithm of ``predict_proba``.

        Parameters
        ----------
        X : DataFrame or array (samples, columns)
            Rows as in ``fit``.

        Returns
        -------
        array (samples, classes)
            Finite also where a probability is too small for a number, as it may be without label smoothing.
        """
        check_is_fitted(self)
        if self._smoothing:
            return np.log(self.predict_proba(X))
        return self._combined(X, logits_of, lambda logits: self._labels.log_of_mean_probability(logits, self.repeats_))

    @property
    def _labels(self) -> ModuleType:
        return _labels_of(self._has_many)

    def _finish(self, result: TabularResult, samples: Samples, judged: Sequence[Rows | Samples]) -> None:
        if self.calibrate:
            probabilities = partial(_labels_of(result.has_many).probabilities, smoothing=self.label_smoothing)
            calibrate(result.networks_, [samples.taken(aside) for aside in judged], probabilities)

    def _weight_of_each(
        self, targets: Array, weights: Array | None, result: TabularResult
    ) -> npt.NDArray[np.float64] | None:
        if self.class_weight is None:
            return None
        if result.has_many:
            raise ValueError("class_weight is for one label for each row, but y has several: give sample_weight.")
        if isinstance(self.class_weight, str) and self.class_weight == "balanced":
            return balanced_weight_of_each(targets, len(result.classes_), weights)
        return weight_of_each(result.classes_, cast("Mapping[Any, float]", self.class_weight))

    def _loss_object(self) -> Loss:
        return CrossEntropy(label_smoothing=self.label_smoothing)

    def _loss_of(self, outputs: Array, targets: Array, weights: Array | None) -> float:
        labels = _labels_of(targets.ndim == 2)
        return log_loss(labels.without_smoothing(outputs, self.label_smoothing), targets, weights)

    def _learn_targets(self, y: Array, weights: Array | None, result: TabularResult) -> int:
        return learn_classes(y, result)

    def _encode(self, y: Array, result: TabularResult, name: str) -> Array:
        return encoded(y, result, name)

    def _in_units(self, changes: Array) -> Array:
        changes = changes / (1.0 - self._smoothing)
        # what one class wins others lose
        return changes if self._has_many else changes.sum(axis=0) / 2.0

    def _activations_for(self, result: TabularResult) -> tuple[str, str]:
        return self._activations[0], "sigmoid" if result.has_many else self._activations[1]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _labels_of(has_many: bool) -> ModuleType:
    """Return what knows how probabilities are made, of one label for each row or of several."""
    return several_labels if has_many else one_label
