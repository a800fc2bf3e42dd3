"""The check of gradients: right gradients pass on every network, and a wrong one is seen, wherever it is.

What could go wrong: a check that compares a gradient with itself or looks away (each array of a network is broken by
hand, in one element and as a whole, and so are gradients of functions), one that cries wolf at kinks, at large
inputs or at a loss near zero, one that changes the network, a report that does not name the culprit.
"""

import itertools
import re

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core
from fastmlp.activations import ACTIVATIONS, LeakyReLU
from fastmlp.losses import LOSSES

RNG = np.random.default_rng(7)
X = RNG.normal(size=(15, 4))
LABELS = RNG.integers(0, 3, 15)


def network(hidden="tanh", last="softmax", **arguments):
    return fm.Network(4, [fm.Dense(6, hidden), fm.Dense(5, hidden), fm.Dense(3, last)], **{"seed": 1, **arguments})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("hidden", "last", "loss"),
    [
        *itertools.product([name for name in ACTIVATIONS if name != "softmax"], ["softmax"], ["cross_entropy", "mse"]),
        *(
            (hidden, last, loss)
            for hidden, last, loss in itertools.product(["tanh", "relu"], ACTIVATIONS, LOSSES)
            if last in (LOSSES[loss].last_activations or ACTIVATIONS)
        ),
    ],
)
def test_every_network_passes_with_weights_and_penalties(hidden, last, loss, dtype):
    net = network(hidden, last, loss=loss, dtype=dtype, l1=0.01, l2=0.02)
    before = net.get_parameters()
    report = net.check_gradients(X, LABELS, RNG.uniform(0, 2, 15))
    assert report.passed, report
    assert report.n_checked + report.n_left_out == net.n_parameters + 4 * report.n_samples
    assert report.n_samples + report.n_samples_left_out == 15
    assert np.array_equal(net.get_parameters(), before)


def test_the_float64_twin_takes_the_weights_of_a_float32_network():
    net = network(dtype="float32")
    wide = network(dtype="float64")
    wide.set_parameters(net.get_parameters())
    assert str(net.check_gradients(X, LABELS)) == str(wide.check_gradients(X, LABELS))


def break_core(monkeypatch, change):
    """Let every gradient of the core in float64 pass through ``change(weights, biases, inputs)``."""

    class Broken(_core.Network64):
        def gradients(self, **arguments):
            loss, weights, biases, inputs, *others = super().gradients(**arguments)
            change(weights, biases, inputs)
            return loss, weights, biases, inputs, *others

    monkeypatch.setattr(_core, "Network64", Broken)


def add(array, index, error):
    array[index] += error * np.linalg.norm(array)


# well above the tolerance of 1e-6, and far below what a glance at the learning curve would show
ERROR = 1e-4
ONE_ELEMENT = {
    "layer 1 weights[2, 3]": lambda weights, biases, inputs: add(weights[0], (2, 3), ERROR),
    "layer 2 weights[0, 4]": lambda weights, biases, inputs: add(weights[1], (0, 4), ERROR),
    "layer 3 weights[4, 0]": lambda weights, biases, inputs: add(weights[2], (4, 0), ERROR),
    "layer 1 bias[5]": lambda weights, biases, inputs: add(biases[0], 5, ERROR),
    "layer 3 bias[2]": lambda weights, biases, inputs: add(biases[2], 2, -ERROR),
    "inputs X[7, 1]": lambda weights, biases, inputs: add(inputs, (7, 1), ERROR),
}


@pytest.mark.parametrize("place", ONE_ELEMENT)
def test_one_wrong_element_is_seen_and_named(place, monkeypatch):
    break_core(monkeypatch, ONE_ELEMENT[place])
    report = network().check_gradients(X, LABELS)
    assert not report.passed
    (worst,) = report.wrong
    assert worst == report.worst[0]
    assert worst.place == place
    # the error is of the whole array's norm, and an entry is judged by itself
    assert report.max_relative_error == worst.relative_error > ERROR
    assert [probe.relative_error < 1e-6 for probe in report.worst] == [False, True, True, True]
    assert re.search(rf"^{re.escape(worst.where)} +{re.escape(worst.parameter)} ", str(report).splitlines()[1])
    assert (
        str(report)
        .splitlines()[-1]
        .startswith(
            "FAILED: tolerance 1e-06, 143 compared, 1 wrong, 0 left out, 15 samples used, 0 left out at kinks, "
        )
    )


WHOLE = {
    "a forgotten factor": lambda weights, biases, inputs: weights[0].__imul__(1.001),
    "a forgotten transposition": lambda weights, biases, inputs: weights[1].__setitem__(..., weights[1][::-1].copy()),
    "a forgotten bias": lambda weights, biases, inputs: biases[0].fill(0),
    "no gradient at all": lambda weights, biases, inputs: weights[2].fill(0),
    "not a number": lambda weights, biases, inputs: weights[0].__setitem__((0, 0), np.nan),
    "inputs not divided by the samples": lambda weights, biases, inputs: inputs.__imul__(len(inputs)),
}


@pytest.mark.parametrize("fault", WHOLE)
def test_a_wrong_formula_is_seen(fault, monkeypatch):
    break_core(monkeypatch, WHOLE[fault])
    assert not network().check_gradients(X, LABELS).passed


def test_a_large_network_is_checked_by_random_elements_and_directions(monkeypatch):
    net = fm.Network(30, [fm.Dense(100, "tanh"), fm.Dense(3, "softmax")], seed=0)
    inputs = RNG.normal(size=(200, 30))
    y = RNG.integers(0, 3, 200)
    report = net.check_gradients(inputs, y)
    assert report.passed, report
    # weights of layer 1 and 2 and the inputs: 100 elements and 10 directions each; biases: whole
    assert report.n_checked == 3 * 110 + 100 + 3
    assert report.n_samples == 100
    # one wrong element of 3000: hardly one of the 100, but in each direction
    break_core(monkeypatch, lambda weights, biases, inputs: add(weights[0], (17, 71), 1e-3))
    broken = net.check_gradients(inputs, y)
    assert not broken.passed
    assert (broken.worst[0].where, broken.worst[0].parameter) == ("layer 1", "weights, random direction")


def test_samples_at_a_kink_are_left_out():
    net = fm.Network(2, [fm.Dense(3, "relu"), fm.Dense(2, "softmax")], seed=0)
    # initial biases are 0, so that a row of zeros lies at every kink
    report = net.check_gradients([[0, 0], [0, 0], [1, 2], [-3, 1]], [0, 0, 1, 1])
    assert report.passed
    assert (report.n_samples, report.n_samples_left_out) == (2, 2)
    assert {probe.parameter[:4] for probe in report.worst if probe.where == "inputs"} <= {"X[2,", "X[3,"}
    with pytest.raises(ValueError, match=r"^each of the 1 samples has a pre-activation within 1e-05 of the kink"):
        net.check_gradients([[0, 0]], [0])
    assert fm.Network(2, [fm.Dense(1, "tanh")], seed=0).check_gradients([[0, 0]], [0]).n_samples == 1


# outputs of three samples with target 1, two of them at a kink or within 1e-5 of one
AT_KINKS = {
    "mae": [1.0, 2.0, 1.000003],
    "quantile": [1.0, 2.0, 0.999995],
    "hinge": [1.0, 0.5, 0.999995],
    "perceptron": [0.0, -2.0, 3e-6],
}


@pytest.mark.parametrize("loss", AT_KINKS)
def test_samples_at_a_kink_of_the_loss_are_left_out(loss):
    net = fm.Network(1, [fm.Dense(1)], loss=loss, dtype="float64")
    net.set_parameters([1.0, 0.0])
    points = np.array(AT_KINKS[loss])[:, None]
    report = net.check_gradients(points, [1, 1, 1])
    assert report.passed, report
    assert (report.n_samples, report.n_samples_left_out) == (1, 2)
    with pytest.raises(ValueError, match=r"or an output as near to one of the loss, where gradients cannot"):
        net.check_gradients(points[:1], [1])


@pytest.mark.parametrize("loss", ["mae", "quantile"])
@pytest.mark.parametrize("seed", range(20))
def test_signs_that_cancel_raise_no_alarm(loss, seed):
    random = np.random.default_rng(seed)
    net = fm.Network(4, [fm.Dense(8, "tanh"), fm.Dense(1)], loss=loss, seed=seed)
    # as many values above the outputs as below: the gradient of the last bias is 0
    y = net.forward(X[:14])[:, 0] + np.where(np.arange(14) % 2, 1, -1) * random.uniform(0.0005, 1, 14)
    report = net.check_gradients(X[:14], y)
    assert report.passed, report


@pytest.mark.parametrize(
    ("activation", "kinks"),
    [
        ("leaky_relu", [0]),
        (fm.activations.ELU(0.5), [0]),
        ("selu", [0]),
        ("step", [0]),
        ("sign", [0]),
        ("hard_tanh", [-1, 1]),
        ("elu", []),
        ("softsign", []),
        ("gelu", []),
    ],
)
def test_every_kink_and_jump_is_known(activation, kinks):
    net = fm.Network(1, [fm.Dense(1, activation), fm.Dense(1)], seed=0)
    net.set_parameters([1.0, 0.0, 1.0, 0.0])
    report = net.check_gradients([[-1], [0], [1], [0.5]], [1.0, 2.0, 3.0, 4.0])
    assert report.passed, report
    assert report.n_samples_left_out == len(kinks)


def test_weights_at_the_kink_of_l1_are_left_out():
    net = network(l1=0.1)
    net.layers[1].weights[2, 3] = 0
    net.layers[0].weights[0, 0] = 1e-6
    report = net.check_gradients(X, LABELS)
    assert report.passed, report
    assert report.n_left_out == 2


@pytest.mark.parametrize("seed", range(10))
def test_pixels_and_saturated_outputs_raise_no_alarm(seed):
    random = np.random.default_rng(seed)
    net = fm.Network(64, [fm.Dense(20, LeakyReLU(0.2)), fm.Dense(10, "softmax")], seed=seed)
    report = net.check_gradients(random.integers(0, 256, (30, 64)).astype(np.uint8), random.integers(0, 10, 30))
    assert report.passed, report


def test_a_loss_near_zero_raises_no_alarm():
    net = network()
    net.fit(X, LABELS, epochs=3000, batch_size=None, optimizer=fm.Adam(0.05))
    for _ in range(4):
        report = net.check_gradients(X, LABELS)
        assert not report.wrong, report
        # sharper and sharper, until the loss is 0 and every quotient is rounding
        net.layers[-1].weights[:] *= 2
        net.layers[-1].bias[:] *= 2
    # where nothing can be told, that is said
    assert net.loss(X, LABELS) == 0
    assert report.undecided
    assert not report.passed


def test_large_targets_raise_no_alarm():
    net = fm.Network(4, [fm.Dense(20, "tanh"), fm.Dense(1)], seed=0)
    net.layers[-1].bias[:] = 1e5
    report = net.check_gradients(X, 1e5 + 1e3 * RNG.normal(size=15))
    assert report.passed, report


FUNCTIONS = {
    "polynomial": (lambda x: float((x**3 * np.arange(1, 6)).sum()), lambda x: 3 * x**2 * np.arange(1, 6)),
    "log-sum-exp": (lambda x: np.log(np.exp(x).sum()), lambda x: np.exp(x) / np.exp(x).sum()),
    "tiny": (lambda x: 1e-20 * (x**2).sum(), lambda x: 2e-20 * x),
    "huge": (lambda x: 1e20 * (x**2).sum(), lambda x: 2e20 * x),
    "steep": (lambda x: np.sin(100 * x).sum(), lambda x: 100 * np.cos(100 * x)),
    "large argument": (lambda x: ((x + 1e6) ** 2).sum(), lambda x: 2 * (x + 1e6)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_users_pass_with_their_gradient_and_fail_with_another(name):
    f, gradient = FUNCTIONS[name]
    x = RNG.normal(size=5)
    before = x.copy()
    assert fm.check_gradients(f, gradient, x).passed
    assert fm.check_gradients(f, gradient(x), x.tolist()).passed
    assert fm.check_gradients(f, gradient, x, max_parameters=2).passed
    for wrong in (1.001 * gradient(x), -gradient(x), gradient(x) + 1e-3 * abs(gradient(x)).max(), np.zeros(5)):
        report = fm.check_gradients(f, wrong, x)
        assert not report.passed, report
        assert report.max_relative_error > 1e-4
    assert np.array_equal(x, before)


def test_matrices_have_gradients_too_and_arguments_are_copies():
    def f(x):
        value = float((x**2).sum())
        x[:] = np.nan
        return value

    assert fm.check_gradients(f, lambda x: 2 * x, RNG.normal(size=(3, 2))).passed
    report = fm.check_gradients(f, np.ones((3, 2)), np.zeros((3, 2)))
    assert re.fullmatch(r"x\[\d, \d\]", report.worst[0].parameter)


def test_a_function_that_is_not_finite_does_not_pass():
    report = fm.check_gradients(lambda x: np.nan, lambda x: x, [1.0, 2.0])
    assert not report.passed
    assert report.max_relative_error == np.inf


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("loss", [name for name in fm.losses.LOSSES if name != "cross_entropy"])
def test_weights_that_are_not_finite_fail_and_are_no_kink(loss, value):
    net = fm.Network(2, [fm.Dense(3, "relu"), fm.Dense(1)], loss=loss, seed=0)
    net.layers[0].weights[0, 0] = value
    report = net.check_gradients([[1.0, 2.0]], [1.0])
    assert not report.passed
    assert report.max_relative_error == np.inf
    assert report.n_samples_left_out == 0


def square(x):
    return float((x**2).sum())


BAD = [
    (
        lambda: fm.check_gradients(square, [1.0], [1.0, 2.0]),
        ValueError,
        "gradient has shape (1,), but must have that of x",
    ),
    (
        lambda: fm.check_gradients(square, ["a", "b"], [1.0, 2.0]),
        TypeError,
        "gradient must be an array of real numbers",
    ),
    (
        lambda: fm.check_gradients(lambda x: x, [1.0] * 2, [1.0, 2.0]),
        ValueError,
        "the value of f has shape (2,), but must",
    ),
    (lambda: fm.check_gradients(lambda x: None, [1.0], [1.0]), TypeError, "the value of f must be an array of real"),
    (lambda: fm.check_gradients(3, [1.0], [1.0]), TypeError, "f must be a function of a vector, got 3"),
    (lambda: fm.check_gradients(square, [], []), ValueError, "x has shape (0,), but must hold at least one number"),
    (lambda: fm.check_gradients(square, [1.0], [np.nan]), ValueError, "x holds NaN in row 0"),
    (lambda: fm.check_gradients(square, [1.0], [1.0], step=0), ValueError, "step must be above 0.0, got 0."),
    (lambda: fm.check_gradients(square, [1.0], [1.0], tolerance=0), ValueError, "tolerance must be above 0.0, got 0."),
    (lambda: network().check_gradients(X, LABELS, tolerance=-1), ValueError, "tolerance must be above 0.0, got -1."),
    (
        lambda: network().check_gradients(X, LABELS, max_samples=0),
        ValueError,
        "max_samples must be an integer of at least",
    ),
    (lambda: network().check_gradients(X, LABELS, max_parameters=0), ValueError, "max_parameters must be an integer"),
    (
        lambda: network().check_gradients(X, LABELS, seed=-1),
        ValueError,
        "seed must be an integer of at least 0, got -1.",
    ),
]


@pytest.mark.parametrize(("call", "kind", "sentence"), BAD, ids=[sentence for *_, sentence in BAD])
def test_bad_arguments_give_their_sentence(call, kind, sentence):
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value).startswith(sentence)


def test_an_infinite_activation_is_a_failed_check_and_no_error():
    net = fm.Network(1, [fm.Dense(1, "log(x)"), fm.Dense(1)])
    net.set_parameters([0.0, 0.0, 1.0, 0.0])  # log(0)
    assert not net.check_gradients([[1.0]], [1.0]).passed


def test_a_single_number_is_a_point():
    assert fm.check_gradients(np.sin, np.cos, 1.0).passed
    report = fm.check_gradients(np.sin, lambda x: 1.001 * np.cos(x), 1.0)
    assert [probe.parameter for probe in report.wrong] == ["x"]
    point = {"w": np.array([1.0, 2.0]), "b": 0.3}
    report = fm.check_gradients(
        lambda p: (p["w"] ** 2).sum() * p["b"], lambda p: {"w": 2 * p["w"] * p["b"], "b": 5.01}, point
    )
    assert [probe.parameter for probe in report.wrong] == ["x['b']"]


def test_each_array_has_its_row_and_each_wrong_entry_is_shown():
    point = {"w": np.array([1.0, 2.0]), "b": np.array([0.5])}
    report = fm.check_gradients(
        lambda p: (p["w"] ** 2).sum() + p["b"][0], lambda p: {"w": 3 * p["w"], "b": np.array([1.0])}, point
    )
    assert [probe.where for probe in report.worst] == ["x['w']", "x['b']"]
    assert "also wrong: x['w'][" in str(report)
    x = np.ones(5000)
    many = fm.check_gradients(lambda x: (x**2).sum(), lambda x: 2 * x + (np.arange(5000) == 7), x, max_parameters=50)
    assert many.wrong
    assert "a larger max_parameters tells" in str(many)
