"""Where a check of gradients may be deceived: functions whose values say something else in short steps than in long.

What could go wrong: a function that moves in steps, as digits cancel in it, gives a right derivative the slope 0;
values far away hide a wrong one by their rounding or their size; a period, a kink beside curvature or a part in float32
passes for a slope; an entry is measured by the largest one. A wrong derivative must not pass, a right one is never
called wrong.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

import fastmlp as fm

# f, its right derivatives, wrong ones, x
CASES = {
    "values far away round more": (lambda x: (50 * (x[0] - 1)) ** 40 + 2 * x[0], [2.0], [0.0], [1.0]),
    "a large constant": (lambda x: (30 * (x[0] - 1)) ** 40 + 2 * x[0] + 1e9, [2.0], [2.1], [1.0]),
    "values far away are large": (lambda x: x[0] * 1e-5 + (1 + x[1]) ** 20, [1e-5, 20.0], [7.0, 40.0], [1e5, 0.0]),
    "a high power of a small scale": (lambda x: (1e6 * x[0]) ** 8 + 5 * x[0], [5.0], [2.0], [0.0]),
    "a pole beside a line": (lambda x: 1e-6 / (x[0] - 1 + 1e-6) + x[1], [-1e6, 1.0], [-1e6, 1.001], [1.0, 2.0]),
    "a small entry in float32": (
        lambda x: 1000 * x[0] + x[1],
        np.float32([1000, 1]),
        np.float32([1000, 1.005]),
        [1, 1],
    ),
    "a tiny entry": (lambda x: 1e14 * x[0] + x[1], [1e14, 1.0], [1e14, -0.3], [0.0, 1.0]),
    "a period of the steps": (lambda x: x[0] + np.sin(1024 * np.pi * x[0]) / 100, [1 + 10.24 * np.pi], [1.0], [1.0]),
    "softplus by its formula": (lambda x: np.log(1 + np.exp(-x[0])), [-1 / (1 + np.exp(30.0))], [1.0], [30.0]),
    "one minus cosine": (lambda x: 1 - np.cos(x[0]), [np.sin(1e-8)], [1e-3], [1e-8]),
    "one minus cosine, all zeros": (lambda x: 1 - np.cos(x[0]), [np.sin(5e-9)], [1e-3], [5e-9]),
    "a large number taken away": (lambda x: (1e12 + x[0]) - 1e12, [1.0], [1.1], [np.pi]),
    "a root less its size": (lambda x: np.sqrt(1e14 + x[0] ** 2) - 1e7, [3e-7], [1e-3], [3.0]),
    "a logit less the normalizer": (
        lambda x: np.log(np.exp(x).sum()) - x[0],
        [-np.exp(-30.0), np.exp(-30.0)],
        [1e-5, 1e-5],
        [30.0, 0.0],
    ),
    "x in float32": (lambda x: 0.1 * float(np.float32(x[0])), [0.1], [0.0], [1.714]),
    "a weak kink beside curvature": (
        lambda x: np.exp(x[0]) + 0.01 * max(0.0, x[0] - 1.5),
        [np.exp(1.5)],
        [np.exp(1.5) + 0.1],
        [1.5],
    ),
    "a float32 loss and its float64 penalty": (
        lambda x: float(np.float32(x[0]) ** 2) + 1e-3 * x[0],
        [2.001],
        [1e-3],
        [1.0],
    ),
}


# f, its gradient and x out of random numbers: f has too few digits for its slopes, in part or everywhere


def single_with_a_constant(random):
    x = random.normal(size=4)
    return lambda x: float(np.float32(1e6) + np.float32(1e-2) * (np.float32(x) ** 2).sum()), 0.02 * x, x


def with_two_digits(random):
    A, x = random.normal(size=(20, 3)), random.normal(size=3)
    return lambda x: round(float(np.logaddexp(0, A @ x).mean()), 2), A.T @ (1 / (1 + np.exp(-A @ x))) / 20, x


def cross_entropy_of_rounded_probabilities(random):
    A, y, x = 10 * random.normal(size=(20, 3)), random.random(20) < 0.5, random.normal(size=3)

    def f(x):
        s = 1 / (1 + np.exp(-A @ x))  # next to 1, 1 - s has few digits
        with np.errstate(divide="ignore"):
            return -np.log(np.where(y, s, 1 - s)).mean()

    return f, A.T @ (1 / (1 + np.exp(-A @ x)) - y) / 20, x


COARSE = [single_with_a_constant, with_two_digits, cross_entropy_of_rounded_probabilities]


@pytest.mark.parametrize("family", COARSE)
@pytest.mark.parametrize("seed", range(25))
def test_a_function_of_few_digits_has_no_wrong_gradient(family, seed):
    f, gradient, x = family(np.random.default_rng(seed))
    assert not fm.check_gradients(f, gradient, x).wrong


@pytest.mark.parametrize("seed", range(5))
def test_a_function_of_few_digits_has_no_gradient_of_zeros(seed):
    random = np.random.default_rng(seed)
    f, gradient, x = with_two_digits(random)
    assert not fm.check_gradients(f, 0 * gradient, x).passed
    f, gradient, x = single_with_a_constant(random)
    assert not fm.check_gradients(lambda x: np.float32(f(x)), 0 * gradient, x).passed
    # a constant has, whatever its digits
    assert fm.check_gradients(lambda x: 0.5, 0 * gradient, x).passed


@pytest.mark.parametrize("p", [1e-18, 1e-15, 1e-12])
@pytest.mark.parametrize("factor", [2.0, 0.0, -1.0, 1.001])
def test_a_number_next_to_the_end_of_the_domain_is_not_too_small_to_be_seen(p, factor):
    x, q = np.array([0.5, 0.3, 0.2, p]), np.array([0.1, 0.2, 0.3, 0.4])
    gradient = np.log(x / q) + 1
    assert not fm.check_gradients(lambda x: (x * np.log(x / q)).sum(), gradient, x).wrong
    gradient[3] *= factor
    assert not fm.check_gradients(lambda x: (x * np.log(x / q)).sum(), gradient, x).passed


def test_a_jump_far_away_excuses_no_error():
    def f(x):
        return np.sin(x[0]) + (x[0] > 1.9)

    assert fm.check_gradients(f, [math.cos(1.2)], [1.2]).passed
    assert fm.check_gradients(f, [1.001 * math.cos(1.2)], [1.2]).wrong
    assert fm.check_gradients(f, [-math.cos(1.2)], [1.2]).wrong


@pytest.mark.parametrize("case", CASES)
def test_a_right_gradient_is_not_called_wrong(case):
    f, right, _, x = CASES[case]
    report = fm.check_gradients(f, right, x)
    assert not report.wrong, report


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_gradient_does_not_pass(case):
    f, _, wrong, x = CASES[case]
    report = fm.check_gradients(f, wrong, x)
    assert not report.passed, report


@pytest.mark.parametrize("seed", range(20))
def test_a_number_in_float32_has_the_slope_of_its_number(seed):
    x = np.random.default_rng(seed).uniform(0.5, 3)
    assert fm.check_gradients(lambda x: 0.1 * float(np.float32(x[0])), [0.1], [x]).passed
    assert fm.check_gradients(lambda x: 0.1 * float(np.float32(x[0])), [0.11], [x]).wrong


@pytest.mark.parametrize("distance", [1e-3, 1e-7, 1e-9, 1e-11, 0.0])
@pytest.mark.parametrize("seed", range(5))
def test_a_kink_beside_curvature_is_no_error(distance, seed):
    random = np.random.default_rng(seed)
    x, weight = random.uniform(0.5, 2), 10 ** random.uniform(-3, 0)
    kink = x * (1 + distance)
    report = fm.check_gradients(lambda x: np.exp(x[0]) + weight * abs(x[0] - kink), [math.exp(x) - weight], [x])
    assert not report.wrong, report
    assert report.passed or distance < 1e-10
    far = fm.check_gradients(lambda x: np.exp(x[0]) + weight * abs(x[0] - kink), [math.exp(x) + 4 * weight], [x])
    assert far.wrong


@pytest.mark.parametrize("seed", range(10))
def test_a_network_of_relus_in_float32_is_not_called_wrong(seed):
    # 100 kinks a unit, noise of 1e-7: no step is short enough for the ones and long enough for the other
    random = np.random.default_rng(seed)
    X, y, W, v = (random.normal(size=size).astype(np.float32) for size in ((100, 5), 100, (5, 16), 16))
    Z = X.astype(float) @ W
    gradient = X.T @ (2 * (np.maximum(Z, 0) @ v - y)[:, None] / 100 * v * (Z > 0))

    def f(W):
        return float(((np.maximum(X @ W.astype(np.float32), 0) @ v - y) ** 2).mean())

    assert not fm.check_gradients(f, gradient, W.astype(float)).wrong
    gradient[1, 2] += abs(gradient).max()
    assert [probe.parameter for probe in fm.check_gradients(f, gradient, W.astype(float)).wrong] == ["x[1, 2]"]


@pytest.mark.parametrize("exponent", [2, 4, 6, 9, 12, 30, 100])
@pytest.mark.parametrize("seed", range(4))
def test_parameters_of_sizes_far_apart_have_steps_of_their_own(exponent, seed):
    random = np.random.default_rng(seed)
    scales = 10.0 ** np.array([-exponent, exponent, exponent])
    z = random.uniform(-1, 1, 3)
    gradient = (1 - np.tanh(z) ** 2) / scales

    def f(x):
        return np.tanh(x / scales).sum()

    assert fm.check_gradients(f, gradient, z * scales).passed
    for i in range(3):
        for factor in (0.0, 1.001):
            assert not fm.check_gradients(f, np.where(np.arange(3) == i, factor, 1) * gradient, z * scales).passed
    gradient[0] *= 1.001
    assert [probe.parameter for probe in fm.check_gradients(f, gradient, z * scales).wrong] == ["x[0]"]


def test_a_gradient_in_float64_is_not_told_to_use_it():
    report = fm.check_gradients(lambda x: 1e14 * x[0] + x[1], [1e14, -0.3], [0.0, 1.0])
    assert "cancel; scale x so that" in report.undecided[0].reason
    x, gradient = np.array([0.0, 1.0]), np.float32([1e7, 1.1])
    report = fm.check_gradients(lambda x: 1e7 * x[0] + x[1], gradient, x)
    assert "cancel; compute it in float64, or scale x so that" in report.undecided[0].reason


@pytest.mark.parametrize("frequency", [1e2, 1e4, 1e6, 1e8])
@pytest.mark.parametrize("seed", range(5))
def test_an_oscillation_is_followed_into_the_shortest_steps(seed, frequency):
    random = np.random.default_rng(seed)
    a, x = frequency * random.uniform(1, 5), random.uniform(0.5, 2.0)
    assert fm.check_gradients(lambda x: np.sin(a * x[0]), [a * math.cos(a * x)], [x]).passed
    assert not fm.check_gradients(lambda x: np.sin(a * x[0]), [0.0], [x]).passed


@pytest.mark.parametrize("size", [1e3, 1e5])
def test_a_network_with_kinks_and_large_targets_is_decided(size):
    random = np.random.default_rng(0)
    X, y = random.normal(size=(50, 4)), size * random.normal(size=50)
    net = fm.Network(4, [fm.Dense(6, "relu"), fm.Dense(1)], loss="half_squared_error", seed=0, dtype="float64")
    assert net.check_gradients(X, y).passed


def test_a_function_that_raises_errors_of_its_own_outside_its_domain():
    def f(x):
        if x[0] > 1:
            raise ValueError("x[0] must be at most 1")
        return x[0] ** 2 + float(np.linalg.inv(np.array([[x[1]]]))[0, 0])

    report = fm.check_gradients(f, [2.0, -1.0], [1.0, 1.0])
    assert not report.wrong
    assert "outside of its domain" in report.undecided[0].reason
    assert fm.check_gradients(f, [1.98, -1.0], [0.99, 1.0]).passed
    with pytest.raises(ValueError, match="at most 1"):
        fm.check_gradients(f, [2.0, -1.0], [2.0, 1.0])


def test_a_tuple_of_arrays_arrives_as_one():
    seen = []

    def f(x):
        seen.append(type(x))
        return float(x[0] @ x[1])

    assert fm.check_gradients(f, lambda x: (x[1], x[0]), (np.ones(2), np.array([2.0, 3.0]))).passed
    assert set(seen) == {tuple}


def test_a_gradient_of_float16_is_told_so():
    report = fm.check_gradients(lambda x: (x**2).sum(), lambda x: (2 * x).astype(np.float16), [1.5, 2.0])
    assert not report.wrong
    assert "float16" in report.undecided[0].reason


def test_a_kink_within_reach_hides_no_slope_of_zero():
    # f stands still in short steps, and moves beyond the kink by as little as one likes: no staircase
    assert fm.check_gradients(lambda x: 3 + max(0.0, x[0] - 1.0), [0.0], [0.97]).passed
    assert not fm.check_gradients(lambda x: 3 + max(0.0, x[0] - 1.0), [0.01], [0.97]).passed
