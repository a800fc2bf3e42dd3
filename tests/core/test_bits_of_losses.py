"""One set of bits for every loss, on every target and for any number of threads.

What could go wrong: a loss adds up its outputs in the order of the vector width or of the layout (rows of up to 16
outputs go across, longer ones along, a few rows left over along as well), a padding lane enters a sum, a parameter of
the loss is rounded in another way, a kink is passed on one target only. The cross-entropies without smoothing and the
squared errors are in test_bits.py.

The hash is of trained weights, losses and gradients; each target runs in a process of its own, the planner off.
"""

import hashlib
import json
import sys

import numpy as np
import pytest

from fastmlp import _core

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


def bits_of_trainings(threads: int) -> str:
    digest = hashlib.sha256()
    random = np.random.default_rng(0)
    settings = {"learning_rate": 0.02, "momentum": 0.5, "nesterov": 0.0}
    for loss, parameter, last in LOSSES:
        for outputs in OUTPUTS:
            X = random.standard_normal((ROWS, 7)).astype(np.float32)
            labels = random.integers(0, max(outputs, 2), ROWS).astype(np.int32)
            weight = random.uniform(0.0, 2.0, ROWS)
            layers = [(19, "tanh", 0.0, 0.0, 0.0), (outputs, last, 0.1, 0.0, 0.0)]
            for y in (labels, targets_of(loss, outputs, random)):
                for network, trainer in ((_core.Network32, _core.Trainer32), (_core.Network64, _core.Trainer64)):
                    net = network(7, layers, loss, parameter)
                    net.initialize(1)
                    with trainer(net, X, y, weight, BATCH, True, 1, 0, "sgd", settings) as run:
                        assert not run.run(run.steps_per_epoch, threads).diverged
                    value, weights, biases, inputs = net.gradients(X, y, weight, threads)
                    for layer in range(2):
                        digest.update(net.weights(layer).tobytes() + net.bias(layer).tobytes())
                        digest.update(weights[layer].tobytes() + biases[layer].tobytes())
                    digest.update(np.array([value, net.loss(X, y, weight, threads)]).tobytes() + inputs.tobytes())
                    if loss == "poisson":
                        digest.update(_core.exp(net.forward(X, threads)).tobytes())
    return digest.hexdigest()


def print_bits() -> None:
    _core._testing.enable_planner(False)
    hashes = {threads: bits_of_trainings(threads) for threads in (1, 2, 4)}
    print(json.dumps([_core.active_target(), _core.max_threads(), hashes]))


@pytest.mark.parametrize("target", _core.available_targets())
def test_every_loss_has_one_hash_on_every_target_and_any_number_of_threads(in_new_process, target):
    printed = in_new_process(print_bits, FASTMLP_TARGET=target, OMP_NUM_THREADS="4")
    assert json.loads(printed) == [target, 4, dict.fromkeys("124", EXPECTED)]


if __name__ == "__main__":
    globals()[sys.argv[1]]()
