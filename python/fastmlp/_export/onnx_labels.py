"""Labels that the nodes of an ONNX model make of outputs, as it is read, and what a network must be to give the same.

A label is followed from the column or the threshold that it comes from to what it is called: names are looked up as the
nodes do. Shapes of labels are left out: there is one for each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastmlp._export.onnx_functions import RefusedError
from fastmlp._export.onnx_graph import onnx
from fastmlp._export.onnx_values import Condition, Label, Pair, Rows, Settings, Value
from fastmlp.activations import Activation, Sigmoid, Softmax
from fastmlp.losses import Hinge, Perceptron

# nodes that leave labels as they are
KEEPING = ("Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten")
# by the number that makes a label 1 if it is exceeded
RULES = {0.5: "half", 0.0: "zero"}
KINDS = ("int64s", "strings", "floats")


def largest(value: Rows | Pair, given: Settings) -> Label:
    """Return the label that is the number of the largest column."""
    axis = given.get("axis", 0)
    given.forget("keepdims")
    if axis not in (1, -1) or given.get("select_last_index", 0):
        raise RefusedError("is not the first of the largest columns of a row")
    if isinstance(value, Pair):
        return Label(value.second, "half", (0, 1))
    if value.is_flat or value.stage.width < 2:
        raise RefusedError("makes labels of a single column")
    return Label(value, "largest", tuple(range(value.stage.width)))


def exceeded(condition: Condition, given: Settings) -> Label:
    """Return the label that says whether a number is exceeded."""
    number = condition.above[1] if condition.above is not None else None
    if condition.above is None or condition.rows.stage.width != 1 or number not in RULES:
        raise RefusedError("makes labels by another threshold than a network's, 0.5 of a probability or 0 of a score")
    return _cast(Label(condition.above[0], RULES[number], (0, 1)), given)  # type: ignore[arg-type]


def of_label(operator: str, inputs: list[Value], given: Settings) -> Label:
    """Return what a node makes of a label."""
    first = inputs[0]
    if operator in KEEPING and isinstance(first, Label):
        given.forget("axis", "axes", "allowzero")
        return first
    if operator == "Cast":
        return _cast(inputs[0], given)
    if operator == "LabelEncoder":
        return _encoded(inputs[0], given)
    if operator in ("Gather", "ArrayFeatureExtractor") and isinstance(inputs[1], Label):
        names, label = first, inputs[1]
        is_row = isinstance(names, np.ndarray) and names.size == names.shape[-1] and names.ndim <= 2
        if is_row and (names.ndim == 1 or operator == "ArrayFeatureExtractor") and not given.get("axis", 0):
            listed = _plain(names.ravel().tolist())
            return Label(label.rows, label.rule, tuple(listed[place] for place in label.values))
    raise RefusedError("makes something else of labels")


def names_of(values: Sequence[Any]) -> list[str] | None:
    """Return how the classes are called that have these values, None if these are their numbers."""
    named = _plain(values)
    if any(isinstance(name, float) and not name.is_integer() for name in named):
        raise RefusedError("makes labels that are neither text nor whole numbers")
    named = [int(name) if isinstance(name, float) else name for name in named]
    if named == list(range(len(named))):
        return None
    if len({str(name) for name in named}) != len(named):
        raise RefusedError("gives two classes the same label")
    return [str(name) for name in named]


def check_label(label: Label, outputs: Rows, last: Activation) -> None:
    """Refuse a label that a network of these outputs does not predict."""
    is_probability = isinstance(last, Sigmoid | Softmax)
    is_same = label.rows.stage is outputs.stage and label.rows.is_plain and outputs.is_plain
    is_before = is_probability and label.rows.text == "x"
    rule = "largest"
    if outputs.stage.width == 1:
        rule = "half" if is_probability and not is_before else "zero"
    if not is_same or label.rule != rule or not (is_before or label.rows.text == outputs.text):
        raise RefusedError("makes labels of something else than the outputs, or in another way than a network does")


def loss_of_scores(last: Activation) -> str | None:
    """Return the loss with which outputs beside labels mean these; None: they are probabilities."""
    if isinstance(last, Sigmoid | Softmax):
        return None
    losses = (kind for kind in (Hinge, Perceptron) if last.name in (kind.last_activations or ()))
    found = next(losses, None)
    if found is None:
        raise RefusedError(f"makes labels of outputs after {last.spelled}, where a network has none")
    return found.name


def _plain(values: Sequence[Any]) -> list[Any]:
    return [one.decode("utf-8") if isinstance(one, bytes) else one for one in values]


def _cast(label: Label, given: Settings) -> Label:
    given.forget("saturate", "round_mode")
    to = given["to"]
    if to == onnx().TensorProto.STRING:
        if not all(isinstance(value, int) for value in label.values):
            raise RefusedError("makes text of labels that are no whole numbers")
        return label._replace(values=tuple(map(str, label.values)))
    if any(isinstance(value, str) for value in label.values):
        raise RefusedError("makes numbers of text")
    found = np.array(label.values).astype(onnx().helper.tensor_dtype_to_np_dtype(to)).tolist()
    if found != list(label.values):
        raise RefusedError("makes other numbers of labels")
    return label._replace(values=tuple(found))


def _encoded(label: Label, given: Settings) -> Label:
    keys, values = (
        next((given.get(f"{part}_{kind}") for kind in KINDS if f"{part}_{kind}" in given), None)
        for part in ("keys", "values")
    )
    given.forget("default_int64", "default_string", "default_float")
    if keys is None or values is None:
        raise RefusedError("has no lists of keys and values")
    table = dict(zip(_plain(keys), _plain(values), strict=True))
    if any(value not in table for value in label.values):
        raise RefusedError("has no key for a class")
    return label._replace(values=tuple(table[value] for value in label.values))
