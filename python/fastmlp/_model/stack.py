"""Which layers there are, the order in which they may stand, and what lies before each layer with weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from fastmlp._checks.arguments import is_list
from fastmlp._checks.registry import by_name
from fastmlp._checks.text import brief
from fastmlp.activations import Softmax
from fastmlp.embeddings import Embedding, Periodic, PiecewiseLinear
from fastmlp.layers import MAX_UNITS, Dense, Dropout, Layer, LayerNorm, Maxout, WeightedLayer
from fastmlp.scalings import Rescale, RobustScale, Scaling, Standardize

LAYERS: dict[str, type[Layer]] = by_name(
    Dense, Maxout, Dropout, LayerNorm, Standardize, Rescale, RobustScale, PiecewiseLinear, Periodic
)


class Placed(NamedTuple):
    """A layer with weights, and the layers before it that change its inputs."""

    layer: WeightedLayer
    before: tuple[Layer, ...] = ()

    @property
    def dropout(self) -> float:
        """The rate at which the inputs are dropped in training."""
        return next((layer.rate for layer in self.before if isinstance(layer, Dropout)), 0.0)

    @property
    def normalizes(self) -> bool:
        """Whether the inputs are normalized over the units before."""
        return any(isinstance(layer, LayerNorm) for layer in self.before)

    @property
    def core_settings(self) -> dict[str, Any]:
        """What the core is told of the layer and of its inputs."""
        settings = dict(self.layer.core_settings)
        for layer in self.before:
            settings |= layer.core_settings
        return settings


def placed(layers: Iterable[Layer]) -> list[Placed]:
    """Return the layers with weights of a list that was checked."""
    found: list[Placed] = []
    before: list[Layer] = []
    for layer in layers:
        if isinstance(layer, WeightedLayer):
            found.append(Placed(layer, tuple(before)))
            before = []
        else:
            before.append(layer)
    return found


def shapes_of(n_inputs: int, layers: Iterable[Placed]) -> list[tuple[tuple[int, int], tuple[int]]]:
    """Return the shapes of the weights and of the bias of each layer."""
    shapes: list[tuple[tuple[int, int], tuple[int]]] = []
    for layer, before in layers:
        embedding = embedding_of(before)
        n_inputs = n_inputs if embedding is None else embedding.width_of(n_inputs)
        columns = layer.units * layer.pieces
        shapes.append(((n_inputs, columns), (columns,)))
        n_inputs = layer.units
    return shapes


def scaling_of(layers: Iterable[Layer]) -> Scaling | None:
    """Return the scaling of the inputs, if there is one."""
    return next((layer for layer in layers if isinstance(layer, Scaling)), None)


def embedding_of(layers: Iterable[Layer]) -> Embedding | None:
    """Return the embedding of the inputs, if there is one."""
    return next((layer for layer in layers if isinstance(layer, Embedding)), None)


def sums_bins(layers: Iterable[Placed]) -> bool:
    """Return whether the first layer sums its weights over the bins that are filled: not where dropout takes shares."""
    first = next(iter(layers))
    return isinstance(embedding_of(first.before), PiecewiseLinear) and first.dropout == 0.0


def check_stack(value: Iterable[Layer], n_inputs: int) -> list[Layer]:
    """Return the layers as a list, if they can stand in this order in a network of so many inputs."""
    if not is_list(value):
        raise TypeError(
            f"layers must be a list of layers, got {brief(value)}: write [fm.Dense(10, 'softmax')], for example."
        )
    layers = list(value)
    if not layers:
        raise ValueError("layers is empty, but a network needs a layer: write [fm.Dense(10, 'softmax')], for example.")
    before: Layer | None = None
    has_weights = False
    for index, layer in enumerate(layers):
        _check_place(layer, f"layers[{index}]", before, has_weights=has_weights)
        before = layer
        has_weights = has_weights or isinstance(layer, WeightedLayer)
    if not has_weights:
        raise ValueError("layers has no Dense, but a network needs one: add fm.Dense(10, 'softmax'), for example.")
    if not isinstance(before, Dense):
        kind = type(before).__name__
        raise ValueError(f"layers[{len(layers) - 1}] is {kind}, but the outputs need a Dense: end with a Dense.")
    for index, layer in enumerate(layers[:-1]):
        if isinstance(layer, Dense) and isinstance(layer.activation, Softmax):
            raise ValueError(f"layers[{index}] has softmax, but only the last layer may: use 'relu' or 'tanh' there.")
    scaling, embedding = scaling_of(layers), embedding_of(layers)
    if scaling is not None and scaling.n_columns not in (None, n_inputs):
        raise ValueError(
            f"{type(scaling).__name__} is for {scaling.n_columns} inputs, but the network has {n_inputs}: "
            "give one number for each input."
        )
    if embedding is not None and embedding.n_columns not in (None, n_inputs):
        raise ValueError(
            f"{type(embedding).__name__} is for {embedding.n_columns} inputs, but the network has {n_inputs}: "
            "give edges for each input."
        )
    if embedding is not None and embedding.columns is not None and embedding.columns > n_inputs:
        raise ValueError(
            f"{embedding.spelled} embeds {embedding.columns} inputs, but the network has {n_inputs}: lower columns."
        )
    if embedding is not None and max(embedding.width, embedding.n_parameters) * n_inputs > MAX_UNITS:
        raise ValueError(f"{embedding.spelled} of {n_inputs} inputs is larger than any memory: make it smaller.")
    return layers


def _check_place(layer: Layer, where: str, before: Layer | None, *, has_weights: bool) -> None:
    """Refuse what is no layer, or cannot stand right after ``before``."""
    if not isinstance(layer, tuple(LAYERS.values())):
        raise TypeError(f"{where} must be a layer, got {brief(layer)}: write fm.Dense(10, 'relu'), for example.")
    if isinstance(layer, LayerNorm):
        if not has_weights:
            raise ValueError(f"{where} is LayerNorm before the first Dense: use Standardize for inputs.")
        if isinstance(before, Dropout | LayerNorm):
            raise ValueError(f"{where} is LayerNorm after Dropout or LayerNorm: put it right after a Dense.")
    elif isinstance(layer, Dropout):
        if isinstance(before, Dropout):
            raise ValueError(f"{where} is Dropout right after Dropout: put one of them there, or a Dense between.")
    elif isinstance(layer, Embedding):
        kind = type(layer).__name__
        if isinstance(before, Embedding):
            raise ValueError(f"{where} is {kind} after {type(before).__name__}: a network has one embedding at most.")
        if before is not None and not isinstance(before, Scaling):
            raise ValueError(f"{where} is {kind}, which embeds inputs: put it first, or right after a scaling.")
    elif isinstance(layer, Scaling) and isinstance(before, Embedding):
        raise ValueError(f"{where} is {type(layer).__name__} after an embedding: scale the numbers before it.")
    elif isinstance(layer, Scaling) and before is not None:
        raise ValueError(f"{where} is {type(layer).__name__}, which scales inputs: it must be the first layer.")
