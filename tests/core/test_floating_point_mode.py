"""The floating-point mode of processor and process: what could go wrong, and which test sees it.

Importing or training makes tiny numbers zero for everybody else, as a link with -ffast-math does (survive), or another
library has set such a mode and the network learns other bits in its process (changes no bit), or the mode of the caller
is not as it was afterwards (given back). Modes stay, so every scenario has a process of its own.
"""

from __future__ import annotations

import ctypes
import platform
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from bits import chain, digest, new_network, parameters_of, sgd, train
from fastmlp import _core
from fastmlp._core import _testing

N_INPUTS, ROWS = 12, 150
X = np.random.default_rng(0).standard_normal((ROWS, N_INPUTS))

IS_X86 = platform.machine() in ("x86_64", "AMD64")

# Inputs and a size of weights whose products, the outputs, are subnormal: there alone such numbers are left.
TINY = [(_core.Network32, X * 1e-28, 2.0**-40), (_core.Network64, X * 1e-200, 2.0**-380)]


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
    set_mode(mode)
    assert subnormals_are_kept() == (mode != "flush")
    assert rounds_to_nearest() == (mode != "upward")
    hashes = []
    for kind, inputs, size in TINY:
        network = new_network(kind, N_INPUTS, chain((2, "identity")), "mse", seed=1)
        network.weights(0)[...] = np.copysign(size, network.weights(0))
        results = [np.asarray(network.forward(X=inputs, threads=2))]
        targets = X[:, :2].copy()
        report = train(network, inputs, targets, sgd(0.1), batch_size=40, seed=1, steps=10, threads=2)
        samples = {"X": inputs, "targets": targets, "sample_weight": None, "threads": 2}
        loss, weights, biases, input_gradients = network.gradients(**samples)
        results += [*parameters_of(network, 1), input_gradients, *weights, *biases]
        results += [np.float64(value) for value in (loss, network.loss(**samples), report.last_loss)]
        hashes.append(digest(results))
        if mode == "default":  # the hash is about subnormals
            smallest = np.finfo(results[0].dtype).tiny
            assert any(np.any((result != 0) & (np.abs(result) < smallest)) for result in results)
    assert subnormals_are_kept() == (mode != "flush"), "the caller's mode was not given back"
    assert rounds_to_nearest() == (mode != "upward"), "the caller's mode was not given back"
    print(digest(hashes).hex())


@pytest.mark.parametrize("mode", ["flush", "upward"])
def test_the_callers_floating_point_mode_changes_no_bit_and_is_given_back(mode, in_new_process):
    default, other = (
        in_new_process(compute_on_tiny_numbers_in_the_callers_mode, m, OMP_NUM_THREADS="2") for m in ("default", mode)
    )
    assert other == default


def train_a_network(threads):
    network = new_network(_core.Network32, N_INPUTS, chain((33, "tanh"), (2, "identity")), "mse", seed=1)
    train(network, X, X[:, :2].copy(), sgd(0.1), batch_size=40, seed=1, steps=10, threads=threads)


def look_at_subnormals_after_import_and_training():
    _testing.enable_planner(False)
    assert subnormals_are_kept(), "after the import"
    train_a_network(threads=2)
    assert subnormals_are_kept(), "after a training"
    with ThreadPoolExecutor(1) as other_thread:
        assert other_thread.submit(subnormals_are_kept).result()
        other_thread.submit(train_a_network, threads=2).result()
        assert other_thread.submit(subnormals_are_kept).result()


def test_subnormals_survive_import_and_training_in_every_thread(in_new_process):
    in_new_process(look_at_subnormals_after_import_and_training, OMP_NUM_THREADS="2")


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
