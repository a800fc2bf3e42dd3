"""Losses written as formulas, against the reference, against built-in ones, in files and in sentences.

What could go wrong: the target read where the output should be, a sum over outputs in the place of their mean,
softmax's Jacobian left out, padding of a narrow row that enters a sum, the value's register overwritten by the
derivative, a large cosh, a kink that the check of gradients steps over, a file that loses the text.

Tolerance: float64 against the reference 1e-10 of the array's norm, as in test_core_against_reference.py.
"""

import pickle

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import reference

TEXTS = [
    "log(cosh(o - t))",
    "(o - t)**4 + 0.1*abs(o - t)",
    "where(abs(o - t) < 0.5, (o - t)**2, abs(o - t) - 0.25)",
    "softplus(-o*t)",
    "o*(log(abs(o) + 1) - t)",
    "max(o - t, 0.3*(t - o))",
    "2*o",
    "cosh(o) - t*o",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(("last", "outputs"), [("identity", 3), ("tanh", 1), ("softmax", 5), ("identity", 37)])
def test_loss_and_gradients_are_those_of_the_reference(text, last, outputs):
    random = np.random.default_rng(0)
    layers = [fm.Dense(4, "tanh"), fm.Dense(outputs, last)]
    net = fm.Network(3, layers, loss=text, dtype="float64", seed=1, l2=0.01)
    oracle = reference.Network(3, layers, loss=text, l2=0.01)
    oracle.set_parameters([float(p) for p in net.get_parameters()])
    X, y = random.normal(size=(9, 3)), random.normal(size=(9, outputs))
    weight = random.uniform(0.0, 2.0, 9)
    found = net.gradients(X, y, weight)
    expected = oracle.gradients(X.tolist(), y.tolist(), weight.tolist())
    assert found.loss == pytest.approx(expected.loss, rel=1e-12)
    pairs = [*zip(found.weights, expected.weights, strict=True), *zip(found.biases, expected.biases, strict=True)]
    for part, right in [*pairs, (found.inputs, expected.inputs)]:
        right = np.asarray(right)
        assert np.linalg.norm(part - right) <= 1e-10 * (1.0 + np.linalg.norm(right))
    again = net.backward(X, found.outputs).ravel()
    np.testing.assert_allclose(again, found.ravel(), rtol=0, atol=1e-12 * (1.0 + np.abs(found.ravel()).max()))
    assert net.loss(X, y, weight) == found.loss


@pytest.mark.parametrize("text", [text for text in TEXTS if text != "2*o"])
def test_the_check_of_gradients_passes_and_avoids_kinks(text):
    net = fm.Network(3, [fm.Dense(5, "tanh"), fm.Dense(2)], loss=text, seed=1)
    random = np.random.default_rng(3)
    X = random.normal(size=(40, 3))
    y = random.normal(size=(40, 2))
    y[::2] = net.forward(X)[::2]  # at the kink of an absolute error
    report = net.check_gradients(X, y)
    assert report.passed, report
    if "abs(o - t)" in text:
        assert report.n_samples_left_out >= 20


@pytest.mark.parametrize(("text", "name"), [("(o - t)**2", "mse"), ("abs(o - t)", "mae"), ("exp(o) - t*o", "poisson")])
def test_a_formula_trains_as_the_loss_that_it_spells(text, name):
    random = np.random.default_rng(0)
    X, y = random.normal(size=(64, 3)), random.integers(0, 4, (64, 3)).astype(float)
    losses = []
    for loss in (text, name):
        net = fm.Network(3, [fm.Dense(8, "tanh"), fm.Dense(3)], loss=loss, dtype="float64", seed=0)
        losses.append(net.fit(X, y, epochs=5, batch_size=16, optimizer=fm.SGD(0.01))["loss"])
    # the same formula with other roundings, some thousand operations of 1e-16
    np.testing.assert_allclose(*losses, rtol=1e-12)


def test_a_large_error_has_a_finite_logarithm_of_cosh_and_a_small_one_its_digits():
    net = fm.Network(1, [fm.Dense(1)], loss="log(cosh(o - t))")
    net.set_parameters([1.0, 0.0])
    assert net.loss([[1e6]], [0.0]) == pytest.approx(1e6 - np.log(2.0), rel=1e-6)
    for error in (1e-6, 1e-4, 1e-3, 0.5, 0.899, 0.901, 3.0):
        # tanh and the value, to a few units in the last place; the latter by its series where it is small
        assert net.gradients([[error]], [0.0]).biases[0][0] == pytest.approx(np.tanh(error), rel=1e-6)
        expected = 0.5 * error**2 - error**4 / 12 if error < 0.01 else np.log(np.cosh(error))
        assert net.loss([[error]], [0.0]) == pytest.approx(expected, rel=1e-6)


def test_a_file_and_a_pickle_keep_the_text(tmp_path):
    net = fm.Network(2, [fm.Dense(1)], loss=fm.losses.Formula("abs(o - t)**1.5"), seed=0)
    net.save(tmp_path / "net.safetensors")
    X, y = [[1.0, 2.0]], [3.0]
    for twin in (fm.load(tmp_path / "net.safetensors"), pickle.loads(pickle.dumps(net)), net.copy()):
        assert twin.loss_function == fm.losses.Formula("abs(o - t)**1.5")
        assert twin.loss(X, y) == net.loss(X, y)


@pytest.mark.parametrize(
    ("loss", "sentence"),
    [
        ("(x - o)**2", r"formula '\(x - o\)\*\*2': 'x' at column 2 is none of o, t, numbers"),
        ("(x - t)**2", r"loss '\(x - t\)\*\*2' does not exist"),
        ("log(o - t - 99)", "has no finite value for o and t from -4 to 4"),
        ("where(o, 1, 2)*o", r"must be one comparison with < <= > >=, as in where\(o > 0, a, b\)"),
        ("(o - t", r"'\(' was never closed"),
    ],
)
def test_what_is_no_formula_is_a_sentence(loss, sentence):
    with pytest.raises(ValueError, match=sentence):
        fm.Network(1, [fm.Dense(1)], loss=loss)


def test_an_object_says_that_the_output_is_missing():
    with pytest.raises(ValueError, match="does not contain o: write an expression in o, "):
        fm.losses.Formula("t**2")
    with pytest.raises(TypeError, match=r"a formula must be a string, got 3: write 'log\(cosh\(o - t\)\)'"):
        fm.losses.Formula(3)


def test_labels_are_indicator_rows_as_for_other_losses_of_values_and_there_is_no_unit():
    net = fm.Network(1, [fm.Dense(3)], loss="(o - t)**2", seed=0)
    assert net.loss([[1.0], [2.0]], [0, 2]) == net.loss([[1.0], [2.0]], np.eye(3)[[0, 2]])
    with pytest.raises(ValueError, match="scale_targets is for losses of values, but the loss is 'formula'"):
        fm.Network(1, [fm.Dense(1)], loss="(o - t)**2", scale_targets=True)


def test_a_value_that_is_no_number_ends_the_training():
    net = fm.Network(1, [fm.Dense(1)], loss="log(o) - t")
    net.set_parameters([1.0, 0.0])
    with pytest.raises(FloatingPointError, match="loss became NaN"):
        net.fit([[-1.0]], [1.0], epochs=1)
    np.testing.assert_array_equal(net.get_parameters(), [1.0, 0.0])
