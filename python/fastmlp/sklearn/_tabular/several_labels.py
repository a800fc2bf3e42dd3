"""Several labels for each row, as columns of 0 and 1: how they are given, and the probabilities of each by itself.

One label of several is classifier.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, log_expit

from fastmlp.sklearn._tabular.prediction import log_of_mean
from fastmlp.sklearn._tabular.recipe import LEAST

Array = npt.NDArray[Any]


def are_several(y: Array) -> bool:
    """Whether each row has a column for each of several labels."""
    return y.ndim == 2


def rows_of_labels(y: Array, n_labels: int, name: str, *, has_many: bool) -> Array:
    """Return rows of 0 and 1 (samples, labels); what is none is an error."""
    if not has_many:
        raise ValueError(f"{name} has {y.shape[1]} columns, but y has one label for each row: give one.")
    if not are_several(y) or y.shape[1] != n_labels:
        raise ValueError(
            f"{name} has another shape than y, which has {n_labels} columns: give a column for each label."
        )
    wrong = np.ones(y.shape, bool) if y.dtype.kind not in "biuf" else (y != 0) & (y != 1)
    if wrong.any():
        raise ValueError(
            f"{name} has {y.shape[1]} columns and holds {y[wrong].tolist()[0]!r}, but several labels for each row are "
            "columns of 0 and 1: for a column of other classes fit a model of its own."
        )
    return y.astype(np.uint8)


def without_smoothing(outputs: Array, smoothing: float) -> Array:
    """Return probabilities freed of label smoothing, which draws them toward a half; never quite 0 or 1 after it."""
    least = LEAST * smoothing / 2.0
    return np.clip((outputs - smoothing / 2.0) / (1.0 - smoothing), least, 1.0 - least)


def probabilities(logits: Array, smoothing: float) -> Array:
    """Return the probabilities of one network, from its pre-activations."""
    return without_smoothing(expit(logits), smoothing)


def log_of_mean_probability(logits: list[Array], repeats: Sequence[int]) -> Array:
    """Return the logarithm of the mean of the probabilities that the members give, each so often, from their logits."""
    return log_of_mean([log_expit(of_member) for of_member in logits], repeats)
