"""Threads and processes under the core: what could go wrong, and which test sees it.

A forked child waits for ever for threads that it does not have (fork, multiprocessing), more threads are taken than the
user or the surrounding program allows (requested and allowed, threadpoolctl, parallel region, one processor), the
result depends on which thread came first (twenty repeats).

Scenarios are functions that run in a process of their own, where they may hang or fork.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
from pathlib import Path

import pytest
import threadpoolctl

from fastmlp import _core
from fastmlp._core import _testing
from small_network import X, bits_of, bits_of_training, small_network, trained_network

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
    network = small_network()
    for request, expected in [(1, 1), (2, min(2, limit)), (1, min(2, limit)), (0, limit), (limit + 5, limit)]:
        network.forward(X=X, threads=request)
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
    outside = _core.max_threads()
    limits = []
    body = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda _: limits.append(_core.max_threads()))
    ctypes.CDLL(libraries[0]).GOMP_parallel(body, None, ctypes.c_uint(2), ctypes.c_uint(0))
    assert limits == [1, 1]
    assert _core.max_threads() == outside


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


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
