"""A layer of a built network, as ``net.layers`` shows it: its settings in force, and its numbers to read and write."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from fastmlp.activations import Activation
from fastmlp.initializers import Initializer


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
