"""A network as an ONNX model, described at ``Network.to_onnx``: its inputs, and outputs as ``predict`` has them."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from fastmlp._export.names import checked_features
from fastmlp._export.onnx_graph import TEXT, Graph, Value, check_path, texts, write_file
from fastmlp._export.onnx_network import add_network
from fastmlp._export.origin import origin_of
from fastmlp._files.model_file import Content
from fastmlp._model.model import Model
from fastmlp._model.outputs import Meaning, is_classifier

INPUTS, LABEL, VALUES = "inputs", "label", "values"
# what stands beside the label
BESIDE: dict[Meaning, str] = {"many": "probabilities", "binary": "probabilities", "scores": "scores", "score": "scores"}


def write(content: Content, path: str | os.PathLike[str], *, feature_names: Sequence[str] | None = None) -> None:
    """Write the model of a network; what cannot be written leaves no file."""
    check_path(path)
    write_file(path, encoded(content, feature_names))


def encoded(content: Content, feature_names: Sequence[str] | None) -> bytes:
    """Return the file."""
    model, architecture = content.model, content.model.architecture
    features = checked_features(feature_names, architecture.n_inputs)
    # first, for what it refuses
    origin = origin_of(content)
    # for what has not been learned yet
    model.check_scaling_is_known()
    meaning, dtype = architecture.meaning, architecture.dtype
    classes = content.classes if is_classifier(meaning) else None
    inputs = Value(INPUTS, dtype, architecture.n_inputs)
    if is_classifier(meaning):
        columns = 2 if meaning == "binary" else architecture.n_outputs
        label = Value(LABEL, np.dtype(np.int64) if classes is None else TEXT, None)
        outputs = [label, Value(BESIDE[meaning], dtype, columns)]
    else:
        wide = np.dtype(np.float64) if model.units is not None else dtype
        outputs = [Value(VALUES, wide, architecture.n_outputs)]
    graph = Graph(dtype, [inputs], outputs)
    last = add_network(graph, model, INPUTS)
    if is_classifier(meaning):
        _add_classes(graph, meaning, last, classes)
    else:
        _add_values(graph, model, last)
    return graph.encoded(origin, {"feature_names": features, "classes": classes})


def _add_classes(graph: Graph, meaning: Meaning, last: str, classes: Sequence[str] | None) -> None:
    """Add the label, and what it is made of."""
    own_name = LABEL if classes is None else None
    if meaning in ("binary", "score"):
        first = graph.add("Squeeze", last, graph.sizes(1))
        if meaning == "binary":
            is_one = graph.add("GreaterOrEqual", first, graph.number(0.5))
        else:
            is_one = graph.add("Greater", first, graph.number(0.0))
        label = graph.cast(is_one, np.int64, named=own_name)
    else:
        label = add_argmax(graph, last, named=own_name)
    if classes is not None:
        graph.add("Gather", graph.array("classes", texts(classes)), label, named=LABEL)
    if meaning == "binary":
        other = graph.add("Sub", graph.number(1.0), last)
        graph.add("Concat", other, last, named=BESIDE[meaning], axis=1)
    else:
        graph.add("Identity", last, named=BESIDE[meaning])


def add_argmax(graph: Graph, outputs: str, named: str | None = None) -> str:
    """Add the number of the largest output, of equal ones the first."""
    return graph.add("ArgMax", outputs, named=named, axis=1, keepdims=0)


def _add_values(graph: Graph, model: Model, last: str) -> None:
    """Add values or counts, in the units of the targets."""
    if model.units is not None:
        wide = np.dtype(np.float64)
        deviation, mean = (graph.array(f"targets.{name}", getattr(model.units, name)) for name in ("deviation", "mean"))
        graph.add("Add", graph.add("Mul", graph.cast(last, wide), deviation), mean, named=VALUES)
    else:
        graph.add("Exp" if model.architecture.meaning == "log_rates" else "Identity", last, named=VALUES)
