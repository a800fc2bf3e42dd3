"""The promise of the library: one seed, one set of bits, for every target and any number of threads.

What could go wrong: a sum whose order depends on the vector width, a tile shape, a block of rows or a thread (the
hash differs between targets or thread counts), a product contracted by the compiler, a random number drawn in another
order (the hash differs from the one kept here). The hash is of trained weights; it may change only when a formula or an
order of summation is changed on purpose, which docs/numerics.md then says.

Each target runs in a process of its own with OMP_NUM_THREADS=4, because OpenMP's limit is read at its start; the
planner is off, because it would give networks of this size one thread.
"""

import os
import subprocess
import sys

import numpy as np
import pytest

from fastmlp._core import Network32, active_target, available_targets

PROGRAM = """
import hashlib, json, sys
import numpy as np
from fastmlp import _core

_core._testing.enable_planner(False)
assert _core.active_target() == sys.argv[1]
assert _core.max_threads() == 4

def layers(*widths, activations, l1=0.0, l2=0.0):
    return [(w, a, 0.1, l1, l2) for w, a in zip(widths, activations, strict=True)]

SGD = ("sgd", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": 1.0})
PLAIN = ("sgd", {"learning_rate": 0.1, "momentum": 0.0, "nesterov": 0.0})
ADAM = ("adam", {"learning_rate": 1e-2, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8})
# (inputs, layers, loss, batch, optimizer, weighted): edges in every dimension, every activation, loss and optimizer.
CASES = [
    (1, layers(1, activations=["sigmoid"]), "sigmoid_cross_entropy", 1, PLAIN, False),
    (7, layers(33, 5, activations=["relu", "softmax"]), "softmax_cross_entropy", 13, SGD, True),
    (37, layers(50, 17, 10, activations=["tanh", "leaky_relu", "softmax"], l2=1e-3),
     "softmax_cross_entropy", 50, ADAM, False),
    (64, layers(65, 3, activations=["sigmoid", "sigmoid"], l1=1e-3), "sigmoid_cross_entropy", 97, ADAM, True),
    (20, layers(100, 2, activations=["tanh", "identity"], l1=1e-3, l2=1e-2), "mse", 61, SGD, False),
    (16, layers(16, 16, activations=["leaky_relu", "softmax"]), "half_squared_error", 211, ADAM, False),
]

def train(index, dtype, threads):
    n_inputs, spec, loss, batch, (optimizer, values), weighted = CASES[index]
    random = np.random.default_rng(index)
    rows, n_out = 211, spec[-1][0]
    X = random.standard_normal((rows, n_inputs)).astype(np.float32)
    y = random.integers(0, max(n_out, 2), rows).astype(np.int32)
    if loss in ("mse", "half_squared_error"):
        y = random.standard_normal((rows, n_out))
    weight = random.uniform(0.0, 2.0, rows) if weighted else None
    kind, trainer = {"32": (_core.Network32, _core.Trainer32), "64": (_core.Network64, _core.Trainer64)}[dtype]
    net = kind(n_inputs, spec, loss)
    net.initialize(index)
    digest = hashlib.sha256()
    with trainer(net, X, y, weight, batch, True, index, 0, optimizer, values) as t:
        report = t.run(3 * t.steps_per_epoch, threads)
        assert not report.diverged
    for l in range(len(spec)):
        assert np.count_nonzero(net.weights(l)) > 0.9 * net.weights(l).size
        digest.update(net.weights(l).tobytes())
        digest.update(net.bias(l).tobytes())
    digest.update(np.array([epoch.loss for epoch in report.epochs]).tobytes())
    digest.update(np.array(net.loss(X, y, weight, threads)).tobytes())
    value, dw, db, dx = net.gradients(X, y, weight, threads)
    for part in [np.array(value), *dw, *db, dx, net.forward(X, threads)]:
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.digest()

hashes = {}
for threads in (1, 2, 4):
    whole = hashlib.sha256()
    for dtype in ("32", "64"):
        for index in range(len(CASES)):
            whole.update(train(index, dtype, threads))
    hashes[threads] = whole.hexdigest()
print(json.dumps(hashes))
"""

EXPECTED = "0bca0d54e67ec0e82dff6c44b68d17d93366ed33c72d6b7ddd68e98864cb1018"


@pytest.mark.parametrize("target", available_targets())
def test_trained_weights_have_one_hash_on_every_target_and_any_number_of_threads(target):
    environment = os.environ | {"FASTMLP_TARGET": target, "OMP_NUM_THREADS": "4"}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, target],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == '{"1": "%s", "2": "%s", "4": "%s"}' % ((EXPECTED,) * 3)


def test_an_unknown_target_is_an_error_that_lists_the_choices():
    environment = os.environ | {"FASTMLP_TARGET": "avx1024"}
    run = subprocess.run(
        [sys.executable, "-c", "import fastmlp._core"], env=environment, capture_output=True, text=True, check=False
    )
    choices = ", ".join(available_targets())
    sentence = f"FASTMLP_TARGET='avx1024' is not a target of this build; available on this CPU: {choices}."
    assert run.returncode != 0
    assert sentence in run.stderr


def test_the_fastest_target_is_active_unless_another_is_forced():
    assert active_target() == os.environ.get("FASTMLP_TARGET", available_targets()[-1])


def test_outputs_of_a_row_do_not_depend_on_the_rows_beside_it():
    net = Network32(37, [(50, "tanh", 0.0, 0.0, 0.0), (11, "softmax", 0.0, 0.0, 0.0)], "softmax_cross_entropy")
    net.initialize(1)
    X = np.random.default_rng(1).standard_normal((531, 37)).astype(np.float32)
    whole = net.forward(X, 2)
    for rows in (1, 2, 5, 97, 200):
        parts = [net.forward(X[i : i + rows], 1) for i in range(0, len(X), rows)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)
