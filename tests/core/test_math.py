"""The core's own exp, log, tanh, sigmoid, erf, sin and cos: error in ULP, range, special values, same bits.

What could go wrong: a polynomial too short, a wrong constant of the argument reduction, results off near the limits of
the range or among subnormal numbers (the sweeps see these); NaN or infinity lost in a clamp (special values); a target
that computes differently (same bits).

The bounds are those that cpp/kernels/math-inl.hpp, special-inl.hpp and docs/numerics.md state. The truth is NumPy's
longdouble, whose 64 bits of mantissa leave 11 beyond float64: its own error is below 0.001 ULP here.
"""

import numpy as np
import pytest

from fastmlp._core import _testing, available_targets

MAX_ULP = {"exp": 1.25, "log": 1.0, "tanh": 2.5, "sigmoid": 2.5, "sqrt": 1.0, "erf": 1.25, "sin": 1.75, "cos": 1.75}
PI = np.longdouble("3.14159265358979323846264338327950288")
POINTS = 200_003  # prime to every vector width, so that the last vector is a partial one

TARGETS = available_targets()


def truth(name, x):
    wide = x.astype(np.longdouble)
    if name == "sigmoid":
        e = np.exp(-np.abs(wide))
        return np.where(wide >= 0, 1, e) / (1 + e)
    if name == "erf":  # all terms of one sign: nothing cancels; beyond 7 it rounds to 1 in longdouble, too
        y = np.minimum(np.abs(wide), 7)
        term = total = y
        for k in range(1, 160):
            term = term * (2 * y * y / (2 * k + 1))
            total = total + term
        return np.copysign(2 * total * np.exp(-y * y) / np.sqrt(np.longdouble(PI)), wide)
    return getattr(np, name)(wide)


def sweep(name, dtype):
    """Points over the whole range: evenly, by magnitude, and dense around the places where formulas change."""
    random = np.random.default_rng(7)
    info = np.finfo(dtype)
    limit = {np.float32: 110.0, np.float64: 760.0}[dtype]
    even = random.uniform(-limit, limit, POINTS)
    exponents = random.uniform(np.log2(float(info.smallest_subnormal)), np.log2(limit), POINTS)
    by_magnitude = 2.0**exponents * random.choice([-1.0, 1.0], POINTS)
    small = random.uniform(-2.0, 2.0, POINTS)
    x = np.concatenate([even, by_magnitude, small]).astype(dtype)
    if name in ("log", "sqrt"):
        wide = 2.0 ** random.uniform(np.log2(float(info.smallest_subnormal)), np.log2(float(info.max)) - 1e-9, POINTS)
        near_one = 1.0 + random.uniform(-0.4, 0.6, POINTS)
        x = np.concatenate([wide, near_one]).astype(dtype)
    if name in ("sin", "cos"):  # stated for |x| <= 10^4
        wide = random.uniform(-1e4, 1e4, POINTS)
        near_multiples = np.pi / 2 * random.integers(-6366, 6367, POINTS) * (1 + random.normal(0, info.eps, POINTS))
        x = np.concatenate([wide, by_magnitude, small, near_multiples]).astype(dtype)
    if name == "sqrt":  # what is smaller counts as this
        x = x[x >= {np.float32: 2.0**-78, np.float64: 2.0**-900}[dtype]]
    return x


def ulp_error(y, exact, dtype):
    info = np.finfo(dtype)
    _, exponent = np.frexp(exact)
    spacing = np.ldexp(np.longdouble(1), np.maximum(exponent - 1, info.minexp) - info.nmant)
    return np.abs(y.astype(np.longdouble) - exact) / spacing


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", MAX_ULP)
def test_error_stays_within_the_stated_bound_over_the_whole_range(name, dtype):
    if np.finfo(np.longdouble).nmant < 63:
        pytest.skip("longdouble is no wider than float64 on this machine: there is no truth to compare with")
    x = sweep(name, dtype)
    y = _testing.apply_function(TARGETS[-1], name, x)
    exact = truth(name, x)
    if name in ("exp", "sigmoid"):  # no result is subnormal
        smallest = float(np.finfo(dtype).smallest_normal)
        assert np.all((y == 0) | (y >= smallest))
        exact = np.where((y == 0) & (exact < 1.1 * smallest), 0, exact)
    representable = np.abs(exact) <= float(np.finfo(dtype).max)
    assert representable.sum() > 0.5 * x.size
    error = ulp_error(y[representable], exact[representable], dtype)
    worst = np.argmax(error)
    assert error[worst] <= MAX_ULP[name], f"{name}({x[representable][worst]!r}) is off by {error[worst]:.2f} ULP"
    assert np.all(np.isinf(y[~representable]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("exp", [0.0, -0.0, np.inf, -np.inf, np.nan, 1e4, -1e4], [1.0, 1.0, np.inf, 0.0, np.nan, np.inf, 0.0]),
        (
            "log",
            [1.0, 0.0, -0.0, np.inf, -1.0, -np.inf, np.nan],
            [0.0, -np.inf, -np.inf, np.inf, np.nan, np.nan, np.nan],
        ),
        ("tanh", [0.0, -0.0, np.inf, -np.inf, np.nan, 50.0, -50.0], [0.0, -0.0, 1.0, -1.0, np.nan, 1.0, -1.0]),
        ("sigmoid", [0.0, -0.0, np.inf, -np.inf, np.nan, 1e4, -1e4], [0.5, 0.5, 1.0, 0.0, np.nan, 1.0, 0.0]),
        ("sqrt", [1.0, 4.0, np.inf, np.nan], [1.0, 2.0, np.inf, np.nan]),
        ("erf", [0.0, -0.0, np.inf, -np.inf, np.nan, 50.0, -50.0], [0.0, -0.0, 1.0, -1.0, np.nan, 1.0, -1.0]),
        ("sin", [0.0, -0.0, np.inf, -np.inf, np.nan], [0.0, -0.0, np.nan, np.nan, np.nan]),
        ("cos", [0.0, -0.0, np.inf, -np.inf, np.nan], [1.0, 1.0, np.nan, np.nan, np.nan]),
    ],
)
def test_special_values_are_those_of_the_c_library(name, x, expected, dtype):
    for target in TARGETS:
        y = _testing.apply_function(target, name, np.array(x, dtype))
        np.testing.assert_array_equal(y, np.array(expected, dtype))
        np.testing.assert_array_equal(np.signbit(y[:2]), np.signbit(np.array(expected[:2])))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", MAX_ULP)
def test_every_target_gives_the_same_bits(name, dtype):
    x = np.ascontiguousarray(sweep(name, dtype)[::7])
    bits = {target: _testing.apply_function(target, name, x).tobytes() for target in TARGETS}
    assert len(set(bits.values())) == 1


def test_saturated_functions_stay_within_their_limits():
    x = np.linspace(-60, 60, 100_001, dtype=np.float32)
    tanh = _testing.apply_function(TARGETS[-1], "tanh", x)
    sigmoid = _testing.apply_function(TARGETS[-1], "sigmoid", x)
    assert tanh.min() == -1.0
    assert tanh.max() == 1.0
    assert sigmoid.min() > 0.0
    assert sigmoid.max() == 1.0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["sin", "cos"])
def test_sine_and_cosine_of_huge_numbers_stay_within_their_limits(name, dtype):
    x = (10.0 ** np.linspace(4, np.log10(float(np.finfo(dtype).max)) - 1, 100_003)).astype(dtype)
    y = _testing.apply_function(TARGETS[-1], name, np.concatenate([x, -x]))
    assert np.all(np.abs(y) <= 1)
