"""The checks of what is to be learned: which targets suit a network's outputs and its loss, and what metrics compare.

A loss says which targets it takes (``Takes``); what that asks of an array is said here. Arrays in general: arrays.py.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arrays import (
    as_core_takes_it,
    check_sample_weight,
    count,
    element,
    numeric_array,
    place,
    variable,
)
from fastmlp._checks.text import brief

Array = npt.NDArray[Any]
Takes: TypeAlias = Literal["labels", "sides", "counts", "values"]


def check_targets(
    y: Any,
    rows: int,
    n_outputs: int,
    dtype: np.dtype[Any],
    *,
    takes: Takes,
    add_up: bool,
    loss: str,
    names: tuple[str, str] = ("X", "y"),
) -> Array:
    """Return y as int32 labels (rows,) or float rows (rows, n_outputs), as the loss of this name takes it.

    ``add_up``: rows of probabilities must add up to 1.
    """
    data_name, name = names
    array = numeric_array(y, name, mend="code labels as integers with names, y = numpy.unique(y, return_inverse=True)")
    if array.ndim not in (1, 2):
        raise ValueError(f"{name} has shape {array.shape}, but must be labels (samples,) or rows (samples, outputs).")
    if len(array) != rows:
        raise ValueError(
            f"{name} has {count(len(array), 'row')}, but {data_name} has {rows}: give one label or row for each sample."
        )
    if array.ndim == 2 and array.shape[1] != n_outputs:
        raise ValueError(
            f"{name} has shape {array.shape}, but the network has {count(n_outputs, 'output')}: "
            f"give labels of shape ({rows},) or rows of shape ({rows}, {n_outputs})."
        )
    of_classes = takes == "labels"
    if array.ndim == 1 and (n_outputs > 1 or of_classes):
        if array.dtype.kind in "biu":
            # one sigmoid output tells two classes apart, and takes their labels as its targets
            binary = of_classes and not add_up and n_outputs == 1
            labels = _check_labels(array, 2 if binary else n_outputs, name)
            return labels.astype(dtype)[:, np.newaxis] if binary else labels
        if add_up or n_outputs > 1:
            # integers of which some are missing are floats, and not to be made integers
            as_core_takes_it(array, name, np.dtype(np.float64))
            raise TypeError(
                f"{name} is a vector of {array.dtype}, but the network has {count(n_outputs, 'output')}: "
                f"give integer labels, {variable(name)}.astype(int), or rows of shape ({rows}, {n_outputs})."
            )
    values = as_core_takes_it(array.reshape(rows, n_outputs), name, dtype)
    if values.dtype == np.uint8:
        values = values.astype(dtype)
    if of_classes:
        _check_probabilities(values, name, add_up=add_up)
    elif takes == "sides":
        _check_sides(values, name, loss)
    elif takes == "counts" and values.min() < 0:
        where = int(np.argmax(values < 0))
        raise ValueError(
            f"{name} holds {values.flat[where]} in {place(values, where)}, "
            f"but the counts of loss {brief(loss)} must not be negative."
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


def check_metric_arrays(
    y_true: Any, outputs: Any, sample_weight: Any, *, values: bool = False
) -> tuple[Array, Array, Array | None]:
    """Return labels (samples,) or rows of the outputs' shape, outputs (samples, outputs), and weights.

    ``values``: whatever is wanted are values, never labels.
    """
    given, wanted = numeric_array(outputs, "outputs"), numeric_array(y_true, "y_true")
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
        return _check_labels(wanted, columns, "y_true"), given, _metric_weights(sample_weight, rows)
    if wanted.shape not in ((rows, columns), *([(rows,)] if columns == 1 else [])):
        kinds = "" if values else f"labels of shape ({rows},) or "
        raise ValueError(
            f"y_true has shape {wanted.shape}, but outputs {given.shape}: give {kinds}rows of the outputs' shape."
        )
    wanted = wanted.reshape(rows, columns).astype(np.float64)
    return wanted, given, _metric_weights(sample_weight, rows)


def _metric_weights(sample_weight: Any, rows: int) -> Array | None:
    """Return weights whose products with each other stay in range: metrics ask for their ratios only."""
    weights = check_sample_weight(sample_weight, rows)
    largest = 1.0 if weights is None else float(weights.max())
    return weights if 1e-100 < largest < 1e100 else np.asarray(weights) / largest


def check_metric_value(value: Any, name: str) -> float:
    """Return what a user's metric gave; NaN is an answer, too."""
    array = numeric_array(value, f"the value of metric {brief(name)}")
    if array.size != 1:
        raise ValueError(f"the value of metric {brief(name)} has shape {array.shape}, but must be one number.")
    return float(array.reshape(()))


def _check_labels(array: Array, n_classes: int, name: str) -> Array:
    labels = array.view(np.uint8) if array.dtype.kind == "b" else array
    if labels.min() < 0 or labels.max() >= n_classes:
        row = int(np.argmax((labels < 0) | (labels >= n_classes)))
        raise ValueError(
            f"{element(name, row)} is {labels[row]}, but the network has {count(n_classes, 'class', 'classes')}: "
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
            f"{name} holds {rows.flat[where]} in {place(rows, where)}, "
            f"but the targets of loss {brief(loss)} must be labels, all 0 or 1, or all -1 or 1."
        )
