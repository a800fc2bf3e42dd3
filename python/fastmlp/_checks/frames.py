"""Frames and columns of pandas, and arrays of objects, as arrays of numbers.

NumPy makes arrays of objects of frames whose columns are of several kinds, or of pandas' own dtypes. What looks like
such a frame (pandas itself is not imported) is asked column by column; one of text, categories or dates is refused by
its name.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.text import LONGEST_NAME, shortened

Array = npt.NDArray[Any]
NUMBERS = "biuf"


def from_frame(value: Any, name: str) -> Array | None:
    """Return the array of a frame or a column; None: NumPy makes a plain one of it, or it is neither."""
    if not hasattr(value, "iloc") or not hasattr(value, "to_numpy"):
        return None
    if not hasattr(value, "columns"):
        return None if isinstance(value.dtype, np.dtype) else _column(value, name)
    dtypes = list(value.dtypes)
    if all(isinstance(dtype, np.dtype) and dtype == dtypes[0] for dtype in dtypes):
        return None
    columns = [
        _column(value.iloc[:, index], f"column {shortened(repr(label), LONGEST_NAME)} of {name}")
        for index, label in enumerate(value.columns)
    ]
    array = np.empty((len(value), len(columns)), np.result_type(*columns))
    for index, column in enumerate(columns):
        array[:, index] = column
    return array


def _column(column: Any, name: str) -> Array:
    """Return one column as numbers, NaN where one is missing."""
    kind = getattr(column.dtype, "kind", "O")
    if kind not in NUMBERS:
        # of objects, not of categories, whose dtype calls itself that as well
        if isinstance(column.dtype, np.dtype) and kind == "O":
            array = from_objects(np.asarray(column))
            if array.dtype.kind in NUMBERS:
                return array
        raise TypeError(
            f"{name} is of dtype {shortened(str(column.dtype), LONGEST_NAME)}, but must hold real numbers: "
            "convert it to numbers first, or leave it out."
        )
    array = np.asarray(column)
    if array.dtype.kind in NUMBERS:
        return array
    missing = np.asarray(column.isna())
    if kind in "iu" and not missing.any():
        return np.asarray(column.to_numpy(dtype=np.dtype(f"{kind}8")))
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))


def from_objects(array: Array) -> Array:
    """Return an array of objects as numbers if all of them are bools, integers or floats, else as it is.

    None is a missing number. Text is none, whatever it says.
    """
    kinds = set(map(type, array.ravel().tolist()))
    if array.ndim == 0 or kinds <= {type(None)}:
        return array
    if kinds <= {bool}:
        return array.astype(bool)
    if kinds <= {bool, int}:
        try:
            return array.astype(np.int64)
        except OverflowError:
            return array
    return array.astype(np.float64) if kinds <= {bool, int, float, type(None)} else array
