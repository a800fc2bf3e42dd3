"""A training that diverges: parameters and optimizer state are those of the start of its epoch, to the last bit.

What could go wrong: the old slots are kept in other memory than the new ones in an epoch's first step and in the same
in the others, and are copied where a layer is frozen, so each of these is a case, for every optimizer; and what is
frozen loses its state, because no step writes it.
"""

from __future__ import annotations

import numpy as np
import pytest

import bits
from bits import NETWORKS, sgd
from fastmlp._core import LayerSpec
from test_seam import COMPLETE

ROWS, INPUTS, OUTPUTS = 24, 5, 3
_random = np.random.default_rng(0)
X = _random.standard_normal((ROWS, INPUTS))
Y = _random.standard_normal((ROWS, OUTPUTS))
# without and with momentum, which is a slot
CASES = [*COMPLETE, ("sgd", dict(sgd(0.1, momentum=0.9)[1]))]


def state_of(network):
    parameters = [array.tobytes() for layer in range(2) for array in (network.weights(layer), network.bias(layer))]
    name, steps, slots = network.optimizer_state()
    return parameters, name, steps, [slot.tobytes() for slot in slots]


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("rate_factor", [1.0, 0.0], ids=["", "frozen"])
@pytest.mark.parametrize("steps", [1, 2, 5], ids=lambda steps: f"{steps} steps an epoch")
@pytest.mark.parametrize(("name", "settings"), CASES, ids=[f"{name}-{len(settings)}" for name, settings in CASES])
def test_parameters_and_state_are_those_of_the_epochs_start(kind, rate_factor, steps, name, settings):
    layers = [LayerSpec(units=7, activation="tanh", weight_rate_factor=rate_factor), LayerSpec(units=OUTPUTS)]
    network = bits.new_network(kind, INPUTS, layers, "mse", seed=1)
    batch_size = -(-ROWS // steps)
    with bits.new_trainer(network, X, Y, (name, settings), batch_size=batch_size, seed=1, shuffle=False) as trainer:
        assert not trainer.run(n_steps=3 * steps, threads=2).diverged
    # a frozen layer may have a state, of a time when it was not
    name, made, slots = network.optimizer_state()
    network.set_optimizer_state((name, made, [slot + 0.25 for slot in slots]))
    before = state_of(network)
    for last in range(steps):
        # finite targets whose loss is not, in the rows of one batch
        wrong = Y.copy()
        wrong[last * batch_size : (last + 1) * batch_size] = np.finfo(network.bias(0).dtype).max
        with bits.new_trainer(
            network, X, wrong, (name, settings), batch_size=batch_size, seed=1, shuffle=False
        ) as trainer:
            report = trainer.run(n_steps=steps, threads=2)
        assert report.diverged
        assert report.steps == last + 1
        assert state_of(network) == before


@pytest.mark.parametrize("steps", [1, 2], ids=lambda steps: f"{steps} steps an epoch")
def test_what_is_frozen_keeps_its_state(steps):
    layers = [LayerSpec(units=7, activation="tanh", weight_rate_factor=0.0), LayerSpec(units=OUTPUTS)]
    network = bits.new_network(NETWORKS[0], INPUTS, layers, "mse", seed=1)
    for epoch in range(3):
        with bits.new_trainer(network, X, Y, bits.adam(0.1), batch_size=ROWS // steps, seed=1) as trainer:
            trainer.run(n_steps=steps, threads=2)
        name, made, slots = network.optimizer_state()
        if epoch == 0:
            network.set_optimizer_state((name, made, [slot + 0.25 for slot in slots]))
            continue
        for slot in slots:
            first_weights = slot[: INPUTS * 16].reshape(INPUTS, 16)[:, :7]
            assert (first_weights == 0.25).all()
            assert not (slot == 0.25).all()
