"""The order in which layers may stand, and what a list of them comes to: layers with weights, and what lies between."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from fastmlp.activations import Softmax
from fastmlp.layers import AnyLayer, Dense, Dropout, LayerNorm, Maxout, Scaling


class Stack(NamedTuple):
    """A list of layers, sorted by what they are."""

    dense: list[Dense | Maxout]
    dropout: tuple[float, ...]  # of the inputs of each dense layer
    normalizes: tuple[bool, ...]  # the inputs of each dense layer
    scaling: Scaling | None


def resolve_layers(value: Iterable[AnyLayer]) -> Stack:
    """Return the layers sorted, if they can stand in this order."""
    if not isinstance(value, Iterable):
        raise TypeError(
            f"layers must be a list of layers, got {value!r}: write [fm.Dense(10, 'softmax')], for example."
        )
    layers = list(value)
    if not layers:
        raise ValueError("layers is empty, but a network needs a layer: write [fm.Dense(10, 'softmax')], for example.")
    scaling = layers[0] if isinstance(layers[0], Scaling) else None
    dense: list[Dense | Maxout] = []
    dropout: list[float] = []
    normalizes: list[bool] = []
    # what waits for the dense layer whose inputs it changes
    waiting: Dropout | None = None
    normalizing = False
    for index, layer in enumerate(layers):
        where = f"layers[{index}]"
        if isinstance(layer, Dense | Maxout):
            dense.append(layer)
            dropout.append(waiting.rate if waiting is not None else 0.0)
            normalizes.append(normalizing)
            waiting, normalizing = None, False
        elif isinstance(layer, LayerNorm):
            if not dense:
                raise ValueError(f"{where} is LayerNorm before the first Dense: use Standardize for inputs.")
            if normalizing or waiting is not None:
                raise ValueError(f"{where} is LayerNorm after Dropout or LayerNorm: put it right after a Dense.")
            normalizing = True
        elif isinstance(layer, Dropout):
            if waiting is not None:
                raise ValueError(f"{where} is Dropout right after Dropout: put one of them there, or a Dense between.")
            waiting = layer
        elif not isinstance(layer, Scaling):
            raise TypeError(f"{where} must be a layer, got {layer!r}: write fm.Dense(10, 'relu'), for example.")
        elif index > 0:
            raise ValueError(f"{where} is {type(layer).__name__}, which scales inputs: it must be the first layer.")
    if not dense:
        raise ValueError("layers has no Dense, but a network needs one: add fm.Dense(10, 'softmax'), for example.")
    if not isinstance(layers[-1], Dense):
        kind = type(layers[-1]).__name__
        raise ValueError(f"layers[{len(layers) - 1}] is {kind}, but the outputs need a Dense: end with a Dense.")
    for index, layer in enumerate(layers[:-1]):
        if isinstance(layer, Dense) and isinstance(layer.activation, Softmax):
            raise ValueError(f"layers[{index}] has softmax, but only the last layer may: use 'relu' or 'tanh' there.")
    return Stack(dense, tuple(dropout), tuple(normalizes), scaling)
