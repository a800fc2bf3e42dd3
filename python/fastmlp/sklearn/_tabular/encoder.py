"""Tables as numbers: categories become columns of 0 and 1, missing numbers the median of their column.

Takes arrays and DataFrames of pandas and polars without importing either. scikit-learn's encoder and imputer do the
work; this file tells categories from numbers and brings both into the form that they take. Scaling the numbers is left
to the networks (recipe.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder

Array = npt.NDArray[Any]
# a DataFrame of a library that need not be installed, an array, or a list of rows: no type says all that
Table: TypeAlias = Any
# a column of such a DataFrame
Series: TypeAlias = Any

# A column of categories becomes at most so many columns of 0 and 1, since those of rare categories are almost all 0.
# Where it has more categories, the rarest of them share the last of these columns.
MOST_CATEGORIES = 100
# the networks compute in float32
LARGEST = float(np.finfo(np.float32).max)
NO_VALUES = (date, timedelta, np.datetime64, np.timedelta64, complex, np.complexfloating)
DATES = "turn it into numbers, such as years or days since a date."


def is_frame(X: Table) -> bool:
    """Return whether X is a DataFrame: columns with names and types of their own."""
    return hasattr(X, "columns") and hasattr(X, "dtypes")


class TableEncoder:
    """What a table's columns stand for, learned from training data.

    Attributes
    ----------
    is_category : list of bool
        One for each column.
    """

    def fit(self, X: Table) -> TableEncoder:
        """Learn categories and medians."""
        columns = _columns(X)
        if not columns:
            raise ValueError("X has no columns: give at least one.")
        self.is_category = [column.dtype == object for column in columns]
        self._one_hot = OneHotEncoder(
            handle_unknown="ignore", sparse_output=False, max_categories=MOST_CATEGORIES, dtype=np.uint8
        )
        self._imputer = SimpleImputer(strategy="median", keep_empty_features=True)
        categories, numbers = self._parted(columns)
        if categories:
            self._one_hot.fit(np.column_stack(categories))
        if numbers:
            self._imputer.fit(np.column_stack(numbers))
        return self

    def transform(self, X: Table) -> Array:
        """Return numbers (rows, columns): those of the table, then one column for each category."""
        categories, numbers = self._parted(_columns(X))
        parts = [self._imputer.transform(np.column_stack(numbers))] if numbers else []
        if categories:
            # a category that was not seen has no column
            parts.append(self._one_hot.transform(np.column_stack(categories)))
        return np.concatenate(parts, axis=1)

    def _parted(self, columns: list[Array]) -> tuple[list[Array], list[Array]]:
        """Return the columns of categories and those of numbers."""
        categories, numbers = [], []
        for index, (column, is_category) in enumerate(zip(columns, self.is_category, strict=True)):
            if is_category:
                categories.append(column if column.dtype == object else _as_categories(column))
                continue
            if column.dtype == object:
                # bools come as the text "0" or "1" here, and count as numbers in a column that held numbers
                text = next((value for value in column if value not in (None, "0", "1")), None)
                if text is not None:
                    raise ValueError(f"column {index} held numbers when the model was fitted and holds {text!r} now.")
                column = column.astype(np.float64)  # a missing value is None, which becomes NaN
            far = np.abs(column) > LARGEST
            if far.any():
                raise ValueError(f"column {index} holds {column[far][0]:g}, which float32 cannot hold: scale it.")
            numbers.append(column)
        return categories, numbers


def rows_as_array(X: Table) -> Table:
    """Return a list of rows as an array, of objects where it holds numbers and text: NumPy would make text of both."""
    if not isinstance(X, list | tuple):
        return X
    array = np.asarray(X)
    return np.asarray(X, dtype=object) if array.dtype.kind in "SU" else array


def _columns(X: Table) -> list[Array]:
    """Return each column as float64, NaN where a number is missing, or as objects: text, None where one is missing."""
    if is_frame(X):
        return [_column_of_frame(series, name) for series, name in zip(_series_of(X), X.columns, strict=True)]
    array = np.asarray(X)
    if array.dtype.kind in "mM":
        raise ValueError(f"X is of {array.dtype}: {DATES}")
    if array.dtype.kind in "biuf":
        return list(array.astype(np.float64, copy=False).T)
    return [_column_of_objects(column, index) for index, column in enumerate(array.astype(object).T)]


def _series_of(frame: Table) -> Iterator[Series]:
    # pandas by place, since there a name may be NaN, or that of two columns
    if hasattr(frame, "iloc"):
        return (frame.iloc[:, place] for place in range(frame.shape[1]))
    return (frame[name] for name in frame.columns)


def _column_of_frame(series: Series, name: object) -> Array:
    kind = str(series.dtype)
    if kind.lower().startswith(("datetime", "timedelta", "date", "time", "duration", "period")):
        raise ValueError(f"column {name!r} is of {kind}: {DATES}")
    is_numeric = getattr(series.dtype, "is_numeric", None)
    is_polars = is_numeric is not None
    if not (is_numeric() if is_numeric is not None else getattr(series.dtype, "kind", "O") in "iuf"):
        if hasattr(series, "cat") and hasattr(series.cat, "codes"):
            # a missing value has code -1, which takes the last of the names
            names = [*_column_of_objects(np.array(series.cat.categories, dtype=object), name, as_text=True), None]
            return np.array(names, dtype=object)[series.cat.codes]
        values = np.asarray(series.to_numpy(), dtype=object)
        # objects may all be numbers; a column whose type says category or text is one, whatever it holds
        return _column_of_objects(values, name, as_text=kind not in ("object", "Object"))
    if is_polars:
        return np.asarray(series.to_numpy(), np.float64)
    return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))


def _column_of_objects(column: Array, name: object, *, as_text: bool = False) -> Array:
    """Return numbers where all values are, else categories, text."""
    present = [value for value in column if not _is_missing(value)]
    wrong = next((value for value in present if isinstance(value, NO_VALUES)), None)
    if wrong is not None:
        raise ValueError(f"column {name!r} holds {wrong!r}: {DATES}")
    is_number = present and all(isinstance(value, Real | Decimal) and not isinstance(value, bool) for value in present)
    if not is_number or as_text:
        return _as_categories(column)
    try:
        return np.array([np.nan if _is_missing(value) else float(value) for value in column])
    except OverflowError:
        raise ValueError(f"column {name!r} holds a number beyond all floats: scale it.") from None


def _as_categories(column: Array) -> Array:
    """Return the text of each value: 1, 1.0, True and "1" are one category, whatever the column's type is today."""
    names: dict[tuple[type, object], str | None] = {}
    texts = np.empty(len(column), dtype=object)
    for row, value in enumerate(column):
        key = (type(value), value)
        try:
            texts[row] = names[key]
        except KeyError:
            texts[row] = names[key] = _name_of(value)
        except TypeError:
            raise ValueError(f"a column holds {value!r}: give one number or one text in each cell.") from None
    return texts


def _name_of(value: Any) -> str | None:
    if _is_missing(value):
        return None
    is_whole = isinstance(value, Real | np.bool_) and value == value // 1
    return str(int(value) if is_whole else value)


def _is_missing(value: object) -> bool:
    # NaN and NaT differ from themselves; pandas' NA must be known by name, since comparing it gives NA again
    if value is None or type(value).__name__ == "NAType":
        return True
    differs = value != value
    return isinstance(differs, bool | np.bool_) and bool(differs)
