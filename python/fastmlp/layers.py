"""What a network is made of: descriptions of layers (Dense, Dropout) and the layer of a built network (DenseLayer).

In which order they may stand is said in _model/stack.py, what the scalings of inputs learn from data in
_model/scaling.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

import numpy.typing as npt

from fastmlp._checks.arguments import check_integer, check_real
from fastmlp.activations import Activation, resolve_activation
from fastmlp.initializers import Initializer, resolve_initializer

# what the core can pad without overflow; far smaller ones already end in a MemoryError that names the bytes
MAX_UNITS = 2**56 - 1


@dataclass(frozen=True)
class Dense:
    """A fully connected layer: a = activation(x W + b), W of shape (inputs, units).

    Parameters
    ----------
    units : int
        Number of outputs, at least 1.
    activation : str or activation object, default "identity"
        A name or an object of ``fastmlp.activations``, or a formula in x: ``"x*sigmoid(1.702*x)"``.
    l1, l2 : float, optional
        Penalties of this layer's weights, in place of the network's.
    initializer : str or initializer object, optional
        How the weights are drawn, see ``fastmlp.initializers``; default: as usual for the activation.
    weight_rate_factor, bias_rate_factor : float, default 1.0
        Factors on the optimizer's learning rate for the weights and for the bias of this layer, at least 0. Factor 0
        freezes them: they keep their bits, and their gradients do not count for ``clip_norm``. Not for LBFGS.

    Notes
    -----
    With Adam, ``initializer="lecun_normal"`` and ``weight_rate_factor=inputs**-0.5`` train the weights in the neural
    tangent parametrization (Jacot, Gabriel and Hongler, NeurIPS 2018).

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.Dense(128, "relu")
    Dense(units=128, activation=ReLU(), l1=None, l2=None)
    >>> fm.Dense(128, "tanh", initializer="lecun_normal")
    Dense(units=128, activation=Tanh(), l1=None, l2=None, initializer=LecunNormal())

    A frozen layer, and one whose bias learns ten times slower than its weights:

    >>> frozen = fm.Dense(9, "tanh", weight_rate_factor=0, bias_rate_factor=0)
    >>> net = fm.Network(2, [frozen, fm.Dense(1, bias_rate_factor=0.1)], seed=0)
    >>> before = net.layers[0].weights.copy()
    >>> history = net.fit([[0.0, 1.0], [1.0, 0.0]], [1.0, -1.0])
    >>> bool((net.layers[0].weights == before).all()), bool(net.layers[1].bias != 0)
    (True, True)
    """

    units: int
    activation: str | Activation = "identity"
    l1: float | None = None
    l2: float | None = None
    initializer: str | Initializer | None = field(default=None, kw_only=True)
    weight_rate_factor: float = field(default=1.0, kw_only=True)
    bias_rate_factor: float = field(default=1.0, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "units", check_integer(self.units, "units", minimum=1, maximum=MAX_UNITS))
        object.__setattr__(self, "activation", resolve_activation(self.activation))
        object.__setattr__(self, "initializer", resolve_initializer(self.initializer))
        _check_numbers(self)

    def __repr__(self) -> str:
        return _text_of(self)


@dataclass(frozen=True)
class Dropout:
    """Drop what goes into the next layer while training: each value becomes 0 with probability ``rate``.

    What stays is divided by 1 - rate ("inverted" dropout), so that evaluation, which drops nothing, sees the same
    means. Before the first layer it drops inputs. Gradients, losses and predictions are those without dropout.

    Parameters
    ----------
    rate : float
        In [0, 1).

    Notes
    -----
    N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever and R. Salakhutdinov, JMLR 15, 2014. What is dropped depends
    on the seed, the epoch, the sample's place in it, the layer and the unit, and on nothing else.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(64, [fm.Dropout(0.1), fm.Dense(32, "relu"), fm.Dropout(0.5), fm.Dense(10, "softmax")], seed=0)
    >>> len(net.layers), net.dropout
    (2, (0.1, 0.5))
    """

    rate: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "rate", check_real(self.rate, "rate", minimum=0.0, below=1.0))


@dataclass(frozen=True)
class Maxout:
    """A layer of maxout units: each is the largest of ``pieces`` linear functions of the inputs.

    Parameters
    ----------
    units : int
        Number of outputs, at least 1.
    pieces : int, default 2
        Linear functions of each unit, at least 2. The weights have shape (inputs, pieces * units), piece after piece.
    l1, l2 : float, optional
        Penalties of this layer's weights, in place of the network's.
    weight_rate_factor, bias_rate_factor : float, default 1.0
        As for ``Dense``.

    Notes
    -----
    I. Goodfellow, D. Warde-Farley, M. Mirza, A. Courville and Y. Bengio, Maxout networks, ICML 2013.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Maxout(1, pieces=2), fm.Dense(1)])
    >>> net.set_parameters([1.0, -1.0, 0.0, 0.0, 1.0, 0.0])  # max(x, -x)
    >>> net.predict([[-3.0], [2.0]])
    array([3., 2.], dtype=float32)
    """

    units: int
    pieces: int = 2
    l1: float | None = None
    l2: float | None = None
    weight_rate_factor: float = field(default=1.0, kw_only=True)
    bias_rate_factor: float = field(default=1.0, kw_only=True)

    def __post_init__(self) -> None:
        pieces = check_integer(self.pieces, "pieces", minimum=2, maximum=MAX_UNITS)
        object.__setattr__(self, "units", check_integer(self.units, "units", minimum=1, maximum=MAX_UNITS // pieces))
        object.__setattr__(self, "pieces", pieces)
        _check_numbers(self)

    def __repr__(self) -> str:
        return _text_of(self)


def _check_numbers(layer: Dense | Maxout) -> None:
    """Settle the penalties that a layer was given, and its factors on the learning rate."""
    penalties = [name for name in ("l1", "l2") if getattr(layer, name) is not None]
    for name in (*penalties, "weight_rate_factor", "bias_rate_factor"):
        object.__setattr__(layer, name, check_real(getattr(layer, name), name, minimum=0.0))


def _text_of(layer: Dense | Maxout) -> str:
    """Return the repr of a layer, without those keyword-only arguments that have their defaults."""
    shown = [part.name for part in fields(layer) if not part.kw_only or getattr(layer, part.name) != part.default]
    return f"{type(layer).__name__}({', '.join(f'{name}={getattr(layer, name)!r}' for name in shown)})"


@dataclass(frozen=True)
class LayerNorm:
    """Normalize what goes into the next layer over its units: (a - mean) / sqrt(variance + 1e-5), sample by sample.

    It has no gain and bias of its own: the weights and the bias of the layer after it do what they would do.

    Notes
    -----
    J. L. Ba, J. R. Kiros and G. E. Hinton, Layer normalization, arXiv:1607.06450, 2016.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(8, [fm.Dense(16, "relu"), fm.LayerNorm(), fm.Dense(3, "softmax")], seed=0)
    >>> net.summary().splitlines()[2].split()
    ['layernorm', '0']
    """


@dataclass(frozen=True)
class Standardize:
    """Inputs of mean 0 and standard deviation 1: x' = (x - mean) / deviation, column by column.

    Parameters
    ----------
    mean, deviation : sequence of float, optional
        One number for each input, deviations positive. Default: those of the training data (weighted as the samples
        are) at the first ``fit``; until then inputs are taken as they are. A constant column has deviation 1.

    Notes
    -----
    Y. LeCun, L. Bottou, G. Orr and K.-R. Mueller, Efficient BackProp, 1998, section 4.3.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Standardize(), fm.Dense(1)], seed=0)
    >>> history = net.fit([[1.0], [3.0]], [0.0, 1.0], epochs=1)
    >>> net.scaling
    Standardize(mean=(2.0,), deviation=(1.0,))
    """

    mean: tuple[float, ...] | None = None
    deviation: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        _take_columns(self, "mean", "deviation")
        _check_positive(self.deviation, "deviation")

    @property
    def n_columns(self) -> int | None:
        """The number of inputs it is for; None: not yet known."""
        return None if self.mean is None else len(self.mean)


@dataclass(frozen=True)
class Rescale:
    """Inputs in a range: x' = low + (x - minimum) (high - low) / (maximum - minimum), column by column.

    Parameters
    ----------
    to : pair (low, high), default (0.0, 1.0)
        Where ``minimum`` and ``maximum`` go.
    minimum, maximum : float or sequence of float, optional
        One number for all inputs or one for each. Default: those of the training data at the first ``fit``; until then
        inputs are taken as they are. A constant column is only shifted to ``low``.

    Examples
    --------
    >>> import fastmlp as fm
    >>> pixels = fm.Rescale(minimum=0, maximum=255)  # bytes to [0, 1]
    >>> net = fm.Network(1, [pixels, fm.Dense(1)])
    >>> net.set_parameters([1.0, 0.0])
    >>> net.predict([[51]])
    array([0.2], dtype=float32)
    """

    to: tuple[float, float] = (0.0, 1.0)
    minimum: float | tuple[float, ...] | None = None
    maximum: float | tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        pair = tuple(self.to) if isinstance(self.to, Iterable) else ()
        if len(pair) != 2:
            raise ValueError(f"to must be a pair (low, high), got {self.to!r}: write to=(-1, 1), for example.")
        low, high = check_real(pair[0], "to[0]"), check_real(pair[1], "to[1]")
        if low >= high:
            raise ValueError(f"to must be a pair (low, high) with low < high, got {self.to!r}.")
        object.__setattr__(self, "to", (low, high))
        _take_columns(self, "minimum", "maximum")
        if any(least > most for least, most in zip(_each(self.minimum), _each(self.maximum), strict=True)):
            raise ValueError("minimum must nowhere be above maximum.")

    @property
    def n_columns(self) -> int | None:
        """The number of inputs it is for; None: not yet known, or any."""
        return len(self.minimum) if isinstance(self.minimum, tuple) else None


@dataclass(frozen=True)
class RobustScale:
    """Inputs whose outliers neither set the scale nor stay far away: z = (x - median) / deviation, column by column.

    With a limit, z then goes through the smooth clip z / sqrt(1 + (z / limit)^2): nearly z where z is small, and never
    beyond the limit.

    Parameters
    ----------
    median, deviation : sequence of float, optional
        One number for each input, deviations not negative; a column of deviation 0 becomes 0. Default: from the
        training data at the first ``fit``, the deviation being the range of the middle half (upper minus lower
        quartile), or half the range of all values where that is 0; it is 0 for a constant column. Until then inputs
        are taken as they are.
    limit : float or None, default 3.0
        At least 1e-30 and below 1e30; None: no clip.

    Notes
    -----
    D. Holzmueller, L. Grinsztajn and I. Steinwart, Better by default, NeurIPS 2024, arXiv:2407.04491. Quantiles are
    those of the samples' weights, so that weight 2 is the sample twice and weight 0 none: definition 2 of R. Hyndman
    and Y. Fan, Sample quantiles in statistical packages, The American Statistician 50, 1996.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.RobustScale(), fm.Dense(1)])
    >>> history = net.fit([[1.0], [2.0], [3.0], [4.0], [1e6]], [0.0] * 5, epochs=1)
    >>> net.scaling
    RobustScale(median=(3.0,), deviation=(2.0,), limit=3.0)
    >>> net.set_parameters([1.0, 0.0])
    >>> net.predict([[3.0], [5.0], [1e6]]).round(2)
    array([0.  , 0.95, 3.  ], dtype=float32)
    """

    median: tuple[float, ...] | None = None
    deviation: tuple[float, ...] | None = None
    limit: float | None = 3.0

    def __post_init__(self) -> None:
        _take_columns(self, "median", "deviation")
        for index, value in enumerate(self.deviation or ()):
            check_real(value, f"deviation[{index}]", minimum=0.0)
        if self.limit is not None:
            # so far from the ends of float32 that no step of the clip overflows
            object.__setattr__(self, "limit", check_real(self.limit, "limit", minimum=1e-30, below=1e30))

    @property
    def n_columns(self) -> int | None:
        """The number of inputs it is for; None: not yet known."""
        return None if self.median is None else len(self.median)


Scaling = Standardize | Rescale | RobustScale


def check_scaling(scaling: Scaling, n_inputs: int) -> None:
    """Raise ValueError unless the scaling fits the network."""
    if scaling.n_columns is not None and scaling.n_columns != n_inputs:
        raise ValueError(
            f"{type(scaling).__name__} is for {scaling.n_columns} inputs, but the network has {n_inputs}: "
            "give one number for each input."
        )


def _take_columns(scaling: Scaling, first: str, second: str) -> None:
    """Turn two sequences into tuples of floats of one length, or leave both None."""
    values = [getattr(scaling, name) for name in (first, second)]
    if (values[0] is None) != (values[1] is None):
        raise ValueError(f"{first} and {second} must be given together, or neither of them.")
    if values[0] is None:
        return
    for name, value in zip((first, second), values, strict=True):
        settled: Any
        if isinstance(value, Iterable) and not isinstance(value, str):
            settled = tuple(check_real(number, f"{name}[{index}]") for index, number in enumerate(value))
        elif isinstance(scaling, Rescale):
            settled = check_real(value, name)
        else:
            raise TypeError(f"{name} must hold one number for each input, got {value!r}.")
        object.__setattr__(scaling, name, settled)
    sizes = [len(_each(getattr(scaling, name))) for name in (first, second)]
    if sizes[0] != sizes[1]:
        raise ValueError(f"{first} has {sizes[0]} numbers and {second} {sizes[1]}: give one of each for every input.")


def _each(value: float | tuple[float, ...] | None) -> tuple[float, ...]:
    """Return the numbers that were given, one or one for each input."""
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)


def _check_positive(values: tuple[float, ...] | None, name: str) -> None:
    for index, value in enumerate(values or ()):
        if not value > 0:
            raise ValueError(f"{name}[{index}] must be above 0, got {value!r}: give 1 for a constant column.")


AnyLayer = Dense | Maxout | Dropout | LayerNorm | Scaling


@dataclass(frozen=True, eq=False)
class DenseLayer:
    """A layer of a built network: its description, and views on its parameters (writing changes the network).

    Attributes
    ----------
    units : int
    activation : activation object
    l1, l2 : float
        Penalties in force: the layer's own, or the network's.
    pieces : int
        Of maxout units, else 1.
    weights : array of shape (inputs, units * pieces)
        Write into it, ``layer.weights[:] = values``, to change the network.
    bias : array of shape (units * pieces,)
        Likewise.
    initializer : initializer object or None
        The one given.
    weight_rate_factor, bias_rate_factor : float
        Factors on the optimizer's learning rate.
    """

    units: int
    activation: Activation
    l1: float
    l2: float
    pieces: int = field(repr=False)
    weights: npt.NDArray[Any] = field(repr=False)
    bias: npt.NDArray[Any] = field(repr=False)
    initializer: Initializer | None = field(default=None, repr=False)
    weight_rate_factor: float = field(default=1.0, repr=False)
    bias_rate_factor: float = field(default=1.0, repr=False)
