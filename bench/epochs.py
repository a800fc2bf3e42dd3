"""``python -m bench.epochs``: the first epoch of a training against the tenth, on images; and why they may differ.

A training on real data becomes slower where numbers become subnormal: moments of dead units, probabilities of classes
that are out of the question. On many processors such an operation takes over 100 cycles, on others none; so steps that
meet one are counted as well, which is the same on all (x86 only). Every round trains a new network, peers in turn.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from pathlib import Path
from statistics import median

from bench import machine
from bench.images import ImageCell, image_cells
from bench.peers import PEERS

EPOCHS = 10


def seconds_of_epochs(peer: str, cell: ImageCell, threads: int) -> list[float]:
    """Return seconds a step in each epoch of a new network."""
    model = importlib.import_module(PEERS[peer]).prepare(cell, threads)
    seconds = []
    for epoch in range(EPOCHS):
        start = time.perf_counter()
        model.train(1)
        seconds.append((time.perf_counter() - start) / cell.steps_per_epoch)
        if epoch == 0:
            cell.kill_units(model)
    return seconds


def flagged_steps(cell: ImageCell, threads: int) -> str:
    """Return how many steps of fastmlp, on each thread, met a subnormal number after epoch 1, and of how many."""
    from fastmlp._core import _testing

    if not _testing.can_count_subnormals():
        return "not counted here"
    model = importlib.import_module(PEERS["fastmlp"]).prepare(cell, threads)
    model.train(1)
    cell.kill_units(model)
    _testing.count_subnormals(True)
    model.train(EPOCHS - 1)
    counts = _testing.subnormal_counts()
    _testing.count_subnormals(False)
    return f"{max(counts['operands'], counts['results'])} of {counts['looks']}"


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.epochs", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--mnist", type=Path, help="where the four IDX files of MNIST lie (default: the twin alone)")
    parser.add_argument("--peers", default="fastmlp", help=f"of {', '.join(PEERS)} (default: fastmlp)")
    parser.add_argument("--threads", type=int, default=1, help="default: 1")
    parser.add_argument("--rounds", type=int, default=5, help="new networks of each peer (default: 5)")
    arguments = parser.parse_args()
    peers = arguments.peers.split(",")
    unknown = [peer for peer in peers if peer not in PEERS]
    if unknown:
        parser.error(f"{unknown[0]!r} is not a peer ({', '.join(PEERS)})")
    for name, fact in machine.description().items():
        print(f"{name:<12}{fact}")
    header = f"{'cell':<20}{'peer':<12}{'epoch 1, us':>12}{'epoch 10, us':>13}{'ratio':>7}  subnormal after epoch 1"
    print(header, "-" * len(header), sep="\n")
    for cell in image_cells(arguments.mnist).values():
        rounds: dict[str, list[list[float]]] = {peer: [] for peer in peers}
        for peer in peers:
            importlib.import_module(PEERS[peer]).prepare(cell, arguments.threads).train(1)  # compiles, warms up
        for _ in range(arguments.rounds):
            for peer in peers:
                rounds[peer].append(seconds_of_epochs(peer, cell, arguments.threads))
        for peer in peers:
            first, last = (median(seconds[epoch] for seconds in rounds[peer]) for epoch in (0, -1))
            ratio = median(seconds[-1] / seconds[0] for seconds in rounds[peer])
            flagged = flagged_steps(cell, arguments.threads) if peer == "fastmlp" else ""
            print(
                f"{cell.name:<20}{peer:<12}{first * 1e6:>12.1f}{last * 1e6:>13.1f}{ratio:>7.2f}  {flagged}", flush=True
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
