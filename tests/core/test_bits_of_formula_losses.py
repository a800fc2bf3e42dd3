"""One set of bits for losses that are formulas, on every target and for any number of threads.

What could go wrong: a block holds another number of vectors on each target, so a row ends in another block; a sum over
outputs follows the block and not the sixteen lanes; a lane beyond a row's columns enters.

The hash is of trained weights, losses and gradients; each target runs in a process of its own, the planner off.
"""

import sys
from collections.abc import Iterator

import numpy as np
import pytest

from bits import NETWORKS, chain, new_network, print_hashes, sgd, train
from fastmlp import _core
from fastmlp.losses import Formula

FORMULAS = ["log(cosh(o - t))", "where(abs(o - t) < 0.5, (o - t)**2, abs(o - t) - 0.25)", "softplus(-o*t) + exp(-o**2)"]
# across rows, along them, and of more vectors than a block has
OUTPUTS = (1, 10, 37, 401)
ROWS, BATCH = 53, 27
EXPECTED = "0961dbf3b9cfc565a92f6bb90e2a8ed82c54b714c2ba0bd1ab32e6ce61ea44a4"


def numbers_of_trainings(threads: int) -> Iterator[object]:
    random = np.random.default_rng(0)
    for text in FORMULAS:
        for outputs in OUTPUTS:
            X = random.standard_normal((ROWS, 7)).astype(np.float32)
            y = random.standard_normal((ROWS, outputs))
            weight = random.uniform(0.0, 2.0, ROWS)
            for last in ("identity", "softmax"):
                for kind in NETWORKS:
                    layers = chain((19, "tanh"), (outputs, last))
                    net = new_network(kind, 7, layers, "formula", loss_formula=Formula(text).formula, seed=1)
                    train(net, X, y, sgd(0.02, 0.5), threads=threads, batch_size=BATCH, seed=1, sample_weight=weight)
                    data = {"X": X, "targets": y, "sample_weight": weight, "threads": threads}
                    value, weights, biases, inputs = net.gradients(**data)
                    yield from (net.weights(1), net.bias(1), weights[1], biases[1], value, net.loss(**data), inputs)


def print_bits() -> None:
    print_hashes(numbers_of_trainings)


@pytest.mark.parametrize("target", _core.available_targets())
def test_formula_losses_have_one_hash_on_every_target_and_any_number_of_threads(hashes_on, target):
    assert hashes_on(target, print_bits) == dict.fromkeys("124", EXPECTED)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
