"""The Network of an estimator: its layers and initial weights, and the same network with other settings later on.

Which layers and optimizer there are was settled by parameters.py; training the network is training.py's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._model.architecture import Architecture
from fastmlp.layers import Dense, Dropout, Layer
from fastmlp.losses import Loss
from fastmlp.network import Network
from fastmlp.sklearn._mlp.parameters import SCALES, Parameters
from fastmlp.sklearn._models import architecture_of, with_architecture

Array = npt.NDArray[Any]


def initial_parameters(
    parameters: Parameters, sizes: list[int], random_state: np.random.RandomState
) -> Iterator[tuple[Array, Array]]:
    """Draw weights and biases of each layer as scikit-learn does, so that the same seed begins at the same place.

    Glorot and Bengio's bound, AISTATS 2010, with 2 in the place of 6 for the logistic function; biases as weights.
    """
    for is_logistic, (n_in, n_out) in zip(parameters.is_logistic, pairwise(sizes), strict=True):
        bound = math.sqrt((2.0 if is_logistic else 6.0) / (n_in + n_out))
        yield random_state.uniform(-bound, bound, (n_in, n_out)), random_state.uniform(-bound, bound, n_out)


def build(
    parameters: Parameters,
    sizes: list[int],
    last_activation: str,
    loss: Loss,
    l2: float,
    dtype: npt.DTypeLike,
    seed: int,
    initial: list[tuple[Array, Array]],
) -> Network:
    """Return the network with these initial weights, where scikit-learn has the activation, else with fastmlp's own."""
    layers = _layers(parameters, sizes[-1], last_activation)
    network = Network(sizes[0], layers, loss=loss, dtype=dtype, seed=seed, l2=l2)
    for layer, is_inherited, (weights, bias) in zip(
        network.layers, [*parameters.is_inherited, True], initial, strict=True
    ):
        if is_inherited:
            layer.weights[:] = weights
            layer.bias[:] = bias
    return network


def _layers(parameters: Parameters, n_outputs: int, last_activation: str) -> list[Layer]:
    layers: list[Layer] = [] if parameters.scale is None else [SCALES[parameters.scale]()]
    for units, activation, rate in zip(parameters.hidden, parameters.activations, parameters.dropout, strict=True):
        layers.append(Dense(units, activation))
        if rate > 0:
            layers.append(Dropout(rate))
    return [*layers, Dense(n_outputs, last_activation)]


def with_settings(
    network: Network, parameters: Parameters, last_activation: str, loss: Loss, l2: float, *, keeps_optimizer: bool
) -> Network:
    """Return the network with its weights and what the parameters ask for now, perhaps without the optimizer's state.

    Another network, unless nothing has changed.
    """
    old = architecture_of(network)
    layers = _layers(parameters, old.n_outputs, last_activation)
    asked = Architecture.of(old.n_inputs, layers, loss=loss, dtype=parameters.dtype or old.dtype, seed=old.seed, l2=l2)
    if keeps_optimizer and asked == old:
        return network
    return with_architecture(network, asked, keeps_optimizer=keeps_optimizer)


def penalty(alpha: float, n_rows: int, sample_weight: npt.NDArray[np.float64] | None) -> float:
    """Return the l2 of a step of so many rows: scikit-learn divides alpha by the weight of a batch."""
    mean_weight = 1.0 if sample_weight is None else float(sample_weight.mean())
    return alpha / (n_rows * mean_weight)
