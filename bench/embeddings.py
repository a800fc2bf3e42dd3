"""``python -m bench.embeddings``: training behind an embedding, as a ratio to the same first layer fed from NumPy.

The other side is a network without an embedding on data that were expanded before: the same weights in the first layer,
the same rows, and none of the work that an embedding does in every step. For ``Periodic`` that is a lower bound that
nothing reaches which learns its waves: that takes the way back through the first layer, and sums over the batch. Both
sides take turns in one process, so that what slows the machine slows both; the median of the ratios is printed.
"""

from __future__ import annotations

import argparse
import time
from statistics import median
from typing import Any

import numpy as np

import fastmlp as fm
from bench import machine

ROWS, INPUTS, BATCH = 8192, 20, 256
EMBEDDINGS: list[Any] = [fm.PiecewiseLinear(16), fm.Periodic()]
HIDDEN = [(64, 64), (256, 256, 256)]


def networks(embedding: Any, hidden: tuple[int, ...]) -> list[fm.Network]:
    """Return the network behind an embedding, and the one that takes what the embedding would make."""
    layers: list[Any] = [*(fm.Dense(units, "relu") for units in hidden), fm.Dense(1)]
    return [fm.Network(INPUTS, [embedding, *layers], seed=0), fm.Network(INPUTS * embedding.width, layers, seed=0)]


def ratio(embedding: Any, hidden: tuple[int, ...], rounds: int) -> float:
    """Return the time of an epoch behind an embedding over that of an epoch on expanded data."""
    random = np.random.default_rng(0)
    X = random.normal(size=(ROWS, INPUTS)).astype(np.float32)
    y = np.sin(3 * X[:, 0]).astype(np.float32)
    wide = random.random((ROWS, INPUTS * embedding.width), np.float32)
    pairs = list(zip(networks(embedding, hidden), (X, wide), strict=True))
    for net, data in pairs:
        net.fit(data, y, epochs=1, batch_size=BATCH)
    ratios = []
    for _ in range(rounds):
        seconds = []
        for net, data in pairs:
            began = time.perf_counter()
            net.fit(data, y, epochs=2, batch_size=BATCH)
            seconds.append(time.perf_counter() - began)
        ratios.append(seconds[0] / seconds[1])
    return median(ratios)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.embeddings", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    fm.set_num_threads(arguments.threads)
    for name, value in machine.description().items():
        print(f"{name}: {value}")
    print(
        f"{INPUTS} inputs, batches of {BATCH}, {arguments.threads} threads; ratio to the same layers on expanded data"
    )
    for embedding in EMBEDDINGS:
        for hidden in HIDDEN:
            sizes = "-".join(map(str, hidden))
            print(f"{embedding.spelled:<20} {sizes:<12} {ratio(embedding, hidden, arguments.rounds):.2f}", flush=True)


if __name__ == "__main__":
    main()
