"""The layers of a network as nodes of ONNX, from the rows of inputs to the outputs of ``forward``.

Layers come from the one walk over them (_model/description.py); a kind that has nothing here is refused, in a sentence
that names it. Activations are in onnx_activations.py; what outputs mean, and the file, is onnx_file.py's and, of
estimators for tables, onnx_table.py's.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.text import brief
from fastmlp._export.constants import NORMALIZATION_EPSILON
from fastmlp._export.onnx_activations import activated
from fastmlp._export.onnx_graph import Graph
from fastmlp._model.description import described
from fastmlp._model.embedding import edges_of, waves_of
from fastmlp._model.model import Model
from fastmlp._model.scaling import ColumnScaling
from fastmlp.embeddings import Periodic, PiecewiseLinear
from fastmlp.layers import Dense, Dropout, Layer, LayerNorm, Maxout
from fastmlp.scalings import Scaling

# beyond so many times the limit the clip gives the limit itself, and a square is still a number: the core's
CLIP_FAR = 2.0**26
# beyond so much the core takes a number, and a frequency or a phase in turns, for that
MOST_NUMBER = {np.dtype(np.float32): 2.0**33, np.dtype(np.float64): 2.0**92}
MOST_TURNS = 1024.0


def add_network(
    graph: Graph, model: Model, rows: str, *, prefix: str = "", rows_dtype: np.dtype[Any] | None = None
) -> str:
    """Add a network of rows of inputs; return the outputs of its last layer.

    A prefix begins the names of its constants; rows of another dtype than the graph's are scaled in that.
    """
    at, width, number = rows, model.architecture.n_inputs, 0
    given = graph.dtype if rows_dtype is None else rows_dtype
    if given != graph.dtype and model.columns is None:
        at = graph.cast(at, graph.dtype)
    for index, (layer, weights, bias) in enumerate(described(model)):
        if isinstance(layer, Scaling):
            if model.columns is not None:
                at = _scaled(graph, model.columns, at, given, f"{prefix}scaling")
        elif isinstance(layer, PiecewiseLinear):
            at, width = _bins(graph, layer, at, width), width * layer.width
        elif isinstance(layer, Periodic) and weights is not None:
            at, width = _waves(graph, layer, weights, at), width * layer.width
        elif isinstance(layer, Dense | Maxout) and weights is not None and bias is not None:
            names = (f"{prefix}layers.{number}.weights", f"{prefix}layers.{number}.bias")
            arrays = [graph.array(name, values) for name, values in zip(names, (weights, bias), strict=True)]
            at = activated(graph, layer.activation_object, _product(graph, at, *arrays))
            if layer.pieces > 1:
                pieces = graph.add("Reshape", at, graph.sizes(0, layer.pieces, layer.units))
                at = graph.add("ReduceMax", pieces, axes=[1], keepdims=0)
            width, number = layer.units, number + 1
        elif isinstance(layer, LayerNorm):
            at = _normalized(graph, at)
        elif not isinstance(layer, Dropout):
            _refuse_layer(index, layer)
    return at


def _scaled(graph: Graph, columns: ColumnScaling, x: str, numbers: np.dtype[Any], name: str) -> str:
    """Add the scaling of inputs, in this dtype."""
    shift = graph.array(f"{name}.shift", columns.shift.astype(numbers))
    scale = graph.array(f"{name}.scale", columns.scale.astype(numbers))
    z = graph.add("Mul", graph.add("Sub", x, shift), scale)
    if columns.limit:
        z = _clipped(graph, z, columns.limit, numbers)
    return z if numbers == graph.dtype else graph.cast(z, graph.dtype)


def _clipped(graph: Graph, z: str, limit: float, numbers: np.dtype[Any]) -> str:
    """Add a smooth clip."""
    far = limit * CLIP_FAR
    z = graph.add("Clip", z, graph.number(-far, numbers), graph.number(far, numbers))
    part = graph.add("Mul", z, graph.number(1.0 / limit, numbers))
    square = graph.add("Add", graph.add("Mul", part, part), graph.number(1.0, numbers))
    return graph.add("Div", z, graph.add("Sqrt", square))


def _product(graph: Graph, a: str, weights: str, bias: str) -> str:
    """Add a W + b."""
    if graph.dtype == np.float32:
        return graph.add("Gemm", a, weights, bias)
    # of Gemm, or of MatMul and Add, and an activation onnxruntime 1.16 makes FusedGemm, which it has in float32 alone
    return graph.add("Sum", graph.add("MatMul", a, weights), bias)


def _normalized(graph: Graph, a: str) -> str:
    """Add a normalization, by differences from the mean.

    In LayerNormalization onnxruntime 1.16 subtracts a square from a mean of squares, where digits are lost.
    """
    centred = graph.add("Sub", a, graph.add("ReduceMean", a, axes=[1], keepdims=1))
    variance = graph.add("ReduceMean", graph.add("Mul", centred, centred), axes=[1], keepdims=1)
    return graph.add("Div", centred, graph.add("Sqrt", graph.add("Add", variance, graph.number(NORMALIZATION_EPSILON))))


def _bins(graph: Graph, layer: PiecewiseLinear, x: str, n_inputs: int) -> str:
    """Add the shares of bins, one without width is empty; inputs behind them go on as they are."""
    columns = n_inputs if layer.columns is None else layer.columns
    behind = ""
    if columns < n_inputs:
        ends, axis = graph.sizes(columns), graph.sizes(1)
        x, behind = (
            graph.add("Slice", x, graph.sizes(0), ends, axis),
            graph.add("Slice", x, ends, graph.sizes(n_inputs), axis),
        )
    lower, upper = (edges.astype(graph.dtype) for edges in edges_of(layer, n_inputs))
    span = upper - lower
    inverse = np.divide(1, span, out=np.zeros_like(span), where=span > 0)
    numbers = graph.add("Unsqueeze", x, graph.sizes(2))
    above = graph.add("Sub", numbers, graph.array("embedding.edges", lower))
    shares = graph.add("Mul", above, graph.array("embedding.inverse_widths", inverse))
    clipped = graph.add("Clip", shares, graph.number(0.0), graph.number(1.0))
    shares = graph.add("Reshape", clipped, graph.sizes(0, lower.size))
    return graph.add("Concat", shares, behind, axis=1) if behind else shares


def _waves(graph: Graph, layer: Periodic, parameters: npt.NDArray[Any], x: str) -> str:
    """Add the sums of cosines of each input, and the input itself.

    Turns are float64, in which the product of two numbers of float32 is exact: what is left of many turns is right.
    """
    wide, most = np.dtype(np.float64), MOST_NUMBER[graph.dtype]
    waves = waves_of(layer, parameters)
    frequencies, phases = (
        np.clip(turns.astype(wide), -MOST_TURNS, MOST_TURNS) for turns in (waves.frequencies, waves.phases)
    )
    numbers = graph.add("Unsqueeze", x, graph.sizes(2))
    within = graph.add("Clip", graph.cast(numbers, wide), graph.number(-most, wide), graph.number(most, wide))
    turns = graph.add("Mul", within, graph.array("embedding.frequencies", frequencies))
    rest = graph.add("Sub", turns, graph.add("Round", turns))
    # a cosine is a sine a quarter turn later, and onnxruntime 1.16 has none in float64
    turned = graph.add("Add", rest, graph.array("embedding.phases", phases + 0.25))
    cosines = graph.cast(graph.add("Sin", graph.add("Mul", turned, graph.number(2.0 * math.pi, wide))), graph.dtype)
    weights = graph.array("embedding.weights", np.ascontiguousarray(waves.weights))
    bias = graph.array("embedding.bias", np.ascontiguousarray(waves.bias))
    sums = graph.add("Add", graph.add("Einsum", cosines, weights, equation="nik,iku->niu"), bias)
    together = graph.add("Concat", sums, numbers, axis=2)
    return graph.add("Reshape", together, graph.sizes(0, len(parameters) * layer.width))


def _refuse_layer(index: int, layer: Layer) -> None:
    """Say that a layer of the list that made the network cannot be written."""
    raise ValueError(
        f"layers[{index}] is {brief(layer)}, which cannot be written as ONNX: Dense, Maxout, LayerNorm, Dropout, "
        "embeddings and the scalings of inputs can."
    )
