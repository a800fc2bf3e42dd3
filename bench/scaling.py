"""``python -m bench --scaling FILE``: time of a step over the number of threads allowed, as a table and a chart.

A number of threads is a limit: fastmlp takes fewer where more would not be faster, so no line should ever rise. It is
asked for by OMP_NUM_THREADS as well, so that more threads than processors can be allowed. Each number has a process of
its own, and they take turns.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from statistics import median

from bench.cells import AnyCell
from bench.run import REST_SECONDS, TURN_SECONDS, Worker

FEWEST_SHOWN = 8
TOLERANCE = 0.03  # of a cell with more threads than processors, against as many


def numbers_of_threads(processors: int) -> list[int]:
    """Return 1, 2, 4, ... up to the processors, and to 8 in any case."""
    numbers, most = [1], max(processors, FEWEST_SHOWN)
    while numbers[-1] * 2 <= most:
        numbers.append(numbers[-1] * 2)
    return numbers if numbers[-1] == most else [*numbers, most]


def measure(cell: AnyCell, numbers: list[int], rounds: int) -> dict[int, list[float]]:
    """Return seconds of a step for each number of threads, in each round."""
    kept = os.environ.get("OMP_NUM_THREADS")
    workers = {}
    for threads in numbers:
        os.environ["OMP_NUM_THREADS"] = str(threads)  # read when the process starts
        workers[threads] = Worker("fastmlp", cell, threads)
    os.environ.pop("OMP_NUM_THREADS")
    if kept is not None:
        os.environ["OMP_NUM_THREADS"] = kept
    seconds: dict[int, list[float]] = {threads: [] for threads in numbers}
    epochs = {threads: max(1, round(TURN_SECONDS / worker.seconds(1))) for threads, worker in workers.items()}
    for _ in range(rounds):
        for threads, worker in workers.items():
            time.sleep(REST_SECONDS)
            elapsed = worker.seconds(epochs[threads])
            seconds[threads].append(elapsed / (epochs[threads] * cell.steps_per_epoch))
    for worker in workers.values():
        worker.stop()
    return seconds


def row(cell: AnyCell, seconds: dict[int, list[float]], processors: int) -> str:
    """Return medians in microseconds, and a word where more threads than processors took longer."""
    times = {threads: median(rounds) for threads, rounds in seconds.items()}
    most = max(threads for threads in times if threads <= processors)
    worst = max(
        (
            median(a / b for a, b in zip(seconds[threads], seconds[most], strict=True))
            for threads in times
            if threads > processors
        ),
        default=1.0,
    )
    verdict = f"  {worst - 1:+.1%} with more than {processors}" if worst > 1 + TOLERANCE else ""
    return f"{cell.name:<20}" + "".join(f"{time * 1e6:>12.2f}" for time in times.values()) + verdict


def draw(path: Path, title: str, results: dict[str, dict[int, list[float]]]) -> None:
    """Draw the speed of each cell over the number of threads, that of one thread being 1."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6.4, 4.4), layout="constrained")
    for name, seconds in results.items():
        alone = median(seconds[1])
        axes.plot(list(seconds), [alone / median(rounds) for rounds in seconds.values()], marker="o", label=name)
    numbers = list(next(iter(results.values())))
    axes.plot(numbers, numbers, color="#bbbbbb", linewidth=1, linestyle="--")
    axes.set_xscale("log", base=2)
    axes.set_xticks(numbers, [str(number) for number in numbers])
    axes.set_ylim(0, 1.15 * max(median(s[1]) / median(r) for s in results.values() for r in s.values()))
    axes.set_xlabel("threads allowed")
    axes.set_ylabel("speed, one thread = 1")
    axes.set_title(title, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=150)
    plt.close(figure)
