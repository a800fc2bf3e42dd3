"""The doctor of gradients: known mistakes are named, right gradients are left in peace, and pairs are said to be two.

What could go wrong: a mistake gets the name of another one, right gradients get a mistake, a factor that two causes
share gets the wrong one, a network's penalty or activation is not looked at, bad input ends in an error that explains
nothing.
Mistakes are planted by programs of students (students.py), which share nothing with the doctor.
"""

from __future__ import annotations

import numpy as np
import pytest
from students import KINDS, applies, planted, student

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
    return planted(*SHAPES[name], seed=len(name), samples=samples)


def diagnosed(name, *mistakes, only=None):
    net, X, y, T, plain = made(name)
    weights, biases = student(plain, X, T, mistakes, only)
    return fm.diagnose_gradients(net, X, y, weights=weights, biases=biases)


CASES = [(name, mistake) for name in SHAPES for mistake in KINDS if applies(mistake, *SHAPES[name])]


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


@pytest.mark.parametrize(("samples", "n_wrong"), [(300, 3), (400, 4)])
@pytest.mark.parametrize("name", SHAPES)
def test_one_sample_in_a_hundred_is_found_where_there_are_fewer_numbers(name, samples, n_wrong):
    net, X, y, T, plain = made(name, samples)
    assert net.n_parameters < samples
    only = set(np.random.default_rng(samples).choice(samples, n_wrong, replace=False).tolist())
    weights, biases = student(plain, X, T, ["derivative_twice"], only)
    diagnosis = fm.diagnose_gradients(net, X, y, weights=weights, biases=biases)
    assert diagnosis.kinds == ("derivative twice",)
    assert f"samples {', '.join(map(str, sorted(only)))} (from 0" in diagnosis.mistakes[0]


def test_what_no_known_mistake_explains_is_said_with_where_to_look():
    net, X, y, T, plain = made("deep")
    weights, biases = student(plain, X, T)
    weights[1] = weights[1] + 0.1
    diagnosis = fm.diagnose_gradients(net, X, y, weights=weights, biases=biases)
    assert diagnosis.wrong == ("layer 2 weights",)
    assert diagnosis.mistakes == ()
    assert "no known mistake gives these numbers:" in str(diagnosis)
    assert diagnosis.unexplained[0].startswith("layer 2 weights: [")
    assert "(25 of 25 differ)" in diagnosis.unexplained[0]


def test_a_factor_that_has_no_name_is_said_as_a_number():
    net, X, y, T, plain = made("deep")
    weights, biases = student(plain, X, T)
    weights[0] = 1.7 * weights[0]
    diagnosis = fm.diagnose_gradients(net, X, y, weights=weights, biases=biases)
    assert diagnosis.unexplained == ("layer 1 weights: 1.7 times the right one",)
    assert "is net.loss(X, y) your own loss?" in str(diagnosis)


@pytest.mark.parametrize("factor", [-0.1, 3.7, 1e300])
def test_a_factor_of_all_that_has_no_name_is_a_mistake_too(factor):
    net, X, y, T, plain = made("deep")
    weights, biases = ([factor * one for one in arrays] for arrays in student(plain, X, T))
    diagnosis = fm.diagnose_gradients(net, X, y, weights=weights, biases=biases)
    assert diagnosis.kinds == ("factor",)
    assert f"is {factor:.6g} times the right one: an update" in str(diagnosis)


def test_what_is_wrong_beside_another_layout_is_not_passed_over():
    net, X, y, T, plain = made("tanh to values")
    weights, biases = student(plain, X, T)
    weights[0][1, 2] *= 2
    diagnosis = fm.diagnose_gradients(net, X, y, weights=[one.T for one in weights], biases=biases)
    assert diagnosis.kinds == ("transposed",)
    assert len(diagnosis.unexplained) == 1
    assert diagnosis.unexplained[0].startswith("layer 1 weights: [1, 2] is ")
    assert "(1 of 12 differ)" in diagnosis.unexplained[0]
    assert "more than one mistake" in str(diagnosis)
    assert "no known mistake gives the other numbers" in str(diagnosis)


def test_a_transposed_shape_is_a_mistake_and_no_error():
    net, X, y, T, plain = made("tanh to values")
    weights, biases = student(plain, X, T)
    diagnosis = fm.diagnose_gradients(net, X, y, weights=[weights[0].T, *weights[1:]], biases=biases)
    assert diagnosis.kinds == ("transposed",)
    assert not diagnosis.is_right


def test_weights_in_the_layout_of_another_library_are_one_mistake():
    # the second layer is square: that it is transposed too, only its numbers tell
    net, X, y, T, plain = made("tanh to values")
    weights, biases = student(plain, X, T)
    diagnosis = fm.diagnose_gradients(net, X, y, weights=[one.T for one in weights], biases=biases)
    assert diagnosis.kinds == ("transposed",)
    assert "the gradients of all weights are transposed" in diagnosis.mistakes[0]
    assert set(diagnosis.wrong) >= {"layer 1 weights", "layer 3 weights"}
    doubled = [2 * one for one in biases]
    diagnosis = fm.diagnose_gradients(net, X, y, weights=[2 * one.T for one in weights], biases=doubled)
    assert diagnosis.kinds == ("transposed", "factor 2")


def test_a_bias_that_was_summed_over_the_wrong_axis_is_said_by_its_shape():
    net, X, y, T, plain = made("tanh to values")
    weights, biases = student(plain, X, T)
    for shape in [(SAMPLES,), (SAMPLES, 1), (SAMPLES, 4)]:
        diagnosis = fm.diagnose_gradients(net, X, y, weights=weights, biases=[np.ones(shape), *biases[1:]])
        assert diagnosis.kinds == ("bias summed wrongly",)
        assert "axis 0" in diagnosis.mistakes[0]
        assert diagnosis.wrong == ("layer 1 bias",)
    # of as many samples as units only the numbers tell
    X, T = X[:4], T[:4]
    weights, biases = student(plain, X, T)
    deltas = net.gradients(X, T).deltas[0]
    diagnosis = fm.diagnose_gradients(net, X, T, weights=weights, biases=[deltas.sum(axis=1), *biases[1:]])
    assert diagnosis.kinds == ("bias summed wrongly",)
    assert "the wrong axis" in diagnosis.mistakes[0]


def test_a_bias_without_gradient_and_one_number_for_all_units_are_understood():
    net, X, y, T, plain = made("tanh to values")
    weights, biases = student(plain, X, T)
    diagnosis = fm.diagnose_gradients(net, X, y, weights=weights, biases=[None, *biases[1:]])
    assert diagnosis.kinds == ("bias left out",)
    diagnosis = fm.diagnose_gradients(net, X, y, weights=weights, biases=[biases[0].sum(), *biases[1:]])
    assert diagnosis.kinds == ("bias summed wrongly",)
    assert "one number" in diagnosis.mistakes[0]


def test_values_that_are_not_finite_are_said_with_their_place():
    net, X, y, T, plain = made("deep")
    weights, biases = student(plain, X, T)
    weights[1][2, 3] = np.nan
    diagnosis = fm.diagnose_gradients(net, X, y, weights=weights, biases=biases)
    assert diagnosis.kinds == ("not finite",)
    assert diagnosis.wrong == ("layer 2 weights",)
    assert "layer 2 weights holds nan at [2, 3]" in diagnosis.mistakes[0]


def test_numbers_near_the_end_of_floats_bring_no_warning():
    net, X, y, T, plain = made("tanh to softmax")
    weights, biases = student(plain, X, T)
    weights, biases = [1e300 * one for one in weights], [1e300 * one for one in biases]
    assert fm.diagnose_gradients(net, X, y, weights=weights, biases=biases).kinds == ("factor",)
    # a probability of exp(-800)
    net.layers[-1].bias[:] = [800, 0, 0, 0]
    right = net.gradients(X, y)
    assert fm.diagnose_gradients(net, X, y, weights=right.weights, biases=right.biases).is_right


@pytest.mark.parametrize(("form", "words"), [(np.asarray, "l1 times W"), (np.abs, "|W|"), (np.ones_like, "l1 times 1")])
def test_the_derivative_of_an_l1_penalty_is_looked_at(form, words):
    random = np.random.default_rng(3)
    net = fm.Network(3, [fm.Dense(4, "tanh"), fm.Dense(2)], loss="mse", l1=0.02, l2=0.01, seed=0, dtype="float64")
    X, y = random.normal(size=(20, 3)), random.normal(size=(20, 2))
    right = net.gradients(X, y)
    weights = [
        dW - 0.02 * np.sign(layer.weights) + 0.02 * form(layer.weights)
        for dW, layer in zip(right.weights, net.layers, strict=True)
    ]
    diagnosis = fm.diagnose_gradients(net, X, y, weights=weights, biases=right.biases)
    assert diagnosis.kinds == ("penalty's derivative",)
    assert words in diagnosis.mistakes[0]
    weights = [dW - 0.01 * layer.weights for dW, layer in zip(right.weights, net.layers, strict=True)]
    diagnosis = fm.diagnose_gradients(net, X, y, weights=weights, biases=right.biases)
    assert diagnosis.mistakes == ("the gradient of the l2 penalty is left out",)


def test_a_forgotten_scaling_is_said():
    random = np.random.default_rng(4)
    layers = [fm.Dense(4, "tanh"), fm.Dense(2)]
    scale = fm.Standardize(mean=[1.0, 2.0, 3.0], deviation=[2.0, 0.5, 4.0])
    of_targets = fm.Standardize(mean=[10.0, 20.0], deviation=[4.0, 0.5])
    settings = {"loss": "mse", "seed": 0, "dtype": "float64"}
    plain = fm.Network(3, layers, **settings)
    X, y = random.normal(size=(20, 3)), random.normal(size=(20, 2))
    net = fm.Network(3, [scale, *layers], **settings)
    found = plain.gradients(X, y)
    diagnosis = fm.diagnose_gradients(net, X, y, weights=found.weights, biases=found.biases)
    assert diagnosis.kinds == ("scaling forgotten",)
    assert "X is taken as it came" in diagnosis.mistakes[0]
    net = fm.Network(3, layers, scale_targets=of_targets, **settings)
    diagnosis = fm.diagnose_gradients(net, X, y, weights=found.weights, biases=[-one for one in found.biases])
    assert diagnosis.kinds == ("scaling forgotten", "sign")
    scaled = plain.gradients(X, (y - [10.0, 20.0]) / [4.0, 0.5])
    diagnosis = fm.diagnose_gradients(net, X, y, weights=scaled.weights, biases=scaled.biases)
    assert diagnosis.kinds == ("units of targets",)


def test_what_two_causes_share_is_said_with_both():
    net, X, y, T, plain = made("tanh to softmax", samples=4)
    weights, biases = student(plain, X, T, ["sum"])
    diagnosis = fm.diagnose_gradients(net, X, y, weights=weights, biases=biases)
    assert diagnosis.kinds == ("sum for mean",)
    assert any("summed over the outputs" in other for other in diagnosis.others)


def test_samples_that_are_left_out_in_the_middle_are_found():
    net, X, y, T, plain = made("sigmoid to softmax")
    kept = np.delete(np.arange(SAMPLES), [5, 11])
    weights, biases = student(plain, X[kept], T[kept])
    share = len(kept) / SAMPLES
    weights, biases = [share * one for one in weights], [share * one for one in biases]
    diagnosis = fm.diagnose_gradients(net, X, y, weights=weights, biases=biases)
    assert diagnosis.kinds == ("samples left out",)
    assert diagnosis.mistakes == ("left out of the sum: samples 5, 11 (from 0; 2 of them)",)


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
    with pytest.raises(
        ValueError, match=r"weights\[0\] has shape \(2, 2\), but must have that of the weights of layer 1"
    ):
        fm.diagnose_gradients(net, X, y, weights=[np.ones((2, 2)), *weights[1:]], biases=biases)
    with pytest.raises(TypeError, match="net must be a Network, got 3"):
        fm.diagnose_gradients(3, X, y, weights=weights, biases=biases)
    other = fm.Network(3, [fm.Maxout(4, 2), fm.Dense(1)], loss="mse")
    with pytest.raises(ValueError, match="networks of Dense layers alone"):
        fm.diagnose_gradients(other, X, y, weights=weights, biases=biases)
