"""Takes turns: every peer in a process of its own, all of them prepared, then A B C A B C for a number of rounds.

The machine drifts; a ratio within a round drifts less. A peer's process sleeps while another is timed.
"""

from __future__ import annotations

import importlib
import multiprocessing
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from statistics import median
from typing import Any

from bench.cells import AnyCell
from bench.machine import peak_meter
from bench.peers import PEERS

WARM_UP_SECONDS = 0.3
TURN_SECONDS = 0.6
# Threads of OpenBLAS, and some of OpenMP, spin for a tenth of a second after their work: the next turn waits for them.
REST_SECONDS = 0.4


@dataclass
class Result:
    """Seconds per step (call, in an inference cell) of one peer in each round, and the machine's peak in the same."""

    cell: str
    peer: str
    version: str
    threads: int
    flop_per_step: int
    seconds: list[float] = field(default_factory=list)
    peak: list[float] = field(default_factory=list)  # GFLOP/s of all threads

    @property
    def step(self) -> float:
        """Median seconds per step."""
        return median(self.seconds)

    @property
    def spread(self) -> float:
        """Half of (largest - smallest) over the median."""
        return (max(self.seconds) - min(self.seconds)) / 2 / self.step

    @property
    def gflops(self) -> float:
        """Arithmetic of the products per second."""
        return self.flop_per_step / self.step / 1e9

    @property
    def share(self) -> float:
        """Share of the machine's peak, round by round."""
        return median(
            self.flop_per_step / seconds / 1e9 / peak for seconds, peak in zip(self.seconds, self.peak, strict=True)
        )


def _work(module: str, cell: AnyCell, threads: int, pipe: Connection) -> None:
    """Prepare, then for every request time that many epochs; the first answer is the version or what is missing."""
    try:
        peer = importlib.import_module(module)
        run = cell.work(peer.prepare, threads)
        run(1)  # compiles where there is something to compile
        pipe.send((peer.VERSION(), None))
    except Exception as error:
        pipe.send((None, f"{type(error).__name__}: {error}".splitlines()[0]))
        return
    while epochs := pipe.recv():
        start = time.perf_counter()
        run(epochs)
        pipe.send(time.perf_counter() - start)


class Worker:
    """A peer's process."""

    def __init__(self, peer: str, cell: AnyCell, threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_work, args=(PEERS[peer], cell, threads, other), daemon=True)
        self._process.start()
        self.version, self.missing = self._pipe.recv()

    def seconds(self, epochs: int) -> float:
        """Return how long that many epochs took."""
        self._pipe.send(epochs)
        elapsed: float = self._pipe.recv()
        return elapsed

    def stop(self) -> None:
        """End the process."""
        if self.missing is None:
            self._pipe.send(0)
        self._process.join()


def measure(cell: AnyCell, peers: list[str], threads: int, rounds: int, say: Any = print) -> list[Result]:
    """Run a cell on all peers; a missing one is said and left out."""
    workers: dict[str, Worker] = {}
    for peer in peers:
        if peer not in cell.peers:
            say(f"{peer} is left out of {cell.name}: it does other cells only")
            continue
        worker = Worker(peer, cell, threads)
        if worker.missing is None:
            workers[peer] = worker
        else:
            say(f"{peer} is left out of {cell.name}: {worker.missing}")
            worker.stop()
    results = {
        peer: Result(cell.name, peer, worker.version, threads, cell.flop_per_step) for peer, worker in workers.items()
    }
    epochs = {}
    for peer, worker in workers.items():
        count, elapsed = 1, worker.seconds(1)
        while elapsed < WARM_UP_SECONDS:
            count = max(count + 1, int(count * min(8.0, 1.2 * WARM_UP_SECONDS / elapsed)))
            elapsed = worker.seconds(count)
        epochs[peer] = max(1, round(count * TURN_SECONDS / elapsed))
    peak = peak_meter(cell.dtype)
    for _ in range(rounds):
        time.sleep(REST_SECONDS)
        peak_now = peak(threads)
        for peer, worker in workers.items():
            time.sleep(REST_SECONDS)
            seconds = worker.seconds(epochs[peer])
            results[peer].seconds.append(seconds / (epochs[peer] * cell.steps_per_epoch))
            results[peer].peak.append(peak_now)
    for worker in workers.values():
        worker.stop()
    return list(results.values())
