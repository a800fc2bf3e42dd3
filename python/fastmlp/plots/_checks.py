"""The checks of what the pictures are drawn from; general ones are in fastmlp/_checks/."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import check_pair, check_real
from fastmlp._checks.arrays import numeric_array

Array = npt.NDArray[Any]


def check_rows(X: Any, name: str, columns: int | None = None, mend: str = "") -> Array:
    """Return finite numbers (rows, columns) as float64; where one column is wanted, (rows,) will do."""
    array = numeric_array(X, name).astype(np.float64)
    if array.ndim == 1 and columns == 1:
        array = array.reshape(-1, 1)
    if array.ndim != 2 or not array.size or columns not in (None, array.shape[1]):
        shape = f"(rows, {'columns' if columns is None else columns})"
        raise ValueError(f"{name} has shape {array.shape}, but must be {shape}{mend}.")
    if not np.isfinite(array).all():
        row, column = (int(where[0]) for where in np.nonzero(~np.isfinite(array)))
        raise ValueError(f"{name} holds {array[row, column]} in row {row}, column {column}: remove or fill it first.")
    return array


def check_values(y: Any, rows: int) -> Array:
    """Return targets of regression as (rows, outputs)."""
    array = numeric_array(y, "y")
    targets = check_rows(array.reshape(-1, 1) if array.ndim == 1 else array, "y")
    if len(targets) != rows:
        raise ValueError(f"y has {len(targets)} rows, but X has {rows}: give one value for each.")
    return targets


def check_labels(y: Any, name: str, rows: int | None = None, other: str = "X") -> Array:
    """Return one label for each sample: as given, or the column of the largest value in its row."""
    labels = np.asarray(y)
    if labels.ndim == 2:
        labels = labels[:, 0] if labels.shape[1] == 1 else labels.argmax(axis=1)
    if labels.ndim != 1 or not labels.size:
        raise ValueError(f"{name} has shape {labels.shape}, but must be labels (samples,) or indicator rows.")
    if rows is not None and len(labels) != rows:
        raise ValueError(f"{name} has {len(labels)} rows, but {other} has {rows}: give one label for each.")
    if is_continuous(labels):
        raise ValueError(f"{name} holds {labels[labels != np.round(labels)][0]:g}, which is a value, not a class.")
    return labels


def is_continuous(y: Array) -> bool:
    """Whether y holds values and not labels: a float that is no integer, NaN included."""
    return y.dtype.kind == "f" and bool((y != np.round(y)).any())


def common_classes(first: Array, second: Array, names: tuple[str, str]) -> Array:
    """Return the labels that occur in either, in order; text and numbers have no order."""
    text = [labels.dtype.kind not in "biuf" for labels in (first, second)]
    if text[0] != text[1]:
        with_text, with_numbers = names if text[0] else names[::-1]
        raise ValueError(
            f"{with_text} holds text, but {with_numbers} numbers: code the text as integers, "
            "numpy.unique(y, return_inverse=True)[1]."
        )
    return np.unique(np.concatenate([first, second]))


def class_names(classes: Array, names: Sequence[str] | None) -> list[str]:
    """Return what the classes are called: by ``names`` where the labels count these, else by their labels."""
    if names is not None and classes.dtype.kind in "biu" and classes.min() >= 0 and classes.max() < len(names):
        return [str(names[int(label)]) for label in classes]
    return [f"{label:g}" if isinstance(label, np.floating) else str(label) for label in classes]


def check_predictor(network: Any) -> None:
    """Refuse what cannot predict."""
    if not callable(getattr(network, "predict", None)):
        raise TypeError(f"network must have a method predict, got {type(network).__name__}: give a fitted Network.")


def check_span(span: Any) -> tuple[float, float]:
    """Return the ends of an interval."""
    low, high = (check_real(end, "span") for end in check_pair(span, "span"))
    if not low < high:
        raise ValueError(f"span must run from low to high, got ({low:g}, {high:g}).")
    return low, high
