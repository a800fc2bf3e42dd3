"""What is drawn: initial weights as ``fastmlp.initializers`` says, and dropout masks, by Python's own generator.

So these are other numbers than those that ``fastmlp.Network`` draws from the same seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from fastmlp.activations import Activation
from fastmlp.initializers import GlorotUniform, HeUniform, Initializer, LecunNormal

# generator, and bound, standard deviation or value -> one weight
DISTRIBUTIONS: dict[str, Callable[[random.Random, float], float]] = {
    "uniform": lambda generator, bound: generator.uniform(-bound, bound),
    "normal": lambda generator, deviation: generator.gauss(0.0, deviation),
    "constant": lambda _, value: value,
}
# activations that let about half of their inputs through
ONE_SIDED = ("relu", "leaky_relu", "elu", "softplus", "gelu", "gelu_tanh", "silu", "mish")


def usual_initializer(activation: Activation) -> Initializer:
    """Return how the weights before an activation are drawn where the layer does not say it."""
    if activation.name == "selu":
        return LecunNormal()
    return HeUniform() if activation.name in ONE_SIDED else GlorotUniform()


def drawn_weights(initializer: Initializer, n_in: int, n_out: int, generator: random.Random) -> list[list[float]]:
    """Return a matrix [input][unit] of new weights."""
    distribution, size = initializer.draw(n_in, n_out)
    return [[DISTRIBUTIONS[distribution](generator, size) for _ in range(n_out)] for _ in range(n_in)]


def drawn_masks(
    rates: Sequence[float], shapes: Sequence[tuple[int, int]], n_samples: int, generator: random.Random
) -> list[list[list[float]]]:
    """Return for each layer, sample and input 0 with the layer's dropout rate, else 1 / (1 - rate)."""
    return [
        [[0.0 if generator.random() < rate else 1.0 / (1.0 - rate) for _ in range(n_in)] for _ in range(n_samples)]
        for rate, (n_in, _) in zip(rates, shapes, strict=True)
    ]
