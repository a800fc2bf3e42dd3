"""The activations by name, each a small frozen object; their arithmetic is in cpp/kernels/activation-inl.hpp.

An activation turns pre-activations z into activations a, element by element except softmax, which works on a row and
belongs to the last layer. Formulas and sources: docs/math.md. An activation may also be a formula in x (_formula/).
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from fastmlp._formula import Program, check_derivative, compile_formula, is_formula, parse
from fastmlp._validation import check_real, resolve_by_name


@dataclass(frozen=True)
class Identity:
    """a = z."""

    name: ClassVar[str] = "identity"


@dataclass(frozen=True)
class Sigmoid:
    """a = 1 / (1 + exp(-z)), the logistic function, between 0 and 1."""

    name: ClassVar[str] = "sigmoid"


@dataclass(frozen=True)
class Tanh:
    """a = tanh(z), between -1 and 1."""

    name: ClassVar[str] = "tanh"


@dataclass(frozen=True)
class ReLU:
    """a = max(0, z); the derivative at 0 is taken as 0 (Nair and Hinton, ICML 2010)."""

    name: ClassVar[str] = "relu"


@dataclass(frozen=True)
class LeakyReLU:
    """a = z where z > 0, slope * z elsewhere (Maas, Hannun and Ng, ICML 2013).

    Parameters
    ----------
    slope : float, default 0.01
        Finite; the derivative where z <= 0.
    """

    slope: float = 0.01
    name: ClassVar[str] = "leaky_relu"

    def __post_init__(self) -> None:
        object.__setattr__(self, "slope", check_real(self.slope, "slope"))


@dataclass(frozen=True)
class Softmax:
    """a_k = exp(z_k) / sum_j exp(z_j): positive outputs that add up to one, in the last layer."""

    name: ClassVar[str] = "softmax"


@dataclass(frozen=True)
class Formula:
    """a = a formula in x, the pre-activation; a string that is a formula stands for this object.

    Parameters
    ----------
    text : str
        x, numbers, pi and e with ``+ - * / **``, min, max, abs, exp, log, sqrt, tanh, sigmoid, softplus, erf, sin, cos
        and ``where(condition, a, b)``, whose condition is one comparison with ``< <= > >=``.

    Raises
    ------
    ValueError
        The text is no such formula, has no finite value where inputs lie, or a derivative that differences of its value
        do not confirm.

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
        check_derivative(self.program, self.text)

    @cached_property
    def expression(self) -> ast.expr:
        """The text as a tree of Python's ``ast``, of the formulas' vocabulary only."""
        return parse(self.text)

    @cached_property
    def program(self) -> Program:
        """The instructions that the core runs."""
        return compile_formula(self.expression, self.text)


Activation = Identity | Sigmoid | Tanh | ReLU | LeakyReLU | Softmax | Formula

ACTIVATIONS: dict[str, type[Activation]] = {
    kind.name: kind for kind in (Identity, Sigmoid, Tanh, ReLU, LeakyReLU, Softmax)
}


def resolve_activation(value: str | Activation) -> Activation:
    """Return the activation object for a name, a formula or an object; a wrong name lists the valid ones."""
    if isinstance(value, Formula):
        return value
    if isinstance(value, str) and value not in ACTIVATIONS and is_formula(value):
        return Formula(value)
    return resolve_by_name(value, ACTIVATIONS, "activation")


def spelled(activation: Activation) -> str:
    """Return the string that stands for an activation: its name, or the text of a formula."""
    return activation.text if isinstance(activation, Formula) else activation.name
