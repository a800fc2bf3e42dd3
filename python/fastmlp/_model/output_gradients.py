"""The derivative of a loss by the outputs, for whoever asks: training starts at the pre-activations.

So nothing here is fast, and where a probability is 0 there is no number to give; formulas are those of docs/math.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp.activations import Activation, Softmax
from fastmlp.losses import (
    CrossEntropy,
    Formula,
    HalfSquaredError,
    Hinge,
    Huber,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
    Perceptron,
    Quantile,
)

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


def output_gradients(loss: Loss, last: Activation, ends: Array, targets: Array, sample_weight: Floats | None) -> Array:
    """Return d(mean loss)/d(outputs), (rows, outputs).

    Parameters
    ----------
    loss, last
        The network's loss and last activation; after identity the deltas of the last layer are what is wanted.
    ends
        What the core's loss starts from, (rows, outputs): logits after softmax and sigmoid with cross_entropy, else
        the outputs.
    targets
        As the core has them.
    """
    rows = np.float64(1.0) * _as_rows(targets, ends.shape[1])
    weights = np.ones(len(ends)) if sample_weight is None else sample_weight
    with np.errstate(over="ignore"):
        slopes = _slopes(loss, last, ends.astype(np.float64), rows)
        found: Array = ((weights / weights.sum())[:, np.newaxis] * slopes).astype(ends.dtype)
    infinite = np.argwhere(~np.isfinite(found))
    if len(infinite):
        row, column = infinite[0]
        what = "infinite" if np.isinf(found[row, column]) else "NaN"
        reason = (
            "where a probability is 0 to the network's precision: use deltas, which are finite, with "
            "at='pre_activations'."
            if isinstance(loss, CrossEntropy)
            else "where the loss has no derivative that the network's precision can hold."
        )
        raise FloatingPointError(f"d(loss)/d(outputs) is {what} in row {row}, column {column}, {reason}")
    return found


def _as_rows(targets: Array, columns: int) -> Array:
    """Return a row for each sample, of labels an indicator row or their one number."""
    if targets.ndim == 2:
        return targets
    return targets[:, np.newaxis] if columns == 1 else np.eye(columns)[targets]


def _slopes(loss: Loss, last: Activation, a: Floats, t: Floats) -> Floats:
    if isinstance(loss, CrossEntropy):
        return _of_cross_entropy(loss.label_smoothing, a, t, is_softmax=isinstance(last, Softmax))
    if isinstance(loss, Perceptron):
        raise ValueError(f"the loss {loss.name!r} starts from the pre-activations: use deltas, which are by those.")
    if isinstance(loss, Hinge):
        sides = np.where(t > 0, 1.0, -1.0)
        return np.where(sides * a < 1.0, -sides, 0.0)
    if isinstance(loss, Formula):
        return np.divide(loss.program.run(a, t)[1], a.shape[1])
    return np.divide(_of_values(loss, a, t), 1 if isinstance(loss, HalfSquaredError) else a.shape[1])


def _of_values(loss: Loss, a: Floats, t: Floats) -> Floats:
    """Return the derivative of one output's part, of which the loss is the mean or, halved squares, the sum."""
    error = np.subtract(a, t)
    if isinstance(loss, MeanSquaredError):
        return np.multiply(2.0, error)
    if isinstance(loss, HalfSquaredError):
        return error
    if isinstance(loss, Huber):
        return np.clip(error, -loss.delta, loss.delta)
    assert isinstance(loss, MeanAbsoluteError | Quantile)
    above, below = (1.0, -1.0) if isinstance(loss, MeanAbsoluteError) else (1.0 - loss.q, -loss.q)
    return np.where(error > 0.0, above, np.where(error < 0.0, below, 0.0))


def _of_cross_entropy(smoothing: float, z: Floats, t: Floats, *, is_softmax: bool) -> Floats:
    # from the logits, as the loss itself: 1 / p where p is far below what outputs can hold
    if is_softmax:
        t = (1.0 - smoothing) * t + smoothing / z.shape[1]
        shifted = z - z.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return np.where(t > 0.0, -t * np.exp(-log_p), 0.0)
    t = (1.0 - smoothing) * t + smoothing / 2.0
    # -t / p + (1 - t) / (1 - p), where 1 / p = 1 + exp(-z)
    return np.where(t < 1.0, (1.0 - t) * (1.0 + np.exp(z)), 0.0) - np.where(t > 0.0, t * (1.0 + np.exp(-z)), 0.0)
