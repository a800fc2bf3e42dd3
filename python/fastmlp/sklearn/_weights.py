"""Weights of samples and of classes as scikit-learn takes them, for the estimators of both folders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import _check_sample_weight

from fastmlp._checks.arguments import check_real
from fastmlp._checks.arrays import check_total_weight, check_unmasked
from fastmlp._checks.text import brief
from fastmlp._model.class_weight import balanced
from fastmlp.sklearn._labels import refuse_label

Array = npt.NDArray[Any]


def checked_sample_weight(sample_weight: Any, X: Any, name: str = "sample_weight") -> Array | None:
    """Return the weights as float64 (samples,), none of them negative; a number is that of all."""
    if sample_weight is None:
        return None
    check_unmasked(sample_weight, name)
    try:
        weights: Array = _check_sample_weight(sample_weight, X, dtype=np.float64)
    except ValueError as error:
        raise ValueError(str(error).replace("sample_weight", name)) from None
    if weights.min() < 0:
        raise ValueError(f"{name} holds {weights.min()}, but weights must not be negative.")
    return check_total_weight(weights, name)


def weight_of_each(classes: Array, class_weight: Mapping[Any, float]) -> npt.NDArray[np.float64]:
    """Return the weight of each class out of a dict of some."""
    if not isinstance(class_weight, Mapping):
        raise TypeError(
            f"class_weight must be None, 'balanced' or a dict of labels and weights, got {brief(class_weight)}."
        )
    weights = np.ones(len(classes))
    for label, weight in class_weight.items():
        # with the labels one by one: NumPy would take a tuple for an array of them
        of_label = np.array([known == label for known in classes.tolist()])
        if not np.any(of_label):
            refuse_label(label, classes, "class_weight")
        weights[of_label] = check_real(weight, f"class_weight[{brief(label)}]", minimum=0.0)
    return weights


def balanced_weight_of_each(places: Array, n_classes: int, sample_weight: Array | None) -> npt.NDArray[np.float64]:
    """Return the weight of each class with which all weigh the same; a sample counts by its own weight."""
    weights = np.ones(n_classes)
    weights[places] = balanced(places, np.ones(len(places)) if sample_weight is None else sample_weight)
    return weights
