"""The checks of what the pictures are drawn from; general ones are in fastmlp/_validation.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._validation import _numeric_array

Array = npt.NDArray[Any]


def check_rows(X: Any, name: str, columns: int | None = None, mend: str = "") -> Array:
    """Return finite numbers (rows, columns) as float64; one input may come as (rows,)."""
    array = _numeric_array(X, name).astype(np.float64)
    if array.ndim == 1 and columns == 1:
        array = array.reshape(-1, 1)
    if array.ndim != 2 or not array.size or columns not in (None, array.shape[1]):
        shape = f"(rows, {'columns' if columns is None else columns})"
        raise ValueError(f"{name} has shape {array.shape}, but must be {shape}{mend}.")
    if not np.isfinite(array).all():
        row, column = (int(where[0]) for where in np.nonzero(~np.isfinite(array)))
        raise ValueError(f"{name} holds {array[row, column]} in row {row}, column {column}: remove or fill it first.")
    return array


def check_labels(y: Any, name: str, rows: int | None = None, other: str = "X") -> Array:
    """Return one label for each sample: as given, or the column of the largest value of an indicator row."""
    labels = np.asarray(y)
    if labels.ndim == 2:
        labels = labels[:, 0] if labels.shape[1] == 1 else labels.argmax(axis=1)
    if labels.ndim != 1 or not labels.size:
        raise ValueError(f"{name} has shape {labels.shape}, but must be labels (samples,) or indicator rows.")
    if rows is not None and len(labels) != rows:
        raise ValueError(f"{name} has {len(labels)} rows, but {other} has {rows}: give one label for each.")
    return labels


def class_names(classes: Array, names: Any) -> list[str]:
    """Return what the classes are called: by their labels, or where labels count names, by these."""
    if names is not None and classes.dtype.kind in "biu" and classes.min() >= 0 and classes.max() < len(names):
        return [str(names[int(label)]) for label in classes]
    return [f"{label:g}" if isinstance(label, np.floating) else str(label) for label in classes]
