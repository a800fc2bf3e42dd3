"""Activations that are given as formulas: from the text to trained networks.

What could go wrong: a name is taken for a formula or the reverse (names); a text outside the language is accepted, or
refused without saying where (refusals, hostile texts); a rule of differentiation, a folded constant or a fused product
is wrong (the reference, which differentiates the text by gates; central differences of the core); a kink takes another
side than documented (kinks); NaN is lost (NaN); the value differs between inference and training (same bits); a formula
that is infinite at 0 fills padding with NaN (padding); a wrong derivative passes the check at the start (check);
a formula is lost on the way to a file, a copy or a table (round trips).
"""

from __future__ import annotations

import copy
import math
import pickle
from dataclasses import replace

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import reference
from fastmlp._core import LayerSpec
from fastmlp._formula import check_derivative, compile_formula, parse
from fastmlp._formula.constants import fold
from fastmlp._formula.program import OPERATIONS
from fastmlp._formula.syntax import FUNCTIONS
from fastmlp.activations import ACTIVATIONS, Formula
from fastmlp.network import model_of

# every function and operator, and what the compiler treats in a way of its own
SMOOTH = [
    "x*sigmoid(1.702*x)",
    "tanh(x)",
    "exp(-x**2)",
    "x/2*(1 + erf(x/sqrt(2)))",
    "softplus(x) - log(2)",
    "x*tanh(softplus(x))",
    "sin(x) + cos(3*x)*x",
    "x**3 - x**7/100",
    "(x**2 + 1)**0.5",
    "(x**2 + 1)**-1.5",
    "(x**2 + 1)**0.3",
    "2**x",
    "(1 + x**2)**x",
    "log(1 + exp(x))",
    "1/(1 + exp(-x))",
    "sqrt(x*x + 1) - x",
    "-x",
    "+x - -x",
    "3 - x*x",
    "x*x - (x + 1)*(x + 2)",
    "x**0 + x**1 + x/x*pi + e",
    "x*0 + 1*x*1 - 0",
    "tanh(x)*tanh(x)*(1 - tanh(x))",
    "(2 + 3)*4*x**(1 + 1) - erf(0.5)*x",
]
KINKED = [
    "max(x, 0)",
    "min(x, 1)",
    "max(min(x, 1), -1, 0.3*x)",
    "abs(x)",
    "abs(x - 1)**1.5",
    "where(x > 0, x, exp(x) - 1)",
    "where(x <= 0.5, x**2, x - 0.25)",
    "where(1 < 2, x, 1/0.5)",
    "where(x < 0, where(x >= -1, 2*x, x**3), sin(x))",
    "max(x, x**2) - min(2*x, sin(x))",
]
PARTIAL = ["log(x)", "sqrt(x)", "x**x", "x**0.5", "x**-0.5 + 1/x", "where(x > 0, sqrt(x)*log(x), -x)"]
NAN_GETS_THROUGH = ["max(x, 0)", "max(0, x)", "min(x, 0)", "min(0, x)", "x - x", "x**3", "where(x > 0, x, 2*x)"]
NAN_GETS_THROUGH += [f"{name}(x)" for name, (count, _) in FUNCTIONS.items() if count == 1]
FORMULAS = [*SMOOTH, *KINKED, *PARTIAL]
POINTS = np.random.default_rng(3).uniform(-3.0, 3.0, 41)


def one_unit(text, dtype="float64"):
    net = fm.Network(1, [fm.Dense(1, text)], dtype=dtype, seed=0)
    net.set_parameters([1.0, 0.0])
    return net


def slopes_of(net, X):
    """Return activation'(x), as the core has it: half_squared_error's delta is (a - t) activation'(z)."""
    column = np.reshape(np.asarray(X, net.dtype), (-1, 1))
    with_loss = fm.Network(
        1, [fm.Dense(1, net.layers[0].activation)], loss="half_squared_error", dtype=net.dtype, seed=0
    )
    with_loss.set_parameters([1.0, 0.0])
    targets = net.forward(column) - 1
    return np.array([with_loss.gradients(x[None], t[None]).inputs[0, 0] for x, t in zip(column, targets, strict=True)])


def by_gates(text, x):
    gate = reference.Gate(float(x))
    a = reference.formulas.evaluate(Formula(text).expression, gate)
    a.backward()
    return a.value, gate.gradient


# ---- names and texts ----


def test_a_text_with_x_and_an_operator_or_a_call_is_a_formula_and_a_wrong_word_lists_the_names():
    assert fm.Dense(3, "x*tanh(x)").activation == Formula("x*tanh(x)")
    assert fm.Dense(3, Formula("x + 1")).activation == Formula("x + 1") != Formula("x+1")
    for name in ACTIVATIONS:
        assert fm.Dense(3, name).activation == ACTIVATIONS[name]()
    for word in ("rellu", "x", "leaky-relu", "tanh()", "max", ""):
        with pytest.raises(ValueError, match=r"^activation .* does not exist: use one of 'identity', 'sigmoid'"):
            fm.Dense(3, word)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x*tan(x)", "'tan' at column 3 is none of x, numbers, pi, e"),
        ("  x + y", "'y' at column 7 is none of"),
        ("relu(x)", "'relu' at column 1 is none of"),
        ("x.real*x", r"'x\.real' at column 1 is none of"),
        ("x(2)", "'x' at column 1 is none of"),
        ("abs(x)(1)", r"'abs\(x\)' at column 1 is none of"),
        ("x[0] + 1", r"'\[' at column 2 is none of"),
        ("x + 'a'", '"\'" at column 5 is none of'),
        ("x\n+ 1", r"at column 2 is none of"),
        ("x + \xe9", "at column 5 is none of"),
        ("x % 2 * x", "'%' at column 3 is none of"),
        ("x // 2", "'x // 2' at column 1 is none of"),
        ("x + True", "'True' at column 5 is none of"),
        ("x*1j", "'1j' at column 3 is none of"),
        ("x and x*2", "'x and x\\*2' at column 1 is none of"),
        ("x*(lambda)", "cannot be read from column"),
        ("x +", "ends too early"),
        ("x*(1 + 2", r"cannot be read from column 3 on: '\(' was never closed"),
        ("x*(1 + 2))", r"cannot be read from column 10 on: unmatched '\)'"),
        ("(x + 1) 2", "cannot be read from column"),
        ("x, x + 1", "'x, x \\+ 1' at column 1 is none of"),
        ("x*1e999", "'1e999' at column 3 must be at most 3e\\+38"),
        ("(x > 0)*x", "'x > 0' at column 2 is a comparison, which stands as the first argument of where"),
        ("x if x > 0 else -x", "at column 1 is a condition: write where"),
        ("where(x, x, 1)", "'x' at column 7 must be one comparison"),
        ("where(-1 < x < 1, x, 0)", "'-1 < x < 1' at column 7 must be one comparison"),
        ("where(x == 0, x, 1)", "'x == 0' at column 7 must be one comparison"),
        ("where(x > 0, x)", "at column 1 must have three arguments"),
        ("max(x)", "at column 1 must have two or more arguments"),
        ("tanh(x, 1)", "at column 1 must have one argument, without names"),
        ("abs(x=1)", "must have one argument, without names"),
        ("max(*x)", "must have two or more"),
        ("x**2000", "constant part at column 1 has no value within 3e\\+38, or an exponent beyond 1024"),
        ("x + log(-1)", "constant part at column 5 has no value"),
        ("x/(1 - 1) + 1/0", "constant part at column 13 has no value"),
        ("x*exp(1000)", "constant part at column 3 has no value"),
        ("x + sin(1e9)", "constant part at column 5 has no value"),
        ("log(x - 9)", "has no finite value for x from -4 to 4"),
    ],
)
def test_what_is_no_formula_is_refused_in_one_sentence_that_says_where(text, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        fm.Dense(3, text)
    assert str(caught.value).startswith("formula ")
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_a_formula_is_a_string_with_x_in_it():
    with pytest.raises(ValueError, match=r"^formula '3 \+ 2\*4' does not contain x"):
        Formula("3 + 2*4")
    with pytest.raises(TypeError, match=r"^a formula must be a string, got 3"):
        Formula(3)


@pytest.mark.parametrize(
    "text",
    [
        "x" + "+x" * 500,
        "x" + "+x" * 400,
        "-" * 900 + "x",
        "(" * 450 + "x+1" + ")" * 450,
        "tanh(" * 190 + "x" + ")" * 190,
        "x" + "**x" * 300,
        "x" + "<x" * 400,
        "9" * 900 + "*x",
        "9**9**9**9**9*x",
        "(((x**1024)**1024)**1024)**1024*" + "(9.9**1000)",
        "__import__('os').system('true')*x",
        "[x for x in (1).__class__.__bases__]*x",
        "x*" + "\0",
    ],
)
def test_hostile_texts_are_refused_at_once(text):
    with pytest.raises(ValueError, match=r"^formula .*\.$") as caught:
        Formula(text)
    assert len(str(caught.value)) < 300


def test_a_formula_that_needs_more_registers_than_there_are_is_refused_and_long_sums_are_not():
    assert Formula("x" + "+x" * 98)
    with pytest.raises(ValueError, match="intermediate results at a time, more than the 32"):
        Formula("tanh(" * 60 + "x" + ")" * 60)


# ---- values and derivatives ----


@pytest.mark.parametrize("text", FORMULAS)
def test_value_and_derivative_are_those_of_the_reference(text):
    points = np.abs(POINTS) if text in PARTIAL else POINTS
    expected = np.array([by_gates(text, x) for x in points])
    for dtype in ("float32", "float64"):
        net = one_unit(text, dtype)
        # the reference starts from what the core gets
        wanted = np.array([by_gates(text, x) for x in points.astype(dtype)]) if dtype == "float32" else expected
        # a dozen operations of a few ULP, whose terms are up to 30 times as large as their sum
        tolerance = 500 * np.finfo(dtype).eps
        np.testing.assert_allclose(
            net.forward(points[:, None].astype(dtype))[:, 0], wanted[:, 0], rtol=tolerance, atol=tolerance
        )
        np.testing.assert_allclose(slopes_of(net, points), wanted[:, 1], rtol=2 * tolerance, atol=2 * tolerance)


@pytest.mark.parametrize("text", SMOOTH)
def test_the_derivative_is_that_of_central_differences_of_the_core(text):
    net, h = one_unit(text), 1e-5
    above, below = net.forward(POINTS[:, None] + h)[:, 0], net.forward(POINTS[:, None] - h)[:, 0]
    # h^2 / 6 f''' with third derivatives up to about 10^3, and roundings of values up to 10^2 over h
    np.testing.assert_allclose(slopes_of(net, POINTS), (above - below) / (2 * h), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("hidden", ["x*sigmoid(1.702*x)", "max(x, 0.1*x)", "where(x > 0, x, exp(x) - 1)"])
@pytest.mark.parametrize("last", ["softmax", "sigmoid", "identity", "x*tanh(x)"])
def test_networks_agree_with_the_reference(hidden, last):
    layers = [fm.Dense(7, hidden), fm.Dense(4, hidden), fm.Dense(3, last)]
    net = fm.Network(5, layers, dtype="float64", seed=1)
    oracle = reference.Network(5, layers)
    oracle.set_parameters(net.get_parameters().tolist())
    random = np.random.default_rng(2)
    X, y = random.uniform(-1, 1, (9, 5)), random.integers(0, 3, 9)
    mine, theirs = net.gradients(X, y), oracle.gradients(X.tolist(), y.tolist())
    assert mine.loss == pytest.approx(theirs.loss, rel=1e-12)
    for ours, other in zip([*mine.weights, *mine.biases], [*theirs.weights, *theirs.biases], strict=True):
        np.testing.assert_allclose(ours, other, rtol=1e-10, atol=1e-13)
    assert net.check_gradients(X, y).passed


@pytest.mark.parametrize(
    ("text", "x", "slope"),
    [
        ("abs(x)", 0.0, 0.0),
        ("max(x, 0)", 0.0, 0.0),
        ("max(0, x)", 0.0, 1.0),
        ("min(x, 0)", 0.0, 1.0),
        ("min(0, x)", 0.0, 0.0),
        ("where(x > 0, x, 0.1*x)", 0.0, 0.1),
        ("where(x >= 0, x, 0.1*x)", 0.0, 1.0),
        ("where(x < 1, 3*x, x)", 1.0, 1.0),
        ("where(x <= 1, 3*x, x)", 1.0, 3.0),
        ("sqrt(x)", 0.0, math.inf),
    ],
)
def test_at_a_kink_the_derivative_is_the_documented_one(text, x, slope):
    assert slopes_of(one_unit(text), [x]) == [slope]
    if math.isfinite(slope):
        assert by_gates(text, x)[1] == slope


def test_samples_at_a_kink_are_left_out_of_a_check_of_gradients():
    net = one_unit("where(x > 0.5, 3*x, x)")
    report = net.check_gradients([[0.1], [0.5], [0.9]], [0.0, 0.0, 0.0])
    assert report.passed
    assert report.n_samples_left_out == 1


@pytest.mark.parametrize("text", NAN_GETS_THROUGH)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nan_passes(text, dtype):
    # past the checks, which refuse data with NaN
    assert np.isnan(model_of(one_unit(text, dtype)).core.forward(X=np.array([[np.nan]]), threads=1)).all()


def test_special_values_of_functions_without_a_test_of_their_own():
    with np.errstate(all="ignore"):
        x = np.array([[0.0], [-1.0], [np.inf], [4.0]])
        roots = model_of(one_unit("sqrt(x)")).core.forward(X=x, threads=1)[:, 0]
        np.testing.assert_array_equal(roots, [0.0, np.nan, np.inf, 2.0])
        x = np.array([[2.0**-480], [2.0**-535]])  # of a square that is tiny, and of one that is subnormal
        roots = model_of(one_unit("sqrt(x * x)")).core.forward(X=x, threads=1)[:, 0]
        np.testing.assert_array_equal(roots, x[:, 0])
        x = np.array([[-1e4], [0.0], [1e4], [np.inf]])
        grown = model_of(one_unit("softplus(x)")).core.forward(X=x, threads=1)[:, 0]
        np.testing.assert_array_equal(grown, [0.0, math.log(2.0), 1e4, np.inf])


def test_a_row_and_a_matrix_inference_and_training_give_the_same_bits():
    net = fm.Network(6, [fm.Dense(37, "x*erf(x) + cos(x)"), fm.Dense(5, "x*sigmoid(x)")], seed=3)
    X = np.random.default_rng(1).standard_normal((131, 6)).astype(np.float32)
    whole = net.predict(X)
    for rows in (1, 2, 7, 40):
        parts = [net.predict(X[i : i + rows]) for i in range(0, len(X), rows)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)
    # a training step computes value and derivative, and the loss shows the value
    y = np.zeros((1, 5), np.float32)
    both = net.gradients(X[:1], y).loss
    assert both == net.loss(X[:1], y)
    assert both == pytest.approx(float(np.mean(whole[0].astype(np.float64) ** 2)), rel=1e-6)


@pytest.mark.parametrize("text", ["log(x**2)", "1/x", "abs(x)**-0.5"])
def test_a_formula_that_has_no_value_at_zero_leaves_padding_zero(text):
    # 5 and 7 units, padded to 16, where pre-activations are 0
    net = fm.Network(3, [fm.Dense(5, text), fm.Dense(7, text), fm.Dense(2)], seed=5, l2=1e-3, dtype="float64")
    random = np.random.default_rng(4)
    X = random.uniform(1.0, 2.0, (40, 3))
    net.fit(X, random.uniform(0, 1, (40, 2)), epochs=3, batch_size=10, optimizer=fm.SGD(1e-6))
    for layer in net.layers:
        n_in, units = layer.weights.shape
        whole = np.lib.stride_tricks.as_strided(layer.weights, (n_in, layer.weights.strides[0] // 8))
        assert np.isfinite(whole).all()
        assert not whole[:, units:].any()


def test_training_by_a_formula_is_training_by_the_activation_of_its_name():
    X = np.random.default_rng(0).standard_normal((60, 4)).astype(np.float32)
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    trained = []
    for name in ("tanh", "tanh(x)"):
        net = fm.Network(4, [fm.Dense(20, name), fm.Dense(20, name), fm.Dense(2, "softmax")], seed=2)
        net.fit(X, y, epochs=5, batch_size=16)
        trained.append(net.get_parameters())
    np.testing.assert_array_equal(*trained)


# ---- how it is made ----


def instructions(text):
    return [instruction[0] for instruction in Formula(text).program.instructions]


def test_subexpressions_are_shared_constants_folded_and_products_fused():
    assert instructions("tanh(x)") == ["tanh", "subtract_product"]
    assert instructions("x*sigmoid(x)") == ["sigmoid", "multiply", "subtract_product", "multiply_add"]
    assert instructions("tanh(x)*tanh(x) - tanh(x)").count("tanh") == 1
    assert instructions("sigmoid(x) + 0*1") == ["sigmoid", "subtract_product"]
    assert instructions("exp(x)/exp(x)").count("exp") == 1
    assert instructions("x*(2*3) + 5") == ["multiply_add"]
    assert instructions("where(1 < 2, x*1, log(x))") == []
    # x^2, x^4, x^8, and 8 x^7 from them
    assert instructions("x**8") == ["multiply"] * 6


@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "tanh", "sigmoid", "softplus", "erf", "sin", "cos"])
def test_constants_are_folded_to_the_last_digit(name):
    for x in (1e-300, 1e-9, 0.1, 0.7, 1.0, 2.5, 7.0, 30.0):
        for signed in (x, -x):
            if name not in ("log", "sqrt") or signed > 0:
                # NumPy's functions err by an ULP or two themselves
                assert fold(name, (signed,)) == pytest.approx(float(OPERATIONS[name](signed)), rel=1e-15, abs=0.0)


def test_a_wrong_derivative_is_found_when_the_network_is_made():
    for text in ("x*sigmoid(x)", "x**3", "abs(x)", "max(x, 2*x)"):
        good = compile_formula(parse(text), text)
        check_derivative(good, text)
        constants = (*good.constants, 0.5)
        wrong = replace(good, constants=constants, derivative=-len(constants))
        with pytest.raises(ValueError, match="differences of its value do not confirm"):
            check_derivative(wrong, text)


def test_a_derivative_that_is_lost_in_overflow_is_found():
    with pytest.raises(ValueError, match="has a derivative that differences of its value do not confirm, at x = -"):
        Formula("1/(1 + exp(-1000*x))")
    assert Formula("sigmoid(1000*x)")


@pytest.mark.parametrize(
    "program",
    [
        ([("exp", 32, (0,))], 1, [], 0, 0),
        ([("exp", -1, (0,))], 1, [], 0, 0),
        ([("exp", 0, (32,))], 1, [], 0, 0),
        ([("exp", 0, (-1,))], 1, [], 0, 0),
        ([("exp", 0, (-3,))], 1, [1.0, 2.0], 0, 0),
        ([("add", 0, (0, 0, 0, 0))], 1, [], 0, 0),
        ([("add", 1, (0, 1))], 1, [], 0, 0),
        ([("exp", 1, (0,))], 2, [], 0, 0),
        ([("exp", 1, (0,))], 0, [], 1, 1),
        ([("exp", 1, (0,))], 1, [], 1, 2),
        ([("system", 1, (0,))], 1, [], 1, 1),
        0.0,
    ],
)
def test_the_core_refuses_a_program_that_would_reach_out_of_its_memory(program):
    with pytest.raises(ValueError):
        LayerSpec(units=1, activation="formula", parameter=program)


def test_the_core_takes_a_program_for_a_formula_only():
    sound = Formula("x*tanh(x)").program.for_core()
    assert LayerSpec(units=1, activation="formula", parameter=sound)
    with pytest.raises(ValueError):
        LayerSpec(units=1, activation="tanh", parameter=sound)


# ---- round trips ----


def test_a_formula_comes_back_from_files_copies_and_pickles(tmp_path):
    net = fm.Network(2, [fm.Dense(3, "x*sigmoid(1.702*x)"), fm.Dense(2, "where(x > 0, x, 0.1*x)")], seed=1)
    net.save(tmp_path / "model.safetensors")
    X = np.random.default_rng(0).standard_normal((5, 2))
    for again in (fm.load(tmp_path / "model.safetensors"), pickle.loads(pickle.dumps(net)), copy.deepcopy(net)):
        assert [layer.activation for layer in again.layers] == [layer.activation for layer in net.layers]
        np.testing.assert_array_equal(again.forward(X), net.forward(X))


def test_the_text_is_shown():
    net = fm.Network(2, [fm.Dense(3, "x*tanh(x)")], seed=1)
    assert repr(Formula("x*tanh(x)")) == "Formula(text='x*tanh(x)')"
    assert repr(net) == "Network(2, [Dense(3, 'x*tanh(x)')], loss='mse', dtype='float32', seed=1)"
    assert "    1  x*tanh(x)   2 x 3             9\n" in net.summary()
    assert Formula.name == "formula"
    assert hash(Formula("x + 1")) == hash(Formula("x + 1"))


def test_cross_entropy_does_not_follow_a_formula():
    with pytest.raises(ValueError, match="needs softmax or sigmoid in the last layer, which has 'formula'"):
        fm.Network(2, [fm.Dense(3, "sigmoid(x)*1")], loss="cross_entropy")
