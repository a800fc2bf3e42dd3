"""Frames and columns of pandas and polars, and arrays of objects, as arrays of numbers.

NumPy makes arrays of objects of frames whose columns are of several kinds, or of pandas' own dtypes, and numbers of
dates that stand beside numbers. What looks like such a frame (neither library is imported) is asked column by column;
one of text, categories or dates is refused by its name.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.text import LONGEST_NAME, shortened

Array = npt.NDArray[Any]
NUMBERS = "biuf"
BOOLS = (bool, np.bool_)
INTEGERS = (*BOOLS, int, np.integer)
# of at most 64 bits: longdouble is none of them
REALS = (*INTEGERS, float, np.float32, np.float16, type(None))
LARGEST_EXACT = 2**53
# what pandas and numpy.ma put into arrays of objects for a missing value
MISSING = ("NAType", "MaskedConstant")


def from_frame(value: Any, name: str) -> Array | None:
    """Return the array of a frame or a column; None: NumPy makes a plain one of it, or it is neither."""
    if hasattr(value, "collect_schema") and not hasattr(value, "to_numpy"):
        raise TypeError(f"{name} is a {type(value).__name__}, whose rows are not there yet: use its collect().")
    if hasattr(value, "get_columns"):
        labelled = [(column.name, column) for column in value.get_columns()]
    elif not hasattr(value, "to_numpy") or not hasattr(value, "dtypes" if hasattr(value, "columns") else "dtype"):
        return None
    elif not hasattr(value, "columns"):
        return None if isinstance(value.dtype, np.dtype) else _column(value, name, "")
    else:
        dtypes = list(value.dtypes)
        if all(isinstance(dtype, np.dtype) and dtype == dtypes[0] for dtype in dtypes):
            return None
        labelled = [(label, value.iloc[:, index]) for index, label in enumerate(value.columns)]
    if not labelled:
        return None
    names = [f"column {shortened(repr(label), LONGEST_NAME)} of {name}" for label, _ in labelled]
    columns = [
        _column(column, called, ", or leave it out") for called, (_, column) in zip(names, labelled, strict=True)
    ]
    array = np.empty((len(value), len(columns)), np.result_type(*columns))
    for index, (called, column) in enumerate(zip(names, columns, strict=True)):
        if array.dtype.kind == "f" and column.dtype.kind in "iu":
            _check_exact(_extremes(column), called)
        array[:, index] = column
    return array


def _column(column: Any, name: str, otherwise: str) -> Array:
    """Return one column as numbers, NaN where one is missing."""
    kind = _kind(column)
    if kind not in NUMBERS:
        # of objects, not of categories, whose dtype calls itself that as well
        if isinstance(column.dtype, np.dtype) and kind == "O":
            array = from_objects(np.asarray(column), name)
            if array.dtype.kind in NUMBERS:
                return array
        raise TypeError(
            f"{name} is of dtype {shortened(str(column.dtype), LONGEST_NAME)}, but must hold real numbers: "
            f"convert it to numbers first{otherwise}."
        )
    if hasattr(column, "null_count"):
        # polars; integers of which some are missing, or of 128 bits, are no integers of NumPy's
        is_plain = kind != "i" or not (column.null_count() or "128" in str(column.dtype))
        array = np.asarray(column) if is_plain else np.array(column.to_list(), object)
        array = from_objects(array, name) if array.dtype.kind == "O" else array
        return array if array.dtype.kind in NUMBERS else array.astype(np.float64)
    array = np.asarray(column)
    if array.dtype.kind in NUMBERS and (kind == "f") == (array.dtype.kind == "f"):
        return array
    if kind in "iu":
        missing = np.asarray(column.isna())
        known = np.asarray(column[~missing].to_numpy(dtype=np.dtype(f"{kind}8")))
        if not missing.any():
            return known
        _check_exact(_extremes(known), name)
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))


def _kind(column: Any) -> str:
    """Return the letter that NumPy has for the kind of a column's numbers, "O" for all else."""
    dtype = column.dtype
    if not hasattr(dtype, "is_numeric"):
        return getattr(dtype, "kind", "O")
    # polars, where a column of nothing but missing values has a kind of its own
    if dtype.is_integer():
        return "i"
    return "f" if dtype.is_numeric() or str(dtype) in ("Boolean", "Null") else "O"


def from_objects(array: Array, name: str) -> Array:
    """Return an array of objects as numbers if all of them are bools, integers or floats, else as it is.

    Also where they are NumPy's, as in rows that were put together one by one. None is a missing number, and so are
    NA of pandas and a masked value. Text is none, whatever it says.
    """
    values = array.ravel().tolist()
    kinds = set(map(type, values))
    if any(kind.__name__ in MISSING for kind in kinds):
        known = [None if type(value).__name__ in MISSING else value for value in values]
        return from_objects(np.array(known, object).reshape(array.shape), name)
    if array.ndim == 0 or kinds <= {type(None)} or np.timedelta64 in kinds:
        return array
    if all(issubclass(kind, BOOLS) for kind in kinds):
        return array.astype(bool)
    are_integers = all(issubclass(kind, INTEGERS) for kind in kinds)
    if not are_integers and not all(issubclass(kind, REALS) for kind in kinds):
        return array
    # integers alone stay integers, whose exactness is checked with their place
    limit = 2**63 - 1 if are_integers else LARGEST_EXACT
    _check_exact([int(value) for value in values if isinstance(value, INTEGERS)], name, limit)
    return array.astype(np.int64 if are_integers else np.float64)


def _extremes(column: Array) -> list[int]:
    return [int(column.min()), int(column.max())] if column.size else []


def _check_exact(integers: list[int], name: str, limit: int = LARGEST_EXACT) -> None:
    """Refuse integers of which float64 would make others."""
    largest = max(integers, key=abs, default=0)
    if abs(largest) > limit:
        shown = (
            f"the integer {largest}" if largest.bit_length() <= 128 else f"an integer of {largest.bit_length()} bits"
        )
        raise ValueError(
            f"{name} holds {shown}, which float64 would round: subtract an offset, or use floats if that is wanted."
        )
