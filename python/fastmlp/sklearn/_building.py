"""The Network of an estimator: its layers and initial weights, and the same network with other settings later on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp.layers import AnyLayer, Dense, Dropout, RobustScale, Standardize
from fastmlp.losses import Loss
from fastmlp.network import Network
from fastmlp.sklearn._parameters import Parameters

Array = npt.NDArray[Any]
SCALES: dict[str, type[Standardize | RobustScale]] = {"standard": Standardize, "robust": RobustScale}


def initial_parameters(parameters: Parameters, sizes: list[int], random_state: Any) -> Iterator[tuple[Array, Array]]:
    """Draw weights and biases of each layer as scikit-learn does, so that the same seed begins at the same place.

    Glorot and Bengio's bound, AISTATS 2010, with 2 in the place of 6 for the logistic function; biases as weights.
    """
    kinds = [*parameters.is_logistic, bool(parameters.is_logistic) and parameters.is_logistic[-1]]
    for is_logistic, (n_in, n_out) in zip(kinds, pairwise(sizes), strict=True):
        bound = math.sqrt((2.0 if is_logistic else 6.0) / (n_in + n_out))
        yield random_state.uniform(-bound, bound, (n_in, n_out)), random_state.uniform(-bound, bound, n_out)


def build(
    parameters: Parameters,
    sizes: list[int],
    last_activation: str,
    loss: Loss,
    scale: str | None,
    dtype: npt.DTypeLike,
    seed: int,
    initial: list[tuple[Array, Array]],
) -> Network:
    """Return the network with these initial weights, where scikit-learn has the activation, else with fastmlp's own."""
    layers: list[AnyLayer] = [] if scale is None else [SCALES[scale]()]
    for units, activation, rate in zip(parameters.hidden, parameters.activations, parameters.dropout, strict=True):
        layers.append(Dense(units, activation))
        if rate > 0:
            layers.append(Dropout(rate))
    network = Network(sizes[0], [*layers, Dense(sizes[-1], last_activation)], loss=loss, dtype=dtype, seed=seed)
    for layer, is_inherited, (weights, bias) in zip(
        network.layers, [*parameters.is_inherited, True], initial, strict=True
    ):
        if is_inherited:
            layer.weights[:] = weights
            layer.bias[:] = bias
    return network


def with_settings(network: Network, loss: Loss, l2: float, *, keeps_optimizer: bool) -> Network:
    """Return the network as it is, but with this loss, this penalty, and perhaps without the optimizer's state."""
    state = network.__getstate__()
    architecture = state["architecture"]
    layers = tuple(replace(layer, l2=l2) for layer in architecture.layers)
    if keeps_optimizer and layers == architecture.layers and loss == architecture.loss:
        return network
    state["architecture"] = replace(architecture, layers=layers, loss=loss)
    if not keeps_optimizer:
        state["optimizer_state"] = None
    same = Network.__new__(Network)
    same.__setstate__(state)
    return same


def copied(network: Network) -> Network:
    """Return a copy as it stands now."""
    same = Network.__new__(Network)
    same.__setstate__(network.__getstate__())
    return same


def penalty(alpha: float, n_rows: int, sample_weight: npt.NDArray[np.float64] | None) -> float:
    """Return the l2 of a step of so many rows: scikit-learn divides alpha by the weight of a batch."""
    mean_weight = 1.0 if sample_weight is None else float(sample_weight.mean())
    return alpha / (n_rows * mean_weight)
