"""Trainings of the core as the tests of bits make them, and hashes of what they leave.

A test of bits has a function that gives all numbers of its trainings on so many threads, and a hash of them that is the
same on every target. Each target has a process of its own (``hashes_on`` in conftest.py), which calls ``print_hashes``.
Test files find this one beside them when they run as programs, and by ``pythonpath`` in pyproject.toml under pytest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from fastmlp import _core

KINDS = ((_core.Network32, _core.Trainer32), (_core.Network64, _core.Trainer64))
NETWORKS = tuple(network for network, _ in KINDS)
# The limit that hashes_on sets by OMP_NUM_THREADS: more than many machines have processors, on purpose.
MOST_THREADS = 4
THREADS = (1, 2, MOST_THREADS)

Optimizer = tuple[str, dict[str, float]]


def sgd(learning_rate: float, momentum: float = 0.0, nesterov: float = 0.0, **others: float) -> Optimizer:
    return "sgd", {"learning_rate": learning_rate, "momentum": momentum, "nesterov": nesterov} | others


def adam(learning_rate: float, **others: float) -> Optimizer:
    return "adam", {"learning_rate": learning_rate, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8} | others


def chain(*layers: tuple[int, str], **settings: Any) -> list[_core.LayerSpec]:
    """Layers of these units and activations, which share all other settings."""
    return [_core.LayerSpec(units=units, activation=activation, **settings) for units, activation in layers]


def new_network(
    kind: type[_core.Network32], n_inputs: int, layers: list[_core.LayerSpec], loss: str, *, seed: int, **others: float
) -> _core.Network32:
    network = kind(n_inputs=n_inputs, layers=layers, loss=loss, **others)
    network.initialize(seed=seed)
    return network


def new_trainer(
    network: _core.Network32,
    X: object,
    y: np.ndarray | None,
    optimizer: Optimizer,
    *,
    batch_size: int,
    seed: int,
    sample_weight: np.ndarray | None = None,
    shuffle: bool = True,
    **others: Any,
) -> _core.Trainer32:
    name, settings = optimizer
    return dict(KINDS)[type(network)](
        network=network,
        X=X,
        targets=y,
        sample_weight=sample_weight,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        first_epoch=0,
        optimizer=name,
        hyperparameters=settings,
        **others,
    )


def train(
    network: _core.Network32,
    X: object,
    y: np.ndarray,
    optimizer: Optimizer,
    *,
    threads: int,
    steps: int | None = None,
    epochs: int = 1,
    **others: Any,
) -> _core.RunReport:
    """Make so many steps, or epochs; others: of ``new_trainer``."""
    with new_trainer(network, X, y, optimizer, **others) as trainer:
        n_steps = epochs * trainer.steps_per_epoch if steps is None else steps
        report = trainer.run(n_steps=n_steps, threads=threads)
    assert not report.diverged
    assert report.steps == n_steps
    return report


def parameters_of(network: _core.Network32, n_layers: int) -> Iterator[np.ndarray]:
    for layer in range(n_layers):
        yield network.weights(layer)
        yield network.bias(layer)


def digest(parts: Iterable[object]) -> bytes:
    """Hash arrays, numbers, lists of numbers and bytes, one after the other."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part if isinstance(part, bytes) else np.ascontiguousarray(part).tobytes())
    return whole.digest()


def print_hashes(numbers: Callable[[int], Iterable[object]], *, planner: bool = False) -> None:
    """Print what ``hashes_on`` reads: the target, the limit of threads, and a hash for each number of threads.

    Without the planner the numbers of threads are what is asked for: it would give networks of this size one thread.
    """
    _core._testing.enable_planner(planner)
    _core._testing.ignore_available_processors(True)
    hashes = {threads: digest(numbers(threads)).hex() for threads in THREADS}
    print(json.dumps([_core.active_target(), _core.max_threads(), hashes]))
