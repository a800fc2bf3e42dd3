"""The Python files on a system that is not at hand: what could go wrong, and which test sees it.

A function of the standard library that Windows lacks is looked up when the package is imported, trains or saves, and
there it is an AttributeError (functions that Windows lacks). What else differs cannot be seen from here.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

WITHOUT_POSIX = """
import os, sys
for name in ("fchmod", "fchown", "fork", "register_at_fork", "sched_getaffinity"):
    delattr(os, name)
import fastmlp as fm

network = fm.Network(1, [fm.Dense(2, "softmax")])
for _ in range(2):  # the second file takes the place of the first
    network.save(sys.argv[1])
network.fit([[float(i)] for i in range(40)], [i % 2 for i in range(40)], epochs=2)
print(len(fm.load(sys.argv[1]).layers))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="takes away what only some systems have")
def test_the_package_needs_no_function_that_windows_lacks(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_POSIX, str(tmp_path / "model.safetensors")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("1\n", "")
