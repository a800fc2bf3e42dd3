"""Fixtures of the core's tests: functions run in a process of their own, and hashes that a target gives there.

OpenMP reads its environment once, a fork or a barrier may hang, a limit on memory stays: such things happen in another
process, under a time-out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from bits import MOST_THREADS

# A hang is what the time-out is for: many times what the slowest scenario takes on a busy machine.
TIMEOUT_SECONDS = 60
# x86-64-v2 computes fused multiply-adds in software.
TIMEOUT_SECONDS_OF_HASHES = 300

# Only the variables that a test gives may decide the number of threads and the target; NumPy's own threads stay away.
DECIDED_BY_THE_TEST = ("OMP_", "GOMP_", "FASTMLP_")


@pytest.fixture(scope="session")
def in_new_process() -> Callable[..., str]:
    """Run a function of a test file as a program of its own: the file calls what its first argument names."""

    def run(
        scenario: Callable[..., None], *arguments: object, timeout: float = TIMEOUT_SECONDS, **variables: str
    ) -> str:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(DECIDED_BY_THE_TEST)}
        environment |= {"OPENBLAS_NUM_THREADS": "1"} | variables
        command = [sys.executable, scenario.__code__.co_filename, scenario.__name__, *map(str, arguments)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout, check=False)
        assert done.returncode == 0, f"{' '.join(command)}\nended with {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    return run


@pytest.fixture(scope="session")
def hashes_on(in_new_process: Callable[..., str]) -> Callable[..., dict[str, str]]:
    """Hashes by number of threads that a function of a test file prints (``bits.print_hashes``) on a target."""

    def hashes(target: str, print_bits: Callable[[], None]) -> dict[str, str]:
        printed = in_new_process(
            print_bits,
            timeout=TIMEOUT_SECONDS_OF_HASHES,
            FASTMLP_TARGET=target,
            OMP_NUM_THREADS=str(MOST_THREADS),
        )
        active, threads, found = json.loads(printed)
        assert (active, threads) == (target, MOST_THREADS)
        return found

    return hashes
