"""Networks out of ONNX models: what could go wrong, and which test sees it.

An operator is read as something else (every activation and its ways of being written, normalizations, factors of
columns before, between and after layers, models of our own); something that is no chain of layers is read all the same,
or refused without a word about the node; a damaged file ends in an error of onnx's. python -m tests.peers.onnx_files
compares models that PyTorch and skl2onnx exported with onnxruntime.
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import onnx
import pytest
from exported_onnx import allowed_of, random_network
from onnx.reference import ReferenceEvaluator

import fastmlp as fm

X = np.array([[0.0, 0.0], [1.0, -2.0], [-0.3, 0.7], [12.0, 9.0], [-30.0, 0.1]], np.float32)
CONSTANTS = """\
float[2,3] W = {0.5, -1.0, 0.25, 2.0, 0.75, -0.125}, float[3,2] WT = {0.5, 2.0, -1.0, 0.75, 0.25, -0.125},
float[3] b = {0.1, -0.2, 0.3}, float[1,3] row = {1.0, 2.0, 3.0}, float[3] g = {2.0, -1.0, 0.5},
float[3] v = {1.0, 2.0, 4.0}, float[2] c = {1.0, 2.0}, float[2] d = {4.0, 0.5}, float[3,1] U = {1.0, -1.0, 0.5},
float[3,2] V = {1.0, 0.0, -1.0, 2.0, 0.5, 0.5}, float[2] zeros = {0.0, 0.0}, int64[2] classes = {4, 7},
float one = {1.0}, float two = {2.0}, float half = {0.5}, float low = {-1.0}, float root = {1.4142135},
float eps = {0.00001}, int64[1] last = {-1}, int64[2] pairs = {-1, 2}"""


def model(tmp_path, nodes, opset=13, result="y", inputs="float[n,2] x", constants="", labels="int64"):
    """Write a model of these nodes in the text form of ONNX, and of more constants."""
    domains = f'"" : {opset}' + (', "ai.onnx.ml" : 3' if "ai.onnx.ml" in nodes else "")
    kinds = {name: f"float[n,k_{name}]" if name == "y" else f"{labels}[n]" for name in result.split()}
    outputs = ", ".join(f"{kind} {name}" for name, kind in kinds.items())
    held = ", ".join(filter(None, (CONSTANTS, constants)))
    text = f"<ir_version: 8, opset_import: [{domains}]> g ({inputs}) => ({outputs}) <{held}> {{ {nodes} }}"
    made = onnx.parser.parse_model(text)
    path = str(tmp_path / "model.onnx")
    onnx.save(made, path)
    return path


def same(path, X=X, rows=None):
    """Return the network of a file, whose outputs must be those that onnx computes; rows: X as the network takes it."""
    net = fm.from_onnx(path)
    expected = ReferenceEvaluator(path).run(["y"], {"x": X})[0]
    outputs = net.forward(X if rows is None else rows)
    assert outputs.shape == expected.shape
    assert np.abs(outputs - expected).max() <= 2e-6 * max(1.0, np.abs(expected).max())
    return net


@pytest.mark.parametrize("opset", [9, 11, 13, 17, 21])
@pytest.mark.parametrize(
    "nodes",
    [
        "z = MatMul(x, W) h = Add(z, b) a = Relu(h) p = MatMul(a, V) y = Softmax<axis = 1>(p)",
        "h = Gemm<transB = 1>(x, WT, b) a = Relu(h) p = MatMul(a, V) y = Softmax<axis = 1>(p)",
        "t = Transpose<perm = [1, 0]>(WT) z = MatMul(x, t) h = Add(b, z) a = Relu(h) i = Identity(a) p = MatMul(i, V) "
        "y = Softmax<axis = 1>(p)",
    ],
)
def test_a_chain_is_read_whatever_its_opset_and_however_its_products_are_written(nodes, opset, tmp_path):
    net = same(model(tmp_path, nodes, opset))
    assert str(net).startswith("Network(2, [Dense(3, 'relu'), Dense(2, 'softmax')], loss='cross_entropy'")
    assert net.dtype == np.float32


@pytest.mark.parametrize(
    ("nodes", "activation", "opset"),
    [
        ("a = Sigmoid(h)", "sigmoid", 13),
        ("a = Tanh(h)", "tanh", 13),
        ("a = LeakyRelu<alpha = 0.2>(h)", "leaky_relu", 13),
        ("a = Elu<alpha = 0.7>(h)", "elu", 13),
        ("a = Selu(h)", "selu", 13),
        ("a = Softplus(h)", "softplus", 13),
        ("s = Softplus(h) q = Greater(h, two) a = Where(q, h, s)", "where(x > 2.0, x, softplus(x))", 13),
        ("a = Softsign(h)", "softsign", 13),
        ("q = Abs(h) r = Add(one, q) a = Div(h, r)", "softsign", 13),
        ("s = Sigmoid(h) a = Mul(h, s)", "silu", 13),
        ("q = Softplus(h) t = Tanh(q) a = Mul(h, t)", "mish", 13),
        ("a = Mish(h)", "mish", 18),
        ("q = Div(h, root) e = Erf(q) r = Add(e, one) t = Mul(h, r) a = Mul(t, half)", "gelu", 13),
        ("a = Gelu(h)", "gelu", 20),
        ('a = Gelu<approximate = "tanh">(h)', "gelu_tanh", 20),
        ("a = Clip(h, low, one)", "hard_tanh", 13),
        ("a = Clip<min = -1.0, max = 1.0>(h)", "hard_tanh", 9),
        ("a = Sign(h)", "sign", 13),
        ("q = GreaterOrEqual(h, two) r = Sub(h, h) a = Where(q, one, r)", None, 16),
        ("a = HardSwish(h)", None, 14),
        ("q = Exp(h) r = Min(q, two) a = Sqrt(r)", None, 13),
        ("a = Pow(h, two)", "x**2.0", 13),
    ],
)
def test_what_is_done_element_by_element_is_an_activation_or_a_formula(nodes, activation, opset, tmp_path):
    net = same(model(tmp_path, f"h = Gemm(x, W, b) {nodes} y = Gemm(a, V, zeros)", opset))
    if activation is not None:
        found = net.layers[0].activation.spelled.replace("(", "").replace(")", "")
        assert found == activation.replace("(", "").replace(")", "")


def test_factors_of_columns_become_scalings_or_part_of_the_next_layer(tmp_path):
    net = same(model(tmp_path, "s = Sub(x, c) t = Div(s, d) h = Gemm(t, W, b) a = Relu(h) y = Gemm(a, V)"))
    assert net.scaling == fm.Standardize(mean=(1.0, 2.0), deviation=(4.0, 0.5))
    assert same(model(tmp_path, "t = Mul(x, half) y = Gemm(t, W, b)")).scaling.deviation == (2.0, 2.0)
    same(model(tmp_path, "s = Mul(x, low) y = Gemm(s, W, b)"))
    normalization = "n = BatchNormalization<epsilon = 0.001>"
    for nodes in (f"{normalization}(h, g, b, b, v) a = Relu(n)", f"a = Tanh(h) {normalization}(a, g, b, b, v)"):
        last = "n" if "Tanh" in nodes else "a"
        net = same(model(tmp_path, f"h = Gemm(x, W, b) {nodes} y = Gemm({last}, V)", 15))
        assert len(net.layers) == 2
    net = fm.Network(2, [fm.Dense(1)], scale_targets=fm.Standardize([1.7e9], [100.0]), seed=0)
    net.to_onnx(tmp_path / "own.onnx")
    again = fm.from_onnx(tmp_path / "own.onnx")
    assert again.target_scaling == net.target_scaling
    assert np.array_equal(again.predict(X), net.predict(X))


@pytest.mark.parametrize(
    ("nodes", "opset"),
    [
        ("n = LayerNormalization(a, g, b)", 17),
        ("m = ReduceMean<axes = [-1]>(a) e = Sub(a, m) q = Pow(e, two) r = ReduceMean<axes = [-1]>(q) s = Add(r, eps) "
         "t = Sqrt(s) f = Div(e, t) k = Mul(f, g) n = Add(k, b)", 11),
        ("m = ReduceMean(a, last) e = Sub(a, m) q = Mul(e, e) r = ReduceMean(q, last) s = Add(r, eps) t = Sqrt(s) "
         "n = Div(e, t)", 18),
    ],
)  # fmt: skip
def test_a_normalization_is_read_written_out_or_not(nodes, opset, tmp_path):
    net = same(model(tmp_path, f"h = Gemm(x, W, b) a = Tanh(h) {nodes} y = Gemm(n, V)", opset))
    assert "Dense(3, 'tanh'), LayerNorm(), Dense(2" in str(net)


def test_labels_beside_the_outputs_give_the_classes_their_names(tmp_path):
    two = "h = Gemm(x, W, b) p = Gemm(h, U) q = Sigmoid(p) r = Sub(one, q) y = Concat<axis = 1>(r, q) "
    label = "i = ArgMax<axis = 1, keepdims = 0>(y) label = Gather(classes, i)"
    path = model(tmp_path, two + label, result="label y")
    net = fm.from_onnx(path)
    labels, probabilities = ReferenceEvaluator(path).run(None, {"x": X})
    assert net.classes == ["4", "7"]
    assert net.predict(X).tolist() == list(map(str, labels))
    assert np.allclose(net.predict_proba(X), probabilities, atol=1e-6)


def test_a_label_by_another_threshold_is_refused(tmp_path):
    for threshold, is_refused in (("half", False), ("eps", True)):
        nodes = f"h = Gemm(x, W) p = Gemm(h, U) y = Sigmoid(p) c1 = Greater(y, {threshold}) label = Cast<to = 7>(c1)"
        path = model(tmp_path, nodes, result="label y")
        if is_refused:
            with pytest.raises(ValueError, match=r"\(Cast\) makes labels by another threshold"):
                fm.from_onnx(path)
        else:
            assert fm.from_onnx(path).is_classifier


@pytest.mark.parametrize("seed", range(25))
def test_a_model_of_our_own_is_read_or_refused_by_a_node(seed, tmp_path):
    net, rows = random_network(seed)
    path = str(tmp_path / "model.onnx")
    net.to_onnx(path)
    try:
        again = fm.from_onnx(path)
    except ValueError as refusal:
        again, sentence = None, str(refusal)
    if again is None:
        assert "model.onnx: the node '" in sentence
        return
    expected, found = net.forward(rows), again.forward(rows)
    finite = np.isfinite(expected).all(axis=1) & np.isfinite(found).all(axis=1)
    if net.loss_function.name == "poisson":
        expected = np.exp(expected)
    assert (np.abs(found - expected) <= np.maximum(allowed_of(net, rows, expected), 1e-5 * np.abs(expected)))[
        finite
    ].all()


@pytest.mark.parametrize(
    ("nodes", "sentence"),
    [
        ("h = Gemm(x, W, b) y = ReduceMax<axes = [1]>(h)", r"the node 'y' \(ReduceMax\) is of a kind that is not read"),
        ("y = Identity(x)", "has no layer with weights"),
        ("a = Relu(x) y = Gemm(a, W, b)", r"what the inputs hold goes through 'max\(x, 0\)'"),
        ("h = Gemm(x, W, b) k = Gemm(x, W, b) y = Add(h, k)", r"the node 'y' \(Add\) joins two branches"),
        ("h = Gemm(x, W, b) k = Gemm(h, V, c) y = MatMul(h, k)", r"\(MatMul\) is no product of rows with a constant"),
        ("y = Gemm(x, V)", r"the node 'y' \(Gemm\) has weights for 3 inputs, but gets 2"),
        ("y = Gemm<transA = 1>(x, W)", r"\(Gemm\) transposes the rows"),
        ("h = Gemm(x, W) y = Add(h, c)", r"\(Add\) takes a constant of shape \(2,\) for 3 columns"),
        ("h = Gemm(x, W) p = Softmax<axis = 1>(h) y = Relu(p)", r"the node 'y' \(Relu\) stands after Softmax"),
        ("h = Gemm(x, W) y = Softmax<axis = 0>(h)", r"\(Softmax\) has axis 0, not 1"),
        ("h = Gemm(x, W) y = Softmax(x)", r"\(Softmax\) is not applied to a linear layer"),
        ("h = Gemm(x, W) k = Mul(h, one) a = Relu(k) t = Mul(a, v) y = Relu(t)", r"stands after factors of columns"),
        ("h = Gemm(x, W) a = Relu(h) y = Mul(a, g)", "its outputs have factors of columns after an activation"),
        ("h = Gemm(x, W) y = Div(row, h)", r"\(Div\) makes of columns something that is not linear"),
        ("h = Gemm(x, W) y = Reshape(h, pairs)", r"\(Reshape\) makes of rows of 3 numbers something else"),
        ("h = Gemm(x, W) y = Squeeze(h)", r"\(Squeeze\) makes of rows of 3 numbers something else"),
        ("h = Gemm(x, W) i = Cast<to = 7>(h) y = Cast<to = 1>(i)", r"\(Cast\) makes numbers of another kind"),
        ("h = Gemm(x, W) a = Exp(h)" + "".join(f" a{n + 1} = Mul(a{n or ''}, a{n or ''})" for n in range(12))
         + " y = Log(a12)", r"\(Mul\) makes a formula of more than 1000 characters"),
        ("h = Gemm(x, W) y = Concat<axis = 1>(h, h)", r"\(Concat\) joins columns"),
        ("h = Gemm(x, W) m = ReduceMean<axes = [0]>(h) y = Sub(h, m)", r"\(ReduceMean\) is a mean over something else"),
        ("h = Gemm(x, W) m = ReduceMean<axes = [1]>(h) y = Add(h, m)", r"\(Add\) is no part of a normalization"),
    ],
)  # fmt: skip
def test_what_is_no_chain_of_layers_is_a_sentence_that_names_the_node(nodes, sentence, tmp_path):
    path = model(tmp_path, nodes, 11)
    with pytest.raises(ValueError, match=sentence):
        fm.from_onnx(path)


def test_inputs_of_several_axes_are_flattened_first(tmp_path):
    images = X.reshape(5, 1, 2)
    for flat in ("f = Flatten(x)", "i = Identity(x) f = Reshape(i, pairs)"):
        same(model(tmp_path, f"{flat} h = Gemm(f, W, b) y = Tanh(h)", inputs="float[n,1,2] x"), images, images[:, 0])
    for operator, nodes in (("MatMul", "h = MatMul(x, W) y = Flatten(h)"), ("Add", "h = Add(one, x) y = Flatten(h)")):
        with pytest.raises(ValueError, match=rf"\({operator}\) takes inputs of several axes, which are not flattened"):
            fm.from_onnx(model(tmp_path, nodes, inputs="float[n,1,2] x"))


def test_inputs_outputs_and_numbers_that_do_not_fit_are_sentences(tmp_path):
    one = "h = Gemm(x, W, b) y = Relu(h)"
    with pytest.raises(ValueError, match=r"has 2 inputs, 'x', 'u', but a network has one"):
        fm.from_onnx(model(tmp_path, one, inputs="float[n,2] x, float[n,2] u"))
    for inputs in ("float[n] x", "float[n,m] x", "int64[n,2] x", "float[n,1099511627776] x"):
        with pytest.raises(ValueError, match="must be rows of float32 or float64 with a known number of columns"):
            fm.from_onnx(model(tmp_path, one, inputs=inputs))
    made = onnx.load(model(tmp_path, one))
    made.graph.initializer[0].float_data[1] = np.nan
    onnx.save(made, tmp_path / "nan.onnx")
    with pytest.raises(ValueError, match="weights or bias of the linear layer 0 hold NaN or infinity"):
        fm.from_onnx(tmp_path / "nan.onnx")


def test_a_file_that_is_none_is_a_sentence(tmp_path):
    path = tmp_path / "model.onnx"
    with pytest.raises(FileNotFoundError, match=r"model\.onnx does not exist"):
        fm.from_onnx(path)
    with pytest.raises(TypeError, match="path must be the name of a file"):
        fm.from_onnx(3)
    net = fm.Network(2, [fm.Dense(3, "tanh"), fm.Dense(1)], seed=0)
    net.to_onnx(path)
    content = path.read_bytes()
    random = np.random.default_rng(0)
    for number in range(300):
        mutated = bytearray(content)
        for place in random.integers(0, len(content), 1 + number % 3):
            mutated[place] = random.integers(0, 256)
        path.write_bytes(bytes(mutated) if number % 10 else content[: random.integers(0, len(content))])
        # whatever the change means: a network, or a sentence
        with suppress(ValueError):
            fm.from_onnx(path)
    path.write_text("no model")
    with pytest.raises(ValueError, match="is no ONNX model"):
        fm.from_onnx(path)


@pytest.mark.parametrize("damage", [{"data_type": 56}, {"dims": [4, 3]}, {"raw_data": b"abc"}])
def test_an_initializer_that_does_not_fit_is_named(tmp_path, damage):
    path = model(tmp_path, "y = MatMul(x, W)")
    made = onnx.load(path)
    (weights,) = [one for one in made.graph.initializer if one.name == "W"]
    del weights.float_data[:]
    weights.raw_data = np.ones((2, 3), np.float32).tobytes()
    for name, value in damage.items():
        if name == "dims":
            weights.dims[:] = value
        else:
            setattr(weights, name, value)
    onnx.save(made, path)
    with pytest.raises(ValueError, match=r"the initializer 'W' has a type, a shape and data|is no ONNX model"):
        fm.from_onnx(path)
