"""Ctrl-C and threads: whatever comes in between, the network stays valid and nobody sees it half trained.

What could go wrong: a signal that waits for the end of the fit or kills the process (the subprocess), a network that is
locked for ever, or half changed, after an interruption (it is trained again; 2 000 of them, at any moment), a second
thread that reads or trains a network amid a step (the calls during a fit), results that depend on who predicts beside
whom (eight threads behind a barrier), early stopping that keeps the last weights in the place of the best (whatever
ends the fit).
"""

import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from interrupts import KINDS, interrupt

import fastmlp as fm

RNG = np.random.default_rng(6)
X = RNG.normal(size=(200, 5))
Y = RNG.integers(0, 3, 200)

INTERRUPTED = """
import sys, time
import numpy as np
import fastmlp as fm

X, y = np.random.default_rng(0).normal(size=(1000, 50)), np.arange(1000) % 10
net = fm.Network(50, [fm.Dense(100, "relu"), fm.Dense(10, "softmax")], seed=0)
before = net.get_parameters()
print("training", flush=True)
try:
    net.fit(X, y, epochs=10**9, optimizer=fm.SGD(1e-6))
except KeyboardInterrupt:
    after = net.get_parameters()
    assert np.isfinite(after).all() and not np.array_equal(before, after)
    assert len(net.fit(X, y, epochs=2).epochs) == 2
    print("interrupted", flush=True)
"""


def test_ctrl_c_ends_a_fit_and_leaves_a_valid_network():
    with subprocess.Popen([sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "training\n"
        # long enough for some slices; were it shorter than the first step, the comparison in the program would fail
        threading.Event().wait(0.5)
        process.send_signal(signal.SIGINT)
        try:
            rest, _ = process.communicate(timeout=30)
        finally:
            process.kill()
    assert rest == "interrupted\n"
    assert process.returncode == 0


def test_while_one_thread_fits_others_are_refused_and_callbacks_are_not():
    net = fm.Network(5, [fm.Dense(4, "tanh"), fm.Dense(3, "softmax")], seed=0)
    in_epoch, may_end = threading.Event(), threading.Event()

    def wait(net, epoch):
        # the training thread itself may do all of this
        net.set_parameters(net.get_parameters())
        net.evaluate(X, Y)
        in_epoch.set()
        assert may_end.wait(30)

    thread = threading.Thread(target=net.fit, args=(X, Y), kwargs={"epochs": 1, "callbacks": [wait]})
    thread.start()
    try:
        assert in_epoch.wait(30)
        for call in (
            lambda: net.predict(X),
            lambda: net.loss(X, Y),
            lambda: net.gradients(X, Y),
            lambda: net.check_gradients(X, Y),
            lambda: net.fit(X, Y),
            lambda: net.fit(X, Y, optimizer="sgd"),
            net.reset,
            net.get_parameters,
            net.__getstate__,
            lambda: net.set_parameters(np.zeros(net.n_parameters)),
        ):
            with pytest.raises(RuntimeError):
                call()
    finally:
        may_end.set()
        thread.join()
    assert net.get_parameters().any()
    net.reset()
    net.fit(X, Y, epochs=1)


def test_many_threads_predict_the_same_bits_at_once():
    net = fm.Network(5, [fm.Dense(64, "tanh"), fm.Dense(3, "softmax")], seed=0)
    wanted = net.forward(X)
    barrier, wrong = threading.Barrier(8), []

    def predict():
        barrier.wait(30)
        for _ in range(20):
            if not np.array_equal(net.forward(X), wanted):
                wrong.append(1)

    threads = [threading.Thread(target=predict) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


class Late:
    """A callback that raises after an epoch, as Ctrl-C may."""

    def __init__(self, epoch, error):
        self.epoch, self.error = epoch, error

    def __call__(self, net, epoch):
        if epoch["epoch"] == self.epoch:
            raise self.error


def mine(values):
    def cost(y, outputs):
        return next(values)

    return cost


def interrupted_fit(stopping, late, data=(X, Y), **settings):
    """Return the network of a fit that is best after epoch 2 and ends by an error after epoch 5."""
    net = fm.Network(5, [fm.Dense(4, "tanh"), fm.Dense(3, "softmax")], seed=0)
    seen = []
    values = iter([3.0, 1.0, 2.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    with pytest.raises(type(late.error)) as raised:
        net.fit(
            *data,
            epochs=8,
            validation_data=(X, Y),
            metrics=[mine(values)],
            callbacks=[lambda net, epoch: seen.append(net.get_parameters()), stopping, late],
            **settings,
        )
    return net, seen, raised.value


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ZeroDivisionError("of a callback")])
@pytest.mark.parametrize("way", ["adam", "lbfgs", "batches"])
def test_early_stopping_leaves_the_best_weights_whatever_ends_the_fit(way, error):
    stopping = fm.EarlyStopping(patience=100, monitor="validation_cost", mode="min")
    data = ([(X, Y)],) if way == "batches" else (X, Y)
    settings = {"optimizer": "lbfgs", "batch_size": None} if way == "lbfgs" else {}
    net, seen, _ = interrupted_fit(stopping, Late(5, error), data, **settings)
    assert stopping.best_epoch == 2
    assert len(seen) == 5
    np.testing.assert_array_equal(net.get_parameters(), seen[1])
    # and the network goes on from there
    assert len(net.fit(X, Y, epochs=2).epochs) == 2


def test_without_restore_best_the_last_weights_stay():
    stopping = fm.EarlyStopping(patience=100, monitor="validation_cost", mode="min", restore_best=False)
    net, seen, _ = interrupted_fit(stopping, Late(5, KeyboardInterrupt()))
    np.testing.assert_array_equal(net.get_parameters(), seen[-1])


class Poison:
    """Makes the next epoch diverge."""

    def __call__(self, net, epoch):
        if epoch["epoch"] == 3:
            net.layers[0].weights[:] = np.finfo(np.float32).max


@pytest.mark.parametrize("way", ["arrays", "batches", "lbfgs"])
def test_a_divergence_leaves_the_best_weights_and_says_so(way):
    net = fm.Network(5, [fm.Dense(4), fm.Dense(3)], loss="mse", seed=0)
    seen = []

    def record(net, epoch):
        seen.append(net.get_parameters())

    stopping = fm.EarlyStopping(monitor="validation_cost", mode="min")
    data = ([(X, np.eye(3)[Y])],) if way == "batches" else (X, np.eye(3)[Y])
    poison = Poison() if way != "lbfgs" else Late(3, FloatingPointError("of a callback"))
    with pytest.raises(FloatingPointError) as raised:
        net.fit(
            *data,
            epochs=8,
            validation_data=(X, np.eye(3)[Y]),
            metrics=[mine(iter([3.0, 1.0, 2.0, 4.0]))],
            callbacks=[record, stopping, poison],
            optimizer="lbfgs" if way == "lbfgs" else "adam",
            batch_size=None if way == "lbfgs" else 128,
        )
    np.testing.assert_array_equal(net.get_parameters(), seen[1])
    if way != "lbfgs":
        assert "the weights of epoch 2, the best, were kept" in str(raised.value)


def test_callbacks_are_told_of_an_end_by_an_error_and_of_no_other_end():
    told = []
    callback = fm.LambdaCallback(
        end=lambda net: told.append("end"),
        interrupted=lambda net: told.append("interrupted"),
    )
    net = fm.Network(5, [fm.Dense(3, "softmax")], seed=0)
    net.fit(X, Y, epochs=1, callbacks=[callback])
    assert told == ["end"]
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, Y, epochs=2, callbacks=[callback, Late(1, KeyboardInterrupt())])
    assert told == ["end", "interrupted"]


def test_ctrl_c_at_any_moment_leaves_networks_whole_and_files_sound():
    # they take about 10 s on one thread; python tests/python/interrupts.py makes more of them, on all
    with fm.num_threads(1):
        came = interrupt(225 * len(KINDS), seed=0)
    assert set(came) == set(KINDS)
    assert min(came.values()) == 225
