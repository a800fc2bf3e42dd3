"""Training on sparse rows: the bits of dense ones, on every target and for any number of threads, and no wild reading.

What could go wrong: a row of the batch before that shines through (zeros), a value in the column beside its own, rows
of a shuffled epoch taken by another index, a type of source that is converted in another way; and vectors that lead
out of bounds, a scaling that sparse rows would pass by (refused).
"""

import sys

import numpy as np
import pytest

from fastmlp import _core

ROWS, COLUMNS, BATCH = 101, 37, 54
SGD = {"learning_rate": 0.02, "momentum": 0.5, "nesterov": 0.0}
LAYERS = [(19, "tanh", 0.0, 0.0, 0.0), (5, "softmax", 0.0, 0.0, 0.0)]


def parts_of(X: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows, columns = np.nonzero(X)
    starts = np.searchsorted(rows, np.arange(len(X) + 1))
    # nothing asks for the values of a row in the order of their columns
    order = np.lexsort((-columns, rows))
    return X[rows, columns][order], columns[order].astype(np.int32), starts.astype(np.int64)


def trained(network, trainer, X, y, threads):
    net = network(COLUMNS, LAYERS, "softmax_cross_entropy")
    net.initialize(1)
    with trainer(net, X, y, None, BATCH, True, 1, 0, "sgd", SGD) as run:
        report = run.run(3 * run.steps_per_epoch, threads)
    return b"".join(net.weights(layer).tobytes() + net.bias(layer).tobytes() for layer in range(2)), report.last_loss


def compare() -> None:
    _core._testing.enable_planner(False)
    random = np.random.default_rng(0)
    X = np.where(random.random((ROWS, COLUMNS)) < 0.2, random.normal(0, 3, (ROWS, COLUMNS)), 0.0)
    X[3], X[4], X[5, [0, -1]] = 0.0, 1.5, 2.0  # a row of zeros, a full one, one with its ends
    y = random.integers(0, 5, ROWS).astype(np.int32)
    for source in (X, X.astype(np.float32), np.abs(X).astype(np.uint8)):
        for network, trainer in ((_core.Network32, _core.Trainer32), (_core.Network64, _core.Trainer64)):
            dense = trained(network, trainer, source, y, 1)
            for threads in (1, 2, 4):
                assert trained(network, trainer, parts_of(source), y, threads) == dense
    print(_core.active_target())


@pytest.mark.parametrize("target", _core.available_targets())
def test_sparse_rows_train_to_the_bits_of_dense_ones(in_new_process, target):
    assert in_new_process(compare, FASTMLP_TARGET=target, OMP_NUM_THREADS="4").strip() == target


VALUES, PLACES, STARTS = np.ones(3), np.array([0, 36, 5], np.int32), np.array([0, 2, 3], np.int64)


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ((VALUES, PLACES), "sparse rows are values, columns and starts"),
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
    net = _core.Network64(COLUMNS, LAYERS, "softmax_cross_entropy")
    with pytest.raises(ValueError, match=sentence):
        _core.Trainer64(net, parts, np.zeros(2, np.int32), None, 1, True, 1, 0, "sgd", SGD)


def test_sparse_rows_are_refused_where_inputs_are_scaled():
    net = _core.Network64(COLUMNS, LAYERS, "softmax_cross_entropy")
    net.set_input_scaling(np.zeros(COLUMNS), np.ones(COLUMNS))
    with pytest.raises(ValueError, match="sparse rows are not scaled"):
        _core.Trainer64(net, (VALUES, PLACES, STARTS), np.zeros(2, np.int32), None, 1, True, 1, 0, "sgd", SGD)


def test_the_vectors_live_as_long_as_the_trainer():
    net = _core.Network64(COLUMNS, LAYERS, "softmax_cross_entropy")
    values = VALUES.copy()
    before = sys.getrefcount(values)
    trainer = _core.Trainer64(net, (values, PLACES, STARTS), np.zeros(2, np.int32), None, 1, True, 1, 0, "sgd", SGD)
    assert sys.getrefcount(values) == before + 1
    del trainer
    assert sys.getrefcount(values) == before


if __name__ == "__main__":
    compare()
