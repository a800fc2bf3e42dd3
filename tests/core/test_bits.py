"""The promise of the library: one seed, one set of bits, for every target and any number of threads.

What could go wrong: a sum whose order depends on the vector width, a tile shape, a block of rows or a thread (the
hash differs between targets or thread counts), a product contracted by the compiler, a random number drawn in another
order (the hash differs from the one kept here). The hash is of trained weights; it may change only when a formula or an
order of summation is changed on purpose, which docs/numerics.md then says.

Each target runs in a process of its own with OMP_NUM_THREADS=4, because OpenMP's limit is read at its start; the
planner is off, because it would give networks of this size one thread.
"""

import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from bits import KINDS, adam, chain, digest, new_network, parameters_of, print_hashes, sgd, train
from fastmlp._core import Network32, active_target, available_targets

ROWS = 211
ADAM, MOMENTUM = adam(1e-2), sgd(0.1, 0.9, 1.0)
# (inputs, layers, their penalties, loss, batch, optimizer, weighted): edges in every dimension.
CASES = [
    (1, [(1, "sigmoid")], {}, "sigmoid_cross_entropy", 1, sgd(0.1), False),
    (7, [(33, "relu"), (5, "softmax")], {}, "softmax_cross_entropy", 13, MOMENTUM, True),
    (37, [(50, "tanh"), (17, "leaky_relu"), (10, "softmax")], {"l2": 1e-3}, "softmax_cross_entropy", 50, ADAM, False),
    (64, [(65, "sigmoid"), (3, "sigmoid")], {"l1": 1e-3}, "sigmoid_cross_entropy", 97, ADAM, True),
    (20, [(100, "tanh"), (2, "identity")], {"l1": 1e-3, "l2": 1e-2}, "mse", 61, MOMENTUM, False),
    (16, [(16, "leaky_relu"), (16, "softmax")], {}, "half_squared_error", 211, ADAM, False),
]
SLOPE = 0.1  # of leaky_relu
EXPECTED = "0bca0d54e67ec0e82dff6c44b68d17d93366ed33c72d6b7ddd68e98864cb1018"


def numbers_of_a_case(index: int, kind: type[Network32], threads: int) -> Iterator[object]:
    n_inputs, layers, penalties, loss, batch_size, optimizer, is_weighted = CASES[index]
    n_outputs = layers[-1][0]
    random = np.random.default_rng(index)
    X = random.standard_normal((ROWS, n_inputs)).astype(np.float32)
    y = random.integers(0, max(n_outputs, 2), ROWS).astype(np.int32)
    if loss in ("mse", "half_squared_error"):
        y = random.standard_normal((ROWS, n_outputs))
    weight = random.uniform(0.0, 2.0, ROWS) if is_weighted else None
    net = new_network(kind, n_inputs, chain(*layers, parameter=SLOPE, **penalties), loss, seed=index)
    report = train(
        net, X, y, optimizer, threads=threads, epochs=3, batch_size=batch_size, seed=index, sample_weight=weight
    )
    for part in parameters_of(net, len(layers)):
        assert part.ndim == 1 or np.count_nonzero(part) > 0.9 * part.size
        yield part
    yield [epoch.loss for epoch in report.epochs]
    yield net.loss(X=X, targets=y, sample_weight=weight, threads=threads)
    value, weights, biases, inputs = net.gradients(X=X, targets=y, sample_weight=weight, threads=threads)
    yield from (value, *weights, *biases, inputs, net.forward(X=X, threads=threads))


def numbers_of_trainings(threads: int) -> Iterator[bytes]:
    for kind, _ in KINDS:
        for index in range(len(CASES)):
            yield digest(numbers_of_a_case(index, kind, threads))


def print_bits() -> None:
    print_hashes(numbers_of_trainings)


@pytest.mark.parametrize("target", available_targets())
def test_trained_weights_have_one_hash_on_every_target_and_any_number_of_threads(hashes_on, target):
    assert hashes_on(target, print_bits) == dict.fromkeys("124", EXPECTED)


def test_an_unknown_target_is_an_error_that_lists_the_choices():
    environment = os.environ | {"FASTMLP_TARGET": "avx1024"}
    run = subprocess.run(
        [sys.executable, "-c", "import fastmlp._core"], env=environment, capture_output=True, text=True, check=False
    )
    choices = ", ".join(available_targets())
    sentence = f"FASTMLP_TARGET='avx1024' is not a target of this build; available on this CPU: {choices}."
    assert run.returncode != 0
    assert sentence in run.stderr


def test_the_fastest_target_is_active_unless_another_is_forced():
    assert active_target() == os.environ.get("FASTMLP_TARGET", available_targets()[-1])


def test_outputs_of_a_row_do_not_depend_on_the_rows_beside_it():
    net = new_network(Network32, 37, chain((50, "tanh"), (11, "softmax")), "softmax_cross_entropy", seed=1)
    X = np.random.default_rng(1).standard_normal((531, 37)).astype(np.float32)
    whole = net.forward(X=X, threads=2)
    for rows in (1, 2, 5, 97, 200):
        parts = [net.forward(X=X[i : i + rows], threads=1) for i in range(0, len(X), rows)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
