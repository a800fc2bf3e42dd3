"""What a class_weight makes of the weights of samples; the core knows those only.

A weighted mean does not change when all weights are multiplied by one number, so only the relation of the classes'
weights matters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arrays import check_total_weight
from fastmlp._checks.targets import check_indicators

Array = npt.NDArray[Any]


def weigh_classes(
    class_weight: str | Mapping[int, float] | None, targets: Array, sample_weight: Array | None, name: str
) -> Array | None:
    """Return ``sample_weight`` times the weight of each row's class; targets as the core takes them, called ``name``.

    "balanced" counts a sample by its weight, so that a weight of two is the row twice; the count of scikit-learn's
    ``compute_class_weight``.
    """
    if class_weight is None:
        return sample_weight
    labels = targets if targets.ndim == 1 else check_indicators(targets, name)
    weights = np.ones(len(labels)) if sample_weight is None else sample_weight
    if isinstance(class_weight, Mapping):
        by_class = np.ones(int(labels.max()) + 1)
        for label, weight in class_weight.items():
            by_class[label : label + 1] = weight  # nothing for a label beyond the largest
        factors = by_class[labels]
    else:
        factors = balanced(labels, weights)
    return check_total_weight(factors * weights, "sample_weight times class_weight")


def balanced(labels: Array, sample_weight: Array) -> Array:
    """Return for each sample the factor that makes all classes weigh the same; labels count from 0."""
    counts = np.bincount(labels, sample_weight)
    present = counts > 0
    factors = np.ones(len(counts))
    factors[present] = counts.sum() / (present.sum() * counts[present])
    return factors[labels]
