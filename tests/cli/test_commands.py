"""The command line around its jobs: what could go wrong, and which test sees it.

A help text that fails or shows no example (help), an error that is a traceback, several lines, or exit status 0 (one
sentence, system errors), Ctrl-C or a closed pipe that prints a traceback (quietly, goes away), a check that fails
without saying so (check), facts that are missing (info). What train and predict compute is in
test_train_and_predict.py.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import pandas as pd
import pytest

import fastmlp as fm
from fastmlp.cli import inspection, main
from fastmlp.sklearn import TabularRegressor

COMMANDS = ["demo", "train", "predict", "check", "info", "export"]


@pytest.fixture
def model(tmp_path):
    net = fm.Network(2, [fm.Dense(3, "tanh"), fm.Dense(2, "softmax")], seed=0)
    net.metadata = {"note": "by hand"}
    net.save(tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


@pytest.fixture
def xor(tmp_path):
    path = tmp_path / "xor.csv"
    path.write_text("a,b,y\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n")
    return path


@pytest.mark.parametrize("command", COMMANDS)
def test_each_help_ends_with_an_example(run, command):
    outcome = run(command, "--help")
    assert outcome.status == 0
    assert outcome.out.splitlines()[-2:][0] == "example:"
    assert outcome.out.splitlines()[-1].startswith(f"  fastmlp {command}")


def test_the_help_lists_all_commands(run):
    outcome = run("--help")
    assert outcome.status == 0
    assert all(f"\n    {command} " in outcome.out for command in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["learn"], "invalid choice: 'learn'"),
        (["info", "nowhere.safetensors"], "nowhere.safetensors does not exist: give the path of a model file."),
        (["info", os.path.dirname(__file__)], "is not a regular file"),
        (["info", __file__], "is not a sound fastmlp model"),
        (["predict", "nowhere.safetensors", "x.csv"], "nowhere.safetensors does not exist"),
        (["export", "nowhere.safetensors", "--to", "c"], "nowhere.safetensors does not exist"),
        (["export", "nowhere.safetensors"], "the following arguments are required: --to"),
        (["export", "nowhere.safetensors", "--to", "fortran"], "invalid choice: 'fortran'"),
        (["export", "nowhere.safetensors", "--to", "c", "--out", "a.onnx"], "an ONNX model, but C is written"),
        (["train", "nowhere.csv", "--target", "y"], "nowhere.csv is not a file"),
        (["train", __file__, "--target", "y", "--out", "/dev/null"], "/dev/null is not a regular file"),
        (["train", __file__, "--target", "y", "--out", "no/where"], "is not a folder: make it first"),
        (["train", "x.csv", "--hidden", "8,x"], "'8,x' is not a list of widths such as 64,32, nor none"),
        (["train", "x.csv", "--epochs", "0"], "'0' is not an integer of at least 1"),
        (["train", "x.csv", "--seed", "-1"], "'-1' is not an integer of at least 0"),
        (["train", "x.csv", "--validation", "1"], "'1' is not a number of at least 0 and below 1"),
        (["demo", "--data", "nowhere", "--out", "no/where"], "is not a folder: make it first"),
        (["demo", "--data", "nowhere"], "nowhere is not a folder: give the one that holds the four MNIST files."),
    ],
)
def test_an_error_is_one_sentence_and_exit_status_2(run, tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    outcome = run(*arguments)
    assert outcome.status == 2
    assert sentence in outcome.error
    assert outcome.error.startswith("fastmlp")
    assert outcome.error.count("\n") == 1
    assert outcome.out == ""
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (PermissionError(13, "Permission denied", "x.safetensors"), "x.safetensors: Permission denied."),
        (OSError(28, "No space left on device"), "No space left on device."),
        (MemoryError(), "the memory of this computer does not suffice."),
        (FloatingPointError("loss became\nNaN."), "loss became NaN."),
    ],
)
def test_errors_of_the_system_are_one_sentence_too(run, monkeypatch, error, sentence):
    def fail(_):
        raise error

    monkeypatch.setattr(inspection, "kind_of", fail)
    assert run("info", "x.safetensors") == (2, "", f"fastmlp: {sentence}\n")


def test_an_estimator_is_shown_and_otherwise_refused_with_what_reads_it(run, tmp_path, xor):
    path = tmp_path / "table.safetensors"
    table = pd.DataFrame({"size": [1.0, 2.0, 3.0, 4.0], "kind": ["a", "b", "a", "b"]})
    TabularRegressor(max_iter=1, n_estimators=2, random_state=0).fit(table, [1.0, 2.0, 3.0, 4.0]).save(path)
    outcome = run("info", path)
    assert (outcome.status, outcome.error) == (0, "")
    assert outcome.out.startswith(
        "TabularRegressor of 2 networks: read it with fastmlp.sklearn.load\nlayer  activation"
    )
    assert 'columns:  ["size", "kind"]' in outcome.out
    assert '"random_state": 0' in outcome.out
    for command in ("predict", "check"):
        outcome = run(command, path, xor)
        assert (outcome.status, outcome.out) == (2, "")
        assert "holds an estimator for tables, not a network: read it with fastmlp.sklearn.load." in outcome.error


def test_info_says_where_the_training_of_a_checkpoint_stands(run, tmp_path):
    path = tmp_path / "run.ckpt"
    net = fm.Network(2, [fm.Dense(2, "softmax")], seed=0)
    net.fit(*fm.datasets.xor(), epochs=3, batch_size=1, checkpoint=fm.Checkpoint(path))
    outcome = run("info", path)
    assert outcome.out.startswith(net.summary())
    assert "\ntraining: step 12 of 12, 3 epochs, ended\n" in outcome.out


def test_export_writes_a_header_beside_the_model_with_the_names_of_its_table(run, model, tmp_path):
    assert run("export", model, "--to", "c").out == f"c            {tmp_path / 'model.h'}\n"
    fm.load(model).to_c(tmp_path / "again.h")
    assert (tmp_path / "again.h").read_text() == (tmp_path / "model.h").read_text()
    table = tmp_path / "flowers.csv"
    table.write_text("length,width,kind\n1,2,rose\n2,1,daisy\n3,4,rose\n")
    flowers = tmp_path / "flowers.safetensors"
    run("train", table, "--target", "kind", "--epochs", "1", "--out", flowers)
    assert run("export", flowers, "--to", "c", "--name", "flowers", "--out", tmp_path / "f.h").status == 0
    text = (tmp_path / "f.h").read_text()
    assert '"length", "width"' in text
    assert '"daisy", "rose"' in text
    assert "flowers_predict(" in text


def test_export_takes_an_estimator_for_tables(run, tmp_path):
    path = tmp_path / "table.safetensors"
    table = pd.DataFrame({"size": [1.0, 2.0, 3.0, 4.0], "kind": ["a", "b", "a", "b"]})
    estimator = TabularRegressor(max_iter=1, n_estimators=2, random_state=0).fit(table, [1.0, 2.0, 3.0, 4.0])
    estimator.save(path)
    assert run("export", path, "--to", "c", "--name", "sizes").out == f"c            {tmp_path / 'table.h'}\n"
    estimator.to_c(tmp_path / "again.h", name="sizes")
    assert (tmp_path / "again.h").read_text() == (tmp_path / "table.h").read_text()


def test_export_writes_onnx_models_of_networks_and_tables(run, model, tmp_path):
    assert run("export", model, "--to", "onnx").out == f"onnx         {tmp_path / 'model.onnx'}\n"
    fm.load(model).to_onnx(tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == (tmp_path / "model.onnx").read_bytes()
    table = pd.DataFrame({"size": [1.0, 2.0, 3.0, 4.0], "kind": ["a", "b", "a", "b"]})
    estimator = TabularRegressor(max_iter=1, n_estimators=2, random_state=0).fit(table, [1.0, 2.0, 3.0, 4.0])
    estimator.save(tmp_path / "table.safetensors")
    assert run("export", tmp_path / "table.safetensors", "--to", "onnx").status == 0
    estimator.to_onnx(tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == (tmp_path / "table.onnx").read_bytes()
    assert "C, but an ONNX model is written" in run("export", model, "--to", "onnx", "--out", tmp_path / "a.h").error


def test_export_refuses_what_it_cannot_write_and_leaves_no_file(run, model, tmp_path):
    before = sorted(os.listdir(tmp_path))
    assert "name must be a name in C" in run("export", model, "--to", "c", "--name", "2nd").error
    assert "--name is of --to c, but --to is onnx" in run("export", model, "--to", "onnx", "--name", "a").error
    net = fm.Network(1, [fm.Dense(1)], seed=0)
    scaling = {"mean": [0.0], "scale": [1.0], "target_mean": 0.0, "target_scale": 1.0}
    net.metadata["preparation"] = {"feature_names": ["a"], "target_name": "b", **scaling}
    net.save(model)
    assert "with a scaling beside its network: train again" in run("export", model, "--to", "c").error
    assert sorted(os.listdir(tmp_path)) == before


def test_info_shows_the_build_or_the_model(run, model):
    assert fm.active_target() in run("info").out
    outcome = run("info", model)
    assert outcome.status == 0
    assert "17 parameters (float32), loss: cross_entropy, seed: 0" in outcome.out
    assert "classes:  '0', '1'" in outcome.out
    assert 'metadata: {"note": "by hand"}' in outcome.out


def test_check_passes_a_sound_network_and_fails_a_wrong_one(run, model, xor, monkeypatch):
    outcome = run("check", model, xor, "--target", "y")
    assert outcome.status == 0
    assert "passed" in outcome.out

    class WrongReport:
        passed = False

        def __str__(self):
            return "a table"

    monkeypatch.setattr(inspection.fm.Network, "check_gradients", lambda *_: WrongReport())
    outcome = run("check", model, xor, "--target", "y")
    assert (outcome.status, outcome.out) == (1, "a table\n")


def test_check_of_a_model_without_a_table_needs_the_target(run, model, xor):
    assert run("check", model, xor).error == f"fastmlp: {xor}: give the target; the columns are 'a', 'b', 'y'.\n"
    assert "'2', but the model's classes are '0', '1'" in _check_with(run, model, xor, "0,0,2")
    assert "has no column" in run("check", model, _written(xor, "y\n1\n"), "--target", "y").error
    assert (
        "the table has 1 features, but the model needs 2"
        in run("check", model, _written(xor, "a,y\n1,1\n"), "--target", "y").error
    )


def _written(path, text):
    path.write_text(text)
    return path


def _check_with(run, model, path, row):
    return run("check", model, _written(path, f"a,b,y\n{row}\n"), "--target", "y").error


def started(*arguments):
    # unbuffered, Python itself drops the rest of a write that a closed pipe cut short
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.Popen(
        [sys.executable, "-m", "fastmlp", *map(str, arguments)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("setting", ["FASTMLP_TARGET=avx1024", "FASTMLP_NUM_THREADS=0"])
@pytest.mark.parametrize("command", ["fastmlp", "-m fastmlp", "a program"])
def test_a_wrong_environment_ends_the_command_in_a_sentence_and_a_program_in_an_error(setting, command, tmp_path):
    script = tmp_path / "fastmlp"  # as pip writes it
    script.write_text("import sys\nfrom fastmlp.cli import main\nsys.exit(main())\n")
    arguments = {
        "fastmlp": [script],
        "-m fastmlp": ["-m", "fastmlp"],
        "a program": ["-c", "import fastmlp", "-m", "fastmlp"],
    }
    name, value = setting.split("=")
    ended = subprocess.run(
        [sys.executable, *arguments[command], "--help"], env={**os.environ, name: value}, capture_output=True, text=True
    )
    if command == "a program":
        assert ended.returncode == 1
        assert "Traceback" in ended.stderr
    else:
        assert ended.returncode == 2
        assert re.fullmatch(rf"fastmlp: {name}='{value}' is not a .*\.\n", ended.stderr)


def test_ctrl_c_ends_training_quietly_and_writes_nothing(xor, tmp_path):
    out = tmp_path / "model.safetensors"
    process = started("train", xor, "--target", "y", "--epochs", 10**9, "--out", out)
    # the line is printed just before the training
    while not process.stdout.readline().startswith("network"):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130
    assert error == "\nfastmlp: stopped.\n"
    assert not out.exists()


def test_a_closed_output_is_no_error(model, tmp_path, monkeypatch):
    data = _written(tmp_path / "x.csv", "a,b\n1,2\n")
    # what Python makes of >&- in a shell
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["predict", str(model), str(data)]) == 0


def test_a_reader_that_goes_away_is_no_error(model, tmp_path):
    data = tmp_path / "many.csv"
    # more than any pipe buffers
    data.write_text("a,b\n" + "0.5,0.25\n" * 200_000)
    process = started("predict", model, data, "--proba")
    assert process.stdout.readline() == "prediction,probability_0,probability_1\n"
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert process.stderr.read() == ""
    process.stderr.close()
