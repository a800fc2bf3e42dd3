"""What the command writes: what could go wrong, and which test sees it.

It writes over its own input, by the same name, a link, or a redirection (inputs), or over a table whose name it takes
for a model's (formats); an escape sequence in a label, a column or a file name reaches the terminal (raw), in errors
and warnings, too, and a data file is escaped (exact); a sentence is as long as what it repeats (short).
"""

from __future__ import annotations

import os
import subprocess
import sys
import warnings

import pytest

import fastmlp as fm

ESCAPE = "\x1b[31mred\x1b]0;title\x07"


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "ok.csv"
    path.write_text("a,y\n1,n\n2,m\n")
    return path


@pytest.fixture
def model(tmp_path):
    net = fm.Network(1, [fm.Dense(2, "softmax")], seed=0)
    net.classes = ["n", ESCAPE]
    net.save(tmp_path / "m.safetensors")
    return tmp_path / "m.safetensors"


def test_no_input_is_written_over(run, data, model, tmp_path):
    (tmp_path / "link.safetensors").symlink_to(data)
    os.link(data, tmp_path / "hard.safetensors")
    plain, short = tmp_path / "plain.safetensors", tmp_path / "short"
    plain.write_bytes(data.read_bytes())
    short.write_bytes(model.read_bytes())
    before = {path: path.read_bytes() for path in (data, model, plain, short)}
    for arguments in (
        ["train", plain, "--target", "y", "--out", plain],
        ["train", data, "--target", "y", "--out", tmp_path / "link.safetensors"],
        ["train", data, "--target", "y", "--out", tmp_path / "hard.safetensors"],
        ["predict", short, data, "--out", short],
        ["predict", model, data, "--out", data],
        ["predict", model, data, "--out", f"{tmp_path}/../{tmp_path.name}/ok.csv"],
    ):
        outcome = run(*arguments)
        assert (outcome.status, outcome.out) == (2, "")
        assert "which is read: give another name with --out." in outcome.error
    assert {path: path.read_bytes() for path in before} == before


def test_what_is_redirected_to_the_command_is_not_written_over(data, model):
    before = data.read_bytes()
    for source in ("-", "/dev/stdin"):
        with data.open() as stdin:
            done = subprocess.run(
                [sys.executable, "-m", "fastmlp", "predict", model, source, "--out", data],
                stdin=stdin,
                capture_output=True,
                text=True,
            )
        assert done.returncode == 2
        assert "ok.csv would be written over" in done.stderr
        assert data.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train", "ok.csv", "--out", "other.csv"], "the name of a table, but a model is written: give a name that"),
        (["train", "ok.csv", "--out", "m.npz"], "the name of arrays, but a model is written"),
        (["train", "ok.csv", "--out", "net.onnx"], "the name of an ONNX model, but a model is written"),
        (
            ["predict", "m.safetensors", "ok.csv", "--out", "n.safetensors"],
            "the name of a model, but a table of predict",
        ),
        (["predict", "m.safetensors", "ok.csv", "--out", "p.csv.gz"], "the name of a packed file, but a table of"),
        (["predict", "m.safetensors", "ok.csv", "--out", "p.XLSX"], "but a table of predictions is written"),
        (["demo", "--out", "demo.pdf"], "demo.pdf is the name of a PDF, but a PNG picture is written"),
        (["demo", "--out", "ok.csv"], "ok.csv is the name of a table, but a PNG picture is written: give a name"),
    ],
)
def test_no_file_gets_a_name_of_another_format(run, data, model, tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    before = data.read_bytes()
    outcome = run(*arguments)
    assert outcome.status == 2
    assert sentence in outcome.error
    assert sorted(os.listdir(tmp_path)) == ["m.safetensors", "ok.csv"]
    assert data.read_bytes() == before


def test_nothing_raw_reaches_a_terminal(run, tmp_path, monkeypatch):
    data, model = tmp_path / f"{ESCAPE}.csv", tmp_path / f"{ESCAPE}.safetensors"
    data.write_text(f"a{ESCAPE},y{ESCAPE}\n1,n{ESCAPE}\n2,m{ESCAPE}\n")
    bad = tmp_path / f"{ESCAPE} bad.csv"
    bad.write_text(f"a{ESCAPE},y\n{ESCAPE},x\n")
    trained = run("train", data, "--target", f"y{ESCAPE}", "--out", model, "--epochs", 1)
    assert (trained.status, trained.error) == (0, "")
    net = fm.load(model)
    net.metadata["note"] = f"{ESCAPE}\x7f"
    net.save(model)
    outcomes = [
        trained,
        run("info", model),
        run("train", bad, "--target", "y"),
        run("train", bad, "--target", ESCAPE),
        run("train", tmp_path / ESCAPE, "--target", ESCAPE),
        run("train", data, "--target", "y", f"--{ESCAPE}"),
        run("train", data, "--target", "y", "--epochs", ESCAPE),
        run("predict", tmp_path / ESCAPE, data),
        run("predict", bad, data),
        run("demo", "--data", ESCAPE),
        run(ESCAPE),
    ]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    outcomes.append(run("predict", model, data, "--proba"))
    assert outcomes[-1].status == 0
    assert run("check", model, data).status == 0
    for outcome in outcomes:
        text = outcome.out + outcome.error
        assert "\\x1b" in text
        assert all(character.isprintable() or character == "\n" for character in text), text


def test_predictions_are_exact_where_no_terminal_reads_them(run, model, tmp_path):
    data, out = tmp_path / "x.csv", tmp_path / "p.csv"
    data.write_text("a\n-100\n100\n-50\n50\n")
    outcome = run("predict", model, data)
    assert outcome.status == 0
    assert run("predict", model, data, "--out", out).status == 0
    assert out.read_text() == outcome.out
    assert set(outcome.out.splitlines()) == {"prediction", "n", ESCAPE}


def test_a_warning_is_one_sentence(run, model, data, monkeypatch):
    load = fm.load

    def warn_and_load(path):
        warnings.warn(f"something\nis {ESCAPE} odd.", stacklevel=1)
        return load(path)

    monkeypatch.setattr(fm, "load", warn_and_load)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        shown = warnings.showwarning
        outcome = run("info", model)
        assert warnings.showwarning is shown
    assert outcome.status == 0
    assert outcome.error == f"fastmlp: warning: something is {ESCAPE!r} odd.\n".replace("'", "")


def test_a_message_is_short_whatever_it_repeats(run, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wide = tmp_path / "wide.csv"
    wide.write_text(",".join(f"column number {index} of a very wide table" for index in range(10_000)) + "\n")
    long = "x" * 30_000
    for arguments in (
        ["train", wide, "--target", "y"],
        ["train", data, "--target", long],
        ["train", data, "--target", "y", "--activation", long],
        ["train", data, "--target", "y", "--hidden", long],
        ["train", data, "--target", "y", "--delimiter", long],
        ["train", data, "--target", "y", f"--{long}"],
        ["info", long],
        [long],
    ):
        outcome = run(*arguments)
        assert outcome.status == 2
        assert outcome.error.startswith("fastmlp")
        # about 300 characters, and the name of the command and of its help around them
        assert 20 < len(outcome.error) < 370


def test_what_an_encoding_lacks_gets_a_sentence(tmp_path, model):
    net = fm.load(model)
    net.classes = ["älchen", "ñ"]
    net.save(model)
    (tmp_path / "x.csv").write_text("a\n1\n")
    done = subprocess.run(
        [sys.executable, "-m", "fastmlp", "predict", model, tmp_path / "x.csv"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("fastmlp: the output's encoding, ascii, lacks '\\x")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full"])
def test_an_error_that_cannot_be_told_is_still_the_exit_status(redirection):
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m fastmlp info nowhere {redirection}"], capture_output=True, text=True
    )
    # nothing among the data
    assert (done.returncode, done.stdout) == (2, "")


def test_a_source_that_fails_is_named(run):
    assert run("train", "/proc/self/mem", "--target", "y").error == "fastmlp: /proc/self/mem: Input/output error.\n"
