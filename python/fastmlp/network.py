"""The network as a user sees it: every method has its documentation here, and one call of what does it.

A ``Network`` holds a ``Model`` (_model/model.py), names of classes and metadata. What can be asked of a model is in
_model/evaluation.py, the ways of training in _training, metrics in metrics.py and _training/measures.py, files in
_files/model_file.py; its methods about derivatives are in _network/derivatives.py. Documentation makes this file a long
one.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import ProgressKind, check_real
from fastmlp._checks.text import brief
from fastmlp._export import c_header, onnx_file
from fastmlp._files import model_file
from fastmlp._model import evaluation
from fastmlp._model.architecture import Architecture
from fastmlp._model.class_names import ClassNames, check_class_names
from fastmlp._model.dense_layer import DenseLayer
from fastmlp._model.derivatives import check_dropout
from fastmlp._model.embedding import Waves
from fastmlp._model.interruption import completed
from fastmlp._model.mixing import move_towards
from fastmlp._model.model import Model
from fastmlp._model.outputs import is_classifier
from fastmlp._model.record import Record
from fastmlp._model.summary import short_description, summary
from fastmlp._network.derivatives import Differentiable
from fastmlp._training import fit, measures, streams
from fastmlp._training.arguments import FitArguments
from fastmlp._training.batches import Batches
from fastmlp._training.checkpoint import Checkpoint
from fastmlp._training.online import Online
from fastmlp._training.own_steps import OwnSteps
from fastmlp._training.watch import Callback
from fastmlp.embeddings import PiecewiseLinear
from fastmlp.history import History
from fastmlp.layers import Layer
from fastmlp.losses import Loss
from fastmlp.metrics import Metric
from fastmlp.optimizers import Optimizer
from fastmlp.runtime import imported
from fastmlp.scalings import Scaling, Standardize

Array = npt.NDArray[Any]
# of a network itself, beside the properties
ATTRIBUTES = ("_model", "_online", "_batches", "_own_steps", "metadata")


class Network(Differentiable):
    """A dense feed-forward network (multilayer perceptron) and everything that can be done with it.

    Parameters
    ----------
    n_inputs : int
        Columns of X.
    layers : list of Dense and Maxout, with LayerNorm and Dropout between
        From the first to the last, which is a Dense; softmax only there. The first entry may be Standardize,
        Rescale or RobustScale; the first, or the one after that, PiecewiseLinear or Periodic.
    loss : str or loss object, optional
        Default: "cross_entropy" after softmax and sigmoid, "mse" after other activations.
    dtype : "float32" or "float64", default "float32"
        Of the parameters and of all arithmetic.
    seed : int, optional
        From 0 to 2**64 - 1: decides initial weights and shuffling. Default: drawn from the operating system.
    l1, l2 : float, default 0.0
        Penalties ``l1 sum |W| + (l2 / 2) sum W^2`` over the weights (not the biases), added to the mean loss; those of
        a layer take their place.
    scale_targets : bool or Standardize, default False
        For values: learn each column of y less its mean over its standard deviation, both those of the training data at
        the first ``fit`` (or the numbers of a Standardize), which a network needs where y is far from 0 or from a
        deviation of 1. Targets, outputs, losses and metrics stay in the units of y, and outputs are float64. With
        several columns, the loss counts each by its own deviation.

    Attributes
    ----------
    layers : list of DenseLayer
        With ``weights`` (inputs, units) and ``bias`` (units,) as views: writing changes the network.
    dropout : tuple of float
        The rate at which the inputs of each of these layers are dropped in training.
    scaling : Standardize, Rescale, RobustScale or None
        What is done to inputs, with the numbers that the first fit learned.
    target_scaling : Standardize or None
        What is done to targets, likewise.
    embedding : PiecewiseLinear, Waves or None
        How inputs are embedded: with the edges that the first fit learned, or with frequencies (inputs, frequencies),
        phases, weights (inputs, frequencies, units - 1) and bias (inputs, units - 1) as views: writing changes the
        network.
    loss_function : loss object
    dtype : numpy dtype
    seed : int
        The one given or drawn.
    classes : list of str or None
        Names of the classes in the order of the outputs, kept with the model. A first ``fit`` on labels that are text
        learns them, in alphabetical order.
    metadata : dict
        Whatever is to be kept with the model, as plain JSON.
    record : Record or None
        What made the weights, of ``fit(..., record=True)``; it ends where something changes them that cannot be made
        again.

    See Also
    --------
    Dense : The usual layer.
    load : Read one.
    fastmlp.sklearn : Estimators of scikit-learn.

    Notes
    -----
    Initial weights, unless a layer brings an initializer: He et al., ICCV 2015, for relu, its leaky, smooth and
    exponential kinds; Klambauer et al., 2017, for selu; Glorot and Bengio, AISTATS 2010, for the rest; biases 0.
    One object is not for several threads at a time: a call while another thread is in ``fit`` raises RuntimeError.

    Examples
    --------
    >>> import fastmlp as fm
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> net = fm.Network(2, [fm.Dense(8, "tanh"), fm.Dense(2, "softmax")], seed=0)
    >>> net.n_parameters
    42
    >>> history = net.fit(X, y, epochs=500, optimizer=fm.Adam(0.05))
    >>> net.predict(X)
    array([0, 1, 1, 0])
    """

    def __init__(
        self,
        n_inputs: int,
        layers: Iterable[Layer],
        *,
        loss: str | Loss | None = None,
        dtype: npt.DTypeLike = "float32",
        seed: int | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
        scale_targets: bool | Standardize = False,
    ) -> None:
        architecture = Architecture.of(
            n_inputs, layers, loss=loss, dtype=dtype, seed=seed, l1=l1, l2=l2, scale_targets=scale_targets
        )
        self._take(Model(architecture))
        self.reset()

    def _take(self, model: Model, *, classes: list[str] | None = None, metadata: dict[str, Any] | None = None) -> None:
        self._model = model
        self._online = Online(model)
        self._batches = Batches(model)
        self._own_steps = OwnSteps(model)
        self.classes = classes if classes is not None else model.names.names
        self.metadata: dict[str, Any] = {} if metadata is None else metadata

    @property
    def n_inputs(self) -> int:
        """Columns of X."""
        return self._model.architecture.n_inputs

    @property
    def n_outputs(self) -> int:
        """Units of the last layer."""
        return self._model.architecture.n_outputs

    @property
    def layers(self) -> list[DenseLayer]:
        """Weights and biases of each layer, as views."""
        return self._model.layers

    @property
    def dropout(self) -> tuple[float, ...]:
        """The rate at which the inputs of each layer are dropped in training."""
        return tuple(part.dropout for part in self._model.architecture.placed)

    @property
    def scaling(self) -> Scaling | None:
        """What is done to inputs before the first layer."""
        return self._model.scaling

    @property
    def target_scaling(self) -> Standardize | None:
        """What is done to targets, which the outputs take back."""
        return self._model.target_scaling

    @property
    def embedding(self) -> PiecewiseLinear | Waves | None:
        """How inputs are embedded before the first layer."""
        return self._model.embedding

    @property
    def classes(self) -> list[str] | None:
        """Names of the classes, in the order of the outputs."""
        return self._model.names.names

    @classes.setter
    def classes(self, names: list[str] | None) -> None:
        names = check_class_names(names, self.n_outputs)
        self._model.names = ClassNames(names, names is not None and self._model.names.are_predicted)

    @property
    def record(self) -> Record | None:
        """What made the weights, where every ``fit`` was told to record it."""
        return self._model.checked_record()

    @property
    def n_parameters(self) -> int:
        """Number of weights and biases."""
        return self._model.n_parameters

    @property
    def loss_function(self) -> Loss:
        """The loss as an object; its value is ``loss(X, y)``."""
        return self._model.architecture.loss

    @property
    def is_classifier(self) -> bool:
        """Whether ``predict`` returns class labels."""
        return is_classifier(self._model.architecture.meaning)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the parameters and of all arithmetic."""
        return self._model.architecture.dtype

    @property
    def seed(self) -> int:
        """The seed that was given, or drawn."""
        return self._model.architecture.seed

    def reset(self) -> None:
        """Start over: initial weights, no optimizer state, as a new network of the same seed.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(1, [fm.Dense(1)], seed=0)
        >>> first = net.fit([[1.0], [2.0]], [1.0, 2.0], epochs=2)
        >>> net.reset()
        >>> net.fit([[1.0], [2.0]], [1.0, 2.0], epochs=2)["loss"] == first["loss"]
        True
        """

        def start_over() -> None:
            self._model.reset()
            # their trainers know a scaling that is forgotten now
            self._online = Online(self._model)
            self._batches = Batches(self._model)
            self._own_steps = OwnSteps(self._model)

        completed(start_over)

    def fit(
        self,
        X: npt.ArrayLike | Iterable[Any],
        y: npt.ArrayLike | None = None,
        *,
        epochs: int = 10,
        batch_size: int | None = 128,
        optimizer: str | Optimizer = "adam",
        shuffle: bool = True,
        sample_weight: npt.ArrayLike | None = None,
        validation_data: tuple[npt.ArrayLike, npt.ArrayLike]
        | tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike]
        | None = None,
        validation_fraction: float | None = None,
        metrics: Iterable[Metric] | None = None,
        callbacks: Iterable[Callback] = (),
        progress: ProgressKind = None,
        checkpoint: Checkpoint | None = None,
        record: bool | int = False,
    ) -> History:
        """Train; a second call goes on from where the first ended, optimizer state included.

        Parameters
        ----------
        X : array (samples, inputs)
            Of bools, integers or floats. Or, without y, an iterable of batches (X, y) or (X, y, sample_weight): each
            is one step of its own size, in the order in which they come.
        y : array (samples,) or (samples, outputs)
            Labels, which are integers or names of ``classes``, or one row per sample: indicators, probabilities, or
            values to regress on. What a loss takes is said at ``fastmlp.losses``.
        epochs : int, default 10
            Passes over the data; iterations of LBFGS. An iterator of batches, such as a generator, can be read once: 1.
        batch_size : int or None, default 128
            Samples per step; 1 is online, None full-batch. The last batch of an epoch may be shorter. Not for an
            iterable of batches.
        optimizer : str or optimizer object, default "adam"
            Its state is kept for the next call with an optimizer of this kind. Its learning rate may be a schedule, see
            ``fastmlp.schedules``, which every call goes through from the start.
        shuffle : bool, default True
            Take the samples in a new order in every epoch; the order depends on the seed and the epoch only. Not for
            an iterable of batches.
        sample_weight : array (samples,), optional
            Not negative; the loss is the weighted mean. In a full batch, a sample of weight 2 is that sample twice.
        validation_data : (X, y) or (X, y, sample_weight), optional
            Evaluated after each epoch.
        validation_fraction : float, optional
            Share of the samples to set aside for validation, above 0 and below 1, in the place of validation_data.
            Which ones depends on the seed only; of each class its share, of a class with two samples or more at least
            one on each side. Weights follow their samples.
        metrics : list of names and functions, optional
            What is measured on the validation samples besides the loss, as columns ``"validation_"`` and the name:
            "accuracy", "top_k", "auc", "log_loss" for classes, "r2", "mae", "rmse" for values, ``fm.metrics.TopK(k)``,
            or functions f(y_true, outputs) of labels or rows and of the outputs as ``forward`` returns them; one with
            a parameter sample_weight gets the weights, too. Default: accuracy, or mae for values.
        callbacks : list of callables
            Called with (network, epoch) after each epoch, see ``fastmlp.callbacks``; True ends the fit.
        progress : bool or "lines", optional
            Show epoch, loss and validation loss: True as a bar in a notebook or a terminal, and elsewhere, as in a log,
            by a line every ten seconds; "lines" by such lines everywhere. Default: a bar in a notebook, and if stderr
            is a terminal; else nothing.
        checkpoint : Checkpoint, optional
            A file that the training is written to from time to time, and goes on from if it was ended by anything: to
            the bits of one that was not. Then the weights, the optimizer's state and all callbacks are those of the
            file; X, y and the arguments must be the same, but more epochs may be asked for where the learning rate
            does not depend on their number. Not for an iterable of batches, nor for LBFGS.
        record : bool or int, default False
            Keep with the network what made its weights, so that ``fastmlp.verify`` can train again and compare: True
            for the arguments and a digest of the weights after each epoch, a number n for all that a training begins
            from, too, after every n epochs (with Adam three times the weights each), so that some of it can be
            verified alone. All fits from the seed on must have one. Not for an iterable of batches, nor for LBFGS.

        Returns
        -------
        History
            The epochs: losses, validation, seconds.

        Raises
        ------
        ValueError, TypeError
            An argument is not as described; nothing has changed then.
        FloatingPointError
            The loss or a weight became NaN or infinite; the network is as after the last good epoch, or with an
            iterable of batches as before the bad one; with EarlyStopping as after the best one.
        KeyboardInterrupt
            Ctrl-C; the network holds the last finished step, or with EarlyStopping the best epoch.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(1, [fm.Dense(1)], seed=0)
        >>> net.fit([[0.0], [1.0]], [1.0, 3.0], epochs=200, optimizer=fm.SGD(0.5))["loss"][-1] < 1e-6
        True

        One step for each batch of a generator, and validation by two metrics:

        >>> batches = (([[x], [x + 0.5]], [1 + 2 * x, 2 + 2 * x]) for x in (0.0, 0.25, 0.5))
        >>> sorted(net.fit(batches, epochs=1, validation_data=([[0.0], [1.0]], [1.0, 3.0]), metrics=["r2", "rmse"]))
        ['epoch', 'loss', 'samples_per_second', 'seconds', 'validation_loss', 'validation_r2', 'validation_rmse']
        """
        arguments = FitArguments(
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            shuffle=shuffle,
            sample_weight=sample_weight,
            validation_data=validation_data,
            validation_fraction=validation_fraction,
            metrics=metrics,
            callbacks=callbacks,
            progress=progress,
            checkpoint=checkpoint,
            record=record,
            metadata=self.metadata,
        )
        return fit.fit(self._model, self, X, y, arguments)

    def partial_fit(
        self,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        *,
        optimizer: str | Optimizer = "adam",
        batch_size: int | None = None,
        sample_weight: npt.ArrayLike | None = None,
    ) -> float:
        """Train once on these rows, in their order, going on from the optimizer's state; return the loss.

        Parameters
        ----------
        X, y : array-like
            As for ``fit``.
        optimizer : str or optimizer object, default "adam"
            As for ``fit``.
        batch_size : int or None, default None
            Samples per step; None makes one step with all rows.
        sample_weight : array (samples,), optional
            As for ``fit``.

        Returns
        -------
        float
            Mean over the samples, each taken with the weights before its own step, penalties included.

        Raises
        ------
        ValueError, TypeError
            An argument is not as described; nothing has changed then.
        FloatingPointError
            The loss or a weight became NaN or infinite; the network is as before the call.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(1, [fm.Dense(1)])
        >>> net.set_parameters([0.0, 0.0])
        >>> [net.partial_fit([[1.0], [-1.0]], [1.0, -1.0], optimizer=fm.SGD(0.25)) for step in range(3)]
        [1.0, 0.25, 0.0625]
        """
        return streams.partial_fit(
            self._model, self._batches, X, y, optimizer=optimizer, batch_size=batch_size, sample_weight=sample_weight
        )

    def learn(self, x: npt.ArrayLike, y: npt.ArrayLike, *, optimizer: str | Optimizer = "adam") -> float:
        """Make one step with one sample as it comes, and return the loss that it had before the step.

        Made for speed: quickest with x an array of float32 or of the network's dtype, y an int label or a float, and
        the same optimizer object, made once, in every call.

        Parameters
        ----------
        x : array (inputs,)
            The sample.
        y : int, float or array (outputs,)
            Label, value, or row as for ``fit``.
        optimizer : str or optimizer object, default "adam"
            As for ``fit``.

        Returns
        -------
        float
            Penalties included.

        Raises
        ------
        ValueError, TypeError
            An argument is not as described; nothing has changed then.
        FloatingPointError
            The loss or a weight became NaN or infinite; the network is as before the step.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(1, [fm.Dense(1)], loss="half_squared_error")
        >>> net.set_parameters([0.0, 0.0])
        >>> sgd = fm.SGD(0.25)
        >>> [net.learn([1.0], 2.0, optimizer=sgd) for step in range(3)]
        [2.0, 0.5, 0.125]
        """
        return self._online.learn(x, y, optimizer)

    def predict(self, X: npt.ArrayLike) -> Array:
        """Return class labels, or values for regression.

        Parameters
        ----------
        X : array (samples, inputs)
            The samples, a row each.

        Returns
        -------
        array (samples,) or (samples, outputs)
            After softmax, and after several sigmoids with cross_entropy, the label of the largest output; after one
            sigmoid 1 where the output is at least 0.5, else 0; with hinge and perceptron the label of the largest
            output, or 1 where a single one is positive; with poisson the expected counts, exp of the outputs; else
            the outputs. Values and counts are (samples,) if there is one output. A network that was trained on labels
            that are text answers with their names, else with numbers.

        Raises
        ------
        FloatingPointError
            The outputs are not finite, or the expected counts are too large.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(1, [fm.Dense(2, "softmax")])
        >>> net.set_parameters([-1.0, 1.0, 0.0, 0.0])  # class 1 where x > 0
        >>> net.predict([[-2.0], [3.0]])
        array([0, 1])

        Labels that are text:

        >>> X, y = [[-2.0], [-1.0], [1.0], [2.0]], ["low", "low", "high", "high"]
        >>> net = fm.Network(1, [fm.Dense(2, "softmax")], seed=0)
        >>> history = net.fit(X, y, epochs=50, optimizer=fm.Adam(0.1))
        >>> net.classes, net.predict(X).tolist()
        (['high', 'low'], ['low', 'low', 'high', 'high'])
        """
        return evaluation.predict(self._model, X)

    def predict_proba(self, X: npt.ArrayLike) -> Array:
        """Return the probability of each class.

        Parameters
        ----------
        X : array (samples, inputs)
            The samples, a row each.

        Returns
        -------
        array (samples, classes)
            One sigmoid gives two columns. Several sigmoids are one-versus-all: their rows need not add up to 1.

        Raises
        ------
        ValueError
            The outputs are no probabilities.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(1, [fm.Dense(1, "sigmoid")])
        >>> net.set_parameters([1.0, 0.0])
        >>> net.predict_proba([[0.0], [2.0]]).round(2)
        array([[0.5 , 0.5 ],
               [0.12, 0.88]], dtype=float32)
        """
        return evaluation.predict_proba(self._model, X)

    def forward(self, X: npt.ArrayLike, *, dropout: int | None = None) -> Array:
        """Return the outputs of the last layer, after its activation.

        Parameters
        ----------
        X : array (samples, inputs)
            The samples, a row each.
        dropout : int, optional
            With Dropout as in a training step, drawn from this seed: that of sample i depends on the seed and i only.
            Default: nothing is dropped.

        Returns
        -------
        array (samples, outputs)
            Row i does not depend on the other rows, to the last bit.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(2, [fm.Dense(2, "sigmoid")], dtype="float64")
        >>> net.layers[0].weights[:] = [[1, -1], [-2, 1]]
        >>> net.layers[0].bias[:] = [1, 0]
        >>> net.forward([[1, -1]]).round(2)
        array([[0.98, 0.12]])
        """
        return evaluation.forward(self._model, X, None if dropout is None else check_dropout(dropout))

    def activations(self, X: npt.ArrayLike) -> list[Array]:
        """Return the outputs of every layer, from the first to the last.

        Parameters
        ----------
        X : array (samples, inputs)
            The samples, a row each.

        Returns
        -------
        list of arrays (samples, units)
            The last one is what ``forward`` returns.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(1, [fm.Dense(2, "relu"), fm.Dense(1)])
        >>> net.set_parameters([1.0, -1.0, 0.0, 0.0, 1.0, 1.0, 0.0])  # |x|
        >>> net.activations([[-3.0]])
        [array([[0., 3.]], dtype=float32), array([[3.]], dtype=float32)]
        """
        return evaluation.activations(self._model, X)

    def pre_activations(self, X: npt.ArrayLike) -> list[Array]:
        """Return z of every layer, what its activation is applied to, from the first to the last.

        Parameters
        ----------
        X : array (samples, inputs)
            The samples, a row each.

        Returns
        -------
        list of arrays (samples, units)
            Of a Maxout piece after piece. With scale_targets those of the last layer are not in the units of y.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(1, [fm.Dense(2, "relu"), fm.Dense(1)])
        >>> net.set_parameters([1.0, -1.0, 0.0, 0.0, 1.0, 1.0, 0.0])  # |x|
        >>> net.pre_activations([[-3.0]])
        [array([[-3.,  3.]], dtype=float32), array([[3.]], dtype=float32)]
        """
        return evaluation.pre_activations(self._model, X)

    def loss(self, X: npt.ArrayLike, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> float:
        """Return the mean loss over the samples, weighted if weights are given, plus the penalties.

        Parameters
        ----------
        X, y, sample_weight : array-like
            As for ``fit``.

        Returns
        -------
        float
            In double precision, penalties included.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(1, [fm.Dense(1)], l2=0.5)
        >>> net.set_parameters([2.0, 0.0])
        >>> net.loss([[1.0], [2.0]], [1.0, 4.0])  # ((2 - 1)^2 + (4 - 4)^2) / 2 + 0.5 / 2 * 2^2
        1.5
        """
        return evaluation.loss(self._model, self._model.check(X, y, sample_weight))

    def evaluate(
        self,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
        metrics: Iterable[Metric] | None = None,
    ) -> dict[str, float]:
        """Return the loss and how right the predictions are.

        Parameters
        ----------
        X, y, sample_weight, metrics : arrays, and a list of names and functions
            As for ``fit``.

        Returns
        -------
        dict
            "loss", and each metric by its name; default: "accuracy" (share of right labels), or for values and counts
            "mae" (mean absolute error of what ``predict`` returns). All are weighted, also by the loss's
            ``class_weight``: with "balanced" the accuracy is the mean of the classes' accuracies.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(1, [fm.Dense(1)])
        >>> net.set_parameters([2.0, 0.0])
        >>> net.evaluate([[1.0], [2.0]], [1.0, 4.0])
        {'loss': 0.5, 'mae': 0.5}
        >>> net.evaluate([[1.0], [2.0]], [1.0, 4.0], metrics=["rmse", lambda y, outputs: abs(y - outputs).max()])
        {'loss': 0.5, 'rmse': 0.7071067811865476, '<lambda>': 1.0}
        """
        return measures.evaluate(self._model, X, y, sample_weight, metrics)

    def get_parameters(self) -> Array:
        """Return a copy of all parameters as one vector: W0.ravel(), b0, W1.ravel(), b1, ...; at last an embedding's.

        Returns
        -------
        array (n_parameters,)
            In the dtype of the network.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(1, [fm.Dense(1)])
        >>> net.layers[0].weights[:] = 3
        >>> net.get_parameters()
        array([3., 0.], dtype=float32)
        """
        return self._model.parameters()

    def set_parameters(self, parameters: npt.ArrayLike) -> None:
        """Write all parameters from one vector, in the order of ``get_parameters``; optimizer state stays.

        Parameters
        ----------
        parameters : array (n_parameters,)
            Finite.

        Raises
        ------
        ValueError
            The length is wrong or a value is not finite; nothing has changed then.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(1, [fm.Dense(1)])
        >>> net.set_parameters([3.0, 0.5])
        >>> net.layers[0].bias
        array([0.5], dtype=float32)
        """
        self._model.set_parameters(parameters)

    def copy(self) -> Network:
        """Return another network with everything that this one has, optimizer state and metadata included.

        Returns
        -------
        Network
            Independent of this one.

        Raises
        ------
        TypeError
            There is something in the metadata that cannot be copied.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(1, [fm.Dense(1)], seed=0)
        >>> target = net.copy()
        >>> net.set_parameters([1.0, 1.0])
        >>> target.layers[0].bias
        array([0.], dtype=float32)
        """
        try:
            metadata = copy.deepcopy(self.metadata)
        except Exception as error:
            raise TypeError(
                f"metadata cannot be copied ({type(error).__name__}): keep what plain JSON can hold in it."
            ) from None
        twin = type(self).__new__(type(self))
        twin._take(Model.of_state(self._model.state()), metadata=metadata)
        return twin

    def soft_update(self, other: Network, tau: float) -> None:
        """Move the parameters towards those of another network: tau of its, 1 - tau of these.

        Parameters
        ----------
        other : Network
            Of the same layers, dtype and scalings, as ``copy`` makes one. It is not changed.
        tau : float
            From 0 (nothing changes) to 1 (a copy).

        Raises
        ------
        ValueError, TypeError
            The networks differ, or tau is not as described; nothing has changed then.

        Notes
        -----
        How target networks follow in Lillicrap et al., Continuous control with deep reinforcement learning, ICLR 2016.
        What becomes smaller than 2**-60 (float64: 2**-500) in magnitude is 0.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net, target = (fm.Network(1, [fm.Dense(1)]) for _ in range(2))
        >>> net.set_parameters([1.0, 2.0])
        >>> target.set_parameters([0.0, 0.0])
        >>> target.soft_update(net, 0.25)
        >>> target.get_parameters()
        array([0.25, 0.5 ], dtype=float32)
        """
        if not isinstance(other, Network):
            raise TypeError(f"other must be a Network, got {brief(other)}.")
        move_towards(self._model, other._model, check_real(tau, "tau", minimum=0.0, maximum=1.0))

    def summary(self) -> str:
        """Return a table of the layers with shapes and numbers of parameters; notebooks show it as one.

        Returns
        -------
        str
            Of several lines.

        Examples
        --------
        >>> import fastmlp as fm
        >>> print(fm.Network(3, [fm.Dense(4, "relu"), fm.Dense(2, "softmax")], seed=0).summary())
        layer  activation  weights  parameters
            1  relu        3 x 4            16
            2  softmax     4 x 2            10
        26 parameters (float32), loss: cross_entropy, seed: 0

        Where a layer has rate factors, they stand beside it, that of the weights first:

        >>> layers = [fm.Dense(4, "relu", weight_rate_factor=0, bias_rate_factor=0), fm.Dense(2, "softmax")]
        >>> print(fm.Network(3, layers, seed=0).summary())
        layer  activation  weights  parameters  rate factors
            1  relu        3 x 4            16  0, 0
            2  softmax     4 x 2            10  1, 1
        26 parameters (float32), loss: cross_entropy, seed: 0
        """
        return summary(self._model)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a model file, see ``fastmlp.save``.

        Parameters
        ----------
        path : path
            The file, ``*.safetensors``.

        Examples
        --------
        >>> import fastmlp as fm
        >>> fm.Network(1, [fm.Dense(1)]).save("line.safetensors")  # doctest: +SKIP
        """
        model_file.write(model_file.Content(self._model, self.classes, self.metadata), path)

    def to_c(
        self,
        path: str | os.PathLike[str],
        *,
        name: str = "model",
        feature_names: Sequence[str] | None = None,
        gradient: bool = False,
    ) -> None:
        """Write the network as one header of C99 and C++11 that needs no library, for controllers and programs in C.

        Parameters
        ----------
        path : path
            The file, by custom ``*.h``.
        name : str, default "model"
            What all names in the file begin with: ``model_forward``, ``MODEL_INPUTS``.
        feature_names : list of str, optional
            Names of the inputs, which ``model_feature_name`` returns.
        gradient : bool, default False
            With ``model_gradient(x, v, g, scratch)``, which computes what ``vjp`` does, in ``MODEL_GRADIENT_SCRATCH``
            numbers of scratch.

        Raises
        ------
        ValueError, TypeError
            A layer or an activation cannot be written, a weight is not finite, or an argument is not as described; no
            file is left then.
        OSError
            The file cannot be written.

        See Also
        --------
        save : A model file, which fastmlp reads again.

        Notes
        -----
        ``model_forward(x, y, scratch)`` computes what ``forward`` does for a row in the dtype of the network, with the
        same bits where the processor has a fused multiply-add and the compiler was told so (``-march=native``); then
        ``MODEL_SAME_BITS`` is 1, else outputs differ by about ``MODEL_TOLERANCE`` at most. ``model_predict`` does what
        ``predict`` does, ``model_predict_proba`` what ``predict_proba`` does, and ``model_selftest()`` is 0 where a
        build computes the outputs of some rows that are kept in the file.

        Examples
        --------
        >>> import os, tempfile
        >>> import fastmlp as fm
        >>> net = fm.Network(2, [fm.Dense(3, "tanh"), fm.Dense(1)], seed=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "plane.h")
        ...     net.to_c(path, name="plane")
        ...     with open(path) as file:
        ...         print([line.strip() for line in file if line.startswith("#define PLANE_INPUTS")])
        ['#define PLANE_INPUTS 2']
        """
        content = model_file.Content(self._model, self.classes, self.metadata)
        c_header.write(content, path, name=name, feature_names=feature_names, gradient=gradient)

    def to_onnx(self, path: str | os.PathLike[str], *, feature_names: Sequence[str] | None = None) -> None:
        """Write the network as an ONNX model, for onnxruntime and other programs that run such files.

        Needs the package onnx: pip install "onnx>=1.16".

        Parameters
        ----------
        path : path
            The file, by custom ``*.onnx``.
        feature_names : list of str, optional
            Names of the columns of the inputs, which are kept in the file.

        Raises
        ------
        ImportError
            The package onnx is missing.
        ValueError, TypeError
            A layer or an activation cannot be written, a weight is not finite, or an argument is not as described; no
            file is left then.
        OSError
            The file cannot be written.

        See Also
        --------
        fastmlp.from_onnx : A network out of such a file.
        to_c : A header of C, which needs no library.

        Notes
        -----
        The one input is ``inputs``, (rows, inputs) in the dtype of the network and in the units of ``fit``: scaling,
        clipping and embeddings are in the file. Outputs of a classifier are ``label`` (rows,), names of ``classes`` as
        text or else int64, and ``probabilities`` (rows, classes), or ``scores`` where they are no probabilities; other
        networks have ``values`` (rows, outputs), which ``predict`` returns: in the units of the targets, counts after
        the loss poisson. Opset 17, IR 8; version and hash of the model, names of inputs and classes are in the file's
        ``metadata_props``.

        Examples
        --------
        >>> import os, tempfile
        >>> import fastmlp as fm
        >>> net = fm.Network(2, [fm.Standardize([1.0, 2.0], [3.0, 4.0]), fm.Dense(3, "gelu"), fm.Dense(1)], seed=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "plane.onnx")
        ...     net.to_onnx(path)
        ...     os.listdir(folder)
        ['plane.onnx']
        """
        content = model_file.Content(self._model, self.classes, self.metadata)
        onnx_file.write(content, path, feature_names=feature_names)

    def to_torch(self) -> Any:
        """Return the network as a ``torch.nn.Sequential`` for evaluation, with copies of its weights.

        Returns
        -------
        torch.nn.Sequential
            Of Linear, activations, Dropout and LayerNorm, in the dtype of the network and in ``eval`` mode. A scaling
            of inputs or targets is a small module of its own at its place, for which fastmlp must be there when it is
            unpickled.

        Raises
        ------
        ImportError
            There is no PyTorch.
        ValueError
            PyTorch has not what a layer computes, or a scaling has learned nothing yet.

        See Also
        --------
        from_torch : The way back.
        to_c : For programs without Python.

        Notes
        -----
        Outputs are those of ``forward`` but for the rounding of other sums. At the inputs 0 of relu and at other kinks
        PyTorch's derivatives may be others.

        Examples
        --------
        ``net.to_torch()(torch.tensor(X))`` is ``net.forward(X)``. What PyTorch has not is refused in a sentence;
        without PyTorch, in another one:

        >>> import fastmlp as fm
        >>> net = fm.Network(2, [fm.Maxout(3), fm.Dense(1)], seed=0)
        >>> try:
        ...     net.to_torch()
        ... except (ValueError, ImportError) as error:
        ...     print(any(word in str(error) for word in ("Maxout", "PyTorch")))
        True
        """
        return imported("fastmlp._export.torch_modules").sequential(self._model)

    def __setattr__(self, name: str, value: Any) -> None:
        # what nothing looks at would be kept, and do nothing; a subclass may have attributes of its own
        if type(self) is Network and name not in ATTRIBUTES:
            _check_settable(name, value)
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        return short_description(self._model)

    def _repr_html_(self) -> str:
        return summary(self._model).html

    def __getstate__(self) -> dict[str, Any]:
        return {**self._model.state(), "metadata": self.metadata}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._take(Model.of_state(state), metadata=state["metadata"])


def _check_settable(name: str, value: Any) -> None:
    if not hasattr(Network, name):
        from difflib import get_close_matches  # here, so that importing fastmlp does not import it

        near = get_close_matches(name[:40], [known for known in dir(Network) if known[0] != "_"] + ["metadata"], 1)
        meant = f"did you mean {near[0]!r}?" if near else "what is to be kept with it goes into its metadata."
        raise AttributeError(f"a Network has no attribute {brief(name)} to set: {meant}")
    known = getattr(Network, name)
    # a test may put a function of its own in the place of a method
    if not (known.fset if isinstance(known, property) else callable(known) and callable(value)):
        raise AttributeError(
            f"{name} of a Network cannot be set to {brief(value)}: what a network is made of is given to Network(...)."
        )


def model_of(network: Network) -> Model:
    """Return what a network holds, for the floors above: files, pictures, estimators.

    Examples
    --------
    >>> import fastmlp as fm
    >>> model_of(fm.Network(1, [fm.Dense(1)])).epochs_trained
    0
    """
    return network._model


def network_of(model: Model, *, classes: list[str] | None = None, metadata: dict[str, Any] | None = None) -> Network:
    """Return a network that holds a model.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1)])
    >>> network_of(model_of(net)).layers is net.layers
    True
    """
    network = Network.__new__(Network)
    network._take(model, classes=classes, metadata=metadata)
    return network
