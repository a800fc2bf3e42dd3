"""``python -m bench.instructions``: instructions of a training step, counted by callgrind, against those kept.

A count does not drift as a clock does: it finds a change of a few percent on a busy machine. It knows nothing of
caches, so it stands beside the times of ``python -m bench``, not in their place. One thread, and the target x86-64-v3,
since valgrind has no AVX-512. A step's count is the difference of a long and a short run over their difference in
steps, so that starting Python cancels; the shuffle of each epoch is part of it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import fastmlp as fm
from bench.cells import training_cell

KEPT = Path(__file__).with_name("instructions.json")
TARGET = "x86-64-v3"
CELLS = ("tiny", "policy")
STEPS = 800
GROWTH_ALLOWED = 0.02
AGREEMENT = 0.005
# Time must not decide how many steps the core makes before it returns to Python, or counts would depend on the machine.
PROGRAM = """
import sys
from bench.cells import training_cell
from bench.peers import with_fastmlp
from fastmlp._training import slices
slices.SLICE_SECONDS = 1e6
with_fastmlp.prepare(training_cell(sys.argv[1]), 1).train(int(sys.argv[2]))
"""


def count(cell: str, epochs: int) -> int:
    """Return the instructions of a process that trains so many epochs."""
    settings = {"FASTMLP_TARGET": TARGET, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    run = subprocess.run(
        [*valgrind, sys.executable, "-c", PROGRAM, cell, str(epochs)],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
    )
    found = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode or found is None:
        raise RuntimeError(f"callgrind ended with status {run.returncode}:\n{run.stderr}")
    return int(found[1])


def per_step(name: str) -> float:
    """Return the instructions of a training step of the cell."""
    steps_per_epoch = training_cell(name).steps_per_epoch
    epochs = STEPS // steps_per_epoch
    return (count(name, 1 + epochs) - count(name, 1)) / (epochs * steps_per_epoch)


def main() -> int:
    """Run the command line: 1 when a count grew too much, 2 when nothing could be compared."""
    parser = argparse.ArgumentParser(prog="python -m bench.instructions", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument(
        "--update", action="store_true", help=f"count twice and, if both agree, keep the counts in {KEPT.name}"
    )
    arguments = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("valgrind is not installed: apt-get install valgrind, or your system's equivalent.", file=sys.stderr)
        return 2
    if not (KEPT.exists() or arguments.update):
        print(f"There is no {KEPT.name} yet: make it with --update.", file=sys.stderr)
        return 2
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {"compiler": "", "instructions": {}}
    compiler = fm._core.build_info()["compiler"]
    if kept["compiler"] not in ("", compiler):
        print(f"The kept counts are of {kept['compiler']}, this build is of {compiler}.")

    print(f"{'cell':<14}{'kept':>12}{'now':>12}{'change':>9}")
    counts, grew = {}, False
    for name in CELLS:
        now = per_step(name)
        if arguments.update and abs(per_step(name) / now - 1) > AGREEMENT:
            print(f"Two counts of {name} differ by more than {AGREEMENT:.1%}: nothing is kept.", file=sys.stderr)
            return 2
        counts[name] = round(now)
        before = kept["instructions"].get(name)
        change = now / before - 1 if before else 0.0
        grew = grew or change > GROWTH_ALLOWED
        print(f"{name:<14}{before or '-':>12}{now:>12.0f}{change:>+9.2%}", flush=True)
    if arguments.update:
        KEPT.write_text(json.dumps({"target": TARGET, "compiler": compiler, "instructions": counts}, indent=1) + "\n")
        return 0
    return int(grew)


if __name__ == "__main__":
    sys.exit(main())
