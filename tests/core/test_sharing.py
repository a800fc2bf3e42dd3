"""Python threads that share a network: what could go wrong, and which test sees it.

Evaluations disturb each other or a training (at once, between runs), two threads change one network at the same time
(refuses), a run is ended by another thread and goes on (cannot be ended), a trainer is used by a thread that did not
enter it, or outside its with statement (its thread only), a network stays busy for ever after an error (frees the
network) or because its training was ended by another thread (leaves the network free), a callback takes away the
optimizer state that the next run needs (between runs; in a process of its own, because that would be a null pointer).
"""

from __future__ import annotations

import contextlib
import hashlib
import sys
import threading
import time

import numpy as np
import pytest

from fastmlp import _core

N_INPUTS, N_CLASSES, ROWS = 12, 5, 150
ADAM = ("adam", {"learning_rate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8})
SGD = ("sgd", {"learning_rate": 0.1, "momentum": 0.0, "nesterov": 0.0})
BUSY = "the network is in use by another thread"

_random = np.random.default_rng(0)
X = _random.standard_normal((ROWS, N_INPUTS))
Y = _random.integers(0, N_CLASSES, ROWS).astype(np.int32)


def new_network():
    layers = [(33, "tanh", 0.0, 1e-3, 0.0), (N_CLASSES, "softmax", 0.0, 0.0, 0.0)]
    network = _core.Network32(N_INPUTS, layers, "softmax_cross_entropy")
    network.initialize(1)
    return network


def new_trainer(network, optimizer=ADAM):
    return _core.Trainer32(network, X, Y, None, 40, True, 1, 0, *optimizer)


def trained_network(threads):
    network = new_network()
    with new_trainer(network) as trainer:
        trainer.run(10, threads)
    return network


def bits_of(network, threads=1) -> str:
    """One hash of everything: parameters, outputs, loss and gradients."""
    loss, weight_gradients, bias_gradients, input_gradients = network.gradients(X, Y, None, threads)
    arrays = [network.weights(0), network.bias(0), network.weights(1), network.bias(1), network.forward(X, threads)]
    arrays += [*weight_gradients, *bias_gradients, input_gradients]
    arrays += [np.float64(loss), np.float64(network.loss(X, Y, None, threads))]
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def bits_of_training(threads) -> str:
    return bits_of(trained_network(threads), threads)


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


USES = {
    "forward": lambda network: network.forward(X, 1),
    "activations": lambda network: network.activations(X, 1),
    "loss": lambda network: network.loss(X, Y, None, 1),
    "gradients": lambda network: network.gradients(X, Y, None, 1),
    "initialize": lambda network: network.initialize(2),
    "optimizer_state": lambda network: network.optimizer_state(),
    "set_optimizer_state": lambda network: network.set_optimizer_state(None),
}


@pytest.mark.parametrize("use", USES)
def test_a_network_that_is_trained_refuses_other_threads(use):
    network = new_network()
    with new_trainer(network) as trainer:
        trainer.run(3, 1)
        error = on_another_thread(lambda: USES[use](network))
        trainer.run(7, 1)
    assert isinstance(error, RuntimeError)
    assert BUSY in str(error)
    assert bits_of(network) == bits_of_training(threads=1)
    assert not isinstance(on_another_thread(lambda: USES[use](network)), Exception)


def test_a_second_training_is_refused_on_any_thread():
    network = new_network()
    with new_trainer(network) as trainer:
        other = new_trainer(network)
        assert BUSY in str(on_another_thread(other.__enter__))
        with pytest.raises(RuntimeError, match=BUSY):
            other.__enter__()
        trainer.run(10, 1)
    assert bits_of(network) == bits_of_training(threads=1)


CHANGES = {
    "training": lambda network: new_trainer(network).__enter__(),
    "initialize": lambda network: network.initialize(2),
    "set_optimizer_state": lambda network: network.set_optimizer_state(None),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_network_that_is_used_refuses_to_be_changed(change):
    """Try until the other thread is inside forward, where it nearly always is; a missing guard meets the deadline."""
    network = new_network()
    many_rows = np.repeat(X, 1000, axis=0)  # some ten milliseconds, in which the main thread has the GIL
    told_to_stop = threading.Event()

    def predict_until_told():
        while not told_to_stop.is_set():
            with contextlib.suppress(RuntimeError):  # it came while the main thread was inside
                network.forward(many_rows, 1)

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
    network = new_network()
    many_rows = np.repeat(X, 1000, axis=0)  # some ten milliseconds, in which the other thread has the GIL
    for _ in range(5):
        trainer = new_trainer(network)
        trainer.__enter__()
        ending = threading.Timer(0.002, trainer.__exit__, (None, None, None))
        ending.start()
        network.forward(many_rows, 1)
        ending.join()
    network.initialize(1)  # wants the network alone


def test_the_training_thread_evaluates_between_runs_without_changing_them():
    network = new_network()
    with new_trainer(network) as trainer:
        for _ in range(10):
            trainer.run(1, 1)
            bits_of(network)
            network.activations(X, 1)
            network.optimizer_state()
    assert bits_of(network) == bits_of_training(threads=1)


def change_the_optimizer_state_between_runs():
    """Do what a callback may do: the next run finds what it needs, or starts from zero."""
    network = new_network()
    first, other = new_trainer(network, ADAM), new_trainer(network, SGD)
    with first:
        first.run(4, 1)
        state = network.optimizer_state()
        network.set_optimizer_state(None)
        first.run(3, 1)
        assert network.optimizer_state()[:2] == ("adam", 3)
        network.initialize(1)
        first.run(2, 1)
        assert network.optimizer_state()[:2] == ("adam", 2)
        network.set_optimizer_state(state)
        first.run(1, 1)
        assert network.optimizer_state()[:2] == ("adam", 5)
    with other:
        other.run(2, 1)
        assert network.optimizer_state() == ("sgd", 2, [])


def test_the_optimizer_state_may_be_changed_between_runs(in_new_process):
    in_new_process(change_the_optimizer_state_between_runs)


def test_a_trainer_that_was_built_but_never_run_changes_nothing():
    network = trained_network(threads=1)
    new_trainer(network, SGD)
    name, steps, slots = network.optimizer_state()
    assert (name, steps, len(slots)) == ("adam", 10, 2)


def test_a_trainer_runs_inside_its_with_statement_and_on_its_thread_only():
    network = new_network()
    trainer = new_trainer(network)
    with pytest.raises(RuntimeError, match="inside its with statement only"):
        trainer.run(1, 1)
    with trainer:
        assert BUSY in str(on_another_thread(lambda: trainer.run(1, 1)))
        trainer.run(10, 1)
    with pytest.raises(RuntimeError, match="inside its with statement only"):
        trainer.run(1, 1)
    assert bits_of(network) == bits_of_training(threads=1)


def test_a_run_cannot_be_ended_by_another_thread():
    """Try until the main thread is inside run; the network would be free while it is written."""
    network = new_network()
    errors = []

    def end(trainer):
        time.sleep(0.01)
        try:
            trainer.__exit__(None, None, None)
        except RuntimeError as error:
            errors.append(str(error))

    deadline = time.monotonic() + 20
    while not errors and time.monotonic() < deadline:
        trainer = new_trainer(network)
        trainer.__enter__()
        thread = threading.Thread(target=end, args=(trainer,))
        thread.start()
        trainer.run(10_000, 1)  # some hundred milliseconds
        thread.join()
        trainer.__exit__(None, None, None)
    assert BUSY in errors[0]
    network.initialize(1)  # its own thread has ended it


def test_a_trainer_that_ends_with_an_error_frees_the_network():
    network = new_network()
    with pytest.raises(KeyboardInterrupt), new_trainer(network):
        raise KeyboardInterrupt
    assert not isinstance(on_another_thread(lambda: network.forward(X, 1)), Exception)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
