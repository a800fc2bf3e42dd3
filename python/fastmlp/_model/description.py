"""The layers of a model in order, with their arrays and settings: the one walk for everything that tells of a model.

Summaries, files and exporters go through ``described`` and ``settings_of``; they say how it is written, not where it is
found. The rest of a model (inputs, loss, dtype, seed) is in its architecture, but for the scaling of its targets, which
outputs take back: ``model.target_scaling``. Names of classes and metadata are the Network's. Who writes numbers asks
``model.guard.check_access()`` first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastmlp._model.model import Model
from fastmlp.activations import Activation
from fastmlp.embeddings import Embedding
from fastmlp.initializers import Initializer
from fastmlp.layers import Layer, WeightedLayer
from fastmlp.scalings import Scaling

Array = npt.NDArray[Any]


def finite_copy(values: Array, name: str, done: str) -> Array:
    """Return a copy of this moment, without the gaps of a padded leading dimension; ``done``: what else would be."""
    if not np.isfinite(values).all():
        raise ValueError(
            f"{name} holds NaN or infinity, and this network was not {done}: set finite numbers, or train again, with "
            "a smaller learning rate for example."
        )
    return np.array(values, order="C")


def finite_copies(weights: Array, bias: Array, number: int, done: str) -> tuple[Array, Array]:
    """Return copies of the weights and bias of a layer, the ``number``-th of ``Network.layers``."""
    layer = f"layers[{number}]"
    return finite_copy(weights, f"{layer}.weights", done), finite_copy(bias, f"{layer}.bias", done)


class Described(NamedTuple):
    """One layer of the list that made the network, as it is now.

    Attributes
    ----------
    layer : layer object
        Its settings, with nothing left open: penalties in force, a scaling with what it has learned.
    weights, bias : arrays (inputs, units * pieces) and (units * pieces,), or None
        Views on the numbers of a layer that has them; an embedding that is trained has weights alone, of each input its
        own.
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
        elif isinstance(layer, Embedding) and model.embedding_settings is not None:
            yield Described(model.embedding_settings, model.embedding_parameters)
        elif isinstance(layer, WeightedLayer):
            numbers = next(built)
            yield Described(layer, numbers.weights, numbers.bias)
        else:
            yield Described(layer)


def settings_of(kind: Any) -> dict[str, Any]:
    """Return the settings of a layer, a loss, an activation or an initializer by name, in order.

    What is an activation or an initializer itself is its name and its settings in turn.

    Examples
    --------
    >>> import fastmlp as fm
    >>> settings_of(fm.Dense(3, fm.activations.ELU(0.5), l2=0.1))["activation"]
    {'name': 'elu', 'alpha': 0.5}
    """
    settings: dict[str, Any] = {}
    for field in fields(kind):
        value = getattr(kind, field.name)
        is_kind = isinstance(value, Activation | Initializer)
        settings[field.name] = {"name": value.name, **settings_of(value)} if is_kind else value
    return settings
