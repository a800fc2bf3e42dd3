"""A small fixture of the core's tests: functions run in a process of their own.

OpenMP reads its environment once, a fork or a barrier may hang, a limit on memory stays: such things happen in another
process, under a time-out.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

# A hang is what the time-out is for: many times what the slowest scenario takes on a busy machine.
TIMEOUT_SECONDS = 60

# Only the variables that a test gives may decide the number of threads and the target; NumPy's own threads stay away.
DECIDED_BY_THE_TEST = ("OMP_", "GOMP_", "FASTMLP_")


@pytest.fixture(scope="session")
def in_new_process() -> Callable[..., str]:
    """Run a function of a test file as a program of its own: the file calls what its first argument names."""

    def run(scenario: Callable[..., None], *arguments: object, **variables: str) -> str:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(DECIDED_BY_THE_TEST)}
        environment |= {"OPENBLAS_NUM_THREADS": "1"} | variables
        command = [sys.executable, scenario.__code__.co_filename, scenario.__name__, *map(str, arguments)]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )
        assert done.returncode == 0, f"{' '.join(command)}\nended with {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    return run
