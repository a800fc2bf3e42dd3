"""``fastmlp demo``: the whole way once, on real digits, beside scikit-learn, in some seconds.

Trains, compares, checks the gradients, saves, loads and draws. The picture is in demo_figure.py.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
import warnings
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

import fastmlp as fm
from fastmlp._files.atomic import write_atomically
from fastmlp.cli._options import Commands, add_command, natural, positive
from fastmlp.cli._outputs import check_output, say
from fastmlp.cli.demo_figure import Findings, draw

LEARNING_RATE = 0.1
MOMENTUM = 0.9

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Job:
    """Data with pixels from 0 to 1, and the sizes that suit them."""

    name: str
    X_train: Floats
    y_train: Labels
    X_test: Floats
    y_test: Labels
    image_shape: tuple[int, int]
    hidden: int
    batch_size: int
    epochs: int


def add_commands(commands: Commands) -> None:
    """Add ``demo``."""
    parser = add_command(
        commands,
        "demo",
        demo,
        "train on handwritten digits, beside scikit-learn, and draw what was learned",
        "fastmlp demo --data mnist --out mnist.png",
    )
    parser.add_argument("--data", metavar="FOLDER", help="the four MNIST files; without it, scikit-learn's 8x8 digits")
    parser.add_argument("--out", metavar="PNG", default="fastmlp-demo.png", help="picture to write (%(default)s)")
    parser.add_argument("--epochs", type=positive, metavar="N", help="(MNIST 10, 8x8 digits 40)")
    parser.add_argument(
        "--threads", type=positive, metavar="N", help="most threads to use (as many as the computer has)"
    )
    parser.add_argument("--seed", type=natural, default=0, metavar="N", help="(%(default)s)")


def demo(arguments: argparse.Namespace) -> int:
    """Run ``fastmlp demo``."""
    check_output(arguments.out, "a PNG picture", ".png")
    _require_extras()
    job = _digits(arguments.epochs) if arguments.data is None else _mnist(arguments.data, arguments.epochs)
    with fm.num_threads(arguments.threads) if arguments.threads else nullcontext():
        return _show(job, arguments)


def _show(job: Job, arguments: argparse.Namespace) -> int:
    n_inputs = job.X_train.shape[1]
    net = fm.Network(n_inputs, [fm.Dense(job.hidden, "relu"), fm.Dense(10, "softmax")], seed=arguments.seed)
    height, width = job.image_shape
    _line(
        "data", f"{job.name}: {len(job.X_train)} training and {len(job.X_test)} test images of {height}x{width} pixels"
    )
    _line("network", f"{n_inputs}-{job.hidden}-10, relu and softmax, {net.n_parameters} parameters, {net.dtype}")
    _line("training", f"SGD {LEARNING_RATE}, Nesterov momentum {MOMENTUM}, batch {job.batch_size}, {job.epochs} epochs")
    _line("computer", f"{fm.active_target()}, {_plural(fm.get_num_threads(), 'thread')}")
    print(flush=True)

    history = net.fit(
        job.X_train,
        job.y_train,
        epochs=job.epochs,
        batch_size=job.batch_size,
        optimizer=fm.SGD(LEARNING_RATE, momentum=MOMENTUM, nesterov=True),
        validation_data=(job.X_test, job.y_test),
    )
    # of training alone: scikit-learn does not look at the test set after each epoch
    seconds = sum(history["seconds"])
    accuracy = net.evaluate(job.X_test, job.y_test)["accuracy"]
    print(f"{'':<13}{'training':>10}{'test':>10}{'seconds':>10}")
    _result("fastmlp", net.evaluate(job.X_train, job.y_train)["accuracy"], accuracy, seconds, "")
    peer_training, peer_test, peer_seconds = _scikit_learn(job, arguments.seed, arguments.threads)
    _result("scikit-learn", peer_training, peer_test, peer_seconds, f"{peer_seconds / seconds:6.1f} times as long")
    print()

    report = net.check_gradients(job.X_test, job.y_test)
    verdict = "agree with" if report.passed else "DIFFER FROM" if report.wrong else "cannot be told from"
    _line("gradients", f"{verdict} central differences: largest relative error {report.max_relative_error:.1e}")
    probabilities = net.predict_proba(job.X_test)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "digits.safetensors")
        net.save(path)
        size = os.path.getsize(path)
        same = bool((fm.load(path).predict_proba(job.X_test) == probabilities).all())
    outcome = "the same bits" if same else "OTHER VALUES"
    _line("model file", f"{size / 1000:.0f} kB; saved and loaded again, it predicts {outcome} for all test images")
    findings = Findings(
        name=job.name,
        history=history,
        images=job.X_test.reshape(-1, *job.image_shape),
        labels=job.y_test,
        probabilities=probabilities,
        hidden_weights=net.layers[0].weights.T.reshape(-1, *job.image_shape),
        output_weights=net.layers[1].weights,
        accuracy=accuracy,
        seconds=seconds,
        peer_seconds=peer_seconds,
    )
    write_atomically(arguments.out, draw(findings))
    _line("picture", arguments.out)
    return 0 if report.passed and same else 1


def _digits(epochs: int | None) -> Job:
    X, y = fm.datasets.load_digits()
    # the files' own order goes by writer: a split must mix them
    order = np.random.default_rng(0).permutation(len(X))
    pixels = (X / 16.0).astype(np.float32)
    train, test = order[:1437], order[1437:]
    return Job(
        "8x8 digits",
        pixels[train],
        y[train],
        pixels[test],
        y[test],
        (8, 8),
        hidden=32,
        batch_size=32,
        epochs=epochs or 40,
    )


def _mnist(folder: str, epochs: int | None) -> Job:
    X_train, y_train, X_test, y_test = fm.datasets.load_mnist(folder)
    if X_train.shape[1] != 784 or max(y_train.max(), y_test.max()) > 9:
        raise ValueError(
            f"{folder} holds images of another size or with other labels: the demo takes 28x28 and 0 to 9."
        )
    train, test = (X.astype(np.float32) / np.float32(255.0) for X in (X_train, X_test))
    return Job("MNIST", train, y_train, test, y_test, (28, 28), hidden=50, batch_size=200, epochs=epochs or 10)


def _scikit_learn(job: Job, seed: int, threads: int | None) -> tuple[float, float, float]:
    """Return training accuracy, test accuracy and seconds of the same job by scikit-learn."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    peer: Any = MLPClassifier(
        (job.hidden,),
        solver="sgd",
        alpha=0.0,
        batch_size=job.batch_size,
        learning_rate_init=LEARNING_RATE,
        momentum=MOMENTUM,
        nesterovs_momentum=True,
        max_iter=job.epochs,
        # never stop early
        tol=0.0,
        n_iter_no_change=job.epochs + 1,
        # its seeds have 32 bits
        random_state=seed % 2**32,
    )
    with warnings.catch_warnings(), threadpool_limits(threads):
        warnings.simplefilter("ignore", ConvergenceWarning)
        # it takes Ctrl-C for the end of the training and says so in a warning
        warnings.filterwarnings("ignore", "Training interrupted")
        start = time.perf_counter()
        peer.fit(job.X_train, job.y_train)
        seconds = time.perf_counter() - start
        if peer.n_iter_ < job.epochs:
            raise KeyboardInterrupt
        return float(peer.score(job.X_train, job.y_train)), float(peer.score(job.X_test, job.y_test)), seconds


def _require_extras() -> None:
    try:
        import matplotlib  # noqa: F401
        import sklearn  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f'the demo needs scikit-learn and matplotlib ({error}): pip install "scikit-learn>=1.3" "matplotlib>=3.6".'
        ) from None


def _line(name: str, text: str) -> None:
    say(f"{name:<13}{text}", flush=True)


def _result(name: str, training: float, test: float, seconds: float, note: str) -> None:
    line = f"{name:<13}{100 * training:>8.2f} %{100 * test:>8.2f} %{seconds:>10.2f}   {note}"
    print(line.rstrip(), flush=True)


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
