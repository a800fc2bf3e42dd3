"""One label of several for each row: probabilities that add up to 1, out of what the members give.

Several labels for a row are several_labels.py's.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax, logsumexp, softmax

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


def log_of_mean_probability(logits: list[Array]) -> Array:
    """Return the logarithm of the mean of the probabilities that the members give, from their pre-activations."""
    return logsumexp([log_softmax(of_member, axis=1) for of_member in logits], axis=0) - math.log(len(logits))
