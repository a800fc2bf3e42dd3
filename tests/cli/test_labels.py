"""Classes by name: what could go wrong, and which test sees it.

A label that looks like a number is renamed, 00501 to 501, or merged with another, 1.1 with 1.10 (as written); codes of
many values are taken for quantities (codes); a label that is another writing of a class is refused, or one that is not
is taken (same number); a cell that says that there is no value becomes a class (missing).
"""

from __future__ import annotations

import numpy as np
import pytest

import fastmlp as fm
from fastmlp.cli._cells import Table
from fastmlp.cli._preparation import Preparation


def learned(labels, task=None):
    table = Table(np.arange(float(len(labels)))[:, None], ["x"], np.array(labels, dtype=object), "kind")
    return Preparation.learn(table, task)


def numbered(preparation, labels):
    return preparation.targets(Table(np.zeros((len(labels), 1)), ["x"], np.array(labels, dtype=object), "kind"))


@pytest.mark.parametrize(
    "labels",
    [
        ["00501", "00544", "10001"],
        ["007", "7"],
        ["1.1", "1.10", "1.2"],
        ["1E5", "2E5"],
        ["1", "1.0"],
        ["-1", "+1", "2"],
        ["3", "10", "200"],
        ["123456789012345678901234567890", "123456789012345678901234567891"],
        ["01", "1_0", "x"],
    ],
)
def test_labels_are_kept_as_written_and_none_are_merged(labels):
    preparation = learned(labels * 2, "classification")
    # numbers with a fraction are a quantity, unless the user says otherwise
    assert "1.1" in labels or learned(labels * 2).classes == preparation.classes
    assert sorted(preparation.classes) == sorted(labels)
    assert [preparation.classes[index] for index in numbered(preparation, labels)] == labels


def test_numbers_stand_in_their_own_order_and_text_in_that_of_letters():
    assert learned(["10", "9", "2", "02"]).classes == ["02", "2", "9", "10"]
    assert learned(["10", "9", "b"]).classes == ["10", "9", "b"]


def test_many_codes_with_leading_zeros_are_classes_and_many_numbers_are_not():
    assert learned([f"{index:05d}" for index in range(100)]).classes is not None
    assert learned([f"{index}" for index in range(100)]).classes is None
    assert learned([f"0.{index}" for index in range(100)]).classes is None


def test_another_writing_of_the_same_number_is_the_class_and_other_labels_are_not():
    preparation = learned(["0", "1", "2.0"])
    assert numbered(preparation, ["1.0", "0.0", "2", "2.0"]).tolist() == [1, 0, 2, 2]
    for label in ("01", "1.00", "1e0", "3", "x"):
        with pytest.raises(ValueError, match=f"holds '{label}', but the model's classes are '0', '1', '2.0'"):
            numbered(preparation, ["1", label])


@pytest.mark.parametrize(
    ("values", "names"),
    [
        (np.array([2, 0, 2]), ["0", "2"]),
        (np.array([2.0, 0.0, 2.0]), ["0", "2"]),
        (np.array([True, False, True]), ["0", "1"]),
        (np.array([2**53, 2**53 + 1, 2**53]), ["9007199254740992", "9007199254740993"]),
        (np.array([0.1, 0.5, 0.1], dtype=np.float32), ["0.1", "0.5"]),
    ],
)
def test_numbers_of_an_npz_are_named_exactly(tmp_path, run, values, names):
    np.savez(tmp_path / "d.npz", X=[[1.0], [2.0], [3.0]], y=values)
    model = tmp_path / "m.safetensors"
    trained = run("train", tmp_path / "d.npz", "--out", model, "--epochs", 1, "--task", "classification")
    assert (trained.status, trained.error) == (0, "")
    assert fm.load(model).classes == names
    assert run("check", model, tmp_path / "d.npz").status == 0


@pytest.mark.parametrize(
    "mark", ["NA", "N/A", "nan", "NaN", "NAN", "-nan", "null", "NULL", "None", "<NA>", "#N/A", "?"]
)
@pytest.mark.parametrize("others", [("1.5", "2.5"), ("a", "b")])
def test_a_cell_that_says_that_there_is_no_value_is_no_class(tmp_path, run, mark, others):
    data = tmp_path / "d.csv"
    data.write_text(f"x,kind\n1,{others[0]}\n2,{others[1]}\n3, {mark}\n")
    found = run("train", data, "--target", "kind", "--out", tmp_path / "m.safetensors")
    assert found.status == 2
    assert f"line 4, column 'kind': '{mark}' stands for a missing value; remove rows without a target" in found.error


def test_to_predict_rows_need_no_target(tmp_path, run):
    data, model = tmp_path / "d.csv", tmp_path / "m.safetensors"
    data.write_text("x,kind\n1,a\n2,b\n")
    assert run("train", data, "--target", "kind", "--out", model, "--epochs", 1).status == 0
    expected = run("predict", model, data)
    data.write_text("x,kind\n1,\n2,NA\n")
    assert run("predict", model, data) == expected


@pytest.mark.parametrize("value", ["inf", "-inf", "1e400"])
def test_a_value_that_is_not_finite_is_no_target(value):
    with pytest.raises(ValueError, match=rf"the target of row 2, '{value}', is not finite: remove the row first\."):
        learned(["1.5", value])
