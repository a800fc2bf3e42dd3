"""Operators of ONNX, by what they make of rows (onnx_values.py); functions of single numbers: onnx_functions.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, cast

import numpy as np

from fastmlp._export.constants import NORMALIZATION_EPSILON
from fastmlp._export.onnx_functions import COMPARISONS, OPERATIONS, RefusedError, number_text
from fastmlp._export.onnx_known import activation_of, product_text
from fastmlp._export.onnx_shapes import cast_dtype
from fastmlp._export.onnx_values import (
    SOFTMAX,
    Condition,
    Moment,
    Pair,
    Rows,
    Settings,
    Stage,
    Value,
    formula_of,
    row_of,
    scalar_of,
    text_of,
)
from fastmlp.activations import Sigmoid


def combined(operator: str, inputs: list[Value]) -> Value:
    """Return rows and a constant, or rows and rows, of the same layer."""
    if len(inputs) > 2:
        first = combined(operator, inputs[:2])
        return combined(operator, [first, *inputs[2:]])
    if len(inputs) == 1:
        return inputs[0]
    a, b = inputs
    rows = a if isinstance(a, Rows) else b
    if not isinstance(rows, Rows):
        raise RefusedError("comes after something else than rows of numbers")
    constant = b if rows is a else a
    if isinstance(constant, np.ndarray) and rows.text != SOFTMAX:
        is_number, is_linear = constant.size == 1, operator in ("Add", "Sum", "Sub", "Mul", "Div")
        # a number of inputs, of rows with factors, or the bias of a single unit
        is_bias = rows.text == "x" and rows.stage.width == 1 and constant.ndim > 0
        is_affine = rows.stage.before is None or rows.affine is not None or is_bias
        if not is_number or (is_affine and is_linear):
            return _affine(operator, rows, row_of(constant, rows), is_first=rows is a)
    elif isinstance(constant, Moment):
        raise RefusedError("joins two branches")
    if operator == "Pow" and isinstance(a, Rows) and isinstance(b, Rows):
        raise RefusedError("has exponents that are not constant")
    texts = text_of(a, rows), text_of(b, rows)
    is_product, dtype = operator == "Mul", rows.stage.dtype
    text = product_text(*texts, dtype) if is_product else OPERATIONS[operator].format(*texts)
    return replace(rows, text=text)


def _affine(operator: str, rows: Rows, values: Any, *, is_first: bool) -> Rows:
    """Return rows with a number for each column added, subtracted, multiplied by or divided by."""
    if operator in ("Add", "Sum"):
        return rows.then(1.0, values)
    if operator == "Sub":
        return rows.then(1.0, -values) if is_first else rows.then(-1.0, values)
    if operator == "Mul" or (operator == "Div" and is_first and np.all(values)):
        return rows.then(values if operator == "Mul" else 1.0 / values, 0.0)
    raise RefusedError("makes of columns something that is not linear")


def _linear(inputs: list[Value], given: Settings) -> Rows:
    rows, weights = inputs[0], inputs[1]
    is_matrix = isinstance(weights, np.ndarray) and weights.ndim == 2 and weights.dtype.kind == "f"
    if not isinstance(rows, Rows) or rows.text == SOFTMAX or not is_matrix:
        raise RefusedError("is no product of rows with a constant matrix")
    if given.get("transA", 0):
        raise RefusedError("transposes the rows")
    matrix = weights.astype(np.float64) * given.get("alpha", 1.0)
    matrix = matrix.T if given.get("transB", 0) else matrix
    if len(matrix) != rows.stage.width:
        raise RefusedError(f"has weights for {len(matrix)} inputs, but gets {rows.stage.width}")
    width, factor = matrix.shape[1], given.get("beta", 1.0)
    if not width:
        raise RefusedError("has no columns")
    bias = np.zeros(width)
    is_input = rows.stage.before is None
    if rows.affine is not None and not (is_input and (rows.affine.scale > 0).all()):
        # what scales columns is taken in; what scales inputs stays before them, where differences are small
        bias = bias + rows.affine.offset @ matrix
        matrix = rows.affine.scale[:, np.newaxis] * matrix
        rows = rows.plain
    found = Rows(Stage(rows, width, rows.stage.dtype, matrix, bias))
    return found if len(inputs) < 3 or inputs[2] is None else found.then(1.0, row_of(inputs[2], found) * factor)


def _softmax(inputs: list[Value], given: Settings) -> Rows:
    rows = formula_of(inputs[0])
    axis = given.get("axis", -1)
    if axis not in (1, -1):
        raise RefusedError(f"has axis {axis}, not 1")
    if rows.text != "x" or rows.stage.weights is None:
        raise RefusedError("is not applied to a linear layer")
    return replace(rows, text=SOFTMAX)


def _clip(inputs: list[Value], given: Settings) -> Rows:
    rows = formula_of(inputs[0])
    dtype, text = rows.stage.dtype, rows.text
    for place, (name, function, sign) in enumerate((("min", "max", -1.0), ("max", "min", 1.0)), 1):
        bound = given.get(name)
        if len(inputs) > place and inputs[place] is not None:
            bound = scalar_of(inputs[place])
            if bound is None:
                raise RefusedError("has limits that are no constant numbers")
        # the largest number of the dtype is no limit
        if bound is not None and not sign * bound >= np.finfo(dtype).max:
            text = f"{function}({text}, {number_text(bound, dtype)})"
    return replace(rows, text=text)


def _prelu(inputs: list[Value], given: Settings) -> Rows:
    rows = formula_of(inputs[0])
    if scalar_of(inputs[1]) is None:
        raise RefusedError("has a slope for each column")
    return replace(rows, text=f"where({rows.text} > 0, {rows.text}, {text_of(inputs[1], rows)}*{rows.text})")


def compared(operator: str, inputs: list[Value]) -> Condition:
    """Return a comparison."""
    a, b = inputs
    rows = a if isinstance(a, Rows) else cast(Rows, b)
    above = (a, b) if operator.startswith("Greater") else (b, a)
    number = scalar_of(above[1])
    text = f"{text_of(a, rows)} {COMPARISONS[operator]} {text_of(b, rows)}"
    return Condition(rows, text, None if number is None or not isinstance(above[0], Rows) else (above[0], number))


def _concat(inputs: list[Value], given: Settings) -> Pair:
    """Return the probabilities of two classes, of the first of which one less that of the second is written."""
    axis = given.get("axis")
    if len(inputs) == 2 and all(isinstance(one, Rows) and one.text != SOFTMAX and one.is_plain for one in inputs):
        first, second = inputs
        one_less = OPERATIONS["Sub"].format(number_text(1.0, second.stage.dtype), second.text)
        is_pair = first.stage is second.stage and first.text == one_less and second.stage.width == 1
        if is_pair and axis in (1, -1) and isinstance(activation_of(second.text, second.stage.dtype), Sigmoid):
            return Pair(second)
    raise RefusedError("joins columns")


def _layer_normalization(inputs: list[Value], given: Settings) -> Rows:
    axis, epsilon = given.get("axis", -1), given.get("epsilon", np.float32(1e-5))
    if axis not in (1, -1):
        raise RefusedError(f"has axis {axis}, not 1")
    # in which numbers it is computed: 1, float32, also where runtimes take float64
    if given.get("stash_type", 1) != 1:
        raise RefusedError("is computed in other numbers than float32 or float64")
    rows = _normalized(formula_of(inputs[0]), float(epsilon))
    terms = inputs[2] if len(inputs) > 2 and inputs[2] is not None else np.zeros(1)
    factors, terms = row_of(inputs[1], rows), row_of(terms, rows)
    return rows if (factors == 1).all() and not terms.any() else rows.then(factors, terms)


def _normalized(rows: Rows, epsilon: float) -> Rows:
    dtype = rows.stage.dtype
    if rows.stage.weights is None:
        raise RefusedError("is not applied to a linear layer")
    if dtype.type(epsilon) != dtype.type(NORMALIZATION_EPSILON):
        raise RefusedError(f"has epsilon {dtype.type(epsilon)!s}, not {NORMALIZATION_EPSILON:g}")
    return Rows(Stage(rows, rows.stage.width, dtype))


def _batch_normalization(inputs: list[Value], given: Settings) -> Rows:
    rows, *constants = inputs
    if not isinstance(rows, Rows) or rows.text == SOFTMAX:
        raise RefusedError("takes something else than numbers of a layer")
    if given.get("training_mode", 0):
        raise RefusedError("is in training mode, where it takes mean and variance of the rows that it gets")
    # of running means, which are not made here
    given.forget("momentum")
    if any(np.shape(one) != (rows.stage.width,) for one in constants):
        raise RefusedError(f"has factors for something else than {rows.stage.width} columns")
    gain, bias, mean, variance = (row_of(one, rows) for one in constants)
    factors = gain / np.sqrt(variance + given.get("epsilon", float(np.float32(1e-5))))
    return rows.then(1.0, -mean).then(factors, bias)


def _scaler(inputs: list[Value], given: Settings) -> Rows:
    rows = formula_of(inputs[0]) if isinstance(inputs[0], Rows) and inputs[0].affine is None else inputs[0]
    offset, scale = (
        np.asarray(given.get(name, default), np.float32) for name, default in (("offset", [0.0]), ("scale", [1.0]))
    )
    return rows.then(1.0, -row_of(offset, rows)).then(row_of(scale, rows), 0.0)


def _mean(kind: str, inputs: list[Value], given: Settings) -> Moment:
    axes = inputs[1].ravel().tolist() if len(inputs) > 1 and isinstance(inputs[1], np.ndarray) else given.get("axes")
    given.forget("noop_with_empty_axes")
    if list(axes or ()) not in ([1], [-1]) or not given.get("keepdims", 1):
        raise RefusedError("is a mean over something else than the columns of a row")
    of = inputs[0].of if isinstance(inputs[0], Moment) else formula_of(inputs[0])
    return Moment(kind, of)


def of_moments(operator: str, inputs: list[Value], given: Settings) -> Value:
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
        case "Identity", (kind,):
            return Moment(kind, of)
        case "Cast", (kind,):
            cast_dtype(given, of.stage.dtype)
            return Moment(kind, of)
    raise RefusedError("is no part of a normalization over the columns of a row")


# what is done to rows, and read by a function of its own
ROW_OPERATORS: dict[str, Callable[[list[Value], Settings], Value]] = {
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
