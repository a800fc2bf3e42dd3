"""``python -m tests.peers.onnx_files``: models that PyTorch and skl2onnx export, as ``from_onnx`` reads them.

Compared with onnxruntime on the same files: 2e-6 of the largest output, in float32, where rounding alone makes 1e-7 or
so of it in these networks; more where LayerNorm makes roundings larger (tolerance_of in _export/c_tests.py). Both
exporters of PyTorch, the older one at opsets 9 to 20.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import sklearn.neural_network
import sklearn.preprocessing
import torch
from skl2onnx import to_onnx
from sklearn.pipeline import make_pipeline

import fastmlp as fm
from fastmlp._export.c_tests import tolerance_of
from fastmlp.network import model_of

nn = torch.nn
TOLERANCE = 2e-6
ROWS = 20
ACTIVATIONS: list[Any] = [
    nn.ReLU, nn.Sigmoid, nn.Tanh, nn.GELU, lambda: nn.GELU(approximate="tanh"), nn.SiLU, nn.ELU, nn.SELU, nn.Softplus,
    nn.Softsign, nn.LeakyReLU, nn.Hardtanh, nn.Mish, nn.ReLU6, nn.Hardswish, nn.Identity, nn.Hardsigmoid, nn.CELU,
    lambda: nn.PReLU(init=0.1),
]  # fmt: skip


def torch_model(random: np.random.Generator, n_inputs: int) -> nn.Module:
    """Return a random chain of layers, as it is after a training."""
    layers: list[nn.Module] = [nn.Flatten()] if random.integers(3) == 0 else []
    if random.integers(4) == 0:
        layers.append(nn.BatchNorm1d(n_inputs))
    width = n_inputs
    for _ in range(random.integers(1, 4)):
        units = int(random.integers(2, 30))
        layers.append(nn.Linear(width, units, bias=bool(random.integers(4))))
        kind = random.integers(5)
        if kind == 0:
            layers.append(nn.BatchNorm1d(units))
        layers.append(ACTIVATIONS[random.integers(len(ACTIVATIONS))]())
        layers += [[], [], [nn.Dropout(0.3)], [nn.LayerNorm(units)], [nn.BatchNorm1d(units)]][kind]
        width = units
    layers.append(nn.Linear(width, int(random.integers(2, 6))))
    layers += [[nn.Softmax(dim=-1)], [nn.Sigmoid()], []][random.integers(3)]
    model = nn.Sequential(*layers)
    # running means and variances, gains and biases that are not 1 and 0
    with torch.no_grad():
        model(torch.randn(200, n_inputs))
        for layer in model:
            if isinstance(layer, nn.LayerNorm | nn.BatchNorm1d):
                layer.weight += 0.3 * torch.randn_like(layer.weight)
                layer.bias += 0.3 * torch.randn_like(layer.bias)
    return model.eval()


def sklearn_model(random: np.random.Generator, X: np.ndarray) -> Any:
    """Return a random fitted network of scikit-learn, with a scaling or without."""
    settings = {
        "hidden_layer_sizes": tuple(random.integers(2, 20, random.integers(1, 3))),
        "activation": str(random.choice(["relu", "tanh", "logistic", "identity"])),
        "max_iter": 3,
        "random_state": 0,
    }
    if random.integers(2):
        labels = [np.array(["a", "b", "c"]), np.array([0, 1]), np.array([4, 5, 6, 9])][random.integers(3)]
        model, y = sklearn.neural_network.MLPClassifier(**settings), labels[np.arange(len(X)) % len(labels)]
    else:
        model, y = sklearn.neural_network.MLPRegressor(**settings), X[:, 0]
    scalings = [None, "StandardScaler", "MinMaxScaler", "RobustScaler"]
    scaling = scalings[random.integers(len(scalings))]
    whole = make_pipeline(getattr(sklearn.preprocessing, scaling)(), model) if scaling else model
    return whole.fit(X, y)


def fault(path: str, X: np.ndarray) -> str | None:
    """Return how outputs of a file differ, if they do."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    *labels, values = session.run(None, {session.get_inputs()[0].name: X})
    if isinstance(values, list):
        values = np.array([[row[name] for name in sorted(row)] for row in values])
    net = fm.from_onnx(path)
    found = net.predict_proba(X) if labels else net.forward(X)
    errors = np.abs(found - np.reshape(values, found.shape)).max(axis=1)
    allowed = [tolerance_of(model_of(net), row) for row in X]
    if not (errors <= np.maximum(TOLERANCE * max(1.0, np.abs(values).max()), allowed)).all():
        return f"outputs differ by {errors.max():.3g}: {net}"
    if labels and net.predict(X).astype(str).tolist() != labels[0].astype(str).tolist():
        return f"labels differ: {net}"
    return None


def main() -> int:
    """Print what differs, and how many were compared."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    wrong = []
    for number in range(arguments.seed, arguments.seed + arguments.count):
        random = np.random.default_rng(number)
        torch.manual_seed(number)
        X = random.normal(size=(ROWS, int(random.integers(1, 12)))).astype(np.float32) * 2
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "model.onnx")
            if number % 2:
                Path(path).write_bytes(to_onnx(sklearn_model(random, X), X[:1]).SerializeToString())
                what = "of skl2onnx"
            else:
                model, example = torch_model(random, X.shape[1]), (torch.tensor(X[:2]),)
                # the newer exporter takes seconds
                is_new, opset = number % 10 == 0, int(random.integers(9, 21))
                settings: dict[str, Any] = {"opset_version": opset, "dynamic_axes": {"x": {0: "rows"}}}
                if is_new:
                    settings = {"dynamic_shapes": ({0: "rows"},), "verbose": False}
                try:
                    torch.onnx.export(model, example, path, dynamo=is_new, input_names=["x"], **settings)
                except torch.onnx.errors.UnsupportedOperatorError:
                    # of an operator that came later
                    settings["opset_version"] = opset = 17
                    torch.onnx.export(model, example, path, dynamo=is_new, input_names=["x"], **settings)
                what = f"of PyTorch, {'its newer exporter' if is_new else f'opset {opset}'}: {model}"
            try:
                found = fault(path, X)
            except ValueError as error:
                found = str(error)
        if found:
            wrong.append(f"model {number} {what}: {found}")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(f"{arguments.count} models of PyTorch {torch.__version__} and skl2onnx: {len(wrong)} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
