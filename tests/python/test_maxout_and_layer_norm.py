"""Maxout units and layer normalization: values, every gradient and training steps, against the reference.

What could go wrong: pieces mixed up between units, a gradient that goes to a piece that was not the largest, the terms
of the normalization's derivative through mean and variance, a dropout mask that is applied to only one of the two ways
(the reference is given the same masks), few rows shared by columns (another order of the same work), bits that depend
on target or threads, a file that loses a layer.
"""

import pickle
from functools import partial

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import reference

ROWS, INPUTS = 26, 5
STACKS = {
    "maxout": [fm.Maxout(7, 3), fm.Dense(3, "softmax")],
    "two maxout": [fm.Maxout(17, 2, l2=0.1), fm.Maxout(4, 5), fm.Dense(3, "softmax")],
    "normalized": [fm.Dense(19, "tanh"), fm.LayerNorm(), fm.Dense(6, "relu"), fm.LayerNorm(), fm.Dense(3)],
    "normalized maxout": [fm.Maxout(9, 2), fm.LayerNorm(), fm.Dense(3, "softmax")],
    "wide": [fm.Maxout(70, 2), fm.LayerNorm(), fm.Dense(40, "tanh"), fm.LayerNorm(), fm.Dense(3, "softmax")],
}
DROPPING = [
    fm.Dropout(0.2), fm.Maxout(9, 2), fm.LayerNorm(), fm.Dropout(0.5), fm.Dense(8, "tanh"), fm.Dropout(0.25),
    fm.Maxout(6, 2), fm.Dropout(0.5), fm.Dense(3, "softmax"),
]  # fmt: skip


def samples():
    random = np.random.default_rng(4)
    return random.uniform(-1, 1, (ROWS, INPUTS)), random.integers(0, 3, ROWS)


def twins(layers):
    net, oracle = fm.Network(INPUTS, layers, dtype="float64", seed=6), reference.Network(INPUTS, layers)
    net.set_parameters(np.random.default_rng(1).uniform(-1, 1, net.n_parameters))
    oracle.set_parameters(net.get_parameters().tolist())
    return net, oracle


def assert_close(actual, expected):
    # float64, a few hundred operations, the normalization divides by deviations of about 0.1
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("layers", STACKS.values(), ids=STACKS)
def test_values_and_every_gradient_agree_with_the_reference(layers):
    net, oracle = twins(layers)
    X, y = samples()
    for mine, theirs in zip(net.activations(X)[-1:], oracle.activations(X.tolist())[-1:], strict=True):
        assert_close(mine, theirs)
    for rows in (slice(None), slice(0, 1)):
        assert_close(net.forward(X[rows]), oracle.forward(X[rows].tolist()))
    mine, theirs = net.gradients(X, y), oracle.gradients(X.tolist(), y.tolist())
    assert_close(mine.loss, theirs.loss)
    for layer in range(len(net.layers)):
        assert_close(mine.weights[layer], theirs.weights[layer])
        assert_close(mine.biases[layer], theirs.biases[layer])
    assert_close(mine.inputs, theirs.inputs)
    assert net.check_gradients(X, y).passed


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("batch_size", [8, ROWS])
@pytest.mark.parametrize("layers", [*STACKS.values(), DROPPING], ids=[*STACKS, "dropping"])
def test_training_steps_are_those_of_the_reference(layers, batch_size, threads, drawn_mask, planner_off):
    net, oracle = twins(layers)
    X, y = samples()
    parameters = net.get_parameters()
    for first in range(0, ROWS, batch_size):
        rows = slice(first, min(first + batch_size, ROWS))
        oracle.set_parameters(parameters.tolist())
        masks = [
            [drawn_mask(net.seed, index, 0, row, len(layer.weights), rate) for row in range(first, rows.stop)]
            for index, (layer, rate) in enumerate(zip(net.layers, net.dropout, strict=True))
        ]
        g = oracle.gradients(X[rows].tolist(), y[rows].tolist(), masks=masks)
        flat = [np.ravel(part) for W, b in zip(g.weights, g.biases, strict=True) for part in (W, b)]
        parameters = parameters - 0.1 * np.concatenate(flat)
    with fm.num_threads(threads):
        net.fit(X, y, epochs=1, batch_size=batch_size, optimizer=fm.SGD(0.1), shuffle=False)
    assert_close(net.get_parameters(), parameters)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_target_and_number_of_threads_gives_the_same_bits(dtype, bits_everywhere):
    X, y = samples()
    for layers in [*STACKS.values(), DROPPING]:
        make = partial(fm.Network, INPUTS, layers, dtype=dtype, seed=6)
        assert len(bits_everywhere(make, X, y)) == 1


def test_a_normalized_row_has_mean_zero_and_variance_one():
    net = fm.Network(INPUTS, [fm.Dense(33, "tanh"), fm.LayerNorm(), fm.Dense(2)], dtype="float64", seed=0)
    hidden = net.activations(samples()[0])[0]
    np.testing.assert_allclose(hidden.mean(axis=1), 0, atol=1e-14)
    np.testing.assert_allclose(hidden.var(axis=1), 1, atol=1e-3)  # less than 1 by epsilon / variance
    net.layers[0].weights[:] = 0
    assert (net.activations(samples()[0])[0] == 0).all()  # a row of equal values


def test_maxout_learns_xor():
    X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    net = fm.Network(2, [fm.Maxout(4, 2), fm.Dense(2, "softmax")], seed=0)
    net.fit(X, y, epochs=300, optimizer=fm.Adam(0.05))
    assert net.predict(X).tolist() == y


@pytest.mark.parametrize("layers", [*STACKS.values(), DROPPING], ids=[*STACKS, "dropping"])
def test_models_keep_their_layers(layers, tmp_path):
    net = fm.Network(INPUTS, layers, seed=6)
    X, y = samples()
    net.save(tmp_path / "model.safetensors")
    for other in (fm.load(tmp_path / "model.safetensors"), pickle.loads(pickle.dumps(net))):
        assert repr(other) == repr(net)
        np.testing.assert_array_equal(other.forward(X), net.forward(X))
        net.reset()
        net.fit(X, y, epochs=2)
        other.fit(X, y, epochs=2)
        np.testing.assert_array_equal(other.get_parameters(), net.get_parameters())
        net.reset()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: fm.Maxout(3, 1), "pieces must be an integer from 2"),
        (lambda: fm.Maxout(0, 2), "units must be an integer"),
        (lambda: fm.Network(2, [fm.Maxout(3, 2)]), r"layers\[0\] is Maxout, but the outputs need a Dense"),
        (lambda: fm.Network(2, [fm.LayerNorm(), fm.Dense(1)]), r"layers\[0\] is LayerNorm before the first Dense"),
        (lambda: fm.Network(2, [fm.Dense(2), fm.Dropout(0.5), fm.LayerNorm(), fm.Dense(1)]), "LayerNorm after Dropout"),
        (lambda: fm.Network(2, [fm.Dense(2), fm.LayerNorm()]), r"layers\[1\] is LayerNorm, but the outputs need"),
    ],
)
def test_bad_arguments_give_their_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()
