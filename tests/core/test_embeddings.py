"""The arithmetic of embedded numbers: how near cosines are, what is far away, and that a row is a row.

What could go wrong: a multiple of a turn that is not subtracted exactly (compared with fractions, up to products of
2^33), a polynomial that is wrong at the end of its range, a number beyond all that which is no cosine; a row that
depends on the rows beside it, on the way forward or in gradients; a share of a bin outside of [0, 1]; sums over filled
bins that miss one, or take one of another column, where there are few rows or many, panels of columns that are not
whole, columns behind the bins, columns of fewer bins (compared with the same layers on shares that are written out,
where nothing is rounded).
"""

import math
from fractions import Fraction

import numpy as np
import pytest

from bits import NETWORKS, chain, new_network
from fastmlp import _core

# products x f of which something is known, and absolute errors as waves-inl.hpp has them
LARGEST = {np.float32: 2.0**33, np.float64: 2.0**90}
MOST_ULP = 4


def wave(kind, dtype, f, p):
    """Return a network whose first layer takes the cosine of one wave, and the number itself."""
    net = new_network(kind, 1, chain((1, "identity")), "mse", seed=0, embedding=("periodic", 2, 1, 1.0, 0))
    net.embedding()[:] = np.array([[f, p, 1.0, 0.0]], dtype)
    return net


def cosine_of(x, f, p):
    """Return the cosine of 2 pi (x f + p), rounded twice, of numbers that are taken as they are."""
    turns = Fraction(float(x)) * Fraction(float(f)) + Fraction(float(p))
    return math.cos(2 * math.pi * float(turns - round(turns)))


@pytest.mark.parametrize(("kind", "dtype"), list(zip(NETWORKS, LARGEST, strict=True)))
def test_cosines_are_right_also_far_from_zero(kind, dtype):
    random = np.random.default_rng(0)
    for largest in (1.0, 100.0, 2.0**20, LARGEST[dtype]):
        for _ in range(20):
            f, p = dtype(random.normal(0, 1)), dtype(random.uniform(-0.5, 0.5))
            x = (random.uniform(-1, 1, 101) * largest / max(1, abs(f))).astype(dtype)
            found = wave(kind, dtype, f, p).first_inputs(X=x[:, np.newaxis], threads=1)
            exact = np.array([cosine_of(x_i, f, p) for x_i in x])
            eps = float(np.finfo(dtype).eps)
            assert (np.abs(found[:, 0] - exact) <= MOST_ULP * eps * (1 + eps * np.abs(x * float(f)))).all()
            np.testing.assert_array_equal(found[:, 1], x)


@pytest.mark.parametrize(("kind", "dtype"), list(zip(NETWORKS, LARGEST, strict=True)))
def test_beyond_a_known_turn_a_cosine_still_is_one(kind, dtype):
    x = np.array([[2.0**e] for e in range(127)] + [[-(2.0**e)] for e in range(127)], dtype)
    found = wave(kind, dtype, 0.7, 0.1).first_inputs(X=x, threads=1)
    assert np.abs(found[:, 0]).max() <= 1 + np.finfo(dtype).eps


@pytest.mark.parametrize("rows", [1, 2, 7, 8, 9, 16, 17, 31, 33, 70])
@pytest.mark.parametrize("kind", NETWORKS)
def test_a_row_does_not_depend_on_those_beside_it(kind, rows):
    random = np.random.default_rng(rows)
    X, y = random.normal(0, 3, (rows, 3)), random.integers(0, 2, rows).astype(np.int32)
    for embedding in (("periodic", 4, 16, 0.5, 0), ("piecewise_linear", 5, 0, 0.0, 0)):
        layers = chain((6, "tanh"), (2, "softmax"))
        net = new_network(kind, 3, layers, "softmax_cross_entropy", seed=3, embedding=embedding)
        if embedding[2] == 0:
            edges = np.sort(random.normal(0, 3, (3, 6)), axis=1)
            net.set_bins(lower=edges[:, :-1].copy(), upper=edges[:, 1:].copy())
        whole = net.forward(X=X, threads=1)
        each = net.row_gradients(X=X, targets=y, threads=1)
        jacobian = net.jacobian(X=X, vectors=None, threads=1)
        for r in range(rows):
            row = {"X": X[r : r + 1], "threads": 1}
            np.testing.assert_array_equal(net.forward(**row)[0], whole[r])
            np.testing.assert_array_equal(net.jacobian(vectors=None, **row)[0], jacobian[r])
            _, weights, biases, _, *entrance = net.gradients(targets=y[r : r + 1], sample_weight=None, **row)
            parts = [part.ravel() for pair in zip(weights, biases, strict=True) for part in pair]
            np.testing.assert_array_equal(each[r], np.concatenate([*parts, *(part.ravel() for part in entrance)]))


@pytest.mark.parametrize("kind", NETWORKS)
def test_shares_of_bins_are_those_of_the_formula_and_between_0_and_1(kind):
    random = np.random.default_rng(4)
    edges = np.sort(random.normal(0, 1, (2, 8)), axis=1).astype(np.float32).astype(np.float64)
    upper = edges[:, 1:].copy()
    upper[1, 4:] = edges[1, 4:7]  # a column with fewer bins
    net = new_network(kind, 2, chain((1, "identity")), "mse", seed=0, embedding=("piecewise_linear", 7, 0, 0.0, 0))
    net.set_bins(lower=edges[:, :-1].copy(), upper=upper)
    X = np.concatenate([random.normal(0, 1.5, (500, 2)), edges.T, [[1e30, -1e30], [-1e30, 1e30]]]).astype(np.float32)
    found = net.first_inputs(X=X, threads=1)
    width = upper - edges[:, :-1]
    exact = (X[:, :, np.newaxis] - edges[:, :-1]) / np.where(width > 0, width, np.inf)
    exact = np.clip(exact, 0, 1).reshape(len(X), 14)
    assert found.min() == 0
    assert found.max() == 1
    # a difference, the inverse of another and their product, each rounded once
    np.testing.assert_allclose(found, exact, rtol=3 * np.finfo(found.dtype).eps, atol=1e-15)


def shares_of(X, lower, upper):
    width = upper - lower
    above = X[:, : len(lower), np.newaxis] - lower
    filled = np.where(width > 0, np.clip(above / np.where(width > 0, width, 1), 0, 1), 0)
    return np.hstack([filled.reshape(len(X), -1), X[:, len(lower) :]])


# one row, few, just more than few, a block, several blocks; columns of a vector, of a panel of 64 and beyond, odd ones
@pytest.mark.parametrize("rows", [1, 2, 4, 8, 64, 256])
@pytest.mark.parametrize("units", [1, 2, 5, 16, 64, 67, 128, 200])
@pytest.mark.parametrize("kind", NETWORKS)
def test_sums_over_filled_bins_are_those_of_written_shares(kind, units, rows):
    random = np.random.default_rng(units + rows)
    for bins, columns, others in ((1, 3, 0), (2, 1, 2), (7, 3, 5), (48, 2, 0)):
        # widths that are powers of 2, and numbers at edges, beyond them and at fourths of a bin
        edges = np.cumsum(2.0 ** random.integers(-1, 2, (columns, bins + 1)), axis=1)
        lower, upper = edges[:, :-1].copy(), edges[:, 1:].copy()
        there = random.integers(0, bins + 1, columns)
        there[0] = bins
        for j, n in enumerate(there):
            lower[j, n:] = upper[j, n:] = 0
        X = np.hstack([edges[:, random.integers(0, bins + 1, rows)].T, random.integers(-2, 3, (rows, others))])
        X[:, :columns] += random.integers(-4, 5, (rows, columns)) / 8
        shares = shares_of(X, lower, upper)
        net = new_network(
            kind,
            columns + others,
            chain((units, "identity")),
            "half_squared_error",
            seed=0,
            embedding=("piecewise_linear", bins, 0, 0.0, columns),
        )
        net.set_bins(lower=lower, upper=upper)
        np.testing.assert_array_equal(net.first_inputs(X=X, threads=1), shares)
        wide = new_network(kind, shares.shape[1], chain((units, "identity")), "half_squared_error", seed=0)
        for own in (net, wide):
            random = np.random.default_rng(units)
            own.weights(0)[:] = random.integers(-4, 5, own.weights(0).shape) / 4
            own.bias(0)[:] = random.integers(-4, 5, units)
        np.testing.assert_array_equal(net.forward(X=X, threads=1), wide.forward(X=shares, threads=1))
        targets = random.integers(-4, 5, (rows, units)).astype(X.dtype)
        data = {"targets": targets, "sample_weight": None, "threads": 1}
        _, (mine,), (bias,), *_ = net.gradients(X=X, **data)
        _, (theirs,), (their_bias,), *_ = wide.gradients(X=shares, **data)
        np.testing.assert_array_equal(mine, theirs)
        np.testing.assert_array_equal(bias, their_bias)


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_bin_without_width_among_others_counts_as_filled_by_what_is_above_it(kind):
    net = new_network(kind, 1, chain((1, "identity")), "mse", seed=0, embedding=("piecewise_linear", 4, 0, 0.0, 0))
    net.set_bins(lower=np.array([[0.0, 1.0, 1.0, 0.0]]), upper=np.array([[1.0, 1.0, 2.0, 0.0]]))
    net.weights(0)[:, 0] = [1, 10, 100, 1000]
    X = np.array([[-1.0], [0.0], [0.5], [1.0], [1.5], [2.0], [9.0]])
    shares = [[0, 0, 0, 0], [0, 0, 0, 0], [0.5, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0.5, 0], [1, 1, 1, 0], [1, 1, 1, 0]]
    np.testing.assert_array_equal(net.first_inputs(X=X, threads=1), shares)
    np.testing.assert_array_equal(net.forward(X=X, threads=1)[:, 0], [0, 0, 0.5, 1, 61, 111, 111])
    np.testing.assert_array_equal(net.jacobian(X=X, vectors=None, threads=1).ravel(), [0, 0, 1, 0, 100, 0, 0])


def test_what_makes_no_embedding_is_refused():
    layers = chain((1, "identity"))
    for wrong, sentence in (
        (("polynomial", 2, 0, 0.0, 0), "does not know the name 'polynomial'"),
        (("piecewise_linear", 0, 0, 0.0, 0), "no embedding"),
        (("piecewise_linear", 2, 1, 0.0, 0), "no embedding"),
        (("periodic", 1, 1, 0.1, 0), "no embedding"),
        (("periodic", 2, 0, 0.1, 0), "no embedding"),
        (("periodic", 2**60, 1, 0.1, 0), "no embedding"),
    ):
        with pytest.raises(ValueError, match=sentence):
            new_network(_core.Network32, 1, layers, "mse", seed=0, embedding=wrong)
    net = new_network(_core.Network32, 2, layers, "mse", seed=0, embedding=("piecewise_linear", 2, 0, 0.0, 0))
    for shape in ((2, 3), (3, 2), (4,)):
        with pytest.raises(ValueError, match="an edge for each bin"):
            net.set_bins(lower=np.zeros(shape), upper=np.ones(shape))
    with pytest.raises(ValueError, match="no bins"):
        new_network(_core.Network32, 2, layers, "mse", seed=0).set_bins(lower=np.zeros((2, 1)), upper=np.ones((2, 1)))
