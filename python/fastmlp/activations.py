"""The activations by name, each a small frozen object; their arithmetic is in cpp/kernels/activation-inl.hpp.

An activation turns pre-activations z into activations a, element by element except softmax, which works on a row and
belongs to the last layer. Formulas, derivatives and sources: docs/math.md. An activation may also be a formula in x
(_formula/). What is said of an activation elsewhere (where its kinks are, what the core is told) is asked of it here.
A catalogue: it grows by an entry with each activation, half of it examples, which is why it is a long file.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import check_real
from fastmlp._checks.arrays import function_argument
from fastmlp._checks.registry import by_name, only_setting, resolve_by_name
from fastmlp._formula import Program, check_derivative, compile_formula, is_formula, parse
from fastmlp._single_layer import activated, slopes

__all__ = [
    "ELU",
    "GELU",
    "SELU",
    "Activation",
    "Formula",
    "GELUTanh",
    "HardTanh",
    "Identity",
    "LeakyReLU",
    "Mish",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Sign",
    "Softmax",
    "Softplus",
    "Softsign",
    "Step",
    "Tanh",
    "Threshold",
]

Array = npt.NDArray[Any]


class Activation:
    """What every activation says of itself; the arithmetic is the core's.

    It is a function: ``activation(z)`` is a, ``activation.derivative(z)`` is da/dz.

    Attributes
    ----------
    name : str
        The one by which model files and the core know it.

    See Also
    --------
    fastmlp.plots.activation_curves : Both as a picture.

    Examples
    --------
    >>> import fastmlp as fm
    >>> sigmoid = fm.activations.Sigmoid()
    >>> sigmoid([0.0, 2.0]).round(3), sigmoid.derivative([0.0, 2.0]).round(3)
    (array([0.5  , 0.881]), array([0.25 , 0.105]))
    >>> fm.activations.HardTanh().kinks
    (-1.0, 1.0)
    """

    name: ClassVar[str]

    def __call__(self, z: npt.ArrayLike) -> Array:
        """Return the activation of pre-activations, in their shape.

        Parameters
        ----------
        z : array-like
            Of any shape; for softmax the last axis is that of the units.

        Returns
        -------
        array
            In float32 of float32, else in float64: the numbers that a layer computes.

        Raises
        ------
        ValueError, TypeError
            ``z`` is not an array of finite numbers.
        """
        array = function_argument(z, "z")
        found: Array = activated(self.name, self.parameter, array.reshape(-1, 1)).reshape(array.shape)[()]
        return found

    def derivative(self, z: npt.ArrayLike) -> Array:
        """Return da/dz at pre-activations, in their shape: what backpropagation multiplies by.

        Parameters
        ----------
        z : array-like
            Of any shape.

        Returns
        -------
        array
            In float32 of float32, else in float64; at a kink or jump the number that docs/math.md says. Of softmax,
            whose outputs depend on all of its inputs, the matrices da_k/dz_j: (..., units, units).

        Raises
        ------
        ValueError, TypeError
            ``z`` is not an array of finite numbers.
        """
        array = function_argument(z, "z")
        found: Array = slopes(self.name, self.parameter, array.reshape(-1, 1)).reshape(array.shape)[()]
        return found

    @property
    def spelled(self) -> str:
        """The string that stands for it in ``Dense(units, activation)``."""
        return self.name

    @property
    def kinks(self) -> tuple[float, ...]:
        """The pre-activations at which there is no derivative."""
        return ()

    @property
    def parameter(self) -> Any:
        """What the core is told beside the name."""
        return only_setting(self)

    @property
    def may_have_kinks(self) -> bool:
        """Whether ``has_kink_between`` can be true."""
        return bool(self.kinks)

    def has_kink_between(self, below: Array, above: Array) -> npt.NDArray[np.bool_]:
        """Return for each pair of pre-activations whether there is no derivative somewhere between them."""
        found = np.zeros(np.shape(below), bool)
        for kink in self.kinks:
            found |= (below <= kink) & (kink <= above)
        return found

    def is_flat_at(self, outputs: Array) -> npt.NDArray[np.bool_]:
        """Return for each output whether it stays as it is when its pre-activation moves a little."""
        return np.zeros(np.shape(outputs), bool)


class Threshold(Activation):
    """An activation of steps: its derivative is 0, so that nothing before it learns by gradients.

    See Also
    --------
    Step : Without a slope.
    Sign : Without a slope, -1 or 1.

    Examples
    --------
    >>> import fastmlp as fm
    >>> isinstance(fm.activations.Step(), fm.activations.Threshold)
    True
    """

    @property
    def kinks(self) -> tuple[float, ...]:
        """The jump."""
        return (0.0,)

    def is_flat_at(self, outputs: Array) -> npt.NDArray[np.bool_]:
        """Return True for all."""
        return np.ones(np.shape(outputs), bool)


@dataclass(frozen=True)
class Identity(Activation):
    """a = z; also called "linear".

    See Also
    --------
    ReLU : Nothing below 0, the usual choice.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.Network(1, [fm.Dense(1, "linear")], seed=0).layers[0].activation
    Identity()
    """

    name: ClassVar[str] = "identity"


@dataclass(frozen=True)
class Step(Threshold):
    """a = 1 where z >= 0, else 0: Heaviside's step, the threshold unit of McCulloch and Pitts (1943).

    Its derivative is 0 everywhere (and taken as 0 at the jump), so layers up to it do not learn by gradients.

    See Also
    --------
    Sign : Without a slope, -1 or 1.
    Sigmoid : Between 0 and 1.

    Examples
    --------
    A unit that computes "and", with weights set by hand:

    >>> import fastmlp as fm
    >>> net = fm.Network(2, [fm.Dense(1, "step")])
    >>> net.set_parameters([1.0, 1.0, -1.5])
    >>> net.predict([[0, 0], [0, 1], [1, 0], [1, 1]])
    array([0., 0., 0., 1.], dtype=float32)
    """

    name: ClassVar[str] = "step"


@dataclass(frozen=True)
class Sign(Threshold):
    """a = 1 where z > 0, -1 where z < 0, and 0 at 0: the bipolar threshold unit.

    Its derivative is 0 everywhere (and taken as 0 at the jump), so layers up to it do not learn by gradients.

    See Also
    --------
    Step : Without a slope.
    Tanh : Between -1 and 1.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1, "sign")])
    >>> net.set_parameters([1.0, 0.0])
    >>> net.predict([[-2], [0], [2]])
    array([-1.,  0.,  1.], dtype=float32)
    """

    name: ClassVar[str] = "sign"


@dataclass(frozen=True)
class Sigmoid(Activation):
    """a = 1 / (1 + exp(-z)), the logistic function, between 0 and 1; also called "logistic".

    See Also
    --------
    Softmax : Probabilities of several classes.
    Tanh : Between -1 and 1.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1, "sigmoid")])
    >>> net.set_parameters([1.0, 0.0])
    >>> net.forward([[-1], [0], [1]]).ravel().round(4)
    array([0.2689, 0.5   , 0.7311], dtype=float32)
    """

    name: ClassVar[str] = "sigmoid"


@dataclass(frozen=True)
class Tanh(Activation):
    """a = tanh(z), between -1 and 1 (LeCun, Bottou, Orr and Müller, Efficient BackProp, 1998).

    See Also
    --------
    Sigmoid : Between 0 and 1.
    HardTanh : Straight between -1 and 1.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1, "tanh")])
    >>> net.set_parameters([1.0, 0.0])
    >>> net.forward([[-1], [0], [1]]).ravel().round(4)
    array([-0.7616,  0.    ,  0.7616], dtype=float32)
    """

    name: ClassVar[str] = "tanh"


@dataclass(frozen=True)
class HardTanh(Activation):
    """a = min(max(z, -1), 1); the derivative at -1 and 1 is taken as 0 (Collobert, 2004).

    See Also
    --------
    Tanh : Between -1 and 1.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1, "hard_tanh")])
    >>> net.set_parameters([1.0, 0.0])
    >>> net.predict([[-3], [0.5], [3]])
    array([-1. ,  0.5,  1. ], dtype=float32)
    """

    name: ClassVar[str] = "hard_tanh"

    @property
    def kinks(self) -> tuple[float, ...]:
        """The corners."""
        return (-1.0, 1.0)


@dataclass(frozen=True)
class Softsign(Activation):
    """``a = z / (1 + |z|)``, between -1 and 1, which it approaches slowly (Bergstra et al., 2009).

    See Also
    --------
    Tanh : Between -1 and 1.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1, "softsign")])
    >>> net.set_parameters([1.0, 0.0])
    >>> net.predict([[-3], [0], [1]])
    array([-0.75,  0.  ,  0.5 ], dtype=float32)
    """

    name: ClassVar[str] = "softsign"


@dataclass(frozen=True)
class ReLU(Activation):
    """a = max(0, z); the derivative at 0 is taken as 0 (Nair and Hinton, ICML 2010).

    See Also
    --------
    LeakyReLU : A little slope below 0.
    GELU : A smooth one.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1, "relu")])
    >>> net.set_parameters([1.0, 0.0])
    >>> net.predict([[-2], [0], [2]])
    array([0., 0., 2.], dtype=float32)
    """

    name: ClassVar[str] = "relu"

    @property
    def kinks(self) -> tuple[float, ...]:
        """The corner."""
        return (0.0,)

    def is_flat_at(self, outputs: Array) -> npt.NDArray[np.bool_]:
        """Return where the output is 0."""
        return np.asarray(outputs == 0)


@dataclass(frozen=True)
class LeakyReLU(Activation):
    """a = z where z > 0, slope * z elsewhere (Maas, Hannun and Ng, ICML 2013).

    Parameters
    ----------
    slope : float, default 0.01
        Finite; the derivative where z <= 0.

    See Also
    --------
    ReLU : Nothing below 0, the usual choice.
    ELU : An exponential below 0.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1, fm.activations.LeakyReLU(0.25))])
    >>> net.set_parameters([1.0, 0.0])
    >>> net.predict([[-2], [0], [2]])
    array([-0.5,  0. ,  2. ], dtype=float32)
    """

    slope: float = 0.01
    name: ClassVar[str] = "leaky_relu"

    def __post_init__(self) -> None:
        object.__setattr__(self, "slope", check_real(self.slope, "slope"))

    @property
    def kinks(self) -> tuple[float, ...]:
        """The corner."""
        return (0.0,)


@dataclass(frozen=True)
class ELU(Activation):
    """a = z where z > 0, alpha (exp(z) - 1) elsewhere (Clevert, Unterthiner and Hochreiter, ICLR 2016).

    Parameters
    ----------
    alpha : float, default 1.0
        At least 0; the derivative at 0, and minus the limit for z towards minus infinity.

    See Also
    --------
    SELU : One that keeps mean and variance.
    ReLU : Nothing below 0, the usual choice.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1, "elu")])
    >>> net.set_parameters([1.0, 0.0])
    >>> net.predict([[-1], [0], [1]]).round(4)
    array([-0.6321,  0.    ,  1.    ], dtype=float32)
    """

    alpha: float = 1.0
    name: ClassVar[str] = "elu"

    def __post_init__(self) -> None:
        object.__setattr__(self, "alpha", check_real(self.alpha, "alpha", minimum=0.0))

    @property
    def kinks(self) -> tuple[float, ...]:
        """The corner; with alpha = 1 the two sides meet with the same slope."""
        return () if self.alpha == 1 else (0.0,)


@dataclass(frozen=True)
class SELU(Activation):
    """a = 1.0507 z where z > 0, 1.0507 * 1.6733 (exp(z) - 1) elsewhere (Klambauer et al., NeurIPS 2017).

    With these constants (and more digits of them) and weights of mean 0 and variance 1 / inputs, mean 0 and variance 1
    pass from layer to layer. The derivative at 0 is taken as 1.0507 * 1.6733.

    See Also
    --------
    ELU : An exponential below 0.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1, "selu")])
    >>> net.set_parameters([1.0, 0.0])
    >>> net.predict([[-1], [0], [1]]).round(4)
    array([-1.1113,  0.    ,  1.0507], dtype=float32)
    """

    name: ClassVar[str] = "selu"

    @property
    def kinks(self) -> tuple[float, ...]:
        """The corner."""
        return (0.0,)


@dataclass(frozen=True)
class Softplus(Activation):
    """a = log(1 + exp(z)), a smooth relu (Glorot, Bordes and Bengio, AISTATS 2011).

    See Also
    --------
    ReLU : Nothing below 0, the usual choice.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1, "softplus")])
    >>> net.set_parameters([1.0, 0.0])
    >>> net.predict([[-1], [0], [100]]).round(4)
    array([  0.3133,   0.6931, 100.    ], dtype=float32)
    """

    name: ClassVar[str] = "softplus"


@dataclass(frozen=True)
class GELU(Activation):
    """a = z P(z), P the standard normal distribution: P(z) = (1 + erf(z / sqrt 2)) / 2 (Hendrycks and Gimpel, 2016).

    See Also
    --------
    GELUTanh : Nearly the same, out of tanh.
    SiLU : Out of the sigmoid.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1, "gelu")])
    >>> net.set_parameters([1.0, 0.0])
    >>> net.predict([[-1], [0], [1]]).round(4)
    array([-0.1587,  0.    ,  0.8413], dtype=float32)
    """

    name: ClassVar[str] = "gelu"


@dataclass(frozen=True)
class GELUTanh(Activation):
    """a = z (1 + tanh(sqrt(2 / pi) (z + 0.044715 z^3))) / 2, close to gelu (Hendrycks and Gimpel, 2016).

    See Also
    --------
    GELU : A smooth one.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1, "gelu_tanh")])
    >>> net.set_parameters([1.0, 0.0])
    >>> net.predict([[-1], [0], [1]]).round(4)
    array([-0.1588,  0.    ,  0.8412], dtype=float32)
    """

    name: ClassVar[str] = "gelu_tanh"


@dataclass(frozen=True)
class SiLU(Activation):
    """a = z / (1 + exp(-z)), also called "swish" (Elfwing, Uchibe and Doya, 2018; Ramachandran, Zoph and Le, 2017).

    See Also
    --------
    GELU : A smooth one.
    Mish : Out of tanh and softplus.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1, "silu")])
    >>> net.set_parameters([1.0, 0.0])
    >>> net.predict([[-1], [0], [1]]).round(4)
    array([-0.2689,  0.    ,  0.7311], dtype=float32)
    """

    name: ClassVar[str] = "silu"


@dataclass(frozen=True)
class Mish(Activation):
    """a = z tanh(log(1 + exp(z))) (Misra, BMVC 2020).

    See Also
    --------
    SiLU : Out of the sigmoid.
    Softplus : Smooth, and never 0.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1, "mish")])
    >>> net.set_parameters([1.0, 0.0])
    >>> net.predict([[-1], [0], [1]]).round(4)
    array([-0.3034,  0.    ,  0.8651], dtype=float32)
    """

    name: ClassVar[str] = "mish"


@dataclass(frozen=True)
class Softmax(Activation):
    """a_k = exp(z_k) / sum_j exp(z_j): positive outputs that add up to one, in the last layer.

    See Also
    --------
    Sigmoid : Between 0 and 1.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(2, "softmax")])
    >>> net.set_parameters([0.0, 0.0, 0.0, 1.0])
    >>> net.forward([[7]]).round(4)
    array([[0.2689, 0.7311]], dtype=float32)
    """

    name: ClassVar[str] = "softmax"

    def __call__(self, z: npt.ArrayLike) -> Array:
        """Return the probabilities of rows of pre-activations, (..., units)."""
        array = self._rows(z)
        return activated(self.name, 0.0, array.reshape(-1, array.shape[-1])).reshape(array.shape)

    def derivative(self, z: npt.ArrayLike) -> Array:
        """Return da_k/dz_j = a_k ([k = j] - a_j) of rows of pre-activations, (..., units, units)."""
        array = self._rows(z)
        n = array.shape[-1]
        return slopes(self.name, 0.0, array.reshape(-1, n)).reshape(*array.shape, n)

    @staticmethod
    def _rows(z: npt.ArrayLike) -> Array:
        array = function_argument(z, "z")
        if array.ndim == 0 or array.shape[-1] == 0:
            raise ValueError(f"z has shape {array.shape}, but softmax needs rows: its last axis is that of the units.")
        return array


@dataclass(frozen=True)
class Formula(Activation):
    """a = a formula in x, the pre-activation; a string that is a formula stands for this object.

    Parameters
    ----------
    text : str
        Of x, numbers, pi and e with ``+ - * / **``, min, max, abs, exp, log, sqrt, tanh, sigmoid, softplus, erf, sin,
        cos, cosh and ``where(condition, a, b)``, whose condition is one comparison with ``< <= > >=``.

    Raises
    ------
    ValueError
        The text is no such formula, has no finite value where inputs lie, or a derivative that differences of its value
        do not confirm.

    See Also
    --------
    SiLU : Out of the sigmoid.
    Mish : Out of tanh and softplus.

    Notes
    -----
    The derivative is made from the formula, and computed with it. Where there is none: 0 for abs at 0, that of the
    second argument in a tie of max and of the first in a tie of min, that of the branch taken for where.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.Dense(64, "x*sigmoid(1.702*x)").activation
    Formula(text='x*sigmoid(1.702*x)')
    >>> net = fm.Network(1, [fm.Dense(1, "where(x > 1, 1, x**2)")], dtype="float64", seed=0)
    >>> net.set_parameters([1.0, 0.0])
    >>> net.forward([[-0.5], [2.0]])
    array([[0.25],
           [1.  ]])
    """

    text: str
    name: ClassVar[str] = "formula"

    def __post_init__(self) -> None:
        _ = self.program  # what is wrong with it is said now

    @cached_property
    def expression(self) -> ast.expr:
        """The text as a tree of Python's ``ast``, of the formulas' vocabulary only."""
        return parse(self.text)

    @cached_property
    def program(self) -> Program:
        """The instructions that the core runs."""
        return (
            _checked_program(self.text) if isinstance(self.text, str) else compile_formula(self.expression, self.text)
        )

    @property
    def parameter(self) -> Any:
        """The program."""
        return self.program.for_core()

    @property
    def may_have_kinks(self) -> bool:
        """It may have min, max, abs or where in it."""
        return True

    def has_kink_between(self, below: Array, above: Array) -> npt.NDArray[np.bool_]:
        """Return whether min, max, abs or where changes its choice on the way."""
        return self.program.has_kink_between(below, above)

    @property
    def spelled(self) -> str:
        """The text."""
        return self.text


@lru_cache(maxsize=64)
def _checked_program(text: str) -> Program:
    """Return the program of a formula, its derivative checked; kept, for many layers may have the same."""
    program = compile_formula(parse(text), text)
    check_derivative(program, text)
    return program


# those that a name alone says: all but formulas
ACTIVATIONS: dict[str, type[Activation]] = by_name(
    Identity, Sigmoid, Tanh, ReLU, LeakyReLU, Softmax, Step, Sign, ELU, SELU, Softplus, GELU, GELUTanh, SiLU, Mish,
    HardTanh, Softsign,
)  # fmt: skip
# other names of the field
ALIASES: dict[str, type[Activation]] = {"linear": Identity, "logistic": Sigmoid, "swish": SiLU}


def resolve_activation(value: str | Activation) -> Activation:
    """Return the activation object for a name, a formula or an object; a wrong name lists the valid ones."""
    if isinstance(value, Formula):
        return value
    if isinstance(value, str) and value not in ACTIVATIONS | ALIASES and is_formula(value):
        return Formula(value)
    return resolve_by_name(value, ACTIVATIONS | ALIASES, "activation")
