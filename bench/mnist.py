"""``python -m bench.mnist DIRECTORY``: seconds of training until the test accuracy of MNIST first reaches a target.

What a user waits for: speed of a step and number of steps together. Only the training of epochs is on the clock, what a
library compiles in the first one included; the accuracy is looked at between epochs. Each peer runs in a process of its
own, one after the other. The peers are those of ``python -m bench``, with one seed: an epoch more or less is chance.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from bench.cells import DataCell
from bench.peers import PEERS, TRAINING

SAMPLES = 60_000
# The batch of the second divides the samples, as cells ask for.
RACES = {
    0.97: DataCell("97 %", (784, 50, 10), 200, "momentum", SAMPLES, learning_rate=0.1),
    0.98: DataCell("98 %", (784, 256, 10), 125, "adam", SAMPLES, learning_rate=1e-3),
}
DEFAULT_PEERS = ("fastmlp", "jax", "torch", "sklearn")


def race(peer: str, target: float, folder: Path, threads: int, most_epochs: int) -> tuple[int, float, float]:
    """Train until the accuracy reaches the target; return epochs, seconds on the clock and the last accuracy."""
    import fastmlp as fm

    X, y, X_test, y_test = fm.datasets.load_mnist(folder)
    X, X_test = (np.divide(images, 255, dtype=np.float32) for images in (X, X_test))
    cell = replace(RACES[target], X=X, y=y.astype(np.int64))
    model = importlib.import_module(PEERS[peer]).prepare(cell, threads)
    epochs, seconds, accuracy = 0, 0.0, 0.0
    while accuracy < target and epochs < most_epochs:
        start = time.perf_counter()
        model.train(1)
        seconds += time.perf_counter() - start
        epochs += 1
        accuracy = float((model.predict(X_test).argmax(1) == y_test).mean())
    return epochs, seconds, accuracy


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.mnist", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("directory", type=Path, help="where the four IDX files of MNIST lie, gzipped or not")
    parser.add_argument("--peers", default=",".join(DEFAULT_PEERS), help=f"of {', '.join(TRAINING)} (default: four)")
    parser.add_argument("--threads", type=int, default=2, help="default: 2")
    parser.add_argument("--most-epochs", type=int, default=40, help="where to give a target up (default: 40)")
    arguments = parser.parse_args()

    header = f"{'peer':<16}{'target':>7}{'epochs':>8}{'seconds':>10}{'accuracy':>10}"
    print(header, "-" * len(header), sep="\n")
    for target, cell in RACES.items():
        for peer in arguments.peers.split(","):
            try:
                with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                    task = pool.submit(
                        race, peer, target, arguments.directory, arguments.threads, arguments.most_epochs
                    )
                    epochs, seconds, accuracy = task.result()
            except ImportError as error:
                print(f"{peer} is left out: {error}")
                continue
            verdict = "" if accuracy >= target else "  not reached"
            print(f"{peer:<16}{cell.name:>7}{epochs:>8}{seconds:>10.2f}{accuracy:>10.2%}{verdict}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
