"""The result of ``Network.gradients``, and the order in which parameters make one vector."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Gradients:
    """Derivatives of the mean loss, penalties included.

    Attributes
    ----------
    loss : float
        The mean loss itself.
    weights : list of arrays (inputs, units)
        For each layer, d(loss)/d(weights).
    biases : list of arrays (units,)
        For each layer, d(loss)/d(bias).
    inputs : array (samples, inputs)
        d(loss)/dX.
    """

    loss: float
    weights: list[Array]
    biases: list[Array]
    inputs: Array

    def ravel(self) -> Array:
        """Return the gradient of all parameters as one vector, in the order of ``Network.get_parameters``.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(2, [fm.Dense(1)], seed=0)
        >>> net.gradients([[1.0, 2.0]], [3.0]).ravel().shape
        (3,)
        """
        return flat_vector(zip(self.weights, self.biases, strict=True))


def flat_vector(layers: Iterable[tuple[Array, Array]]) -> Array:
    """Return W0.ravel(), b0, W1.ravel(), b1, ... as one new vector."""
    return np.concatenate([part.ravel() for layer in layers for part in layer])
