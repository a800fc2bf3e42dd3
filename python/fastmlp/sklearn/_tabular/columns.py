"""The columns of a table as they come: numbers, or cells of any kind; of arrays, lists of rows and DataFrames.

Takes DataFrames of pandas and polars without importing either. What has no place in a table is refused here; what the
cells of a column stand for is encoder.py's.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta
from reprlib import repr as shortened
from typing import Any, NamedTuple, NoReturn, TypeAlias

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
# a DataFrame of a library that need not be installed, an array, or a list of rows: no type says all that
Table: TypeAlias = Any
# a column of such a DataFrame
Series: TypeAlias = Any

NO_VALUES = (date, time, timedelta, np.datetime64, np.timedelta64, complex, np.complexfloating)
TIMES = ("datetime", "timedelta", "timestamp", "date", "time", "duration", "period")
CATEGORIES = ("category", "categorical", "enum", "dictionary")


class Numbers(NamedTuple):
    """A column whose type is that of numbers: float64, NaN where one is missing."""

    name: object
    values: npt.NDArray[np.float64]


class Cells(NamedTuple):
    """Any other column: its different values, and the place of each row's among them, -1 where it is missing."""

    name: object
    values: list[object]
    places: npt.NDArray[np.intp]
    # whether the type of the column says so; of other ones it shows in the cells
    is_category: bool = False
    # all categories, of which some may have no row, where their type puts them in order
    order: list[object] | None = None


Column: TypeAlias = Numbers | Cells


def is_frame(X: Table) -> bool:
    """Return whether X is a DataFrame: columns with names and types of their own."""
    return hasattr(X, "columns") and hasattr(X, "dtypes")


def as_table(X: Table) -> Table:
    """Return rows that are not yet a table as one: a list of them, or a query of polars that has not been run.

    Of rows of numbers and text NumPy would make text: they become objects. What is masked is missing.
    """
    if hasattr(X, "mask") and hasattr(X, "filled"):  # numpy.ma, which takes long to import
        return X.filled(np.nan) if X.dtype.kind == "f" else X.astype(object).filled(None)
    if hasattr(X, "collect") and hasattr(X, "collect_schema") and not hasattr(X, "to_numpy"):
        return X.collect()
    if not isinstance(X, list | tuple):
        return X
    array = np.asarray(X)
    return np.asarray(X, dtype=object) if array.dtype.kind in "SU" else array


def columns_of(X: Table) -> Iterator[Column]:
    """Yield the columns, one at a time: as numbers they may take eight times their room."""
    if is_frame(X):
        for series, name in zip(_series_of(X), X.columns, strict=True):
            yield _column_of_series(series, name)
        return
    array = np.asarray(X)
    if array.dtype.kind in "mM":
        raise ValueError(f"X is of {array.dtype}: turn it into numbers, such as years or days since a date.")
    for index in range(array.shape[1]):
        column = array[:, index]
        if array.dtype.kind in "biuf":
            yield Numbers(index, column.astype(np.float64))
        else:
            yield _cells_of(column, index)


def refuse_date(name: object, what: str) -> NoReturn:
    """Say that a column of dates, or the like, is no column of numbers."""
    raise ValueError(f"column {shortened(name)} {what}: turn it into numbers, such as years or days since a date.")


def _series_of(frame: Table) -> Iterator[Series]:
    # pandas by place, since there a name may be NaN, or that of two columns
    if hasattr(frame, "iloc"):
        return (frame.iloc[:, place] for place in range(frame.shape[1]))
    return (frame[name] for name in frame.columns)


def _column_of_series(series: Series, name: object) -> Column:
    dtype = str(series.dtype)
    if dtype.lower().startswith(TIMES):
        refuse_date(name, f"is of {dtype}")
    is_numeric = getattr(series.dtype, "is_numeric", None)
    if is_numeric is not None and is_numeric():
        # polars; of decimals and of integers of 128 bits NumPy has no type
        return Numbers(name, np.array(series.to_list(), np.float64) if _is_wide(dtype) else _floats(series.to_numpy()))
    if is_numeric is None and getattr(series.dtype, "kind", "O") in "iuf":
        return Numbers(name, _floats(series.to_numpy(dtype=np.float64, na_value=np.nan)))
    if hasattr(series, "cat") and hasattr(series.cat, "codes"):
        return _cells_of_categories(series.cat, name)
    return _cells_of(series.to_numpy(), name, is_category=dtype.lower().startswith(CATEGORIES))


def _is_wide(dtype: str) -> bool:
    return dtype.startswith(("Decimal", "Int128", "UInt128"))


def _floats(values: Array) -> npt.NDArray[np.float64]:
    return np.asarray(values, np.float64)


def _cells_of_categories(categorical: Any, name: object) -> Cells:
    """Return the cells of a column of pandas that has its different values apart, used or not."""
    codes = np.asarray(categorical.codes, np.intp)
    used = np.bincount(codes[codes >= 0], minlength=len(categorical.categories)) > 0
    # a missing value has code -1, which takes the last place
    places = np.append(np.where(used, np.cumsum(used) - 1, -1), -1)
    cells = _cells_of(np.array(categorical.categories, dtype=object)[used], name)
    order = list(categorical.categories) if categorical.ordered else None
    return cells._replace(places=places[codes], is_category=True, order=order)


def _cells_of(column: Array, name: object, *, is_category: bool = False) -> Cells:
    if column.dtype.kind in "bUS":
        different, places = np.unique(column, return_inverse=True)
        return Cells(name, [_decoded(value) for value in different.tolist()], places, is_category)
    found: dict[tuple[type, object], int] = {}
    values: list[object] = []
    places = np.empty(len(column), np.intp)
    for row, value in enumerate(column.tolist()):
        key = (type(value), value)
        try:
            places[row] = found[key]
        except KeyError:
            if is_missing_value(value):
                places[row] = -1
                continue
            if isinstance(value, NO_VALUES):
                refuse_date(name, f"holds {shortened(value)}")
            places[row] = found[key] = len(values)
            values.append(_decoded(value))
        except TypeError:
            raise ValueError(f"a column holds {shortened(value)}: give one number or one text in each cell.") from None
    return Cells(name, values, places, is_category)


def _decoded(value: object) -> object:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value


def is_missing_value(value: object) -> bool:
    """Return whether a cell holds none: None, NaN, NaT, or NA of pandas."""
    # NaN and NaT differ from themselves; NA must be known by name, since comparing it gives NA again
    if value is None or type(value).__name__ == "NAType":
        return True
    differs = value != value
    return isinstance(differs, bool | np.bool_) and bool(differs)
