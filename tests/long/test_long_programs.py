"""The programs of this folder: what could go wrong, and which test sees it.

They are run by hand only (.ci/long), so a change of the library would leave them behind, and one that sees nothing
would be silent for ever: here each runs for a moment, and once on a library that was broken on purpose.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# each breaks something that a program must see
BROKEN = {
    "a raw error": ("calls", "import fastmlp.metrics as m, operator; m.rmse = lambda **_: operator.floordiv(1, 0)"),
    "a result of another type": ("calls", "import fastmlp.datasets as d; d.moons = lambda **_: 'moons'"),
    "a warning of NumPy's": (
        "calls",
        "import numpy as n; from fastmlp import datasets as d; d.moons = lambda **_: (n.log([0]),)",
    ),
    "a network changed by a refused call": (
        "calls",
        "import fastmlp as fm; check = fm.Network.forward\n"
        "def forward(net, X):\n    net.set_parameters(net.get_parameters() + 1)\n    return check(net, X)\n"
        "fm.Network.forward = forward",
    ),
    "an error of another's from a file": (
        "mutants",
        "import fastmlp._files.model_file as m; m.check_keys = lambda *_: None",
    ),
    "a file that takes memory": (
        "mutants",
        "import fastmlp as fm; load = fm.load; fm.load = lambda path: (bytes(2**27), load(path))[1]",
    ),
}


def run(code):
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=100)


@pytest.mark.parametrize("name", ["calls", "mutants"])
def test_a_program_finds_nothing_in_a_few_hundred_rounds(name):
    done = subprocess.run(
        [sys.executable, "-m", f"tests.long.{name}", "--count", "400", "--seed", "5"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"400 {name}, seed 5: 0 faults" in done.stdout


@pytest.mark.parametrize("fault", BROKEN)
def test_a_planted_fault_is_seen(fault):
    name, code = BROKEN[fault]
    done = run(f"{code}\nfrom tests.long.{name} import run\nprint(run(400, 5))")
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) > 0


def test_five_killed_trainings_come_to_the_same_end():
    seed = str(time.time_ns() % 10**6)
    done = subprocess.run(
        [sys.executable, "-m", "tests.long.kills", "--count", "5", "--seed", seed],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"5 kills, seed {seed}: 0 faults" in done.stdout


def test_another_end_of_a_killed_training_is_seen():
    # the process that is killed learns from other data than the one that is not
    done = run("from tests.long import kills\nkills.X[0, 0] += 1\nprint(kills.run(1, 5, ('fleet',)))")
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) > 0
