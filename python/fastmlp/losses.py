"""The losses by name; value and delta of the last layer are computed in one pass in cpp/kernels/loss-inl.hpp.

A loss is a mean over samples. Formulas and sources: docs/math.md. What is said of a loss elsewhere (which targets it
takes, what outputs mean after it, where its kinks are, what the core is told) is asked of it here. Weights of classes
are turned into weights of samples in _model/class_weight.py. A catalogue, with an example in each entry: a long file.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import check_choice, check_class_weight, check_real
from fastmlp._checks.arrays import function_argument, place
from fastmlp._checks.registry import by_name, only_setting, resolve_by_name
from fastmlp._checks.targets import Takes, check_targets
from fastmlp._formula import LOSS, Program, check_derivative, compile_formula, is_formula, parse
from fastmlp._single_layer import lost
from fastmlp.activations import Activation, Identity, Sigmoid, Softmax

__all__ = [
    "CrossEntropy",
    "Formula",
    "HalfSquaredError",
    "Hinge",
    "Huber",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Perceptron",
    "Poisson",
    "Quantile",
]

# as activated: probabilities or values, as the last activation says. scores: one for each class, no probabilities; a
# single one is positive for class 1. log_rates: logarithms of expected counts
OutputMeaning: TypeAlias = Literal["as activated", "scores", "log_rates"]
Array = npt.NDArray[Any]
# how far rows of probabilities may be from 1, in float32 and with many classes
_ADD_UP = 1e-4
ClassWeight: TypeAlias = Literal["balanced"] | Mapping[int, float] | None


class Loss:
    """What every loss says of itself; value and derivative are the core's.

    It is a function: ``loss(outputs, targets)`` is the mean over samples, ``loss.derivative(outputs, targets)`` its
    derivatives by the outputs.

    Attributes
    ----------
    name : str
        The one by which model files know it.
    takes : "labels", "sides", "counts" or "values"
        What targets are. "labels": classes, or rows of their probabilities. "sides": classes, or rows of 0 and 1 or of
        -1 and 1. "counts": numbers that are not negative. "values": any numbers.
    meaning : "as activated", "scores" or "log_rates"
        Of the outputs.
    last_activations : tuple of str or None
        Activations of the last layer that the loss can follow; None: any.
    degree : int
        Errors that are c times as large make the loss c^degree times as large; 0: they do not, so that targets cannot
        be given in another unit.
    class_weight : None, "balanced" or dict of label to weight
        Factors on the weights of samples.
    from_logits : bool
        Whether the core computes it from the last layer's pre-activations, so that the last activation's derivative has
        no part in it.

    See Also
    --------
    Formula : One of your own.
    MeanSquaredError : The mean of squares.
    CrossEntropy : For probabilities.

    Examples
    --------
    >>> import fastmlp as fm
    >>> loss = fm.losses.HalfSquaredError()
    >>> loss([[0.5, 1.0], [2.0, 0.0]], [[1.0, 1.0], [1.0, 1.0]])
    0.5625
    >>> loss.derivative([[0.5, 1.0], [2.0, 0.0]], [[1.0, 1.0], [1.0, 1.0]])
    array([[-0.25,  0.  ],
           [ 0.5 , -0.5 ]])
    >>> fm.losses.Hinge().takes, fm.losses.Huber(2.0).parameter
    ('sides', 2.0)
    """

    name: ClassVar[str]
    takes: ClassVar[Takes] = "values"
    meaning: ClassVar[OutputMeaning] = "as activated"
    last_activations: ClassVar[tuple[str, ...] | None] = None
    from_logits: ClassVar[bool] = False
    degree: ClassVar[int] = 0
    class_weight: ClassWeight = None

    def __call__(self, outputs: npt.ArrayLike, targets: npt.ArrayLike) -> float:
        """Return the mean of the samples' losses.

        Parameters
        ----------
        outputs : array-like (samples, outputs) or (samples,)
            Of the last layer, after its activation; for perceptron before it. One number for each sample is that of a
            single output.
        targets : array-like
            As the loss takes them: values or rows of the outputs' shape, or labels (samples,).

        Returns
        -------
        float

        Raises
        ------
        ValueError, TypeError
            Outputs or targets are not what the loss takes, or it weighs classes, which is a matter of a fit.
        """
        return self._value_and_derivative(*self._checked(outputs, targets))[0]

    def derivative(self, outputs: npt.ArrayLike, targets: npt.ArrayLike) -> Array:
        """Return d(loss)/d(outputs), in the shape of the outputs; the loss is the mean, 1/samples is in it.

        Parameters
        ----------
        outputs, targets : array-like
            As for the loss itself.

        Returns
        -------
        array
            In float32 of float32, else in float64.

        Raises
        ------
        ValueError, TypeError
            As for the loss itself.
        """
        found = self._value_and_derivative(*self._checked(outputs, targets))[1]
        return found.reshape(np.shape(outputs))

    def _checked(self, outputs: npt.ArrayLike, targets: npt.ArrayLike, *, add_up: bool = False) -> tuple[Array, Array]:
        """Return rows of outputs, and targets as the core takes them."""
        if self.class_weight is not None:
            raise ValueError(
                "a loss with class_weight has no value of outputs alone: compute it without, or use net.loss(X, y)."
            )
        array = function_argument(outputs, "outputs")
        rows = array.reshape(-1, 1) if array.ndim == 1 else array
        if rows.ndim != 2 or not rows.size:
            raise ValueError(f"outputs has shape {array.shape}, but must be (samples, outputs) or (samples,).")
        checked = check_targets(
            targets,
            len(rows),
            rows.shape[1],
            rows.dtype,
            takes=self.takes,
            add_up=add_up,
            loss=self.name,
            names=("outputs", "targets"),
        )
        return rows, checked

    def _value_and_derivative(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        return lost(self.core_name(Identity()), self.parameter, self.formula, outputs, targets)

    def core_name(self, last: Activation) -> str:
        """Return the core's name of the loss after this activation."""
        return self.name

    @property
    def parameter(self) -> float:
        """The one number that the core is told."""
        return only_setting(self)

    def parameter_in(self, unit: float) -> float:
        """Return the number that the core is told where it sees errors in this unit."""
        return self.parameter

    @property
    def formula(self) -> Any:
        """What the core is told of a loss that is a formula, else None."""
        return None

    @property
    def kinks(self) -> tuple[float, ...]:
        """Where there is no derivative: errors output - target, or of "sides" products of target and output."""
        return ()

    @property
    def may_have_kinks(self) -> bool:
        """Whether there may be outputs without a derivative."""
        return bool(self.kinks)


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """-sum_k y_k log a_k after softmax; -sum_k [y_k log a_k + (1 - y_k) log(1 - a_k)] after sigmoid (one-versus-all).

    Both are computed from the logits, so that a saturated output loses no precision.

    Parameters
    ----------
    label_smoothing : float, default 0.0
        From 0 to below 1. A part e of each target is spread over all answers (Szegedy et al., CVPR 2016): y becomes
        (1 - e) y + e / n_outputs after softmax, (1 - e) y + e / 2 after sigmoid.
    class_weight : None, "balanced" or dict of label to weight
        Multiplies the weights of a class's samples, wherever the loss is computed: ``fit``, ``loss``, ``gradients``
        and ``evaluate``, whose accuracy is weighted likewise. "balanced" is n / (classes * count) of the targets of the
        call, with each sample counted by its ``sample_weight``, as in scikit-learn; a label that is not in the dict
        weighs 1. Targets must then be labels or indicator rows.

    See Also
    --------
    Hinge : Scores with a margin.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(2, "softmax")], loss=fm.losses.CrossEntropy(class_weight={1: 3.0}), seed=0)
    >>> net.set_parameters([0.0, 0.0, 0.0, 0.0])
    >>> net.layers[0].bias[:] = [2.0, 0.0]
    >>> net.evaluate([[0.0], [0.0]], [0, 1])["accuracy"]  # right for label 0 only, which has 1 / 4 of the weight
    0.25
    """

    label_smoothing: float = 0.0
    # a dict has no hash; equal losses have equal hashes without it
    class_weight: ClassWeight = field(default=None, hash=False)
    name: ClassVar[str] = "cross_entropy"
    takes: ClassVar[Takes] = "labels"
    last_activations: ClassVar[tuple[str, ...] | None] = ("softmax", "sigmoid")
    from_logits: ClassVar[bool] = True

    def __post_init__(self) -> None:
        smoothing = check_real(self.label_smoothing, "label_smoothing", minimum=0.0, below=1.0)
        object.__setattr__(self, "label_smoothing", smoothing)
        object.__setattr__(self, "class_weight", check_class_weight(self.class_weight))

    def __call__(
        self, outputs: npt.ArrayLike, targets: npt.ArrayLike, *, after: Literal["softmax", "sigmoid"] | None = None
    ) -> float:
        """Return the mean of the samples' losses.

        Parameters
        ----------
        outputs : array-like (samples, outputs) or (samples,)
            Probabilities.
        targets : array-like
            Labels (samples,), or rows of probabilities.
        after : "softmax" or "sigmoid", optional
            The activation that they come from: whether they are of classes that exclude each other, or of a yes and a
            no each. Default: softmax for several outputs, sigmoid for one.

        Returns
        -------
        float
            Infinite where an answer that has to be given has probability 0.

        Raises
        ------
        ValueError, TypeError
            Outputs are no probabilities, after softmax rows that do not add up to 1, or targets are not what the loss
            takes.
        """
        return self._of_probabilities(outputs, targets, after)[0]

    def derivative(
        self, outputs: npt.ArrayLike, targets: npt.ArrayLike, *, after: Literal["softmax", "sigmoid"] | None = None
    ) -> Array:
        """Return d(loss)/d(outputs), in the shape of the outputs.

        That is not what a last layer starts from: together with its activation, d(loss)/dz is (a - y) / samples.

        Parameters
        ----------
        outputs, targets, after : arrays and a name
            As for the loss itself.

        Returns
        -------
        array
            In float32 of float32, else in float64.

        Raises
        ------
        ValueError, TypeError
            As for the loss itself.
        """
        return self._of_probabilities(outputs, targets, after)[1].reshape(np.shape(outputs))

    def _of_probabilities(
        self, outputs: npt.ArrayLike, targets: npt.ArrayLike, after: Literal["softmax", "sigmoid"] | None
    ) -> tuple[float, Array]:
        """Return value and derivative; the core has only those by the logits, which an exact 0 or 1 has none of."""
        several = np.ndim(outputs) == 2 and np.shape(outputs)[1] > 1
        is_softmax = several if after is None else check_choice(after, "after", ("softmax", "sigmoid")) == "softmax"
        p, t = self._checked(outputs, targets, add_up=is_softmax)
        if p.min() < 0 or p.max() > 1:
            where = int(np.argmax((p < 0) | (p > 1)))
            raise ValueError(
                f"outputs holds {p.flat[where]} in {place(p, where)}, but must hold probabilities, from 0 to 1: "
                "what the last activation returns."
            )
        total = p.sum(axis=1)
        if is_softmax and np.abs(total - 1).max() > _ADD_UP:
            row = int(np.abs(total - 1).argmax())
            raise ValueError(
                f"outputs adds up to {total[row]:.6g} in row {row}, but after softmax probabilities add up to 1: "
                "give after='sigmoid' where each output is a yes or no of its own."
            )
        rows = np.eye(p.shape[1])[t] if t.ndim == 1 else t.astype(np.float64)
        wide = p.astype(np.float64)
        e, n = self.label_smoothing, len(p)
        rows = (1.0 - e) * rows + e / (p.shape[1] if is_softmax else 2.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = -np.where(rows > 0, rows * np.log(wide), 0.0).sum()
            slopes = -np.where(rows > 0, rows / wide, 0.0)
            if not is_softmax:
                value -= np.where(rows < 1, (1.0 - rows) * np.log1p(-wide), 0.0).sum()
                slopes += np.where(rows < 1, (1.0 - rows) / (1.0 - wide), 0.0)
        # + 0.0: a zero has no sign
        return float(value) / n, (slopes / n + 0.0).astype(p.dtype)

    def core_name(self, last: Activation) -> str:
        """Return the name of the loss and its activation, which are one there."""
        return f"{last.name}_cross_entropy"

    @property
    def parameter(self) -> float:
        """The label smoothing: class weights become weights of samples."""
        return self.label_smoothing


@dataclass(frozen=True)
class MeanSquaredError(Loss):
    """(1 / n_outputs) sum_k (a_k - y_k)^2.

    See Also
    --------
    HalfSquaredError : The sum, halved.
    Huber : Squares near 0, sizes beyond.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.losses.MeanSquaredError()([1.0, 2.0], [0.0, 4.0])  # (1 + 4) / 2 samples
    2.5
    """

    name: ClassVar[str] = "mse"
    degree: ClassVar[int] = 2


@dataclass(frozen=True)
class HalfSquaredError(Loss):
    """(1 / 2) sum_k (a_k - y_k)^2, the error E of the delta rule (Widrow and Hoff, 1960).

    See Also
    --------
    MeanSquaredError : The mean of squares.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.losses.HalfSquaredError()([[1.0, 2.0]], [[0.0, 4.0]])  # (1 + 4) / 2
    2.5
    """

    name: ClassVar[str] = "half_squared_error"
    degree: ClassVar[int] = 2


@dataclass(frozen=True)
class MeanAbsoluteError(Loss):
    """``(1 / n_outputs) sum_k |a_k - y_k|``, which tends to the median; the derivative at 0 is taken as 0.

    See Also
    --------
    Quantile : Too low and too high weigh differently.
    Huber : Squares near 0, sizes beyond.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1)], loss="mae")
    >>> net.set_parameters([1.0, 0.0])
    >>> net.loss([[1.0], [2.0]], [0.0, 5.0])  # (1 + 3) / 2
    2.0
    """

    name: ClassVar[str] = "mae"
    degree: ClassVar[int] = 1

    @property
    def kinks(self) -> tuple[float, ...]:
        """Where the error changes its sign."""
        return (0.0,)


@dataclass(frozen=True)
class Huber(Loss):
    """Squares of small errors, sizes of large ones (Huber, 1964).

    With ``e = a_k - y_k`` it is the mean over the outputs of ``e^2 / 2`` where ``|e| <= delta``, else of
    ``delta (|e| - delta / 2)``.

    Parameters
    ----------
    delta : float, default 1.0
        Above 0: the error from which on the loss grows like a line and no longer like a parabola.

    See Also
    --------
    MeanSquaredError : The mean of squares.
    MeanAbsoluteError : The mean of sizes.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1)], loss=fm.losses.Huber(delta=2.0))
    >>> net.set_parameters([1.0, 0.0])
    >>> net.loss([[1.0], [2.0]], [0.0, 5.0])  # (1 / 2 + 2 (3 - 1)) / 2
    2.25
    """

    delta: float = 1.0
    name: ClassVar[str] = "huber"
    degree: ClassVar[int] = 2

    def __post_init__(self) -> None:
        object.__setattr__(self, "delta", check_real(self.delta, "delta", above=0.0))

    def parameter_in(self, unit: float) -> float:
        """Return delta in this unit."""
        return self.delta / unit


@dataclass(frozen=True)
class Poisson(Loss):
    """(1 / n_outputs) sum_k (exp(z_k) - y_k z_k): minus the log-likelihood of counts y, less its constant log(y!).

    The outputs are the logarithms of the expected counts, so the last layer is identity; ``forward`` returns them, and
    ``predict`` the expected counts exp(z). Counts must not be negative; they need not be whole.

    See Also
    --------
    MeanSquaredError : The mean of squares.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1)], loss="poisson", dtype="float64")
    >>> net.set_parameters([0.0, 2.0])
    >>> net.forward([[1.0]]), net.predict([[1.0]]).round(3)
    (array([[2.]]), array([7.389]))
    """

    name: ClassVar[str] = "poisson"
    takes: ClassVar[Takes] = "counts"
    meaning: ClassVar[OutputMeaning] = "log_rates"
    last_activations: ClassVar[tuple[str, ...] | None] = ("identity",)


@dataclass(frozen=True)
class Quantile(Loss):
    """(1 / n_outputs) sum_k of q u where u > 0, else (q - 1) u; u = y_k - a_k (Koenker and Bassett, 1978).

    The pinball loss, which tends to the q-quantile of the targets; its derivative at 0 is taken as 0.

    Parameters
    ----------
    q : float, default 0.5
        Above 0 and below 1; 0.5 gives half of the mean absolute error.

    See Also
    --------
    MeanAbsoluteError : The mean of sizes.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1)], loss=fm.losses.Quantile(0.75))
    >>> net.set_parameters([1.0, 0.0])
    >>> net.loss([[1.0], [2.0]], [0.0, 5.0])  # (0.25 * 1 + 0.75 * 3) / 2
    1.25
    """

    q: float = 0.5
    name: ClassVar[str] = "quantile"
    degree: ClassVar[int] = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "q", check_real(self.q, "q", above=0.0, below=1.0))

    @property
    def kinks(self) -> tuple[float, ...]:
        """Where the error changes its sign."""
        return (0.0,)


@dataclass(frozen=True)
class Hinge(Loss):
    """sum_k max(0, 1 - t_k a_k), with t_k = 1 for the class of the sample and -1 for the others (one-versus-all).

    Targets are labels (0 or 1 for a single output), or rows of 0 and 1 or of -1 and 1. The class is that of the largest
    output, or 1 where a single output is positive; there are no probabilities. The last layer is identity or tanh.

    See Also
    --------
    Perceptron : Scores without a margin.
    CrossEntropy : For probabilities.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1)], loss="hinge")
    >>> net.set_parameters([0.5, 0.0])
    >>> net.loss([[1.0], [4.0]], [0, 1])  # (1 + 0.5 + 0) / 2
    0.75
    >>> net.predict([[-1.0], [4.0]])
    array([0, 1])
    """

    name: ClassVar[str] = "hinge"
    takes: ClassVar[Takes] = "sides"
    meaning: ClassVar[OutputMeaning] = "scores"
    last_activations: ClassVar[tuple[str, ...] | None] = ("identity", "tanh")

    @property
    def kinks(self) -> tuple[float, ...]:
        """The margin."""
        return (1.0,)


@dataclass(frozen=True)
class Perceptron(Loss):
    """sum_k max(0, -t_k z_k) over the pre-activations z, with t as for ``Hinge`` (Rosenblatt, 1958).

    With ``SGD``, ``batch_size=1`` and one layer, training is Rosenblatt's rule: w += learning_rate t x for a sample on
    the wrong side, and nothing for one on the right side. z = 0 counts as wrong, so that weights of zero learn. The
    last layer is identity, step or sign: its activation decides the outputs and does not enter the loss.

    See Also
    --------
    Hinge : Scores with a margin.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(2, [fm.Dense(1)], loss="perceptron")
    >>> net.set_parameters([0.0, 0.0, 0.0])
    >>> history = net.fit([[2.0, 1.0]], [1], epochs=1, batch_size=1, optimizer=fm.SGD(0.5))
    >>> net.get_parameters()
    array([1. , 0.5, 0.5], dtype=float32)
    """

    name: ClassVar[str] = "perceptron"
    takes: ClassVar[Takes] = "sides"
    meaning: ClassVar[OutputMeaning] = "scores"
    last_activations: ClassVar[tuple[str, ...] | None] = ("identity", "step", "sign")
    from_logits: ClassVar[bool] = True

    @property
    def kinks(self) -> tuple[float, ...]:
        """The boundary."""
        return (0.0,)


@dataclass(frozen=True)
class Formula(Loss):
    """(1 / n_outputs) sum_k of a formula in o = a_k and t = y_k; a string that is a formula stands for this object.

    Parameters
    ----------
    text : str
        Of o, the output, and t, its target, with what ``fastmlp.activations.Formula`` may have.

    Raises
    ------
    ValueError
        The text is no such formula, has no finite value where outputs lie, or a derivative that differences of its
        value do not confirm.

    See Also
    --------
    Huber : Squares near 0, sizes beyond.

    Notes
    -----
    The derivative by o is made from the formula, and computed with it; where there is none it is taken as for an
    activation. Targets are values, one for each output. ``log(cosh(u))`` is computed without the large cosh in it.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1)], loss="abs(o - t)**1.5")
    >>> net.loss_function
    Formula(text='abs(o - t)**1.5')
    >>> net.set_parameters([1.0, 0.0])
    >>> net.loss([[5.0]], [1.0])
    8.0
    """

    text: str
    name: ClassVar[str] = "formula"

    def __post_init__(self) -> None:
        _ = self.program  # what is wrong with it is said now

    @property
    def parameter(self) -> float:
        """No number."""
        return 0.0

    @cached_property
    def expression(self) -> ast.expr:
        """The text as a tree of Python's ``ast``, of the formulas' vocabulary only."""
        return parse(self.text, LOSS)

    @cached_property
    def program(self) -> Program:
        """The instructions that the core runs."""
        program = compile_formula(self.expression, self.text, LOSS)
        check_derivative(program, self.text, LOSS)
        return program

    @property
    def formula(self) -> Any:
        """The program."""
        return self.program.for_core()

    @property
    def may_have_kinks(self) -> bool:
        """It may have min, max, abs or where in it."""
        return True

    def has_kink_between(self, below: Array, above: Array, targets: Array) -> npt.NDArray[np.bool_]:
        """Return whether min, max, abs or where changes its choice from outputs below to outputs above."""
        return self.program.has_kink_between(below, above, targets)


# those that a name alone says: all but formulas
LOSSES: dict[str, type[Loss]] = by_name(
    CrossEntropy, MeanSquaredError, HalfSquaredError, MeanAbsoluteError, Huber, Poisson, Quantile, Hinge, Perceptron
)


def resolve_loss(value: str | Loss | None, last: Activation) -> Loss:
    """Return the loss object for a name, an object, or None: cross_entropy after softmax and sigmoid, else mse."""
    if value is None:
        return CrossEntropy() if isinstance(last, Softmax | Sigmoid) else MeanSquaredError()
    if isinstance(value, Formula):
        return value
    if isinstance(value, str) and value not in LOSSES and is_formula(value, LOSS):
        return Formula(value)
    loss = resolve_by_name(value, LOSSES, "loss")
    allowed = loss.last_activations
    if allowed is not None and last.name not in allowed:
        *others, final = allowed
        either = f"{', '.join(others)} or {final}" if others else final
        raise ValueError(
            f"loss {loss.name!r} needs {either} in the last layer, which has {last.name!r}: "
            "change that activation or use 'mse'."
        )
    return loss


def kind_of_loss(value: str | Loss) -> type[Loss] | None:
    """Return the kind that a name or an object stands for; None: there is no such loss."""
    if isinstance(value, str) and is_formula(value, LOSS):
        return Formula
    return LOSSES.get(value) if isinstance(value, str) else type(value) if isinstance(value, Loss) else None
