"""The activations of the core by themselves: value and derivative against their formulas, limits, jumps, same bits.

What could go wrong: a polynomial too short or a wrong constant (sweeps over the whole range), digits lost to
cancellation or overflow where a unit saturates (errors of values in units in the last place, infinity), NaN that
becomes a number, the wrong side of a kink or jump (tables), a target that computes differently (same bits).

The truth is NumPy's longdouble, whose 64 bits of mantissa leave 11 beyond float64.
"""

import numpy as np
import pytest

from fastmlp._core import _testing, available_targets
from fastmlp.activations import ACTIVATIONS

TARGETS = available_targets()
DTYPES = [np.float32, np.float64]
POINTS = 20_011  # prime to every vector width, so that the last vector is a partial one
PI = 4 * np.arctan(np.longdouble(1))
ALPHA = 1.5  # of elu, exact in float32
SELU_SCALE, SELU_ALPHA = np.longdouble("1.0507009873554804934193"), np.longdouble("1.6732632423543772848170")


def activate(target, name, z, parameter=ALPHA):
    """Value and derivative of a vector: the bias of a layer whose input is 0."""
    a, d = _testing.forward(target, np.zeros((1, 1), z.dtype), np.stack([np.zeros_like(z), z]), name, parameter)
    return a[0], d[0]


def logistic(z):
    e = np.exp(-np.abs(z))
    return np.where(z < 0, e, 1) / (1 + e)


def softplus(z):
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def density(z):
    return np.exp(-z * z / 2) / np.sqrt(2 * PI)


def below(z):
    """Return the probability that a standard normal number is below z."""
    y = np.abs(z)
    # a half less a series of positive terms; up to 2 the difference keeps 58 of the 64 bits
    near = np.minimum(y, 2.0)
    term = total = near
    for k in range(1, 100):
        term = term * near * near / (2 * k + 1)
        total = total + term
    # the continued fraction of Laplace, from its end
    far = np.maximum(y, 2.0)
    fraction = far
    for k in range(150, 0, -1):
        fraction = far + k / fraction
    tail = np.where(y < 2.0, np.longdouble(0.5) - density(near) * total, density(far) / fraction)
    return np.where(z < 0, tail, 1 - tail)


def mish_slope(z):
    gate = np.tanh(softplus(z))
    # 1 - tanh^2 of a large softplus rounds to 0, as does what it multiplies
    return gate + z * (1 - gate**2) * logistic(z)


def inner(z):
    return np.sqrt(8 / PI) * (z + np.longdouble("0.044715") * z**3)


def gelu_tanh_slope(z):
    gate, complement = logistic(inner(z)), logistic(-inner(z))
    return gate + z * gate * complement * np.sqrt(8 / PI) * (1 + 3 * np.longdouble("0.044715") * z**2)


# name: value and derivative
FORMULAS = {
    "sigmoid": (logistic, lambda z: logistic(z) * logistic(-z)),
    "tanh": (np.tanh, lambda z: 1 / np.cosh(np.clip(z, -99, 99)) ** 2),
    "relu": (lambda z: np.maximum(z, 0), lambda z: z > 0),
    "leaky_relu": (lambda z: np.where(z > 0, z, ALPHA * z), lambda z: np.where(z > 0, 1, ALPHA)),
    "step": (lambda z: z >= 0, np.zeros_like),
    "sign": (np.sign, np.zeros_like),
    "elu": (
        lambda z: np.where(z > 0, z, ALPHA * np.expm1(np.minimum(z, 0))),
        lambda z: np.where(z > 0, 1, ALPHA * np.exp(np.minimum(z, 0))),
    ),
    "selu": (
        lambda z: SELU_SCALE * np.where(z > 0, z, SELU_ALPHA * np.expm1(np.minimum(z, 0))),
        lambda z: SELU_SCALE * np.where(z > 0, 1, SELU_ALPHA * np.exp(np.minimum(z, 0))),
    ),
    "softplus": (softplus, logistic),
    "gelu": (lambda z: z * below(z), lambda z: below(z) + z * density(z)),
    "gelu_tanh": (lambda z: z * logistic(inner(z)), gelu_tanh_slope),
    "silu": (lambda z: z * logistic(z), lambda z: logistic(z) * (1 + z * logistic(-z))),
    "mish": (lambda z: z * np.tanh(softplus(z)), mish_slope),
    "hard_tanh": (lambda z: np.clip(z, -1, 1), lambda z: np.abs(z) < 1),
    "softsign": (lambda z: z / (1 + np.abs(z)), lambda z: 1 / (1 + np.abs(z)) ** 2),
}
# Errors of values in units in the last place: what was seen at most, with room for points that the sweep has not.
# gelu_tanh has none: its argument reaches -700 with an error of that size, which exp multiplies; its bound is the
# absolute one.
MAX_ULP = {
    "sigmoid": 2.5,
    "tanh": 2.5,
    "relu": 0.0,
    "leaky_relu": 0.5,
    "step": 0.0,
    "sign": 0.0,
    "elu": 2.0,
    "selu": 3.0,
    "softplus": 2.0,
    "gelu": 8.0,
    "silu": 4.0,
    "mish": 4.0,
    "hard_tanh": 0.0,
    "softsign": 2.0,
}
# Errors of values and derivatives in units of eps max(1, |exact|): a derivative such as 1 - a^2 is a difference of
# numbers of about 1, and of no more than a few of them.
MAX_ABSOLUTE = 2.5


def sweep(dtype):
    """Points evenly over the range of exp, by magnitude, and dense where most pre-activations are."""
    random = np.random.default_rng(7)
    limit = {np.float32: 110.0, np.float64: 760.0}[dtype]
    even = random.uniform(-limit, limit, POINTS)
    by_magnitude = 2.0 ** random.uniform(-70, np.log2(limit), POINTS) * random.choice([-1.0, 1.0], POINTS)
    small = random.uniform(-6.0, 6.0, 3 * POINTS)
    return np.concatenate([even, by_magnitude, small]).astype(dtype)


def test_every_activation_of_one_pre_activation_is_compared():
    assert set(FORMULAS) == set(ACTIVATIONS) - {"identity", "softmax"}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FORMULAS)
def test_values_and_derivatives_stay_within_their_bounds_over_the_whole_range(name, dtype):
    if np.finfo(np.longdouble).nmant < 63:
        pytest.skip("longdouble is no wider than float64 on this machine: there is no truth to compare with")
    z = sweep(dtype)
    info = np.finfo(dtype)
    exact, slope = (formula(z.astype(np.longdouble)) for formula in FORMULAS[name])
    a, d = activate(TARGETS[-1], name, z)
    for found, expected in ((a, exact), (d, slope)):
        error = np.abs(found - expected.astype(np.longdouble)) / np.maximum(1, np.abs(expected)) / float(info.eps)
        worst = np.argmax(error)
        assert error[worst] <= MAX_ABSOLUTE, f"{name} at {z[worst]!r}: {found[worst]!r} for {expected[worst]!r}"
    if name in MAX_ULP:
        # exp is 0 where it would be subnormal, and so is what it is a factor of; that of gelu is from 2^-100 or 2^-800
        smallest = 1000 * float(info.smallest_normal)
        if name == "gelu":
            smallest = {np.float32: 2.0**-98, np.float64: 2.0**-798}[dtype]
        normal = np.abs(exact) >= smallest
        assert normal.sum() > 0.3 * z.size
        _, exponent = np.frexp(exact[normal].astype(np.longdouble))
        error = np.abs(a[normal] - exact[normal]) / np.ldexp(np.longdouble(1), exponent - 1 - info.nmant)
        worst = np.argmax(error)
        assert error[worst] <= MAX_ULP[name], f"{name}({z[normal][worst]!r}) is off by {error[worst]:.2f} ULP"


LIMITS = {  # at 0, -0, minus infinity, infinity: values, derivatives
    "sigmoid": ([0.5, 0.5, 0, 1], [0.25, 0.25, 0, 0]),
    "tanh": ([0, -0.0, -1, 1], [1, 1, 0, 0]),
    "relu": ([0, 0, 0, np.inf], [0, 0, 0, 1]),
    "leaky_relu": ([0, -0.0, -np.inf, np.inf], [ALPHA, ALPHA, ALPHA, 1]),
    "step": ([1, 1, 0, 1], [0, 0, 0, 0]),
    "sign": ([0, 0, -1, 1], [0, 0, 0, 0]),
    "elu": ([0, -0.0, -ALPHA, np.inf], [ALPHA, ALPHA, 0, 1]),
    "softplus": ([np.log(2), np.log(2), 0, np.inf], [0.5, 0.5, 0, 1]),
    "gelu": ([0, -0.0, -0.0, np.inf], [0.5, 0.5, 0, 1]),
    "gelu_tanh": ([0, -0.0, -0.0, np.inf], [0.5, 0.5, 0, 1]),
    "silu": ([0, -0.0, -0.0, np.inf], [0.5, 0.5, 0, 1]),
    "mish": ([0, -0.0, -0.0, np.inf], [0.6, 0.6, 0, 1]),
    "hard_tanh": ([0, -0.0, -1, 1], [1, 1, 0, 0]),
    "softsign": ([0, -0.0, -1, 1], [1, 1, 0, 0]),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("target", TARGETS)
def test_zero_and_infinity_give_the_limits(target, name, dtype):
    a, d = activate(target, name, np.array([0.0, -0.0, -np.inf, np.inf], dtype))
    values, derivatives = LIMITS[name]
    # two roundings; 0 and infinity are exact
    np.testing.assert_allclose(a, values, rtol=2 * np.finfo(dtype).eps, atol=0)
    np.testing.assert_allclose(
        d, derivatives, rtol=2 * np.finfo(dtype).eps, atol=float(np.finfo(dtype).smallest_normal)
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("target", TARGETS)
def test_nan_passes_and_the_largest_numbers_make_none(target, name, dtype):
    largest = np.finfo(dtype).max
    a, d = activate(target, name, np.array([np.nan, largest, -largest, 1e30, -1e30], dtype), 0.5)
    np.testing.assert_array_equal(np.isnan(a), [True, False, False, False, False])
    assert not np.isnan(d[1:]).any()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("target", TARGETS)
def test_kinks_and_jumps_belong_to_the_documented_side(target, dtype):
    one = dtype(1)
    around = np.array([np.nextafter(-one, -2 * one), -one, np.nextafter(-one, one), np.nextafter(one, 0 * one), one])
    np.testing.assert_array_equal(activate(target, "hard_tanh", around)[1], [0, 0, 1, 1, 0])
    least = np.finfo(dtype).smallest_subnormal
    np.testing.assert_array_equal(activate(target, "step", np.array([-least, 0, least]))[0], [0, 1, 1])
    np.testing.assert_array_equal(activate(target, "sign", np.array([-least, 0, least]))[0], [-1, 0, 1])
    assert not np.signbit(activate(target, "sign", np.array([-0.0], dtype))[0]).any()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FORMULAS)
def test_every_target_gives_the_same_bits(name, dtype):
    z = np.ascontiguousarray(sweep(dtype)[::7])
    bits = {target: b"".join(part.tobytes() for part in activate(target, name, z)) for target in TARGETS}
    assert len(set(bits.values())) == 1
