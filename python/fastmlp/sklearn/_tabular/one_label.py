"""One label of several for each row: probabilities that add up to 1, out of what the members give.

Several labels for a row are several_labels.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax, softmax

from fastmlp.sklearn._tabular.prediction import log_of_mean
from fastmlp.sklearn._tabular.recipe import LEAST

Array = npt.NDArray[Any]


def without_smoothing(outputs: Array, smoothing: float) -> Array:
    """Return probabilities freed of label smoothing, which draws them toward equal ones; none is 0 after it."""
    n = outputs.shape[1]
    probabilities = np.maximum((outputs - smoothing / n) / (1.0 - smoothing), LEAST * smoothing / n)
    return probabilities / probabilities.sum(axis=1, keepdims=True)


def probabilities(logits: Array, smoothing: float) -> Array:
    """Return the probabilities of one network, from its pre-activations."""
    return without_smoothing(softmax(logits, axis=1), smoothing)


def log_of_mean_probability(logits: list[Array], repeats: Sequence[int]) -> Array:
    """Return the logarithm of the mean of the probabilities that the members give, each so often, from their logits."""
    return log_of_mean([log_softmax(of_member, axis=1) for of_member in logits], repeats)
