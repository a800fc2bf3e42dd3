"""Verdicts of the check of gradients: wrong is found, right raises no alarm, and what cannot be told is said, with why.

What could go wrong: a wrong entry hides beside a larger one, or where a norm overflows; a right one is called wrong
where f is noisy, computes in float32, oscillates, is huge or tiny; a kink, an overflow or noise passes as agreement; a
report counts or names something else than what was compared. Functions at random have gradients that are written down
beside them (random_functions.py); ``python -m tests.long.gradients`` takes 2 000 of them.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from random_functions import random_function, visible_entry

import fastmlp as fm


@pytest.mark.parametrize("seed", range(50))
def test_right_gradients_raise_no_alarm(seed):
    function = random_function(seed)
    report = fm.check_gradients(function.f, function.gradient, function.x)
    assert not report.wrong, report
    if function.way == "float64":
        assert report.passed, report
    for probe in report.undecided:
        assert ("float32" in probe.reason) == (function.way == "float32")


def seeds_of_visible_entries(count):
    """Return seeds of functions that show a thousandth of one of their slopes, which few do not."""
    seeds = (seed for seed in itertools.count(1000) if visible_entry(random_function(seed), seed) is not None)
    return list(itertools.islice(seeds, count))


@pytest.mark.parametrize("seed", seeds_of_visible_entries(50))
def test_one_entry_that_is_wrong_by_a_thousandth_is_found_and_named(seed):
    function = random_function(seed)
    entry = visible_entry(function, seed)
    gradient = function.gradient(function.x)
    gradient[entry] *= gradient.dtype.type(1.001)
    report = fm.check_gradients(function.f, gradient, function.x)
    assert [probe.parameter for probe in report.wrong] == [f"x[{entry}]"], report
    # what is apart beyond the error of the differences, which may be half of it where noise is a hundredth
    assert 0.4e-3 < report.wrong[0].relative_error < 1.1e-3


def test_a_wrong_entry_shows_beside_one_that_is_a_million_times_as_large():
    report = fm.check_gradients(lambda x: 1e6 * x[0] + x[1], [1e6, 1.5], [1.0, 2.0])
    assert [probe.parameter for probe in report.wrong] == ["x[1]"]


def test_a_gradient_whose_norm_overflows_is_judged_all_the_same():
    with np.errstate(over="ignore"):
        report = fm.check_gradients(lambda x: np.exp(x).sum(), lambda x: 3 * np.exp(x), [700.0, 1.0])
    assert [probe.parameter for probe in report.wrong] == ["x[0]"]
    # beside 1e304, f does not show it
    assert report.n_unseen == 1


def single(x):
    return float(np.tanh(np.asarray(x, np.float32)).sum(dtype=np.float32))


def test_a_function_in_float32_passes_or_is_told_so():
    x = np.random.default_rng(0).normal(size=10)
    assert fm.check_gradients(single, lambda x: 1 - np.tanh(x.astype(np.float32)) ** 2, x).passed
    report = fm.check_gradients(
        lambda x: float(np.float32(1000) + np.float32(single(x))), lambda x: 1 - np.tanh(x) ** 2, x
    )
    assert not report.wrong
    assert report.undecided
    assert "f computes in float32, which hides slopes below" in report.undecided[0].reason


def test_values_of_float16_are_worth_what_they_are():
    x = np.array([1.0, 2.0], np.float16)
    assert not fm.check_gradients(lambda x: np.float16((x**2).sum()), lambda x: (2 * x).astype(np.float16), x).wrong
    assert fm.check_gradients(lambda x: np.float16((x**2).sum()), np.array([2.0, 40.0], np.float16), x).wrong


def test_entries_of_other_sizes_do_no_harm():
    def gradient(x):
        return np.array([1 / x[0], 1.0])

    report = fm.check_gradients(lambda x: np.log(x[0]) + x[1], gradient, [1e-12, 1e3])
    assert report.passed, report
    assert fm.check_gradients(lambda x: np.log(x[0]) + x[1], lambda x: 1.001 * gradient(x), [1e-12, 1e3]).wrong


@pytest.mark.parametrize("slope", [-1.0, 0.0, 1.0])
def test_a_kink_is_told_and_neither_right_nor_wrong(slope):
    report = fm.check_gradients(lambda x: abs(x[0]) + x[1], [slope, 1.0], [0.0, 1.0])
    assert not report.wrong, report
    assert [probe.parameter for probe in report.undecided] == ["x[0]"]
    assert "kink" in report.undecided[0].reason
    # far beyond both one-sided slopes it is wrong whatever lies there
    assert fm.check_gradients(lambda x: abs(x[0]) + x[1], [5.0, 1.0], [0.0, 1.0]).wrong


@pytest.mark.parametrize("distance", [1e-2, 1e-4, 1e-7])
def test_a_kink_beside_the_point_does_no_harm(distance):
    assert fm.check_gradients(lambda x: abs(x[0] - distance), [-1.0], [0.0]).passed
    assert fm.check_gradients(lambda x: abs(x[0] - distance), [-1.001], [0.0]).wrong


def test_a_jump_is_told():
    report = fm.check_gradients(lambda x: math.floor(x[0]) + x[0], [1.0], [1.0])
    assert not report.wrong
    assert report.undecided


def test_noise_is_told_with_what_it_hides():
    random = np.random.default_rng(0)
    report = fm.check_gradients(lambda x: (x**2).sum() + 1e-2 * random.normal(), lambda x: 2 * x, [1.0, 2.0])
    assert not report.wrong
    assert not report.passed
    assert "the rounding or noise of f" in report.undecided[0].reason
    # which is no licence for anything
    assert fm.check_gradients(lambda x: (x**2).sum() + 1e-2 * random.normal(), [2.0, 40.0], [1.0, 2.0]).wrong


def test_where_f_is_not_finite_nothing_is_decided():
    report = fm.check_gradients(lambda x: 1e308 * np.exp(1e30 * (x[0] - 1)) + x[1], [1.0, 1.0], [1.0, 1.0])
    assert report.undecided[0].parameter == "x[0]"
    assert "f is not finite close to the point" in report.undecided[0].reason
    # a gradient that is not finite where f is smooth is wrong
    assert fm.check_gradients(lambda x: x[0], [np.inf], [1.0]).wrong
    assert fm.check_gradients(lambda x: x[0], [np.nan], [1.0]).wrong


def test_the_end_of_a_domain_is_no_error():
    assert fm.check_gradients(lambda x: math.log(x[0]), lambda x: 1 / x, [1e-7]).passed
    assert fm.check_gradients(lambda x: math.exp(x[0]), lambda x: np.exp(x), [709.7]).passed
    with pytest.raises(ValueError, match="math domain error"):
        fm.check_gradients(lambda x: math.log(x[0]), [1.0], [-1.0])


@pytest.mark.parametrize(
    ("f", "gradient", "x"),
    [
        (lambda x: ((x - 1) ** 2).sum(), lambda x: 2 * (x - 1), [1.0, 1.0]),
        (lambda x: (x**4).sum(), lambda x: 4 * x**3, [0.0, 0.0]),
        (lambda x: 7.0, lambda x: 0 * x, [1.0, 2.0]),
        (lambda x: 0.0, lambda x: 0 * x, [0.0]),
        (lambda x: x[0], lambda x: np.array([1.0, 0.0]), [1.0, 2.0]),
    ],
    ids=["a minimum", "a flat minimum", "a constant", "zero", "one that is not used"],
)
def test_derivatives_that_are_zero_pass(f, gradient, x):
    report = fm.check_gradients(f, gradient, x)
    assert report.passed, report
    assert fm.check_gradients(f, gradient(np.asarray(x)) + 1e-3, x).wrong


def test_a_period_that_fits_the_steps_deceives_nobody():
    w = 2 * math.pi * 1024
    assert fm.check_gradients(lambda x: np.sin(w * x).sum(), lambda x: w * np.cos(w * x), [1.0, 0.3]).passed


def test_evaluations_are_counted():
    calls = []

    def f(x):
        calls.append(1)
        return (x**2).sum()

    report = fm.check_gradients(f, lambda x: 2 * x, [1.0, 2.0, 3.0])
    assert report.n_evaluations == len(calls)
    assert f", {len(calls)} evaluations" in str(report)


def test_the_chance_of_missing_one_entry_is_said():
    x = np.random.default_rng(0).normal(size=1000)
    report = fm.check_gradients(lambda x: (x**2).sum(), lambda x: 2 * x, x, max_parameters=200)
    assert report.passed
    (sampling,) = report.samplings
    assert (sampling.n_entries, sampling.n_compared, sampling.n_directions) == (1000, 100, 10)
    assert sampling.chance_of_missing == pytest.approx(0.9)
    assert "one wrong entry is missed with a chance of 90 %" in str(report)
    # an error above what it says shows along every direction, whichever entry it is
    for entry in range(0, 1000, 50):
        wrong = 2 * x
        wrong[entry] += 1.1 * sampling.least_error
        found = fm.check_gradients(lambda x: (x**2).sum(), wrong, x, max_parameters=200).wrong
        assert sum("random direction" in probe.parameter for probe in found) == 10


POINT = {"W": np.array([[0.5, -1.0], [2.0, 0.1]]), "b": np.array([0.3, -0.2])}
DATA = np.array([1.5, -0.7])


def layer(p):
    return float(np.tanh(DATA @ p["W"] + p["b"]).sum())


def layer_gradient(p):
    delta = 1 - np.tanh(DATA @ p["W"] + p["b"]) ** 2
    return {"W": np.outer(DATA, delta), "b": delta}


def test_functions_of_several_arrays_name_the_place():
    before = {key: value.copy() for key, value in POINT.items()}
    report = fm.check_gradients(layer, layer_gradient, POINT)
    assert report.passed
    assert report.n_checked == 6
    wrong = layer_gradient(POINT)
    wrong["W"][1, 0] *= 1.01
    (probe,) = fm.check_gradients(layer, wrong, POINT).wrong
    assert probe.place == "x['W'][1, 0]"
    as_list = fm.check_gradients(
        lambda p: layer({"W": p[0], "b": p[1]}), [wrong["W"], wrong["b"]], [POINT["W"], POINT["b"]]
    )
    assert [probe.place for probe in as_list.wrong] == ["x[0][1, 0]"]
    assert all(np.array_equal(POINT[key], before[key]) for key in POINT)


def test_a_jacobian_is_checked_entry_by_entry():
    A = np.random.default_rng(0).normal(size=(3, 4))
    x = np.random.default_rng(1).normal(size=4)

    def jacobian(x):
        return (1 - np.tanh(A @ x) ** 2)[:, None] * A

    report = fm.check_jacobian(lambda x: np.tanh(A @ x), jacobian, x)
    assert report.passed
    assert report.n_checked == 12
    wrong = jacobian(x)
    wrong[2, 1] *= 1.001
    assert [probe.parameter for probe in fm.check_jacobian(lambda x: np.tanh(A @ x), wrong, x).wrong] == [
        "jacobian[2, 1]"
    ]
    # values share their evaluations
    assert (
        report.n_evaluations
        < 3 * fm.check_gradients(lambda x: np.tanh(A @ x).sum(), jacobian(x).sum(0), x).n_checked * 30
    )
    with pytest.raises(ValueError, match=r"jacobian has shape \(4, 3\), but must have that of the values of f and x"):
        fm.check_jacobian(lambda x: np.tanh(A @ x), wrong.T, x)


def test_a_hessian_product_is_checked_against_the_gradient():
    A = np.random.default_rng(0).normal(size=(4, 4))
    A = A + A.T
    x, v = np.random.default_rng(1).normal(size=(2, 4))

    def gradient(x):
        return A @ x + np.exp(x)

    def product(x, v):
        return A @ v + np.exp(x) * v

    report = fm.check_hessian_product(gradient, product, x, v)
    assert report.passed
    assert report.n_checked == 4
    wrong = product(x, v)
    wrong[3] *= 1.001
    assert [probe.parameter for probe in fm.check_hessian_product(gradient, wrong, x, v).wrong] == ["product[3]"]
    with pytest.raises(ValueError, match="v is zero"):
        fm.check_hessian_product(gradient, product, x, 0 * v)
    with pytest.raises(ValueError, match=r"v has shape \(3,\), but must have that of x: \(4,\)"):
        fm.check_hessian_product(gradient, product, x, v[:3])


def test_the_complex_step_sees_more_digits_and_contradictions():
    x = np.array([0.5, 2.0])
    exact = np.exp(x)
    assert fm.check_gradients(lambda x: np.exp(x).sum(), exact, x, method="complex", tolerance=1e-14).passed
    report = fm.check_gradients(lambda x: np.exp(x).sum(), exact * (1 + 1e-11), x, method="complex", tolerance=1e-12)
    assert len(report.wrong) == 2
    # |z| by its parts is no analytic function: sqrt(re^2 + im^2) has the slope 0 along the imaginary axis
    report = fm.check_gradients(lambda x: (x * np.conj(x)).sum(), lambda x: 2 * x, x, method="complex")
    assert not report.passed
    assert not report.wrong
    assert "the complex step gives" in report.undecided[0].reason
    with pytest.raises(TypeError, match="needs an f that computes with complex numbers"):
        fm.check_gradients(lambda x: abs(x).sum(), lambda x: np.sign(x), x, method="complex")
    with pytest.raises(ValueError, match="method must be one of"):
        fm.check_gradients(lambda x: x.sum(), lambda x: 0 * x + 1, x, method="forward")


BAD = [
    (lambda: fm.check_gradients(layer, {"W": POINT["W"]}, POINT), ValueError, "gradient has the keys"),
    (lambda: fm.check_gradients(layer, [1.0], POINT), TypeError, "gradient must be a dict of arrays, as x is"),
    (lambda: fm.check_gradients(layer, layer_gradient, {}), ValueError, "x holds no arrays"),
    (lambda: fm.check_gradients(layer, layer_gradient, {"W": []}), ValueError, "x['W'] has shape (0,)"),
    (
        lambda: fm.check_gradients(layer, {**layer_gradient(POINT), "b": [1.0]}, POINT),
        ValueError,
        "gradient['b'] has shape (1,), but must have that of x: (2,).",
    ),
    (
        lambda: fm.check_gradients(lambda p: 0.0, [np.ones(2)], [np.ones(2), np.ones(3)]),
        ValueError,
        "gradient holds 1 arrays, but must hold one for each of x: 2.",
    ),
]


@pytest.mark.parametrize(("call", "kind", "sentence"), BAD, ids=[sentence for *_, sentence in BAD])
def test_bad_arrays_give_their_sentence(call, kind, sentence):
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("seed", range(30))
def test_a_function_that_computes_partly_in_float32_is_not_called_wrong(seed):
    # its values are float64, and jump where a number inside is rounded
    random = np.random.default_rng(seed)
    X, w = random.normal(size=(20, 3)), random.normal(size=3)

    def f(w):
        return np.tanh((X @ w).astype(np.float32)).astype(np.float64).mean()

    def gradient(w):
        return X.T @ (1 - np.tanh(X @ w) ** 2) / 20

    assert not fm.check_gradients(f, gradient, w).wrong
    # an error that stands out of that noise is found all the same
    assert fm.check_gradients(f, lambda w: 1.1 * gradient(w), w).wrong


@pytest.mark.parametrize("drift", [0.0, 0.3])
@pytest.mark.parametrize("frequency", [1e4, 1e5, 1e6, 1e7, 1e8])
@pytest.mark.parametrize("seed", range(8))
def test_a_function_that_oscillates_within_all_steps_is_not_called_wrong(seed, frequency, drift):
    # on no line that is looked at for noise does it look smooth
    random = np.random.default_rng(seed)
    a, x = frequency * random.uniform(1, 10), random.uniform(0.5, 2.0)
    right = a * np.cos(a * x) + 2 * drift * a * x
    report = fm.check_gradients(lambda t: np.sin(a * t[0]) + drift * a * t[0] ** 2, [right], [x])
    assert not report.wrong, report
    assert not fm.check_gradients(lambda t: np.sin(a * t[0]) + drift * a * t[0] ** 2, [3 * right + a], [x]).passed
