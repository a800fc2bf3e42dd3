"""The settings that need no tuning: how a member is built, and how many rows a step takes.

They are those of RealMLP (D. Holzmueller, L. Grinsztajn and I. Steinwart, Better by default, NeurIPS 2024), less what
did not help on the tables where it was tried (docs/decisions, 15 and 17).
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np

from fastmlp._checks.arguments import check_integer
from fastmlp._checks.text import brief
from fastmlp.layers import Dense, Dropout, Layer
from fastmlp.losses import Loss
from fastmlp.network import Network
from fastmlp.scalings import RobustScale
from fastmlp.sklearn._tabular.encoded import Encoded
from fastmlp.sklearn._tabular.settings import Settled

BIAS_RATE = 0.1
# inputs are clipped at so many times the range of their middle half
CLIP = 6.0
# batches of an epoch, within limits: few steps leave small tables unlearned, small batches take long on large ones
BATCHES, SMALLEST_BATCH, LARGEST_BATCH = 64, 32, 256

# The least probability of a class, as a share of what label smoothing gives to the wrong classes: a probability of 0
# would make the log-loss of a single error infinite.
LEAST = 0.02


def batch_of(batch_size: int | str, n_samples: int) -> int:
    """Return the rows of a step."""
    if isinstance(batch_size, str):
        if batch_size != "auto":
            raise ValueError(f"batch_size must be 'auto' or an integer of at least 1, got {brief(batch_size)}.")
        return min(max(n_samples // BATCHES, SMALLEST_BATCH), LARGEST_BATCH)
    return check_integer(batch_size, "batch_size", minimum=1)


def build(
    settled: Settled,
    scaling: RobustScale,
    columns: int,
    n_inputs: int,
    n_outputs: int,
    last_activation: str,
    loss: Loss,
    random_state: np.random.RandomState,
) -> Network:
    """Return a network in the neural tangent kernel's parametrization, by factors on the rates of its layers.

    The first so many ``columns`` may be put in bins; where those shall be seen sharply, ``scaling`` has made the other
    columns smaller, and the first layer is larger and faster by as much.
    """
    embedding = settled.embedding_of(columns)
    sharpness = settled.sharpness_of(columns)
    sizes = [n_inputs if embedding is None else embedding.width_of(n_inputs), *settled.hidden, n_outputs]
    layers: list[Layer] = [scaling] if embedding is None else [scaling, embedding]
    for index, (n_in, n_units) in enumerate(pairwise(sizes)):
        is_last = index == len(settled.hidden)
        if settled.dropout and index:
            layers.append(Dropout(settled.dropout))
        layers.append(
            Dense(
                n_units,
                last_activation if is_last else settled.activation,
                initializer="zeros" if is_last else "lecun_normal",
                weight_rate_factor=(1.0 if index else sharpness) / math.sqrt(n_in),
                bias_rate_factor=BIAS_RATE,
            )
        )
    seed = int(random_state.randint(np.iinfo(np.int32).max))
    network = Network(n_inputs, layers, loss=loss, seed=seed)
    if sharpness != 1.0:
        network.layers[0].weights[:] *= sharpness
    for layer in network.layers[:-1]:
        layer.bias[:] = random_state.standard_normal(layer.bias.shape)
    return network


def scaling_of(settled: Settled, rows: Encoded, columns: int) -> RobustScale:
    """Return how inputs are scaled, of which the first so many columns may be put in bins.

    Each network learns it from its own rows, but where bins are sharp: there it is learned from all of them, and what
    is not in bins becomes smaller.
    """
    scaling, sharpness = RobustScale(limit=CLIP), settled.sharpness_of(columns)
    if sharpness == 1.0:
        return scaling
    known = rows.learned(scaling)
    assert known.deviation is not None
    deviation = [size if index < columns else sharpness * size for index, size in enumerate(known.deviation)]
    return replace(known, deviation=tuple(deviation))
