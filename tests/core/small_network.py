"""The small training that the tests of threads and of sharing repeat in all circumstances, and the bits it leaves."""

from __future__ import annotations

import numpy as np

from bits import adam, digest, new_network, new_trainer, parameters_of
from fastmlp import _core

N_INPUTS, N_CLASSES, ROWS = 12, 5, 150
LAYERS = [
    _core.LayerSpec(units=33, activation="tanh", l1=1e-3),
    _core.LayerSpec(units=N_CLASSES, activation="softmax"),
]
ADAM = adam(0.01)

_random = np.random.default_rng(0)
X = _random.standard_normal((ROWS, N_INPUTS))
Y = _random.integers(0, N_CLASSES, ROWS).astype(np.int32)


def small_network() -> _core.Network32:
    return new_network(_core.Network32, N_INPUTS, LAYERS, "softmax_cross_entropy", seed=1)


def small_trainer(network: _core.Network32, optimizer: tuple[str, dict[str, float]] = ADAM) -> _core.Trainer32:
    return new_trainer(network, X, Y, optimizer, batch_size=40, seed=1)


def trained_network(threads: int) -> _core.Network32:
    network = small_network()
    with small_trainer(network) as trainer:
        trainer.run(n_steps=10, threads=threads)
    return network


def bits_of(network: _core.Network32, threads: int = 1) -> bytes:
    """One hash of everything: parameters, outputs, loss and gradients."""
    samples = {"X": X, "targets": Y, "sample_weight": None, "threads": threads}
    loss, weights, biases, inputs = network.gradients(**samples)
    outputs = network.forward(X=X, threads=threads)
    parameters = parameters_of(network, len(LAYERS))
    return digest([*parameters, outputs, *weights, *biases, inputs, loss, network.loss(**samples)])


def bits_of_training(threads: int) -> bytes:
    return bits_of(trained_network(threads), threads)
