"""Calibrated probabilities: logits of all networks are divided by a temperature that their validation rows choose.

C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, On calibration of modern neural networks, ICML 2017. The temperature
goes into weights and biases of the last layer, so that files, headers of C and callbacks know nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp.network import Network
from fastmlp.sklearn._models import logits_of
from fastmlp.sklearn._tabular.members import Samples
from fastmlp.sklearn._tabular.prediction import of_rows

Array = npt.NDArray[Any]

# What logits may be multiplied by, from a quarter to almost four: few numbers, each exact, so that the last digits of a
# sum, which differ from processor to processor, do not decide.
FACTORS = [2.0**power * eighths / 8.0 for power in (-2, -1, 0, 1) for eighths in range(8, 16)]


def calibrate(networks: Sequence[Network], judged: Sequence[Samples], probabilities: Callable[[Array], Array]) -> None:
    """Calibrate networks, all by one factor, on the validation rows of each; ``probabilities`` makes them of logits."""
    logits = np.concatenate([logits_for(*pair) for pair in zip(networks, judged, strict=True)])
    targets = np.concatenate([samples.targets for samples in judged])
    weights = [samples.weights for samples in judged if samples.weights is not None]
    factor = best_factor(logits, targets, np.concatenate(weights) if weights else None, probabilities)
    for network in networks:
        last = network.layers[-1]
        last.weights[:] *= np.float32(factor)
        last.bias[:] *= np.float32(factor)


def logits_for(network: Network, samples: Samples) -> Array:
    """Return pre-activations of the last layer for rows of a table, block by block."""
    return of_rows(logits_of(network), samples.table)


def best_factor(logits: Array, targets: Array, weights: Array | None, probabilities: Callable[[Array], Array]) -> float:
    """Return the factor with the least log-loss; 1 where no other one is better."""
    best, least = 1.0, log_loss(probabilities(logits), targets, weights)
    for factor in FACTORS:
        loss = log_loss(probabilities(logits * factor), targets, weights)
        if loss < least:
            best, least = factor, loss
    return best


def log_loss(probabilities: Array, targets: Array, weights: Array | None) -> float:
    """Return the mean over rows, of classes (rows,) or labels as rows of 0 and 1; no error is infinite."""
    if targets.ndim == 1:
        of_targets = probabilities[np.arange(len(targets)), targets][:, np.newaxis]
    else:
        of_targets = np.where(targets, probabilities, 1.0 - probabilities)
    losses = -np.log(np.maximum(of_targets, np.finfo(np.float64).tiny)).sum(axis=1)
    return float(np.average(losses, weights=weights))
