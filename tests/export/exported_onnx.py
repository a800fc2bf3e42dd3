"""What ONNX models must give for random networks and tables: feeds, expected outputs, and how far they may be off.

Who runs the models, the caller says: onnx's own reference evaluator (test_onnx.py), or onnxruntime
(tests/peers/onnx.py). Networks are those of exported_c.py.

Tolerance: 1e-5 of the row's largest output in float32, 1e-11 in float64; or, where it is more, what roundings become
on the way through this network (_export/c_tests.py): some have activations of 1e6, jumps, or nearly constant rows that
LayerNorm makes large.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
from exported_c import random_export

import fastmlp as fm
from fastmlp._export.c_tests import tolerance_of
from fastmlp.network import model_of
from fastmlp.sklearn import TabularClassifier, TabularRegressor

Feeds = dict[str, np.ndarray]
Run = Callable[[str, Feeds], Feeds]
SHARE = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-11}


def expected_of(net: fm.Network, X: np.ndarray) -> Feeds:
    """Return what the model's outputs are in Python, by name."""
    outputs = net.forward(X)
    if not net.is_classifier:
        with np.errstate(over="ignore"):
            return {"values": np.exp(outputs) if net.loss_function.name == "poisson" else outputs}
    found = np.asarray(net.predict(X))
    numbers = np.array([net.classes.index(name) for name in found]) if found.dtype.kind == "U" else found
    label = numbers if net.classes is None else np.array(net.classes)[numbers]
    if net.loss_function.meaning == "scores":
        return {"label": label, "scores": outputs}
    return {"label": label, "probabilities": net.predict_proba(X)}


def allowed_of(net: fm.Network, X: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return how far each row may be off, (rows, 1)."""
    share = SHARE[net.dtype] * np.abs(values).max(axis=1, keepdims=True)
    unit = 1.0 if net.target_scaling is None else max(net.target_scaling.deviation)
    own = np.array([[tolerance_of(model_of(net), row)] for row in X]) * unit
    return np.maximum(share, own)


def faults(net: fm.Network, X: np.ndarray, path: str, run: Run) -> tuple[list[str], float]:
    """Return what is wrong with a model's outputs, and the largest error as a share of what the issue of it allows."""
    net.to_onnx(path)
    found, expected = run(path, {"inputs": X}), expected_of(net, X)
    if set(found) != set(expected):
        return [f"outputs {sorted(found)}, not {sorted(expected)}"], np.inf
    name = next(name for name in expected if name != "label")
    values, right = found[name], expected[name]
    if values.dtype != right.dtype or values.shape != right.shape:
        return [f"{name} is {values.dtype} {values.shape}, not {right.dtype} {right.shape}"], np.inf
    finite = np.isfinite(right).all(axis=1)
    error = np.zeros(right.shape)
    error[finite] = np.abs(values[finite] - right[finite])
    factor = np.abs(right) if net.loss_function.name == "poisson" else 1.0
    allowed = np.maximum(allowed_of(net, X, right), allowed_of(net, X, net.forward(X)) * factor)
    wrong = []
    bad = finite & (error > allowed).any(axis=1)
    if bad.any():
        row = int(np.argmax(bad))
        wrong.append(f"{name} of row {row} is {values[row][:4]}, not {right[row][:4]}, {allowed[row, 0]:.2g} allowed")
    if "label" in expected:
        ordered = np.sort(right, axis=1)
        clear = 2 * np.abs(right[:, 0]) if right.shape[1] == 1 else ordered[:, -1] - ordered[:, -2]
        differ = (found["label"] != expected["label"]) & (clear > 2 * allowed[:, 0])
        if differ.any() or found["label"].shape != expected["label"].shape:
            row = int(np.argmax(differ))
            wrong.append(f"label of row {row} is {found['label'][row]}, not {expected['label'][row]}")
    largest = np.abs(right).max(axis=1, keepdims=True) + np.finfo(net.dtype).tiny
    return wrong, float((error / largest)[finite].max(initial=0.0)) / SHARE[net.dtype]


def random_network(seed: int) -> tuple[fm.Network, np.ndarray]:
    """Return a network of everything that can be exported, and rows without the farthest."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return random_export(seed)


def random_table(seed: int) -> tuple[TabularClassifier | TabularRegressor, pd.DataFrame]:
    """Return a fitted estimator, and rows with categories that it has not seen."""
    random = np.random.default_rng(seed)
    rows = int(random.integers(40, 200))
    kinds = ["numbers", "gaps", "text", "answers", "flags", "flag text", "codes", "order", "written", "many"]
    chosen = random.choice(kinds, int(random.integers(1, 6)))
    columns = {f"{kind} {place}": _cells(kind, rows, random) for place, kind in enumerate(chosen)}
    X = pd.DataFrame(columns)
    settings = {"hidden_layer_sizes": (int(random.integers(2, 30)),), "n_estimators": int(random.integers(1, 10))}
    settings |= {"max_iter": 2, "random_state": seed, "bins": int(random.choice([0, 5]))}
    if random.integers(3) == 0:
        settings |= {"preset": "best", "plan": 2}
    labels = [["a", "b", "c"], [3, 5], [False, True], [-1.0, 2.0]][seed % 4]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if random.integers(3) == 0:
            model = TabularRegressor(**settings).fit(X, random.normal(size=rows) * 50 + 1000)
        else:
            y = np.array(labels)[np.arange(rows) % len(labels)]
            model = TabularClassifier(**settings, label_smoothing=float(random.choice([0.0, 0.1]))).fit(X, y)
    for name in X:
        if name.startswith("order"):
            X[name] = X[name].astype(object)
        if name.startswith(("text", "answers", "order", "many")):
            X.loc[:2, name] = "never seen"
    return model, X


def _cells(kind, rows, random):
    numbers = random.normal(size=rows) * 10.0 ** random.integers(-3, 6) + random.choice([0, 1e4])
    match kind:
        case "numbers":
            return numbers
        case "gaps":
            return np.where(random.random(rows) < 0.2, np.nan, numbers)
        case "text":
            return np.array(["red", "Gr\u00fcn", "dark blue"], object)[random.integers(0, 3, rows)]
        case "answers":
            return np.array(["yes", "no", None], object)[random.integers(0, 3, rows)]
        case "flags":
            return random.random(rows) < 0.3
        case "flag text":
            return np.array(["TRUE", "false", None], object)[random.integers(0, 3, rows)]
        case "codes":
            return pd.Categorical(random.integers(0, 5, rows))
        case "order":
            return pd.Categorical.from_codes(random.integers(-1, 3, rows), ["low", "high", "top"], ordered=True)
        case "written":
            return np.array([f"{number:,.0f}" for number in np.abs(numbers) * 1000], object)
    return np.array([f"kind {number}" for number in np.arange(rows) % 130], object)


def feeds_of(model: TabularClassifier | TabularRegressor, X: pd.DataFrame) -> Feeds:
    """Return a table as the inputs of its model, as the documents say."""
    feeds = {}
    for column, name in zip(model._encoder.columns, X, strict=True):
        cells = X[name].tolist()
        if hasattr(column, "reading"):
            found = [column.reading.number(cell) if isinstance(cell, str) else cell for cell in cells]
            feeds[name] = np.array(found, np.float64)[:, np.newaxis]
        else:
            are_missing = pd.isna(X[name])
            found = ["" if is_missing else str(cell) for cell, is_missing in zip(cells, are_missing, strict=True)]
            feeds[name] = np.array(found, object)[:, np.newaxis]
    return feeds


def table_faults(model: TabularClassifier | TabularRegressor, X: pd.DataFrame, path: str, run: Run) -> list[str]:
    """Return what is wrong with the outputs of an estimator's model."""
    model.to_onnx(path)
    found = run(path, feeds_of(model, X))
    if isinstance(model, TabularRegressor):
        right, values = model.predict(X)[:, np.newaxis], found["values"]
        allowed = 1e-5 * np.abs(right).max()
    else:
        right, values = model.predict_proba(X), found["probabilities"]
        allowed = 1e-5
        ordered = np.sort(right, axis=1)
        differ = (found["label"] != model.predict(X)) & (ordered[:, -1] - ordered[:, -2] > 2 * allowed)
        if differ.any() or found["label"].shape != (len(X),):
            return [f"labels differ in {differ.sum()} rows"]
    if values.dtype != right.dtype or values.shape != right.shape:
        return [f"outputs are {values.dtype} {values.shape}, not {right.dtype} {right.shape}"]
    error = np.abs(values - right).max()
    return [f"outputs are off by {error:.2g}, {allowed:.2g} allowed"] if not error <= allowed else []
