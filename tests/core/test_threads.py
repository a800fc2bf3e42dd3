"""Threads, processes and the floating-point mode: what could go wrong, and which test sees it.

A forked child waits for ever for threads that it does not have (fork, multiprocessing), more threads are taken than the
user allows (limits), the result depends on who came first (repeats, oversubscribed), two threads change one network at
once (busy networks), evaluations disturb each other or a training (predictions at once, evaluation between runs), tiny
numbers become zero for the whole process, or a process that made them zero gets other bits (floating-point mode).

Scenarios are functions that run in a process of their own, where they may hang, fork, or spoil the process.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import multiprocessing
import os
import platform
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import threadpoolctl

from fastmlp import _core
from fastmlp._core import _testing

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


def trained_network(threads, steps=10):
    network = new_network()
    with new_trainer(network) as trainer:
        trainer.run(steps, threads)
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


# ---- fork and new processes ----


def work_in_a_forked_child():
    _testing.enable_planner(False)
    network = trained_network(threads=2)
    expected = bits_of(network, threads=2)
    child = os.fork()
    if child == 0:
        signal.alarm(20)  # a hang ends the child, and with it the test
        same = _core.max_threads() == 1 and bits_of(network, threads=2) == expected == bits_of_training(threads=2)
        os._exit(0 if same else 1)
    _, status = os.waitpid(child, 0)
    assert status == 0, f"the child ended with status {status} (signal {status & 127})"
    assert _core.max_threads() == 2  # the parent has its threads
    assert bits_of_training(threads=2) == expected


def test_a_forked_child_trains_and_predicts_to_its_parents_bits(in_new_process):
    in_new_process(work_in_a_forked_child, OMP_NUM_THREADS="2")


def send_bits_of_training(connection):
    signal.alarm(20)
    _testing.enable_planner(False)
    connection.send(bits_of_training(threads=2))


def work_in_a_child_of_multiprocessing(method):
    _testing.enable_planner(False)
    expected = bits_of_training(threads=2)
    context = multiprocessing.get_context(method)
    receiving, sending = context.Pipe(duplex=False)
    child = context.Process(target=send_bits_of_training, args=(sending,))
    child.start()
    sending.close()
    assert receiving.recv() == expected
    child.join()
    assert child.exitcode == 0


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_child_of_multiprocessing_trains_to_its_parents_bits(method, in_new_process):
    in_new_process(work_in_a_child_of_multiprocessing, method, OMP_NUM_THREADS="2")


# ---- limits on the number of threads ----


def operating_system_threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def count_the_threads_of_calls(limit):
    """OpenMP's threads stay once they are there, so the process counts the largest team that it ever opened."""
    _testing.enable_planner(False)
    limit, alone = int(limit), operating_system_threads()
    assert _core.max_threads() == limit
    network = new_network()
    for request, expected in [(1, 1), (2, min(2, limit)), (1, min(2, limit)), (0, limit), (limit + 5, limit)]:
        network.forward(X, request)
        assert operating_system_threads() - alone + 1 == expected, f"request {request}"
        assert _core.max_threads() == limit, "a request is for one call"
    trained_network(threads=limit + 5)
    assert operating_system_threads() - alone + 1 == limit


@pytest.mark.parametrize("limit", [1, 3])
def test_a_call_takes_no_more_threads_than_requested_and_allowed(limit, in_new_process):
    in_new_process(count_the_threads_of_calls, limit, OMP_NUM_THREADS=str(limit))


def train_under_threadpoolctl():
    _testing.enable_planner(False)
    alone = operating_system_threads()
    with threadpoolctl.threadpool_limits(1):
        assert _core.max_threads() == 1
        trained_network(threads=4)
        assert operating_system_threads() == alone
        with threadpoolctl.threadpool_limits(2, user_api="openmp"):  # NumPy's library would start a thread of its own
            assert _core.max_threads() == 2
    assert _core.max_threads() == 4
    trained_network(threads=4)
    assert operating_system_threads() == alone + 3


def test_threadpoolctl_is_obeyed_while_it_asks(in_new_process):
    in_new_process(train_under_threadpoolctl, OMP_NUM_THREADS="4")


def look_at_limits_in_a_parallel_region():
    """Open a region of two threads from outside, in the OpenMP library that the core uses."""
    libraries = [pool["filepath"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "openmp"]
    assert len(libraries) == 1, libraries
    limits = []
    body = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda _: limits.append(_core.max_threads()))
    ctypes.CDLL(libraries[0]).GOMP_parallel(body, None, ctypes.c_uint(2), ctypes.c_uint(0))
    assert limits == [1, 1]
    assert _core.max_threads() == 2


def test_inside_another_parallel_region_a_call_has_one_thread(in_new_process):
    in_new_process(look_at_limits_in_a_parallel_region, OMP_NUM_THREADS="2")


def look_at_limits_on_one_processor():
    assert len(os.sched_getaffinity(0)) == _core.max_threads() == 1


def test_a_process_bound_to_one_processor_has_one_thread(in_new_process):
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})  # the new process inherits it, and OpenMP reads it at its start
        in_new_process(look_at_limits_on_one_processor)
    finally:
        os.sched_setaffinity(0, allowed)


# ---- the same bits however the threads come ----


def repeat_a_training_with_more_threads_than_processors():
    _testing.enable_planner(False)
    assert _core.max_threads() == 4
    assert len({bits_of_training(threads) for threads in (1, 2, 4) for _ in range(20)}) == 1


def test_twenty_repeats_on_one_two_and_four_threads_give_the_same_bits(in_new_process):
    in_new_process(repeat_a_training_with_more_threads_than_processors, OMP_NUM_THREADS="4")


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


def test_a_trainer_that_ends_with_an_error_frees_the_network():
    network = new_network()
    with pytest.raises(KeyboardInterrupt), new_trainer(network):
        raise KeyboardInterrupt
    assert not isinstance(on_another_thread(lambda: network.forward(X, 1)), Exception)


# ---- floating-point mode ----

IS_X86 = platform.machine() in ("x86_64", "AMD64")

# float32 numbers of which many are subnormal, and float64 numbers whose products are.
TINY = {_core.Network32: 1e-38, _core.Network64: 1e-155}


def set_mode(mode):
    """Set this thread's floating-point mode by the C library, as a careless library may do."""
    library = ctypes.CDLL(None)
    if mode == "flush":
        environment = (ctypes.c_uint32 * 16)()
        library.fegetenv(environment)
        # fenv_t of x86: 28 bytes of the old unit, then MXCSR (FTZ and DAZ); of aarch64: FPCR (FZ) and FPSR.
        place, bits = (7, 0x8040) if IS_X86 else (0, 1 << 24)
        environment[place] |= bits
        library.fesetenv(environment)
    elif mode == "upward":
        library.fesetround(0x800 if IS_X86 else 0x400000)


def subnormals_are_kept() -> bool:
    return bool(np.all(np.full(4, 1e-310) * 0.5 > 0.0))


def rounds_to_nearest() -> bool:
    return bool(np.all(np.full(4, 1.0) + 1e-30 == 1.0))


def compute_on_tiny_numbers_in_the_callers_mode(mode):
    _testing.enable_planner(False)
    data = {kind: (X * tiny, X[:, :2] * tiny) for kind, tiny in TINY.items()}
    set_mode(mode)
    assert subnormals_are_kept() == (mode != "flush")
    assert rounds_to_nearest() == (mode != "upward")
    digest = hashlib.sha256()
    for (network_kind, (inputs, targets)), trainer_kind in zip(
        data.items(), (_core.Trainer32, _core.Trainer64), strict=True
    ):
        network = network_kind(N_INPUTS, [(3, "identity", 0.0, 0.0, 0.0), (2, "tanh", 0.0, 0.0, 1e-300)], "mse")
        network.initialize(1)
        network.weights(1)[...] = np.copysign(0.5, network.weights(1))
        with trainer_kind(network, inputs, targets, None, 40, True, 1, 0, "sgd", SGD[1]) as trainer:
            report = trainer.run(10, 2)
        loss, *gradients, input_gradients = network.gradients(inputs, targets, None, 2)
        results = [network.weights(0), network.bias(0), network.weights(1), network.bias(1), input_gradients]
        results += [*gradients[0], *gradients[1], *network.activations(inputs, 2)]
        results += [np.float64(value) for value in (loss, network.loss(inputs, targets, None, 2), report.last_loss)]
        for result in results:
            digest.update(np.ascontiguousarray(result).tobytes())
        if mode == "default":  # so that the hash is about subnormals
            smallest = np.finfo(inputs.dtype if network_kind is _core.Network64 else np.float32).tiny
            assert any(np.any((result != 0) & (np.abs(result) < smallest)) for result in results)
    assert subnormals_are_kept() == (mode != "flush"), "the caller's mode was not given back"
    assert rounds_to_nearest() == (mode != "upward"), "the caller's mode was not given back"
    print(digest.hexdigest())


@pytest.mark.parametrize("mode", ["flush", "upward"])
def test_the_callers_floating_point_mode_changes_no_bit_and_is_given_back(mode, in_new_process):
    default, other = (
        in_new_process(compute_on_tiny_numbers_in_the_callers_mode, m, OMP_NUM_THREADS="2") for m in ("default", mode)
    )
    assert other == default


def look_at_subnormals_after_import_and_training():
    _testing.enable_planner(False)
    assert subnormals_are_kept(), "after the import"
    trained_network(threads=2)
    assert subnormals_are_kept(), "after a training"
    assert on_another_thread(subnormals_are_kept) is True
    assert on_another_thread(lambda: trained_network(threads=2) and subnormals_are_kept()) is True


def test_subnormals_survive_import_and_training_in_every_thread(in_new_process):
    in_new_process(look_at_subnormals_after_import_and_training, OMP_NUM_THREADS="2")


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
