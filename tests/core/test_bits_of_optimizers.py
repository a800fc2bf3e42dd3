"""The same bits for every target and any number of threads, for every optimizer, with clipping and with schedules.

What could go wrong: as in test_bits.py, and a norm of gradients whose order depends on the threads, a rate computed by
the machine's C library, a barrier missing between the two halves of a clipped step (the hash differs between runs).
The hash is of trained weights; it may change only when a formula or an order of summation is changed on purpose.
"""

import os
import subprocess
import sys

import pytest

from fastmlp._core import available_targets

PROGRAM = """
import hashlib, json, sys
import numpy as np
from fastmlp import _core

_core._testing.enable_planner(False)
assert _core.active_target() == sys.argv[1]
assert _core.max_threads() == 4

ADAM = {"learning_rate": 1e-2, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
ADAMW = ADAM | {"weight_decay": 0.1}
SGD = {"learning_rate": 0.1, "momentum": 0.9, "nesterov": 0.0}
RMSPROP = {"learning_rate": 1e-2, "alpha": 0.9, "epsilon": 1e-8, "momentum": 0.0}
# (optimizer, its numbers, schedule, batch); 211 rows make 5 and 16 steps an epoch
CASES = [
    ("adamw", ADAMW, None, 50),
    ("rmsprop", RMSPROP, None, 50),
    ("rmsprop", RMSPROP | {"momentum": 0.5}, None, 13),
    ("adagrad", {"learning_rate": 0.1, "epsilon": 1e-10}, None, 50),
    ("rprop", {"learning_rate": 0.1, "eta_minus": 0.5, "eta_plus": 1.2, "min_step": 1e-6, "max_step": 50.0}, None, 211),
    ("sgd", SGD | {"clip_value": 1e-2}, None, 13),
    ("sgd", SGD | {"clip_norm": 0.1}, None, 13),
    ("adamw", ADAMW | {"clip_value": 0.1, "clip_norm": 0.2}, ("cosine", [1e-4], 3), 50),
    ("adam", ADAM, ("one_cycle", [0.3, 25.0, 1e4], 0), 50),
    ("sgd", SGD, ("coslog4", [], 0), 13),
    ("sgd", SGD, ("inverse_scaling", [0.3], 0), 13),
    ("sgd", SGD, ("exponential", [0.9, 5.0], 2), 50),
    ("sgd", SGD, ("step", [0.5, 7.0], 0), 50),
]

def train(index, dtype, threads):
    optimizer, values, schedule, batch = CASES[index]
    random = np.random.default_rng(index)
    rows, n_inputs = 211, 37
    X = random.standard_normal((rows, n_inputs)).astype(np.float32)
    y = random.integers(0, 10, rows).astype(np.int32)
    kind, trainer = {"32": (_core.Network32, _core.Trainer32), "64": (_core.Network64, _core.Trainer64)}[dtype]
    spec = [(50, "tanh", 0.0, 1e-3, 0.0), (17, "relu", 0.0, 0.0, 1e-3), (10, "softmax", 0.0, 0.0, 0.0)]
    net = kind(n_inputs, spec, "softmax_cross_entropy")
    net.initialize(index)
    start = [net.weights(l).copy() for l in range(3)]
    steps = 3 * -(-rows // batch)
    with trainer(net, X, y, None, batch, True, index, 0, optimizer, values, schedule, steps) as t:
        reports = [t.run(2, threads), t.run(steps - 2, threads)]
        assert not any(report.diverged for report in reports)
    digest = hashlib.sha256()
    for l in range(3):
        assert np.count_nonzero(net.weights(l) != start[l]) > 0.7 * start[l].size
        digest.update(net.weights(l).tobytes())
        digest.update(net.bias(l).tobytes())
    digest.update(np.array([epoch.loss for report in reports for epoch in report.epochs]).tobytes())
    for slot in net.optimizer_state()[2]:
        digest.update(slot.tobytes())
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

EXPECTED = "17dc59466a051a14b542feba2c0f550e14466e51146bd9c2432165d87246af30"


@pytest.mark.parametrize("target", available_targets())
def test_every_optimizer_has_one_hash_on_every_target_and_any_number_of_threads(target):
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
