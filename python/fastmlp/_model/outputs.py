"""What the outputs of a network mean: classes, probabilities or values, and how right they are.

Decided once per network from its last activation and its loss. Losses are computed in the core, not here.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

import fastmlp._core as _core
from fastmlp.activations import Activation, Sigmoid, Softmax
from fastmlp.losses import Loss

Array = npt.NDArray[Any]
# many: one output for each class. binary: one output, the probability of class 1. scores: one for each class, but no
# probabilities. score: one, positive for class 1. values: no classes. log_rates: logarithms of expected counts
Meaning = Literal["many", "binary", "scores", "score", "values", "log_rates"]


def meaning_of_outputs(last: Activation, loss: Loss, n_outputs: int) -> Meaning:
    """Return what the outputs stand for."""
    if loss.meaning == "scores":
        return "score" if n_outputs == 1 else "scores"
    if loss.meaning == "log_rates":
        return "log_rates"
    if isinstance(last, Softmax):
        return "many"
    if isinstance(last, Sigmoid) and n_outputs == 1:
        return "binary"
    if isinstance(last, Sigmoid) and loss.takes == "labels":
        return "many"
    return "values"


def is_classifier(meaning: Meaning) -> bool:
    """Return whether predictions are class labels."""
    return meaning not in ("values", "log_rates")


def predictions(outputs: Array, meaning: Meaning) -> Array:
    """Return class labels (rows,), or the values or counts: (rows,) for one output, else (rows, n_outputs)."""
    if meaning in ("many", "scores"):
        labels: Array = outputs.argmax(axis=1)
        return labels
    if meaning == "binary":
        return (outputs[:, 0] >= 0.5).astype(np.intp)
    if meaning == "score":
        return (outputs[:, 0] > 0).astype(np.intp)
    values = _core.exp(outputs) if meaning == "log_rates" else outputs
    return values[:, 0] if values.shape[1] == 1 else values


def probabilities(outputs: Array, meaning: Meaning) -> Array:
    """Return one column for each class, (rows, classes)."""
    if meaning not in ("many", "binary"):
        are = {"values": "values", "log_rates": "logarithms of expected counts"}.get(meaning, "scores")
        raise ValueError(
            f"the outputs of this network are {are}, not probabilities: use predict, "
            "or build it with softmax or sigmoid in the last layer."
        )
    return np.column_stack([1 - outputs[:, 0], outputs[:, 0]]) if meaning == "binary" else outputs


def metric_name(targets: Array, meaning: Meaning) -> str:
    """Return "accuracy" for classes, "mae" (mean absolute error) for values."""
    return "accuracy" if is_classifier(meaning) or targets.ndim == 1 else "mae"


def in_range(first: Array, second: Array) -> tuple[Array, Array, float]:
    """Return both, divided by a power of two where squares or sums of them leave the numbers' range, and that power."""
    largest = float(max(np.abs(first).max(), np.abs(second).max()))
    limits = np.finfo(first.dtype)
    # of a quarter of the digits before the least number, where a square still has all of its own
    if 0 < largest < math.inf and not float(limits.tiny) ** 0.25 < largest < float(limits.max) ** 0.5 / 2**32:
        power = 2.0 ** (math.frexp(largest)[1] - 1)
        return first / power, second / power, power
    return first, second, 1.0


def metric(outputs: Array, targets: Array, sample_weight: Array | None, meaning: Meaning) -> float:
    """Return the weighted mean over rows of what ``metric_name`` says; targets as the core takes them."""
    if metric_name(targets, meaning) == "mae":
        values = predictions(outputs, meaning).reshape(outputs.shape)
        values, targets, power = in_range(values, targets)
        with np.errstate(invalid="ignore"):  # of infinite outputs
            by_row = np.abs(values - targets).mean(axis=1, dtype=np.float64)
            return float(np.average(by_row, weights=sample_weight)) * power
    # labels for a network of values are trained on as indicator rows, so the largest output answers
    meaning = meaning if is_classifier(meaning) else "many"
    wanted = targets if targets.ndim == 1 else predictions(targets, meaning)
    by_row = (predictions(outputs, meaning) == wanted).astype(np.float64)
    return float(np.average(by_row, weights=sample_weight))
