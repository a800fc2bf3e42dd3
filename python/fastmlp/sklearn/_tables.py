"""Tables as numbers: categories become columns of 0 and 1, missing numbers the median; what scales them is the network.

Takes arrays and DataFrames of pandas and polars without importing either. scikit-learn's encoder and imputer do the
work; this file tells categories from numbers and brings both into the form that they take.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder

Array = npt.NDArray[Any]

# Of one column; the rarest share one of the last. A table with more would be mostly zeros.
MOST_CATEGORIES = 100


def is_frame(X: Any) -> bool:
    """Return whether X is a DataFrame: columns with names and types of their own."""
    return hasattr(X, "columns") and hasattr(X, "dtypes")


class TableEncoder:
    """What a table's columns stand for, learned from training data.

    Attributes
    ----------
    is_category : list of bool
        One for each column.
    """

    def fit(self, X: Any) -> TableEncoder:
        """Learn categories and medians."""
        columns = _columns(X)
        if not columns:
            raise ValueError("X has no columns: give at least one.")
        self.is_category = [column.dtype == object for column in columns]
        self._one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False, max_categories=MOST_CATEGORIES)
        self._imputer = SimpleImputer(strategy="median", keep_empty_features=True)
        categories, numbers = self._parted(columns)
        if categories:
            self._one_hot.fit(np.column_stack(categories))
        if numbers:
            self._imputer.fit(np.column_stack(numbers))
        return self

    def transform(self, X: Any) -> Array:
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
            text = next((value for value in column if value is not None), None) if column.dtype == object else None
            if text is not None:
                raise ValueError(f"column {index} held numbers when the model was fitted and holds {text!r} now.")
            numbers.append(column.astype(np.float64))  # None, where all are missing, is NaN
        return categories, numbers


def _columns(X: Any) -> list[Array]:
    """Return each column as float64, NaN where a number is missing, or as objects: text, None where one is missing."""
    if is_frame(X):
        return [_column_of_frame(X[name], name) for name in X.columns]
    array = np.asarray(X)
    if array.dtype.kind in "mM":
        raise ValueError(f"X is of {array.dtype}: turn it into numbers, such as years or days since a date.")
    if array.dtype.kind in "biuf":
        return list(array.astype(np.float64, copy=False).T)
    return [_column_of_objects(column) for column in array.astype(object).T]


def _column_of_frame(series: Any, name: Any) -> Array:
    kind = str(series.dtype)
    if kind.lower().startswith(("datetime", "timedelta", "date", "time", "duration", "period")):
        raise ValueError(f"column {name!r} is of {kind}: turn it into numbers, such as years or days since a date.")
    is_numeric = getattr(series.dtype, "is_numeric", None)
    is_polars = is_numeric is not None
    if not (is_numeric() if is_numeric is not None else getattr(series.dtype, "kind", "O") in "iuf"):
        return _as_categories(np.asarray(series.to_numpy(), dtype=object))
    if is_polars:
        return np.asarray(series.to_numpy(), np.float64)
    return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))


def _column_of_objects(column: Array) -> Array:
    """Return numbers where all values are, else categories."""
    try:
        if not any(isinstance(value, str | bytes | bool | np.bool_) for value in column):
            return np.array([np.nan if _is_missing(value) else float(value) for value in column])
    except (TypeError, ValueError):
        pass
    return _as_categories(column)


def _as_categories(column: Array) -> Array:
    """Return the text of each value: 1 and "1" are the same category, whatever the column's type is today."""
    values = (int(value) if isinstance(value, float) and value == value // 1 else value for value in column)
    return np.array([None if _is_missing(value) else str(value) for value in values], dtype=object)


def _is_missing(value: Any) -> bool:
    # NaN and NaT differ from themselves; the NA of pandas answers no question
    return value is None or type(value).__name__ == "NAType" or value != value
