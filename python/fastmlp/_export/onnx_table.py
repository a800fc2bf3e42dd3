"""An estimator for tables as an ONNX model: an input for each column, its networks, and the means of what these say.

What a column is, the caller says (sklearn/_tabular), as the estimator's file has it; the networks are written in
onnx_network.py. ONNX has no missing text: the empty one stands for it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._export.c_table import TableContent
from fastmlp._export.names import spellings
from fastmlp._export.onnx_file import LABEL, VALUES, add_argmax
from fastmlp._export.onnx_graph import TABLES, TEXT, Graph, Value, check_path, texts, utf8, write_file
from fastmlp._export.onnx_network import add_network
from fastmlp._export.origin import origin_of_estimator

PROBABILITIES = "probabilities"
WIDE = np.dtype(np.float64)
MOST_LABEL = 2**63 - 1


def write(content: TableContent, path: str | os.PathLike[str]) -> None:
    """Write the model; what cannot be written leaves no file."""
    check_path(path)
    write_file(path, encoded(content))


def encoded(content: TableContent) -> bytes:
    """Return the file."""
    origin = origin_of_estimator(content.estimator)
    columns = content.estimator.description["columns"]
    models = [one.model for one in content.estimator.networks]
    architecture = models[0].architecture
    dtype, outputs = architecture.dtype, architecture.n_outputs
    names = _input_names(content.feature_names, len(columns))
    inputs = [Value(name, WIDE if "numbers" in of else TEXT, 1) for name, of in zip(names, columns, strict=True)]
    if content.units is None:
        labels = _labels(content.estimator.description["classes"]["values"])
        graph = Graph(dtype, inputs, [Value(LABEL, labels.dtype, None), Value(PROBABILITIES, dtype, outputs)])
    else:
        graph = Graph(dtype, inputs, [Value(VALUES, WIDE, outputs)])
    # with numbers among them rows are scaled in float64, as in Python
    rows_dtype = WIDE if any("median" in of for of in columns) else dtype
    rows = _rows(graph, list(zip(names, columns, strict=True)), rows_dtype)
    mean = ""
    for index, model in enumerate(models):
        one = add_network(graph, model, rows, prefix=f"networks.{index}.", rows_dtype=rows_dtype)
        times = content.times[index]
        one = one if times == 1 else graph.add("Mul", one, graph.number(times))
        mean = graph.add("Add", mean, one) if mean else one
    mean = graph.add("Div", mean, graph.number(sum(content.times)))
    if content.units is None:
        graph.add("Gather", graph.array("classes", labels), add_argmax(graph, mean), named=LABEL)
        _add_probabilities(graph, content, mean, outputs)
    else:
        center, deviation, least, greatest = (graph.number(value, WIDE) for value in content.units)
        values = graph.add("Add", graph.add("Mul", graph.cast(mean, WIDE), deviation), center)
        graph.add("Clip", values, least, greatest, named=VALUES)
    return graph.encoded(origin, {"feature_names": content.feature_names, "classes": content.classes})


def _input_names(given: Sequence[str] | None, columns: int) -> list[str]:
    """Return a name for each column: its own, unless that is none, one of two, or an output's."""
    names = [""] * columns if given is None else list(given)
    own = {name for name in names if name and names.count(name) == 1} - {LABEL, VALUES, PROBABILITIES}
    for name in own:
        utf8(name, "the name of a column,")
    own -= {f"column_{index}" for index, name in enumerate(names) if name not in own}
    return [name if name in own else f"column_{index}" for index, name in enumerate(names)]


def _labels(values: Sequence[Any]) -> npt.NDArray[Any]:
    """Return labels as ONNX has them: text, int64, float64 or bool."""
    if isinstance(values[0], str):
        return texts(values)
    if isinstance(values[0], int) and max(values) > MOST_LABEL:
        raise ValueError(
            f"the label {max(values)} is beyond the whole numbers of ONNX, at most {MOST_LABEL}: fit on text, "
            "y.astype(str)."
        )
    labels = np.array(values)
    return labels if labels.dtype.kind in "bf" else labels.astype(np.int64)


def _rows(graph: Graph, columns: Sequence[tuple[str, dict[str, Any]]], dtype: np.dtype[Any]) -> str:
    """Add what networks see of the columns: the numbers, those in bins first, then 0 and 1 for each category."""
    numbers = sorted((pair for pair in columns if "median" in pair[1]), key=lambda pair: not pair[1].get("in_bins"))
    parts = []
    if numbers:
        given = graph.add("Concat", *(_number(graph, *pair) for pair in numbers), axis=1)
        medians = graph.array("medians", np.array([of["median"] for _, of in numbers], dtype))
        parts.append(graph.add("Where", graph.add("IsNaN", given), medians, given))
    for index, (name, of) in enumerate(columns):
        if "median" not in of:
            place = _place(graph, name, _places(of, index))
            each = graph.array("places", np.arange(len(set(of["places"])), dtype=np.int64))
            parts.append(graph.cast(graph.add("Equal", place, each), dtype))
    return graph.add("Concat", *parts, axis=1)


def _number(graph: Graph, name: str, of: dict[str, Any]) -> str:
    """Return a column of numbers: its own, or of categories in order their places, NaN for what is none of them."""
    if "numbers" in of:
        return name
    place = _place(graph, name, {category: index for index, category in enumerate(of["order"])})
    is_known = graph.add("GreaterOrEqual", place, graph.array("first_place", np.array(0, np.int64)))
    return graph.add("Where", is_known, graph.cast(place, WIDE), graph.number(math.nan, WIDE))


def _place(graph: Graph, name: str, places: dict[str, int]) -> str:
    """Add the place that a text stands for, -1 for one that is not known."""
    return graph.add(
        "LabelEncoder",
        name,
        domain=TABLES,
        keys_strings=[utf8(key, "the category") for key in places],
        values_int64s=list(places.values()),
        default_int64=-1,
    )


def _places(column: dict[str, Any], index: int) -> dict[str, int]:
    """Return which of its columns of 0 and 1 a text stands for."""
    places: dict[str | None, int] = dict(zip(column["categories"], column["places"], strict=True))
    missing = places.pop(None, None)
    known = {name: place for name, place in places.items() if name is not None}
    if missing is not None:
        if known.get("", missing) != missing:
            raise ValueError(
                f"column {index} has cells that are missing and cells of empty text, which ONNX does not "
                "tell apart: make them the same before fit."
            )
        known[""] = missing
    if column["is_bool"]:
        known |= spellings(known)
    return known


def _add_probabilities(graph: Graph, content: TableContent, mean: str, outputs: int) -> None:
    """Add probabilities freed of the label smoothing of the training."""
    smoothed = graph.add("Sub", mean, graph.number(content.smoothing / outputs))
    freed = graph.add("Div", smoothed, graph.number(1.0 - content.smoothing))
    kept = graph.add("Max", freed, graph.number(content.least))
    graph.add("Div", kept, graph.add("ReduceSum", kept, graph.sizes(1), keepdims=1), named=PROBABILITIES)
