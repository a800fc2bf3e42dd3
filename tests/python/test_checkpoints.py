"""Checkpoints: a fit that was ended by anything goes on to the bits of one that was not.

What could go wrong: something that the next step depends on is not in the file (fits that a callback ends amid an
epoch, of every optimizer, schedule and callback; killed processes: tests/long/kills.py), a training goes on that is
another one (data and arguments one by one), a file that cannot be written ends a training or takes the old file with
it (a limit of the system, a folder that is read-only), two trainings write one file (a lock held by another process,
by this one, and by one that was killed), a damaged file is believed (each byte of one changed), a clock decides (one
that goes back).
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import fastmlp as fm
from fastmlp._files import checkpoint_file, model_file
from fastmlp._training.keeper import Keeper
from fastmlp.sklearn import TabularRegressor

X, Y = fm.datasets.moons(160)
# steps of a batch of 16: 10 in an epoch
BATCH = 16


class Ended(BaseException):
    """Ends a fit as nothing else does."""


class EndAt:
    """A callback that ends a fit by an exception in the epoch of this number, and counts its epochs over all fits."""

    def __init__(self, epoch=None):
        self.epoch, self.seen = epoch, 0

    def __call__(self, network, epoch):
        if epoch["epoch"] == self.epoch:
            raise Ended
        self.seen += 1

    def state_dict(self):
        return {"seen": self.seen}

    def load_state_dict(self, state):
        self.seen = state["seen"]


def network(**settings):
    layers = [fm.Dense(9, "relu"), fm.Dropout(0.25), fm.Dense(2, "softmax")]
    return fm.Network(2, layers, **{"seed": 3} | settings)


def fitted(checkpoint=None, ends=None, net=None, **settings):
    """Return a network that was fitted, its history, and how many epochs its callback has seen."""
    net, own = net or network(), EndAt(ends)
    arguments = {"epochs": 6, "batch_size": BATCH, "callbacks": (), "optimizer": "adam"} | settings
    arguments["callbacks"] = [*arguments["callbacks"], own]
    history = net.fit(X, Y, checkpoint=checkpoint, **arguments)
    return net, history, own.seen


def assert_same(found, expected):
    (net, history, seen), (other, told, known) = found, expected
    assert net.get_parameters().tobytes() == other.get_parameters().tobytes()
    columns = set(history) - {"seconds", "samples_per_second"}
    assert {name: history[name] for name in columns} == {name: told[name] for name in columns}
    assert seen == known
    # the optimizer's state, and what is drawn next
    again, once_more = (one.fit(X, Y, epochs=1)["loss"] for one in (net.copy(), other.copy()))
    assert again == once_more


@pytest.mark.parametrize(
    "optimizer",
    [
        fm.SGD(0.1),
        fm.SGD(0.1, momentum=0.9, nesterov=True, clip_norm=0.5),
        fm.AdamW(0.01, clip_value=0.1),
        fm.RMSProp(0.01, momentum=0.5),
        fm.Adagrad(0.1),
        fm.SGD(fm.schedules.Cosine(0.1)),
        fm.SGD(fm.schedules.Warmup(fm.schedules.Step(0.1, every_epochs=2), steps=15)),
        # nothing is an improvement by so much: every other epoch halves the rate
        fm.Adam(fm.schedules.ReduceOnPlateau(0.1, patience=1, factor=0.5, min_delta=10.0)),
    ],
    ids=repr,
)
@pytest.mark.parametrize("steps", [7, 10])
def test_a_fit_goes_on_with_every_optimizer_amid_an_epoch_and_between_two(tmp_path, optimizer, steps):
    settings = {"optimizer": optimizer, "validation_fraction": 0.25}
    undisturbed = fitted(**settings)
    checkpoint = fm.Checkpoint(tmp_path / "run.ckpt", steps=steps)
    for epoch in (3, 4):
        with pytest.raises(Ended):
            fitted(checkpoint, ends=epoch, **settings)
    assert_same(fitted(checkpoint, **settings), undisturbed)


@pytest.mark.parametrize("embedding", [fm.PiecewiseLinear(4), fm.Periodic(4, 3)], ids=repr)
@pytest.mark.parametrize("steps", [7, 10])
def test_a_network_with_an_embedding_goes_on(tmp_path, embedding, steps):
    def embedded():
        return fm.Network(2, [fm.Standardize(), embedding, fm.Dense(9, "relu"), fm.Dense(2, "softmax")], seed=3)

    settings = {"validation_data": (X, Y, np.arange(1.0, len(X) + 1))}
    undisturbed = fitted(net=embedded(), **settings)
    checkpoint = fm.Checkpoint(tmp_path / "run.ckpt", steps=steps)
    with pytest.raises(Ended):
        fitted(checkpoint, ends=3, net=embedded(), **settings)
    assert_same(fitted(checkpoint, net=embedded(), **settings), undisturbed)
    other = {"validation_data": (X, Y, np.ones(len(X)))}
    with pytest.raises(ValueError, match="sample_weight of the validation has other values here"):
        fitted(checkpoint, net=embedded(), **other)


def test_rprop_goes_on_between_full_batches(tmp_path):
    settings = {"optimizer": fm.Rprop(), "batch_size": None, "epochs": 20, "net": None}
    layers = [fm.Dense(9, "tanh"), fm.Dense(2, "softmax")]
    undisturbed = fitted(**settings | {"net": fm.Network(2, layers, seed=1)})
    checkpoint = fm.Checkpoint(tmp_path / "run.ckpt", steps=3)
    with pytest.raises(Ended):
        fitted(checkpoint, ends=11, **settings | {"net": fm.Network(2, layers, seed=1)})
    assert_same(fitted(checkpoint, **settings | {"net": fm.Network(2, layers, seed=1)}), undisturbed)


@pytest.mark.parametrize("restores", [False, True])
@pytest.mark.parametrize("kind", ["early", "kept"])
def test_callbacks_know_what_they_knew(tmp_path, kind, restores):
    def callback():
        if kind == "early":
            return fm.EarlyStopping(patience=3, restore_best=restores)
        return fm.ModelCheckpoint(tmp_path / "best.safetensors", best_only=restores)

    settings = {"epochs": 30, "optimizer": fm.Adam(0.3), "validation_data": (X[::3], Y[::3])}
    first, last = callback(), callback()
    undisturbed = fitted(callbacks=[first], **settings)
    checkpoint = fm.Checkpoint(tmp_path / "run.ckpt", steps=4)
    with pytest.raises(Ended):
        fitted(checkpoint, ends=undisturbed[2] - 1, callbacks=[callback()], **settings)
    assert_same(fitted(checkpoint, callbacks=[last], **settings), undisturbed)
    assert first == last
    # what ended by itself is not begun again
    again = callback()
    assert_same(fitted(checkpoint, callbacks=[again], **settings), undisturbed)
    assert first == again


def test_what_has_ended_returns_at_once_whatever_the_weights(tmp_path):
    checkpoint = fm.Checkpoint(tmp_path / "run.ckpt")
    first = fitted(checkpoint)
    written = (tmp_path / "run.ckpt").read_bytes()
    other = network()
    other.set_parameters(np.zeros(other.n_parameters))
    second = fitted(checkpoint, ends=1, net=other)  # no epoch ends
    assert_same(second, first)
    assert fm.load(tmp_path / "run.ckpt").get_parameters().tobytes() == first[0].get_parameters().tobytes()
    assert (tmp_path / "run.ckpt").read_bytes() == written


def test_fits_after_each_other_have_a_file_each(tmp_path):
    def both(ends=None, *, kept):
        net = network()
        for number, optimizer in enumerate(("adam", "adam")):
            checkpoint = fm.Checkpoint(tmp_path / f"{number}.ckpt", steps=6) if kept else None
            result = fitted(checkpoint, ends=ends if number else None, net=net, optimizer=optimizer)
        return result

    with pytest.raises(Ended):
        both(3, kept=True)
    assert_same(both(kept=True), both(kept=False))


def test_more_epochs_may_follow_where_no_rate_depends_on_their_number(tmp_path):
    early = fm.EarlyStopping(patience=30)
    stopping = {"callbacks": [early], "optimizer": fm.Adam(fm.schedules.Exponential(0.9, 0.9))}
    checkpoint = fm.Checkpoint(tmp_path / "run.ckpt")
    fitted(checkpoint, **stopping)
    # other weights than the last ones were put back, and yet those are gone on from
    assert early.best_epoch < 6
    assert_same(fitted(checkpoint, epochs=11, **stopping), fitted(epochs=11, **stopping))
    with pytest.raises(ValueError, match=r"has made 110 steps, more than the 60 of these epochs: give more"):
        fitted(checkpoint, **stopping)


@pytest.mark.parametrize(
    "schedule",
    [
        fm.schedules.Cosine(0.1),
        fm.schedules.OneCycle(0.1),
        fm.schedules.Coslog4(0.1),
        fm.schedules.Warmup(0.1, fraction=0.1),
        fm.schedules.Warmup(fm.schedules.Cosine(0.1), steps=3),
    ],
    ids=repr,
)
def test_more_epochs_are_refused_where_rates_depend_on_their_number(tmp_path, schedule):
    checkpoint = fm.Checkpoint(tmp_path / "run.ckpt")
    fitted(checkpoint, optimizer=fm.SGD(schedule))
    with pytest.raises(
        ValueError, match=rf"of a training of 60 steps, on which every rate of {type(schedule).__name__}"
    ):
        fitted(checkpoint, optimizer=fm.SGD(schedule), epochs=7)


def test_a_divergence_after_going_on_puts_back_what_the_epoch_began_with(tmp_path, monkeypatch):
    # the last row moves its own weight so far in the first epoch that its loss is infinite in the second
    data = np.hstack([X, np.zeros((len(X), 1), X.dtype)])
    data[-1, 2] = 1e25
    after = Keeper.after_slice

    def written_at_once(keeper, training):
        after(keeper, training)
        keeper.join()

    monkeypatch.setattr(Keeper, "after_slice", written_at_once)

    def diverged(checkpoint):
        net = fm.Network(3, [fm.Dense(1)], seed=0)
        net.layers[0].weights[2] = 0
        with pytest.raises(FloatingPointError) as caught:
            net.fit(
                data, Y, batch_size=BATCH, shuffle=False, optimizer=fm.SGD(1e-4, momentum=0.9), checkpoint=checkpoint
            )
        return str(caught.value), net.get_parameters().tobytes()

    expected = diverged(None)
    assert expected[0].startswith(
        "loss became infinite at epoch 2, step 20 (learning rate 0.0001): the weights of epoch 1"
    )
    path = tmp_path / "run.ckpt"
    assert diverged(fm.Checkpoint(path, steps=1)) == expected
    with path.open("rb") as file:
        kept = checkpoint_file.read(file, path.stat().st_size)
    assert kept.state["place"][1:3] == [19, 9 * BATCH]
    assert diverged(fm.Checkpoint(path, steps=1)) == expected


DIFFERENT = {
    "batch_size is 8 here and 16 there": {"batch_size": 8},
    "optimizer.learning_rate is 0.5 here and 0.001 there": {"optimizer": fm.Adam(0.5)},
    "optimizer is SGD(": {"optimizer": "sgd"},
    "shuffle is False here and True there": {"shuffle": False},
    "validation_fraction is 0.5 here and None there": {"validation_fraction": 0.5},
    "callbacks[0] is LogEvaluation(period=9) here and ": {"callbacks": [fm.LogEvaluation(9)]},
    "validation_data is given here and none there": {"validation_data": (X, Y)},
    "layers[0].units is 8 here and 9 there": {
        "net": fm.Network(2, [fm.Dense(8, "relu"), fm.Dropout(0.25), fm.Dense(2, "softmax")], seed=3)
    },
    "dtype is": {"net": network(dtype="float64")},
    "seed is 4 here and 3 there": {"net": network(seed=4)},
    "X has other values here": {"X": X * 1.5},
    "y has other values here": {"y": 1 - Y},
    "sample_weight is given here only": {"sample_weight": np.ones(len(X))},
}


@pytest.mark.parametrize("sentence", DIFFERENT)
def test_another_training_is_refused_by_what_differs(tmp_path, sentence):
    path = tmp_path / "run.ckpt"
    with pytest.raises(Ended):
        fitted(fm.Checkpoint(path, steps=7), ends=3)
    written = path.read_bytes()
    settings = {"batch_size": BATCH, "epochs": 6, "callbacks": []} | DIFFERENT[sentence]
    settings["callbacks"] = [*settings["callbacks"], EndAt()]
    net, data, targets = settings.pop("net", None) or network(), settings.pop("X", X), settings.pop("y", Y)
    before = net.get_parameters()
    with pytest.raises(ValueError) as caught:
        net.fit(data, targets, checkpoint=fm.Checkpoint(path), **settings)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith(f"{path} is of another training: ")
    assert (net.get_parameters() == before).all()
    assert path.read_bytes() == written
    assert os.listdir(tmp_path) == ["run.ckpt"]


def test_the_same_numbers_of_another_kind_are_the_same_data(tmp_path):
    checkpoint = fm.Checkpoint(tmp_path / "run.ckpt", steps=7)
    with pytest.raises(Ended):
        fitted(checkpoint, ends=3)
    net, own = network(), EndAt()
    wide = np.repeat(X, 2, axis=0)[::2]
    history = net.fit(
        np.asfortranarray(wide), Y.tolist(), epochs=6, batch_size=BATCH, callbacks=[own], checkpoint=checkpoint
    )
    assert_same((net, history, own.seen), fitted())


def test_a_network_without_a_seed_takes_that_of_the_file(tmp_path):
    checkpoint = fm.Checkpoint(tmp_path / "run.ckpt", steps=7)
    begun = network(seed=None)
    twin = network(seed=begun.seed)
    with pytest.raises(Ended):
        fitted(checkpoint, ends=3, net=begun, validation_fraction=0.3)
    resumed = network(seed=None)
    assert resumed.seed != twin.seed
    assert_same(fitted(checkpoint, net=resumed, validation_fraction=0.3), fitted(net=twin, validation_fraction=0.3))
    assert resumed.seed == twin.seed


def test_a_checkpoint_is_a_usable_network_at_any_time_with_names_and_metadata(tmp_path):
    path = tmp_path / "run.ckpt"
    names = np.array(["low", "high"])[Y]
    layers = [fm.Standardize(), fm.Dense(7, "relu"), fm.Dense(2, "softmax")]

    class Looks(EndAt):
        def __call__(self, net, epoch):
            # what was begun after the first epoch is written beside the training
            while epoch["epoch"] > 1 and not path.exists():
                time.sleep(0.001)
            if path.exists():
                kept = fm.load(path)
                assert kept.metadata == {"by": "me"}
                assert kept.classes == ["high", "low"]
                assert set(kept.predict(X)) <= {"low", "high"}
                self.seen += 1

    net, own = fm.Network(2, layers, seed=0), Looks()
    net.metadata["by"] = "me"
    net.fit(X, names, epochs=8, batch_size=BATCH, callbacks=[own], checkpoint=fm.Checkpoint(path, epochs=1))
    assert own.seen > 0
    # it may go on itself, and knows its scaling already
    again = fm.load(path)
    assert (
        len(
            again.fit(X, names, epochs=8, batch_size=BATCH, callbacks=[Looks()], checkpoint=fm.Checkpoint(path))["loss"]
        )
        == 8
    )
    assert (again.get_parameters() == net.get_parameters()).all()


def test_callbacks_of_ones_own_need_both_methods_and_plain_states(tmp_path):
    checkpoint = fm.Checkpoint(tmp_path / "run.ckpt", steps=3)
    for callback in (print, fm.LambdaCallback(epoch=print), type("Half", (EndAt,), {"state_dict": None})()):
        with pytest.raises(
            ValueError, match=r"^the callback .* has no state_dict and load_state_dict, by which a check"
        ):
            network().fit(X, Y, callbacks=[callback], checkpoint=checkpoint)
    assert os.listdir(tmp_path) == []

    class Odd(EndAt):
        def state_dict(self):
            return {"set": {1, 2}}

    with pytest.raises(
        TypeError, match=r"state_dict of the callback .* holds \{1, 2\}, which a checkpoint does not keep"
    ):
        network().fit(X, Y, callbacks=[Odd()], checkpoint=checkpoint)


def test_what_a_callback_knows_comes_back_bit_by_bit(tmp_path):
    known = {
        "numbers": [1, -(2**70), 0.1, float("inf"), True, None, "text"],
        "arrays": {"a": np.arange(6).reshape(2, 3), "b": np.array(2.5), "c": np.zeros((0, 4), np.uint8)},
        "tensor": {"float": {"dict": []}},
        "rng": np.random.default_rng(0).bit_generator.state,
    }

    class Knows(EndAt):
        def state_dict(self):
            return known

        def load_state_dict(self, state):
            self.state = state

    checkpoint = fm.Checkpoint(tmp_path / "run.ckpt")
    network().fit(X, Y, epochs=1, callbacks=[Knows()], checkpoint=checkpoint)
    again = Knows()
    network().fit(X, Y, epochs=1, callbacks=[again], checkpoint=checkpoint)
    assert repr(again.state) == repr(known)
    assert again.state["arrays"]["a"].dtype == known["arrays"]["a"].dtype


def test_what_is_written_is_of_the_moment_when_it_was_due(tmp_path, monkeypatch):
    class Late:
        """A thread that does nothing until it is waited for."""

        def __init__(self, target, args, name):
            self.target, self.args = target, args

        def start(self):
            pass

        def is_alive(self):
            return True

        def join(self):
            self.target(*self.args)

    class Live(EndAt):
        """A callback that gives away what it goes on to change."""

        def __init__(self, epoch=None):
            super().__init__(epoch)
            self.known = {"seen": np.zeros(1), "losses": []}

        def __call__(self, network, epoch):
            super().__call__(network, epoch)
            self.known["seen"] += 1
            self.known["losses"].append(epoch["loss"])

        def state_dict(self):
            return self.known

        def load_state_dict(self, state):
            self.known = state

    def trained(ends, checkpoint):
        net, live = network(), Live(ends)
        net.fit(X, Y, epochs=6, batch_size=BATCH, callbacks=[live], checkpoint=checkpoint)
        return net.get_parameters().tobytes(), repr(live.known)

    expected = trained(None, None)
    checkpoint = fm.Checkpoint(tmp_path / "run.ckpt", steps=15)
    with monkeypatch.context() as patch:
        patch.setattr("threading.Thread", Late)
        with pytest.raises(Ended):
            trained(5, checkpoint)
    assert trained(None, checkpoint) == expected


def test_a_full_disk_is_a_warning_and_the_file_before_stays(tmp_path):
    path = tmp_path / "run.ckpt"
    with pytest.raises(Ended):
        fitted(fm.Checkpoint(path, steps=7), ends=3)
    written = path.read_bytes()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(written) // 2, before[1]))
    try:
        with pytest.warns(UserWarning, match=r"run.ckpt could not be written \(File too large\): the training goes on"):
            found = fitted(fm.Checkpoint(path, steps=7))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert_same(found, fitted())
    assert path.read_bytes() == written
    assert os.listdir(tmp_path) == ["run.ckpt"]
    assert_same(fitted(fm.Checkpoint(path, steps=7)), fitted())


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_done(tmp_path, monkeypatch):
    net = network()
    before = net.get_parameters()
    # to root all is allowed
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(PermissionError, match="may not be written: change its permissions"):
        net.fit(X, Y, checkpoint=fm.Checkpoint(tmp_path / "run.ckpt"))
    monkeypatch.undo()
    with pytest.raises(FileNotFoundError, match="is not a folder: make it first"):
        net.fit(X, Y, checkpoint=fm.Checkpoint(tmp_path / "no" / "run.ckpt"))
    assert (net.get_parameters() == before).all()
    assert os.listdir(tmp_path) == []


HOLDER = """
import sys, time
from fastmlp._files.lock import locked
with locked(sys.argv[1], sys.argv[1]):
    print("held", flush=True)
    time.sleep(100)
"""


def test_one_training_at_a_time_writes_a_file_and_a_lock_ends_with_its_process(tmp_path):
    path = tmp_path / "run.ckpt"
    refused = {"match": r"run.ckpt is in use by another training: wait until it ends, or give another path\.$"}
    with subprocess.Popen([sys.executable, "-c", HOLDER, path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(RuntimeError, **refused):
            fitted(fm.Checkpoint(path))
        process.kill()
    # what it has left behind is no lock
    assert os.listdir(tmp_path) == ["run.ckpt.lock"]

    class Nested(EndAt):
        def __call__(self, net, epoch):
            with pytest.raises(RuntimeError, **refused):
                fitted(fm.Checkpoint(path))

    network().fit(X, Y, epochs=2, callbacks=[Nested()], checkpoint=fm.Checkpoint(path))
    assert os.listdir(tmp_path) == ["run.ckpt"]


def test_a_damaged_checkpoint_is_refused_and_kept(tmp_path):
    path = tmp_path / "run.ckpt"
    with pytest.raises(Ended):
        fitted(fm.Checkpoint(path, steps=7), ends=3)
    content = path.read_bytes()
    rng = np.random.default_rng(1)
    damaged = [content[:-1], content[:100], b"", content + b"\0", b"X,y\n1,2\n"]
    for place in rng.integers(0, len(content), 150):
        changed = bytearray(content)
        changed[place] ^= 1 << int(rng.integers(8))
        damaged.append(bytes(changed))
    for one in damaged:
        path.write_bytes(one)
        net = network()
        before = net.get_parameters()
        with pytest.raises(fm.ModelFileError, match=r"is not a sound fastmlp model|without its training|newer|version"):
            fitted(fm.Checkpoint(path), net=net)
        assert (net.get_parameters() == before).all()
        assert path.read_bytes() == one


WRONG_STATES = {
    "its place is": {"place": [1, 2, 3, 0.0, 0.0]},
    "its place is [": {"place": [2**70, 1, 0, 0.0, 0.0, 0.0]},
    "its rate is": {"rate": {"base": float("inf"), "follows": None}},
    "its vectors are not all of float32": {"slots": [np.zeros(3)]},
    "its history is of other epochs": {"n_epochs": 7},
    "its callbacks is": {"callbacks": {}},
    "its total is": {"total": None},
    "is a checkpoint of another version of fastmlp": {"format": 2},
}


@pytest.mark.parametrize("sentence", WRONG_STATES)
def test_a_state_that_no_fit_has_written_is_refused(tmp_path, sentence):
    path = tmp_path / "run.ckpt"
    with pytest.raises(Ended):
        fitted(fm.Checkpoint(path, steps=7), ends=3)
    with path.open("rb") as file:
        kept = checkpoint_file.read(file, path.stat().st_size)
    description, tensors = model_file.description_of(kept.content)
    checkpoint_file.write(description, tensors, kept.state, path)
    assert_same(fitted(fm.Checkpoint(path)), fitted())
    checkpoint_file.write(description, tensors, kept.state | WRONG_STATES[sentence], path)
    with pytest.raises(fm.ModelFileError) as caught:
        fitted(fm.Checkpoint(path))
    assert sentence in str(caught.value)


def test_a_model_and_an_estimator_are_no_checkpoints(tmp_path):
    model, table = tmp_path / "model.safetensors", tmp_path / "table.safetensors"
    network().save(model)
    TabularRegressor(max_iter=1, random_state=0).fit([[1.0], [2.0], [3.0]], [1.0, 2.0, 3.0]).save(table)
    with pytest.raises(fm.ModelFileError, match="holds a network without its training, so that no fit goes on from it"):
        fitted(fm.Checkpoint(model))
    with pytest.raises(fm.ModelFileError, match="holds an estimator for tables, not a network"):
        fitted(fm.Checkpoint(table))


def test_a_clock_that_goes_back_changes_nothing(tmp_path, monkeypatch):
    now = [1e9]

    def back():
        now[0] -= 3600.0
        return now[0]

    monkeypatch.setattr(time, "time", back)
    checkpoint = fm.Checkpoint(tmp_path / "run.ckpt", seconds=1e-9)
    with pytest.raises(Ended):
        fitted(checkpoint, ends=4)
    assert_same(fitted(checkpoint), fitted())


def test_the_training_does_not_wait_for_the_disk(tmp_path, monkeypatch):
    writes, may_go_on = [], threading.Event()

    def slow(path, *parts):
        writes.append(threading.current_thread())
        # all the epochs are trained meanwhile; were they not, this would end in an error
        assert len(writes) > 1 or may_go_on.wait(60)

    monkeypatch.setattr("fastmlp._files.checkpoint_file.write_atomically", slow)

    class Tells(EndAt):
        def __call__(self, net, epoch):
            if epoch["epoch"] == 6:
                may_go_on.set()

    network().fit(
        X, Y, epochs=6, batch_size=BATCH, callbacks=[Tells()], checkpoint=fm.Checkpoint(tmp_path / "a.ckpt", steps=5)
    )
    assert writes[0] is not threading.main_thread()
    # and what was due meanwhile is not made up for
    assert len(writes) <= 3


def test_what_a_checkpoint_is_told(tmp_path):
    assert fm.Checkpoint("a.ckpt") == fm.Checkpoint("a.ckpt", seconds=30)
    with pytest.raises(ValueError, match="every so many seconds, steps or epochs: give one of the three"):
        fm.Checkpoint("a.ckpt", seconds=1, steps=2)
    for name, value in (("seconds", 0), ("steps", 0), ("epochs", -1)):
        with pytest.raises(ValueError, match=f"{name} must be"):
            fm.Checkpoint("a.ckpt", **{name: value})
    with pytest.raises(
        ValueError, match=r"a.csv is the name of a table, but a checkpoint is written: give a name that"
    ):
        fm.Checkpoint("a.csv")
    with pytest.raises(TypeError, match="path must be the name of a file"):
        fm.Checkpoint(3)
    with pytest.raises(TypeError, match=r"checkpoint must be a Checkpoint or None, got 'a.ckpt': give fm.Checkpoint"):
        network().fit(X, Y, checkpoint="a.ckpt")


def test_batches_and_lbfgs_are_refused(tmp_path):
    checkpoint = fm.Checkpoint(tmp_path / "run.ckpt")
    with pytest.raises(ValueError, match="checkpoint needs arrays X and y, but X is an iterable of batches"):
        network().fit([(X, Y)], checkpoint=checkpoint)
    net = fm.Network(2, [fm.Dense(2, "softmax")], seed=0)
    with pytest.raises(ValueError, match=r"lbfgs searches by itself, and what it knows cannot be kept"):
        net.fit(X, Y, batch_size=None, optimizer="lbfgs", checkpoint=checkpoint)
    assert os.listdir(tmp_path) == []
