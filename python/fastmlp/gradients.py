"""The result of ``Network.gradients`` and ``Network.backward``, and the order in which parameters make one vector."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Gradients:
    """Derivatives of a loss, penalties included.

    Attributes
    ----------
    loss : float
        The mean loss itself; NaN of ``backward``, which does not know it.
    weights : list of arrays (inputs, units)
        For each layer, d(loss)/d(weights).
    biases : list of arrays (units,)
        For each layer, d(loss)/d(bias).
    inputs : array (samples, inputs)
        d(loss)/dX.
    deltas : list of arrays (samples, units)
        For each layer, d(loss)/dz, by what its activation is applied to; of a Maxout piece after piece. Always finite
        where the network is.
    embedding : array (inputs, parameters of an input) or None
        By those of a Periodic embedding: for each input by frequencies, phases, weights and bias, in this order.

    See Also
    --------
    Network.gradients : Of the loss of the network.
    Network.backward : Of a loss of your own.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1)], loss="half_squared_error")
    >>> net.set_parameters([2.0, 1.0])
    >>> gradients = net.gradients([[3.0]], [5.0])
    >>> gradients.loss, gradients.weights[0], gradients.biases[0], gradients.inputs
    (2.0, array([[6.]], dtype=float32), array([2.], dtype=float32), array([[4.]], dtype=float32))
    """

    loss: float
    weights: list[Array]
    biases: list[Array]
    inputs: Array
    deltas: list[Array]
    _outputs: Callable[[], Array] = field(repr=False)
    embedding: Array | None = None

    @property
    def outputs(self) -> Array:
        """d(loss)/d(outputs), (samples, outputs); of ``backward`` what was given.

        Raises
        ------
        FloatingPointError
            It is infinite, since a probability is 0 to the network's precision.
        ValueError
            The loss starts from the pre-activations.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(1, [fm.Dense(1)], loss="half_squared_error")
        >>> net.set_parameters([2.0, 1.0])
        >>> net.gradients([[3.0]], [5.0]).outputs  # 3 * 2 + 1 - 5
        array([[2.]], dtype=float32)
        """
        return self._outputs()

    def ravel(self) -> Array:
        """Return the gradient of all parameters as one vector, in the order of ``Network.get_parameters``.

        Returns
        -------
        array (n_parameters,)
            In the order of ``Network.get_parameters``.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(2, [fm.Dense(1)], seed=0)
        >>> net.gradients([[1.0, 2.0]], [3.0]).ravel().shape
        (3,)
        """
        return flat_vector(zip(self.weights, self.biases, strict=True), self.embedding)


def flat_vector(layers: Iterable[tuple[Array, Array]], embedding: Array | None = None) -> Array:
    """Return W0.ravel(), b0, W1.ravel(), b1, ..., embedding.ravel() as one new vector."""
    entrance = () if embedding is None else (embedding.ravel(),)
    return np.concatenate([*(part.ravel() for layer in layers for part in layer), *entrance])
