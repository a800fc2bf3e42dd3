"""Dropout: which values are dropped, what becomes of the others, and that evaluation drops nothing.

What could go wrong: masks that depend on threads, on the order of the batch or on nothing (they are computed here
again, number by number, from the generator's words), a backward pass that goes through a dropped unit or forgets the
factor 1 / (1 - rate) (steps are compared with the reference, which is given the same masks), a loss, gradient or
prediction that drops (compared with the network without Dropout), a rate that is lost in a file.
"""

import pickle

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import reference

ROWS, INPUTS, SEED = 23, 6, 9
RATES = (0.25, 0.5, 0.75)


def dropping_layers(rates=RATES):
    layers = []
    for rate, layer in zip(rates, [fm.Dense(70, "tanh"), fm.Dense(9, "relu"), fm.Dense(3, "softmax")], strict=True):
        layers += [layer] if rate is None else [fm.Dropout(rate), layer]
    return layers


def network(rates=RATES):
    return fm.Network(INPUTS, dropping_layers(rates), dtype="float64", seed=SEED)


def samples():
    random = np.random.default_rng(3)
    return random.uniform(-1, 1, (ROWS, INPUTS)), random.integers(0, 3, ROWS)


@pytest.mark.parametrize("batch_size", [ROWS, 10])
@pytest.mark.parametrize("threads", [1, 2])
def test_steps_are_those_of_the_reference_with_the_same_masks(batch_size, threads, drawn_mask, planner_off):
    net = network()
    X, y = samples()
    oracle = reference.Network(INPUTS, [fm.Dense(70, "tanh"), fm.Dense(9, "relu"), fm.Dense(3, "softmax")])
    parameters = net.get_parameters()
    for epoch in range(2):
        for first in range(0, ROWS, batch_size):
            rows = slice(first, min(first + batch_size, ROWS))
            oracle.set_parameters(parameters.tolist())
            masks = [
                [drawn_mask(SEED, layer, epoch, row, units, rate) for row in range(rows.start, rows.stop)]
                for layer, (units, rate) in enumerate(zip((INPUTS, 70, 9), RATES, strict=True))
            ]
            g = oracle.gradients(X[rows].tolist(), y[rows].tolist(), masks=masks)
            flat = [np.ravel(part) for W, b in zip(g.weights, g.biases, strict=True) for part in (W, b)]
            parameters = parameters - 0.1 * np.concatenate(flat)
    with fm.num_threads(threads):
        net.fit(X, y, epochs=2, batch_size=batch_size, optimizer=fm.SGD(0.1), shuffle=False)
    # rounding of about 100 operations in float64
    np.testing.assert_allclose(net.get_parameters(), parameters, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_target_and_number_of_threads_gives_the_same_bits(dtype, bits_everywhere):
    X, y = samples()
    X = 100 * X + 7
    layers = [fm.Standardize(), *dropping_layers()]
    assert len(bits_everywhere(lambda: fm.Network(INPUTS, layers, dtype=dtype, seed=SEED), X, y)) == 1


def test_only_training_drops():
    dropping, plain = network(), network((None, None, None))
    X, y = samples()
    plain.set_parameters(dropping.get_parameters())
    np.testing.assert_array_equal(dropping.forward(X), plain.forward(X))
    assert dropping.loss(X, y) == plain.loss(X, y)
    np.testing.assert_array_equal(dropping.gradients(X, y).inputs, plain.gradients(X, y).inputs)
    assert dropping.check_gradients(X, y).passed
    assert dropping.fit(X, y, epochs=1)["loss"] != plain.fit(X, y, epochs=1)["loss"]


def test_a_rate_of_zero_drops_nothing():
    nothing, plain = network((0.0, 0.0, 0.0)), network((None, None, None))
    X, y = samples()
    for net in (nothing, plain):
        net.fit(X, y, epochs=3)
    np.testing.assert_array_equal(nothing.get_parameters(), plain.get_parameters())


@pytest.mark.parametrize("rate", RATES)
def test_values_are_dropped_at_the_rate(rate, drawn_mask):
    def mask(layer, epoch, position):
        return drawn_mask(SEED, layer, epoch, position, 70, rate)

    dropped = sum(mask(1, 0, row).count(0.0) for row in range(1000))
    # five standard deviations of a binomial count; the seed is fixed
    assert abs(dropped - 70_000 * rate) < 5 * np.sqrt(70_000 * rate * (1 - rate))
    assert mask(1, 0, 0) != mask(1, 1, 0) != mask(2, 0, 0)


def test_a_model_keeps_its_rates(tmp_path):
    net = network((None, 0.5, 0.25))
    X, y = samples()
    net.fit(X, y, epochs=1)
    net.save(tmp_path / "model.safetensors")
    loaded, unpickled = fm.load(tmp_path / "model.safetensors"), pickle.loads(pickle.dumps(net))
    assert loaded.dropout == unpickled.dropout == (0.0, 0.5, 0.25)
    net.fit(X, y, epochs=1)
    unpickled.fit(X, y, epochs=1)
    np.testing.assert_array_equal(net.get_parameters(), unpickled.get_parameters())
    assert "Dropout(0.5), Dense(9, 'relu')" in repr(net)
    assert "dropout 0.25" in net.summary()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: fm.Dropout(1.0), "rate must be .* below 1"),
        (lambda: fm.Dropout(-0.1), "rate must be"),
        (
            lambda: fm.Network(2, [fm.Dense(2), fm.Dropout(0.5)]),
            r"layers\[1\] is Dropout, but the outputs need a Dense",
        ),
        (lambda: fm.Network(2, [fm.Dropout(0.5), fm.Dropout(0.5), fm.Dense(2)]), r"layers\[1\] is Dropout right after"),
        (lambda: fm.Network(2, [fm.Dropout(0.5)]), "layers has no Dense"),
    ],
)
def test_bad_arguments_give_their_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()
