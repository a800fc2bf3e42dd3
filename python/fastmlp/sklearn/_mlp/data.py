"""Samples on their way to the network: checked by scikit-learn, weighed, split for early stopping, sparse or dense.

What targets stand for is the goal's (goal.py). X and y of users are ``Any`` in this folder: scikit-learn takes arrays,
lists, DataFrames of several libraries and sparse matrices, which no one type is of.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, is_regressor
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import validate_data

from fastmlp._checks.arrays import check_total_weight, check_unmasked
from fastmlp.optimizers import LBFGS
from fastmlp.sklearn._blocks import by_blocks
from fastmlp.sklearn._labels import plain_targets
from fastmlp.sklearn._mlp.goal import Goal
from fastmlp.sklearn._mlp.parameters import Parameters
from fastmlp.sklearn._weights import checked_sample_weight

Array = npt.NDArray[Any]
# what scikit-learn lets pass as X: the network converts the dtype of numbers as it needs them
ACCEPTED: dict[str, Any] = {"accept_sparse": ["csr", "csc"], "dtype": "numeric"}
# what sparse rows that become dense at a time in a prediction may take
DENSE_BYTES = 1 << 26


class LabelledRows(NamedTuple):
    """LabelledRows, sparse or not, targets as the network takes them, and weights."""

    X: Any
    targets: Array
    weights: Array | None


def checked_pair(
    estimator: BaseEstimator, X: Any, y: Any, *, reset: bool, names: tuple[str, str] = ("X", "y")
) -> tuple[Any, Array]:
    """Return samples, sparse or not, and targets; with ``reset`` the estimator learns what columns there are."""
    # masks, which scikit-learn does not look for
    check_unmasked(X, names[0])
    y = plain_targets(y, names[1])
    y_numeric = is_regressor(estimator)
    X, y = validate_data(estimator, X, y, multi_output=True, y_numeric=y_numeric, reset=reset, **ACCEPTED)
    return X, y


def checked_weights(X: Any, y: Array, targets: Array, sample_weight: Any, goal: Goal) -> Array | None:
    """Return the weight of each sample, that of its class included."""
    weights = goal.weights(y, targets, checked_sample_weight(sample_weight, X))
    return None if weights is None else check_total_weight(weights, "sample_weight")


def validation_samples(estimator: BaseEstimator, X: Any, y: Any, goal: Goal, n_outputs: int) -> LabelledRows:
    """Return the validation samples that fit was given."""
    if X is None or y is None:
        raise ValueError("X_val and y_val belong together: give both.")
    X, y = checked_pair(estimator, X, y, reset=False, names=("X_val", "y_val"))
    targets = goal.encode(y, "y_val")
    if goal.n_outputs(targets) != n_outputs:
        raise ValueError(f"y_val has {goal.n_outputs(targets)} outputs, but y has {n_outputs}.")
    return LabelledRows(X, targets, goal.weights(y, targets, None))


def split(
    samples: LabelledRows, fraction: float, random_state: np.random.RandomState, *, stratifies: bool
) -> tuple[LabelledRows, LabelledRows]:
    """Return the samples to learn from, and those set aside for early stopping."""
    X, targets, weights = samples
    arrays = [X, targets] if weights is None else [X, targets, weights]
    parts = train_test_split(
        *arrays, random_state=random_state, test_size=fraction, stratify=targets if stratifies else None
    )
    learned, aside = parts[::2], parts[1::2]
    if aside[0].shape[0] < 2:
        raise ValueError(
            f"early_stopping sets {aside[0].shape[0]} of {X.shape[0]} samples aside, but needs at least 2: "
            "raise validation_fraction."
        )
    none = [None] if weights is None else []
    return LabelledRows(*learned, *none), LabelledRows(*aside, *none)


def for_training(X: Any, dtype: np.dtype[Any], parameters: Parameters) -> Any:
    """Return samples; sparse ones by rows in the dtype of the network, and dense where something looks at columns."""
    if not issparse(X):
        return X
    X = X.tocsr()
    if not X.has_canonical_format:
        # entries of the same place add up; the caller's matrix stays as it is
        X = X.copy()
        X.sum_duplicates()
    # numbers that the dtype cannot hold stay as they came, so that the network refuses them by their own value
    fits = float(abs(X).max()) < float(np.finfo(dtype).max)
    if fits:
        X = X.astype(dtype, copy=False)
    is_dense = not fits or parameters.scale is not None or isinstance(parameters.optimizer, LBFGS)
    return X.toarray() if is_dense else X


def outputs_of(function: Callable[[Array], Array], X: Any) -> Array:
    """Return a network's function of samples, which become dense block by block where they are sparse."""
    if not issparse(X):
        return function(X)
    X = X.tocsr()
    return by_blocks(lambda part: function(X[part].toarray()), X.shape[0], max(1, DENSE_BYTES // (8 * X.shape[1])))


def as_wide_as(dtype: np.dtype[Any], outputs: Array) -> Array:
    """Return outputs as scikit-learn has them for X of a dtype: float64, unless X is float32.

    Whatever the arithmetic was: what follows, such as the inverse of a scaling of targets, is to have the digits of X.
    """
    return outputs if dtype.char == "f" else outputs.astype(np.float64, copy=False)
