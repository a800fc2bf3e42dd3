"""Gradients and steps from derivatives that the caller has, and every other derivative that a network gives.

What could go wrong: a division by the number of samples, a penalty that is missing or counted twice, a softmax whose
Jacobian is not applied, a step that differs from fit's by a bit, dropout of another draw on the way back than forward,
a function that is called twice or whose error leaves a half-made step behind, a target scaling that enters on one side
only, frozen layers that move or count where gradients are clipped together.

Tolerances: float64 against the reference 1e-10 of the array's norm, as in test_core_against_reference.py.
"""

import pickle
import threading

import numpy as np
import pytest
from random_networks import random_network

import fastmlp as fm
from fastmlp import reference

TOLERANCE = 1e-10
OPTIMIZERS = [
    fm.SGD(0.1),
    fm.SGD(0.1, momentum=0.9, clip_norm=0.05),
    fm.Adam(0.01),
    fm.AdamW(0.01, clip_value=0.02, clip_norm=0.05),
    fm.RMSProp(0.01, clip_value=0.01),
]


def close(found, expected, tolerance=TOLERANCE):
    expected = np.asarray(expected, np.float64)
    assert np.linalg.norm(np.asarray(found, np.float64) - expected) <= tolerance * (1.0 + np.linalg.norm(expected))


@pytest.mark.parametrize("number", range(20))
@pytest.mark.parametrize("at", ["outputs", "pre_activations"])
def test_backward_agrees_with_the_reference(number, at):
    random = np.random.default_rng(number)
    net, layers, penalties = random_network(random)
    oracle = reference.Network(net.n_inputs, layers, **penalties)
    oracle.set_parameters([float(p) for p in net.get_parameters()])
    X = random.normal(size=(5, net.n_inputs))
    d = random.normal(size=(5, net.n_outputs))
    found = net.backward(X, d, at=at)
    expected = oracle.backward(X.tolist(), d.tolist(), at)
    for parts, wanted in [(found.weights, expected.weights), (found.biases, expected.biases)]:
        for part, right in zip(parts, wanted, strict=True):
            close(part, right)
    close(found.inputs, expected.inputs)
    for k, row in enumerate(np.eye(net.n_outputs)):
        one = oracle.backward(X.tolist(), [row.tolist()] * 5)
        close(net.jacobian(X)[:, k], one.inputs)
    assert np.isnan(found.loss)


@pytest.mark.parametrize("number", range(20))
def test_derivatives_agree_with_each_other(number):
    random = np.random.default_rng(100 + number)
    net, _, penalties = random_network(random)
    X = random.normal(size=(7, net.n_inputs))
    y = random.uniform(0.1, 1.0, (7, net.n_outputs))
    y /= y.sum(axis=1, keepdims=True)
    found = net.gradients(X, y)
    *_, z = net.pre_activations(X)
    again = net.backward(X, found.deltas[-1], at="pre_activations")
    np.testing.assert_array_equal(again.ravel(), found.ravel())
    close(net.backward(X, found.outputs).ravel(), found.ravel(), 1e-9)
    assert z.shape == (7, net.n_outputs)
    V = random.normal(size=(7, net.n_outputs))
    J = net.jacobian(X)
    close(net.vjp(X, V), np.einsum("rk,rki->ri", V, J))
    np.testing.assert_array_equal(net.input_gradient(X, output=1), J[:, 1])
    np.testing.assert_array_equal(net.vjp(X, V), net.backward(X, V).inputs)
    if not penalties:
        close(net.per_sample_gradients(X, y).mean(axis=0), found.ravel())
        one = net.gradients(X[2:3], y[2:3]).ravel()
        np.testing.assert_array_equal(net.per_sample_gradients(X, y)[2], one)


def test_deltas_are_by_what_each_activation_is_applied_to():
    net = fm.Network(4, [fm.Dense(5, "tanh"), fm.Maxout(3, pieces=2), fm.Dense(2, "softmax")], dtype="float64", seed=1)
    random = np.random.default_rng(0)
    X, y = random.normal(size=(6, 4)), random.integers(0, 2, 6)
    found = net.gradients(X, y)
    inputs = [X, *net.activations(X)[:-1]]
    assert [dz.shape for dz in found.deltas] == [(6, 5), (6, 6), (6, 2)]
    for x, dz, dW, db in zip(inputs, found.deltas, found.weights, found.biases, strict=True):
        close(dW, x.T @ dz)
        close(db, dz.sum(axis=0))
    z = net.pre_activations(X)
    assert [part.shape for part in z] == [(6, 5), (6, 6), (6, 2)]
    np.testing.assert_allclose(np.tanh(z[0]), net.activations(X)[0], rtol=1e-14)
    np.testing.assert_array_equal(np.maximum(z[1][:, :3], z[1][:, 3:]), net.activations(X)[1])


@pytest.mark.parametrize(
    ("last", "loss"),
    [
        ("softmax", fm.losses.CrossEntropy(label_smoothing=0.1)),
        ("sigmoid", fm.losses.CrossEntropy(label_smoothing=0.1)),
        ("sigmoid", "mse"),
        ("softmax", "half_squared_error"),
        ("tanh", "mae"),
        ("tanh", fm.losses.Huber(0.3)),
        ("identity", "poisson"),
        ("sigmoid", fm.losses.Quantile(0.8)),
        ("tanh", "hinge"),
        ("identity", "perceptron"),
    ],
)
def test_derivatives_by_the_outputs_lead_to_the_same_gradients(last, loss):
    random = np.random.default_rng(3)
    net = fm.Network(3, [fm.Dense(6, "tanh"), fm.Dense(3, last)], loss=loss, dtype="float64", seed=2)
    X = random.normal(size=(9, 3))
    y = random.integers(0, 3, 9) if net.is_classifier else random.uniform(0.1, 1.0, (9, 3))
    weight = random.uniform(0.5, 2.0, 9)
    found = net.gradients(X, y, weight)
    close(net.backward(X, found.outputs).ravel(), found.ravel())
    assert pickle.loads(pickle.dumps(found)).outputs.shape == (9, 3)


def test_derivatives_by_a_probability_of_0_are_a_sentence_and_deltas_are_finite():
    net = fm.Network(1, [fm.Dense(2, "softmax")])
    net.set_parameters([0.0, 1000.0, 0.0, 0.0])
    found = net.gradients([[1.0]], [0])
    np.testing.assert_array_equal(found.deltas[0], [[-1.0, 1.0]])
    with pytest.raises(FloatingPointError, match="infinite in row 0, column 0, where a probability is 0"):
        found.outputs  # noqa: B018
    with pytest.raises(ValueError, match="given by the pre-activations"):
        net.backward([[1.0]], [[1.0, 0.0]], at="pre_activations").outputs  # noqa: B018


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
@pytest.mark.parametrize("last", ["softmax", "identity", "sigmoid"])
def test_a_step_has_the_bits_of_fit_and_of_apply_gradients(optimizer, last):
    random = np.random.default_rng(0)
    layers = [fm.Dense(17, "relu"), fm.Dense(9, "tanh", weight_rate_factor=0.5), fm.Dense(3, last)]
    nets = [fm.Network(6, layers, seed=5, l2=0.01, loss="mse" if last == "identity" else None) for _ in range(4)]
    by_fit, by_deltas, by_gradients, by_function = nets
    for _ in range(4):
        X = random.normal(size=(23, 6)).astype(np.float32)
        y = random.normal(size=(23, 3)) if last == "identity" else random.integers(0, 3, 23)
        found = by_deltas.gradients(X, y)
        outputs = by_deltas.forward(X)
        by_fit.partial_fit(X, y, optimizer=optimizer)
        stepped = by_deltas.step(X, found.deltas[-1], at="pre_activations", optimizer=optimizer)
        np.testing.assert_array_equal(stepped, outputs)
        np.testing.assert_array_equal(by_deltas.get_parameters(), by_fit.get_parameters())
        at_z = by_gradients.backward(X, by_gradients.gradients(X, y).deltas[-1], at="pre_activations")
        by_gradients.apply_gradients(at_z, optimizer=optimizer)
        np.testing.assert_array_equal(by_gradients.get_parameters(), by_fit.get_parameters())
        if last == "identity":
            by_function.step(X, by_function.gradients(X, y).outputs, optimizer=optimizer)
            np.testing.assert_array_equal(by_function.get_parameters(), by_fit.get_parameters())
    for part in range(3):
        # the state of the optimizer, too
        states = [net._model.core.optimizer_state() for net in nets[:3]]
        assert states[part][1] == 4
        for slot, expected in zip(states[part][2], states[0][2], strict=True):
            np.testing.assert_array_equal(slot, expected)


def test_frozen_layers_stay_and_do_not_count_in_the_norm():
    frozen = {"weight_rate_factor": 0.0, "bias_rate_factor": 0.0}
    layers = [fm.Dense(8, "tanh", **frozen), fm.Dense(2)]
    stepped, applied = (fm.Network(3, layers, seed=0) for _ in range(2))
    X = np.random.default_rng(0).normal(size=(5, 3))
    optimizer = fm.SGD(0.1, clip_norm=0.5)
    d = np.full((5, 2), 3.0)
    before = applied.layers[0].weights.copy()
    stepped.step(X, d, optimizer=optimizer)
    applied.apply_gradients(applied.backward(X, d), optimizer=optimizer)
    np.testing.assert_array_equal(applied.get_parameters(), stepped.get_parameters())
    np.testing.assert_array_equal(applied.layers[0].weights, before)


def test_a_tiny_gradient_beside_a_large_output_keeps_its_digits():
    net = fm.Network(1, [fm.Dense(1)])
    net.set_parameters([1.0, 1e4])
    net.step([[1.0]], [[1e-3]], optimizer=fm.SGD(1.0))
    # dW = 1e-3 exactly in float32, taken from 1
    assert abs((1.0 - net.layers[0].weights[0, 0]) - np.float32(1e-3)) <= 2.0**-24
    gradient = net.backward([[1.0]], [[1.234567e-5]]).weights[0][0, 0]
    assert abs(gradient / 1.234567e-5 - 1.0) <= 2.0**-24


def test_dropout_of_one_seed_is_the_same_forward_and_back():
    random = np.random.default_rng(1)
    layers = [fm.Dense(30, "relu"), fm.Dropout(0.5), fm.Dense(20, "tanh"), fm.LayerNorm(), fm.Dropout(0.2), fm.Dense(2)]
    net = fm.Network(4, layers, seed=0, dtype="float64")
    X, d = random.normal(size=(300, 4)), random.normal(size=(300, 2))
    outputs = net.forward(X, dropout=7)
    assert not np.array_equal(outputs, net.forward(X))
    assert not np.array_equal(outputs, net.forward(X, dropout=8))
    np.testing.assert_array_equal(net.forward(X[:5], dropout=7), outputs[:5])
    # differences of the dropped network: its weights by a direction
    found = net.backward(X, d, dropout=7).ravel()
    direction, size = random.normal(size=net.n_parameters), 1e-6
    start = net.get_parameters()
    values = []
    for sign in (1.0, -1.0):
        net.set_parameters(start + sign * size * direction)
        values.append((net.forward(X, dropout=7) * d).sum())
    net.set_parameters(start)
    # central differences err by size^2 and by rounding over size: 1e-6 of the sum of magnitudes
    assert abs((values[0] - values[1]) / (2 * size) - found @ direction) <= 1e-5 * np.abs(found * direction).sum()
    twin = net.copy()
    np.testing.assert_array_equal(net.step(X, d, optimizer="sgd", dropout=7), outputs)
    twin.apply_gradients(twin.backward(X, d, dropout=7), optimizer="sgd")
    np.testing.assert_array_equal(twin.get_parameters(), net.get_parameters())


def test_dropout_of_a_function_is_that_of_fit():
    layers = [fm.Dense(16, "relu"), fm.Dropout(0.5), fm.Dense(1)]
    by_fit, by_step = (fm.Network(3, layers, seed=3, loss="half_squared_error") for _ in range(2))
    random = np.random.default_rng(0)
    for _ in range(3):
        X, y = random.normal(size=(8, 3)).astype(np.float32), random.normal(size=8).astype(np.float32)
        by_fit.partial_fit(X, y, optimizer="adam")
        by_step.step(X, lambda o, y=y: (o - y[:, None]) * np.float32(1 / 8), optimizer="adam")
        np.testing.assert_array_equal(by_step.get_parameters(), by_fit.get_parameters())
    with pytest.raises(ValueError, match="the network has Dropout"):
        by_step.step(X, np.ones((8, 1)))


def test_targets_that_are_scaled_enter_on_both_sides():
    random = np.random.default_rng(0)
    X = random.normal(size=(50, 2))
    y = np.column_stack([1e6 + 1e3 * X[:, 0], X[:, 1] - 5.0])
    net = fm.Network(2, [fm.Dense(8, "tanh"), fm.Dense(2)], dtype="float64", seed=0, scale_targets=True)
    with pytest.raises(ValueError, match="has not learned its numbers yet"):
        net.backward(X, y)
    net.fit(X, y, epochs=2)
    V = random.normal(size=(50, 2))
    size, direction = 1e-6, random.normal(size=net.n_parameters)
    start, found = net.get_parameters(), net.backward(X, V).ravel()
    values = []
    for sign in (1.0, -1.0):
        net.set_parameters(start + sign * size * direction)
        values.append((net.forward(X) * V).sum())
    net.set_parameters(start)
    assert abs((values[0] - values[1]) / (2 * size) - found @ direction) <= 1e-5 * np.abs(found * direction).sum()
    close(net.vjp(X, V), np.einsum("rk,rki->ri", V, net.jacobian(X)))
    left, right = net.gradients(X, y), net.backward(X, net.gradients(X, y).outputs)
    close(left.ravel(), right.ravel() * 1.0, 1e-9)
    np.testing.assert_allclose(net.per_sample_gradients(X, y).mean(axis=0), left.ravel(), rtol=1e-9, atol=1e-6)


def test_the_function_is_called_once_with_outputs_of_its_own():
    net = fm.Network(2, [fm.Dense(3)], seed=0)
    X = np.ones((4, 2), np.float32)
    seen = []

    def derivatives(outputs):
        seen.append(outputs.copy())
        outputs[...] = np.nan
        return np.zeros((4, 3))

    expected = net.forward(X)
    before = net.get_parameters()
    np.testing.assert_array_equal(net.step(X, derivatives, optimizer="sgd"), expected)
    net.backward(X, derivatives)
    assert len(seen) == 2
    np.testing.assert_array_equal(seen, [expected, expected])
    np.testing.assert_array_equal(net.get_parameters(), before)


@pytest.mark.parametrize(
    ("d_outputs", "kind", "sentence"),
    [
        (np.zeros((4, 2)), ValueError, r"d_outputs has shape \(4, 2\), but must have a number for each .*\(4, 3\)\."),
        (np.zeros(4), ValueError, r"d_outputs has shape \(4,\)"),
        (np.full((4, 3), np.nan), ValueError, "d_outputs holds NaN in row 0, column 0"),
        (np.full((4, 3), 1e300), ValueError, "which float32 cannot hold"),
        (np.full((4, 3), "x"), TypeError, "d_outputs must be an array of real numbers"),
        (None, (TypeError, ValueError), "d_outputs must be"),
        (lambda outputs: None, (TypeError, ValueError), "what d_outputs returned must be"),
        (lambda outputs: outputs[:2], ValueError, r"what d_outputs returned has shape \(2, 3\)"),
        (lambda outputs: 1 / 0, ZeroDivisionError, "division"),
    ],
)
def test_nonsense_is_a_sentence_and_changes_nothing(d_outputs, kind, sentence):
    net = fm.Network(2, [fm.Dense(3)], seed=0)
    X = np.ones((4, 2), np.float32)
    net.step(X, np.ones((4, 3)))
    before, state = net.get_parameters(), net._model.core.optimizer_state()
    for call in (net.step, net.backward):
        with pytest.raises(kind, match=sentence):
            call(X, d_outputs)
    np.testing.assert_array_equal(net.get_parameters(), before)
    after = net._model.core.optimizer_state()
    assert after[1] == state[1]
    net.step(X, np.ones((4, 3)))  # and it goes on
    assert net._model.core.optimizer_state()[1] == state[1] + 1


def test_other_arguments_are_checked():
    net = fm.Network(2, [fm.Dense(3)], seed=0)
    X, d = np.ones((4, 2)), np.ones((4, 3))
    for call in (net.step, net.backward):
        with pytest.raises(ValueError, match="at must be one of 'outputs', 'pre_activations', got 'z'"):
            call(X, d, at="z")
        with pytest.raises(TypeError, match="dropout must be an integer from 0 to"):
            call(X, d, dropout=0.5)
        with pytest.raises(ValueError, match="X has 3 columns"):
            call(np.ones((4, 3)), d)
    with pytest.raises(ValueError, match="schedule needs to know the number of steps"):
        net.step(X, d, optimizer=fm.SGD(fm.schedules.Cosine(0.1)))
    with pytest.raises(ValueError, match=r"gradients has shape \(3,\), but must be one flat vector of shape \(9,\)"):
        net.apply_gradients(np.ones(3))
    with pytest.raises(ValueError, match="gradients holds NaN"):
        net.apply_gradients(np.full(9, np.nan))
    with pytest.raises(ValueError, match="output must be an integer from 0 to 2"):
        net.input_gradient(X, output=3)
    with pytest.raises(ValueError, match="V has shape"):
        net.vjp(X, np.ones((4, 2)))


def test_a_step_that_diverges_is_taken_back():
    net = fm.Network(1, [fm.Dense(1)], seed=0)
    before = net.get_parameters()
    with pytest.raises(FloatingPointError, match="a weight became NaN or infinite"):
        net.step([[1.0]], [[1e30]], optimizer=fm.SGD(1e30))
    with pytest.raises(FloatingPointError, match="a weight became NaN or infinite"):
        net.apply_gradients([1e30, 0.0], optimizer=fm.SGD(1e30))
    np.testing.assert_array_equal(net.get_parameters(), before)


def test_the_network_is_nobodys_to_train_while_the_function_runs():
    net = fm.Network(1, [fm.Dense(1)], seed=0)
    said = []

    def trains(outputs):
        net.fit([[1.0]], [1.0], epochs=1)

    with pytest.raises(RuntimeError, match="the network is in fit"):
        net.step([[1.0]], trains)
    with pytest.raises(RuntimeError, match="network") as kept:
        net.backward([[1.0]], trains)
    # nor does what is kept of the error hold the network
    net.fit([[1.0]], [1.0], epochs=1)
    assert kept.tb is not None

    def from_another_thread(outputs):
        def train():
            try:
                net.step([[1.0]], [[1.0]])
            except RuntimeError as error:
                said.append(str(error))

        other = threading.Thread(target=train)
        other.start()
        other.join()
        return outputs

    net.step([[1.0]], from_another_thread)
    net.backward([[1.0]], from_another_thread)
    assert len(said) == 2
    net.fit([[1.0]], [1.0], epochs=1)


def test_the_function_may_not_change_the_network():
    net, other = (fm.Network(1, [fm.Dense(1)], seed=seed) for seed in (0, 1))
    before = net.get_parameters()
    changes = [lambda o: net.set_parameters([1.0, 1.0]), lambda o: net.soft_update(other, 0.5), lambda o: net.reset()]
    for call in (net.step, net.backward):
        for change in changes:
            with pytest.raises(RuntimeError, match="the network is in"):
                call([[1.0]], change)
    np.testing.assert_array_equal(net.get_parameters(), before)
    net.set_parameters([1.0, 1.0])
    # reading is free
    net.step(
        [[1.0]], lambda o: net.forward([[2.0]]) + net.copy().forward([[1.0]]) - net.gradients([[1.0]], [0.0]).outputs
    )


@pytest.mark.filterwarnings("ignore:Setting the shape on a NumPy array:DeprecationWarning")  # since NumPy 2.5
@pytest.mark.parametrize("shape", [(2, 16), (16, 2), (4, 8), (32,), (1, 32)])
def test_the_function_may_give_the_data_another_shape(shape):
    net, twin = (fm.Network(4, [fm.Dense(3, "tanh"), fm.Dense(2)], seed=0) for _ in range(2))
    X = np.arange(32.0, dtype=np.float32).reshape(8, 4)
    d = np.ones((8, 2), np.float32)
    twin.step(X, d, optimizer="sgd")

    def reshapes(outputs):
        X.shape = shape
        return np.ones((shape[0], 2), np.float32)

    with pytest.raises(ValueError, match=r"what d_outputs returned has shape .* must have a number .*\(8, 2\)"):
        net.step(X, reshapes, optimizer="sgd")
    X.shape = (8, 4)

    def right_after_all(outputs):
        X.shape = shape
        return d

    net.step(X, right_after_all, optimizer="sgd")
    np.testing.assert_array_equal(net.get_parameters(), twin.get_parameters())


def test_derivatives_by_the_outputs_stay_when_the_callers_arrays_are_filled_anew():
    net = fm.Network(2, [fm.Dense(1, "tanh")], loss="mse", seed=0)
    X, y, weight = np.ones((8, 2), np.float32), np.zeros((8, 1), np.float32), np.ones(8)
    found = net.gradients(X, y, weight)
    first = net.gradients(X, y, weight).outputs
    y[:], weight[:4] = 5.0, 9.0
    np.testing.assert_array_equal(found.outputs, first)
    d = np.ones((8, 1), np.float32)
    given = net.backward(X, d)
    d[:] = 0.0
    np.testing.assert_array_equal(given.outputs, np.ones((8, 1)))


def test_the_slopes_of_a_clip_are_those_of_the_data_that_went_forward():
    X = np.random.default_rng(0).normal(size=(8, 2)).astype(np.float32)
    net = fm.Network(2, [fm.RobustScale(), fm.Dense(3, "tanh"), fm.Dense(2)], seed=0)
    net.fit(X, np.ones((8, 2)), epochs=1)
    expected = net.backward(X, np.ones((8, 2))).inputs
    filled = X.copy()

    def fills(outputs):
        filled[:] = 1e3
        return np.ones((8, 2))

    np.testing.assert_array_equal(net.backward(filled, fills).inputs, expected)


def test_a_copy_goes_on_as_its_original():
    net = fm.Network(3, [fm.Dense(4, "tanh"), fm.Dense(1)], seed=0)
    X, y = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20.0)
    net.fit(X, y, epochs=3)
    net.metadata["of"] = ["a", "list"]
    twin = net.copy()
    twin.metadata["of"].append("more")
    assert net.metadata == {"of": ["a", "list"]}
    assert twin.fit(X, y, epochs=3)["loss"] == net.fit(X, y, epochs=3)["loss"]
    assert type(twin) is fm.Network
    net.metadata["of"] = memoryview(b"bytes")
    with pytest.raises(
        TypeError, match=r"metadata cannot be copied \(TypeError\): keep what plain JSON can hold in it\."
    ):
        net.copy()


def test_a_soft_update_mixes_parameters():
    net, target = (fm.Network(3, [fm.Dense(5, "relu"), fm.Dense(2)], seed=seed) for seed in (0, 1))
    own, other = target.get_parameters(), net.get_parameters()
    target.soft_update(net, 0.25)
    # one product and one sum, rounded: twice the unit roundoff of the larger
    np.testing.assert_allclose(target.get_parameters(), 0.25 * other + 0.75 * own, rtol=0, atol=2.0**-23)
    target.soft_update(net, 0.0)
    kept = target.get_parameters()
    target.soft_update(net, 1.0)
    np.testing.assert_array_equal(target.get_parameters(), other)
    assert not np.array_equal(kept, other)
    net.soft_update(net, 0.5)
    np.testing.assert_array_equal(net.get_parameters(), other)
    # 0 and 1 are exact beside what is not finite, too
    target.layers[0].weights[0, 0] = np.nan
    net.soft_update(target, 0.0)
    np.testing.assert_array_equal(net.get_parameters(), other)
    target.soft_update(net, 1.0)
    np.testing.assert_array_equal(target.get_parameters(), other)


def test_a_soft_update_refuses_other_normalizations_and_scalings():
    net, normalized = (
        fm.Network(2, [fm.Dense(3, "tanh"), *between, fm.Dense(1)], seed=0) for between in ([], [fm.LayerNorm()])
    )
    with pytest.raises(ValueError, match=r"other has layers 3 Tanh.*, LayerNorm and 1 Identity"):
        net.soft_update(normalized, 0.5)
    scaled = fm.Network(2, [fm.Standardize(), fm.Dense(3, "tanh"), fm.Dense(1)], seed=0)
    target = scaled.copy()
    target.soft_update(scaled, 0.5)
    scaled.fit([[1.0, 2.0], [3.0, 5.0]], [0.0, 1.0], epochs=1)
    with pytest.raises(ValueError, match=r"other has scaling Standardize\(mean=\(2"):
        target.soft_update(scaled, 0.5)


@pytest.mark.parametrize(
    ("other", "tau", "kind", "sentence"),
    [
        (fm.Network(3, [fm.Dense(5, "tanh"), fm.Dense(2)]), 0.5, ValueError, "other has layers 5 Tanh"),
        (
            fm.Network(3, [fm.Dense(5, "relu"), fm.Dense(2)], dtype="float64"),
            0.5,
            ValueError,
            "other has dtype float64",
        ),
        (fm.Network(4, [fm.Dense(5, "relu"), fm.Dense(2)]), 0.5, ValueError, "other has inputs 4"),
        (
            fm.Network(3, [fm.Dense(5, "relu"), fm.Dense(2)]),
            1.5,
            ValueError,
            "tau must be at least 0.0 and at most 1.0",
        ),
        ("net", 0.5, TypeError, "other must be a Network, got 'net'"),
    ],
)
def test_a_soft_update_refuses_what_is_no_twin(other, tau, kind, sentence):
    net = fm.Network(3, [fm.Dense(5, "relu"), fm.Dense(2)], seed=0)
    with pytest.raises(kind, match=sentence):
        net.soft_update(other, tau)
