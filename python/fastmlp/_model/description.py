"""The layers of a model in order, with their arrays and settings: the one walk for everything that tells of a model.

Summaries, files and exporters go through ``described``; they say how it is written, not where it is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy.typing as npt

from fastmlp._model.model import Model
from fastmlp.layers import Layer, WeightedLayer
from fastmlp.scalings import Scaling

Array = npt.NDArray[Any]


class Described(NamedTuple):
    """One layer of the list that made the network, as it is now.

    Attributes
    ----------
    layer : layer object
        Its settings, with nothing left open: penalties in force, a scaling with what it has learned.
    weights, bias : arrays (inputs, units * pieces) and (units * pieces,), or None
        Views on the numbers of a layer that has them.
    """

    layer: Layer
    weights: Array | None = None
    bias: Array | None = None


def described(model: Model) -> Iterator[Described]:
    """Yield the layers from the inputs to the outputs."""
    built = iter(model.layers)
    for layer in model.architecture.layers:
        if isinstance(layer, Scaling) and model.scaling is not None:
            yield Described(model.scaling)
        elif isinstance(layer, WeightedLayer):
            numbers = next(built)
            yield Described(layer, numbers.weights, numbers.bias)
        else:
            yield Described(layer)
