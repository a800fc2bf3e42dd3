"""What a network is trained for: the loss, what targets look like, and how right it is about them.

A fit asks a ``Goal`` and never whether there are classes or values: classes.py and values.py know one kind each.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy.typing as npt

from fastmlp.losses import Loss
from fastmlp.network import Network

Array = npt.NDArray[Any]


class Goal(ABC):
    """The purpose of one fit, its targets settled.

    Attributes
    ----------
    loss : loss object
    last_activation : str
        Of the outputs.
    """

    loss: Loss
    last_activation: str

    @abstractmethod
    def encode(self, y: Array, name: str) -> Array:
        """Return targets, checked by scikit-learn, as the network takes them; an error calls them by the name."""

    @abstractmethod
    def n_outputs(self, targets: Array) -> int:
        """Return the units of the last layer."""

    @abstractmethod
    def stratifies(self, targets: Array) -> bool:
        """Whether a split keeps the shares of these targets."""

    @abstractmethod
    def weights(self, y: Array, targets: Array, sample_weight: Array | None) -> Array | None:
        """Return the weight of each sample, from that of its class."""

    @abstractmethod
    def score(self, network: Network, X: Any, targets: Array, sample_weight: Array | None) -> float:
        """Return how right a network is about samples, sparse or not."""

    def outputs_per_loss(self, n_outputs: int) -> int:
        """Over how many outputs the network's loss is a mean, where scikit-learn's is a sum."""
        return 1

    def reported(self, loss: float, network: Network, targets: Array, sample_weight: Array | None) -> float:
        """Return the loss of the network as scikit-learn counts it."""
        return loss
