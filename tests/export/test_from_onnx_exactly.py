"""What ``from_onnx`` must not take for something else: what could go wrong, and which test sees it.

A function that is near another one within the numbers that were tried is read as that (limits far out, slopes near 0,
constants with the digits of float64), a constant of another shape as a row, a node in training mode or of another
domain as the usual one, a setting or an input as if it were not there, rows without an axis of columns as those with
one; a label as another one (its rows, its threshold, its names), scores as values. test_from_onnx.py has what is read.
"""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from test_from_onnx import X, model, same

import fastmlp as fm
from fastmlp.activations import ACTIVATIONS, ELU, Formula, LeakyReLU

FAR = np.array([[0.0, 0.0], [1e5, -80.0], [-3e30, 60.0], [-70.0, 7e30], [1e-7, -1e-6], [-30.0, 0.1]])
SHARE = {"float32": 2e-6, "float64": 1e-14}


def written(tmp_path, nodes, arrays, dtype=np.float32, opset=17, functions=(), sizes=("n", 2)):
    """Write a model of these nodes and constants."""
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    made = helper.make_model(
        helper.make_graph(
            nodes,
            "g",
            [helper.make_tensor_value_info("x", kind, sizes)],
            [helper.make_tensor_value_info("y", kind, ["n", "k"])],
            [numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()],
        ),
        opset_imports=[helper.make_opsetid(domain, version) for domain, version in (("", opset), ("my.ops", 1))],
        functions=functions,
        ir_version=8,
    )
    onnx.save(made, tmp_path / "model.onnx")
    return str(tmp_path / "model.onnx")


@pytest.mark.parametrize(
    ("node", "arrays"),
    [
        (("Clip", {}), {"low": 0.0, "high": 2000.0}),
        (("Clip", {}), {"low": -65504.0, "high": 65504.0}),
        (("Clip", {}), {"low": -1.0, "high": 1.0000001}),
        (("ThresholdedRelu", {"alpha": 9e-4}), {}),
        (("LeakyRelu", {"alpha": 3e-7}), {}),
        (("LeakyRelu", {"alpha": 0.1}), {}),
        (("LeakyRelu", {"alpha": -0.3}), {}),
        (("Elu", {"alpha": 0.7}), {}),
        (("Selu", {}), {}),
        (("Celu", {"alpha": 1.0}), {}),
        (("HardSigmoid", {}), {}),
        (("HardSwish", {}), {}),
        (("Mul", {}), {"factor": 0.1}),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_function_far_out_near_0_and_in_the_last_digit_is_that_of_the_file(node, arrays, dtype, tmp_path):
    operator, settings = node
    nodes = [
        helper.make_node("MatMul", ["x", "W"], ["h"]),
        helper.make_node(operator, ["h", *arrays], ["a"], **settings),
        helper.make_node("MatMul", ["a", "W"], ["y"]),
    ]
    constants = {name: np.asarray(value, dtype) for name, value in arrays.items()}
    path = written(tmp_path, nodes, {"W": np.eye(2, dtype=dtype), **constants}, dtype)
    rows = FAR.astype(dtype)
    with np.errstate(over="ignore"):  # of what Elu takes where it does not count
        expected = ReferenceEvaluator(path).run(None, {"x": rows})[0]
    found = fm.from_onnx(path).forward(rows)
    # where exp(x) - 1 is written out, some last digits of 1
    assert np.allclose(found, expected, rtol=SHARE[dtype], atol=8 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_activation_of_our_own_comes_back_as_itself(dtype, tmp_path):
    numbers = [LeakyReLU(1 / 3), LeakyReLU(1e-7), LeakyReLU(0.1), ELU(1 / 3), ELU(0.7)]
    formulas = [Formula("x*0.10000000149011612"), Formula("min(max(x, -2000), 2000)"), Formula("max(x, 0) + 5e-7*x")]
    path = tmp_path / "model.onnx"
    rows = FAR[[0, 1, 4, 5]].astype(dtype)
    for activation in [*(kind() for name, kind in ACTIVATIONS.items() if name != "softmax"), *numbers, *formulas]:
        net = fm.Network(2, [fm.Dense(5, activation), fm.Dense(2)], dtype=dtype, seed=0)
        net.to_onnx(path)
        again = fm.from_onnx(path)
        known = again.layers[0].activation
        if isinstance(activation, Formula):
            assert isinstance(known, Formula)
        elif dtype == "float64" or activation not in numbers:
            assert known == activation
        else:
            assert np.float32(known.parameter) == np.float32(activation.parameter)
        assert np.array_equal(again.forward(rows), net.forward(rows)) or isinstance(activation, Formula)
        assert np.allclose(again.forward(rows), net.forward(rows), rtol=SHARE[dtype] / 2, atol=0.0)


SHAPES = {
    (): True, (1,): True, (1, 1): True, (3,): True, (1, 3): True, (3, 1): False, (1, 1, 3): False, (2,): False,
    (1, 1, 1): False, (3, 3): False,
}  # fmt: skip


@pytest.mark.parametrize("operator", ["Gemm", "Add", "Sub", "Mul", "Div", "Max", "PRelu", "LayerNormalization"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_constant_of_another_shape_than_a_row_or_a_number_is_refused(operator, shape, tmp_path):
    C = 1.0 + np.arange(np.prod(shape, dtype=int), dtype=np.float32).reshape(shape)
    arrays = {"W": np.eye(3, dtype=np.float32), "C": C}
    first = [helper.make_node("MatMul", ["x", "W"], ["h"]), helper.make_node(operator, ["h", "C"], ["y"])]
    if operator == "Gemm":
        first = [helper.make_node("Gemm", ["x", "W", "C"], ["y"])]
    if operator in ("PRelu", "LayerNormalization"):
        first = [
            *first[:1],
            helper.make_node(operator, ["h", "C"], ["a"]),
            helper.make_node("MatMul", ["a", "W"], ["y"]),
        ]
    path = written(tmp_path, first, arrays, sizes=("n", 3))
    rows = np.array([[0.0, 1.0, -2.0]] * 3, np.float32)
    one_number = operator in ("Max", "PRelu") and C.size != 1
    if SHAPES[shape] and not one_number:
        expected = ReferenceEvaluator(path).run(None, {"x": rows})[0]
        assert np.allclose(fm.from_onnx(path).forward(rows), expected, rtol=1e-6, atol=1e-6)
    else:
        with pytest.raises(ValueError, match=r"of shape|slope for each column|that is not linear|does not fit"):
            fm.from_onnx(path)


@pytest.mark.parametrize(
    ("nodes", "sentence", "opset"),
    [
        ("h = Gemm(x, W) y = BatchNormalization<training_mode = 1>(h, g, b, b, v)", "is in training mode", 15),
        ("h = Gemm(x, W) y, s, t = BatchNormalization(h, g, b, b, v)", "outputs beside its first", 15),
        ("h = Gemm(x, W) y = BatchNormalization(h, row, b, b, v)", "for something else than 3 columns", 15),
        ("h = Gemm(x, W) y = Dropout(h, half, yes)", "is in training mode", 13),
        ("h = Gemm(x, W) y = Reshape<allowzero = 1>(h, none)", "makes arrays without numbers", 14),
        ("h = Gemm(x, W) k = Pow(h, h) y = Gemm(k, V)", "has exponents that are not constant", 13),
        ("h = Gemm(x, W) k = Clip(h, row) y = Gemm(k, V)", "has limits that are no constant numbers", 13),
        ("h = Gemm(x, W) p = Gemm(h, U) s = Squeeze(p, last) y = Mul(s, p)", "joins two branches", 13),
        ("h = Gemm(x, W) p = Gemm(h, U) s = Squeeze(p, last) y = Add(s, U)", "of shape", 13),
        ("h = Gemm(x, W) p = Gemm(h, U) s = Squeeze(p, last) y = Max(s, cell)", "of shape", 13),
        ("h = Gemm(x, W) p = Gemm(h, U) s = Squeeze(p, last) y = Softmax(s)", "without an axis of columns", 13),
        ("p = Gemm(x, W) q = Gemm(p, U) r = Sub(one, q) y = Concat<axis = 1>(r, q)", "joins columns", 13),
        ("h = Gemm(x, W) p = Gemm(h, U) q = Sigmoid(p) r = Sub(one, q) c1 = Concat<axis = 1>(r, q) y = Relu(c1)",
         "stands after Softmax, or after probabilities of two classes", 13),
        ("h = Gemm(x, W) y = If<then_branch = t () => (float[n,3] u) {u = Neg(h)}, else_branch = e () => (float[n,3] u)"
         " {u = Identity(h)}>(yes)", "has a graph of its own", 13),
        ("n = LayerNormalization(x, c) y = Gemm(n, W)", "is not applied to a linear layer", 17),
        ("h = Gemm(x, W) s = Mul(h, two) y = LayerNormalization<stash_type = 10>(s, g)", "in other numbers", 17),
    ],
)  # fmt: skip
def test_a_setting_an_input_or_a_shape_that_changes_the_outputs_is_refused(nodes, sentence, opset, tmp_path):
    extra = "int64[2] none = {0, 3}, bool yes = {1}, float[1,1] cell = {1.0}"
    with pytest.raises(ValueError, match=sentence):
        fm.from_onnx(model(tmp_path, nodes, opset, constants=extra))


def test_an_operator_of_another_domain_or_of_the_file_itself_is_refused(tmp_path):
    W = {"W": np.eye(2, dtype=np.float32)}
    product = helper.make_node("MatMul", ["x", "W"], ["h"])
    nodes = [product, helper.make_node("Relu", ["h"], ["y"], domain="my.ops")]
    with pytest.raises(ValueError, match=r"\(Relu\) is of the domain 'my.ops', which is not read"):
        fm.from_onnx(written(tmp_path, nodes, W))
    negative = helper.make_node("Neg", ["p"], ["q"])
    function = helper.make_function("my.ops", "Relu", ["p"], ["q"], [negative], [helper.make_opsetid("", 17)])
    with pytest.raises(ValueError, match=r"\(Relu\) is a function that the file itself defines"):
        fm.from_onnx(written(tmp_path, nodes, W, functions=[function]))
    with pytest.raises(ValueError, match=r"\(Scaler\) is of the domain 'my.ops'"):
        fm.from_onnx(written(tmp_path, [product, helper.make_node("Scaler", ["h"], ["y"], domain="my.ops")], W))
    for opset in (8, 99):
        with pytest.raises(ValueError, match=f"is of opset {opset}, but from_onnx reads 9 to"):
            fm.from_onnx(written(tmp_path, [helper.make_node("MatMul", ["x", "W"], ["y"])], W, opset=opset))


def test_a_scaling_far_from_0_keeps_its_digits(tmp_path):
    nodes = [
        helper.make_node("Sub", ["x", "centre"], ["c"]),
        helper.make_node("Div", ["c", "spread"], ["s"]),
        helper.make_node("MatMul", ["s", "W"], ["y"]),
    ]
    arrays = {"W": np.eye(2), "centre": np.array([1.7e9 + 0.7, 0.3]), "spread": np.array([3e-4, 7.0])}
    rows = np.array([[1.7e9 + 1e-3, 1.0], [1.7e9 - 4e-3, -5.0]])
    path = written(tmp_path, nodes, arrays, np.float64)
    expected = ReferenceEvaluator(path).run(None, {"x": rows})[0]
    assert np.allclose(fm.from_onnx(path).forward(rows), expected, rtol=1e-15, atol=0.0)


def test_a_normalization_with_another_epsilon_is_refused_by_the_digits_of_its_dtype(tmp_path):
    nodes = [
        helper.make_node("MatMul", ["x", "W"], ["h"]),
        helper.make_node("LayerNormalization", ["h", "g"], ["n"], epsilon=1e-5),
        helper.make_node("MatMul", ["n", "W"], ["y"]),
    ]
    fm.from_onnx(written(tmp_path, nodes, {"W": np.eye(2, dtype=np.float32), "g": np.ones(2, np.float32)}))
    with pytest.raises(ValueError, match=r"has epsilon 9\.99999974737875\d*e-06, not 1e-05"):
        fm.from_onnx(written(tmp_path, nodes, {"W": np.eye(2), "g": np.ones(2)}, np.float64))


# labels ------------------------------------------------------------------------------------------------------------

ONE = "h = Gemm(x, W, b) p = Gemm(h, U) y = Sigmoid(p) "
MANY = "h = Gemm(x, W, b) y = Softmax<axis = 1>(h) "
ENCODER = "label = ai.onnx.ml.LabelEncoder"


@pytest.mark.parametrize(
    ("nodes", "kind"),
    [
        (MANY + "label = ArgMax<axis = 1, keepdims = 0>(y)", None),
        (MANY + "label = ArgMax<axis = -1, keepdims = 0>(h)", None),
        (MANY + "i = ArgMax<axis = 1, keepdims = 0>(y) label = Gather(three, i)", None),
        (MANY + "i = ArgMax<axis = 1, keepdims = 0>(y) j = Gather(turn, i) label = Gather(three, j)", None),
        (MANY + "i = ArgMax<axis = 1, keepdims = 0>(y) "
         + ENCODER + '<keys_int64s = [2, 0, 1], values_strings = ["two", "zero", "one"]>(i)', "string"),
        (MANY + "i = ArgMax<axis = 1, keepdims = 0>(y) "
         + ENCODER + "<keys_int64s = [0, 2, 1], values_int64s = [10, 20, 30]>(i)", None),
        (MANY + "i = ArgMax<axis = 1, keepdims = 0>(y) "
         + ENCODER + '<keys_int64s = [0, 1, 2], values_strings = ["0", "1", "2"]>(i)', "string"),
        (ONE + "q = Greater(y, half) label = Cast<to = 7>(q)", None),
        (ONE + "q = Less(half, y) label = Cast<to = 7>(q)", None),
        (ONE + "q = GreaterOrEqual(p, zero) i = Cast<to = 7>(q) label = Gather(classes, i)", None),
        ("h = Gemm(x, W, b) y = Gemm(h, U) q = Greater(y, zero) label = Cast<to = 7>(q)", None),
        ("y = Gemm(x, W, b) label = ArgMax<axis = 1, keepdims = 0>(y)", None),
        ("h = Gemm(x, W, b) y = Tanh(h) label = ArgMax<axis = 1, keepdims = 0>(y)", None),
    ],
)  # fmt: skip
def test_a_network_predicts_the_labels_of_its_file(nodes, kind, tmp_path):
    extra = "int64[3] three = {7, 5, 6}, int64[3] turn = {2, 0, 1}, float zero = {0.0}"
    path = model(tmp_path, nodes, 16, "label y", constants=extra, labels=kind or "int64")
    found = fm.from_onnx(path).predict(X)
    expected = ReferenceEvaluator(path).run(["label"], {"x": X})[0].ravel()
    assert found.tolist() == (expected.tolist() if found.dtype.kind == "i" else list(map(str, expected)))
    assert kind is None or found.dtype.kind == "U"


@pytest.mark.parametrize(
    ("nodes", "sentence"),
    [
        (ONE + "q = Greater(p, half) label = Cast<to = 7>(q)", "makes labels of something else"),
        (ONE + "q = Greater(y, zero) label = Cast<to = 7>(q)", "makes labels of something else"),
        (ONE + "t = Mul(two, y) q = Greater(t, half) label = Cast<to = 7>(q)", "makes labels of something else"),
        (ONE + "q = Less(y, half) label = Cast<to = 7>(q)", "by another threshold"),
        (ONE + "q = Greater(y, eps) label = Cast<to = 7>(q)", "by another threshold"),
        (ONE + "label = ArgMax<axis = 1, keepdims = 0>(y)", "makes labels of a single column"),
        (MANY + "n1 = Neg(h) label = ArgMax<axis = 1, keepdims = 0>(n1)", "makes labels of something else"),
        (MANY + "label = ArgMax<axis = 1, keepdims = 0>(x)", "makes labels of something else"),
        (MANY + "label = ArgMax<axis = 0, keepdims = 0>(y)", "is not the first of the largest columns"),
        (MANY + "label = ArgMax(y)", "is not the first of the largest columns"),
        (MANY + "label = ArgMax<axis = 1, select_last_index = 1>(y)", "is not the first of the largest columns"),
        (MANY + "i = ArgMax<axis = 1, keepdims = 0>(y) label = Gather(i, turn)", "makes something else of labels"),
        (MANY + "i = ArgMax<axis = 1, keepdims = 0>(y) label = Gather(twice, i)", "gives two classes the same label"),
        (MANY + "i = ArgMax<axis = 1, keepdims = 0>(y) label = Add(i, turn)", "makes something else of labels"),
        (MANY + "i = ArgMax<axis = 1, keepdims = 0>(y) "
         + ENCODER + "<keys_int64s = [0, 2], values_int64s = [10, 20]>(i)", "has no key for a class"),
        (MANY + "i = ArgMax<axis = 1, keepdims = 0>(y) " + ENCODER + "<keys_int64s = [0, 1, 2], keys_floats = [1.0], "
         "values_int64s = [10, 20, 30]>(i)", "has the attribute keys_floats, which is not read"),
        ("h = Gemm(x, W, b) y = Relu(h) label = ArgMax<axis = 1, keepdims = 0>(y)", "of outputs after relu"),
    ],
)  # fmt: skip
def test_a_label_that_no_network_predicts_is_refused(nodes, sentence, tmp_path):
    extra = "int64[3] turn = {2, 0, 1}, int64[3] twice = {2, 1, 2}, float zero = {0.0}"
    with pytest.raises(ValueError, match=sentence):
        fm.from_onnx(model(tmp_path, nodes, 16, "label y", constants=extra))


def test_names_of_classes_and_scores_come_back_as_they_were(tmp_path):
    path = tmp_path / "model.onnx"
    for units, loss in ((1, "hinge"), (3, "hinge"), (1, "perceptron"), (3, "perceptron")):
        net = fm.Network(2, [fm.Dense(units)], loss=loss, seed=1)
        net.fit(X, np.array(["2", "1", "0"] if units == 3 else ["no", "yes"])[np.arange(5) % max(units, 2)], epochs=1)
        net.to_onnx(path)
        again = fm.from_onnx(path)
        assert again.classes == net.classes
        assert again.predict(X).tolist() == net.predict(X).tolist()
    with pytest.raises(ValueError, match="cross_entropy"):
        fm.from_onnx(path, loss="cross_entropy")
    assert fm.from_onnx(path, loss="mse").classes is None


def test_what_predict_returns_is_what_the_file_has_and_a_loss_says_otherwise(tmp_path):
    path = tmp_path / "model.onnx"
    net = fm.Network(2, [fm.Dense(3, "sigmoid")], loss="mse", seed=0)
    net.to_onnx(path)
    assert np.array_equal(fm.from_onnx(path).predict(X), net.predict(X))
    assert fm.from_onnx(path, loss="cross_entropy").is_classifier
    foreign = model(tmp_path, "h = Gemm(x, W) y = Sigmoid(h)")
    assert fm.from_onnx(foreign).is_classifier
    assert not fm.from_onnx(foreign, loss="mse").is_classifier
    same(foreign)
