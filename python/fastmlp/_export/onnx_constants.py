"""What the nodes of an ONNX model make of constants alone: weights in another order or dtype."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._export.onnx_functions import RefusedError
from fastmlp._export.onnx_graph import onnx
from fastmlp._export.onnx_values import Settings


def constant(given: Settings) -> npt.NDArray[Any]:
    """Return what a node Constant holds."""
    ((name, value),) = given.items()
    given.forget(name)
    if name == "value":
        array: npt.NDArray[Any] = onnx().numpy_helper.to_array(value)
        return array
    dtype = {"value_float": np.float32, "value_floats": np.float32, "value_int": np.int64, "value_ints": np.int64}
    if name not in dtype:
        raise RefusedError("holds something else than numbers")
    return np.array(value, dtype[name])


def of_constants(operator: str, inputs: list[npt.NDArray[Any]], given: Settings) -> npt.NDArray[Any]:
    """Return what is made of constants alone."""
    first = inputs[0]
    match operator:
        case "Identity":
            return first
        case "Transpose":
            return np.transpose(first, given.get("perm"))
        case "Cast":
            given.forget("saturate", "round_mode")
            to = onnx().helper.tensor_dtype_to_np_dtype(given["to"])
            if to.kind != "f" and first.dtype.kind not in "iub":
                raise RefusedError("makes whole numbers of others")
            with np.errstate(over="ignore"):
                return first.astype(to)
        case "Reshape":
            keeps_zeros = given.get("allowzero", 0)
            sizes = [
                first.shape[axis] if size == 0 and not keeps_zeros else size for axis, size in enumerate(inputs[1])
            ]
            return first.reshape(sizes)
        case "Squeeze" | "Unsqueeze":
            axes = axes_of(inputs, given)
            if operator == "Squeeze":
                return np.squeeze(first, None if axes is None else tuple(axes))
            return np.expand_dims(first, tuple(axes or ()))
    raise RefusedError("computes with constants alone")


def axes_of(inputs: list[Any], given: Settings) -> list[int] | None:
    """Return the axes that a node names, as newer or as older ones do; None: it names none."""
    named = given.get("axes")
    if len(inputs) > 1 and inputs[1] is not None:
        named = inputs[1].ravel().tolist()
    return None if named is None else list(named)
