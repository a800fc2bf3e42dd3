"""The settings that need no tuning: how a member is built, and how many rows a step takes.

They are those of RealMLP (D. Holzmueller, L. Grinsztajn and I. Steinwart, Better by default, NeurIPS 2024), less what
did not help on the tables where it was tried (docs/decisions, 15 and 17).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from fastmlp._checks.arguments import check_integer
from fastmlp._checks.text import brief
from fastmlp.layers import Dense, Layer
from fastmlp.losses import Loss
from fastmlp.network import Network
from fastmlp.optimizers import Adam
from fastmlp.scalings import RobustScale
from fastmlp.schedules import Coslog4

BIAS_RATE = 0.1
# inputs are clipped at so many times the range of their middle half
CLIP = 6.0
# batches of an epoch, within limits: few steps leave small tables unlearned, small batches take long on large ones
BATCHES, SMALLEST_BATCH, LARGEST_BATCH = 64, 32, 256

# The least probability of a class, as a share of what label smoothing gives to the wrong classes: a probability of 0
# would make the log-loss of a single error infinite.
LEAST = 0.02


def optimizer_of(learning_rate: float) -> Adam:
    """Return the optimizer of the members."""
    return Adam(Coslog4(learning_rate), beta2=0.95)


def batch_of(batch_size: int | str, n_samples: int) -> int:
    """Return the rows of a step."""
    if isinstance(batch_size, str):
        if batch_size != "auto":
            raise ValueError(f"batch_size must be 'auto' or an integer of at least 1, got {brief(batch_size)}.")
        return min(max(n_samples // BATCHES, SMALLEST_BATCH), LARGEST_BATCH)
    return check_integer(batch_size, "batch_size", minimum=1)


def build(
    n_inputs: int,
    hidden: Sequence[int],
    n_outputs: int,
    activations: tuple[str, str],
    loss: Loss,
    random_state: np.random.RandomState,
) -> Network:
    """Return a network in the neural tangent kernel's parametrization, by factors on the rates of its layers.

    ``activations`` are that of the hidden layers and the last one's.
    """
    sizes = [n_inputs, *hidden]
    layers: list[Layer] = [RobustScale(limit=CLIP)]
    for n_in, n_out in pairwise([*sizes, n_outputs]):
        is_last = len(layers) == len(sizes)
        layers.append(
            Dense(
                n_out,
                activations[is_last],
                initializer="zeros" if is_last else "lecun_normal",
                weight_rate_factor=1.0 / math.sqrt(n_in),
                bias_rate_factor=BIAS_RATE,
            )
        )
    seed = int(random_state.randint(np.iinfo(np.int32).max))
    network = Network(n_inputs, layers, loss=loss, seed=seed)
    for layer in network.layers[:-1]:
        layer.bias[:] = random_state.standard_normal(layer.bias.shape)
    return network
