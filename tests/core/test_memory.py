"""Memory of the core: what could go wrong, and which test sees it.

A step takes memory, which is slow and may fail in the middle of a training (no step allocates), memory is not to be had
and the process ends, or a network is left half changed (each allocation made to fail in turn, at every entry), a size
overflows and a small buffer is written far beyond its end (layers too large for any machine), the system itself says no
(a limit on the address space), two evaluations at once use what the network keeps for the next one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import bits
from bits import NETWORKS, adam, sgd
from fastmlp import _core
from fastmlp._core import LayerSpec, _testing

SGD, ADAM, CLIPPED = sgd(0.1, 0.9, 1.0), adam(0.01), adam(0.01, clip_norm=0.1)

N_INPUTS, N_CLASSES, ROWS = 9, 4, 43
LAYERS = [
    LayerSpec(units=17, activation="relu", l1=1e-3, l2=1e-2),  # penalties need rows
    LayerSpec(units=N_CLASSES, activation="softmax"),
]

_random = np.random.default_rng(0)
X = _random.standard_normal((ROWS, N_INPUTS))
Y = _random.integers(0, N_CLASSES, ROWS).astype(np.int32)


def new_network(kind=_core.Network32):
    return bits.new_network(kind, N_INPUTS, LAYERS, "softmax_cross_entropy", seed=1)


def new_trainer(network, optimizer=ADAM):
    return bits.new_trainer(network, X, Y, optimizer, batch_size=10, seed=1)


def train(network, optimizer=ADAM, steps=12):
    with new_trainer(network, optimizer) as trainer:
        return trainer.run(n_steps=steps, threads=2)


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


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("optimizer", [SGD, ADAM, CLIPPED], ids=["sgd", "adam", "clipped"])
def test_no_step_after_the_first_run_allocates(kind, optimizer, planner_off):
    with new_trainer(new_network(kind), optimizer) as trainer:
        trainer.run(n_steps=1, threads=2)
        before = _testing.allocation_count()
        for steps, threads in [(1, 2), (7, 2), (23, 1), (0, 2)]:  # within an epoch, across several, none
            trainer.run(n_steps=steps, threads=threads)
        assert _testing.allocation_count() == before


@pytest.mark.parametrize("kind", NETWORKS)
def test_an_evaluation_of_no_more_rows_than_the_last_allocates_nothing(kind):
    network = new_network(kind)
    network.forward(X=X, threads=1)
    before = _testing.allocation_count()
    for rows in (1, ROWS, 7):
        network.forward(X=X[:rows], threads=1)
        network.plain_classes(X[:rows], 1)
        network.activations(X=X[:rows], threads=1)
    assert _testing.allocation_count() == before
    network.forward(X=np.tile(X, (2, 1)), threads=1)
    assert _testing.allocation_count() > before


def test_a_network_keeps_no_large_workspace():
    network = bits.new_network(_core.Network32, 2000, [LayerSpec(units=2)], "mse", seed=1)
    inputs = np.zeros((90, 2000))
    network.forward(X=inputs, threads=1)
    before = _testing.allocation_count()
    network.forward(X=inputs, threads=1)
    assert _testing.allocation_count() > before


def test_evaluations_at_once_have_their_own_memory():
    network, inputs = new_network(), np.tile(X, (50, 1))
    parts = [inputs[i : i + 40] for i in range(0, len(inputs), 40)]
    alone = [bits_of(network.forward(X=part, threads=1)) for part in parts]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            together = pool.map(lambda part: bits_of(network.forward(X=part, threads=1)), parts)
            assert list(together) == alone


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


SAMPLES = {"X": X, "targets": Y, "sample_weight": None, "threads": 2}
ENTRIES = {
    "forward": lambda network: network.forward(X=X, threads=2),
    "activations": lambda network: network.activations(X=X, threads=2),
    "loss": lambda network: network.loss(**SAMPLES),
    "gradients": lambda network: network.gradients(**SAMPLES),
}


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("entry", ENTRIES)
def test_evaluations_survive_every_failing_allocation(kind, entry, planner_off):
    network, other = new_network(kind), new_network(kind)
    train(network)
    train(other)
    # by another one: what an evaluation leaves for the next, that one need not allocate
    undisturbed = ENTRIES[entry](other)
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
        fail_each_allocation(lambda: trainer.run(n_steps=12, threads=2), lambda: state_of(network))
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
        kind(n_inputs=784, layers=[LayerSpec(units=2**40)], loss="mse")
    # One more row for the bias, and at most 32 more columns of padding.
    assert 785 * 2**40 * size <= int(re.search(r"\d+", str(error.value)).group()) <= 785 * (2**40 + 32) * size


OVERFLOWING = {
    "one product": (784, [2**55]),
    "rows by columns": (2**55, [2**55]),
    "only in bytes": (2**8, [2**53]),
    "only in the sum": (1, [2**55, 1, 2**55, 1, 2**55, 1, 2**55, 1, 2**55, 1, 2**55, 1]),
}


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("case", OVERFLOWING)
def test_sizes_that_overflow_are_a_memory_error(kind, case):
    n_inputs, units = OVERFLOWING[case]
    with pytest.raises(MemoryError, match="more bytes than an address can hold"):
        kind(n_inputs=n_inputs, layers=[LayerSpec(units=n) for n in units], loss="mse")


# ---- the system says no ----


def work_under_a_limit_on_the_address_space():
    """Ask for too much, in every way, in a process that may have 300 MB more than it has; then do something small."""
    import resource

    rows = 100_000
    inputs = np.zeros((rows, 4), np.uint8)
    labels = np.zeros(rows, np.int32)
    layers = bits.chain((1000, "relu"), (2, "softmax"))
    network = bits.new_network(_core.Network32, 4, layers, "softmax_cross_entropy", seed=0)
    samples = {"X": inputs, "targets": labels, "sample_weight": None, "threads": 1}
    used = int(re.search(r"VmSize:\s+(\d+) kB", Path("/proc/self/status").read_text()).group(1)) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (used + 300 * 2**20,) * 2)

    def new_of(units):
        return _core.Network32(n_inputs=1, layers=[LayerSpec(units=units)], loss="mse")

    too_much = {
        "a network": lambda: new_of(2**27),
        "a layer of 2^40 units": lambda: new_of(2**40),
        "the outputs of a call": lambda: network.activations(X=inputs, threads=1),
        "a workspace of the whole batch": lambda: network.gradients(**samples),
        "a trainer": lambda: bits.new_trainer(network, inputs, labels, SGD, batch_size=rows, seed=0, shuffle=False),
    }
    for name, ask in too_much.items():
        try:
            ask()
        except MemoryError as error:
            print(f"{name}: {error}")
        else:
            raise AssertionError(f"there was memory for {name}")
    with bits.new_trainer(network, inputs, labels, SGD, batch_size=100, seed=0) as trainer:
        assert trainer.run(n_steps=10, threads=1).steps == 10
    assert network.forward(X=inputs, threads=1).shape == (rows, 2)


@pytest.mark.skipif(sys.platform != "linux", reason="limits on the address space are kept by Linux")
def test_a_limit_on_memory_is_a_memory_error_and_no_crash(in_new_process):
    answers = in_new_process(work_under_a_limit_on_the_address_space).splitlines()
    assert len(answers) == 5
    assert all(re.search(r"could not get \d+ bytes|Unable to allocate", answer) for answer in answers)  # ours, NumPy's


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
