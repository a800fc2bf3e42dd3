"""The three products of a training step, softmax, transpose and the search for non-finite values, by kernel and target.

What could go wrong: an edge of a tile (sizes around, prime to and far from every tile), a wrong row of bias or column
of ones, padding that is no longer zero, an activation or derivative taken wrongly, a target that sums in another order.
Results are compared with NumPy in float64 within the bound of a chain of K fused multiply-adds, K u sum |a||b|
(u the unit roundoff; Higham, Accuracy and Stability, section 3.1), and between targets bit by bit.
"""

import itertools

import numpy as np
import pytest

from fastmlp._core import _testing, available_targets

TARGETS = available_targets()
DTYPES = [np.float32, np.float64]
EDGES = [1, 2, 3, 5, 6, 7, 11, 13, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 70]
# Every edge in each of the three dimensions, the other two running through the list at other strides.
SHAPES = [(EDGES[i], EDGES[(5 * i + 2) % len(EDGES)], EDGES[(8 * i + 4) % len(EDGES)]) for i in range(len(EDGES))]
# Sums of more terms than a panel holds are continued from memory: just above one and two panels.
DEEP = [(7, 1025, 70), (13, 2051, 33)]


def assert_mostly_nonzero(x):
    """Refuse expected values that a kernel which does nothing would match."""
    assert np.count_nonzero(x) > 0.4 * x.size


def assert_product(actual, a, b, exact_offset=0.0):
    a, b = a.astype(np.float64), b.astype(np.float64)
    unit = np.finfo(actual.dtype).eps / 2
    expected = a @ b + exact_offset
    bound = (a.shape[1] + 2) * unit * (np.abs(a) @ np.abs(b) + np.abs(exact_offset)) * (1 + 1e-3)
    assert_mostly_nonzero(expected)
    assert np.all(np.abs(actual - expected) <= bound)


def draw(shape, dtype, seed):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("target", TARGETS)
def test_forward_adds_the_bias_and_every_product_once(target, dtype):
    for seed, (rows, n_in, n_out) in enumerate(SHAPES + DEEP):
        x, w = draw((rows, n_in), dtype, seed), draw((n_in + 1, n_out), dtype, seed + 1)
        a, d = _testing.forward(target, x, w, "identity", 0.0)
        assert_product(a, x, w[:-1], exact_offset=w[-1].astype(np.float64))
        assert np.all(d == 1)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("target", TARGETS)
def test_backward_multiplies_by_the_derivative_and_keeps_padding_zero(target, dtype):
    for seed, (rows, n_out, n_in) in enumerate(SHAPES + DEEP):
        delta, transposed = draw((rows, n_out), dtype, seed), draw((n_out, n_in), dtype, seed + 1)
        d = np.full((rows, n_in), 0.5, dtype)  # a power of two: the factor adds no rounding
        result, padding = _testing.backward(target, delta, transposed, d)
        assert_product(result * 2, delta, transposed)
        assert not padding.any()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("target", TARGETS)
def test_gradient_sums_over_the_batch_and_keeps_padding_zero(target, dtype):
    for seed, (n_rows, batch, n_columns) in enumerate(SHAPES + DEEP):
        x, delta = draw((batch, n_rows), dtype, seed), draw((batch, n_columns), dtype, seed + 1)
        for is_packed in (False, True):
            result, padding = _testing.gradient(target, x, delta, is_packed)
            assert_product(result, x.T, delta)
            assert not padding.any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_target_and_order_of_blocks_gives_the_same_bits(dtype):
    for seed, (rows, n_in, n_out) in enumerate(SHAPES + DEEP):
        x, w = draw((rows, n_in), dtype, seed), draw((n_in + 1, n_out), dtype, seed + 1)
        delta = draw((rows, n_out), dtype, seed + 2)
        seen = set()
        for target, by_blocks in itertools.product(TARGETS, (False, True)):
            parts = [
                *_testing.forward(target, x, w, "tanh", 0.0, by_blocks),
                _testing.backward(target, delta, np.ascontiguousarray(w[:-1].T), x, by_blocks)[0],
                _testing.gradient(target, x, delta, by_blocks)[0],
                _testing.softmax(target, delta),
            ]
            seen.add(b"".join(part.tobytes() for part in parts))
        assert len(seen) == 1


@pytest.mark.parametrize("target", TARGETS)
def test_an_element_is_one_chain_of_fused_multiply_adds_in_ascending_order(target):
    # Only a chain from the bias upwards, with one rounding per term, gives exactly this: each term but the last is lost
    # or kept by where it stands.
    big, tiny = 2.0**53, 1.0
    x = np.array([[1.0, 1.0, 1.0]])
    w = np.array([[tiny], [-big], [tiny], [big]])  # bias 2^53, then +1 (lost to evenness), -2^53, +1
    a, _ = _testing.forward(target, x, w, "identity", 0.0)
    assert a[0, 0] == 1.0
    # One rounding per term: (1 + u)^2 - 1 keeps its last bit only when the product is not rounded by itself.
    u = 2.0**-30
    a, _ = _testing.forward(target, np.array([[1 + u]]), np.array([[1 + u], [-1.0 - 2 * u]]), "identity", 0.0)
    assert a[0, 0] == u * u


def softmax_of(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("target", TARGETS)
def test_softmax_of_rows_of_any_length(target, dtype):
    for n in EDGES:
        z = 5 * draw((3, n), dtype, n)
        p = _testing.softmax(target, z)
        # exp 1 ULP of an argument that was rounded once (|z| < 40), a sum over n, one division, one product.
        np.testing.assert_allclose(p, softmax_of(z.astype(np.float64)), rtol=(50 + n) * np.finfo(dtype).eps)


@pytest.mark.parametrize("target", TARGETS)
def test_softmax_of_large_logits_does_not_overflow(target):
    z = np.array([[1000.0, 999.0, -1000.0], [-1000.0, -1000.0, -1000.0]], np.float32)
    expected = softmax_of(z.astype(np.float64))
    np.testing.assert_allclose(_testing.softmax(target, z), expected, rtol=1e-6, atol=0)


ACTIVATIONS = {
    "identity": (lambda z: z, lambda z: np.ones_like(z)),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: 1 / (np.exp(z / 2) + np.exp(-z / 2)) ** 2),
    "tanh": (np.tanh, lambda z: 1 / np.cosh(z) ** 2),
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "leaky_relu": (lambda z: np.where(z > 0, z, 0.25 * z), lambda z: np.where(z > 0, 1.0, 0.25)),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("target", TARGETS)
def test_activations_and_derivatives_are_those_of_their_formulas(target, name, dtype):
    value, derivative = ACTIVATIONS[name]
    z = np.linspace(-8, 8, 7 * 33).reshape(7, 33).astype(dtype)
    w = np.vstack([np.eye(33), np.zeros((1, 33))]).astype(dtype)
    a, d = _testing.forward(target, z, w, name, 0.25)
    wide = z.astype(np.float64)
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(a, value(wide), rtol=4 * eps, atol=4 * eps)
    # The derivative is formed from a (1 - a^2, a - a^2), whose error of a few ULP of 1 is absolute.
    np.testing.assert_allclose(d, derivative(wide), rtol=4 * eps, atol=4 * eps)


@pytest.mark.parametrize("target", TARGETS)
def test_relu_at_zero_is_plain_zero_with_derivative_zero_and_nan_passes(target):
    z = np.array([[0.0, -0.0, -1.0, np.nan, np.inf]])
    w = np.vstack([np.eye(5), np.zeros((1, 5))])
    a, d = _testing.forward(target, np.zeros((1, 5)), np.vstack([w[:-1], z]), "relu", 0.0)
    np.testing.assert_array_equal(a[0], [0.0, 0.0, 0.0, np.nan, np.inf])
    assert not np.signbit(a[0, :3]).any()
    np.testing.assert_array_equal(d[0, :3], [0.0, 0.0, 0.0])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("target", TARGETS)
def test_transpose_moves_every_element(target, dtype):
    for rows, columns in itertools.product([1, 15, 16, 17, 40], repeat=2):
        w = draw((rows, columns), dtype, rows)
        np.testing.assert_array_equal(_testing.transpose(target, w), w.T)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_non_finite_value_is_found_wherever_it_is(target, dtype, bad):
    x = np.full((1, 3001), np.finfo(dtype).max, dtype)  # a sum would overflow, a difference does not
    assert _testing.first_nonfinite(target, x) == -1
    for place in (0, 1, 511, 512, 1023, 1024, 2047, 3000):
        spoiled = x.copy()
        spoiled[0, place:] = bad
        assert _testing.first_nonfinite(target, spoiled) == place
