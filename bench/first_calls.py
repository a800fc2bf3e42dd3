"""``python -m bench.first_calls``: milliseconds of the first and of the second call, each in fresh interpreters.

What a first call takes more is what it imports, or sets up for later ones. Medians over interpreters, of which one more
fills the caches; the import of fastmlp itself is that of footprint.py.
"""

from __future__ import annotations

import subprocess
import sys
from statistics import median

REPEATS = 15
SETUP = """
import os, sys, tempfile, time
import numpy as np
import fastmlp as fm

X = np.sin(np.arange(600.0).reshape(200, 3))
y = (X[:, 0] > 0).astype(int)
net = fm.Network(3, [fm.Dense(8, "relu"), fm.Dense(2, "softmax")], seed=0)
path = os.path.join(tempfile.gettempdir(), f"first-calls-{os.getpid()}.safetensors")
"""
CALLS = {
    "fit": "net.fit(X, y, epochs=1)",
    "fit, validated": "net.fit(X, y, epochs=1, validation_data=(X, y), metrics=['auc'])",
    "partial_fit": "net.partial_fit(X, y)",
    "learn": "net.learn(X[0], y[0])",
    "predict": "net.predict(X)",
    "evaluate": "net.evaluate(X, y)",
    "gradients": "net.gradients(X, y)",
    "save": "net.save(path)",
    "load": "fm.load(path)",
}
MEASURE = """
modules, seconds = len(sys.modules), []
for _ in range(2):
    start = time.perf_counter()
    {call}
    seconds.append(time.perf_counter() - start)
modules = len(sys.modules) - modules
if os.path.exists(path):
    os.unlink(path)
print(*seconds, modules)
"""


def measured(call: str) -> tuple[float, float, int]:
    """Return the seconds of the first and of the second call, and how many modules they imported."""
    before = "net.save(path)" if "load" in call else ""
    program = SETUP + before + MEASURE.format(call=call)
    runs = []
    for _ in range(REPEATS + 1):
        done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
        first, second, modules = done.stdout.split()
        runs.append((float(first), float(second), int(modules)))
    return median(run[0] for run in runs[1:]), median(run[1] for run in runs[1:]), runs[-1][2]


def main() -> int:
    """Print the table."""
    print(f"{'call':<16}{'first ms':>10}{'second ms':>11}{'modules':>9}")
    for name, call in CALLS.items():
        first, second, modules = measured(call)
        print(f"{name:<16}{first * 1e3:>10.2f}{second * 1e3:>11.2f}{modules:>9}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
