"""Every check of an array of data, and its sentence; of targets in targets.py, of other arguments in arguments.py.

The core behind ``_core`` only asserts: what passes here is C-contiguous, aligned, native and in range. No check makes a
temporary of the size of X when all is well, and nothing that came in is ever written.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

import fastmlp._core as _core
from fastmlp._checks.frames import from_frame, from_objects
from fastmlp._checks.text import LONGEST_LIST, LONGEST_VALUE, shortened

Array = npt.NDArray[Any]


def check_data(X: Any, n_inputs: int, dtype: np.dtype[Any], name: str = "X") -> Array:
    """Return data as the core takes it, (rows, n_inputs) in uint8, float32 or float64; a copy only where it must be."""
    array = numeric_array(X, name)
    if array.ndim == 1:
        raise ValueError(
            f"{name} has shape {array.shape}, but must be (samples, inputs): "
            f"use {variable(name)}.reshape(1, -1) for one sample or {variable(name)}.reshape(-1, 1) for one input."
        )
    if array.ndim != 2:
        mend = f": use {variable(name)}.reshape({len(array)}, -1)." if array.ndim > 2 else "."
        raise ValueError(f"{name} has shape {array.shape}, but must be (samples, inputs){mend}")
    rows, columns = array.shape
    if columns != n_inputs:
        raise ValueError(f"{name} has {count(columns, 'column')}, but the network expects {count(n_inputs, 'input')}.")
    if rows == 0:
        raise ValueError(f"{name} has no rows: give at least one sample.")
    return as_core_takes_it(array, name, dtype)


def check_sample_weight(sample_weight: Any, rows: int, name: str = "sample_weight", data: str = "X") -> Array | None:
    """Return the weights as float64 (rows,): finite, none negative, some positive."""
    if sample_weight is None:
        return None
    array = numeric_array(sample_weight, name)
    if array.shape != (rows,):
        raise ValueError(f"{name} has shape {array.shape}, but must have one number for each row of {data}: ({rows},).")
    weights = np.require(as_core_takes_it(array, name, np.dtype(np.float64)), np.float64)
    if weights.min() < 0:
        row = int(np.argmax(weights < 0))
        raise ValueError(f"{name}[{row}] is {weights[row]}, but weights must not be negative.")
    return check_total_weight(weights, name)


def check_total_weight(weights: Array, name: str) -> Array:
    """Return weights whose sum is positive and finite."""
    with np.errstate(over="ignore"):
        total = weights.sum()
    if not 0 < total < math.inf:
        raise ValueError(f"{name} adds up to {total}, but must add up to a positive finite number.")
    return weights


def check_parameters(values: Any, size: int, dtype: np.dtype[Any], name: str = "parameters") -> Array:
    """Return one finite flat vector with a value for each parameter."""
    array = numeric_array(values, name)
    if array.shape != (size,):
        raise ValueError(f"{name} has shape {array.shape}, but must be one flat vector of shape ({size},).")
    return as_core_takes_it(array, name, dtype)


def check_derivatives(values: Any, rows: int, columns: int, dtype: np.dtype[Any], name: str) -> Array:
    """Return a finite number for each output of each sample, (rows, columns)."""
    array = numeric_array(values, name)
    if array.shape == (rows,) and columns == 1:
        array = array[:, np.newaxis]
    if array.shape != (rows, columns):
        raise ValueError(
            f"{name} has shape {array.shape}, but must have a number for each output of each sample: "
            f"({rows}, {columns})."
        )
    return as_core_takes_it(array, name, dtype)


def check_point(x: Any, name: str = "x") -> Array:
    """Return a float64 copy of the point at which a function's gradient is checked."""
    array = numeric_array(x, name)
    if array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}, but must hold at least one number.")
    checked = as_core_takes_it(np.atleast_1d(array), name, np.dtype(np.float64))
    return checked.astype(np.float64).reshape(array.shape)


def check_row(x: Any, n_inputs: int, dtype: np.dtype[Any]) -> Array:
    """Return one sample as data of one row."""
    array = numeric_array(x, "x")
    if array.shape != (n_inputs,):
        raise ValueError(
            f"x has shape {array.shape}, but must be one sample of {count(n_inputs, 'input')}: ({n_inputs},)."
        )
    return check_data(array[np.newaxis], n_inputs, dtype, "x")


def check_gradient(gradient: Any, shape: tuple[int, ...], name: str = "gradient", of: str = "x") -> Array:
    """Return a user's derivatives as float64; whether their values make sense is for the comparison to say."""
    array = numeric_array(gradient, name)
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, but must have that of {of}: {shape}.")
    return array.astype(np.float64)


def check_value(value: Any) -> float:
    """Return the value of a user's function."""
    array = numeric_array(value, "the value of f")
    if array.size != 1:
        raise ValueError(f"the value of f has shape {array.shape}, but must be one number.")
    return float(array.reshape(()))


def check_values(value: Any, name: str) -> Array:
    """Return the values of a user's function, of any shape but without none, in float64."""
    array = numeric_array(value, name)
    if array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}, but must hold at least one number.")
    return array.astype(np.float64)


def check_outputs(outputs: Array) -> None:
    """Refuse outputs that no label or value can be read from."""
    where = _core.first_nonfinite(outputs)
    if where >= 0:
        raise FloatingPointError(
            f"the outputs hold {outputs.flat[where]} in {place(outputs, where)}: "
            "a weight is not finite, or the inputs are too large; scale them, or train again."
        )


def check_finite_layers(layers: Iterable[Any]) -> None:
    """Refuse layers whose weights or biases hold what is no number."""
    for number, layer in enumerate(layers, 1):
        for what, values in (("weights", layer.weights), ("bias", layer.bias)):
            finite = np.isfinite(values)
            if not finite.all():
                at = np.unravel_index(int(np.argmin(finite)), values.shape)
                where = ", ".join(str(int(index)) for index in at)
                raise ValueError(f"layer {number} {what} holds {values[at]} at [{where}]: train the network again.")


def numeric_array(value: Any, name: str, mend: str = "convert it to numbers first") -> Array:
    """Return a plain array of bools, integers or floats of at most 64 bits, without copying one that is."""
    if hasattr(value, "toarray"):
        raise TypeError(
            f"{name} is sparse ({type(value).__name__}), but must be dense: use {variable(name)}.toarray()."
        )
    check_unmasked(value, name)
    array = from_frame(value, name)
    try:
        array = np.asarray(value) if array is None else array
    except (ValueError, TypeError, MemoryError, RuntimeError) as error:
        # NumPy, and PyTorch of tensors with gradients, explain themselves in several sentences
        reason = str(error).split(". ")[0].rstrip(".")
        raise ValueError(
            f"{name} must be an array of numbers, but cannot be made into one: {shortened(reason, LONGEST_LIST)}."
        ) from None
    if array.dtype.kind == "O":
        array = from_objects(array, name)
    if array.dtype.kind not in "biuf":
        # the dtype of records names every field
        dtype = shortened(str(array.dtype), LONGEST_VALUE)
        came = "None" if value is None else f"{type(value).__name__} of dtype {dtype}"
        raise TypeError(f"{name} must be an array of real numbers, got {came}: {mend}.")
    if array.dtype.itemsize > 8:
        raise TypeError(
            f"{name} has dtype {array.dtype}, but at most float64 is used: use {variable(name)}.astype('float64')."
        )
    return array


def check_unmasked(value: Any, name: str) -> None:
    """Refuse masked values, which NumPy would read as if there were no mask; an array whose mask hides none is right.

    Also in a list of them, such as ``list(masked)`` gives.
    """
    # where nobody has imported numpy.ma there is no such array, and to import it takes longer than most calls
    kind = getattr(sys.modules.get("numpy.ma"), "MaskedArray", None)
    if kind is None:
        return
    for part in value if isinstance(value, list | tuple) else (value,):
        if isinstance(part, kind) and np.ma.is_masked(part):
            raise ValueError(f"{name} has masked values: remove or fill them first.")


def as_core_takes_it(array: Array, name: str, dtype: np.dtype[Any]) -> Array:
    """Return uint8, float32 or float64, contiguous, aligned, native, finite and in the range of ``dtype``."""
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind in "iu" and size == 8:
        _check_exact_in_float64(array, name)
    if kind == "b" or (kind == "u" and size == 1):
        # a bool is a byte of 0 or 1; asked for as it is first, for a view needs contiguous memory
        return np.require(array, requirements=["C", "A"]).view(np.uint8)
    exact_in_float32 = size <= 2 or (kind == "f" and size == 4)
    values = np.require(array, np.float32 if exact_in_float32 else np.float64, ["C", "A"])
    where = _core.first_nonfinite(values)
    if where >= 0:
        what, which = ("NaN", "missing") if np.isnan(values.flat[where]) else ("infinity", "infinite")
        raise ValueError(f"{name} holds {what} in {place(values, where)}: remove or fill {which} values first.")
    if values.dtype.itemsize > dtype.itemsize:
        with np.errstate(over="ignore"):
            fits = np.isfinite(np.array([values.min(), values.max()]).astype(dtype)).all()
            where = 0 if fits else int(np.argmin(np.isfinite(values.astype(dtype))))
        if not fits:
            raise ValueError(
                f"{name} holds {values.flat[where]} in {place(values, where)}, which {dtype} cannot hold: "
                "scale the data or use dtype='float64'."
            )
    return values


def function_argument(value: Any, name: str) -> Array:
    """Return finite numbers of any shape, for a function of arrays: float32 as it is, all else in float64."""
    array = numeric_array(value, name)
    checked = as_core_takes_it(np.atleast_1d(array), name, np.dtype(np.float64))
    return checked.astype(np.float32 if array.dtype == np.float32 else np.float64, copy=False).reshape(array.shape)


def _check_exact_in_float64(array: Array, name: str) -> None:
    limit = 2**53
    if array.size and (int(array.max()) > limit or int(array.min()) < -limit):
        where = int(np.argmax((array > limit) | (array < -limit)))
        raise ValueError(
            f"{name} holds the integer {array.flat[where]} in {place(array, where)}, which float64 would round: "
            "subtract an offset, or use astype('float64') if that is wanted."
        )


def variable(name: str) -> str:
    """Return a name as code has it, without "of batch 3 of epoch 1"."""
    return name.partition(" ")[0]


def element(name: str, index: int) -> str:
    """Return what an entry is called: "y[2]", "y[2] of batch 3 of epoch 1"."""
    first, space, where = name.partition(" ")
    return f"{first}[{index}]{space}{where}"


def place(array: Array, flat_index: int) -> str:
    """Return where a number of an array is, as a sentence says it."""
    if array.ndim == 1:
        return f"row {flat_index}"
    row, column = divmod(flat_index, array.shape[1])
    return f"row {row}, column {column}"


def count(number: int, one: str, many: str | None = None) -> str:
    """Return "1 row" or "2 rows"."""
    return f"{number} {one if number == 1 else many or one + 's'}"
