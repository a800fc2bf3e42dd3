"""ONNX models of estimators for tables: what could go wrong, and which test sees it.

A cell means something else there than in Python (random tables: numbers with gaps, categories that are missing, rare
or unseen, bools, text that is numbers), networks are averaged or probabilities freed of label smoothing otherwise,
names of columns collide with each other or with outputs, what ONNX cannot tell apart is written all the same.
python -m tests.peers.onnx compares more tables, with onnxruntime.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np
import onnx
import pandas as pd
import pytest
from exported_onnx import random_table, table_faults
from test_onnx import run

from fastmlp.sklearn import TabularClassifier, TabularRegressor


@pytest.mark.parametrize("seed", range(12))
def test_a_random_table_gives_the_same_outputs(seed, tmp_path):
    model, X = random_table(seed)
    assert table_faults(model, X, str(tmp_path / "model.onnx"), run) == []


def test_numbers_in_bins_come_before_others(tmp_path):
    random = np.random.default_rng(0)
    size = pd.Categorical(random.choice(["S", "M", "L"], 80), ["S", "M", "L"], ordered=True)
    X = pd.DataFrame({"size": size, "flag": random.integers(0, 2, 80), "length": random.normal(size=80)})
    model = TabularRegressor((5,), bins=4, n_estimators=2, max_iter=3, random_state=0).fit(X, X["length"] + X["flag"])
    assert table_faults(model, X, str(tmp_path / "model.onnx"), run) == []


def test_the_file_passes_the_checker_and_names_its_model(tmp_path):
    model, _ = random_table(0)
    model.to_onnx(tmp_path / "model.onnx")
    model.save(tmp_path / "model.safetensors")
    written = onnx.load(tmp_path / "model.onnx")
    onnx.checker.check_model(written, full_check=True)
    assert written.ir_version == 8
    notes = {one.key: one.value for one in written.metadata_props}
    assert notes["sha256"] == hashlib.sha256((tmp_path / "model.safetensors").read_bytes()).hexdigest()
    assert json.loads(notes["feature_names"]) == model.feature_names_in_.tolist()


def test_columns_without_a_name_of_their_own_are_called_by_their_place(tmp_path):
    X = pd.DataFrame(
        [[1.0, 2.0, 3.0, 4.0, 5.0]] * 9 + [[2.0] * 5], columns=["label", "", "Add", "column_1", "column_4"]
    )
    model = TabularRegressor((3,), n_estimators=1, max_iter=1, random_state=0).fit(X, range(10))
    model.to_onnx(tmp_path / "model.onnx")
    names = [one.name for one in onnx.load(tmp_path / "model.onnx").graph.input]
    assert names == ["column_0", "column_1", "Add", "column_3", "column_4"]
    found = run(tmp_path / "model.onnx", {name: X.iloc[:, [place]].to_numpy() for place, name in enumerate(names)})
    assert np.allclose(found["values"][:, 0], model.predict(X), rtol=1e-6)


def test_empty_text_is_what_is_missing_and_both_at_once_are_refused(tmp_path):
    y = [0, 1, 0, 1] * 5
    path = tmp_path / "model.onnx"
    settings = {"n_estimators": 1, "max_iter": 1, "random_state": 0}
    for cells in (["a", "", "b", "a"], ["a", None, "b", "a"]):
        X = np.array([[cell] for cell in cells * 5], object)
        model = TabularClassifier((3,), **settings).fit(X, y)
        model.to_onnx(path)
        texts = np.array([["" if cell is None else cell] for cell in X[:, 0]], object)
        found = run(path, {"column_0": texts})
        assert np.allclose(found["probabilities"], model.predict_proba(X), atol=1e-6)
    path.unlink()
    both = TabularClassifier((3,), **settings).fit(np.array([["a"], [""], [None], ["b"]] * 5, object), y)
    with pytest.raises(ValueError, match="column 0 has cells that are missing and cells of empty text"):
        both.to_onnx(path)
    with pytest.raises(ValueError, match="is the name of C, but an ONNX model is written"):
        both.to_onnx(tmp_path / "model.h")
    assert list(tmp_path.iterdir()) == []


def test_a_label_or_a_name_that_onnx_does_not_hold_is_named_and_leaves_no_file(tmp_path):
    numbers, path = np.arange(20.0)[:, np.newaxis], tmp_path / "model.onnx"
    settings = {"n_estimators": 1, "max_iter": 1, "random_state": 0}
    for most in (2**63 - 1, 2**63 + 5):
        model = TabularClassifier((3,), **settings).fit(numbers, np.array([1, most] * 10, np.uint64))
        if most < 2**63:
            model.to_onnx(path)
            labels = run(path, {"column_0": numbers})["label"]
            assert labels.astype(np.uint64).tolist() == model.predict(numbers).tolist()
            path.unlink()
            continue
        with pytest.raises(ValueError, match="the label 9223372036854775813 is beyond the whole numbers of ONNX"):
            model.to_onnx(path)
    half = "\ud800"
    cells = pd.DataFrame({"a": ["x", half] * 10})
    for what, X, y in (
        ("the category", cells, [0, 1] * 10),
        ("the class", cells.index.to_numpy(float)[:, np.newaxis], np.array(["x", half] * 10, object)),
        ("the name of a column,", pd.DataFrame({half: numbers[:, 0]}), [0, 1] * 10),
    ):
        with pytest.raises(ValueError, match=rf"{what} '\\ud800' has half a character in it"):
            TabularClassifier((3,), **settings).fit(X, y).to_onnx(path)
    assert list(tmp_path.iterdir()) == []


def test_bools_in_order_are_1_and_0_and_those_without_are_also_true_and_false(tmp_path):
    y = np.arange(40.0) % 2
    for is_ordered in (True, False):
        X = pd.DataFrame({"flag": pd.Categorical([True, False] * 20, [False, True], ordered=is_ordered)})
        model = TabularRegressor((3,), n_estimators=1, max_iter=9, random_state=0).fit(X, y)
        model.to_onnx(tmp_path / "model.onnx")
        for names in ([["1"], ["0"]], [["True"], ["False"]]):
            found = run(tmp_path / "model.onnx", {"flag": np.array(names, object)})["values"][:, 0]
            texts = model.predict(pd.DataFrame({"flag": [name for (name,) in names]}))
            assert np.allclose(found, texts, rtol=1e-5)
            assert (np.ptp(found) == 0) == (is_ordered and names[0] == ["True"])
