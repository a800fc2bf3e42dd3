"""The classes of a table: one label of any kind for each row, or several, which are the columns of y."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.multiclass import check_classification_targets

from fastmlp.sklearn._labels import places_of
from fastmlp.sklearn._tabular.results import TabularResult
from fastmlp.sklearn._tabular.several_labels import are_several, rows_of_labels

Array = npt.NDArray[Any]


def learn_classes(y: Array, result: TabularResult) -> int:
    """Settle the classes, and return how many there are."""
    result.has_many = are_several(y)
    if result.has_many:
        result.classes_ = np.arange(y.shape[1])
        return len(result.classes_)
    try:
        check_classification_targets(y)
        result.classes_ = np.unique(y)
    except TypeError:
        raise ValueError("y holds labels that cannot be sorted: make all of them text, or all numbers.") from None
    return len(result.classes_)


def encoded(y: Array, result: TabularResult, name: str) -> Array:
    """Return the place of each label, or rows of 0 and 1."""
    if result.has_many or are_several(y):
        return rows_of_labels(y, len(result.classes_), name, has_many=result.has_many)
    return places_of(y, result.classes_, name)
