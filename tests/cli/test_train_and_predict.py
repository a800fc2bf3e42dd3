"""``fastmlp train`` and ``predict``: what could go wrong, and which test sees it.

The command computes something else than the library does on the same numbers (as by hand), predictions lose the class
names, the target's unit or digits or the order of columns (text labels, regression, order), what was learned of the
validation rows leaks into the scaling (validation), the library finds something else in the model file than the command
does (raw rows), a training that was ended begins anew (goes on), a model from Python or of an older command cannot be
used (without a table, older), an error leaves a file behind (nothing is written).
"""

from __future__ import annotations

import csv
import io
import os

import numpy as np
import pytest

import fastmlp as fm
from fastmlp._training.keeper import Keeper
from fastmlp.activations import Formula, Mish, Sigmoid, SiLU
from fastmlp.cli import build_parser, tabular


def write(path, names, *columns):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([names, *zip(*columns, strict=True)])
    return path


def read(text):
    rows = list(csv.reader(io.StringIO(text)))
    return dict(zip(rows[0], zip(*rows[1:], strict=True), strict=True))


@pytest.fixture
def flowers(tmp_path):
    X, y = fm.datasets.blobs(90, centers=3, seed=1)
    # far from standardized, and a constant column
    kinds = np.array(["rose", "älchen", "a, b"])[y]
    return write(
        tmp_path / "flowers.csv", ["x", "y", "one", "kind"], 1000 + 50 * X[:, 0], X[:, 1] / 50, [7] * 90, kinds
    )


def test_text_labels_are_learned_and_come_back(run, flowers, tmp_path):
    model, out = tmp_path / "m.safetensors", tmp_path / "p.csv"
    trained = run("train", flowers, "--target", "kind", "--out", model, "--hidden", "8", "--epochs", 200)
    assert (trained.status, trained.error) == (0, "")
    assert "classification of 'kind' into 3 classes" in trained.out
    assert "network      3-8-3, float32" in trained.out
    assert fm.load(model).classes == ["a, b", "rose", "älchen"]
    assert run("predict", model, flowers, "--out", out, "--proba") == (0, "", "")
    found = read(out.read_text(encoding="utf-8"))
    truth = read(flowers.read_text(encoding="utf-8"))["kind"]
    # the blobs lie far apart
    assert np.mean(np.array(found["prediction"]) == truth) > 0.95
    probabilities = np.array([found[f"probability_{name}"] for name in fm.load(model).classes], dtype=float)
    np.testing.assert_allclose(probabilities.sum(axis=0), 1.0, rtol=1e-6)
    assert [fm.load(model).classes[index] for index in probabilities.argmax(axis=0)] == list(found["prediction"])


def test_the_command_does_what_the_library_does_by_hand(run, flowers, tmp_path):
    model = tmp_path / "m.safetensors"
    options = ["--hidden", "5,4", "--activation", "tanh", "--epochs", 3, "--batch-size", 16, "--optimizer", "sgd"]
    options += ["--learning-rate", 0.05, "--l2", 0.01, "--seed", 5, "--dtype", "float64"]
    assert run("train", flowers, "--target", "kind", "--out", model, *options).status == 0

    columns = read(flowers.read_text(encoding="utf-8"))
    raw = np.array([columns["x"], columns["y"], columns["one"]], dtype=float).T
    scale = raw.std(axis=0)
    scale[2] = 1.0
    X = (raw - raw.mean(axis=0)) / scale
    y = np.searchsorted(["a, b", "rose", "älchen"], columns["kind"])
    net = fm.Network(
        3, [fm.Dense(5, "tanh"), fm.Dense(4, "tanh"), fm.Dense(3, "softmax")], dtype="float64", seed=5, l2=0.01
    )
    # the command trains on its split of the rows, which is a permutation of all of them
    order = np.random.default_rng(5).permutation(90)
    net.fit(X[order], y[order], epochs=3, batch_size=16, optimizer=fm.SGD(0.05))
    # the same steps; the standardization may differ by roundings, as means are summed in another order
    np.testing.assert_allclose(fm.load(model).get_parameters(), net.get_parameters(), rtol=1e-9)


def test_a_regression_answers_in_the_unit_of_the_target(run, tmp_path):
    x = np.linspace(-1, 1, 60)
    data = write(tmp_path / "line.csv", ["x", "price"], x, 5000 + 300 * x)
    model = tmp_path / "m.safetensors"
    trained = run(
        "train", data, "--target", "price", "--out", model, "--hidden", "none", "--epochs", 200, "--learning-rate", 0.05
    )
    assert "regression of 'price'" in trained.out
    found = np.array(read(run("predict", model, data).out)["prediction"], dtype=float)
    # a line is learned almost exactly; one part in a hundred of the slope
    np.testing.assert_allclose(found, 5000 + 300 * x, atol=3.0)
    assert "it has no probabilities, leave out --proba" in run("predict", model, data, "--proba").error


def test_columns_are_found_by_name_and_others_are_left_out(run, flowers, tmp_path):
    model = tmp_path / "m.safetensors"
    run("train", flowers, "--target", "kind", "--out", model, "--epochs", 5)
    columns = read(flowers.read_text(encoding="utf-8"))
    other = write(
        tmp_path / "other.csv", ["id", "one", "y", "x"], ["n1"] * 90, columns["one"], columns["y"], columns["x"]
    )
    assert run("predict", model, other, "--proba") == run("predict", model, flowers, "--proba")
    lacking = write(tmp_path / "lacking.csv", ["x", "one"], columns["x"], columns["one"])
    assert "lacks the column 'y'; its columns are 'x', 'one'" in run("predict", model, lacking).error
    lacking = write(tmp_path / "lacking.csv", ["x"], columns["x"])
    assert "lacks the columns 'y', 'one'; its columns are 'x'" in run("predict", model, lacking).error


def test_text_labels_that_look_like_numbers_are_kept_as_they_are(run, tmp_path):
    model, labels = tmp_path / "m.safetensors", ["01", "x", "1_0"]
    write(tmp_path / "all.csv", ["a", "kind"], [1, 2, 3], labels)
    assert run("train", tmp_path / "all.csv", "--target", "kind", "--out", model, "--epochs", 1).status == 0
    assert fm.load(model).classes == sorted(labels)
    for label in labels:
        assert run("check", model, write(tmp_path / "one.csv", ["a", "kind"], [1], [label])).status == 0


def test_whole_numbers_are_classes_unless_said_otherwise(run, tmp_path):
    data = write(tmp_path / "n.csv", ["x", "y"], range(8), [3, 10, 3, 10, 3, 10, 3, 10])
    model = tmp_path / "m.safetensors"
    run("train", data, "--target", "y", "--out", model, "--epochs", 1)
    # in numeric order
    assert fm.load(model).classes == ["3", "10"]
    assert set(read(run("predict", model, data).out)["prediction"]) <= {"3", "10"}
    run("train", data, "--target", "y", "--out", model, "--epochs", 1, "--task", "regression")
    assert fm.load(model).classes is None
    assert fm.load(model).n_outputs == 1


def test_validation_rows_have_no_part_in_the_scaling(run, tmp_path):
    model = tmp_path / "m.safetensors"
    order = np.random.default_rng(0).permutation(10)
    x = np.arange(10.0)
    x[order[:2]] = 1e6
    data = write(tmp_path / "v.csv", ["x", "y"], x, [0, 1] * 5)
    trained = run("train", data, "--target", "y", "--out", model, "--epochs", 1, "--validation", 0.2)
    assert "validation   loss" in trained.out
    assert fm.load(model).scaling.mean == (x[order[2:]].mean(),)
    assert "takes 0 of 10 rows" in run("train", data, "--target", "y", "--validation", 0.01).error


def test_npz_files_train_and_predict(run, tmp_path):
    X, y = fm.datasets.blobs(60, centers=2, seed=2)
    np.savez(tmp_path / "data.npz", X=X.astype(np.float32), y=y, kind=np.array(["no", "yes"])[y])
    model = tmp_path / "m.safetensors"
    assert run("train", tmp_path / "data.npz", "--out", model, "--epochs", 20).status == 0
    assert fm.load(model).classes == ["0", "1"]
    assert run("train", tmp_path / "data.npz", "--target", "kind", "--out", model, "--epochs", 20).status == 0
    found = read(run("predict", model, tmp_path / "data.npz").out)["prediction"]
    assert np.mean(np.array(found) == np.array(["no", "yes"])[y]) > 0.95
    assert run("check", model, tmp_path / "data.npz").status == 0


def test_a_model_trained_without_a_table_takes_all_columns(run, tmp_path):
    model = tmp_path / "m.safetensors"
    X = np.random.default_rng(0).standard_normal((20, 2))
    data = write(tmp_path / "x.csv", ["b", "a"], *X.T)
    for last, width in ((fm.Dense(1, "sigmoid"), 1), (fm.Dense(3), 3)):
        net = fm.Network(2, [fm.Dense(4, "relu"), last], dtype="float64", seed=0)
        net.save(model)
        found = read(run("predict", model, data).out)
        expected = net.predict(X).reshape(20, -1)
        names = ["prediction"] if width == 1 else [f"prediction_{index}" for index in range(width)]
        # repr gives every digit
        np.testing.assert_array_equal(np.array([found[name] for name in names], dtype=float).T, expected)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--target", "kinds"], "there is no column 'kinds'; the columns are 'x', 'y', 'one', 'kind'"),
        ([], "give the target; the columns are"),
        (["--target", "x"], "line 2, column 'kind': 'älchen' is not a number; only the target may be text"),
        (["--target", "kind", "--task", "regression"], "holds text: a regression needs numbers"),
        (["--target", "kind", "--learning-rate", "nan"], "learning_rate must be"),
        (["--target", "kind", "--learning-rate", "1e30", "--optimizer", "sgd"], "loss became"),
    ],
)
def test_an_error_names_its_cause_and_nothing_is_written(run, flowers, tmp_path, arguments, sentence):
    text = flowers.read_text(encoding="utf-8").splitlines()
    text[1], text[2] = sorted(text[1:3], key=lambda line: "älchen" not in line)
    flowers.write_text("\n".join(text), encoding="utf-8")
    outcome = run("train", flowers, "--out", tmp_path / "m.safetensors", *arguments)
    assert outcome.status == 2
    assert sentence in outcome.error
    assert os.listdir(tmp_path) == ["flowers.csv"]


def test_a_kept_preparation_that_was_tampered_with_is_refused(run, flowers, tmp_path):
    model = tmp_path / "m.safetensors"
    run("train", flowers, "--target", "kind", "--out", model, "--epochs", 1)
    older = {"mean": [0.0] * 3, "scale": [1.0] * 3, "target_mean": 0.0, "target_scale": 1.0}
    for changed in (
        {"feature_names": 3},
        {"feature_names": ["x"]},
        {"scale": [1.0]},
        older | {"scale": [1.0, 0.0, 1.0]},
        older | {"mean": [1.0]},
        older | {"target_mean": "a"},
    ):
        net = fm.load(model)
        net.metadata["preparation"] |= changed
        net.save(tmp_path / "other.safetensors")
        assert "is not what fastmlp train writes" in run("predict", tmp_path / "other.safetensors", flowers).error


def test_a_model_file_of_classes_takes_raw_rows(run, flowers, tmp_path):
    model = tmp_path / "m.safetensors"
    run("train", flowers, "--target", "kind", "--out", model, "--epochs", 30)
    net = fm.load(model)
    columns = read(flowers.read_text(encoding="utf-8"))
    rows = np.array([columns[name] for name in net.metadata["preparation"]["feature_names"]], dtype=float).T
    found = read(run("predict", model, flowers, "--proba").out)
    assert [net.classes[label] for label in net.predict(rows)] == list(found["prediction"])
    assert np.mean(np.array(found["prediction"]) == columns["kind"]) > 0.95
    for name, values in zip(net.classes, net.predict_proba(rows).T, strict=True):
        np.testing.assert_array_equal(np.array(found[f"probability_{name}"], dtype=np.float32), values)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_regression_on_large_values_keeps_their_digits_in_command_and_library(run, tmp_path, dtype):
    z = np.random.default_rng(0).standard_normal((400, 2))
    y = 1.7e9 + 100 * z[:, 0]
    # a time in seconds, as features are, too
    data = write(tmp_path / "t.csv", ["t", "b", "y"], 1.7e9 + 100 * z[:, 0], z[:, 1], y)
    model = tmp_path / "m.safetensors"
    options = ["--hidden", "none", "--epochs", 60, "--learning-rate", 0.05, "--dtype", dtype]
    trained = run("train", data, "--target", "y", "--out", model, *options)
    assert (trained.status, trained.error) == (0, "")
    found = np.array(read(run("predict", model, data).out)["prediction"], dtype=float)
    assert len(np.unique(found)) == 400
    # a line is learned almost exactly; one part in a hundred of the deviation
    np.testing.assert_allclose(found, y, rtol=0, atol=1.0)
    told = float(trained.out.split("mean absolute error ")[1].split()[0])
    # four digits are printed
    assert told == pytest.approx(np.abs(found - y).mean(), rel=1e-3)
    raw = np.column_stack([1.7e9 + 100 * z[:, 0], z[:, 1]])
    np.testing.assert_array_equal(fm.load(model).predict(raw), found)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_model_of_an_older_command_predicts_as_it_did(run, tmp_path, task):
    rng = np.random.default_rng(3)
    X, mean, scale = rng.normal(500.0, 20.0, (30, 2)), np.array([500.0, 510.0]), np.array([20.0, 10.0])
    data = write(tmp_path / "x.csv", ["b", "a", "y"], X[:, 1], X[:, 0], rng.integers(0, 2, 30))
    last = fm.Dense(1) if task == "regression" else fm.Dense(2, "softmax")
    net = fm.Network(2, [fm.Dense(4, "tanh"), last], dtype="float64", seed=1)
    if task == "classification":
        net.classes = ["0", "1"]
    net.metadata["preparation"] = {
        "feature_names": ["a", "b"],
        "target_name": "y",
        "mean": mean.tolist(),
        "scale": scale.tolist(),
        "target_mean": 1.7e9,
        "target_scale": 100.0,
    }
    model = tmp_path / "m.safetensors"
    net.save(model)
    expected = net.predict((X - mean) / scale)
    if task == "regression":
        expected = 1.7e9 + 100.0 * expected
    found = np.array(read(run("predict", model, data).out)["prediction"], dtype=float)
    np.testing.assert_array_equal(found, expected)
    assert run("check", model, data).status == 0


def test_numbers_that_the_arithmetic_cannot_hold_name_their_column(run, tmp_path):
    model = tmp_path / "m.safetensors"
    data = write(tmp_path / "x.csv", ["a", "wide", "y"], range(4), [1, 2, 1e39, 3], ["n", "m"] * 2)
    refused = "column 'wide' holds 1e+39, which float32 cannot hold: train with --dtype float64"
    assert refused in run("train", data, "--target", "y", "--out", model).error
    assert run("train", data, "--target", "y", "--out", model, "--dtype", "float64", "--epochs", 1).status == 0
    small = write(tmp_path / "small.csv", ["a", "wide", "y"], range(4), range(4), ["n", "m"] * 2)
    assert run("train", small, "--target", "y", "--out", model, "--epochs", 1).status == 0
    assert refused in run("predict", model, data).error


@pytest.mark.parametrize(
    ("text", "expected"), [("swish", SiLU()), ("logistic", Sigmoid()), ("mish", Mish()), ("x**3", None)]
)
def test_hidden_layers_take_every_activation_that_the_library_knows(run, flowers, tmp_path, text, expected):
    model = tmp_path / "m.safetensors"
    assert run("train", flowers, "--target", "kind", "--out", model, "--epochs", 1, "--activation", text).status == 0
    assert fm.load(model).layers[0].activation == (expected or Formula(text))


@pytest.mark.parametrize(
    ("option", "text", "sentence"),
    [
        ("--activation", "relo", "activation 'relo' does not exist: use one of 'identity'"),
        ("--activation", "softmax", "softmax is for the last layer"),
        ("--activation", "1/0*x", "--activation: "),
        ("--delimiter", "", "'' is not a delimiter: give one character such as ; or tab"),
        ("--delimiter", "ab", "'ab' is not a delimiter"),
        ("--delimiter", "1", "'1' is not a delimiter"),
        ("--delimiter", '"', "is not a delimiter"),
    ],
)
def test_options_that_make_no_sense_get_a_sentence(run, flowers, option, text, sentence):
    outcome = run("train", flowers, "--target", "kind", option, text)
    assert outcome.status == 2
    assert sentence in outcome.error
    assert outcome.error.count("\n") == 1


@pytest.mark.parametrize(("option", "character"), [("tab", "\t"), ("\\t", "\t"), ("|", "|")])
def test_a_delimiter_may_be_given_to_every_command_that_reads_a_table(run, flowers, tmp_path, option, character):
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    other = tmp_path / "other.csv"
    with flowers.open(encoding="utf-8", newline="") as source, other.open("w", encoding="utf-8", newline="") as copy:
        csv.writer(copy, delimiter=character).writerows(csv.reader(source))
    delimiter = ["--delimiter", option]
    run("train", flowers, "--target", "kind", "--out", first, "--epochs", 1)
    assert run("train", other, "--target", "kind", "--out", second, "--epochs", 1, *delimiter).status == 0
    assert first.read_bytes() == second.read_bytes()
    assert run("predict", second, other, *delimiter) == run("predict", first, flowers)
    assert run("check", second, other, *delimiter) == run("check", first, flowers)


def test_a_model_is_written_before_a_reader_can_go_away(run, flowers, tmp_path, monkeypatch):
    model = tmp_path / "m.safetensors"

    def gone(text, **_):
        if text.startswith("training"):
            raise BrokenPipeError

    monkeypatch.setattr("fastmlp.cli.tabular.say", gone)
    with pytest.raises(BrokenPipeError):
        tabular.train(build_parser().parse_args(["train", str(flowers), "--target", "kind", "--out", str(model)]))
    assert fm.load(model).classes == ["a, b", "rose", "älchen"]


def test_a_training_that_was_ended_goes_on(run, flowers, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    train = ("train", flowers, "--target", "kind", "--hidden", "8", "--epochs", 30, "--validation", "0.2")
    assert run(*train, "--out", "whole.safetensors").status == 0
    # every epoch, and no file from the tenth on
    every = fm.Checkpoint
    monkeypatch.setattr(fm, "Checkpoint", lambda path: every(path, epochs=1))
    after = Keeper.after_slice

    def ended(keeper, training):
        after(keeper, training)
        if training.n_epochs == 10:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Keeper, "after_slice", ended)
        assert run(*train, "--out", "m.safetensors", "--checkpoint", "run.ckpt").status == 130
    assert not os.path.exists("m.safetensors")
    # what there is predicts, with the names of classes and columns
    assert run("predict", "run.ckpt", flowers).out.splitlines()[0] == "prediction"
    assert "classes:  'a, b', 'rose', 'älchen'" in run("info", "run.ckpt").out
    for _ in range(2):
        assert run(*train, "--out", "m.safetensors", "--checkpoint", "run.ckpt")[::2] == (0, "")
        with open("m.safetensors", "rb") as found, open("whole.safetensors", "rb") as expected:
            assert found.read() == expected.read()
    outcome = run(*train, "--batch-size", 7, "--out", "m.safetensors", "--checkpoint", "run.ckpt")
    assert outcome.status == 2
    assert "run.ckpt is of another training: --batch-size is 7 here and 32 there" in outcome.error
    outcome = run(*train, "--validation", "0.3", "--out", "m.safetensors", "--checkpoint", "run.ckpt")
    assert "run.ckpt is of another training: --validation is 0.3 here and 0.2 there" in outcome.error


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--checkpoint", "model.safetensors"],
            "is the name of a model, but a checkpoint is written: give a name that",
        ),
        (["--checkpoint", "table"], "table would be written over table, which is read: give another name with --check"),
        (["--checkpoint", "run.npz"], "run.npz is the name of arrays, but a checkpoint is written"),
    ],
)
def test_a_checkpoint_takes_no_others_place(run, flowers, tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    before = flowers.rename("table").read_bytes()
    outcome = run("train", "table", "--target", "kind", *arguments)
    assert outcome.status == 2
    assert sentence in outcome.error
    assert (tmp_path / "table").read_bytes() == before
    assert os.listdir(tmp_path) == ["table"]
