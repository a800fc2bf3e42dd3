"""Estimators for tables in files: what could go wrong, and which test sees it.

A model that comes back predicts other bits, has lost a parameter or the way its text is read, or no longer knows the
names of its columns (a fitted model comes back); another kind of label becomes text (labels); a file from a stranger is
believed, and the error comes when rows are predicted (damage); a file of today cannot be read tomorrow (golden).
"""

from __future__ import annotations

import copy
import json
import os
import pickle
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

import fastmlp as fm
import fastmlp.sklearn
from fastmlp.sklearn import TabularClassifier, TabularRegressor

GOLDEN = Path(__file__).parent / "golden"


def table(rows: int = 60) -> pd.DataFrame:
    """Return every kind of column, with missing values."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "number": random.normal(size=rows),
            "share": [f"{i % 7},5 %" for i in range(rows)],
            "thousands": [f"1.{i % 10}00,25" for i in range(rows)],
            "text": [("north", "south", None, "1")[i % 4] for i in range(rows)],
            "flag": random.random(rows) > 0.5,
            "city": [f"city {i % 120}" for i in range(rows)],
            "kind": pd.Categorical([("a", "b")[i % 2] for i in range(rows)]),
        }
    )
    frame.loc[3, "number"] = np.nan
    return frame


@pytest.fixture(scope="module")
def fitted() -> dict[str, TabularClassifier | TabularRegressor]:
    X = table()
    kind = {"n_estimators": 2, "max_iter": 3, "random_state": 1}
    in_order = X.assign(kind=X["kind"].cat.as_ordered())
    return {
        "classifier": TabularClassifier((16, 8), **kind).fit(X, np.arange(60) % 3),
        "regressor": TabularRegressor(8, **kind).fit(X, 1e6 + X["number"].fillna(0)),
        "several values": TabularRegressor(8, **kind).fit(in_order, np.column_stack([np.arange(60), np.ones(60)])),
        "several labels": TabularClassifier(8, **kind).fit(in_order, np.column_stack([np.arange(60) % 2, np.ones(60)])),
    }


def parts(path: Path) -> tuple[dict, dict, bytes]:
    """Return the header, its description, and the bytes of the tensors."""
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    description = json.loads(header["__metadata__"]["fastmlp"])
    # as in the first files; and a forger may leave it out
    del description["digest"]
    return header, description, content[8 + size :]


def put_together(path: Path, header: dict, description: dict, tensors: bytes) -> Path:
    header = header | {"__metadata__": {"fastmlp": json.dumps(description)}}
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + tensors)
    return path


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_a_fitted_model_comes_back_with_all_that_it_was(tmp_path, fitted, kind):
    model, new = fitted[kind], table(90)
    new.loc[5, "city"] = "a city never seen"
    path = tmp_path / "model.safetensors"
    model.save(path)
    again = fastmlp.sklearn.load(path)
    assert type(again) is type(model)
    assert again.get_params() == model.get_params()
    np.testing.assert_array_equal(again.predict(new), model.predict(new))
    if kind == "classifier":
        np.testing.assert_array_equal(again.predict_proba(new), model.predict_proba(new))
        np.testing.assert_array_equal(again.classes_, model.classes_)
    for name in ("n_features_in_", "n_iter_", "best_iterations_"):
        assert getattr(again, name) == getattr(model, name)
    assert again.feature_names_in_.tolist() == list(new.columns)
    with pytest.raises(ValueError, match="feature names should match"):
        again.predict(new.rename(columns={"city": "town"}))
    assert vars(again).keys() == vars(model).keys()
    again.save(tmp_path / "again.safetensors")
    assert path.read_bytes() == (tmp_path / "again.safetensors").read_bytes()
    assert b"pickle" not in path.read_bytes()
    # it is as much a model as the first one: trained anew, copied, pickled
    again.fit(new, np.arange(90) % 2)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(again)).predict(new), again.predict(new))


@pytest.mark.parametrize(
    "labels",
    [
        ["no", "yes"],
        np.array([False, True]),
        np.array([-3, 2**62]),
        np.array([0, 255], np.uint8),
        np.array([1.0, 2.0], np.float32),
        np.array(["no", "yes"], object),
    ],
    ids=["text", "bool", "int64", "uint8", "float32", "object"],
)
def test_labels_come_back_of_their_kind(tmp_path, labels):
    y = np.asarray(labels)[np.arange(20) % 2]
    model = TabularClassifier(4, n_estimators=1, max_iter=1).fit(np.arange(20.0).reshape(-1, 1), y)
    model.save(tmp_path / "model.safetensors")
    again = fastmlp.sklearn.load(tmp_path / "model.safetensors")
    assert again.classes_.dtype == model.classes_.dtype
    assert again.classes_.tolist() == model.classes_.tolist()
    assert not hasattr(again, "feature_names_in_")


def test_what_a_file_does_not_keep_is_said_and_nothing_is_written(tmp_path, fitted):
    path = tmp_path / "model.safetensors"
    with pytest.raises(NotFittedError, match="TabularClassifier"):
        TabularClassifier().save(path)
    model = copy.copy(fitted["regressor"]).set_params(random_state=np.random.RandomState(0))
    with pytest.raises(TypeError, match=r"random_state is .*, which a file does not keep: set_params\(random_state="):
        model.save(path)
    with pytest.raises(ValueError, match="is the name of a pickle, but an estimator is written"):
        fitted["regressor"].save(tmp_path / "model.pkl")
    names = np.array([[f"{i:0200000}"] for i in range(90)], object)
    model = TabularClassifier(4, n_estimators=1, max_iter=1).fit(names, np.arange(90) % 2)
    with pytest.raises(
        ValueError, match=r"this estimator was not written: its description, with .* takes more than the"
    ):
        model.save(path)
    for labels in ("datetime64[D]", "timedelta64[s]"):
        y = np.array([1, 2] * 4, labels)
        model = TabularClassifier(4, n_estimators=1, max_iter=1).fit(np.arange(8.0)[:, np.newaxis], y)
        for write in (model.save, model.to_c, model.to_onnx):
            with pytest.raises(TypeError, match=r"the labels are .*64\[.\], which a file does not keep: fit on text"):
                write(tmp_path / {"save": "m.safetensors", "to_c": "m.h", "to_onnx": "m.onnx"}[write.__name__])
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("kind", ["M8[ns]", "M8[D]", "M8[Y]", "m8[s]"])
def test_labels_that_would_not_come_back_are_refused_before_anything_is_written(tmp_path, kind):
    y = np.array([2001, 2002] * 20).astype(kind)
    model = TabularClassifier(4, n_estimators=1, max_iter=1).fit(np.arange(40.0).reshape(-1, 1), y)
    assert set(model.predict([[1.0], [2.0]])) <= set(y)
    for write in (model.save, model.to_c, model.to_onnx):
        with pytest.raises(TypeError, match=r"^the labels are .*, which a file does not keep: fit on text"):
            write(tmp_path / "model.safetensors")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["Mine", "TabularClassifier"])
def test_a_class_of_a_users_own_is_refused_before_anything_is_written(tmp_path, name):
    model = type(name, (TabularClassifier,), {})(4, n_estimators=1, max_iter=1)
    model.fit(np.arange(40.0).reshape(-1, 1), np.arange(40) % 2)
    with pytest.raises(TypeError, match=rf"^{name} is a class of your own, which a file does not keep"):
        model.save(tmp_path / "model.safetensors")
    assert os.listdir(tmp_path) == []


def test_a_file_of_the_other_kind_is_named(tmp_path, fitted):
    with pytest.raises(TypeError, match=r"^network must be a Network, got TabularClassifier\(.*: call its save"):
        fm.save(fitted["classifier"], tmp_path / "table.safetensors")
    fitted["classifier"].save(tmp_path / "table.safetensors")
    fm.Network(2, [fm.Dense(1)]).save(tmp_path / "net.safetensors")
    with pytest.raises(fm.ModelFileError, match=r"table.safetensors holds an estimator.*read it with fastmlp.sklearn"):
        fm.load(tmp_path / "table.safetensors")
    with pytest.raises(fm.ModelFileError, match=r"net.safetensors holds a network.*read it with fastmlp.load"):
        fastmlp.sklearn.load(tmp_path / "net.safetensors")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        fastmlp.sklearn.load(tmp_path / "none.safetensors")


def places_in(value: object, path: tuple = ()) -> list[tuple]:
    """Return the way to everything in a description: of a list, to its first entries."""
    found = [path] if path else []
    if isinstance(value, dict):
        return found + [way for key, below in value.items() for way in places_in(below, (*path, key))]
    if isinstance(value, list):
        return found + [way for i, below in enumerate(value[:4]) for way in places_in(below, (*path, i))]
    return found


@pytest.mark.parametrize("kind", ["classifier", "regressor", "several values", "several labels"])
def test_damage_is_found_before_rows_are_predicted(tmp_path, fitted, kind):
    fitted[kind].save(tmp_path / "model.safetensors")
    header, description, tensors = parts(tmp_path / "model.safetensors")
    ways = [way for way in places_in(description["estimator"]) if way[0] != "parameters"]
    assert len(ways) > 30
    said = []
    for way in ways:
        for value in (..., None, -1, 3, 1e300, "x", "O", [], {}, [0], True, [["a"]]):
            damaged = copy.deepcopy(description)
            at = damaged["estimator"]
            for key in way[:-1]:
                at = at[key]
            if value is ...:
                del at[way[-1]]
            else:
                at[way[-1]] = value
            path = put_together(tmp_path / "damaged.safetensors", header, damaged, tensors)
            said.append(what_is_said(path))
    expected = ("not a sound fastmlp model: ", "X has feature names", "The feature names should", "column ")
    assert [sentence for sentence in said if not sentence.startswith(expected) and sentence] == []
    # another median, or another name of a category, is as good as the first
    assert sum(map(bool, said)) > 0.7 * len(said)


def what_is_said(path: Path) -> str:
    """Return what is wrong with a file, or with rows for its model; empty: nothing."""
    try:
        model = fastmlp.sklearn.load(path)
    except fm.ModelFileError as error:
        return str(error).removeprefix(f"{path} is ")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            model.predict(table(5))
        except (ValueError, UserWarning) as error:
            return str(error)
    return ""


@pytest.mark.parametrize("damage", ["truncated", "a tensor less", "a network more", "no network", "another format"])
def test_a_damaged_file_is_refused(tmp_path, fitted, damage):
    path = tmp_path / "model.safetensors"
    fitted["classifier"].save(path)
    header, description, tensors = parts(path)
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-1])
    elif damage == "a tensor less":
        del header["networks.1.layers.0.bias"]
    elif damage == "a network more":
        description["networks"].append(description["networks"][0])
    elif damage == "no network":
        description["networks"] = []
    else:
        description["format"] = 2
    if damage != "truncated":
        put_together(path, header, description, tensors)
    with pytest.raises(fm.ModelFileError, match=r"is not a sound fastmlp model: (it|its) "):
        fastmlp.sklearn.load(path)


@pytest.mark.parametrize("name", sorted(path.stem for path in GOLDEN.glob("*.safetensors")))
def test_a_golden_file_loads_for_ever_and_predicts_the_same_bits(tmp_path, name):
    model = fastmlp.sklearn.load(GOLDEN / f"{name}.safetensors")
    predicted = model.predict_proba(table(20)) if isinstance(model, TabularClassifier) else model.predict(table(20))
    assert [value.hex() for value in predicted.ravel().tolist()] == json.loads((GOLDEN / f"{name}.json").read_text())
    # parameters that came later are in it, too
    model.save(tmp_path / "again.safetensors")
    again = fastmlp.sklearn.load(tmp_path / "again.safetensors")
    assert again.get_params() == model.get_params()
    again.save(tmp_path / "once more.safetensors")
    assert (tmp_path / "once more.safetensors").read_bytes() == (tmp_path / "again.safetensors").read_bytes()


def test_there_are_golden_files():
    assert {path.stem for path in GOLDEN.glob("*.safetensors")} >= {"0.1-classifier", "0.1-regressor"}
