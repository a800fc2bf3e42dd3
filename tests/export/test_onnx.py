"""ONNX models of networks: what could go wrong, and which test sees it.

A node computes something else than the core (random networks; every activation, layer and loss), the file is none
(checker), the batch is fixed (rows), names and origin are wrong (metadata), a wrong call leaves a file behind, a new
kind of layer, activation or loss is neither written nor refused (the walk over all of them). onnx's own reference
evaluator runs the models here; python -m tests.peers.onnx compares 500 networks with onnxruntime.
"""

from __future__ import annotations

import hashlib
import json
import sys

import numpy as np
import onnx
import pytest
from exported_onnx import expected_of, faults, random_network
from onnx.reference import ReferenceEvaluator

import fastmlp as fm
from fastmlp._export import c_network, onnx_activations, onnx_network
from fastmlp._model.description import Described
from fastmlp._model.stack import LAYERS
from fastmlp.activations import ACTIVATIONS
from fastmlp.layers import Layer
from fastmlp.losses import LOSSES

FORMULAS = ["where(x > 1, log(x) + 1, x**2)", "erf(x) + 0.1*sin(3*x) - cos(x)", "max(min(x, 2), -1)*abs(x)"]


def run(path, feeds):
    """Return the outputs of a model by name, computed by onnx itself."""
    evaluator = ReferenceEvaluator(str(path))
    with np.errstate(all="ignore"):
        return dict(zip(evaluator.output_names, evaluator.run(None, feeds), strict=True))


def small(dtype="float32", **settings):
    layers = [fm.Standardize([1.0, 2.0], [3.0, 4.0]), fm.Dense(5, "tanh"), fm.Dense(3, "softmax")]
    return fm.Network(2, layers, dtype=dtype, seed=0, **settings)


@pytest.mark.parametrize("seed", range(16))
def test_a_random_network_gives_the_same_outputs(seed, tmp_path):
    net, X = random_network(seed)
    wrong, _ = faults(net, X, str(tmp_path / "model.onnx"), run)
    assert wrong == []


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", [*ACTIVATIONS, *FORMULAS, "where(1 > 0, 2, x)"])
def test_every_activation_is_written(activation, dtype, tmp_path):
    layers = [fm.Dense(7, activation)] if activation == "softmax" else [fm.Dense(7, activation), fm.Dense(3)]
    net = fm.Network(2, layers, dtype=dtype, seed=0)
    X = np.array([[0, 0], [1, -1], [-30, 4], [25, 25], [-1e4, 3e3]], dtype)
    net.set_parameters(net.get_parameters() + np.linspace(-1, 1, net.n_parameters))
    wrong, _ = faults(net, X, str(tmp_path / "model.onnx"), run)
    assert wrong == []


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_softsign_of_what_has_overflown_is_1(dtype, tmp_path):
    net = fm.Network(1, [fm.Standardize([0.0], [1e-3]), fm.Dense(2, "softsign"), fm.Dense(2)], dtype=dtype, seed=0)
    most = np.finfo(dtype).max
    X = np.array([[most], [-most], [0.0], [1e-3]], dtype)
    net.to_onnx(tmp_path / "model.onnx")
    assert np.allclose(run(tmp_path / "model.onnx", {"inputs": X})["values"], net.forward(X), rtol=1e-6)
    again = fm.from_onnx(tmp_path / "model.onnx")
    assert again.layers[0].activation == net.layers[0].activation


def test_every_layer_activation_and_loss_is_written_or_refused_by_its_name(tmp_path):
    """As C and as ONNX: who adds a kind adds it there, or here, to what is refused."""
    before = {
        "dense": [fm.Dense(4, "tanh")],
        "maxout": [fm.Maxout(4)],
        "layernorm": [fm.Dense(4), fm.LayerNorm()],
        "dropout": [fm.Dropout(0.5)],
        "standardize": [fm.Standardize([0.0, 1.0], [1.0, 2.0])],
        "rescale": [fm.Rescale(minimum=[0.0, 0.0], maximum=[1.0, 2.0])],
        "robustscale": [fm.RobustScale([0.0, 1.0], [1.0, 2.0])],
        "piecewise_linear": [fm.PiecewiseLinear(2, ((0.0, 1.0), (0.0, 1.0, 2.0)))],
        "periodic": [fm.Periodic(3, 3)],
    }
    assert set(before) == set(LAYERS)
    nets = {name: fm.Network(2, [*layers, fm.Dense(2)]) for name, layers in before.items()}
    for name in ACTIVATIONS:
        nets[name] = fm.Network(2, [fm.Dense(2, "softmax")] if name == "softmax" else [fm.Dense(2, name), fm.Dense(2)])
    for name, kind in LOSSES.items():
        nets[name] = fm.Network(2, [fm.Dense(2, (kind.last_activations or ("identity",))[0])], loss=name)
    for name, net in nets.items():
        for path, write in ((tmp_path / "model.onnx", net.to_onnx), (tmp_path / "model.h", net.to_c)):
            refusal = ""
            try:
                write(path)
            except ValueError as error:
                refusal = str(error).lower()
            assert path.exists() != (name.replace("_", "") in refusal)
            path.unlink(missing_ok=True)


def test_the_file_is_of_opset_17_and_ir_8_and_passes_the_checker(tmp_path):
    for number, net in enumerate([small(), *(random_network(seed)[0] for seed in range(16, 20))]):
        path = tmp_path / f"{number}.onnx"
        net.to_onnx(path)
        model = onnx.load(path)
        onnx.checker.check_model(model, full_check=True)
        assert [(one.domain, one.version) for one in model.opset_import] == [("", 17)]
        assert model.ir_version == 8
        assert model.producer_name == "fastmlp"


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_a_batch_has_any_number_of_rows(rows, tmp_path):
    layers = [fm.Periodic(3), fm.Maxout(4), fm.LayerNorm(), fm.Dense(2, "softmax")]
    net = fm.Network(2, layers, seed=0)
    net.to_onnx(tmp_path / "model.onnx")
    found = run(tmp_path / "model.onnx", {"inputs": np.zeros((rows, 2), np.float32)})
    assert found["label"].shape == (rows,)
    assert found["probabilities"].shape == (rows, 2)


def test_labels_are_names_where_the_network_has_some(tmp_path):
    path, X = tmp_path / "model.onnx", np.array([[4.0, -9.0], [0.0, 0.0], [-7.0, 20.0]], np.float32)
    net = small()
    net.to_onnx(path)
    assert run(path, {"inputs": X})["label"].tolist() == net.predict(X).tolist()
    net.classes = ["é", "", "two words"]
    net.to_onnx(path)
    expected = [net.classes[label] for label in net.predict(X)]
    assert run(path, {"inputs": X})["label"].tolist() == expected
    for activation, loss in (("sigmoid", None), ("identity", "hinge")):
        one = fm.Network(2, [fm.Dense(1, activation)], loss=loss, seed=1)
        one.classes = ["no", "yes"]
        one.to_onnx(path)
        found = run(path, {"inputs": X})
        assert found["label"].tolist() == expected_of(one, X)["label"].tolist()


def test_the_file_names_version_hash_classes_and_inputs_and_is_the_same_twice(tmp_path):
    net = small()
    net.classes = ["a", "b", "c"]
    net.metadata["note"] = "kept"
    net.to_onnx(tmp_path / "model.onnx", feature_names=["length", "Größe"])
    net.save(tmp_path / "model.safetensors")
    notes = {one.key: one.value for one in onnx.load(tmp_path / "model.onnx").metadata_props}
    assert notes.pop("sha256") == hashlib.sha256((tmp_path / "model.safetensors").read_bytes()).hexdigest()
    assert notes.pop("fastmlp_version") == fm.__version__
    assert {name: json.loads(text) for name, text in notes.items()} == {
        "classes": ["a", "b", "c"],
        "feature_names": ["length", "Größe"],
    }
    fm.load(tmp_path / "model.safetensors").to_onnx(tmp_path / "again.onnx", feature_names=["length", "Größe"])
    assert (tmp_path / "again.onnx").read_bytes() == (tmp_path / "model.onnx").read_bytes()


def test_a_network_that_cannot_be_written_is_a_sentence_and_leaves_no_file(tmp_path, monkeypatch):
    class Convolution(Layer):
        name = "convolution"

        def __repr__(self):
            return "Convolution(7)"

    path = tmp_path / "model.onnx"
    net = small()
    for module, write in ((onnx_network, lambda: net.to_onnx(path)), (c_network, lambda: net.to_c(tmp_path / "m.h"))):
        with monkeypatch.context() as patch:
            walk = module.described
            patch.setattr(
                module, "described", lambda model, walk=walk: iter([*list(walk(model))[:1], Described(Convolution())])
            )
            with pytest.raises(ValueError, match=r"layers\[1\] is Convolution\(7\), which cannot be written as"):
                write()
    with monkeypatch.context() as patch:
        patch.setattr(onnx_activations, "OPERATORS", {})
        with pytest.raises(ValueError, match=r"the activation Tanh\(\) cannot be written as ONNX: use one of identity"):
            net.to_onnx(path)
    with pytest.raises(ValueError, match="feature_names must be a list of 2 names, got"):
        net.to_onnx(path, feature_names=["a"])
    net.classes = ["a", "b", "\ud800"]
    with pytest.raises(ValueError, match=r"the class '\\ud800' has half a character"):
        net.to_onnx(path)
    net.classes = None
    net.layers[0].weights[0, 0] = np.nan
    with pytest.raises(ValueError, match=r"layers\[0\].weights holds NaN"):
        net.to_onnx(path)
    for unlearned in (
        fm.Network(1, [fm.Dense(1)], scale_targets=True),
        fm.Network(1, [fm.Standardize(), fm.Dense(1)]),
        fm.Network(1, [fm.PiecewiseLinear(3), fm.Dense(1)]),
    ):
        with pytest.raises(ValueError, match="has not learned its"):
            unlearned.to_onnx(path)
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_cannot_be_written_and_a_missing_package_are_sentences(tmp_path, monkeypatch):
    net = small()
    with pytest.raises(ValueError, match="is the name of a model, but an ONNX model is written"):
        net.to_onnx(tmp_path / "model.safetensors")
    with pytest.raises(FileNotFoundError, match="is not a folder"):
        net.to_onnx(tmp_path / "missing" / "model.onnx")
    with pytest.raises(TypeError, match="path must be the name of a file"):
        net.to_onnx(3)
    monkeypatch.setattr("fastmlp._export.onnx_graph.LARGEST", 100)
    with pytest.raises(ValueError, match="holds at most 2 GB"):
        net.to_onnx(tmp_path / "model.onnx")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r'ONNX needs the package onnx: pip install "onnx>=1.16"'):
        net.to_onnx(tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []
