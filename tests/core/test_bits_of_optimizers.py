"""The same bits for every target and any number of threads, for every optimizer, with clipping and with schedules.

What could go wrong: as in test_bits.py, and a norm of gradients whose order depends on the threads, a rate computed by
the machine's C library, a barrier missing between the two halves of a clipped step (the hash differs between runs).
The hash is of trained weights; it may change only when a formula or an order of summation is changed on purpose.
"""

import sys
from collections.abc import Iterator

import numpy as np
import pytest

from bits import KINDS, Optimizer, adam, digest, new_network, new_trainer, parameters_of, print_hashes, sgd
from fastmlp._core import LayerSpec, Network32, available_targets
from fastmlp.optimizers import OPTIMIZERS, StepOptimizer

ROWS, INPUTS = 211, 37
LAYERS = [
    LayerSpec(units=50, activation="tanh", l1=1e-3),
    LayerSpec(units=17, activation="relu", l2=1e-3),
    LayerSpec(units=10, activation="softmax"),
]


def adamw(**others: float) -> Optimizer:
    return "adamw", adam(1e-2, weight_decay=0.1, **others)[1]


def rmsprop(momentum: float) -> Optimizer:
    return "rmsprop", {"learning_rate": 1e-2, "alpha": 0.9, "epsilon": 1e-8, "momentum": momentum}


ADAGRAD = ("adagrad", {"learning_rate": 0.1, "epsilon": 1e-10})
RPROP = ("rprop", {"learning_rate": 0.1, "eta_minus": 0.5, "eta_plus": 1.2, "min_step": 1e-6, "max_step": 50.0})
# (optimizer, schedule, batch); 211 rows make 5 and 17 steps an epoch
CASES = [
    (adamw(), None, 50),
    (rmsprop(0.0), None, 50),
    (rmsprop(0.5), None, 13),
    (ADAGRAD, None, 50),
    (RPROP, None, 211),
    (sgd(0.1, 0.9, clip_value=1e-2), None, 13),
    (sgd(0.1, 0.9, clip_norm=0.1), None, 13),
    (adamw(clip_value=0.1, clip_norm=0.2), ("cosine", [1e-4], 3), 50),
    (adam(1e-2), ("one_cycle", [0.3, 25.0, 1e4], 0), 50),
    (sgd(0.1, 0.9), ("coslog4", [], 0), 13),
    (sgd(0.1, 0.9), ("inverse_scaling", [0.3], 0), 13),
    (sgd(0.1, 0.9), ("exponential", [0.9, 5.0], 2), 50),
    (sgd(0.1, 0.9), ("step", [0.5, 7.0], 0), 50),
]
EXPECTED = "17dc59466a051a14b542feba2c0f550e14466e51146bd9c2432165d87246af30"


def test_every_optimizer_of_the_core_has_its_case():
    named = {optimizer for (optimizer, _), _, _ in CASES}
    assert named == {name for name, kind in OPTIMIZERS.items() if issubclass(kind, StepOptimizer)}


def numbers_of_a_case(index: int, kind: type[Network32], threads: int) -> Iterator[object]:
    optimizer, schedule, batch_size = CASES[index]
    random = np.random.default_rng(index)
    X = random.standard_normal((ROWS, INPUTS)).astype(np.float32)
    y = random.integers(0, 10, ROWS).astype(np.int32)
    net = new_network(kind, INPUTS, LAYERS, "softmax_cross_entropy", seed=index)
    start = [part.copy() for part in parameters_of(net, len(LAYERS))]
    steps = 3 * -(-ROWS // batch_size)
    trainer = new_trainer(net, X, y, optimizer, batch_size=batch_size, seed=index, schedule=schedule, total_steps=steps)
    with trainer:
        reports = [trainer.run(n_steps=n, threads=threads) for n in (2, steps - 2)]
    assert not any(report.diverged for report in reports)
    for part, before in zip(parameters_of(net, len(LAYERS)), start, strict=True):
        assert part.ndim == 1 or np.count_nonzero(part != before) > 0.7 * part.size
        yield part
    yield [epoch.loss for report in reports for epoch in report.epochs]
    yield from net.optimizer_state()[2]


def numbers_of_trainings(threads: int) -> Iterator[bytes]:
    for kind, _ in KINDS:
        for index in range(len(CASES)):
            yield digest(numbers_of_a_case(index, kind, threads))


def print_bits() -> None:
    print_hashes(numbers_of_trainings)


@pytest.mark.parametrize("target", available_targets())
def test_every_optimizer_has_one_hash_on_every_target_and_any_number_of_threads(hashes_on, target):
    assert hashes_on(target, print_bits) == dict.fromkeys("124", EXPECTED)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
