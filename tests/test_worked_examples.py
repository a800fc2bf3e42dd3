"""Worked examples of the field, computed by the installed library: what a student checks with pencil and paper first.

What could go wrong: weights taken transposed, a bias at the wrong place, softmax over the wrong axis, a network that
does not learn. Expected numbers are printed with two decimals in textbooks, so they are compared to half a unit of the
second decimal.
"""

import numpy as np
import pytest

import fastmlp as fm

TWO_DECIMALS = 0.005


def network_by_hand(n_inputs, *layers, dtype="float64"):
    """Build a network from (W, b, activation) with W as in textbooks, (units, inputs): z = W x + b."""
    net = fm.Network(n_inputs, [fm.Dense(len(b), activation) for _, b, activation in layers], dtype=dtype, seed=0)
    for layer, (weights, bias, _) in zip(net.layers, layers, strict=True):
        layer.weights[:] = np.array(weights).T
        layer.bias[:] = bias
    return net


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_layer_of_two_sigmoid_units(dtype):
    net = network_by_hand(2, ([[1, -2], [-1, 1]], [1, 0], "sigmoid"), dtype=dtype)
    np.testing.assert_allclose(net.forward(np.array([[1.0, -1.0]])), [[0.98, 0.12]], atol=TWO_DECIMALS)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_network_of_three_sigmoid_layers(dtype):
    net = network_by_hand(
        2,
        ([[1, -2], [-1, 1]], [1, 0], "sigmoid"),
        ([[2, -1], [-2, -1]], [0, 0], "sigmoid"),
        ([[3, -1], [-1, 4]], [-2, 2], "sigmoid"),
        dtype=dtype,
    )
    outputs = net.activations(np.array([[1.0, -1.0]]))
    np.testing.assert_allclose(outputs[0], [[0.98, 0.12]], atol=TWO_DECIMALS)
    np.testing.assert_allclose(outputs[1], [[0.86, 0.11]], atol=TWO_DECIMALS)
    np.testing.assert_allclose(outputs[2], [[0.62, 0.83]], atol=TWO_DECIMALS)


def test_softmax_turns_scores_into_probabilities():
    net = network_by_hand(4, (np.eye(4), [0, 0, 0, 0], "softmax"))
    p = net.forward(np.array([[5.1, 3.2, -1.7, -2.0]]))
    np.testing.assert_allclose(p, [[0.87, 0.13, 0.00, 0.00]], atol=TWO_DECIMALS)
    # Sums to one within one rounding per term and one for the division.
    assert p.sum() == pytest.approx(1.0, abs=6 * np.finfo(np.float64).eps)


def test_backpropagation_through_a_sigmoid_neuron():
    # df/dz of the output itself: with loss (a - y)^2 / 2 and y = a - 1, dL/da is 1.
    net = network_by_hand(2, ([[2, -3]], [-3], "sigmoid"))
    x = np.array([[-1.0, -2.0]])
    a = net.forward(x)
    assert a[0, 0] == pytest.approx(0.73, abs=TWO_DECIMALS)
    probe = fm.Network(2, [fm.Dense(1, "sigmoid")], loss="half_squared_error", dtype="float64", seed=0)
    probe.set_parameters(net.get_parameters())
    gradients = probe.gradients(x, a - 1)
    np.testing.assert_allclose(gradients.inputs, [[0.39, -0.59]], atol=TWO_DECIMALS)
    np.testing.assert_allclose(gradients.weights[0].ravel(), [-0.20, -0.39], atol=TWO_DECIMALS)
    np.testing.assert_allclose(gradients.biases[0], [0.20], atol=TWO_DECIMALS)


def test_a_network_of_3_4_2_has_26_parameters():
    net = fm.Network(3, [fm.Dense(4, "sigmoid"), fm.Dense(2, "sigmoid")], seed=0)
    assert net.n_parameters == 26
    assert net.get_parameters().shape == (26,)


def test_the_delta_rule_moves_a_linear_unit_by_learning_rate_times_error_times_input():
    net = fm.Network(2, [fm.Dense(1)], loss="half_squared_error", dtype="float64", seed=0)
    net.set_parameters([0.5, -0.25, 0.125])
    net.fit(np.array([[2.0, 4.0]]), np.array([1.0]), epochs=1, batch_size=1, optimizer=fm.SGD(0.1))
    error = 1.0 - (0.5 * 2.0 - 0.25 * 4.0 + 0.125)
    # A few roundings of numbers below 1.
    np.testing.assert_allclose(
        net.get_parameters(), [0.5 + 0.1 * error * 2, -0.25 + 0.1 * error * 4, 0.125 + 0.1 * error], rtol=0, atol=1e-15
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_xor_is_learned_by_2_4_1_from_at_least_19_of_20_seeds(dtype):
    X, y = fm.datasets.xor()
    learned = 0
    for seed in range(20):
        net = fm.Network(2, [fm.Dense(4, "tanh"), fm.Dense(1, "sigmoid")], seed=seed, dtype=dtype)
        net.fit(X, y, epochs=1000, batch_size=None, optimizer=fm.Adam(0.05))
        learned += bool(np.array_equal(net.predict(X), y))
    assert learned >= 19


def test_the_eight_by_eight_digits_are_learned():
    X, y = fm.datasets.load_digits()
    order = np.random.default_rng(0).permutation(len(X))
    train, test = order[:1400], order[1400:]
    net = fm.Network(64, [fm.Dense(64, "relu"), fm.Dense(10, "softmax")], seed=0)
    history = net.fit(X[train] / 16, y[train], epochs=30, batch_size=32, optimizer=fm.Adam(3e-3))
    assert history["loss"][-1] < 0.05
    # 397 test images: about 97 % for networks of this kind; below 95 % something is wrong.
    assert np.mean(net.predict(X[test] / 16) == y[test]) > 0.95
