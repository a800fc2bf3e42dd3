"""Ctrl-C and threads: whatever comes in between, the network stays valid and nobody sees it half trained.

What could go wrong: a signal that waits for the end of the fit or kills the process (the subprocess), a network that is
locked for ever after an interruption (it is trained again), a second thread that reads or trains a network amid a step
(the calls during a fit), results that depend on who predicts beside whom (eight threads behind a barrier).
"""

import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

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
