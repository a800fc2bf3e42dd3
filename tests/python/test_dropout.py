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
from fastmlp._core import _testing

ROWS, INPUTS, SEED = 23, 6, 9
RATES = (0.25, 0.5, 0.75)
DROPOUT_STREAM, STREAM_BITS = 2, 8  # core/random.hpp and rows_pass.hpp


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


def mask(layer, epoch, position, units, rate):
    """Factors on the inputs of a layer for one sample, from the words of the generator."""
    blocks = -(-units // 4)
    numbers = _testing.random_numbers(
        fm.active_target(), SEED, DROPOUT_STREAM + (layer << STREAM_BITS), epoch, position * blocks, blocks
    )
    words = [word for number in numbers for word in (number & 0xFFFFFFFF, number >> 32)][:units]
    return [0.0 if word < rate * 2**32 else 1.0 / (1.0 - rate) for word in words]


def masks(epoch, first, rows):
    units = (INPUTS, 70, 9)
    return [
        [mask(layer, epoch, first + row, units[layer], rate) for row in range(rows)] for layer, rate in enumerate(RATES)
    ]


@pytest.mark.parametrize("batch_size", [ROWS, 10])
@pytest.mark.parametrize("threads", [1, 2])
def test_steps_are_those_of_the_reference_with_the_same_masks(batch_size, threads):
    net = network()
    X, y = samples()
    oracle = reference.Network(INPUTS, [fm.Dense(70, "tanh"), fm.Dense(9, "relu"), fm.Dense(3, "softmax")])
    parameters = net.get_parameters()
    for epoch in range(2):
        for first in range(0, ROWS, batch_size):
            rows = slice(first, min(first + batch_size, ROWS))
            oracle.set_parameters(parameters.tolist())
            g = oracle.gradients(X[rows].tolist(), y[rows].tolist(), masks=masks(epoch, first, rows.stop - rows.start))
            flat = [np.ravel(part) for W, b in zip(g.weights, g.biases, strict=True) for part in (W, b)]
            parameters = parameters - 0.1 * np.concatenate(flat)
    _testing.enable_planner(False)
    try:
        with fm.num_threads(threads):
            net.fit(X, y, epochs=2, batch_size=batch_size, optimizer=fm.SGD(0.1), shuffle=False)
    finally:
        _testing.enable_planner(True)
    # rounding of about 100 operations in float64
    np.testing.assert_allclose(net.get_parameters(), parameters, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_target_and_number_of_threads_gives_the_same_bits(dtype):
    X, y = samples()
    X = 100 * X + 7
    trained = set()
    _testing.enable_planner(False)
    active = fm.active_target()
    try:
        for target in fm.available_targets():
            _testing.choose_target(target)
            for threads in (1, 2, 4):
                net = fm.Network(INPUTS, [fm.Standardize(), *dropping_layers()], dtype=dtype, seed=SEED)
                with fm.num_threads(threads):
                    net.fit(X, y, epochs=3, batch_size=9)
                    trained.add(net.get_parameters().tobytes() + net.forward(X).tobytes())
    finally:
        _testing.choose_target(active)
        _testing.enable_planner(True)
    assert len(trained) == 1


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
def test_values_are_dropped_at_the_rate(rate):
    dropped = sum(mask(1, 0, row, 70, rate).count(0.0) for row in range(1000))
    # five standard deviations of a binomial count; the seed is fixed
    assert abs(dropped - 70_000 * rate) < 5 * np.sqrt(70_000 * rate * (1 - rate))
    assert mask(1, 0, 0, 70, rate) != mask(1, 1, 0, 70, rate) != mask(2, 0, 0, 70, rate)


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
