"""MLPClassifier: labels of any kind, several labels for a sample, probabilities.

What labels mean to the network is in classes.py, how a fit goes in estimator.py and training.py. This file is long for
its documentation and its constructor, whose parameters scikit-learn's ``get_params`` wants one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call

import fastmlp._core as _core
from fastmlp._checks.arrays import check_unmasked
from fastmlp._checks.text import brief
from fastmlp._training.checkpoint import Checkpoint
from fastmlp._training.watch import Callback
from fastmlp.losses import Loss
from fastmlp.optimizers import Optimizer
from fastmlp.sklearn._labels import plain_targets
from fastmlp.sklearn._mlp.callbacks import with_callbacks
from fastmlp.sklearn._mlp.classes import ClassGoal, Labels, checked_labels, is_scoring, loss_of_classes
from fastmlp.sklearn._mlp.estimator import BaseMLP, makes_iterations, values_of
from fastmlp.sklearn._mlp.goal import Goal
from fastmlp.sklearn._mlp.parameters import Activations, Rates, Sizes
from fastmlp.sklearn._mlp.results import MLPResult
from fastmlp.sklearn._models import logits_of

Array = npt.NDArray[Any]
# a probability above it has half of the digits of float32, or fewer, for the other side
WELL_BELOW_1 = 1 - 2.0**-12


def _gives_scores(estimator: MLPClassifier) -> bool:
    """Whether the model gives scores; before the first fit, whether it will."""
    fitted = vars(estimator).get("network_")
    return is_scoring(estimator.loss if fitted is None else fitted.loss_function)


def _has_probabilities(estimator: MLPClassifier) -> bool:
    if _gives_scores(estimator):
        raise AttributeError(f"loss {brief(estimator.loss)} gives scores, not probabilities: use decision_function.")
    return True


class MLPClassifier(ClassifierMixin, BaseMLP):
    """Multilayer perceptron for classes, with the parameters of scikit-learn's class of this name and more.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int or int, default (100,)
        Units of each hidden layer.
    activation : str, activation object or sequence of them, default "relu"
        Of the hidden layers, or one for each: "identity", "logistic", "tanh", "relu", any other name or object of
        ``fastmlp.activations``, or a formula such as "x*sigmoid(1.7*x)".
    solver : "adam", "sgd" or "lbfgs", default "adam"
        The rule for steps; "lbfgs" takes all samples at a time.
    alpha : float, default 0.0001
        L2 penalty, divided by the samples of a batch when it is added to the loss.
    batch_size : int or "auto", default "auto"
        "auto" is min(200, n_samples). L-BFGS and Rprop take all samples.
    learning_rate : "constant", "invscaling" or "adaptive", default "constant"
        For "sgd": as it is; divided by (samples seen + 1) ** power_t after each iteration; divided by 5 each time that
        training stands still for n_iter_no_change iterations.
    learning_rate_init : float, default 0.001
        The rate at the start, for "adam" and "sgd".
    power_t : float, default 0.5
        The power of "invscaling".
    max_iter : int, default 200
        Epochs, or iterations of L-BFGS.
    shuffle : bool, default True
        Take the samples in a new order in each epoch; not for "lbfgs".
    random_state : int, RandomState or None, default None
        Decides initial weights, shuffling and what is set aside for early stopping. The same number gives the same bits
        on any number of threads.
    tol : float, default 1e-4
        What counts as an improvement.
    verbose : bool or int, default False
        Print a line for each iteration.
    warm_start : bool, default False
        Go on from the last fit's weights.
    momentum : float, default 0.9
        For "sgd", in [0, 1).
    nesterovs_momentum : bool, default True
        Nesterov's momentum, for "sgd".
    early_stopping : bool, default False
        Set validation_fraction of the samples aside, stop when their accuracy stands still, and keep the best weights.
        Not for L-BFGS.
    validation_fraction : float, default 0.1
        The share that early stopping sets aside, between 0 and 1.
    beta_1, beta_2 : float, default 0.9 and 0.999
        For "adam".
    epsilon : float, default 1e-8
        For "adam": what the root of the second moment is never below.
    n_iter_no_change : int or inf, default 10
        Iterations without improvement that end a fit when there is one more.
    max_fun : int, default 15000
        Evaluations of the loss, for "lbfgs".
    loss : str or loss object, default "log_loss"
        "log_loss" is cross-entropy, after softmax for several classes and the sigmoid for two; else any loss of
        ``fastmlp.losses`` that takes labels, such as "hinge" or ``CrossEntropy(label_smoothing=0.1)``.
    dropout : float or sequence of float, default 0.0
        Rate at which outputs of the hidden layers, or of each, are dropped in training.
    class_weight : None, "balanced" or dict of label to weight, default None
        Multiplies the weights of samples by class; "balanced" is n_samples / (n_classes * count).
    optimizer : str or optimizer object, optional
        Any of ``fastmlp.optimizers``, with schedules and clipping, in place of solver and what belongs to it.
    scale : None, "standard" or "robust", default None
        Scale the inputs inside the model, by what the training data say.
    dtype : "float32", "float64" or None, default None
        Of the arithmetic; None is that of X, as in scikit-learn, but float32 for 5000 samples and more, where it halves
        the time. L-BFGS always searches in float64.
    n_threads : int, optional
        Threads at most; default: what fastmlp may use, and one inside a worker of joblib.

    Attributes
    ----------
    classes_ : array
        The labels; of several labels for a sample, their indices.
    network_ : fastmlp.Network
        The model itself; for it classes are the integers from 0.
    coefs_, intercepts_ : list of array
        Weights (inputs, units) and biases of each layer, as views.
    loss_, best_loss_ : float
    loss_curve_ : list of float
        The loss of each iteration; not for L-BFGS.
    validation_scores_ : list of float or None
        Accuracy after each iteration, with early stopping or X_val.
    best_validation_score_ : float or None
    n_iter_, t_ : int
        Iterations of the last fit, and samples seen by all of them, those of L-BFGS not counted.
    n_layers_, n_outputs_, n_features_in_ : int
    out_activation_ : str
    feature_names_in_ : array of str
        Where X had names of columns.

    See Also
    --------
    TabularClassifier : For tables, without preparation.
    from_sklearn : Takes over a fitted one.
    fastmlp.Network : What is inside.

    Notes
    -----
    What differs from scikit-learn is said on the page "Coming from scikit-learn" of the documentation.

    Examples
    --------
    >>> from fastmlp.sklearn import MLPClassifier
    >>> X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], ["no", "yes", "yes", "no"]
    >>> model = MLPClassifier((8,), "tanh", solver="lbfgs", random_state=1).fit(X, y)
    >>> model.predict(X)
    array(['no', 'yes', 'yes', 'no'], dtype='<U3')
    """

    classes_: Array
    _binarizer: LabelBinarizer | None

    def __init__(
        self,
        hidden_layer_sizes: Sizes = (100,),
        activation: Activations = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        loss: str | Loss = "log_loss",
        dropout: Rates = 0.0,
        class_weight: str | Mapping[Any, float] | None = None,
        optimizer: str | Optimizer | None = None,
        scale: str | None = None,
        dtype: npt.DTypeLike | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.loss = loss
        self.dropout = dropout
        self.class_weight = class_weight
        self.optimizer = optimizer
        self.scale = scale
        self.dtype = dtype
        self.n_threads = n_threads

    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        callbacks: Iterable[Callback] = (),
        checkpoint: Checkpoint | None = None,
    ) -> MLPClassifier:
        """Train the model.

        Parameters
        ----------
        X : array, DataFrame or sparse matrix (samples, features)
            Of sparse ones, a batch at a time becomes dense, with lbfgs or a scale all rows.
        y : array (samples,) or (samples, labels)
            Labels of any kind; or for several labels for a sample one column of 0 and 1 for each.
        sample_weight : array (samples,), optional
            What each sample counts; not negative.
        X_val, y_val : optional
            Validation samples: scored after each iteration; with early_stopping in the place of validation_fraction.
        callbacks : list of callables
            Called with (network, epoch) after each iteration, see ``fastmlp.callbacks``.
        checkpoint : Checkpoint, optional
            A file from which the same fit goes on, if anything has ended it; random_state must be an integer.

        Returns
        -------
        self
            The estimator.
        """
        self._train(X, y, sample_weight, validation=(X_val, y_val), callbacks=callbacks, checkpoint=checkpoint)
        return self

    @available_if(makes_iterations)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> MLPClassifier:
        """Make one iteration over these samples.

        Parameters
        ----------
        X, y, sample_weight : array-like
            As for ``fit``.
        classes : array, optional
            All labels that will ever come; needed in the first call.

        Returns
        -------
        self
            The estimator.
        """
        if isinstance(self.class_weight, str):
            raise ValueError(
                f"class_weight {brief(self.class_weight)} counts all samples, of which partial_fit sees some: "
                "give a dict."
            )
        classes = plain_targets(classes, "classes")
        # with a copy, since scikit-learn sets classes_ on what it is given
        is_first = _check_partial_fit_first_call(copy(self), classes)
        self._train(X, y, sample_weight, incremental=True, classes=classes if is_first else None)
        return self

    def predict(self, X: Any) -> Array:
        """Return the label of each sample, or one column of 0 and 1 for each label.

        Parameters
        ----------
        X : array, DataFrame or sparse matrix (samples, features)
            Rows as in ``fit``.

        Returns
        -------
        array (samples,) or (samples, labels)
            Labels as they were given to ``fit``.
        """
        outputs = self._forward(X)
        labels = Labels(self.classes_, self._binarizer)
        return labels.decode(labels.chosen(outputs, self.network_.loss_function))

    @available_if(_has_probabilities)
    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, or of each label by itself.

        Parameters
        ----------
        X : array, DataFrame or sparse matrix (samples, features)
            Rows as in ``fit``.

        Returns
        -------
        array (samples, classes)
            In the order of ``classes_``.
        """
        present = self._forward(X)
        is_widened = present.dtype != self.network_.dtype
        if present.shape[1] > 1 and self._binarizer is None:
            # in float32 they add up to 1 but for its rounding
            return present / present.sum(axis=1, keepdims=True) if is_widened else present
        absent = 1 - present
        is_rounded = present > WELL_BELOW_1
        if is_widened and is_rounded.any():
            ratio = _core.exp(-self._outputs(logits_of(self.network_), X)[is_rounded])
            absent[is_rounded], present[is_rounded] = ratio / (1 + ratio), 1 / (1 + ratio)
        return present if present.shape[1] > 1 else np.column_stack([absent, present])

    @available_if(_has_probabilities)
    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithm of ``predict_proba``.

        Parameters
        ----------
        X : array, DataFrame or sparse matrix (samples, features)
            Rows as in ``fit``.

        Returns
        -------
        array (samples, classes)
            In the order of ``classes_``.
        """
        # from the pre-activations: a probability beside 1 is rounded to 0 long before its logarithm is out of reach
        logits = self._outputs(logits_of(self._fitted()), X)
        if logits.shape[1] > 1 and self._binarizer is None:
            shifted = logits - logits.max(axis=1, keepdims=True)
            return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        present = -np.logaddexp(0, -logits)
        return present if logits.shape[1] > 1 else np.column_stack([-np.logaddexp(0, logits), present])

    @available_if(_gives_scores)
    def decision_function(self, X: Any) -> Array:
        """Return the scores of a loss without probabilities: above 0 for the second of two classes.

        Parameters
        ----------
        X : array, DataFrame or sparse matrix (samples, features)
            Rows as in ``fit``.

        Returns
        -------
        array (samples,) or (samples, classes)
            What goes into the last activation; of two classes one number, positive for the second.
        """
        outputs = self._forward(X)
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy; of several labels for a sample all must be right.

        Parameters
        ----------
        X, y, sample_weight : array-like
            As for ``fit``.

        Returns
        -------
        float
            The accuracy.
        """
        check_unmasked(sample_weight, "sample_weight")
        return float(super().score(X, plain_targets(y), sample_weight))

    @property
    def out_activation_(self) -> str:
        """scikit-learn's name of the last activation."""
        name = self._attribute_network("out_activation_").layers[-1].activation.name
        return "logistic" if name == "sigmoid" else name

    def _settings(self) -> dict[str, Any]:
        return values_of(self, MLPClassifier)

    def _goal(
        self, result: MLPResult, y: Array, classes: npt.ArrayLike | None, *, begins: bool, is_part: bool
    ) -> tuple[Goal, Array]:
        loss = loss_of_classes(self.loss)
        y, has_many = checked_labels(y)
        if not begins:
            labels = Labels(result.classes_, result.binarizer)
        elif classes is None:
            labels = Labels.of(y, has_many=has_many)
        else:
            labels = Labels.of_first_part(y, classes, has_many=has_many)
        result.classes_, result.binarizer = labels
        targets = labels.encode(y, "y", has_many=has_many)
        if not is_part:
            labels.check_complete(y)
        return ClassGoal(loss, labels, self.class_weight), targets

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
