"""The ready callbacks: what they watch, print and write.

What could go wrong: more taken for better where less is (directions), a line too many or too few, a file of another
epoch than the best, a folder that is missed only after the first epoch. The protocol itself is in test_fit.py.
"""

import re

import numpy as np
import pytest

import fastmlp as fm

RNG = np.random.default_rng(6)
X = RNG.normal(size=(40, 3))
Y = (X[:, 0] > 0).astype(int)


def network(outputs=2, activation="softmax"):
    return fm.Network(3, [fm.Dense(outputs, activation)], seed=1)


def own(y_true, outputs):
    return 0.0


@pytest.mark.parametrize(
    ("column", "mode", "better"),
    [
        ("loss", None, "less"),
        ("validation_loss", None, "less"),
        ("validation_log_loss", None, "less"),
        ("validation_rmse", None, "less"),
        ("validation_mae", None, "less"),
        ("validation_accuracy", None, "more"),
        ("validation_auc", None, "more"),
        ("validation_r2", None, "more"),
        ("validation_top_k", None, "more"),
        ("validation_top_3", None, "more"),
        ("validation_own", "max", "more"),
        ("validation_own", "min", "less"),
        ("validation_auc", "min", "less"),
    ],
)
def test_a_column_improves_in_its_direction(column, mode, better, tmp_path):
    net = network()
    stopping = fm.EarlyStopping(patience=3, monitor=column, mode=mode)
    checkpoint = fm.ModelCheckpoint(tmp_path / "best.safetensors", monitor=column, mode=mode)
    for callback in (stopping, checkpoint):
        callback.begin(net, ["epoch", column])
        for epoch, value in enumerate((0.5, 0.7, 0.3), 1):
            callback(net, {"epoch": epoch, column: value})
        assert (callback.best_epoch, callback.best) == {"less": (3, 0.3), "more": (2, 0.7)}[better]


def test_a_metric_of_ones_own_needs_its_mode():
    for callback in (fm.EarlyStopping(monitor="validation_own"), fm.ModelCheckpoint("x", monitor="validation_own")):
        with pytest.raises(ValueError) as caught:
            network().fit(X, Y, validation_data=(X, Y), metrics=[own], callbacks=[callback])
        assert str(caught.value) == (
            f"{type(callback).__name__} cannot know whether more or less of 'validation_own' is better: "
            "give mode='min' or mode='max'."
        )


def test_early_stopping_watches_a_metric_in_a_fit():
    stopping = fm.EarlyStopping(patience=3, monitor="validation_auc")
    history = network().fit(
        X, Y, epochs=200, optimizer=fm.SGD(0.5), validation_data=(X, Y), metrics=["auc"], callbacks=[stopping]
    )
    areas = history["validation_auc"]
    assert stopping.best == max(areas)
    assert stopping.best_epoch == areas.index(max(areas)) + 1
    assert len(areas) == stopping.best_epoch + 3


def test_a_line_is_printed_every_period(capsys):
    history = network().fit(X, Y, epochs=7, validation_data=(X, Y), callbacks=[fm.LogEvaluation(3)])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["epoch 3", "epoch 6"]
    last = history.epochs[5]
    shown = ", ".join(f"{name} {last[name]:.6g}" for name in ("loss", "validation_loss", "validation_accuracy"))
    assert lines[1] == f"epoch 6: {shown}"
    network().fit(X, Y, epochs=2, callbacks=[fm.LogEvaluation()])
    assert re.fullmatch(r"epoch 1: loss \S+\nepoch 2: loss \S+\n", capsys.readouterr().out)


def test_the_best_epoch_is_in_the_file(tmp_path):
    path, kept = tmp_path / "best.safetensors", []
    checkpoint = fm.ModelCheckpoint(path)
    labels = RNG.integers(0, 2, 40)  # noise, whose validation loss soon grows
    history = network().fit(
        X, Y, epochs=60, optimizer=fm.SGD(1.0), validation_data=(X, labels),
        callbacks=[checkpoint, lambda net, epoch: kept.append(net.get_parameters())],
    )  # fmt: skip
    losses = history["validation_loss"]
    assert checkpoint.best == min(losses)
    assert checkpoint.best_epoch == losses.index(min(losses)) + 1 < 60
    assert checkpoint.last_path == str(path)
    assert np.array_equal(fm.load(path).get_parameters(), kept[checkpoint.best_epoch - 1])
    assert [file.name for file in tmp_path.iterdir()] == ["best.safetensors"]


def test_every_epoch_can_have_its_file(tmp_path):
    kept = []
    checkpoint = fm.ModelCheckpoint(tmp_path / "net-{epoch:02d}.safetensors", best_only=False)
    net = network()
    net.fit(X, Y, epochs=3, callbacks=[checkpoint, lambda net, epoch: kept.append(net.get_parameters())])
    assert sorted(file.name for file in tmp_path.iterdir()) == [f"net-0{epoch}.safetensors" for epoch in (1, 2, 3)]
    for epoch, parameters in enumerate(kept, 1):
        assert np.array_equal(fm.load(tmp_path / f"net-0{epoch}.safetensors").get_parameters(), parameters)


def test_an_epoch_without_a_number_is_not_the_best(tmp_path):
    checkpoint = fm.ModelCheckpoint(tmp_path / "best.safetensors", monitor="validation_own", mode="max")
    checkpoint.begin(network(), ["validation_own"])
    checkpoint(network(), {"epoch": 1, "validation_own": float("nan")})
    assert checkpoint.last_path is None
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_an_error_before_the_first_step(tmp_path):
    net = network()
    before = net.get_parameters()
    with pytest.raises(FileNotFoundError, match="is not a folder: make it first"):
        net.fit(X, Y, callbacks=[fm.ModelCheckpoint(tmp_path / "none" / "net.safetensors")])
    assert np.array_equal(net.get_parameters(), before)


def test_functions_are_called_at_their_time_and_may_end_the_fit():
    calls = []
    callback = fm.LambdaCallback(
        begin=lambda net, columns: calls.append(columns),
        epoch=lambda net, epoch: calls.append(epoch["epoch"]) or epoch["epoch"] == 2,
        end=lambda net: calls.append("end"),
    )
    network().fit(X, Y, epochs=5, callbacks=[callback, fm.LambdaCallback()])
    assert calls == [["epoch", "loss", "seconds", "samples_per_second"], 1, 2, "end"]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: fm.LogEvaluation(0), "period must be an integer of at least 1, got 0."),
        (lambda: fm.ModelCheckpoint(3), "path must be the path of a file, got 3."),
        (lambda: fm.ModelCheckpoint("a{b}"), "path may have {epoch} in braces and nothing else, got 'a{b}'."),
        (lambda: fm.ModelCheckpoint("a{"), "path may have {epoch} in braces and nothing else, got 'a{'."),
        (lambda: fm.ModelCheckpoint("a", best_only=1), "best_only must be True or False, got 1."),
        (lambda: fm.ModelCheckpoint("a", monitor=1), "monitor must be the name of a column or None, got 1."),
        (lambda: fm.EarlyStopping(mode="up"), "mode must be 'min', 'max' or None, got 'up'."),
        (lambda: fm.LambdaCallback(end=3), "end must be a function or None, got 3."),
    ],
)
def test_bad_settings_give_their_sentence(make, sentence):
    with pytest.raises((ValueError, TypeError)) as caught:
        make()
    assert str(caught.value) == sentence
