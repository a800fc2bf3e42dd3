"""One set of bits for every loss, on every target and for any number of threads.

What could go wrong: a loss adds up its outputs in the order of the vector width or of the layout (rows of up to 16
outputs go across, longer ones along, a few rows left over along as well), a padding lane enters a sum, a parameter of
the loss is rounded in another way, a kink is passed on one target only. The cross-entropies without smoothing and the
squared errors are in test_bits.py.

The hash is of trained weights, losses and gradients; each target runs in a process of its own, the planner off.
"""

import sys
from collections.abc import Iterator

import numpy as np
import pytest

from bits import KINDS, chain, new_network, print_hashes, sgd, train
from fastmlp import _core
from fastmlp.activations import ACTIVATIONS
from fastmlp.losses import LOSSES as REGISTRY

# (core's name, parameter, last activation)
LOSSES = [
    ("softmax_cross_entropy", 0.1, "softmax"),
    ("sigmoid_cross_entropy", 0.2, "sigmoid"),
    ("mae", 0.0, "identity"),
    ("mae", 0.0, "softmax"),
    ("huber", 0.7, "tanh"),
    ("huber", 0.2, "softmax"),
    ("poisson", 0.0, "identity"),
    ("quantile", 0.3, "leaky_relu"),
    ("quantile", 0.9, "softmax"),
    ("hinge", 0.0, "identity"),
    ("perceptron", 0.0, "identity"),
]
ELSEWHERE = {"mse", "half_squared_error"}  # test_bits.py
OUTPUTS = (1, 10, 37)
# Rows of a batch and a thread's share of them are no multiples of a vector, so that some go along where others go
# across. Two steps each: with more threads than cores a step is mostly waiting, and there are hundreds of trainings.
ROWS, BATCH = 101, 54
EXPECTED = "b3236ae00bab57cdcafd875a56c51110a7e09c291930bea65ba28a5a7278ef2a"


def targets_of(loss: str, outputs: int, random: np.random.Generator) -> np.ndarray:
    if loss in ("hinge", "perceptron"):
        return random.choice([-1.0, 1.0], (ROWS, outputs))
    if loss == "poisson":
        return random.integers(0, 6, (ROWS, outputs)).astype(np.float64)
    if loss == "softmax_cross_entropy":
        return np.eye(outputs)[random.integers(0, outputs, (2, ROWS))].mean(axis=0)
    return random.uniform(0.0, 1.0, (ROWS, outputs))


def numbers_of_trainings(threads: int) -> Iterator[object]:
    random = np.random.default_rng(0)
    for loss, parameter, last in LOSSES:
        for outputs in OUTPUTS:
            X = random.standard_normal((ROWS, 7)).astype(np.float32)
            labels = random.integers(0, max(outputs, 2), ROWS).astype(np.int32)
            weight = random.uniform(0.0, 2.0, ROWS)
            layers = chain((19, "tanh"), (outputs, last), parameter=0.1)
            for y in (labels, targets_of(loss, outputs, random)):
                data = {"X": X, "targets": y, "sample_weight": weight, "threads": threads}
                for kind, _ in KINDS:
                    net = new_network(kind, 7, layers, loss, loss_parameter=parameter, seed=1)
                    train(net, X, y, sgd(0.02, 0.5), threads=threads, batch_size=BATCH, seed=1, sample_weight=weight)
                    value, weights, biases, inputs = net.gradients(**data)
                    for layer in range(2):
                        yield from (net.weights(layer), net.bias(layer), weights[layer], biases[layer])
                    yield from (value, net.loss(**data), inputs)
                    if loss == "poisson":
                        yield _core.exp(net.forward(X=X, threads=threads))


def print_bits() -> None:
    print_hashes(numbers_of_trainings)


def test_every_loss_of_the_core_has_its_case():
    known = {
        kind().core_name(ACTIVATIONS[last]())
        for kind in REGISTRY.values()
        for last in kind.last_activations or ("identity",)
    }
    assert {name for name, _, _ in LOSSES} | ELSEWHERE == known


@pytest.mark.parametrize("target", _core.available_targets())
def test_every_loss_has_one_hash_on_every_target_and_any_number_of_threads(hashes_on, target):
    assert hashes_on(target, print_bits) == dict.fromkeys("124", EXPECTED)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
