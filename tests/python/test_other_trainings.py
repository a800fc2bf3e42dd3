"""By what a checkpoint knows its training again: what differs is found, named in its smallest part, and loses nothing.

What could go wrong: a thing that only the file has is not compared (validation without metrics, metrics without a
name), and the file becomes that of another training; a sentence shows two long texts that are the same where it cuts
them, or names what the user never gave (seeds that an estimator drew, the metrics of an option); a callback is known by
what it has learned; a callback writes over the file; the text of a stranger's file
brings the comparison down, or what a forger made of its states
the training; a lock that cannot be written ends in a riddle.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from ended_fits import EndAt, Ended

import fastmlp as fm
from fastmlp._files import checkpoint_file, model_file
from fastmlp._training.differences import callbacks_apart, clause_of, first_difference
from fastmlp.sklearn import MLPClassifier, TabularClassifier

X, Y = fm.datasets.moons(160)


def network(rate=0.2, seed=3):
    layers = [fm.Standardize(), fm.Dense(8, "relu"), fm.Dropout(rate), fm.Dense(8, "relu"), fm.Dense(2, "softmax")]
    return fm.Network(2, layers, seed=seed)


def begun(path, net=None, ends=3, callbacks=(), **settings):
    """Write the checkpoint of a training that a callback ended, and return its bytes."""
    with pytest.raises(Ended):
        (net or network()).fit(
            X, Y, epochs=6, callbacks=[*callbacks, EndAt(ends)], checkpoint=fm.Checkpoint(path, steps=1), **settings
        )
    return path.read_bytes()


def refused(path, net=None, callbacks=(), **settings):
    """Return what a training of other arguments is told, in which nothing may change."""
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r" is of another training: ") as caught:
        (net or network()).fit(
            X, Y, epochs=6, callbacks=[*callbacks, EndAt()], checkpoint=fm.Checkpoint(path, steps=1), **settings
        )
    assert path.read_bytes() == before
    return str(caught.value).partition(" is of another training: ")[2].partition("; give what")[0]


VALIDATION = {"validation_data": (X, Y), "metrics": []}


@pytest.mark.parametrize("ends", [3, None])
def test_a_validation_that_is_measured_by_nothing_is_compared_both_ways(tmp_path, ends):
    path = tmp_path / "run.ckpt"
    if ends:
        begun(path, **VALIDATION)
    else:
        network().fit(X, Y, epochs=6, callbacks=[EndAt()], checkpoint=fm.Checkpoint(path, steps=1), **VALIDATION)
    assert refused(path) == "validation_data is none here and given there"
    history = network().fit(X, Y, epochs=6, callbacks=[EndAt()], checkpoint=fm.Checkpoint(path, steps=1), **VALIDATION)
    assert len(history["validation_loss"]) == 6
    path.unlink()
    begun(path)
    assert refused(path, **VALIDATION) == "validation_data is given here and none there"
    other = {"validation_data": (X, Y, np.ones(len(X))), "metrics": []}
    path.unlink()
    begun(path, **other)
    assert refused(path, **VALIDATION) == "sample_weight of the validation is given there only"


def one_cycle(rise):
    schedule = fm.schedules.Warmup(fm.schedules.OneCycle(0.01, rise=rise), steps=3)
    return fm.AdamW(schedule, weight_decay=0.1, beta1=0.8)


def early(min_delta):
    return [fm.EarlyStopping(3, monitor="loss", min_delta=min_delta), fm.LogEvaluation(99)]


NAMED = {
    "layers[2].rate is 0.3 here and 0.2 there": ({}, {"net": network(0.3)}),
    "optimizer.learning_rate.schedule.rise is 0.4 here and 0.3 there": (
        {"optimizer": one_cycle(0.3)},
        {"optimizer": one_cycle(0.4)},
    ),
    "callbacks[0].min_delta is 0.2 here and 0.1 there": ({"callbacks": early(0.1)}, {"callbacks": early(0.2)}),
    "callbacks[1] is LogEvaluation(period=99) here and ended_fits.EndAt there": (
        {"callbacks": early(0.1)[:1]},
        {"callbacks": early(0.1)},
    ),
    "layers has 1 entry here and 5 there": (
        {},
        {"net": fm.Network(2, [fm.Dense(2, "softmax")], seed=3)},
    ),
}


@pytest.mark.parametrize("sentence", NAMED)
def test_the_smallest_part_that_differs_is_named(tmp_path, sentence):
    first, second = NAMED[sentence]
    begun(tmp_path / "run.ckpt", **first)
    assert refused(tmp_path / "run.ckpt", **second) == sentence


def test_two_long_texts_are_shown_where_they_part():
    here, there = "x" * 500 + "a" + "y" * 500, "x" * 500 + "b" + "y" * 500
    clause = clause_of("formula", here, there)
    assert "... xxxxxxxxxxxxxxxxxxxxay" in clause
    assert "... xxxxxxxxxxxxxxxxxxxxby" in clause
    assert len(clause) < 200
    assert clause_of("text", "a" * 999, "a" * 998) == f"text is ... {'a' * 21} here and ... {'a' * 20} there"
    assert first_difference({"mean": "[1.0, 2.0, 3.0]"}, {"mean": "[1.0, 2.5, 3.0]"}) == (
        "mean[1] is 2.0 here and 2.5 there"
    )


@pytest.mark.parametrize("text", ["(" * 9999, ")" * 9999, "A(" * 9999 + ")" * 9999, "'", "a=", "", "[,]", "A('it's')"])
def test_no_text_of_a_file_brings_the_comparison_down(text):
    for here, there in ((text, "A(b=1)"), ("A(b=1)", text), (text, f"{text})"), (f"A({text})", f"A({text}, 1)")):
        clause = first_difference({"optimizer": here}, {"optimizer": there})
        assert clause is not None
        assert len(clause) < 1000
        callbacks_apart(here, [("b",)])


@dataclass
class Total:
    """Shows, as dataclasses do, what it has learned beside what it was given."""

    scale: float = 1.0
    total: float = 0.0
    ends: int | None = field(default=None, repr=False)

    def __call__(self, network, epoch):
        self.total += self.scale * epoch["loss"]
        if epoch["epoch"] == self.ends:
            self.ends = None
            raise KeyboardInterrupt

    def state_dict(self):
        return {"total": self.total}

    def load_state_dict(self, state):
        self.total = state["total"]


class Renamed(Total):
    """Calls what it has learned otherwise than it shows it."""

    def state_dict(self):
        return {"sum": self.total}

    def load_state_dict(self, state):
        self.total = state["sum"]


@pytest.mark.parametrize("Total", [Total, Renamed])
def test_a_callback_is_not_known_by_what_it_has_learned(tmp_path, Total):
    undisturbed, interrupted = Total(), Total(ends=4)
    expected = network().fit(X, Y, epochs=6, callbacks=[undisturbed])
    checkpoint = fm.Checkpoint(tmp_path / "run.ckpt", epochs=1)
    with pytest.raises(KeyboardInterrupt):
        network().fit(X, Y, epochs=6, callbacks=[interrupted], checkpoint=checkpoint)
    # the cell of a notebook once more, with the same object
    assert network().fit(X, Y, epochs=6, callbacks=[interrupted], checkpoint=checkpoint)["loss"] == expected["loss"]
    assert interrupted.total == undisturbed.total
    with pytest.raises(ValueError, match=r"callbacks\[0\]\.scale is 2.0 here and 1.0 there"):
        network().fit(X, Y, epochs=6, callbacks=[Total(2.0)], checkpoint=checkpoint)


def test_a_path_and_its_text_are_the_same_file(tmp_path):
    best = tmp_path / "best.safetensors"
    begun(tmp_path / "run.ckpt", callbacks=[fm.ModelCheckpoint(best)])
    network().fit(
        X,
        Y,
        epochs=6,
        callbacks=[fm.ModelCheckpoint(str(best)), EndAt()],
        checkpoint=fm.Checkpoint(tmp_path / "run.ckpt", steps=1),
    )
    assert fm.ModelCheckpoint(Path("best.safetensors")).path == "best.safetensors"


@pytest.mark.parametrize("name", ["run.safetensors", "link.safetensors", "run-3.safetensors", "hard.safetensors"])
def test_no_callback_may_write_where_the_checkpoint_is(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    path, written = tmp_path / "run.safetensors", name
    if name == "run-3.safetensors":
        path, written = tmp_path / name, "run-{epoch}.safetensors"
    elif name == "link.safetensors":
        Path(name).symlink_to(path)
    elif name == "hard.safetensors":
        begun(path)
        os.link(path, name)
    there = sorted(os.listdir())
    with pytest.raises(ValueError, match=r"^the callback ModelCheckpoint\(.* writes to the file of the checkpoint"):
        network().fit(X, Y, callbacks=[fm.ModelCheckpoint(written)], checkpoint=fm.Checkpoint(path))
    assert sorted(os.listdir()) == there


def test_estimators_name_what_their_user_gave(tmp_path):
    def fitted(kind, **settings):
        path = tmp_path / f"{kind.__name__}-{{network}}.ckpt"
        if kind is MLPClassifier:
            path = tmp_path / "mlp.ckpt"
        kind(**{"max_iter": 2, "random_state": 0} | settings).fit(X, Y, checkpoint=fm.Checkpoint(path))

    changed = {
        MLPClassifier: {"random_state": 1, "batch_size": 20, "early_stopping": True, "alpha": 0.1},
        TabularClassifier: {"random_state": 1, "n_estimators": 3, "validation_fraction": 0.3, "bins": 3},
    }
    first = {MLPClassifier: {"random_state": 0}, TabularClassifier: {"n_estimators": 2}}
    for kind, settings in changed.items():
        with pytest.warns(match="max_iter") if kind is MLPClassifier else np.errstate():
            fitted(kind, **first[kind])
        for name, value in settings.items():
            with pytest.raises(ValueError, match=rf"ckpt is of another training: {name} is {value} here and "):
                fitted(kind, **first[kind] | {name: value})


FORGED = {
    "a callback's": lambda state: state["callbacks"].__setitem__(0, {"best_epoch": "one"}),
    "a callback's kind": lambda state: state["callbacks"].__setitem__(0, None),
    "a callback less": lambda state: state["callbacks"].pop(),
    "a plateau's": lambda state: state["rate"].update(follows=None),
    "a slot less": lambda state: state["slots"].pop(),
}


@pytest.mark.parametrize("kind", FORGED)
def test_a_state_that_a_forger_sealed_is_refused_in_a_sentence(tmp_path, kind):
    path = tmp_path / "run.ckpt"
    settings = {"optimizer": fm.Adam(fm.schedules.ReduceOnPlateau(0.1)), "callbacks": [fm.EarlyStopping(3, "loss")]}
    begun(path, **settings)
    with path.open("rb") as file:
        kept = checkpoint_file.read(file, path.stat().st_size)
    FORGED[kind](kept.state)
    checkpoint_file.write(*model_file.description_of(kept.content), kept.state, path)
    with pytest.raises(
        fm.ModelFileError, match=r"run.ckpt keeps of the optimizer, the rate or the callbacks what these"
    ):
        network().fit(
            X,
            Y,
            epochs=6,
            optimizer=settings["optimizer"],
            callbacks=[fm.EarlyStopping(3, "loss"), EndAt()],
            checkpoint=fm.Checkpoint(path),
        )


def test_a_lock_that_cannot_be_written_is_said_in_a_sentence(tmp_path):
    (tmp_path / "run.ckpt.lock").mkdir()
    long = tmp_path / f"{'n' * 248}.ckpt"
    for path, kind in ((tmp_path / "run.ckpt", IsADirectoryError), (long, OSError)):
        with pytest.raises(
            kind, match=r"^/.*ckpt.lock, by which /.*ckpt is held, cannot be written \(.*\): remove what"
        ):
            network().fit(X, Y, checkpoint=fm.Checkpoint(path))
    assert os.listdir(tmp_path) == ["run.ckpt.lock"]
