"""Tables and targets as they are given, checked by scikit-learn's rules and by what it leaves out.

What stands in the columns is columns.py's and encoder.py's.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import config_context
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array, validate_data

from fastmlp.sklearn._labels import one_column, plain_targets
from fastmlp.sklearn._tabular.columns import Table, as_table, is_frame

Array = npt.NDArray[Any]

# arrays of other libraries become NumPy's in the checks, also where scikit-learn is told to leave them as they are
AS_NUMPY = partial(config_context, array_api_dispatch=False)


def checked(estimator: BaseEstimator, X: Table, y: Any) -> tuple[Table, Array]:
    """Return the table, a DataFrame as it is, and y as an array; ``estimator`` learns the columns."""
    X, y = as_table(X), plain_targets(y)
    with AS_NUMPY():
        if is_frame(X):
            validate_data(estimator, X, skip_check_array=True)
            if y is None:
                raise ValueError(f"{type(estimator).__name__} requires y to be passed, but the target y is None.")
            y = check_array(y, ensure_2d=False, dtype=None, input_name="y")
            if len(X) != len(y):
                raise ValueError(f"y has {len(y)} rows, but X has {len(X)}: give one for each row.")
            return X, in_columns(y)
        X, y = validate_data(estimator, X, y, dtype=None, ensure_all_finite="allow-nan", multi_output=True)
    return _without_infinities(X), in_columns(y)


def in_columns(y: Array) -> Array:
    """Return targets (samples,), or (samples, outputs) where there are several; of one column with a warning."""
    return y if y.ndim == 2 and y.shape[1] > 1 else one_column(y)


def checked_like_training(estimator: BaseEstimator, X: Table) -> Table:
    """Return a table of the columns that the estimator knows."""
    X = as_table(X)
    if is_frame(X):
        validate_data(estimator, X, reset=False, skip_check_array=True)
        if not len(X):
            raise ValueError(f"Found array with 0 sample(s): {type(estimator).__name__} needs at least one row.")
        return X
    with AS_NUMPY():
        X = validate_data(estimator, X, reset=False, dtype=None, ensure_all_finite="allow-nan")
    return _without_infinities(X)


def rows_of(table: Table) -> Any:
    """Return what gives rows of a table by their numbers."""
    return table.iloc if hasattr(table, "iloc") else table


def _without_infinities(X: Array) -> Array:
    if X.dtype.kind == "f" and np.isinf(X).any():
        raise ValueError("X holds infinity, which is no number to learn from: replace it, or mark it missing by NaN.")
    return X
