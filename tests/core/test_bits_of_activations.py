"""One set of bits for every activation and initial distribution, on every target and for 1, 2 and 4 threads.

What could go wrong: a function that is compiled in another way for one target or into one tile (a contracted product, a
constant that is rounded twice), normal numbers that depend on how many logarithms are taken at a time. Sums, losses and
optimizers are in test_bits.py and test_bits_of_shapes.py.
"""

import sys
from collections.abc import Iterator

import numpy as np
import pytest

from bits import KINDS, new_network, parameters_of, print_hashes, sgd, train
from fastmlp import _core
from fastmlp.activations import ACTIVATIONS

HIDDEN = ("sigmoid", "tanh", "relu", "leaky_relu", "step", "sign", "elu", "selu", "softplus", "gelu", "gelu_tanh")
HIDDEN += ("silu", "mish", "hard_tanh", "softsign", "identity")
DRAWS = (None, ("normal", 0.3), ("uniform", 0.4), ("constant", 0.05))
ROWS, INPUTS = 97, 21
PARAMETER = 0.7  # slope or alpha, and rounded in both precisions
EXPECTED = "99497345c266cb6e14e0b1e606323758c4504cbe3a27d9144a47d11072877c3f"


def numbers_of_trainings(threads: int) -> Iterator[object]:
    random = np.random.default_rng(0)
    X = 2 * random.standard_normal((ROWS, INPUTS))
    y = random.standard_normal((ROWS, 3))
    for number, name in enumerate(HIDDEN):
        layers = [
            _core.LayerSpec(
                units=units, activation=activation, parameter=parameter, draw=DRAWS[(number + layer) % len(DRAWS)]
            )
            for layer, (units, activation, parameter) in enumerate(
                [(33, "tanh", 0.0), (18, name, PARAMETER), (3, name, PARAMETER)]
            )
        ]
        for kind, _ in KINDS:
            net = new_network(kind, INPUTS, layers, "mse", seed=number)
            yield net.weights(1).copy()
            train(net, X, y, sgd(0.05, 0.9), threads=threads, steps=4, batch_size=29, seed=number)
            yield from parameters_of(net, len(layers))
            yield net.forward(X=X, threads=threads)


def print_bits() -> None:
    print_hashes(numbers_of_trainings)


@pytest.mark.parametrize("target", _core.available_targets())
def test_every_activation_and_distribution_has_the_same_bits(hashes_on, target):
    assert hashes_on(target, print_bits) == dict.fromkeys("124", EXPECTED)


def test_every_activation_is_in_it():
    assert set(HIDDEN) == set(ACTIVATIONS) - {"softmax"}


if __name__ == "__main__":
    globals()[sys.argv[1]]()
