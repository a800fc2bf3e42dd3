"""Training on sparse rows: the bits of dense ones, on every target and for any number of threads, and no wild reading.

What could go wrong: a row of the batch before that shines through (zeros), a value in the column beside its own, rows
of a shuffled epoch taken by another index, a type of source that is converted in another way; and vectors that lead
out of bounds, a scaling that sparse rows would pass by (refused).
"""

import sys

import numpy as np
import pytest

from bits import NETWORKS, THREADS, chain, digest, new_network, new_trainer, parameters_of, sgd, train
from fastmlp import _core

ROWS, COLUMNS, BATCH = 101, 37, 54
SGD = sgd(0.02, 0.5)
LAYERS = chain((19, "tanh"), (5, "softmax"))


def parts_of(X: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows, columns = np.nonzero(X)
    starts = np.searchsorted(rows, np.arange(len(X) + 1))
    # nothing asks for the values of a row in the order of their columns
    order = np.lexsort((-columns, rows))
    return X[rows, columns][order], columns[order].astype(np.int32), starts.astype(np.int64)


def trained(kind, X, y, threads):
    net = new_network(kind, COLUMNS, LAYERS, "softmax_cross_entropy", seed=1)
    report = train(net, X, y, SGD, epochs=3, batch_size=BATCH, seed=1, threads=threads)
    return digest(parameters_of(net, len(LAYERS))), report.last_loss


def compare() -> None:
    _core._testing.enable_planner(False)
    random = np.random.default_rng(0)
    X = np.where(random.random((ROWS, COLUMNS)) < 0.2, random.normal(0, 3, (ROWS, COLUMNS)), 0.0)
    X[3], X[4], X[5, [0, -1]] = 0.0, 1.5, 2.0  # a row of zeros, a full one, one with its ends
    y = random.integers(0, 5, ROWS).astype(np.int32)
    for source in (X, X.astype(np.float32), np.abs(X).astype(np.uint8)):
        for kind in NETWORKS:
            dense = trained(kind, source, y, 1)
            for threads in THREADS:
                assert trained(kind, parts_of(source), y, threads) == dense
    print(_core.active_target())


@pytest.mark.parametrize("target", _core.available_targets())
def test_sparse_rows_train_to_the_bits_of_dense_ones(in_new_process, target):
    assert in_new_process(compare, FASTMLP_TARGET=target, OMP_NUM_THREADS="4").strip() == target


VALUES, PLACES, STARTS = np.ones(3), np.array([0, 36, 5], np.int32), np.array([0, 2, 3], np.int64)


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ((VALUES, PLACES), "contiguous, aligned 2-D arrays"),  # an array, and which of its rows
        ((VALUES, PLACES, STARTS, STARTS), "rows by their places are an array and a vector"),
        ((VALUES, np.array([0, 37, 5], np.int32), STARTS), "a column that the network does not"),
        ((VALUES, np.array([0, -1, 5], np.int32), STARTS), "a column that the network does not"),
        ((VALUES, PLACES, np.array([0, 4, 3], np.int64)), "must not end before it begins"),
        ((VALUES, PLACES, np.array([1, 2, 3], np.int64)), "must begin at the first value"),
        ((VALUES, PLACES, np.array([0, 2, 4], np.int64)), "end at the last"),
        ((VALUES[:2], PLACES, STARTS), "end at the last"),
        ((VALUES, PLACES, np.array([0], np.int64)), "must begin at the first value"),
        ((VALUES, PLACES.astype(np.int64), STARTS), "a vector of another type"),
        ((VALUES, PLACES, STARTS.astype(np.int32)), "a vector of another type"),
        ((np.ones(6)[::2], PLACES, STARTS), "contiguous"),
        (([1.0, 2.0, 3.0], PLACES, STARTS), "sparse rows are values, columns and starts"),
        ([[0.0] * COLUMNS], "the core takes an array, or sparse rows"),
    ],
)
def test_sparse_rows_out_of_bounds_are_refused(parts, sentence):
    net = new_network(_core.Network64, COLUMNS, LAYERS, "softmax_cross_entropy", seed=1)
    with pytest.raises(ValueError, match=sentence):
        new_trainer(net, parts, np.zeros(2, np.int32), SGD, batch_size=1, seed=1)


def test_sparse_rows_are_refused_where_inputs_are_scaled():
    net = new_network(_core.Network64, COLUMNS, LAYERS, "softmax_cross_entropy", seed=1)
    net.set_input_scaling(shift=np.zeros(COLUMNS), scale=np.ones(COLUMNS))
    with pytest.raises(ValueError, match="sparse rows are not scaled"):
        new_trainer(net, (VALUES, PLACES, STARTS), np.zeros(2, np.int32), SGD, batch_size=1, seed=1)


def test_the_vectors_live_as_long_as_the_trainer():
    net = new_network(_core.Network64, COLUMNS, LAYERS, "softmax_cross_entropy", seed=1)
    values = VALUES.copy()
    before = sys.getrefcount(values)
    trainer = new_trainer(net, (values, PLACES, STARTS), np.zeros(2, np.int32), SGD, batch_size=1, seed=1)
    assert sys.getrefcount(values) == before + 1
    del trainer
    assert sys.getrefcount(values) == before


if __name__ == "__main__":
    compare()
