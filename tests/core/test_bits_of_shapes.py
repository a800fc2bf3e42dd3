"""One set of bits for networks and batches with edges in every dimension, whoever computes them and however many.

What could go wrong: a shape takes another way through the core (register tiles, blocks of a long sum, rows or columns
over threads, lines owned early) and sums there in another order, two threads write to one place, the planner changes
the number of threads in the middle of a training. Losses, optimizers and activations are in test_bits.py.

The hash is of trained weights. Each target that has fused multiply-adds trains in a process of its own.
"""

import sys
from collections.abc import Iterator

import numpy as np
import pytest

from bits import KINDS, adam, chain, new_network, parameters_of, print_hashes, sgd, train
from fastmlp import _core

EVERY_BATCH = (1, 2, 3, 5, 6, 7, 8, 13, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 95, 96, 97, 127, 128, 129, 192, 193)
EVERY_BATCH += (255, 256, 257, 385, 511, 512, 513)
SOME_BATCHES = (1, 7, 16, 33, 64, 97, 129, 513)
ROWS, STEPS = 521, 3
ADAM, MOMENTUM = adam(1e-2), sgd(0.05, 0.9, 1.0)
# Inputs and units of the layers, batches, optimizer.
NETWORKS = [
    ((1, 1, 2), EVERY_BATCH, ADAM),
    ((2, 16, 2), EVERY_BATCH, ADAM),
    ((3, 5, 17, 2), EVERY_BATCH, MOMENTUM),
    ((17, 33, 16, 15, 3), EVERY_BATCH, ADAM),
    ((64, 65, 48, 10), EVERY_BATCH, MOMENTUM),
    ((131, 17), EVERY_BATCH, ADAM),
    ((1030, 50, 7), SOME_BATCHES, MOMENTUM),  # a forward sum of more than 1024 terms
    ((9, 12, 1030), SOME_BATCHES, ADAM),  # a backward one
    ((520, 521, 9), SOME_BATCHES, MOMENTUM),  # more parameters than are owned early, few rows by columns
]
EXPECTED = "85bd67c31d79ca59b73b4b0decf9c8c8c0521f5606231d4091468b89b95636a0"


def numbers_of_trainings(threads: int) -> Iterator[object]:
    random = np.random.default_rng(0)
    for number, (sizes, batches, optimizer) in enumerate(NETWORKS):
        X = random.standard_normal((ROWS, sizes[0])).astype(np.float32)
        y = random.integers(0, sizes[-1], ROWS).astype(np.int32)
        hidden = [(units, "relu" if index % 2 else "tanh") for index, units in enumerate(sizes[1:-1])]
        layers = chain(*hidden, (sizes[-1], "softmax"))
        for kind, _ in KINDS:
            for batch in batches:
                net = new_network(kind, sizes[0], layers, "softmax_cross_entropy", seed=number)
                train(net, X, y, optimizer, threads=threads, steps=STEPS, batch_size=batch, seed=batch)
                yield from parameters_of(net, len(layers))
                yield net.forward(X=X[:batch], threads=threads)


def print_bits() -> None:
    print_hashes(numbers_of_trainings)


def print_bits_with_the_planner() -> None:
    print_hashes(numbers_of_trainings, planner=True)


# x86-64-v2 has no fused multiply-add and takes minutes for this; test_bits.py has it
@pytest.mark.parametrize("target", [name for name in _core.available_targets() if name != "x86-64-v2"])
@pytest.mark.parametrize("scenario", [print_bits, print_bits_with_the_planner])
def test_every_shape_has_the_same_bits_for_any_number_of_threads_with_and_without_the_planner(
    hashes_on, scenario, target
):
    assert hashes_on(target, scenario) == dict.fromkeys("124", EXPECTED)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
