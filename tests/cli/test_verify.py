"""``fastmlp train --record``, ``verify`` and what ``info`` says of a record.

What could go wrong: the rows that were kept out of the training are trained on again, a model of Python's with data in
an NPZ cannot be verified, the exit status says something else than the sentence, info keeps silent of where a record
has ended.
"""

from __future__ import annotations

import numpy as np
import pytest

import fastmlp as fm

X, Y = fm.datasets.moons(100)


def write(path, labels):
    rows = [f"{a},{b},{'rose' if label else 'daisy'}" for (a, b), label in zip(X, labels, strict=True)]
    path.write_text("\n".join(["length,width,kind", *rows, ""]))
    return path


@pytest.fixture
def flowers(tmp_path):
    return write(tmp_path / "flowers.csv", Y)


@pytest.fixture
def model(run, flowers, tmp_path):
    path = tmp_path / "flowers.safetensors"
    given = ("--target", "kind", "--validation", 0.2, "--epochs", 12, "--record", 4, "--out", path)
    assert run("train", flowers, *given)[::2] == (0, "")
    return path


def test_a_training_on_a_table_is_proved_with_the_rows_that_it_had(run, model, flowers):
    whole = "proved: 12 epochs of 1 fit, trained again from the seed, gave the same weights after each.\n"
    assert run("verify", model, flowers) == (0, whole, "")
    outcome = run("verify", model, flowers, "--segments", 2)
    lines = outcome.out.splitlines()
    assert outcome.status == 0
    assert lines[0] == "proved: 2 of 3 segments, trained again, gave the same weights after each."
    assert all(line in [f"segment: epochs {n + 1} to {n + 4} of fit 1" for n in (0, 4, 8)] for line in lines[1:])
    assert len(lines) == 3


def test_another_table_is_not_what_the_model_came_from(run, model, tmp_path):
    labels = Y.copy()
    labels[[3, 90]] = 1 - labels[[3, 90]]
    outcome = run("verify", model, write(tmp_path / "other.csv", labels))
    assert (outcome.status, outcome.error) == (1, "")
    assert outcome.out == "not proved: y has other values here than in the record, in fit 1.\n"


def test_fits_on_several_arrays_are_proved_with_a_file_for_each(run, tmp_path):
    net = fm.Network(2, [fm.Dense(4, "tanh"), fm.Dense(2, "softmax")], seed=0)
    files = []
    for number, rows in enumerate((slice(60), slice(60, None))):
        net.fit(X[rows], Y[rows], epochs=2, record=True)
        files.append(tmp_path / f"{number}.npz")
        np.savez(files[-1], X=X[rows], y=Y[rows])
    net.save(tmp_path / "model.safetensors")
    assert run("verify", tmp_path / "model.safetensors", *files).status == 0
    assert run("verify", tmp_path / "model.safetensors", *files[::-1]).status == 1
    assert (
        "X has 3 entries, but the record has 2 fits"
        in run("verify", tmp_path / "model.safetensors", *files, files[0]).error
    )


def test_wrong_usage_has_a_status_of_its_own(run, flowers, model, tmp_path):
    plain = tmp_path / "plain.safetensors"
    run("train", flowers, "--target", "kind", "--epochs", 1, "--out", plain)
    outcome = run("verify", plain, flowers)
    assert (outcome.status, outcome.out) == (2, "")
    assert "the network has no record of its training" in outcome.error
    assert run("verify", model).status == 2
    assert run("verify", model, flowers, "--segments", 0).status == 2
    assert run("verify", model, tmp_path / "none.csv").status == 2


def test_info_says_what_the_record_tells_and_where_it_ended(run, model):
    out = run("info", model).out
    net = fm.load(model)
    assert str(net.record) in out
    assert "record whole; seed 0, fastmlp " in out
    assert "fit 1: 12 epochs of 80 rows, batch_size 32, adam (learning_rate=0.001" in out
    net.set_parameters(net.get_parameters())
    net.save(model)
    assert "record ended after epoch 12 of fit 1: set_parameters was called; seed 0, fastmlp" in run("info", model).out


def test_data_in_the_place_of_a_number_of_epochs_are_said_to_be_that(run):
    outcome = run("train", "--record", "points.csv")
    assert outcome.status == 2
    assert "'points.csv' is no number of epochs: give one, or nothing, and the data before --record" in outcome.error
