"""One set of bits for embedded numbers, on every target and for any number of threads.

What could go wrong: a cosine or a sum over lanes that depends on the vector's width, rows computed twice or beside
zeros that come out otherwise (batches below, at and above the lanes, prime to them), a sum over the batch that depends
on who makes it, a share of a bin whose product and difference are contracted, a sum over filled bins that depends on
how many rows or columns are summed beside it (the hash differs between targets or threads, or from the one kept here).
That the numbers are right is for tests/test_core_against_reference.py.

The hash is of trained parameters, losses and gradients; each target runs in a process of its own, the planner off.
"""

import sys
from collections.abc import Iterator

import numpy as np
import pytest

from bits import KINDS, adam, chain, new_network, print_hashes, sgd, train
from fastmlp import _core

ROWS, COLUMNS = 67, 7
BATCHES = (1, 5, 16, 41, 67)
LAYERS = {
    "usual": chain((19, "tanh"), (5, "softmax")),
    # more than a panel of columns, so that a column's bins are several units, and a layer alone
    "wide": chain((150, "relu"), (5, "softmax")),
    "one": chain((5, "softmax")),
    "dropped": chain((19, "tanh"), (5, "softmax"), dropout=0.25),
    "frozen": [*chain((19, "tanh"), weight_rate_factor=0.0), *chain((5, "softmax"))],
    "penalized": chain((19, "tanh"), (5, "softmax"), l1=1e-3, l2=1e-2),
}
WAVES = [
    (embedding, "usual")
    for embedding in (("periodic", 4, 16, 0.1, 0), ("periodic", 2, 3, 2.0, 0), ("periodic", 6, 5, 0.5, 0))
]
BINS = [(("piecewise_linear", bins, 0, 0.0, 0), "usual") for bins in (1, 9)]
BINS += [(("piecewise_linear", 6, 0, 0.0, 4), layers) for layers in LAYERS]
EXPECTED = {
    "waves": "07248f138be1b55269b77a76fcb5212c91c283b729ed78f375c72d269522f223",
    "bins": "8e0b2a37d79414a618b1bc0f77f1e0742117790df4c4615a7013a3f37663494b",
}


def numbers_of_waves(threads: int) -> Iterator[object]:
    yield from numbers_of_trainings(WAVES, threads)


def numbers_of_bins(threads: int) -> Iterator[object]:
    yield from numbers_of_trainings(BINS, threads)


def numbers_of_trainings(cases: list[tuple[tuple[str, int, int, float, int], str]], threads: int) -> Iterator[object]:
    random = np.random.default_rng(0)
    X = np.where(random.random((ROWS, COLUMNS)) < 0.02, 1e4, random.normal(0, 3, (ROWS, COLUMNS)))
    y = random.integers(0, 5, ROWS).astype(np.int32)
    for kind, _ in KINDS:
        for embedding, name in cases:
            layers = LAYERS[name]
            edges = np.sort(random.normal(0, 3, (embedding[4] or COLUMNS, embedding[1] + 1)), axis=1)
            for number, batch in enumerate(BATCHES):
                net = new_network(kind, COLUMNS, layers, "softmax_cross_entropy", seed=1, embedding=embedding)
                if embedding[2] == 0:
                    net.set_bins(lower=edges[:, :-1].copy(), upper=edges[:, 1:].copy())
                optimizer = (sgd(0.02, 0.5), adam(0.01), sgd(0.02, clip_norm=0.1))[number % 3]
                train(net, X, y, optimizer, threads=threads, batch_size=batch, seed=1, steps=4)
                data = {"X": X[:batch], "targets": y[:batch], "sample_weight": None, "threads": threads}
                value, weights, biases, inputs, *entrance = net.gradients(**data)
                for layer in range(len(layers)):
                    yield from (net.weights(layer), weights[layer], biases[layer])
                if entrance:
                    yield from (net.embedding(), entrance[0])
                yield from (value, net.loss(**data), inputs, net.forward(X=X, threads=threads))


def print_waves() -> None:
    print_hashes(numbers_of_waves)


def print_bins() -> None:
    print_hashes(numbers_of_bins)


@pytest.mark.parametrize("target", _core.available_targets())
@pytest.mark.parametrize("printed", [print_waves, print_bins], ids=EXPECTED)
def test_embedded_numbers_have_one_hash_on_every_target_and_any_number_of_threads(hashes_on, target, printed):
    expected = EXPECTED[printed.__name__.removeprefix("print_")]
    assert hashes_on(target, printed) == dict.fromkeys("124", expected)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
