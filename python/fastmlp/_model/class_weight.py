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
    by_class = np.ones(int(labels.max()) + 1)
    if isinstance(class_weight, Mapping):
        for label, weight in class_weight.items():
            by_class[label : label + 1] = weight  # nothing for a label beyond the largest
    else:
        counts = np.bincount(labels, weights)
        present = counts > 0
        by_class[present] = counts.sum() / (present.sum() * counts[present])
    return check_total_weight(by_class[labels] * weights, "sample_weight times class_weight")
