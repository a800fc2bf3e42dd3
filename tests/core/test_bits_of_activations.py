"""One set of bits for every activation and initial distribution, on every target and for 1, 2 and 4 threads.

What could go wrong: a function that is compiled in another way for one target or into one tile (a contracted product, a
constant that is rounded twice), normal numbers that depend on how many logarithms are taken at a time. Sums, losses and
optimizers are in test_bits.py and test_bits_of_shapes.py.
"""

import hashlib
import json
import sys

import numpy as np
import pytest

from fastmlp import _core
from fastmlp.activations import ACTIVATIONS

HIDDEN = ("sigmoid", "tanh", "relu", "leaky_relu", "step", "sign", "elu", "selu", "softplus", "gelu", "gelu_tanh")
HIDDEN += ("silu", "mish", "hard_tanh", "softsign", "identity")
DRAWS = (None, ("normal", 0.3), ("uniform", 0.4), ("constant", 0.05))
ROWS, INPUTS = 97, 21
PARAMETER = 0.7  # slope or alpha, and rounded in both precisions
SGD = ("sgd", {"learning_rate": 0.05, "momentum": 0.9, "nesterov": 0.0})
EXPECTED = "99497345c266cb6e14e0b1e606323758c4504cbe3a27d9144a47d11072877c3f"


def bits_of_trainings(threads: int) -> str:
    digest = hashlib.sha256()
    random = np.random.default_rng(0)
    X = 2 * random.standard_normal((ROWS, INPUTS))
    y = random.standard_normal((ROWS, 3))
    for number, name in enumerate(HIDDEN):
        layers = [(33, "tanh", 0.0, 0.0, 0.0), (18, name, PARAMETER, 0.0, 0.0), (3, name, PARAMETER, 0.0, 0.0)]
        draws = [DRAWS[(number + layer) % len(DRAWS)] for layer in range(len(layers))]
        for network, trainer in ((_core.Network32, _core.Trainer32), (_core.Network64, _core.Trainer64)):
            net = network(INPUTS, layers, "mse")
            net.initialize(number, draws)
            digest.update(net.weights(1).tobytes())
            with trainer(net, X, y, None, 29, True, number, 0, *SGD) as run:
                assert not run.run(4, threads).diverged
            for layer in range(len(layers)):
                digest.update(net.weights(layer).tobytes())
                digest.update(net.bias(layer).tobytes())
            digest.update(net.forward(X, threads).tobytes())
    return digest.hexdigest()


def print_bits() -> None:
    _core._testing.enable_planner(False)
    print(json.dumps([_core.active_target(), _core.max_threads(), [bits_of_trainings(n) for n in (1, 2, 4)]]))


@pytest.mark.parametrize("target", _core.available_targets())
def test_every_activation_and_distribution_has_the_same_bits(in_new_process, target):
    printed = in_new_process(print_bits, FASTMLP_TARGET=target, OMP_NUM_THREADS="4")
    assert json.loads(printed) == [target, 4, [EXPECTED] * 3]


def test_every_activation_is_in_it():
    assert set(HIDDEN) == set(ACTIVATIONS) - {"softmax"}


if __name__ == "__main__":
    globals()[sys.argv[1]]()
