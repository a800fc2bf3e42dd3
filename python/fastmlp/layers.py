"""What a network is made of: the description of a layer (Dense) and the layer of a built network (DenseLayer)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from fastmlp._validation import check_integer, check_real
from fastmlp.activations import Activation, resolve_activation


@dataclass(frozen=True)
class Dense:
    """A fully connected layer: a = activation(x W + b), W of shape (inputs, units).

    Parameters
    ----------
    units : int
        Number of outputs, at least 1.
    activation : str or activation object, default "identity"
        See ``fastmlp.activations``.
    l1, l2 : float, optional
        Penalties of this layer's weights, in place of the network's.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.Dense(128, "relu")
    Dense(units=128, activation=ReLU(), l1=None, l2=None)
    """

    units: int
    activation: str | Activation = "identity"
    l1: float | None = None
    l2: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "units", check_integer(self.units, "units", minimum=1))
        object.__setattr__(self, "activation", resolve_activation(self.activation))
        for name in ("l1", "l2"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, check_real(value, name, minimum=0.0))


@dataclass(frozen=True, eq=False)
class DenseLayer:
    """A layer of a built network: its description, and views on its parameters (writing changes the network)."""

    units: int
    activation: Activation
    l1: float
    l2: float
    weights: npt.NDArray[Any]
    bias: npt.NDArray[Any]
