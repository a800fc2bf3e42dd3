"""Values and expected counts as the goal of a fit, with the loss as scikit-learn reports it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy
from sklearn.metrics import r2_score

from fastmlp.activations import resolve_activation
from fastmlp.losses import HalfSquaredError, Loss, Poisson, kind_of_loss, resolve_loss
from fastmlp.network import Network
from fastmlp.sklearn._labels import one_column
from fastmlp.sklearn._mlp.data import outputs_of
from fastmlp.sklearn._mlp.goal import Goal
from fastmlp.sklearn._models import l2_of

Array = npt.NDArray[Any]


class ValueGoal(Goal):
    """Values, one or several for each sample, or counts."""

    last_activation = "identity"

    def __init__(self, loss: Loss) -> None:
        self.loss = loss

    def encode(self, y: Array, name: str) -> Array:
        """Return one value for each sample without the dimension of outputs."""
        return one_column(y) if y.ndim == 2 and y.shape[1] == 1 else y

    def n_outputs(self, targets: Array) -> int:
        """Return one for each value of a sample."""
        return 1 if targets.ndim == 1 else targets.shape[1]

    def stratifies(self, targets: Array) -> bool:
        """Values have no shares."""
        return False

    def weights(self, y: Array, targets: Array, sample_weight: Array | None) -> Array | None:
        """Return the weights as they are."""
        return sample_weight

    def score(self, network: Network, X: Any, targets: Array, sample_weight: Array | None) -> float:
        """Return R^2."""
        return float(r2_score(targets, outputs_of(network.predict, X), sample_weight=sample_weight))

    def outputs_per_loss(self, n_outputs: int) -> int:
        """Return all of them for counts, else 1."""
        return n_outputs if self.loss.takes == "counts" else 1

    def reported(self, loss: float, network: Network, targets: Array, sample_weight: Array | None) -> float:
        """Return the mean over outputs of half the squared error, or the deviance of counts."""
        n_outputs = network.n_outputs
        if isinstance(self.loss, HalfSquaredError):
            # the network's loss is the sum over outputs plus the penalty, which scikit-learn does not divide
            penalty = _penalty(network)
            return (loss - penalty) / n_outputs + penalty
        if isinstance(self.loss, Poisson):
            # the network's loss leaves out the terms that depend on the targets alone
            rows = (xlogy(targets, targets) - targets).reshape(len(targets), -1).sum(axis=1)
            return loss * n_outputs + float(np.average(rows, weights=sample_weight))
        return loss


def loss_of_values(loss: str | Loss) -> Loss:
    """Return the loss that ``loss`` of a regressor stands for."""
    if isinstance(loss, str) and loss == "squared_error":
        return HalfSquaredError()
    kind = kind_of_loss(loss)
    if kind is not None and kind.takes in ("labels", "sides"):
        raise ValueError(f"loss {kind.name!r} is for classes: use MLPClassifier.")
    return resolve_loss(loss, resolve_activation("identity"))


def _penalty(network: Network) -> float:
    """Return the penalty on the weights as they are now; within an iteration they have changed little."""
    if network.n_outputs == 1:
        # the mean over one output is the sum: what is reported does not depend on the penalty
        return 0.0
    squares = sum(float(np.square(layer.weights, dtype=np.float64).sum()) for layer in network.layers)
    return l2_of(network) / 2.0 * squares
