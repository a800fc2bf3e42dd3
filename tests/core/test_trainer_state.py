"""Where a trainer stands: what could go wrong, and which test sees it.

A trainer that goes on from the state of another makes other steps (every number of steps, with rows by their places,
with weights of rows), or one of another network is taken, which would read out of bounds.
"""

import numpy as np
import pytest

from fastmlp import _core

RNG = np.random.default_rng(4)
X = RNG.normal(size=(11, 3)).astype(np.float32)
LABELS = RNG.integers(0, 2, 11).astype(np.int32)
PLACES = RNG.integers(0, 11, 10)


def network(units=5):
    layers = [
        _core.LayerSpec(units=units, activation="tanh"),
        _core.LayerSpec(units=2, activation="softmax", dropout=0.2),
    ]
    net = _core.Network32(n_inputs=3, layers=layers, loss="softmax_cross_entropy")
    net.initialize(seed=1)
    return net


def trainer(net, places=None, optimizer="adam", first_epoch=0):
    settings = {"learning_rate": 0.1, "beta1": 0.9, "beta2": 0.99, "epsilon": 1e-8, "momentum": 0.0, "nesterov": 0.0}
    rows = slice(None) if places is None else places
    return _core.Trainer32(
        network=net,
        X=X if places is None else (X, places),
        targets=LABELS[rows],
        sample_weight=None if places is None else np.arange(10.0),
        batch_size=4,
        shuffle=True,
        seed=9,
        first_epoch=first_epoch,
        optimizer=optimizer,
        hyperparameters=settings,
    )


def bits(net):
    return [net.weights(layer).tobytes() + net.bias(layer).tobytes() for layer in range(2)]


def told(report):
    return [epoch.loss for epoch in report.epochs]


@pytest.mark.parametrize("places", [None, PLACES], ids=["an array", "rows by their places"])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("made", range(1, 8))
def test_another_trainer_goes_on_to_the_same_bits(made, optimizer, places):
    whole, first, second = network(), network(), network()
    # three steps an epoch
    with trainer(whole, places, optimizer) as undisturbed:
        undisturbed.run(n_steps=made, threads=1)
        expected = undisturbed.run(n_steps=9 - made, threads=1)
    with trainer(first, places, optimizer) as ended:
        ended.run(n_steps=made, threads=1)
        place, slots, start = ended.state()
    assert place[:3] == (made, made, made % 3 * 4)
    assert len(slots) == 2 * (optimizer == "adam")
    assert len(start) == (len(slots) + 1 if made % 3 else 0)
    for layer in range(2):
        second.weights(layer)[...] = first.weights(layer)
        second.bias(layer)[...] = first.bias(layer)
    with trainer(second, places, optimizer, first_epoch=made // 3) as resumed:
        resumed.resume(place=place, slots=slots, start=start)
        assert told(resumed.run(n_steps=9 - made, threads=2)) == told(expected)
    assert bits(second) == bits(whole)
    state, other = second.optimizer_state(), whole.optimizer_state()
    assert state[:2] == other[:2]
    assert [slot.tobytes() for slot in state[2]] == [slot.tobytes() for slot in other[2]]


def test_what_is_no_state_of_such_a_training_is_refused():
    net = network()
    with trainer(net) as ended:
        ended.run(n_steps=4, threads=1)
        place, slots, start = ended.state()
        with pytest.raises(ValueError, match="no place of such a training"):
            ended.resume(place=place, slots=slots, start=start)
    steps, made, position, *sums = place
    for wrong in (
        (steps, 0, position),
        (1, made, position),
        (steps, made, 3),
        (steps, made, 12),
        (2**62, made, position),
    ):
        with pytest.raises(ValueError, match="no place of such a training"):
            trainer(net).resume(place=(*wrong, *sums), slots=slots, start=start)
    with pytest.raises(ValueError, match="no place of such a training"):
        trainer(net).resume(place=(steps, made, position, np.nan, 1.0, 1.0), slots=slots, start=start)
    for arrays in (
        {"slots": slots[:1], "start": start},
        {"slots": slots, "start": start[:2]},
        {"slots": slots, "start": []},
    ):
        with pytest.raises(ValueError, match="lacks arrays"):
            trainer(net).resume(place=place, **arrays)
    with pytest.raises(ValueError, match="belongs to another network"):
        trainer(network(units=6)).resume(place=place, slots=slots, start=start)
