"""An optimizer state that comes from outside: what could go wrong, and which test sees it.

It belongs to another network or optimizer and is read beyond its end (of another shape), the count of its steps
overflows (steps without end), or its padding is not zero, which is part of no weight but would be of the penalties
(padding). Or it comes from an earlier fit with momentum, and would be taken up after one without (velocity).
"""

from __future__ import annotations

import numpy as np
import pytest

import bits
from bits import NETWORKS, adam, sgd
from fastmlp import _core
from fastmlp.optimizers import OPTIMIZERS as REGISTRY
from fastmlp.optimizers import StepOptimizer

N_INPUTS, HIDDEN, N_OUTPUTS, ROWS = 3, 5, 2, 8
SGD, ADAM = sgd(0.1, 0.9), adam(0.1)
RMSPROP = ("rmsprop", {"learning_rate": 0.1, "alpha": 0.9, "epsilon": 1e-8, "momentum": 0.5})
OPTIMIZERS = [
    SGD,
    ADAM,
    ("adamw", ADAM[1] | {"weight_decay": 0.1}),
    RMSPROP,
    ("adagrad", {"learning_rate": 0.1, "epsilon": 1e-10}),
    # small steps, for a change of sign would leave zeros in a slot that are no padding
    ("rprop", {"learning_rate": 1e-3, "eta_minus": 0.5, "eta_plus": 1.2, "min_step": 1e-6, "max_step": 50.0}),
]

_random = np.random.default_rng(0)
X = _random.standard_normal((ROWS, N_INPUTS))
Y = _random.standard_normal((ROWS, N_OUTPUTS))


def test_every_optimizer_of_the_core_is_looked_at():
    named = {name for name, _ in OPTIMIZERS}
    assert named == {name for name, kind in REGISTRY.items() if issubclass(kind, StepOptimizer)}


def new_network(kind=_core.Network32):
    # with a penalty on every layer; tanh leaves no gradient of a weight at zero
    layers = bits.chain((HIDDEN, "tanh"), (N_OUTPUTS, "identity"), l2=0.1)
    return bits.new_network(kind, N_INPUTS, layers, "mse", seed=1)


def new_trainer(network, optimizer):
    return bits.new_trainer(network, X, Y, optimizer, batch_size=ROWS, seed=1, shuffle=False)


def train(network, optimizer):
    with new_trainer(network, optimizer) as trainer:
        trainer.run(n_steps=2, threads=1)


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=[name for name, _ in OPTIMIZERS])
def test_what_a_state_holds_in_its_padding_changes_nothing(kind, optimizer):
    first = new_network(kind)
    train(first, optimizer)
    name, steps, slots = first.optimizer_state()
    padded = [slot.copy() for slot in slots]
    for slot in padded:
        slot[slot == 0] = 100.0
        assert np.count_nonzero(slot == 100.0) == slot.size - (N_INPUTS + 1) * HIDDEN - (HIDDEN + 1) * N_OUTPUTS

    results = []
    for given in (slots, padded):
        network = new_network(kind)
        network.set_optimizer_state((name, steps, given))
        train(network, optimizer)
        loss = network.loss(X=X, targets=Y, sample_weight=None, threads=1)
        results.append((loss, network.weights(0).tobytes(), network.weights(1).tobytes()))
    assert results[0] == results[1]


@pytest.mark.parametrize(("name", "numbers"), [SGD, RMSPROP], ids=["sgd", "rmsprop"])
def test_a_velocity_that_was_not_kept_up_to_date_is_forgotten(name, numbers):
    network = new_network()
    train(network, (name, numbers))
    slots = len(network.optimizer_state()[2])
    train(network, (name, numbers | {"momentum": 0.0}))
    assert len(network.optimizer_state()[2]) == slots - 1
    with new_trainer(network, (name, numbers)) as trainer:
        trainer.run(n_steps=0, threads=1)
    assert not network.optimizer_state()[2][-1].any()


@pytest.mark.parametrize(("name", "fewest"), [("adam", 2), ("adamw", 2), ("rprop", 2), ("rmsprop", 1), ("adagrad", 1)])
def test_a_state_without_the_slots_of_its_optimizer_is_refused(name, fewest):
    network = new_network()
    train(network, ADAM)
    _, steps, slots = network.optimizer_state()
    network.set_optimizer_state((name, steps, slots[:fewest]))
    with pytest.raises(ValueError, match="lacks slots"):
        network.set_optimizer_state((name, steps, slots[: fewest - 1]))


def changed(state, **changes):
    return tuple(changes.get(key, value) for key, value in zip(("name", "steps", "slots"), state, strict=True))


BROKEN = {
    "too few numbers": lambda state: changed(state, slots=[slot[:-1] for slot in state[2]]),
    "too many numbers": lambda state: changed(state, slots=[np.append(slot, 0) for slot in state[2]]),
    "two dimensions": lambda state: changed(state, slots=[slot[None] for slot in state[2]]),
    "no slots": lambda state: changed(state, slots=[]),
    "three slots": lambda state: changed(state, slots=[*state[2], state[2][0]]),
    "negative steps": lambda state: changed(state, steps=-1),
    "steps without end": lambda state: changed(state, steps=2**63 - 1),
    "another optimizer": lambda state: changed(state, name="adadelta"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_state_of_another_shape_is_refused_and_changes_nothing(case):
    network = new_network()
    train(network, ADAM)
    before = network.optimizer_state()
    with pytest.raises(ValueError, match=r"optimizer state|lacks slots|does not know"):
        network.set_optimizer_state(BROKEN[case](before))
    after = network.optimizer_state()
    assert after[:2] == before[:2]
    assert all(np.array_equal(a, b) for a, b in zip(after[2], before[2], strict=True))
