"""An optimizer state that comes from outside: what could go wrong, and which test sees it.

It belongs to another network or optimizer and is read beyond its end (of another shape), the count of its steps
overflows (steps without end), or its padding is not zero, which is part of no weight but would be of the penalties
(padding).
"""

from __future__ import annotations

import numpy as np
import pytest

from fastmlp import _core

N_INPUTS, HIDDEN, N_OUTPUTS, ROWS = 3, 5, 2, 8
KINDS = [(_core.Network32, _core.Trainer32), (_core.Network64, _core.Trainer64)]
SGD = ("sgd", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": 0.0})
ADAM = ("adam", {"learning_rate": 0.1, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8})

_random = np.random.default_rng(0)
X = _random.standard_normal((ROWS, N_INPUTS))
Y = _random.standard_normal((ROWS, N_OUTPUTS))


def new_network(kind=_core.Network32):
    # with a penalty on every layer; tanh leaves no gradient of a weight at zero
    layers = [(HIDDEN, "tanh", 0.0, 0.0, 0.1), (N_OUTPUTS, "identity", 0.0, 0.0, 0.1)]
    network = kind(N_INPUTS, layers, "mse")
    network.initialize(1)
    return network


def train(network, trainer_kind, optimizer):
    with trainer_kind(network, X, Y, None, ROWS, False, 1, 0, *optimizer) as trainer:
        trainer.run(2, 1)


@pytest.mark.parametrize(("network_kind", "trainer_kind"), KINDS)
@pytest.mark.parametrize("optimizer", [SGD, ADAM], ids=["sgd", "adam"])
def test_what_a_state_holds_in_its_padding_changes_nothing(network_kind, trainer_kind, optimizer):
    first = new_network(network_kind)
    train(first, trainer_kind, optimizer)
    name, steps, slots = first.optimizer_state()
    padded = [slot.copy() for slot in slots]
    for slot in padded:
        slot[slot == 0] = 100.0
        assert np.count_nonzero(slot == 100.0) == slot.size - (N_INPUTS + 1) * HIDDEN - (HIDDEN + 1) * N_OUTPUTS

    results = []
    for given in (slots, padded):
        network = new_network(network_kind)
        network.set_optimizer_state((name, steps, given))
        train(network, trainer_kind, optimizer)
        results.append((network.loss(X, Y, None, 1), network.weights(0).tobytes(), network.weights(1).tobytes()))
    assert results[0] == results[1]


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
    train(network, _core.Trainer32, ADAM)
    before = network.optimizer_state()
    with pytest.raises(ValueError, match=r"optimizer state|lacks slots|does not know"):
        network.set_optimizer_state(BROKEN[case](before))
    after = network.optimizer_state()
    assert after[:2] == before[:2]
    assert all(np.array_equal(a, b) for a, b in zip(after[2], before[2], strict=True))
