"""The library as part of a process: what could go wrong, and which test sees it.

The process ends in an abort because a thread of it was computing when the interpreter came to its end (daemon
threads).

Each scenario is a program of its own, since it may end, hang or be limited for good.
"""

from __future__ import annotations

import os
import subprocess
import sys

# A hang is what the time-out is for: many times what a scenario takes on a busy machine.
TIMEOUT_SECONDS = 60


def run(program: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", **variables},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


# ---- the end of the interpreter ----

# Python asks a thread to end where it wants the GIL back, so the main thread gives it away for a while when the
# interpreter is at its end: each of the others then comes to that point.
ENDS = """
import os, sys, threading, time
import numpy as np
import fastmlp as fm

X = np.random.default_rng(0).normal(size=(200, 10))
y = (X[:, 0] > 0).astype(int)
path = os.path.join(sys.argv[1], "net.safetensors")


def new():
    return fm.Network(10, [fm.Dense(20, "relu"), fm.Dense(2, "softmax")], seed=0)


new().save(path)
calls = [
    lambda net: new(),
    lambda net: net.fit(X, y, epochs=1),
    lambda net: net.fit([(X, y)], epochs=1),
    lambda net: net.partial_fit(X, y),
    lambda net: net.learn(X[0], y[0]),
    lambda net: net.predict(X),
    lambda net: net.predict_proba(X.tolist()),
    lambda net: net.evaluate(X, y),
    lambda net: net.gradients(X, y),
    lambda net: net.activations(X),
    lambda net: fm.load(path),
]
begun = threading.Barrier(len(calls) + 1)


def repeat(call):
    net = new()
    call(net)
    begun.wait()
    while True:
        call(net)


for call in calls:
    threading.Thread(target=repeat, args=(call,), daemon=True).start()


class SleepsAtTheEnd:
    def __del__(self, sleep=time.sleep):
        sleep(0.2)


sleeps_at_the_end = SleepsAtTheEnd()
begun.wait()
sys.exit(7)
"""


def test_the_interpreter_ends_quietly_while_daemon_threads_compute(tmp_path):
    ended = run(ENDS, str(tmp_path))
    assert (ended.returncode, ended.stderr) == (7, "")
