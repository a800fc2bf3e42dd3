"""Python threads that share a network: what could go wrong, and which test sees it.

Evaluations disturb each other or a training (at once, between runs), two threads change one network at the same time
(refuses), a run is ended by another thread and goes on (cannot be ended), a trainer is used by a thread that did not
enter it, or outside its with statement (its thread only), a network stays busy for ever after an error (frees the
network) or because its training was ended by another thread (leaves the network free), a callback takes away the
optimizer state that the next run needs (between runs; in a process of its own, because that would be a null pointer).
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time

import numpy as np
import pytest

from bits import sgd
from small_network import ADAM, X, Y, bits_of, bits_of_training, small_network, small_trainer, trained_network

SGD = sgd(0.1)
BUSY = "the network is in use by another thread"


def at_once(n_threads, work):
    """Results of work() on so many Python threads, which all start it at the same moment."""
    barrier = threading.Barrier(n_threads)
    results = []

    def wait_and_work():
        barrier.wait()
        try:
            results.append(work())
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=wait_and_work) for _ in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize("threads", [1, 2])
def test_eight_python_threads_evaluate_one_network_at_once(threads, planner_off):
    network = trained_network(threads=2)
    expected = bits_of(network)
    results = at_once(8, lambda: {bits_of(network, threads) for _ in range(10)})
    assert results == [{expected}] * 8


def test_eight_python_threads_train_eight_networks_at_once(planner_off):
    expected = bits_of_training(threads=1)
    assert at_once(8, lambda: bits_of_training(threads=2)) == [expected] * 8


# ---- busy networks ----


def on_another_thread(work):
    return at_once(1, work)[0]


SAMPLES = {"X": X, "targets": Y, "sample_weight": None, "threads": 1}
USES = {
    "forward": lambda network: network.forward(X=X, threads=1),
    "activations": lambda network: network.activations(X=X, threads=1),
    "loss": lambda network: network.loss(**SAMPLES),
    "gradients": lambda network: network.gradients(**SAMPLES),
    "initialize": lambda network: network.initialize(seed=2),
    "optimizer_state": lambda network: network.optimizer_state(),
    "set_optimizer_state": lambda network: network.set_optimizer_state(None),
}


@pytest.mark.parametrize("use", USES)
def test_a_network_that_is_trained_refuses_other_threads(use):
    network = small_network()
    with small_trainer(network) as trainer:
        trainer.run(n_steps=3, threads=1)
        error = on_another_thread(lambda: USES[use](network))
        trainer.run(n_steps=7, threads=1)
    assert isinstance(error, RuntimeError)
    assert BUSY in str(error)
    assert bits_of(network) == bits_of_training(threads=1)
    assert not isinstance(on_another_thread(lambda: USES[use](network)), Exception)


def test_a_second_training_is_refused_on_any_thread():
    network = small_network()
    with small_trainer(network) as trainer:
        other = small_trainer(network)
        assert BUSY in str(on_another_thread(other.__enter__))
        with pytest.raises(RuntimeError, match=BUSY):
            other.__enter__()
        trainer.run(n_steps=10, threads=1)
    assert bits_of(network) == bits_of_training(threads=1)


CHANGES = {
    "training": lambda network: small_trainer(network).__enter__(),
    "initialize": lambda network: network.initialize(seed=2),
    "set_optimizer_state": lambda network: network.set_optimizer_state(None),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_network_that_is_used_refuses_to_be_changed(change):
    """Try until the other thread is inside forward, where it nearly always is; a missing guard meets the deadline."""
    network = small_network()
    many_rows = np.repeat(X, 1000, axis=0)  # some ten milliseconds, in which the main thread has the GIL
    told_to_stop = threading.Event()

    def predict_until_told():
        while not told_to_stop.is_set():
            with contextlib.suppress(RuntimeError):  # it came while the main thread was inside
                network.forward(X=many_rows, threads=1)

    def change_until_refused(deadline):
        while time.monotonic() < deadline:
            trainer = CHANGES[change](network)
            if trainer is not None:
                trainer.__exit__(None, None, None)
            time.sleep(0.001)

    thread = threading.Thread(target=predict_until_told)
    thread.start()
    try:
        with pytest.raises(RuntimeError, match=BUSY):
            change_until_refused(time.monotonic() + 20)
    finally:
        told_to_stop.set()
        thread.join()
    CHANGES[change](network)  # the reader has gone


def test_a_training_that_another_thread_ends_during_an_evaluation_leaves_the_network_free():
    """The training thread evaluates as a part of its training; counted as a reader at the end only, it would block."""
    network = small_network()
    many_rows = np.repeat(X, 1000, axis=0)  # some ten milliseconds, in which the other thread has the GIL
    for _ in range(5):
        trainer = small_trainer(network)
        trainer.__enter__()
        ending = threading.Timer(0.002, trainer.__exit__, (None, None, None))
        ending.start()
        network.forward(X=many_rows, threads=1)
        ending.join()
    network.initialize(seed=1)  # wants the network alone


def test_the_training_thread_evaluates_between_runs_without_changing_them():
    network = small_network()
    with small_trainer(network) as trainer:
        for _ in range(10):
            trainer.run(n_steps=1, threads=1)
            bits_of(network)
            network.activations(X=X, threads=1)
            network.optimizer_state()
    assert bits_of(network) == bits_of_training(threads=1)


def change_the_optimizer_state_between_runs():
    """Do what a callback may do: the next run finds what it needs, or starts from zero."""
    network = small_network()
    first, other = small_trainer(network, ADAM), small_trainer(network, SGD)
    with first:
        first.run(n_steps=4, threads=1)
        state = network.optimizer_state()
        network.set_optimizer_state(None)
        first.run(n_steps=3, threads=1)
        assert network.optimizer_state()[:2] == ("adam", 3)
        network.initialize(seed=1)
        first.run(n_steps=2, threads=1)
        assert network.optimizer_state()[:2] == ("adam", 2)
        network.set_optimizer_state(state)
        first.run(n_steps=1, threads=1)
        assert network.optimizer_state()[:2] == ("adam", 5)
    with other:
        other.run(n_steps=2, threads=1)
        assert network.optimizer_state() == ("sgd", 2, [])


def test_the_optimizer_state_may_be_changed_between_runs(in_new_process):
    in_new_process(change_the_optimizer_state_between_runs)


def test_a_trainer_that_was_built_but_never_run_changes_nothing():
    network = trained_network(threads=1)
    small_trainer(network, SGD)
    name, steps, slots = network.optimizer_state()
    assert (name, steps, len(slots)) == ("adam", 10, 2)


def test_a_trainer_runs_inside_its_with_statement_and_on_its_thread_only():
    network = small_network()
    trainer = small_trainer(network)
    with pytest.raises(RuntimeError, match="inside its with statement only"):
        trainer.run(n_steps=1, threads=1)
    with trainer:
        assert BUSY in str(on_another_thread(lambda: trainer.run(n_steps=1, threads=1)))
        trainer.run(n_steps=10, threads=1)
    with pytest.raises(RuntimeError, match="inside its with statement only"):
        trainer.run(n_steps=1, threads=1)
    assert bits_of(network) == bits_of_training(threads=1)


def test_a_run_cannot_be_ended_by_another_thread():
    """Try until the main thread is inside run; the network would be free while it is written."""
    network = small_network()
    errors = []

    def end(trainer):
        time.sleep(0.01)
        try:
            trainer.__exit__(None, None, None)
        except RuntimeError as error:
            errors.append(str(error))

    deadline = time.monotonic() + 20
    while not errors and time.monotonic() < deadline:
        trainer = small_trainer(network)
        trainer.__enter__()
        thread = threading.Thread(target=end, args=(trainer,))
        thread.start()
        trainer.run(n_steps=10_000, threads=1)  # some hundred milliseconds
        thread.join()
        trainer.__exit__(None, None, None)
    assert BUSY in errors[0]
    network.initialize(seed=1)  # its own thread has ended it


def test_a_trainer_that_ends_with_an_error_frees_the_network():
    network = small_network()
    with pytest.raises(KeyboardInterrupt), small_trainer(network):
        raise KeyboardInterrupt
    assert not isinstance(on_another_thread(lambda: network.forward(X=X, threads=1)), Exception)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
