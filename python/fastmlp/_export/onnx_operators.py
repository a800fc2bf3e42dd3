"""Operators of ONNX, by what they make of rows (onnx_values.py); functions of single numbers: onnx_functions.py."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from fastmlp._export.constants import NORMALIZATION_EPSILON
from fastmlp._export.onnx_functions import COMPARISONS, OPERATIONS, number_text
from fastmlp._export.onnx_graph import onnx
from fastmlp._export.onnx_values import (
    SOFTMAX,
    Condition,
    Floats,
    Moment,
    RefusedError,
    Rows,
    Stage,
    Value,
    formula_of,
    scalar_of,
    text_of,
)


def combined(operator: str, inputs: list[Value]) -> Value:
    """Return rows and a constant, or rows and rows, of the same layer."""
    if len(inputs) > 2:
        first = combined(operator, inputs[:2])
        return combined(operator, [first, *inputs[2:]])
    if len(inputs) == 1:
        return inputs[0]
    a, b = inputs
    rows = a if isinstance(a, Rows) else cast(Rows, b)
    constant = b if rows is a else a
    if isinstance(constant, np.ndarray):
        width, number = rows.stage.width, scalar_of(constant)
        is_row = constant.size == width and constant.ndim > 0 and constant.shape[-1] == width
        # a number of inputs, of rows with factors, or the bias of a single unit
        is_affine = rows.stage.before is None or rows.scale is not None or (is_row and rows.text == "x")
        if number is not None and is_affine and operator in ("Add", "Sum", "Sub", "Mul", "Div"):
            return _affine(operator, rows, np.float64(number), is_first=rows is a)
        if number is None:
            if not is_row or rows.text == SOFTMAX:
                raise RefusedError(f"takes a constant of shape {constant.shape} for {width} columns")
            return _affine(operator, rows, constant.astype(np.float64).ravel(), is_first=rows is a)
    elif isinstance(constant, Moment):
        raise RefusedError("joins two branches")
    stage = rows.stage
    return Rows(stage, OPERATIONS[operator].format(text_of(a, stage), text_of(b, stage)))


def _affine(operator: str, rows: Rows, values: Any, *, is_first: bool) -> Rows:
    """Return rows with a number for each column added, subtracted, multiplied by or divided by."""
    if operator in ("Add", "Sum"):
        return rows.then(1.0, values)
    if operator == "Sub":
        return rows.then(1.0, -values) if is_first else rows.then(-1.0, values)
    if operator == "Mul" or (operator == "Div" and is_first and np.all(values)):
        return rows.then(values if operator == "Mul" else 1.0 / values, 0.0)
    raise RefusedError("makes of columns something that is not linear")


def _linear(inputs: list[Value], given: dict[str, Any]) -> Rows:
    rows, weights = inputs[0], inputs[1]
    if not isinstance(rows, Rows) or not isinstance(weights, np.ndarray) or weights.ndim != 2:
        raise RefusedError("is no product of rows with a constant matrix")
    if given.get("transA", 0):
        raise RefusedError("transposes the rows")
    matrix = weights.astype(np.float64) * given.get("alpha", 1.0)
    matrix = matrix.T if given.get("transB", 0) else matrix
    if len(matrix) != rows.stage.width:
        raise RefusedError(f"has weights for {len(matrix)} inputs, but gets {rows.stage.width}")
    width = matrix.shape[1]
    bias = np.zeros(width)
    if len(inputs) > 2 and inputs[2] is not None:
        if not isinstance(inputs[2], np.ndarray) or inputs[2].size not in (1, width):
            raise RefusedError(f"has no constant bias of {width} numbers")
        bias = bias + inputs[2].astype(np.float64).ravel() * given.get("beta", 1.0)
    is_input = rows.stage.before is None
    if rows.scale is not None and rows.shift is not None and not (is_input and (rows.scale > 0).all()):
        # what scales columns is taken in; what scales inputs stays before them, where differences are small
        bias = bias + rows.shift @ matrix
        matrix = rows.scale[:, np.newaxis] * matrix
        rows = rows.plain
    return Rows(Stage(rows, width, matrix, bias))


def _softmax(inputs: list[Value], given: dict[str, Any]) -> Rows:
    rows = formula_of(inputs[0])
    if given.get("axis", -1) not in (1, -1):
        raise RefusedError(f"has axis {given['axis']}, not 1")
    if rows.text != "x" or rows.stage.weights is None:
        raise RefusedError("is not applied to a linear layer")
    return Rows(rows.stage, SOFTMAX)


def _clip(inputs: list[Value], given: dict[str, Any]) -> Rows:
    rows = formula_of(inputs[0])
    text = rows.text
    for place, (name, function) in enumerate((("min", "max"), ("max", "min")), 1):
        bound = scalar_of(inputs[place]) if len(inputs) > place and inputs[place] is not None else given.get(name)
        # a limit of float32 is none
        if bound is not None and abs(bound) < 3e38:
            text = f"{function}({text}, {number_text(bound)})"
    return Rows(rows.stage, text)


def _prelu(inputs: list[Value], given: dict[str, Any]) -> Rows:
    rows, slope = formula_of(inputs[0]), scalar_of(inputs[1])
    if slope is None:
        raise RefusedError("has a slope for each column")
    return Rows(rows.stage, f"where({rows.text} > 0, {rows.text}, {number_text(slope)}*{rows.text})")


def compared(operator: str, inputs: list[Value]) -> Condition:
    stage = next(one for one in inputs if isinstance(one, Rows)).stage
    a, b = (text_of(one, stage) for one in inputs)
    return Condition(stage, f"{a} {COMPARISONS[operator]} {b}")


def _concat(inputs: list[Value], given: dict[str, Any]) -> Rows:
    """Return the probability of the second of two classes, for that of the first beside it."""
    if len(inputs) == 2 and all(isinstance(one, Rows) and one.text != SOFTMAX for one in inputs):
        first, second = inputs
        one_less = OPERATIONS["Sub"].format(number_text(1.0), second.text)
        if first.stage is second.stage and first.text == one_less and given.get("axis") in (1, -1):
            return cast(Rows, second)
    raise RefusedError("joins columns")


def _layer_normalization(inputs: list[Value], given: dict[str, Any]) -> Rows:
    if given.get("axis", -1) not in (1, -1):
        raise RefusedError(f"has axis {given['axis']}, not 1")
    rows = _normalized(formula_of(inputs[0]), given.get("epsilon", 1e-5))
    factors, terms = inputs[1], inputs[2] if len(inputs) > 2 and inputs[2] is not None else np.zeros(1)
    if not (isinstance(factors, np.ndarray) and isinstance(terms, np.ndarray)):
        raise RefusedError("has factors that are not constant")
    return _unless_trivial(rows, factors.astype(np.float64), terms.astype(np.float64))


def _unless_trivial(rows: Rows, factors: Floats, terms: Floats) -> Rows:
    return rows if (factors == 1).all() and not terms.any() else rows.then(factors, terms)


def _normalized(rows: Rows, epsilon: float) -> Rows:
    # as a float32
    if not np.isclose(epsilon, NORMALIZATION_EPSILON, rtol=1e-6, atol=0.0):
        raise RefusedError(f"has epsilon {epsilon:g}, not {NORMALIZATION_EPSILON:g}")
    return Rows(Stage(rows, rows.stage.width))


def _batch_normalization(inputs: list[Value], given: dict[str, Any]) -> Rows:
    rows, *constants = inputs
    if not isinstance(rows, Rows) or rows.text == SOFTMAX or not all(isinstance(one, np.ndarray) for one in constants):
        raise RefusedError("has factors that are not constant")
    gain, bias, mean, variance = (one.astype(np.float64) for one in constants)
    factors = gain / np.sqrt(variance + given.get("epsilon", 1e-5))
    return rows.then(factors, bias - mean * factors)


def _scaler(inputs: list[Value], given: dict[str, Any]) -> Rows:
    rows = formula_of(inputs[0])
    offset, scale = (
        np.asarray(given.get(name, default), np.float64) for name, default in (("offset", 0.0), ("scale", 1.0))
    )
    return rows.then(1.0, -offset).then(scale, 0.0)


def _mean(kind: str, inputs: list[Value], given: dict[str, Any]) -> Moment:
    axes = inputs[1].ravel().tolist() if len(inputs) > 1 and isinstance(inputs[1], np.ndarray) else given.get("axes")
    if list(axes or ()) not in ([1], [-1]) or not given.get("keepdims", 1):
        raise RefusedError("is a mean over something else than the columns of a row")
    of = inputs[0].of if isinstance(inputs[0], Moment) else formula_of(inputs[0])
    return Moment(kind, of)


def of_moments(operator: str, inputs: list[Value], given: dict[str, Any]) -> Value:
    """Return what comes next where a normalization is written out."""
    kinds = tuple(
        one.kind if isinstance(one, Moment) else "rows" if isinstance(one, Rows) else "number" for one in inputs
    )
    of = next(one.of for one in inputs if isinstance(one, Moment))
    is_same = all(
        not isinstance(one, Rows | Moment) or (one.of if isinstance(one, Moment) else one) is of for one in inputs
    )
    match operator, tuple(kinds):
        case "Sub", ("rows", "mean") if is_same:
            return Moment("centred", of)
        case "Pow", ("centred", "number") if scalar_of(inputs[1]) == 2.0:
            return Moment("squares", of)
        case "Mul", ("centred", "centred") if is_same:
            return Moment("squares", of)
        case "ReduceMean", ("squares", *_):
            return _mean("variance", inputs, given)
        case "Add", ("variance", "number") if scalar_of(inputs[1]) is not None:
            _normalized(of, cast(float, scalar_of(inputs[1])))
            return Moment("variance and epsilon", of)
        case "Sqrt", ("variance and epsilon",):
            return Moment("deviation", of)
        case "Div", ("centred", "deviation") if is_same:
            return _normalized(of, NORMALIZATION_EPSILON)
        case "Cast" | "Identity", (kind,):
            return Moment(kind, of)
    raise RefusedError("is no part of a normalization over the columns of a row")


def of_constants(operator: str, inputs: list[npt.NDArray[Any]], given: dict[str, Any]) -> npt.NDArray[Any]:
    """Return what is made of constants alone: weights in another order, and the like."""
    if operator == "Identity":
        return inputs[0]
    if operator == "Transpose":
        return np.transpose(inputs[0], given.get("perm"))
    if operator == "Cast":
        return inputs[0].astype(onnx().helper.tensor_dtype_to_np_dtype(given["to"]))
    if operator in ("Reshape", "Squeeze", "Unsqueeze"):
        # constants are looked at by their numbers alone, but for matrices
        return inputs[0].reshape(inputs[1].tolist()) if operator == "Reshape" else inputs[0]
    raise RefusedError("computes with constants alone")


# what is done to rows, and read by a function of its own
ROW_OPERATORS: dict[str, Callable[[list[Value], dict[str, Any]], Value]] = {
    "Softmax": _softmax,
    "Clip": _clip,
    "PRelu": _prelu,
    "LayerNormalization": _layer_normalization,
    "BatchNormalization": _batch_normalization,
    "Scaler": _scaler,
    "ReduceMean": partial(_mean, "mean"),
    "Concat": _concat,
    "Gemm": _linear,
    "MatMul": _linear,
}
