"""Networks of gates that learn.

What could go wrong: training takes the wrong rows, in the wrong order or with another row's weight, or drops the short
last batch (steps by hand); the memory of an optimizer is lost between two calls, or outlives its kind (going on);
everything is right and nothing is learned (XOR).
"""

from __future__ import annotations

import pytest

from fastmlp.layers import Dense
from fastmlp.optimizers import SGD, Adam
from fastmlp.reference import Network

XOR = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0]


def test_xor_is_learned_from_19_of_20_starts():
    learned = 0
    for seed in range(20):
        network = Network(2, [Dense(4, "tanh"), Dense(1, "sigmoid")])
        network.initialize(seed)
        network.fit(*XOR, epochs=100, optimizer=Adam(0.1))
        learned += [round(a) for (a,) in network.forward(XOR[0])] == XOR[1]
    assert learned >= 19  # XOR has a local minimum with loss log(2) / 2, where two rows stay at one half


def test_an_epoch_takes_the_rows_in_order_and_the_short_last_batch_too():
    X, y = [[1.0], [2.0], [3.0], [4.0], [5.0]], [1.0, 0.0, 2.0, -1.0, 0.5]
    by_fit, by_hand = Network(1, [Dense(1)]), Network(1, [Dense(1)])
    losses = by_fit.fit(X, y, epochs=2, batch_size=2, optimizer=SGD(0.01), order=[4, 2, 0, 1, 3])
    expected = []
    for rows in [(4, 2), (0, 1), (3,)] * 2:
        gradients = by_hand.gradients([X[n] for n in rows], [y[n] for n in rows])
        by_hand.weights[0][0][0] -= 0.01 * gradients.weights[0][0][0]
        by_hand.biases[0][0] -= 0.01 * gradients.biases[0][0]
        expected.append(gradients.loss)
    assert losses == expected
    assert by_fit.get_parameters() == by_hand.get_parameters()


def test_sample_weights_follow_their_rows_into_the_batches():
    X, y = [[1.0], [2.0], [3.0]], [1.0, 0.0, 2.0]
    weighted, repeated = Network(1, [Dense(1)]), Network(1, [Dense(1)])
    weighted.fit(X, y, batch_size=2, sample_weight=[1.0, 1.0, 2.0], order=[2, 0, 1])
    repeated.fit([X[2], X[2], X[0]], [y[2], y[2], y[0]])
    repeated.fit([X[1]], [y[1]])
    assert weighted.get_parameters() == pytest.approx(repeated.get_parameters(), rel=1e-14)


@pytest.mark.parametrize("optimizer", [SGD(0.1, momentum=0.9), Adam(0.1)])
def test_fit_goes_on_from_where_it_was(optimizer):
    once, twice = (Network(2, [Dense(2, "tanh"), Dense(1, "sigmoid")]) for _ in range(2))
    for network in (once, twice):
        network.initialize(seed=5)
    once.fit(*XOR, epochs=4, optimizer=optimizer)
    twice.fit(*XOR, epochs=2, optimizer=optimizer)
    twice.fit(*XOR, epochs=2, optimizer=optimizer)
    assert twice.get_parameters() == once.get_parameters()


def test_new_settings_of_an_optimizer_keep_its_memory():
    network = Network(1, [Dense(1)])  # output 0 against target 1, so the slopes are -2 as long as nothing moves far
    network.fit([[1.0]], [1.0], optimizer=SGD(1e-9, momentum=0.5))
    network.fit([[1.0]], [1.0], optimizer=SGD(1.0, momentum=0.5))
    assert network.biases[0][0] == pytest.approx(1.0 * (2.0 + 0.5 * 2.0), rel=1e-8)


def test_another_optimizer_or_another_start_begins_without_memory():
    fresh, used = Network(1, [Dense(1)]), Network(1, [Dense(1)])
    for forget in (lambda: used.fit([[1.0]], [1.0], optimizer="sgd"), lambda: used.initialize(seed=0)):
        used.fit([[1.0]], [1.0], optimizer="adam", epochs=3)
        forget()
        fresh.initialize(seed=0)
        used.set_parameters(fresh.get_parameters())
        used.fit([[1.0]], [1.0], optimizer="adam")
        fresh.fit([[1.0]], [1.0], optimizer="adam")
        assert used.get_parameters() == fresh.get_parameters()
