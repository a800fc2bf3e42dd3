"""What a fit shows of itself, by streams that say what they are; real terminals and notebooks are in tests/places.

What could go wrong: a bar in a log, or nothing in a terminal (where it shows itself); numbers that are old or of
another epoch, a validation loss that never shows (the end of a bar, the first slice); a line at every step, or one in
an hour (lines now and then); a fit that a callback ended looks like one that failed, or the reverse (whole or not); a
notebook that is not seen, or is seen by a child that cannot reach it (notebooks); other bits with a bar (bits).
"""

from __future__ import annotations

import functools
import io
import itertools
import os
import re
import sys
import types

import numpy as np
import pytest
import tqdm

import fastmlp as fm

RNG = np.random.default_rng(4)
X = RNG.normal(size=(53, 4))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
BATCHES = [(X[:25], Y[:25]), (X[25:50], Y[25:50])]
CLOCK = "fastmlp._training.progress.time.monotonic"


class Terminal(io.StringIO):
    def isatty(self):
        return True


class File(io.StringIO):
    pass


def network():
    return fm.Network(4, [fm.Dense(8, "tanh"), fm.Dense(2, "softmax")], seed=5)


def shown(monkeypatch, stream, progress, *data, name="sys.stderr", **arguments):
    """Return what a fit writes to a stream in the place of that name."""
    monkeypatch.setattr(name, stream)
    network().fit(*(data or (X, Y)), **{"epochs": 3, "batch_size": 10, "progress": progress, **arguments})
    return stream.getvalue()


BAR, LINE, NOTHING = "bar", "line", "nothing"


@pytest.mark.parametrize(
    ("stream", "progress", "kind"),
    [
        (Terminal, None, BAR),
        (Terminal, True, BAR),
        (Terminal, np.True_, BAR),
        (Terminal, "lines", LINE),
        (Terminal, False, NOTHING),
        (File, None, NOTHING),
        (File, True, LINE),
        (File, "lines", LINE),
        (File, False, NOTHING),
        (lambda: None, True, NOTHING),
    ],
)
def test_a_terminal_gets_a_bar_and_a_file_gets_lines_if_they_are_wanted(monkeypatch, stream, progress, kind):
    file = stream()
    if file is None:
        monkeypatch.setattr("sys.stderr", None)
        network().fit(X, Y, epochs=1, progress=progress)
        return
    text = shown(monkeypatch, file, progress)
    if kind == NOTHING:
        assert text == ""
        return
    assert ("\r" in text, "|#" in text) == (kind == BAR, kind == BAR)
    last = text.split("\r")[-1]
    for part in ("epoch 3/3, loss ", ": 100%", "159/159", "samples/s"):
        assert part in last
    assert text.endswith("\n")
    assert text.count("\n") == 1


@pytest.mark.parametrize("stream", [Terminal, File])
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_the_end_shows_the_last_losses(monkeypatch, stream, optimizer):
    rows = []
    settings = {"batch_size": None} if optimizer == "lbfgs" else {}
    arguments = {"validation_data": (X, Y), "callbacks": [lambda net, row: rows.append(row)], **settings}
    last = shown(monkeypatch, stream(), True, optimizer=optimizer, **arguments).split("\r")[-1]
    losses = f"loss {rows[-1]['loss']:#.4g}, validation_loss {rows[-1]['validation_loss']:#.4g}"
    assert f"epoch 3/3, {losses}: 100%" in last
    assert "accuracy" not in last  # the width is small


@pytest.mark.parametrize("stream", [Terminal, File])
def test_samples_of_batches_are_counted_and_validated(monkeypatch, stream):
    settings = {"batch_size": 128, "epochs": 2, "validation_data": (X, Y)}
    last = shown(monkeypatch, stream(), True, BATCHES, **settings).split("\r")[-1]
    assert last.startswith("epoch 2/2, loss ")
    assert ", validation_loss " in last
    assert ": 100 samples [" in last


def test_the_first_slice_shows_where_it_is(monkeypatch):
    # tqdm's own pause between two updates taken away
    monkeypatch.setattr("tqdm.tqdm", functools.partial(tqdm.tqdm, mininterval=0, miniters=0))
    # the first slice is one step, here of 10 samples
    assert re.search(r"epoch 1/3, loss \d\.\d+:   6%\|", shown(monkeypatch, Terminal(), True))


def test_a_line_comes_every_ten_seconds_and_at_the_end(monkeypatch):
    ticks = itertools.count(0, 4)
    monkeypatch.setattr(CLOCK, lambda: float(next(ticks)))
    # batches, so that every step is a slice: asked every 4 seconds, and once more where a line is written
    lines = shown(monkeypatch, File(), "lines", BATCHES, batch_size=128, epochs=6).splitlines()
    epochs = [int(re.match(r"epoch (\d)/6, loss \S+: .* samples/s", line)[1]) for line in lines]
    assert epochs == sorted(epochs)
    assert epochs[-1] == 6
    assert 4 <= len(lines) <= 8


def test_a_fit_that_a_callback_ends_is_whole_and_one_that_fails_is_not(monkeypatch):
    ended = shown(monkeypatch, File(), True, epochs=30, callbacks=[lambda net, row: row["epoch"] == 2])
    assert ended.startswith("epoch 2/30, loss ")
    assert ": 100% 106/106 [" in ended

    def fail(net, row):
        if row["epoch"] == 2:
            raise KeyboardInterrupt

    file = File()
    with pytest.raises(KeyboardInterrupt):
        shown(monkeypatch, file, True, epochs=30, callbacks=[fail])
    assert "/1.59k" in file.getvalue()
    assert "100%" not in file.getvalue()


def in_notebook(monkeypatch, pid):
    """Make this process look as if it were a kernel, without widgets."""
    kernel = types.SimpleNamespace(session=types.SimpleNamespace(pid=pid))
    ipython = types.SimpleNamespace(get_ipython=lambda: types.SimpleNamespace(kernel=kernel))
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setattr("fastmlp._training.progress.find_spec", lambda name: None)


def test_a_notebook_gets_a_bar_where_it_shows_no_error(monkeypatch):
    in_notebook(monkeypatch, os.getpid())
    errors = File()
    monkeypatch.setattr("sys.stderr", errors)
    assert ": 100%|#" in shown(monkeypatch, File(), None, name="sys.stdout")
    assert shown(monkeypatch, File(), False, name="sys.stdout") == ""
    assert "\r" not in shown(monkeypatch, File(), "lines", name="sys.stdout")
    assert errors.getvalue() == ""


def test_a_child_of_a_notebook_and_an_ipython_in_a_terminal_are_no_notebook(monkeypatch):
    in_notebook(monkeypatch, os.getpid() + 1)
    for ipython in (None, types.SimpleNamespace(get_ipython=lambda: None)):
        assert shown(monkeypatch, File(), None) == ""
        assert shown(monkeypatch, File(), None, name="sys.stdout") == ""
        monkeypatch.setitem(sys.modules, "IPython", ipython)


@pytest.mark.parametrize("progress", [True, "lines"])
def test_progress_changes_no_bit(monkeypatch, progress):
    found = []
    for wanted in (False, progress):
        monkeypatch.setattr("sys.stderr", Terminal())
        net = network()
        history = net.fit(X, Y, epochs=6, batch_size=10, validation_data=(X, Y), progress=wanted)
        found.append((net.get_parameters().tobytes(), history["loss"], history["validation_loss"]))
    assert found[0] == found[1]
