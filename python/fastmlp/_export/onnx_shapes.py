"""Nodes of an ONNX model that give the rows they get, in another shape or dtype at most."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from fastmlp._export.onnx_constants import axes_of
from fastmlp._export.onnx_functions import RefusedError
from fastmlp._export.onnx_graph import onnx
from fastmlp._export.onnx_values import Rows, Settings, Value

PASSING = ("Identity", "Dropout", "Flatten", "Reshape", "Squeeze", "Cast", "ZipMap")


def passed(operator: str, rows: Rows, inputs: list[Value], given: Settings) -> Rows:
    """Return the rows."""
    width, dtype = rows.stage.width, rows.stage.dtype
    match operator:
        case "Dropout":
            _check_evaluates(inputs, given)
        case "Flatten":
            axis = given.get("axis", 1)
            if axis != 1:
                raise RefusedError(f"has axis {axis}, not 1")
            return replace(rows, is_flat=False)
        case "Reshape":
            sizes = inputs[1].tolist() if isinstance(inputs[1], np.ndarray) else None
            if given.get("allowzero", 0) and 0 in (sizes or ()):
                raise RefusedError("makes arrays without numbers")
            is_column = width == 1 and sizes in ([-1], [0])
            if not is_column and sizes not in ([-1, width], [0, width], [0, -1]):
                raise _other_rows(width)
            return replace(rows, is_flat=is_column)
        case "Squeeze":
            if width != 1 or rows.is_flat or axes_of(inputs, given) not in (None, [1], [-1]):
                raise _other_rows(width)
            return replace(rows, is_flat=True)
        case "Cast":
            if cast_dtype(given, dtype) != dtype:
                # from here on with more digits than weights have: the units of targets
                return replace(rows, affine=rows.known_affine)
    return rows


def cast_dtype(given: Settings, dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return what a cast makes of numbers of a dtype, which must not lose digits."""
    kinds = onnx().TensorProto
    given.forget("saturate", "round_mode")
    if given["to"] == kinds.DOUBLE:
        return np.dtype(np.float64)
    if given["to"] != kinds.FLOAT or dtype == np.float64:
        raise RefusedError("makes numbers of another kind")
    return np.dtype(np.float32)


def _check_evaluates(inputs: list[Value], given: Settings) -> None:
    """Refuse a dropout that drops."""
    given.forget("ratio", "seed")
    mode = inputs[2] if len(inputs) > 2 and inputs[2] is not None else np.zeros(1)
    if not isinstance(mode, np.ndarray) or mode.any():
        raise RefusedError("is in training mode, where it drops outputs at random")


def _other_rows(width: int) -> RefusedError:
    return RefusedError(f"makes of rows of {width} numbers something else")
