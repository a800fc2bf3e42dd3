"""Kills at random moments: a training that is ended by SIGKILL again and again, and has the bits of one that was not.

    python -m tests.long.kills --count 200 --seed 1

Each training is a process of its own, with a checkpoint that is written every few steps. It is killed at a random
moment, begun anew with another number of threads and another instruction set, killed again, and so on, until one of
them comes to its end: weights, losses, records and what callbacks know must then have the SHA-256 of an undisturbed
training. A few trainings take turns; after each kill the checkpoint must be a usable network, if there is one.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import fastmlp as fm

# kills of one training; the process after them may come to its end
MOST_KILLS = 4
THREADS = ("1", "2", "3")
RNG = np.random.default_rng(3)
X = RNG.normal(size=(600, 12)).astype(np.float32)
LABELS = (X[:, 0] * X[:, 1] > 0).astype(int) + (X[:, 2] > 0.5)
VALUES = 40 + 3 * X[:, :1] * X[:, 1:2]


class Sum:
    """A callback of a user's own, with something that it must know again."""

    def __init__(self) -> None:
        self.total = 0.0

    def __call__(self, network: fm.Network, epoch: dict[str, float]) -> None:
        self.total += epoch["loss"]

    def state_dict(self) -> dict[str, Any]:
        return {"total": self.total}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.total = state["total"]


def early(checkpoint: fm.Checkpoint | None) -> Iterator[object]:
    """Dropout, a scaling that is learned, a plateau, early stopping, and a callback of a user's own."""
    net = fm.Network(
        12,
        [fm.Standardize(), fm.Dense(48, "relu"), fm.Dropout(0.3), fm.Dense(24, "tanh"), fm.Dense(3, "softmax")],
        seed=7,
    )
    stopping, own = fm.EarlyStopping(patience=12), Sum()
    history = net.fit(
        X,
        LABELS,
        epochs=60,
        batch_size=7,
        optimizer=fm.Adam(fm.schedules.ReduceOnPlateau(3e-3, patience=2, factor=0.5)),
        validation_fraction=0.2,
        callbacks=[stopping, own],
        checkpoint=checkpoint,
        record=5,
    )
    yield from (net, history, stopping.best_epoch, stopping.best, own.total)


def regression(checkpoint: fm.Checkpoint | None) -> Iterator[object]:
    """Targets that are scaled, float64, momentum, gradients that are clipped together, a schedule with a total."""
    net = fm.Network(
        12, [fm.Dense(40, "gelu"), fm.LayerNorm(), fm.Dense(1)], seed=2, scale_targets=True, dtype="float64"
    )
    optimizer = fm.SGD(fm.schedules.OneCycle(0.05), momentum=0.9, clip_norm=1.0)
    history = net.fit(X, VALUES, epochs=50, batch_size=10, optimizer=optimizer, checkpoint=checkpoint, record=True)
    yield from (net, history)


def fleet(checkpoint: fm.Checkpoint | None) -> Iterator[object]:
    """Three networks at once, on rows of one X."""
    nets = [fm.Network(12, [fm.Maxout(8), fm.Dense(3, "softmax")], seed=seed) for seed in range(3)]
    settings = {"epochs": 40, "batch_size": 16, "optimizer": fm.RMSProp(1e-3, momentum=0.5), "checkpoint": checkpoint}
    settings["record"] = 7
    rows = [np.arange(600) % 3 != fold for fold in range(3)]
    for net, history in zip(nets, fm.fit_many(nets, X, LABELS, rows=rows, settings=settings), strict=True):
        yield from (net, history)


TRAININGS: dict[str, Callable[[fm.Checkpoint | None], Iterator[object]]] = {
    "early": early,
    "regression": regression,
    "fleet": fleet,
}


def digest_of(name: str, checkpoint: fm.Checkpoint | None) -> str:
    """Train, and return the hash of all that comes of it, but for what took how long."""
    digest = hashlib.sha256()
    for part in TRAININGS[name](checkpoint):
        if isinstance(part, fm.Network):
            digest.update(part.get_parameters().tobytes())
            digest.update(str(part.record).encode())
        elif isinstance(part, fm.History):
            kept = {column: part[column] for column in part if column not in ("seconds", "samples_per_second")}
            digest.update(repr(kept).encode())
        else:
            digest.update(repr(part).encode())
    return digest.hexdigest()


def begun(name: str, folder: str, rng: np.random.Generator) -> subprocess.Popen[str]:
    """Return the process of a training that has imported everything; its threads and target are drawn."""
    environment = {
        **os.environ,
        "FASTMLP_NUM_THREADS": str(rng.choice(THREADS)),
        "FASTMLP_TARGET": str(rng.choice(fm.available_targets())),
    }
    command = [sys.executable, "-m", "tests.long.kills", "--train", name, "--folder", folder]
    process = subprocess.Popen(
        command,
        cwd=Path(__file__).parents[2],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def run(count: int, seed: int, names: tuple[str, ...] = tuple(TRAININGS)) -> int:
    """Kill so many times, print what happened, and return the number of faults."""
    rng = np.random.default_rng(seed)
    found: Counter[str] = Counter()
    expected: dict[str, str] = {}
    seconds: dict[str, float] = {}
    kills = faults = 0
    while kills < count:
        name = names[found["trainings"] % len(names)]
        if name not in expected:
            expected[name] = digest_of(name, None)
        with tempfile.TemporaryDirectory() as folder:
            left = min(int(rng.integers(1, MOST_KILLS + 1)), count - kills)
            while True:
                process = begun(name, folder, rng)
                start = time.monotonic()
                if left > 0:
                    try:
                        process.wait(rng.uniform(0.0, seconds.get(name, 1.0)))
                    except subprocess.TimeoutExpired:
                        process.kill()
                        left, kills = left - 1, kills + 1
                # communicate would pass over what came with the first line, where this process was kept waiting
                assert process.stdout is not None
                assert process.stderr is not None
                output, errors = process.stdout.read(), process.stderr.read()
                process.wait()
                if process.returncode == 0:
                    # the longest is of one that had all to do
                    seconds[name] = max(seconds.get(name, 0.0), time.monotonic() - start)
                    break
                if process.returncode > 0:
                    break
                found["kills with a checkpoint"] += any(map(is_usable, Path(folder).glob("*.ckpt")))
            found["trainings"] += 1
            if output.strip() != expected[name]:
                faults += 1
                print(f"{name}: {output.strip() or errors.strip()} in the place of {expected[name]}")
    print(
        f"{kills} kills, seed {seed}: {faults} faults in {found['trainings']} trainings, "
        f"{found['kills with a checkpoint']} kills after the first checkpoint"
    )
    return faults


def is_usable(path: Path) -> bool:
    """Read the network of a checkpoint, which a kill must never keep anyone from."""
    return fm.load(path).n_inputs == 12


def main() -> int:
    """Kill as the command line says, or be what is killed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=200, help="kills (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of their moments (%(default)s)")
    parser.add_argument("--train", choices=TRAININGS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.train is None:
        return int(run(arguments.count, arguments.seed) > 0)
    print("begun", flush=True)
    path = "{network}.ckpt" if arguments.train == "fleet" else "run.ckpt"
    print(digest_of(arguments.train, fm.Checkpoint(os.path.join(arguments.folder, path), steps=25)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
