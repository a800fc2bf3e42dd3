"""Where a step of fastmlp goes: the share of each kernel, and of what is between them (barriers, order of rows, loop).

The clock is read around each call of a kernel, about 50 ns, which a step of a microsecond does notice: shares of the
tiny cell are coarse.
"""

from __future__ import annotations

import time

import fastmlp as fm
from bench.cells import Cell
from bench.peers import with_fastmlp
from fastmlp._core import _testing

SECONDS = 1.0


def table(cell: Cell, threads: int) -> str:
    """Return microseconds of a step on each thread, by kernel."""
    run = with_fastmlp.prepare(cell, threads).train
    run(1)
    start = time.perf_counter()
    run(1)
    epochs = max(1, round(SECONDS / (time.perf_counter() - start)))
    _testing.enable_planner(False)  # a fixed number of threads, so that the time between kernels means something
    _testing.start_profile()
    start = time.perf_counter()
    run(epochs)
    elapsed = time.perf_counter() - start
    kernels = _testing.stop_profile()
    _testing.enable_planner(True)
    steps = epochs * cell.steps_per_epoch
    used = min(threads, fm.get_num_threads())
    step = 1e6 * elapsed / steps
    rows = [(name, 1e6 * seconds / steps / used) for name, seconds in kernels if seconds > 0]
    rows.append(("between", step - sum(microseconds for _, microseconds in rows)))
    lines = [f"{cell.name}, {used} threads: {step:.2f} us a step"]
    lines += [f"  {name:<14}{microseconds:10.2f} us {microseconds / step:7.1%}" for name, microseconds in rows]
    return "\n".join(lines)
