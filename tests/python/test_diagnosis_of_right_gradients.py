"""Right gradients are left in peace, however little of them roundoff leaves.

What could go wrong: terms cancel (at a minimum, in balanced classes, for targets that are the outputs), and the rest is
taken for a mistake; a network or a program in float32 is compared as if it were exact; a pre-activation at a kink has
another derivative by another convention, just as right; and what allows for all that hides mistakes.
"""

from __future__ import annotations

import numpy as np
import pytest

import fastmlp as fm


def diagnosed(net, X, y, weights, biases):
    return fm.diagnose_gradients(net, X, y, weights=weights, biases=biases)


def of_lines(net, X, y):
    """Return the gradients of a single layer with mse, as they are written by hand."""
    error = X @ net.layers[0].weights + net.layers[0].bias - y
    return [2 * X.T @ error / error.size], [2 * error.sum(axis=0) / error.size]


def test_an_exact_fit_leaves_nothing_but_roundoff():
    random = np.random.default_rng(0)
    net = fm.Network(2, [fm.Dense(3, "tanh"), fm.Dense(1)], loss="mse", seed=0, dtype="float64")
    X = random.normal(size=(20, 2))
    y = np.tanh(X @ net.layers[0].weights) @ net.layers[1].weights
    ours = net.gradients(X, y)
    zeros = [0 * dW for dW in ours.weights], [0 * db for db in ours.biases]
    assert diagnosed(net, X, y, *zeros).is_right
    # but a gradient of zero is no right one where there is something to learn
    assert diagnosed(net, X, y + 1e-6, *zeros).kinds == ("samples left out",)


@pytest.mark.parametrize("size", [1e-8, 1.0, 1e8])
def test_the_minimum_of_least_squares_leaves_nothing_but_roundoff(size):
    random = np.random.default_rng(1)
    X, y = size * random.normal(size=(40, 3)), random.normal(size=(40, 1))
    net = fm.Network(3, [fm.Dense(1)], loss="mse", seed=0, dtype="float64")
    found = np.linalg.lstsq(np.c_[X, np.ones(40)], y, rcond=None)[0]
    net.layers[0].weights[:], net.layers[0].bias[:] = found[:3], found[3]
    weights, biases = of_lines(net, X, y)
    assert diagnosed(net, X, y, weights, biases).is_right
    assert diagnosed(net, X, y, [weights[0] + size * 1e-9], biases).wrong == ("layer 1 weights",)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_relu_may_have_the_slope_1_at_0_in_every_layer(depth):
    # rows of zeros, in a fresh network whose biases are 0, are at the kinks of all layers
    random = np.random.default_rng(depth)
    net = fm.Network(3, [*[fm.Dense(6, "relu")] * depth, fm.Dense(1)], loss="mse", seed=depth, dtype="float64")
    X, y = random.normal(size=(10, 3)), random.normal(size=(10, 1))
    X[::3] = 0
    activations, into = [X], []
    for layer in net.layers:
        into.append(activations[-1] @ layer.weights + layer.bias)
        activations.append(np.maximum(into[-1], 0) if len(into) <= depth else into[-1])
    delta, weights, biases = 2 * (activations[-1] - y) / y.size, [], []
    for i in reversed(range(depth + 1)):
        weights.insert(0, activations[i].T @ delta)
        biases.insert(0, delta.sum(axis=0))
        if i > 0:
            delta = (delta @ net.layers[i].weights.T) * (into[i - 1] >= 0)
    assert diagnosed(net, X, y, weights, biases).is_right
    assert not diagnosed(net, X, y, [3 * weights[0], *weights[1:]], biases).is_right


@pytest.mark.parametrize("shift", [-40.0, -80.0, 0.0, 40.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_sigmoid_written_with_tanh_is_right_where_it_is_saturated(dtype, shift):
    random = np.random.default_rng(0)
    net = fm.Network(3, [fm.Dense(5, "sigmoid"), fm.Dense(2)], loss="mse", seed=0, dtype=np.dtype(dtype).name)
    net.layers[0].bias[:] = shift
    X, y = random.normal(size=(30, 3)).astype(dtype), random.normal(size=(30, 2)).astype(dtype)
    (W1, W2), (b1, b2) = ([getattr(layer, name) for layer in net.layers] for name in ("weights", "bias"))
    a = dtype(0.5) * (1 + np.tanh((X @ W1 + b1) / 2))
    delta = 2 * (a @ W2 + b2 - y) / y.size
    below = (delta @ W2.T) * a * (1 - a)
    weights, biases = [X.T @ below, a.T @ delta], [below.sum(axis=0), delta.sum(axis=0)]
    assert diagnosed(net, X, y, weights, biases).is_right
    assert diagnosed(net, X, y, [weights[0], weights[1] + 1e-2], biases).wrong == ("layer 2 weights",)


@pytest.mark.parametrize("as_given", [np.asarray, lambda one: one.astype(np.float64), lambda one: one.tolist()])
def test_balanced_classes_at_weights_of_zero(as_given):
    net = fm.Network(2, [fm.Dense(3, "softmax")], seed=0)
    net.layers[0].weights[:] = 0
    X, y = np.random.default_rng(2).normal(size=(30, 2)), np.arange(30) % 3
    ours = net.gradients(X, y)
    weights, biases = [as_given(dW) for dW in ours.weights], [as_given(db) for db in ours.biases]
    assert diagnosed(net, X, y, weights, biases).is_right
    assert diagnosed(net, X, y, [-ours.weights[0]], biases).kinds[0] == "sign"


@pytest.mark.parametrize("epochs", [0, 30, 300])
def test_a_trained_network_of_float32_has_its_own_gradients(epochs):
    random = np.random.default_rng(3)
    X, y = random.normal(size=(200, 5)), random.integers(0, 3, 200)
    for layers in ([fm.Dense(3, "softmax")], [fm.Dense(8, "tanh"), fm.Dense(3, "softmax")]):
        net = fm.Network(5, layers, seed=1)
        if epochs:
            net.fit(X, y, optimizer=fm.LBFGS(), epochs=epochs, batch_size=None)
        ours = net.gradients(X, y)
        assert diagnosed(net, X, y, ours.weights, ours.biases).is_right
        three = [3 * np.asarray(dW, np.float64) for dW in ours.weights], [3.0 * db for db in ours.biases]
        assert not diagnosed(net, X, y, *three).is_right


def test_both_derivatives_at_a_kink_are_right():
    net = fm.Network(2, [fm.Dense(4, "relu"), fm.Dense(1)], loss="mse", seed=0, dtype="float64")
    X, y = np.array([[0.0, 0.0], [1.0, -2.0], [0.5, 0.5]]), np.array([[1.0], [2.0], [0.5]])
    Z = X @ net.layers[0].weights
    assert (Z[0] == 0).all()
    for at_zero in (0.0, 0.5, 1.0):
        mask = np.where(Z > 0, 1.0, np.where(Z == 0, at_zero, 0.0))
        hidden = np.maximum(Z, 0)
        delta = 2 * (hidden @ net.layers[1].weights - y) / 3
        below = delta @ net.layers[1].weights.T * mask
        weights, biases = [X.T @ below, hidden.T @ delta], [below.sum(axis=0), delta.sum(axis=0)]
        assert diagnosed(net, X, y, weights, biases).is_right
        # what is allowed is what this one sample may change, and no more
        weights[0][1] *= 1.001
        assert not diagnosed(net, X, y, weights, biases).is_right


def test_saturated_units_in_single_precision():
    net = fm.Network(1, [fm.Dense(2, "sigmoid")], loss="half_squared_error", seed=0)
    X, y = np.array([[30.0], [40.0], [-35.0]]), np.array([[0.5, 0.2], [0.1, 0.4], [0.9, 0.9]])
    net.layers[0].weights[:] = [[1.0, -0.9]]
    z = (X @ net.layers[0].weights).astype(np.float32)
    a = 1 / (1 + np.exp(-z))
    delta = (a - y.astype(np.float32)) * a * (1 - a) / 3
    weights, biases = [X.astype(np.float32).T @ delta], [delta.sum(axis=0)]
    assert (delta == 0).any()
    assert diagnosed(net, X, y, weights, biases).is_right


@pytest.mark.parametrize("loss", ["mae", "huber", "mse"])
def test_targets_that_are_the_outputs_in_single_precision(loss):
    net = fm.Network(3, [fm.Dense(4, "tanh"), fm.Dense(2)], loss=loss, seed=5)
    X = np.random.default_rng(5).normal(size=(25, 3))
    y = net.predict(X)
    ours = net.gradients(X, y)
    assert diagnosed(net, X, y, ours.weights, ours.biases).is_right


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_penalties_of_scaled_targets_are_in_their_units(dtype):
    random = np.random.default_rng(6)
    X, y = random.normal(size=(30, 3)), 5 * random.normal(size=(30, 2)) + 3
    layers = [fm.Dense(4, "tanh", l1=0.01), fm.Dense(2, l2=0.1)]
    net = fm.Network(3, layers, loss="mse", scale_targets=True, seed=0, dtype=dtype)
    net.fit(X, y, epochs=3)
    ours = net.gradients(X, y)
    assert diagnosed(net, X, y, ours.weights, ours.biases).is_right


def test_a_step_of_a_unit_near_its_jump_is_not_held_against_single_precision():
    # in float32 the first unit's z is 0, in float64 it is not
    net = fm.Network(2, [fm.Dense(2, "sign"), fm.Dense(1)], loss="mse", seed=0)
    net.layers[0].weights[:] = [[1.0, 0.5], [1.0, -2.0]]
    net.layers[0].bias[:] = [-0.3, 0.25]
    X, y = np.float32([[0.1, 0.2], [1.0, 2.0], [-1.0, 0.5]]), [1.0, 2.0, 3.0]
    ours = net.gradients(X, y)
    assert diagnosed(net, X, y, ours.weights, ours.biases).is_right


@pytest.mark.parametrize("bias", range(6, 15))
@pytest.mark.parametrize("y", [[0], [[1, 0]], [[0.0, 1.0]]], ids=["label", "one-hot", "the other"])
def test_an_output_that_is_nearly_certain_is_right_in_float32(bias, y):
    net = fm.Network(1, [fm.Dense(2, "softmax")], seed=0)
    net.layers[0].weights[:] = 0
    net.layers[0].bias[:] = [bias, 0]
    found = net.gradients([[1.0]], y)
    assert fm.diagnose_gradients(net, [[1.0]], y, weights=found.weights, biases=found.biases).is_right
