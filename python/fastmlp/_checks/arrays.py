"""Every check of an array that comes in, and its error sentence; those of other arguments are in arguments.py.

The core behind ``_core`` only asserts: what passes here is C-contiguous, aligned, native and in range. No check makes a
temporary of the size of X when all is well, and nothing that came in is ever written.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp import _core

Array = npt.NDArray[Any]


def check_data(X: Any, n_inputs: int, dtype: np.dtype[Any], name: str = "X") -> Array:
    """Return data as the core takes it, (rows, n_inputs) in uint8, float32 or float64; a copy only where it must be."""
    array = _numeric_array(X, name)
    if array.ndim == 1:
        raise ValueError(
            f"{name} has shape {array.shape}, but must be (samples, inputs): "
            f"use {name}.reshape(1, -1) for one sample or {name}.reshape(-1, 1) for one input."
        )
    if array.ndim != 2:
        mend = f": use {name}.reshape({len(array)}, -1)." if array.ndim > 2 else "."
        raise ValueError(f"{name} has shape {array.shape}, but must be (samples, inputs){mend}")
    rows, columns = array.shape
    if columns != n_inputs:
        raise ValueError(
            f"{name} has {_count(columns, 'column')}, but the network expects {_count(n_inputs, 'input')}."
        )
    if rows == 0:
        raise ValueError(f"{name} has no rows: give at least one sample.")
    return _as_core_takes_it(array, name, dtype)


def check_targets(
    y: Any, rows: int, n_outputs: int, loss: str, dtype: np.dtype[Any], names: tuple[str, str] = ("X", "y")
) -> Array:
    """Return y as int32 labels (rows,) or float rows (rows, n_outputs); ``loss`` is the core's name of it."""
    data_name, name = names
    array = _numeric_array(y, name, mend="code labels as integers with names, y = numpy.unique(y, return_inverse=True)")
    if array.ndim not in (1, 2):
        raise ValueError(f"{name} has shape {array.shape}, but must be labels (samples,) or rows (samples, outputs).")
    if len(array) != rows:
        raise ValueError(
            f"{name} has {_count(len(array), 'row')}, but {data_name} has {rows}: "
            "give one label or row for each sample."
        )
    if array.ndim == 2 and array.shape[1] != n_outputs:
        raise ValueError(
            f"{name} has shape {array.shape}, but the network has {_count(n_outputs, 'output')}: "
            f"give labels of shape ({rows},) or rows of shape ({rows}, {n_outputs})."
        )
    cross_entropy = loss.endswith("cross_entropy")
    if array.ndim == 1 and (n_outputs > 1 or cross_entropy):
        if array.dtype.kind in "biu":
            # one sigmoid output tells two classes apart, and takes their labels as its targets
            binary = loss == "sigmoid_cross_entropy" and n_outputs == 1
            labels = _check_labels(array, 2 if binary else n_outputs, name)
            return labels.astype(dtype)[:, np.newaxis] if binary else labels
        if loss == "softmax_cross_entropy" or n_outputs > 1:
            raise TypeError(
                f"{name} is a vector of {array.dtype}, but the network has {_count(n_outputs, 'output')}: "
                f"give integer labels, {name}.astype(int), or rows of shape ({rows}, {n_outputs})."
            )
    values = _as_core_takes_it(array.reshape(rows, n_outputs), name, dtype)
    if values.dtype == np.uint8:
        values = values.astype(dtype)
    if cross_entropy:
        _check_probabilities(values, name, add_up=loss == "softmax_cross_entropy")
    elif loss in ("hinge", "perceptron"):
        _check_sides(values, name, loss)
    elif loss == "poisson" and values.min() < 0:
        where = int(np.argmax(values < 0))
        raise ValueError(
            f"{name} holds {values.flat[where]} in {_place(values, where)}, "
            "but the counts of loss 'poisson' must not be negative."
        )
    return values


def check_indicators(rows: Array, name: str) -> Array:
    """Return the labels of rows with a single 1 among zeros; a single column holds the labels 0 and 1."""
    ones = rows == 1
    alone = rows.shape[1] == 1
    sound = (ones | (rows == 0)).all(axis=1) & (alone | (ones.sum(axis=1) == 1))
    if not sound.all():
        row = int(np.argmin(sound))
        raise ValueError(
            f"row {row} of {name} is neither a label nor an indicator row, which class_weight needs: "
            "give labels, or use sample_weight instead."
        )
    labels: Array = rows[:, 0].astype(np.intp) if alone else rows.argmax(axis=1)
    return labels


def check_sample_weight(sample_weight: Any, rows: int) -> Array | None:
    """Return the weights as float64 (rows,): finite, none negative, some positive."""
    if sample_weight is None:
        return None
    array = _numeric_array(sample_weight, "sample_weight")
    if array.shape != (rows,):
        raise ValueError(
            f"sample_weight has shape {array.shape}, but must have one number for each row of X: ({rows},)."
        )
    weights = np.require(_as_core_takes_it(array, "sample_weight", np.dtype(np.float64)), np.float64)
    if weights.min() < 0:
        row = int(np.argmax(weights < 0))
        raise ValueError(f"sample_weight[{row}] is {weights[row]}, but weights must not be negative.")
    return check_total_weight(weights, "sample_weight")


def check_total_weight(weights: Array, name: str) -> Array:
    """Return weights whose sum is positive and finite."""
    with np.errstate(over="ignore"):
        total = weights.sum()
    if not 0 < total < math.inf:
        raise ValueError(f"{name} adds up to {total}, but must add up to a positive finite number.")
    return weights


def check_parameters(values: Any, size: int, dtype: np.dtype[Any]) -> Array:
    """Return one finite flat vector with a value for each parameter."""
    array = _numeric_array(values, "parameters")
    if array.shape != (size,):
        raise ValueError(f"parameters has shape {array.shape}, but must be one flat vector of shape ({size},).")
    return _as_core_takes_it(array, "parameters", dtype)


def check_point(x: Any) -> Array:
    """Return a float64 copy of the point at which a function's gradient is checked."""
    array = _numeric_array(x, "x")
    if array.ndim == 0 or array.size == 0:
        raise ValueError(f"x has shape {array.shape}, but must be a vector of at least one number.")
    return _as_core_takes_it(array, "x", np.dtype(np.float64)).astype(np.float64)


def check_row(x: Any, n_inputs: int, dtype: np.dtype[Any]) -> Array:
    """Return one sample as data of one row."""
    array = _numeric_array(x, "x")
    if array.shape != (n_inputs,):
        raise ValueError(
            f"x has shape {array.shape}, but must be one sample of {_count(n_inputs, 'input')}: ({n_inputs},)."
        )
    return check_data(array[np.newaxis], n_inputs, dtype, "x")


def check_gradient(gradient: Any, shape: tuple[int, ...]) -> Array:
    """Return a user's gradient as float64; whether its values make sense is for the comparison to say."""
    array = _numeric_array(gradient, "gradient")
    if array.shape != shape:
        raise ValueError(f"gradient has shape {array.shape}, but must have that of x: {shape}.")
    return array.astype(np.float64)


def check_value(value: Any) -> float:
    """Return the value of a user's function."""
    array = _numeric_array(value, "the value of f")
    if array.size != 1:
        raise ValueError(f"the value of f has shape {array.shape}, but must be one number.")
    return float(array.reshape(()))


def check_outputs(outputs: Array) -> None:
    """Refuse outputs that no label or value can be read from."""
    where = _core.first_nonfinite(outputs)
    if where >= 0:
        raise FloatingPointError(
            f"the outputs hold {outputs.flat[where]} in {_place(outputs, where)}: "
            "a weight is not finite, or the inputs are too large; scale them, or train again."
        )


def check_metric_arrays(
    y_true: Any, outputs: Any, sample_weight: Any, *, values: bool = False
) -> tuple[Array, Array, Array | None]:
    """Return labels (samples,) or rows of the outputs' shape, outputs (samples, outputs), and weights.

    ``values``: whatever is wanted are values, never labels.
    """
    given, wanted = _numeric_array(outputs, "outputs"), _numeric_array(y_true, "y_true")
    if given.ndim == 1:
        given = given[:, np.newaxis]
    if given.ndim != 2 or given.size == 0:
        raise ValueError(f"outputs has shape {given.shape}, but must be (samples, outputs) with at least one sample.")
    rows, columns = given.shape
    if given.dtype.kind != "f" or values:
        given = given.astype(np.float64)
    if wanted.shape == (rows,) and columns > 1 and not values:
        if wanted.dtype.kind not in "biu":
            raise TypeError(f"y_true is a vector of {wanted.dtype}, but labels are integers: use y_true.astype(int).")
        return _check_labels(wanted, columns, "y_true"), given, check_sample_weight(sample_weight, rows)
    if wanted.shape not in ((rows, columns), *([(rows,)] if columns == 1 else [])):
        kinds = "" if values else f"labels of shape ({rows},) or "
        raise ValueError(
            f"y_true has shape {wanted.shape}, but outputs {given.shape}: give {kinds}rows of the outputs' shape."
        )
    wanted = wanted.reshape(rows, columns).astype(np.float64)
    return wanted, given, check_sample_weight(sample_weight, rows)


def check_metric_value(value: Any, name: str) -> float:
    """Return what a user's metric gave; NaN is an answer, too."""
    array = _numeric_array(value, f"the value of metric {name!r}")
    if array.size != 1:
        raise ValueError(f"the value of metric {name!r} has shape {array.shape}, but must be one number.")
    return float(array.reshape(()))


def _numeric_array(value: Any, name: str, mend: str = "convert it to numbers first") -> Array:
    """Return a plain array of bools, integers or floats of at most 64 bits, without copying one that is."""
    if hasattr(value, "toarray"):
        raise TypeError(f"{name} is sparse ({type(value).__name__}), but must be dense: use {name}.toarray().")
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise ValueError(f"{name} has masked values: remove or fill them first.")
    try:
        array = np.asarray(value)
    except (ValueError, TypeError) as error:
        # NumPy explains itself in several sentences
        reason = str(error).split(". ")[0].rstrip(".")
        raise ValueError(f"{name} must be an array of numbers, but cannot be made into one: {reason}.") from None
    if array.dtype.kind not in "biuf":
        came = "None" if value is None else f"{type(value).__name__} of dtype {array.dtype}"
        raise TypeError(f"{name} must be an array of real numbers, got {came}: {mend}.")
    if array.dtype.itemsize > 8:
        raise TypeError(f"{name} has dtype {array.dtype}, but at most float64 is used: use {name}.astype('float64').")
    return array


def _as_core_takes_it(array: Array, name: str, dtype: np.dtype[Any]) -> Array:
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
        raise ValueError(f"{name} holds {what} in {_place(values, where)}: remove or fill {which} values first.")
    if values.dtype.itemsize > dtype.itemsize:
        with np.errstate(over="ignore"):
            fits = np.isfinite(np.array([values.min(), values.max()]).astype(dtype)).all()
            where = 0 if fits else int(np.argmin(np.isfinite(values.astype(dtype))))
        if not fits:
            raise ValueError(
                f"{name} holds {values.flat[where]} in {_place(values, where)}, which {dtype} cannot hold: "
                "scale the data or use dtype='float64'."
            )
    return values


def _check_exact_in_float64(array: Array, name: str) -> None:
    limit = 2**53
    if array.size and (int(array.max()) > limit or int(array.min()) < -limit):
        where = int(np.argmax((array > limit) | (array < -limit)))
        raise ValueError(
            f"{name} holds the integer {array.flat[where]} in {_place(array, where)}, which float64 would round: "
            "subtract an offset, or use astype('float64') if that is wanted."
        )


def _check_labels(array: Array, n_classes: int, name: str) -> Array:
    labels = array.view(np.uint8) if array.dtype.kind == "b" else array
    if labels.min() < 0 or labels.max() >= n_classes:
        row = int(np.argmax((labels < 0) | (labels >= n_classes)))
        raise ValueError(
            f"{name}[{row}] is {labels[row]}, but the network has {_count(n_classes, 'class', 'classes')}: "
            f"labels must be 0 to {n_classes - 1}."
        )
    return np.require(labels, np.int32, ["C", "A"])


def _check_probabilities(rows: Array, name: str, *, add_up: bool) -> None:
    if rows.min() < 0 or rows.max() > 1:
        row, column = divmod(int(np.argmax((rows < 0) | (rows > 1))), rows.shape[1])
        raise ValueError(f"{name} holds {rows[row, column]} in row {row}, but probabilities must be 0 to 1.")
    if add_up:
        sums = rows.sum(axis=1, dtype=np.float64)
        # room for probabilities that were rounded to three digits or kept in float16
        wrong = np.abs(sums - 1) > 1e-3
        if wrong.any():
            row = int(np.argmax(wrong))
            raise ValueError(
                f"row {row} of {name} adds up to {sums[row]:g}, but probabilities must add up to 1 after softmax."
            )


def _check_sides(rows: Array, name: str, loss: str) -> None:
    negative = 0 if rows.min() >= 0 else -1
    wrong = (rows != negative) & (rows != 1)
    if wrong.any():
        where = int(np.argmax(wrong))
        raise ValueError(
            f"{name} holds {rows.flat[where]} in {_place(rows, where)}, "
            f"but the targets of loss {loss!r} must be labels, all 0 or 1, or all -1 or 1."
        )


def _place(array: Array, flat_index: int) -> str:
    if array.ndim == 1:
        return f"row {flat_index}"
    row, column = divmod(flat_index, array.shape[1])
    return f"row {row}, column {column}"


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
