"""The activations by name, each a small frozen object; their arithmetic is in cpp/kernels/activation-inl.hpp.

An activation turns pre-activations z into activations a, element by element except softmax, which works on a row and
belongs to the last layer. Formulas and sources: docs/math.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

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


Activation = Identity | Sigmoid | Tanh | ReLU | LeakyReLU | Softmax

ACTIVATIONS: dict[str, type[Activation]] = {
    kind.name: kind for kind in (Identity, Sigmoid, Tanh, ReLU, LeakyReLU, Softmax)
}


def resolve_activation(value: str | Activation) -> Activation:
    """Return the activation object for a name or an object; a wrong name lists the valid ones."""
    return resolve_by_name(value, ACTIVATIONS, "activation")
