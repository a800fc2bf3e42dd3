"""What a network is made of: the description of a layer (Dense) and the layer of a built network (DenseLayer)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from fastmlp._validation import check_integer, check_real
from fastmlp.activations import Activation, Softmax, resolve_activation

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
        object.__setattr__(self, "units", check_integer(self.units, "units", minimum=1, maximum=MAX_UNITS))
        object.__setattr__(self, "activation", resolve_activation(self.activation))
        for name in ("l1", "l2"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, check_real(value, name, minimum=0.0))


def resolve_layers(value: Iterable[Dense]) -> list[Dense]:
    """Return the layers as a list: at least one, all Dense, softmax in the last one only."""
    if not isinstance(value, Iterable):
        raise TypeError(
            f"layers must be a list of layers, got {value!r}: write [fm.Dense(10, 'softmax')], for example."
        )
    layers = list(value)
    if not layers:
        raise ValueError("layers is empty, but a network needs a layer: write [fm.Dense(10, 'softmax')], for example.")
    for index, layer in enumerate(layers):
        if not isinstance(layer, Dense):
            raise TypeError(f"layers[{index}] must be a layer, got {layer!r}: write fm.Dense(10, 'relu'), for example.")
        if isinstance(layer.activation, Softmax) and index < len(layers) - 1:
            raise ValueError(f"layers[{index}] has softmax, but only the last layer may: use 'relu' or 'tanh' there.")
    return layers


@dataclass(frozen=True, eq=False)
class DenseLayer:
    """A layer of a built network: its description, and views on its parameters (writing changes the network).

    Attributes
    ----------
    units : int
    activation : activation object
    l1, l2 : float
        Penalties in force: the layer's own, or the network's.
    weights : array of shape (inputs, units)
        Write into it, ``layer.weights[:] = values``, to change the network.
    bias : array of shape (units,)
        Likewise.
    """

    units: int
    activation: Activation
    l1: float
    l2: float
    weights: npt.NDArray[Any] = field(repr=False)
    bias: npt.NDArray[Any] = field(repr=False)
