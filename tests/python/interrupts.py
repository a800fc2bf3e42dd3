"""Ctrl-C at random moments of everything that a network does: what must hold after each, and a count of what came.

    python tests/python/interrupts.py --count 20000 --seed 1

A timer raises KeyboardInterrupt at a moment drawn from the time that the work takes. After it, the network is in one
of the states that it goes through undisturbed (its parameters are those after some step), it is not locked, for this
thread or another, it equals a copy of itself, and it can go on; a file is the old one or the new one.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import pickle
import signal
import tempfile
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

import fastmlp as fm

KINDS = ("learn", "partial_fit", "fit", "fleet", "stream", "step", "lbfgs", "predict", "reset", "save")
ROWS, BATCH, EPOCHS = 32, 8, 3
RNG = np.random.default_rng(0)
X = RNG.normal([0, 5, -3, 0], [1, 2, 1, 9], (ROWS, 4))
Y = 300 + 40 * X[:, 0]
SGD = fm.SGD(0.01, momentum=0.9)


def new_network() -> fm.Network:
    """Return one that has everything to learn: the scaling of inputs and targets, too."""
    return fm.Network(4, [fm.Standardize(), fm.Dense(5, "tanh"), fm.Dense(1)], seed=1, scale_targets=True)


def _trained() -> bytes:
    net = new_network()
    net.fit(X, Y, epochs=1, optimizer=SGD, shuffle=False, batch_size=BATCH)
    return pickle.dumps(net)


TRAINED = _trained()


def trained_network() -> fm.Network:
    """Return one that knows its scaling."""
    return pickle.loads(TRAINED)


def fingerprint(net: fm.Network) -> bytes:
    return bytes(net.get_parameters().tobytes())


@dataclass
class Work:
    """Something to interrupt, and the states that a network may be in afterwards.

    Attributes
    ----------
    start : callable
        Makes a network.
    act : callable (network)
    steps : callable (network), optional
        Yields after each step of the same work, done step by step; None: the work does not change the network.
    """

    start: Callable[[], fm.Network]
    act: Callable[[fm.Network], object]
    steps: Callable[[fm.Network], Iterator[None]] | None = None
    seconds: float = math.inf
    states: set[bytes] = field(default_factory=set)

    def prepare(self) -> None:
        """Find the states, and how long the work takes."""
        net = self.start()
        self.states.add(fingerprint(net))
        if self.steps is not None:
            for _ in self.steps(net):
                self.states.add(fingerprint(net))
        for _ in range(3):
            net = self.start()
            began = time.perf_counter()
            self.act(net)
            self.seconds = min(self.seconds, time.perf_counter() - began)
            assert fingerprint(net) in self.states, "the states are not those of the work"


def learn(net: fm.Network) -> None:
    for row in range(ROWS):
        net.learn(X[row], Y[row], optimizer=SGD)


def learn_steps(net: fm.Network) -> Iterator[None]:
    for row in range(ROWS):
        net.learn(X[row], Y[row], optimizer=SGD)
        yield


def partial_fit(net: fm.Network) -> None:
    for _ in range(EPOCHS):
        net.partial_fit(X, Y, optimizer=SGD, batch_size=BATCH)


def batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for start in range(0, ROWS, BATCH):
        yield X[start : start + BATCH], Y[start : start + BATCH]


def batch_steps(net: fm.Network) -> Iterator[None]:
    for _ in range(EPOCHS):
        for rows, targets in batches():
            net.partial_fit(rows, targets, optimizer=SGD)
            yield


def own_steps(net: fm.Network) -> Iterator[None]:
    def slopes(outputs: np.ndarray) -> np.ndarray:
        return (outputs - 300) / 1e4

    for rows, _ in batches():
        net.step(rows, slopes, optimizer=SGD)
        yield
        net.apply_gradients(net.backward(rows, slopes), optimizer=SGD)
        yield


def step(net: fm.Network) -> None:
    for _ in own_steps(net):
        pass


def first_fit(net: fm.Network) -> None:
    stopping = fm.EarlyStopping(patience=100, monitor="validation_r2")
    net.fit(
        X,
        Y,
        epochs=EPOCHS,
        optimizer=SGD,
        shuffle=False,
        batch_size=BATCH,
        validation_data=(X, Y),
        metrics=["r2"],
        callbacks=[stopping, lambda net, epoch: None],
        progress=False,
    )


def first_fit_steps(net: fm.Network) -> Iterator[None]:
    net.fit(X, Y, epochs=1, optimizer=fm.SGD(1e-30), shuffle=False)  # the scaling alone
    net.set_parameters(new_network().get_parameters())
    yield from batch_steps(net)


def fleet(net: fm.Network) -> None:
    others = [trained_network() for _ in range(2)]
    settings = {"epochs": EPOCHS, "optimizer": SGD, "shuffle": False, "batch_size": BATCH}
    fm.fit_many([others[0], net, others[1]], X, Y, settings=settings, progress=False)
    assert fingerprint(others[0]) == fingerprint(net)


def stream(net: fm.Network) -> None:
    net.fit([*batches()], epochs=EPOCHS, optimizer=SGD, progress=False)


def lbfgs(net: fm.Network, callbacks: tuple = ()) -> None:
    net.fit(X, Y, epochs=EPOCHS, batch_size=None, optimizer="lbfgs", callbacks=callbacks, progress=False)


def lbfgs_steps(net: fm.Network) -> Iterator[None]:
    states = []
    lbfgs(net, (lambda net, epoch: states.append(net.get_parameters()),))
    for state in states:
        net.set_parameters(state)
        yield


def evaluate(net: fm.Network) -> None:
    expected = net.predict(X)
    for _ in range(5):
        assert np.array_equal(net.predict(X), expected)
        net.evaluate(X, Y)
        net.gradients(X, Y)


def reset_and_write(net: fm.Network) -> None:
    for _ in range(4):
        net.reset()
        net.set_parameters(np.arange(net.n_parameters, dtype=np.float32))


def reset_and_write_steps(net: fm.Network) -> Iterator[None]:
    net.reset()
    yield
    net.set_parameters(np.arange(net.n_parameters, dtype=np.float32))
    yield


def save_and_load(folder: Path) -> Callable[[fm.Network], None]:
    def act(net: fm.Network) -> None:
        net.save(folder / "model.safetensors")
        assert np.array_equal(fm.load(folder / "model.safetensors").get_parameters(), net.get_parameters())

    return act


def works(folder: Path) -> dict[str, Work]:
    return dict(
        zip(
            KINDS,
            (
                Work(trained_network, learn, learn_steps),
                Work(trained_network, partial_fit, batch_steps),
                Work(new_network, first_fit, first_fit_steps),
                Work(trained_network, fleet, batch_steps),
                Work(trained_network, stream, batch_steps),
                Work(trained_network, step, own_steps),
                Work(trained_network, lbfgs, lbfgs_steps),
                Work(trained_network, evaluate),
                Work(trained_network, reset_and_write, reset_and_write_steps),
                Work(trained_network, save_and_load(folder)),
            ),
            strict=True,
        )
    )


def is_interrupted(act: Callable[[], object], delay: float) -> bool:
    """Do something with an alarm set, and return whether that ended it."""
    try:
        signal.setitimer(signal.ITIMER_REAL, delay)
        act()
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        return True
    return False


def outputs(net: fm.Network) -> bytes | str:
    """Return what a network says, or why it says nothing."""
    try:
        return bytes(net.forward(X).tobytes())
    except ValueError as reason:
        return str(reason)


def check(name: str, work: Work, net: fm.Network) -> None:
    """See that a network is whole after an interruption, and goes on."""
    assert fingerprint(net) in work.states, f"{name}: the network is between two steps"
    assert outputs(pickle.loads(pickle.dumps(net))) == outputs(net), f"{name}: the network differs from its copy"
    found: list[object] = []

    def look() -> None:
        try:
            found.append(outputs(net))
        except RuntimeError as locked:
            found.append(locked)

    other = threading.Thread(target=look)
    other.start()
    other.join()
    assert found == [outputs(net)], f"{name}: locked for another thread: {found}"
    net.fit(X, Y, epochs=1, optimizer=SGD, batch_size=ROWS)
    net.learn(X[0], Y[0], optimizer=SGD)


def interrupt(count: int, seed: int) -> Counter[str]:
    """Interrupt so many times, each kind of work in turn, and return how many came in each."""
    random, came = np.random.default_rng(seed), Counter()
    handler = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
            # of a file that was opened, but not yet in its with statement; it is closed all the same
            warnings.simplefilter("ignore", ResourceWarning)
            folder = Path(name)
            kinds = works(folder)
            for work in kinds.values():
                work.prepare()
            file = (folder / "model.safetensors").read_bytes()
            while came.total() < count:
                for kind, work in kinds.items():
                    came[kind] += _interrupt_once(kind, work, folder, file, random)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
    return came


def _interrupt_once(kind: str, work: Work, folder: Path, file: bytes, random: np.random.Generator) -> int:
    """Try until an interrupt has come amid the work, look at what it left, and return 1."""
    net = work.start()
    if kind == "save" and random.integers(2):
        net.metadata = {"another": "model"}
    while not is_interrupted(partial(work.act, net), max(1e-6, random.uniform(0, work.seconds))):
        net = work.start()
    if kind == "save":
        again = fm.load(folder / "model.safetensors")
        assert again.metadata in ({}, {"another": "model"})
        assert again.metadata or (folder / "model.safetensors").read_bytes() == file
    check(kind, work, net)
    return 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with contextlib.suppress(BrokenPipeError):
        print(f"{options.count} interrupts, seed {options.seed}: {dict(interrupt(options.count, options.seed))}")
