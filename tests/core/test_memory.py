"""Memory of the core: what could go wrong, and which test sees it.

A step takes memory, which is slow and may fail in the middle of a training (no step allocates), memory is not to be had
and the process ends, or a network is left half changed (each allocation made to fail in turn, at every entry), a size
overflows and a small buffer is written far beyond its end (layers too large for any machine), the system itself says no
(a limit on the address space).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fastmlp import _core
from fastmlp._core import _testing

KINDS = [(_core.Network32, _core.Trainer32), (_core.Network64, _core.Trainer64)]
SGD = ("sgd", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": 1.0})
ADAM = ("adam", {"learning_rate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8})
CLIPPED = ("adam", ADAM[1] | {"clip_norm": 0.1})

N_INPUTS, N_CLASSES, ROWS = 9, 4, 43
LAYERS = [(17, "relu", 0.0, 1e-3, 1e-2), (N_CLASSES, "softmax", 0.0, 0.0, 0.0)]  # with penalties, which need rows

_random = np.random.default_rng(0)
X = _random.standard_normal((ROWS, N_INPUTS))
Y = _random.integers(0, N_CLASSES, ROWS).astype(np.int32)


def new_network(kind=_core.Network32):
    network = kind(N_INPUTS, LAYERS, "softmax_cross_entropy")
    network.initialize(1)
    return network


def new_trainer(network, optimizer=ADAM, batch_size=10):
    kind = dict(KINDS)[type(network)]
    return kind(network, X, Y, None, batch_size, True, 1, 0, *optimizer)


def train(network, optimizer=ADAM, steps=12):
    with new_trainer(network, optimizer) as trainer:
        return trainer.run(steps, 2)


def bits_of(numbers) -> bytes:
    """All bits of an array, of a number, or of a list or tuple of such."""
    if isinstance(numbers, (list, tuple)):
        return b"".join(bits_of(part) for part in numbers)
    return np.asarray(numbers).tobytes()


def state_of(network) -> tuple[object, ...]:
    """Everything that training changes, as bytes."""
    parameters = [[network.weights(layer), network.bias(layer)] for layer in range(len(LAYERS))]
    state = network.optimizer_state()
    return bits_of(parameters), state and (state[0], state[1], bits_of(state[2]))


# ---- no step allocates ----


@pytest.mark.parametrize(("network_kind", "trainer_kind"), KINDS)
@pytest.mark.parametrize("optimizer", [SGD, ADAM, CLIPPED], ids=["sgd", "adam", "clipped"])
def test_no_step_after_the_first_run_allocates(network_kind, trainer_kind, optimizer, planner_off):
    network = new_network(network_kind)
    with trainer_kind(network, X, Y, None, 10, True, 1, 0, *optimizer) as trainer:
        trainer.run(1, 2)
        before = _testing.allocation_count()
        for steps, threads in [(1, 2), (7, 2), (23, 1), (0, 2)]:  # within an epoch, across several, none
            trainer.run(steps, threads)
        assert _testing.allocation_count() == before


def test_the_count_counts():
    before = _testing.allocation_count()
    new_network()
    assert _testing.allocation_count() > before


# ---- each allocation fails in turn ----


def fail_each_allocation(entry: Callable[[], object], unchanged: Callable[[], object]) -> object:
    """Call an entry with its first, second, ... allocation failing, until it gets through; return what it gives."""
    before = unchanged()
    for n in range(1, 1000):
        _testing.fail_allocation_after(n)
        try:
            result = entry()
        except MemoryError as failure:
            error = failure
        else:
            assert n > 1, "nothing was allocated, so nothing was tested"
            return result
        finally:
            _testing.fail_allocation_after(0)
        assert re.search(r"could not get \d+ bytes of memory", str(error))
        assert unchanged() == before
    raise AssertionError("the entry never got through")


def test_building_a_network_survives_every_failing_allocation():
    network = fail_each_allocation(new_network, lambda: None)
    assert state_of(network) == state_of(new_network())


ENTRIES = {
    "forward": lambda network: network.forward(X, 2),
    "activations": lambda network: network.activations(X, 2),
    "loss": lambda network: network.loss(X, Y, None, 2),
    "gradients": lambda network: network.gradients(X, Y, None, 2),
}


@pytest.mark.parametrize("kind", [_core.Network32, _core.Network64])
@pytest.mark.parametrize("entry", ENTRIES)
def test_evaluations_survive_every_failing_allocation(kind, entry, planner_off):
    network = new_network(kind)
    train(network)
    undisturbed = ENTRIES[entry](network)
    result = fail_each_allocation(lambda: ENTRIES[entry](network), lambda: state_of(network))
    assert bits_of(result) == bits_of(undisturbed)
    train(network)  # the network is free again


@pytest.mark.parametrize("optimizer", [SGD, ADAM, CLIPPED], ids=["sgd", "adam", "clipped"])
@pytest.mark.parametrize("earlier", [None, SGD, ADAM], ids=["first", "after sgd", "after adam"])
def test_training_survives_every_failing_allocation(optimizer, earlier, planner_off):
    network, undisturbed = new_network(), new_network()
    if earlier is not None:
        train(network, earlier)
        train(undisturbed, earlier)
    trainer = fail_each_allocation(lambda: new_trainer(network, optimizer), lambda: state_of(network))
    with trainer:
        fail_each_allocation(lambda: trainer.run(12, 2), lambda: state_of(network))
    train(undisturbed, optimizer)
    assert state_of(network) == state_of(undisturbed)


def test_taking_over_an_optimizer_state_survives_every_failing_allocation():
    network = new_network()
    train(network, SGD)
    other = new_network()
    train(other, ADAM)
    state = other.optimizer_state()
    fail_each_allocation(lambda: network.set_optimizer_state(state), lambda: state_of(network))
    assert state_of(network)[-1] == state_of(other)[-1]


# ---- sizes that no machine has ----


@pytest.mark.parametrize(("kind", "size"), [(_core.Network32, 4), (_core.Network64, 8)])
def test_a_layer_too_large_for_memory_names_its_bytes(kind, size):
    # 784 inputs make it petabytes: more than the 2^47 bytes that a process can address, whatever the system promises.
    with pytest.raises(MemoryError, match=r"could not get \d+ bytes") as error:
        kind(784, [(2**40, "relu", 0.0, 0.0, 0.0)], "mse")
    # One more row for the bias, and at most 32 more columns of padding.
    assert 785 * 2**40 * size <= int(re.search(r"\d+", str(error.value)).group()) <= 785 * (2**40 + 32) * size


OVERFLOWING = {
    "one product": (784, [2**55]),
    "rows by columns": (2**55, [2**55]),
    "only in bytes": (2**8, [2**53]),
    "only in the sum": (1, [2**55, 1, 2**55, 1, 2**55, 1, 2**55, 1, 2**55, 1, 2**55, 1]),
}


@pytest.mark.parametrize("kind", [_core.Network32, _core.Network64])
@pytest.mark.parametrize("case", OVERFLOWING)
def test_sizes_that_overflow_are_a_memory_error(kind, case):
    n_inputs, units = OVERFLOWING[case]
    with pytest.raises(MemoryError, match="more bytes than an address can hold"):
        kind(n_inputs, [(n, "relu", 0.0, 0.0, 0.0) for n in units], "mse")


# ---- the system says no ----


def work_under_a_limit_on_the_address_space():
    """Ask for too much, in every way, in a process that may have 300 MB more than it has; then do something small."""
    import resource

    rows = 100_000
    inputs = np.zeros((rows, 4), np.uint8)
    labels = np.zeros(rows, np.int32)
    layers = [(1000, "relu", 0.0, 0.0, 0.0), (2, "softmax", 0.0, 0.0, 0.0)]
    network = _core.Network32(4, layers, "softmax_cross_entropy")
    network.initialize(0)
    used = int(re.search(r"VmSize:\s+(\d+) kB", Path("/proc/self/status").read_text()).group(1)) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (used + 300 * 2**20,) * 2)

    too_much = {
        "a network": lambda: _core.Network32(1, [(2**27, "relu", 0.0, 0.0, 0.0)], "mse"),
        "a layer of 2^40 units": lambda: _core.Network32(1, [(2**40, "relu", 0.0, 0.0, 0.0)], "mse"),
        "the outputs of a call": lambda: network.activations(inputs, 1),
        "a workspace of the whole batch": lambda: network.gradients(inputs, labels, None, 1),
        "a trainer": lambda: _core.Trainer32(network, inputs, labels, None, rows, False, 0, 0, *SGD),
    }
    for name, ask in too_much.items():
        try:
            ask()
        except MemoryError as error:
            print(f"{name}: {error}")
        else:
            raise AssertionError(f"there was memory for {name}")
    with _core.Trainer32(network, inputs, labels, None, 100, True, 0, 0, *SGD) as trainer:
        assert trainer.run(10, 1).steps == 10
    assert network.forward(inputs, 1).shape == (rows, 2)


@pytest.mark.skipif(sys.platform != "linux", reason="limits on the address space are kept by Linux")
def test_a_limit_on_memory_is_a_memory_error_and_no_crash(in_new_process):
    answers = in_new_process(work_under_a_limit_on_the_address_space).splitlines()
    assert len(answers) == 5
    assert all(re.search(r"could not get \d+ bytes|Unable to allocate", answer) for answer in answers)  # ours, NumPy's


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
