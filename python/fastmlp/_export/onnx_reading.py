"""An ONNX model as the layers of a network, where it is a chain of them; described at ``fastmlp.from_onnx``.

Every node makes a value of values (onnx_values.py), by its operator (onnx_operators.py); functions of single numbers
become formulas, and these activations (onnx_functions.py). Labels that are made of the outputs are passed over. What
fits nowhere is refused, in a sentence that names the node.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from fastmlp._checks.text import brief, listed, shortened
from fastmlp._export.onnx_functions import COMPARISONS, FUNCTIONS, OPERATIONS, activation_of, function_text
from fastmlp._export.onnx_graph import onnx
from fastmlp._export.onnx_operators import ROW_OPERATORS, combined, compared, of_constants, of_moments
from fastmlp._export.onnx_values import (
    SOFTMAX,
    Block,
    Condition,
    Floats,
    Label,
    Moment,
    RefusedError,
    Rows,
    Stage,
    Value,
    formula_of,
    text_of,
)
from fastmlp._files.names import check_path
from fastmlp._formula.syntax import MAX_LENGTH
from fastmlp.layers import Dense, Layer, LayerNorm
from fastmlp.scalings import Standardize

READ = "from_onnx reads chains of Gemm or MatMul and Add, activations, LayerNormalization and Softmax"
# of a file that is no mistake
MOST_INPUTS = 2**24
# nodes that change no number of rows
PASSING = ("Identity", "Dropout", "Flatten", "Reshape", "Squeeze", "Cast", "ZipMap")
# nodes that make labels of labels, and those among them that know the names of classes
NAMING = ("ArrayFeatureExtractor", "Gather")
OF_LABELS = ("Identity", "Reshape", "Cast", "Squeeze", "Unsqueeze", "Flatten", "LabelEncoder", *NAMING)


class Chain(NamedTuple):
    """The layers of a network and the arrays of those with weights, in order."""

    n_inputs: int
    layers: list[Layer]
    arrays: list[tuple[npt.NDArray[Any], npt.NDArray[Any]]]
    dtype: str
    target_scaling: Standardize | None
    classes: list[str] | None


def read(path: str | os.PathLike[str]) -> Chain:
    """Return what a file has; what is no chain of layers is an error."""
    name = check_path(path)
    library = onnx()
    if not os.path.isfile(name):
        raise FileNotFoundError(f"{shortened(name)} does not exist, or is no file.")
    try:
        model = library.load(name)
        library.checker.check_model(model)
    except OSError as error:
        raise ValueError(f"{shortened(name)} cannot be read: {error}.") from None
    except Exception as error:  # of protobuf, and of whatever onnx meets in a file
        raise ValueError(f"{shortened(name)} is no ONNX model: {brief(str(error))}.") from None
    return _Reader(model.graph, shortened(name), library).chain()


class _Reader:
    def __init__(self, graph: Any, name: str, library: Any) -> None:
        self._graph, self._name, self._library = graph, name, library
        self._values: dict[str, Value] = {}
        self._classes: list[str] | None = None
        self._dtype = "float32"

    def chain(self) -> Chain:
        """Return the layers."""
        to_array = self._library.numpy_helper.to_array
        for tensor in self._graph.initializer:
            self._values[tensor.name] = to_array(tensor)
        self._enter()
        for node in self._graph.node:
            given = {one.name: self._library.helper.get_attribute_value(one) for one in node.attribute}
            try:
                inputs = [self._values[one] if one else None for one in node.input]
                found = self._value_of(node.op_type, inputs, given)
                if isinstance(found, Rows | Condition) and len(found.text) > MAX_LENGTH:
                    raise RefusedError(f"makes a formula of more than {MAX_LENGTH} characters")
            except RefusedError as reason:
                raise self._refusal(node, str(reason)) from None
            except (ArithmeticError, LookupError, TypeError, ValueError):
                raise self._refusal(node, "does not fit what it is given") from None
            self._values[node.output[0]] = found
        return self._built(self._last())

    def _refusal(self, node: Any, reason: str) -> ValueError:
        name = node.name or node.output[0]
        return ValueError(f"{self._name}: the node {brief(name)} ({node.op_type}) {reason}: {READ}.")

    def _enter(self) -> None:
        """Find the input, which is not one of the constants."""
        inputs = [one for one in self._graph.input if one.name not in self._values]
        if len(inputs) != 1:
            names = listed([one.name for one in inputs])
            raise ValueError(f"{self._name} has {len(inputs)} inputs, {names}, but a network has one, (rows, inputs).")
        kind = inputs[0].type.tensor_type
        dtypes = {self._library.TensorProto.FLOAT: "float32", self._library.TensorProto.DOUBLE: "float64"}
        sizes = [dim.dim_value for dim in kind.shape.dim]
        if kind.elem_type not in dtypes or len(sizes) < 2 or not 0 < math.prod(sizes[1:]) <= MOST_INPUTS:
            raise ValueError(
                f"{self._name}: the input {brief(inputs[0].name)} must be rows of float32 or float64 with a known "
                "number of columns."
            )
        self._dtype = dtypes[kind.elem_type]
        rows = Rows(Stage(None, math.prod(sizes[1:])))
        self._values[inputs[0].name] = rows if len(sizes) == 2 else Block(rows)

    def _last(self) -> Rows:
        """Return the outputs that are rows; labels are made of them."""
        found = {one.name: self._values.get(one.name) for one in self._graph.output}
        rows = {name: value for name, value in found.items() if isinstance(value, Rows)}
        odd = [name for name, value in found.items() if not isinstance(value, Rows | Label)]
        if odd or len(rows) != 1:
            names = listed([*found])
            raise ValueError(f"{self._name} has the outputs {names}, but a network has one, and labels beside it.")
        return next(iter(rows.values()))

    # the value of a node -------------------------------------------------------------------------------------------

    def _value_of(self, operator: str, inputs: list[Value], given: dict[str, Any]) -> Value:
        if operator == "Constant":
            return self._constant(given)
        if all(isinstance(one, np.ndarray | None) for one in inputs):
            return of_constants(operator, cast("list[npt.NDArray[Any]]", inputs), given)
        if any(isinstance(one, Label) for one in inputs):
            return self._label(operator, inputs, given)
        if any(isinstance(one, Block) for one in inputs):
            if operator not in PASSING:
                raise RefusedError("takes inputs of several axes, which are not flattened before")
            flat = self._passed(operator, inputs[0].flat, inputs, given)
            return flat if operator in ("Flatten", "Reshape") else inputs[0]
        if any(isinstance(one, Moment) for one in inputs):
            return of_moments(operator, inputs, given)
        first = next(one for one in inputs if isinstance(one, Rows | Condition))
        if isinstance(first, Condition):
            return self._choice(operator, inputs, given)
        if operator == "ArgMax":
            return Label()
        if first.text == SOFTMAX and operator not in PASSING:
            raise RefusedError("stands after Softmax")
        if operator in PASSING:
            return self._passed(operator, first, inputs, given)
        if operator in FUNCTIONS or operator == "Gelu":
            rows = formula_of(first)
            return Rows(rows.stage, function_text(operator, given, rows.text))
        if operator in OPERATIONS:
            return combined(operator, inputs)
        if operator in COMPARISONS:
            return compared(operator, inputs)
        if operator not in ROW_OPERATORS:
            raise RefusedError("is of a kind that is not read")
        return ROW_OPERATORS[operator](inputs, given)

    def _constant(self, given: dict[str, Any]) -> npt.NDArray[Any]:
        if "value" in given:
            array: npt.NDArray[Any] = self._library.numpy_helper.to_array(given["value"])
            return array
        (value,) = given.values()
        return np.array(value)

    def _passed(self, operator: str, rows: Rows, inputs: list[Value], given: dict[str, Any]) -> Rows:
        width, kinds = rows.stage.width, self._library.TensorProto
        if operator == "Flatten" and given.get("axis", 1) != 1:
            raise RefusedError(f"has axis {given['axis']}, not 1")
        if operator == "Reshape":
            sizes = inputs[1].tolist() if isinstance(inputs[1], np.ndarray) else None
            if sizes not in ([-1, width], [0, width], [0, -1], *([[-1]] if width == 1 else [])):
                raise RefusedError(f"makes of rows of {width} numbers something else")
        if operator == "Squeeze" and width != 1:
            raise RefusedError(f"makes of rows of {width} numbers something else")
        if operator == "Cast" and given["to"] not in (kinds.FLOAT, kinds.DOUBLE):
            raise RefusedError("makes numbers of another kind")
        if operator == "Cast" and self._dtype == "float32" and given["to"] == kinds.DOUBLE:
            # from here on with more digits than weights have: the units of targets
            return Rows(rows.stage, rows.text, *rows.affine)
        if operator == "ZipMap":
            self._learn_classes(given.get("classlabels_strings") or given.get("classlabels_int64s"))
        return rows

    def _label(self, operator: str, inputs: list[Value], given: dict[str, Any]) -> Label:
        if operator not in OF_LABELS:
            raise RefusedError("makes something else of labels")
        arrays = [one for one in inputs if isinstance(one, np.ndarray)]
        if operator in NAMING and arrays:
            self._learn_classes(arrays[0].ravel().tolist())
        elif operator == "LabelEncoder" and given.get("values_strings"):
            self._learn_classes(given["values_strings"])
        return Label()

    def _learn_classes(self, values: Sequence[Any] | None) -> None:
        names = [one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in values or ()]
        if names and names != [str(number) for number in range(len(names))]:
            self._classes = names

    def _choice(self, operator: str, inputs: list[Value], given: dict[str, Any]) -> Value:
        """Return what becomes of a comparison: a formula, or the label of two classes."""
        condition = cast(Condition, inputs[0])
        kinds = self._library.TensorProto
        if operator == "Cast":
            if given["to"] in (kinds.FLOAT, kinds.DOUBLE):
                return Rows(condition.stage, f"where({condition.text}, 1, 0)")
            if not condition.text.endswith(("> 0.5", ">= 0.5", "> 0.0")):
                raise RefusedError("makes labels by another threshold than a network's, 0.5 of a probability")
            return Label()
        if operator != "Where":
            raise RefusedError("makes something else of a comparison")
        _, one, other = inputs
        stage = condition.stage
        return Rows(stage, f"where({condition.text}, {text_of(one, stage)}, {text_of(other, stage)})")

    # the network ---------------------------------------------------------------------------------------------------

    def _built(self, rows: Rows) -> Chain:
        layers: list[Layer] = []
        arrays: list[tuple[Floats, Floats]] = []
        target_scaling = None
        if rows.scale is not None and rows.shift is not None:
            if rows.text != "x" or not (rows.scale > 0).all():
                raise ValueError(f"{self._name}: its outputs have factors of columns after an activation: {READ}.")
            target_scaling = Standardize(mean=rows.shift.tolist(), deviation=rows.scale.tolist())
        at = rows.plain
        while at.stage.before is not None:
            stage, before = at.stage, at.stage.before
            if stage.weights is not None and stage.bias is not None:
                layers.append(Dense(stage.width, self._activation(at.text)))
                arrays.append((stage.weights, stage.bias))
            else:
                self._check_plain(at, "a normalization")
                layers.append(LayerNorm())
            at = before
        self._check_plain(at, "the inputs")
        if at.scale is not None and at.shift is not None:
            layers.append(Standardize(mean=(-at.shift / at.scale).tolist(), deviation=(1.0 / at.scale).tolist()))
        if not arrays:
            raise ValueError(f"{self._name} has no layer with weights: {READ}.")
        with np.errstate(over="ignore"):
            found = [(weights.astype(self._dtype), bias.astype(self._dtype)) for weights, bias in arrays[::-1]]
        for place, pair in enumerate(found):
            if not all(np.isfinite(values).all() for values in pair):
                raise ValueError(f"{self._name}: weights or bias of the linear layer {place} hold NaN or infinity.")
        n_inputs = at.stage.width
        return Chain(n_inputs, layers[::-1], found, self._dtype, target_scaling, self._classes)

    def _check_plain(self, rows: Rows, what: str) -> None:
        if rows.text != "x":
            raise ValueError(
                f"{self._name}: {what} goes through {brief(rows.text)} without a linear layer before: {READ}."
            )

    def _activation(self, text: str) -> Any:
        try:
            return activation_of(text)
        except ValueError as error:
            raise ValueError(
                f"{self._name}: an activation is {brief(text)}, which is no formula here: {error}"
            ) from None
