"""One set of bits for gradients and steps from the caller's own derivatives, on every target and any number of threads.

What could go wrong: a row of derivatives along or across that is read in another width, a half of a step whose rows or
columns go over threads otherwise than in the other half, a block of rows whose dropout is that of another block, a
Jacobian's pass that leaves something to the next one.

The hash is of weights, gradients and outputs; each target runs in a process of its own, the planner off.
"""

import sys
from collections.abc import Iterator

import numpy as np
import pytest

from bits import NETWORKS, adam, chain, new_network, new_trainer, parameters_of, print_hashes
from fastmlp import _core

# (inputs, layers, rows): few rows go by columns; narrow outputs across, wide ones along
CASES = [
    (5, chain((33, "tanh"), (3, "softmax")), 203),
    (7, chain((40, "relu"), (19, "sigmoid"), dropout=0.3), 3),
    (3, chain((17, "tanh"), (31, "gelu"), (21, "identity"), dropout=0.2, l2=0.01), 270),
]
EXPECTED = "cc33c3b5702e39e1bb2c97c2f2ab89761fa32c9890106f5c8cc564bf5438cedd"


def numbers_of_own_gradients(threads: int) -> Iterator[object]:
    for kind in NETWORKS:
        handles = _core.Gradients32 if kind is _core.Network32 else _core.Gradients64
        for index, (n_inputs, layers, rows) in enumerate(CASES):
            random = np.random.default_rng(index)
            X = random.standard_normal((rows, n_inputs))
            for at in ("outputs", "pre_activations"):
                net = new_network(kind, n_inputs, layers, "mse", seed=index)
                trainer = new_trainer(net, None, None, adam(1e-2), batch_size=rows, seed=0, shuffle=False)
                for _ in range(2):
                    outputs = trainer.forward(X=X, seed=7, epoch=0, threads=threads)
                    given = outputs - random.uniform(0.0, 1.0, outputs.shape)
                    trainer.run_from(given=given, at=at, threads=threads)
                    yield outputs
                with handles(network=net, X=X, dropout=9, threads=threads) as under_way:
                    yield under_way.outputs()
                    _, weights, biases, inputs, deltas, _ = under_way.finish(given=given, at=at)
                yield from (*weights, *biases, inputs, *deltas)
                flat = np.concatenate([part.ravel() for pair in zip(weights, biases, strict=True) for part in pair])
                trainer.apply(gradients=flat, threads=threads)
                yield from parameters_of(net, len(layers))
            yield net.jacobian(X=X, vectors=None, threads=threads)
            yield net.jacobian(X=X, vectors=given, threads=threads)
            yield net.row_gradients(X=X, targets=given, threads=threads)
            yield from net.pre_activations(X=X, threads=threads)
            yield net.forward(X=X, dropout=3, threads=threads)
            other = new_network(kind, n_inputs, layers, "mse", seed=99)
            net.soft_update(other=other, tau=0.3)
            yield from parameters_of(net, len(layers))


def print_bits() -> None:
    print_hashes(numbers_of_own_gradients)


@pytest.mark.parametrize("target", _core.available_targets())
def test_own_gradients_have_one_hash_on_every_target_and_any_number_of_threads(hashes_on, target):
    assert hashes_on(target, print_bits) == dict.fromkeys("124", EXPECTED)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
