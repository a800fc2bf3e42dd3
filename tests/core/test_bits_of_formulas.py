"""Formulas have one set of bits, too: for every target and any number of threads.

What could go wrong: an instruction that computes differently on a target (a vector of another width, a software fma), a
constant that is rounded or repeated wrongly, a block or a share of columns that is cut differently. All operations of a
formula occur; each target runs in a process of its own, see test_bits.py.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from fastmlp._core import available_targets

PROGRAM = """
import hashlib, json, sys
import numpy as np
import fastmlp as fm
from fastmlp import _core

_core._testing.enable_planner(False)
assert _core.active_target() == sys.argv[1]

CASES = [
    ["x*sigmoid(1.702*x)", "x/2*(1 + erf(x/sqrt(2)))", "softmax"],
    ["where(x > 0, x, exp(x) - 1)", "sin(2*x) + cos(x)/3 - sqrt(x*x + 1)", "x**3/(1 + abs(x))"],
    ["max(min(x, 2), -0.5, 0.3*x)", "softplus(x) - log(1 + x**2)*tanh(x)", "(1 + x**2)**0.3 - where(x <= 0, -x, pi)"],
]
hashes = {}
for threads in (1, 2, 4):
    digest = hashlib.sha256()
    for dtype in ("float32", "float64"):
        for number, (*hidden, last) in enumerate(CASES):
            random = np.random.default_rng(number)
            X = random.standard_normal((131, 9)).astype(np.float32)
            y = random.integers(0, 5, 131)
            net = fm.Network(9, [*(fm.Dense(33 + 16 * number, text) for text in hidden), fm.Dense(5, last)],
                             dtype=dtype, seed=number)
            with fm.num_threads(threads):
                net.fit(X, y, epochs=3, batch_size=29, optimizer=fm.Adam(1e-3))
                g = net.gradients(X, y)
                outputs = [net.forward(X), net.forward(X[:1])]
            for part in [net.get_parameters(), np.array(g.loss), *g.weights, *g.biases, g.inputs, *outputs]:
                assert np.isfinite(part).all()
                digest.update(np.ascontiguousarray(part).tobytes())
    hashes[threads] = digest.hexdigest()
print(json.dumps(hashes))
"""

EXPECTED = "dfe751980d4cb81f3a79c7448892108d1557544ba07114976b56cfc6554a2131"


@pytest.mark.parametrize("target", available_targets())
def test_networks_of_formulas_have_one_hash_on_every_target_and_any_number_of_threads(target):
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, target],
        env=os.environ | {"FASTMLP_TARGET": target, "OMP_NUM_THREADS": "4"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == '{"1": "%s", "2": "%s", "4": "%s"}' % ((EXPECTED,) * 3)
