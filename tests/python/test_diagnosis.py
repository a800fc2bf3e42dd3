"""The doctor of gradients: known mistakes are named, right gradients are left in peace, and pairs are said to be two.

What could go wrong: a mistake gets the name of another one, right gradients get a mistake, a factor that two causes
share gets the wrong one, a network's penalty or activation is not looked at, bad input ends in an error that explains
nothing.
Mistakes are planted by programs of students (students.py), which share nothing with the doctor.
"""

from __future__ import annotations

import numpy as np
import pytest
from students import student

import fastmlp as fm

SHAPES = {
    "sigmoid to softmax": (4, [(5, "sigmoid"), (5, "sigmoid"), (3, "softmax")], None, 0.0),
    "tanh to values": (3, [(4, "tanh"), (4, "tanh"), (1, "identity")], "mse", 0.03),
    "sigmoid to sigmoid": (2, [(6, "sigmoid"), (6, "sigmoid"), (3, "sigmoid")], "half_squared_error", 0.0),
    "tanh to softmax": (5, [(7, "tanh"), (7, "tanh"), (4, "softmax")], None, 0.02),
    "deep": (3, [(5, "sigmoid"), (5, "tanh"), (5, "sigmoid"), (3, "identity")], "half_squared_error", 0.01),
}
SAMPLES = 25


def made(name, samples=SAMPLES):
    """Return a network, its data, and the same as a student has it."""
    n_inputs, layers, loss, l2 = SHAPES[name]
    random = np.random.default_rng(len(name))
    settings = {} if loss is None else {"loss": loss}
    net = fm.Network(
        n_inputs, [fm.Dense(units, how) for units, how in layers], l2=l2, seed=1, dtype="float64", **settings
    )
    for layer in net.layers:
        layer.bias[:] = random.normal(size=len(layer.bias)) / 2
    X = random.normal(size=(samples, n_inputs))
    outputs = layers[-1][0]
    if layers[-1][1] == "softmax":
        y = random.integers(0, outputs, samples)
        T = np.eye(outputs)[y]
    else:
        y = T = random.uniform(0, 1, size=(samples, outputs))
    plain = {
        "W": [layer.weights.copy() for layer in net.layers],
        "b": [layer.bias.copy() for layer in net.layers],
        "activations": [how for _, how in layers],
        "loss": loss,
        "l2": l2,
        "square": 1,
    }
    return net, X, y, T, plain


def diagnosed(name, *mistakes, only=None):
    net, X, y, T, plain = made(name)
    weights, biases = student(plain, X, T, mistakes, only)
    return fm.diagnose_gradients(net, X, y, weights=weights, biases=biases)


KINDS = {
    "sum": "sum for mean",
    "mean_twice": "mean twice",
    "negative": "sign",
    "negative_2": "sign",
    "double": "factor 2",
    "half": "factor 1/2",
    "bias_sum": "sum for mean",
    "transposed": "transposed",
    "turned": "transposed",
    "shift": "layer's shift",
    "derivative_twice": "derivative twice",
    "sum_of_data": "sum for mean",
    "negative_data": "sign",
    "last_sample_of_mean": "samples left out",
    "no_bias": "bias left out",
    "no_bias_1": "bias left out",
    "bias_last_row": "bias summed wrongly",
    "bias_one_number": "bias summed wrongly",
    "no_derivative": "derivative forgotten",
    "no_derivative_1": "derivative forgotten",
    "derivative_at_output": "derivative of wrong value",
    "formula_of_z": "derivative of wrong value",
    "last_sample": "samples left out",
    "short_batch": "samples left out",
    "no_penalty": "penalty left out",
    "penalty_halved": "penalty's factor",
    "penalty_on_biases": "penalty on biases",
    "softmax_elementwise": "softmax without cross-entropy",
    "output_derivative": "output derivative",
}


def applies(name, mistake):
    _, layers, _, l2 = SHAPES[name]
    last = layers[-1][1]
    if "penalty" in mistake:
        return l2 > 0
    if mistake == "softmax_elementwise":
        return last == "softmax"
    if mistake == "bias_one_number":
        return layers[-1][0] > 1
    if mistake == "output_derivative":
        return last == "sigmoid"
    return True


CASES = [(name, mistake) for name in SHAPES for mistake in KINDS if applies(name, mistake)]


def test_there_are_twenty_kinds_in_each_of_five_networks():
    assert len(SHAPES) == 5
    assert all(sum(network == name for network, _ in CASES) >= 18 for name in SHAPES)
    assert len(CASES) >= 100


@pytest.mark.parametrize("name", SHAPES)
def test_right_gradients_get_no_mistake(name):
    diagnosis = diagnosed(name)
    assert diagnosis.is_right
    assert diagnosis.kinds == ()
    assert str(diagnosis) == "all gradients are right"


@pytest.mark.parametrize(("name", "mistake"), CASES)
def test_a_mistake_is_named(name, mistake):
    diagnosis = diagnosed(name, mistake)
    assert diagnosis.kinds == (KINDS[mistake],), diagnosis
    assert diagnosis.wrong


PAIRS = [("sum", "no_derivative_1"), ("negative", "no_bias_1"), ("double", "turned"), ("half", "bias_last_row")]


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
@pytest.mark.parametrize("name", SHAPES)
def test_two_mistakes_are_said_to_be_two(name, pair):
    diagnosis = diagnosed(name, *pair)
    assert len(diagnosis.mistakes) == 2, diagnosis
    assert set(diagnosis.kinds) == {KINDS[mistake] for mistake in pair}
    assert "more than one mistake" in str(diagnosis)


@pytest.mark.parametrize("mistake", ["no_derivative", "formula_of_z", "turned"])
@pytest.mark.parametrize("name", SHAPES)
def test_a_mistake_in_some_samples_is_found_there(name, mistake):
    diagnosis = diagnosed(name, mistake, only={7})
    assert diagnosis.kinds == (KINDS[mistake],), diagnosis
    assert "in sample 7 (from 0) alone" in diagnosis.mistakes[0]
    first = made(name)[0].layers[0]
    if first.weights.size + first.bias.size < SAMPLES:
        # which of several it is, fewer numbers than samples do not tell
        return
    diagnosis = diagnosed(name, mistake, only={3, 7, 20})
    assert diagnosis.kinds == (KINDS[mistake],), diagnosis
    assert "in samples 3, 7, 20 (from 0; 3 of them) alone" in diagnosis.mistakes[0]


def test_two_samples_of_many_are_found_where_there_are_fewer_numbers():
    net, X, y, T, plain = made("tanh to values", samples=200)
    assert net.n_parameters < 200
    weights, biases = student(plain, X, T, ["no_derivative"], only={17, 150})
    diagnosis = fm.diagnose_gradients(net, X, y, weights=weights, biases=biases)
    assert diagnosis.kinds == ("derivative forgotten",)
    assert "in samples 17, 150 (from 0; 2 of them) alone" in diagnosis.mistakes[0]


def test_what_no_known_mistake_explains_is_said_with_where_to_look():
    net, X, y, T, plain = made("deep")
    weights, biases = student(plain, X, T)
    weights[1] = weights[1] + 0.1
    diagnosis = fm.diagnose_gradients(net, X, y, weights=weights, biases=biases)
    assert diagnosis.wrong == ("layer 2 weights",)
    assert diagnosis.mistakes == ()
    assert "no known mistake gives these numbers: look first at layer 2 weights" in str(diagnosis)


def test_a_transposed_shape_is_a_mistake_and_no_error():
    net, X, y, T, plain = made("tanh to values")
    weights, biases = student(plain, X, T)
    diagnosis = fm.diagnose_gradients(net, X, y, weights=[weights[0].T, *weights[1:]], biases=biases)
    assert diagnosis.kinds == ("transposed",)
    assert not diagnosis.is_right


def test_float32_is_compared_as_such():
    net, X, y, T, plain = made("tanh to softmax")
    weights, biases = student(plain, X, T, ["negative"])
    weights = [one.astype(np.float32) for one in weights]
    diagnosis = fm.diagnose_gradients(net, X, y, weights=weights, biases=biases)
    assert diagnosis.kinds == ("sign",)


def test_bad_input_gets_its_sentence():
    net, X, y, T, plain = made("tanh to values")
    weights, biases = student(plain, X, T)
    with pytest.raises(ValueError, match="weights holds 2 arrays, but must hold one for each layer: 3"):
        fm.diagnose_gradients(net, X, y, weights=weights[:2], biases=biases)
    with pytest.raises(TypeError, match="weights must be a list of one array for each layer, got 3"):
        fm.diagnose_gradients(net, X, y, weights=3, biases=biases)
    with pytest.raises(ValueError, match="a number for each sample comes of a sum over the wrong axis"):
        fm.diagnose_gradients(net, X, y, weights=weights, biases=[np.ones(SAMPLES), *biases[1:]])
    with pytest.raises(
        ValueError, match=r"weights\[0\] has shape \(2, 2\), but must have that of the weights of layer 1"
    ):
        fm.diagnose_gradients(net, X, y, weights=[np.ones((2, 2)), *weights[1:]], biases=biases)
    with pytest.raises(TypeError, match="net must be a Network, got 3"):
        fm.diagnose_gradients(3, X, y, weights=weights, biases=biases)
    other = fm.Network(3, [fm.Maxout(4, 2), fm.Dense(1)], loss="mse")
    with pytest.raises(ValueError, match="networks of Dense layers alone"):
        fm.diagnose_gradients(other, X, y, weights=weights, biases=biases)
