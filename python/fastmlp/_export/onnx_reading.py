"""An ONNX model as the layers of a network, where it is a chain of them; described at ``fastmlp.from_onnx``.

The file is opened by onnx_opening.py. Every node makes a value of values (onnx_values.py), by its operator
(onnx_operators.py, onnx_shapes.py, onnx_constants.py, onnx_labels.py); functions of single numbers become formulas
(onnx_functions.py), and these activations (onnx_known.py). What fits nowhere is refused, in a sentence that names the
node: an input, an attribute, a domain, too.
"""

from __future__ import annotations

import math
import os
from dataclasses import replace
from typing import Any, NamedTuple, NoReturn, cast

import numpy as np
import numpy.typing as npt

from fastmlp._checks.text import brief, listed, shortened
from fastmlp._export.onnx_constants import constant, of_constants
from fastmlp._export.onnx_file import VALUES
from fastmlp._export.onnx_functions import COMPARISONS, FUNCTIONS, OPERATIONS, RefusedError, function_text
from fastmlp._export.onnx_graph import onnx
from fastmlp._export.onnx_known import activation_of
from fastmlp._export.onnx_labels import check_label, exceeded, largest, loss_of_scores, names_of, of_label
from fastmlp._export.onnx_opening import check_kind, opened
from fastmlp._export.onnx_operators import ROW_OPERATORS, combined, compared, of_moments
from fastmlp._export.onnx_shapes import PASSING, cast_dtype, passed
from fastmlp._export.onnx_values import (
    SOFTMAX,
    Block,
    Condition,
    Floats,
    Label,
    Moment,
    Pair,
    Rows,
    Settings,
    Stage,
    Value,
    formula_of,
    text_of,
)
from fastmlp._files.names import check_path
from fastmlp._formula.syntax import MAX_LENGTH
from fastmlp.activations import Activation
from fastmlp.layers import Dense, Layer, LayerNorm
from fastmlp.scalings import Standardize

READ = "from_onnx reads chains of Gemm or MatMul and Add, activations, LayerNormalization and Softmax"
# of a file that is no mistake
MOST_INPUTS = 2**24
# on the way, where what becomes an operator is longer
MOST_TEXT = 20 * MAX_LENGTH


class Chain(NamedTuple):
    """The layers of a network and the arrays of those with weights, in order; loss: that which its labels mean."""

    n_inputs: int
    layers: list[Layer]
    arrays: list[tuple[npt.NDArray[Any], npt.NDArray[Any]]]
    dtype: str
    target_scaling: Standardize | None
    loss: str | None
    classes: list[str] | None


def read(path: str | os.PathLike[str]) -> Chain:
    """Return what a file has; what is no chain of layers is an error."""
    name = check_path(path)
    return _Reader(opened(name), shortened(name)).chain()


class _Reader:
    def __init__(self, model: Any, name: str) -> None:
        self._model, self._graph, self._name, self._library = model, model.graph, name, onnx()
        self._is_own = model.producer_name == "fastmlp"
        self._values: dict[str, Value] = {}
        # the nodes that labels and names of columns come from, for sentences
        self._labels: list[tuple[Any, Label]] = []
        self._columns: list[tuple[Any, list[Any]]] = []
        self._dtype: np.dtype[Any] = np.dtype(np.float32)

    def chain(self) -> Chain:
        """Return the layers."""
        for tensor in self._graph.initializer:
            try:
                self._values[tensor.name] = self._library.numpy_helper.to_array(tensor)
            except (ArithmeticError, LookupError, TypeError, ValueError):
                raise ValueError(
                    f"{self._name}: the initializer {brief(tensor.name)} has a type, a shape and data that do not fit "
                    "each other: write the file again."
                ) from None
        self._enter()
        for node in self._graph.node:
            given = Settings({one.name: self._library.helper.get_attribute_value(one) for one in node.attribute})
            try:
                check_kind(node, self._model)
                inputs = [self._values[one] if one else None for one in node.input]
                found = self._value_of(node, inputs, given)
                given.check_all_asked()
                if isinstance(found, Rows | Condition) and len(found.text) > MOST_TEXT:
                    raise RefusedError(f"makes a formula of more than {MAX_LENGTH} characters")
            except RefusedError as reason:
                self._refuse(node, reason)
            except (ArithmeticError, LookupError, TypeError, ValueError):
                self._refuse(node, "does not fit what it is given")
            self._values[node.output[0]] = found
        return self._built(self._last())

    def _refuse(self, node: Any, reason: Any) -> NoReturn:
        name = node.name or node.output[0]
        raise ValueError(f"{self._name}: the node {brief(name)} ({node.op_type}) {reason}: {READ}.") from None

    def _enter(self) -> None:
        """Find the input, which is not one of the constants."""
        inputs = [one for one in self._graph.input if one.name not in self._values]
        if len(inputs) != 1:
            names = listed([one.name for one in inputs])
            raise ValueError(f"{self._name} has {len(inputs)} inputs, {names}, but a network has one, (rows, inputs).")
        kind = inputs[0].type.tensor_type
        dtypes: dict[int, type] = {
            self._library.TensorProto.FLOAT: np.float32,
            self._library.TensorProto.DOUBLE: np.float64,
        }
        sizes = [dim.dim_value for dim in kind.shape.dim]
        if kind.elem_type not in dtypes or len(sizes) < 2 or not 0 < math.prod(sizes[1:]) <= MOST_INPUTS:
            raise ValueError(
                f"{self._name}: the input {brief(inputs[0].name)} must be rows of float32 or float64 with a known "
                "number of columns."
            )
        self._dtype = np.dtype(dtypes[kind.elem_type])
        rows = Rows(Stage(None, math.prod(sizes[1:]), self._dtype))
        self._values[inputs[0].name] = rows if len(sizes) == 2 else Block(rows)

    def _last(self) -> Rows:
        """Return the outputs that are rows; labels are made of them."""
        found = {one.name: self._values.get(one.name) for one in self._graph.output}
        rows = [value for value in found.values() if isinstance(value, Rows | Pair)]
        odd = [name for name, value in found.items() if not isinstance(value, Rows | Pair | Label)]
        if odd or len(rows) != 1:
            names = listed([*found])
            raise ValueError(f"{self._name} has the outputs {names}, but a network has one, and labels beside it.")
        nodes = {name: node for node in self._graph.node for name in node.output}
        self._labels = [(nodes[name], value) for name, value in found.items() if isinstance(value, Label)]
        self._is_own &= len(found) == 1 and VALUES in found
        return rows[0].second if isinstance(rows[0], Pair) else rows[0]

    # the value of a node -------------------------------------------------------------------------------------------

    def _value_of(self, node: Any, inputs: list[Value], given: Settings) -> Value:
        operator = node.op_type
        if operator == "Constant":
            return constant(given)
        if all(isinstance(one, np.ndarray | None) for one in inputs):
            return of_constants(operator, cast("list[npt.NDArray[Any]]", inputs), given)
        if any(isinstance(one, Label) for one in inputs):
            return of_label(operator, inputs, given)
        if any(isinstance(one, Block) for one in inputs):
            if operator not in PASSING:
                raise RefusedError("takes inputs of several axes, which are not flattened before")
            flat = passed(operator, inputs[0].flat, inputs, given)
            return flat if operator in ("Flatten", "Reshape") else inputs[0]
        if any(isinstance(one, Moment) for one in inputs):
            return of_moments(operator, inputs, given)
        first = next(one for one in inputs if isinstance(one, Rows | Condition | Pair))
        if isinstance(first, Condition):
            return self._choice(operator, inputs, given)
        if operator == "ArgMax":
            return largest(first, given)
        if operator == "ZipMap":
            names = [given.get(name) or [] for name in ("classlabels_strings", "classlabels_int64s")]
            self._columns.append((node, names[0] or names[1]))
        if isinstance(first, Pair) and operator in ("Identity", "ZipMap"):
            return first
        if isinstance(first, Pair) or (first.text == SOFTMAX and operator not in PASSING):
            raise RefusedError("stands after Softmax, or after probabilities of two classes")
        if operator in PASSING:
            return passed(operator, first, inputs, given)
        if operator in FUNCTIONS or operator == "Gelu":
            rows = formula_of(first)
            return replace(rows, text=function_text(operator, given, rows.text, self._dtype))
        if operator in OPERATIONS:
            return combined(operator, inputs)
        if operator in COMPARISONS:
            return compared(operator, inputs)
        if operator not in ROW_OPERATORS:
            raise RefusedError("is of a kind that is not read")
        if first.is_flat and operator not in ("Clip", "PRelu"):
            raise RefusedError("takes rows without an axis of columns")
        return ROW_OPERATORS[operator](inputs, given)

    def _choice(self, operator: str, inputs: list[Value], given: Settings) -> Value:
        """Return what becomes of a comparison: a formula, or the label of two classes."""
        condition = cast(Condition, inputs[0])
        rows = condition.rows
        if operator == "Cast":
            kinds = self._library.TensorProto
            if given["to"] not in (kinds.FLOAT, kinds.DOUBLE):
                return exceeded(condition, given)
            cast_dtype(given, self._dtype)
            return replace(rows, text=f"where({condition.text}, 1, 0)")
        if operator != "Where" or len(inputs) != 3:
            raise RefusedError("makes something else of a comparison")
        one, other = (text_of(value, rows) for value in inputs[1:])
        return replace(rows, text=f"where({condition.text}, {one}, {other})")

    # the network ---------------------------------------------------------------------------------------------------

    def _built(self, rows: Rows) -> Chain:
        layers: list[Layer] = []
        arrays: list[tuple[Floats, Floats]] = []
        target_scaling = None
        outputs = rows
        if not rows.is_plain and rows.affine is not None:
            if rows.text != "x" or not (rows.affine.scale > 0).all():
                what = "after an activation" if rows.text != "x" else "that are not positive"
                raise ValueError(f"{self._name}: its outputs have factors of columns {what}: {READ}.")
            target_scaling = self._scaling(rows.affine.offset, rows.affine.scale)
        at = rows.plain
        while at.stage.before is not None:
            stage, before = at.stage, at.stage.before
            if stage.weights is not None and stage.bias is not None:
                layers.append(Dense(stage.width, self._activation(at.text)))
                arrays.append((stage.weights, stage.bias))
            else:
                self._check_plain(at, "what a normalization gives goes")
                layers.append(LayerNorm())
            at = before
        self._check_plain(at, "what the inputs hold goes")
        if at.affine is not None:
            centre, scale, shift = at.affine
            layers.append(self._scaling(centre - shift / scale, 1.0 / scale))
        if not arrays or outputs.stage.weights is None:
            raise ValueError(f"{self._name} has no layer with weights that gives its outputs: {READ}.")
        with np.errstate(over="ignore"):
            found = [(weights.astype(self._dtype), bias.astype(self._dtype)) for weights, bias in arrays[::-1]]
        for place, pair in enumerate(found):
            if not all(np.isfinite(values).all() for values in pair):
                raise ValueError(f"{self._name}: weights or bias of the linear layer {place} hold NaN or infinity.")
        loss, classes = self._meaning(outputs, self._activation(outputs.text))
        return Chain(at.stage.width, layers[::-1], found, self._dtype.name, target_scaling, loss, classes)

    def _meaning(self, outputs: Rows, last: Activation) -> tuple[str | None, list[str] | None]:
        """Return the loss, where the last activation alone does not say it, and the names of classes."""
        loss = None
        names: list[list[str] | None] = []
        for node, label in self._labels:
            try:
                check_label(label, outputs, last)
                loss = loss_of_scores(last)
                names.append(names_of(label.values))
            except RefusedError as reason:
                self._refuse(node, reason)
        for node, columns in self._columns:
            try:
                if loss_of_scores(last) != loss or len(columns) != max(outputs.stage.width, 2):
                    raise RefusedError("names columns that are no classes")
                names.append(names_of(columns))
                if names[0] != names[-1]:
                    raise RefusedError("names columns otherwise than labels are called")
            except RefusedError as reason:
                self._refuse(node, reason)
        if len({tuple(one or ()) for one in names}) > 1:
            raise ValueError(f"{self._name} has several labels, which are not the same: {READ}.")
        return "mse" if self._is_own else loss, names[0] if names else None

    def _scaling(self, mean: Floats, deviation: Floats) -> Standardize:
        try:
            return Standardize(mean=mean.tolist(), deviation=deviation.tolist())
        except ValueError as error:
            raise ValueError(f"{self._name}: factors of columns are no scaling: {error}") from None

    def _check_plain(self, rows: Rows, what: str) -> None:
        if rows.text != "x":
            raise ValueError(f"{self._name}: {what} through {brief(rows.text)} without a linear layer before: {READ}.")

    def _activation(self, text: str) -> Activation:
        try:
            return activation_of(text, self._dtype)
        except ValueError as error:
            raise ValueError(
                f"{self._name}: an activation is {brief(text)}, which is no formula here: {error}"
            ) from None
