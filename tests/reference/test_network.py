"""Networks of gates: shapes, losses, gradients and training.

What could go wrong: a weight is read at the wrong place (networks of the lectures, parameter order); a loss is
averaged, weighted or penalized wrongly (hand-computed values); a gradient lands at the wrong parameter or misses a
path (central differences of every activation, loss and penalty); a label is read as the wrong target (targets); a
short row passes unseen (errors). Gates, formulas, rules and training have their own tests beside this one.
"""

from __future__ import annotations

import math
import random

import pytest

from fastmlp.activations import ACTIVATIONS
from fastmlp.layers import Dense
from fastmlp.losses import LOSSES
from fastmlp.reference import Network

COMBINATIONS = [
    (hidden, last, loss)
    for hidden in ACTIVATIONS
    for last in ACTIVATIONS
    for loss in LOSSES
    # every hidden one, and every last one: not every pair of them
    if (hidden == "tanh" or last in ("softmax", "identity"))
    and hidden != "softmax"
    and last in (LOSSES[loss].last_activations or ACTIVATIONS)
]


def flatten(gradients):
    """Return the gradients in the order of get_parameters, followed by those of the inputs."""
    parameters = [
        value for W, b in zip(gradients.weights, gradients.biases, strict=True) for row in [*W, b] for value in row
    ]
    return parameters + [value for row in gradients.inputs for value in row]


def pre_activations(network, X):
    """Return all z = x W + b of all layers and samples in one list, from the outputs of the layers before."""
    return [
        b_j + sum(x_i * w[j] for x_i, w in zip(x, W, strict=True))
        for samples, W, b in zip([X, *network.activations(X)[:-1]], network.weights, network.biases, strict=True)
        for x in samples
        for j, b_j in enumerate(b)
    ]


def distances_of_outputs(network, X, y, loss):
    """Return how far each output is from the kink of its loss, if that has one beside the zeros of pre-activations."""
    pairs = [
        (a, y_k) for row, target in zip(network.forward(X), y, strict=True) for a, y_k in zip(row, target, strict=True)
    ]
    if loss == "hinge":
        return [1.0 - abs(a) for a, _ in pairs]
    return [a - y_k for a, y_k in pairs] if loss in ("mae", "quantile") else []


def central_differences(network, X, y, step):
    """Return the same as flatten(network.gradients(X, y)), by moving one number at a time."""
    parameters = network.get_parameters()
    differences = []

    def moved(values, i, by):
        return [*values[:i], values[i] + by, *values[i + 1 :]]

    for i in range(len(parameters)):
        losses = []
        for by in (step, -step):
            network.set_parameters(moved(parameters, i, by))
            losses.append(network.loss(X, y))
        differences.append((losses[0] - losses[1]) / (2.0 * step))
    network.set_parameters(parameters)
    for n, row in enumerate(X):
        for i in range(len(row)):
            above, below = (network.loss([*X[:n], moved(row, i, by), *X[n + 1 :]], y) for by in (step, -step))
            differences.append((above - below) / (2.0 * step))
    return differences


def lecture_network():
    """Two sigmoid layers; the lectures write the matrices to the left of x, so W is their transpose."""
    network = Network(2, [Dense(2, "sigmoid"), Dense(2, "sigmoid"), Dense(2, "sigmoid")])
    network.weights = [[[1.0, -1.0], [-2.0, 1.0]], [[2.0, -2.0], [-1.0, -1.0]], [[3.0, -1.0], [-1.0, 4.0]]]
    network.biases = [[1.0, 0.0], [0.0, 0.0], [-2.0, 2.0]]
    return network


def test_the_network_of_the_lectures_has_its_known_outputs():
    first, _, last = lecture_network().activations([[1.0, -1.0]])
    assert first[0] == pytest.approx([0.98, 0.12], abs=0.005)  # printed with two decimals
    assert last[0] == pytest.approx([0.62, 0.83], abs=0.005)
    assert lecture_network().forward([[1.0, -1.0]]) == last


def test_a_3_4_2_network_has_26_parameters():
    assert len(Network(3, [Dense(4, "sigmoid"), Dense(2, "sigmoid")]).get_parameters()) == 26


def test_parameters_go_in_and_out_in_the_documented_order():
    network = Network(2, [Dense(3), Dense(1)])
    values = [float(i) for i in range(13)]
    network.set_parameters(values)
    assert network.weights == [[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], [[9.0], [10.0], [11.0]]]
    assert network.biases == [[6.0, 7.0, 8.0], [12.0]]
    assert network.get_parameters() == values
    assert network.forward([[1.0, 10.0]]) == [[9.0 * 36.0 + 10.0 * 48.0 + 11.0 * 60.0 + 12.0]]


@pytest.mark.parametrize("penalties", [{}, {"l1": 0.1}, {"l2": 0.2}, {"l1": 0.05, "l2": 0.3}], ids=str)
@pytest.mark.parametrize(("hidden", "last", "loss"), COMBINATIONS)
def test_every_gradient_agrees_with_central_differences(hidden, last, loss, penalties):
    draw = random.Random(f"{hidden} {last} {loss}")
    network = Network(2, [Dense(3, hidden), Dense(2, last, l1=0.4)], loss, **penalties)
    y = [[0.25, 0.75], [1.0, 0.0]]
    closest = 0.0
    while closest < 1e-3:  # redraw while a kink (of an activation, of |w| or of the loss) lies within reach of the step
        network.set_parameters([draw.uniform(-1.0, 1.0) for _ in network.get_parameters()])
        X = [[draw.uniform(-2.0, 2.0) for _ in range(2)] for _ in range(2)]
        z = pre_activations(network, X)
        places = [*network.get_parameters(), *z, *distances_of_outputs(network, X, y, loss)]
        closest = min(abs(x - kink) for kink in (-1.0, 0.0, 1.0) for x in (places, z)[kink != 0])
    gradients = network.gradients(X, y)
    analytic, numeric = flatten(gradients), central_differences(network, X, y, step=1e-5)
    # truncation step^2 times third derivatives of order 1, rounding 1e-16 / step: both about 1e-10
    assert math.dist(analytic, numeric) <= 1e-8 * math.hypot(*numeric)
    assert math.hypot(*analytic) > 1e-2
    assert gradients.loss == network.loss(X, y)


def test_gradients_hold_with_sample_weights_and_labels():
    network = Network(2, [Dense(3, "tanh"), Dense(2, "softmax")], l2=0.1)
    network.initialize(seed=3)
    X, y, weight = [[0.5, -1.0], [2.0, 0.25], [-0.5, 1.5]], [1, 0, 1], [2.0, 0.5, 0.0]
    weighted = network.gradients(X, y, weight)
    assert weighted.loss == network.loss(X, y, weight)
    # the mean with weights (2, 0.5, 0) is 0.8 of the first sample and 0.2 of the second; penalties mix alike
    single = [network.gradients([x], [label]) for x, label in zip(X, y, strict=True)]
    assert weighted.loss == pytest.approx(0.8 * single[0].loss + 0.2 * single[1].loss, rel=1e-14)
    for layer in range(2):
        for j, value in enumerate(weighted.biases[layer]):
            assert value == pytest.approx(
                0.8 * single[0].biases[layer][j] + 0.2 * single[1].biases[layer][j], rel=1e-12
            )
        for i, row in enumerate(weighted.weights[layer]):
            first, second = single[0].weights[layer][i], single[1].weights[layer][i]
            assert row == pytest.approx([0.8 * f + 0.2 * s for f, s in zip(first, second, strict=True)], rel=1e-12)
    assert weighted.inputs[2] == [0.0, 0.0]
    assert weighted.inputs[0] == pytest.approx([0.8 * value for value in single[0].inputs[0]], rel=1e-12)


def test_a_loss_is_a_mean_over_samples_plus_penalties_of_weights_only():
    network = Network(1, [Dense(2, l2=4.0), Dense(1)], "half_squared_error", l1=0.5, l2=0.25)
    network.set_parameters([1.0, -2.0, 10.0, 20.0, 3.0, 1.0, -50.0])
    # outputs 3 (x + 10) + (20 - 2 x) - 50 = x: 1 and 2, against 3 and 2
    mean = (0.5 * 2.0**2 + 0.0) / 2.0
    # the first layer brings its own l2 and takes the network's l1
    penalties = 0.5 * 3.0 + 2.0 * 5.0 + 0.5 * 4.0 + 0.125 * 10.0
    assert network.loss([[1.0], [2.0]], [3.0, 2.0]) == pytest.approx(mean + penalties, rel=1e-15)


def test_the_default_loss_follows_from_the_last_activation():
    X, y = [[0.5]], [[0.25, 0.75]]
    for last, loss in [
        ("softmax", "cross_entropy"),
        ("sigmoid", "cross_entropy"),
        ("tanh", "mse"),
        ("identity", "mse"),
    ]:
        default, named = Network(1, [Dense(2, last)]), Network(1, [Dense(2, last)], loss)
        for network in (default, named):
            network.set_parameters([1.0, -2.0, 0.5, 0.25])
        assert default.loss(X, y) == named.loss(X, y)


@pytest.mark.parametrize(("last", "loss"), [(last, loss) for hidden, last, loss in COMBINATIONS if hidden == "tanh"])
def test_integer_labels_mean_indicator_rows(last, loss):
    network = Network(1, [Dense(3, last)], loss)
    network.initialize(seed=0)
    X = [[1.0], [-2.0]]
    assert network.loss(X, [2, 0]) == network.loss(X, [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])


@pytest.mark.parametrize(("last", "loss"), [("sigmoid", "cross_entropy"), ("sigmoid", "mse"), ("tanh", "mse")])
def test_a_number_is_the_target_of_a_single_output(last, loss):
    network = Network(1, [Dense(1, last)], loss)
    network.initialize(seed=0)
    X = [[1.0], [-2.0]]
    assert network.loss(X, [1, 0]) == network.loss(X, [[1.0], [0.0]])


def test_a_single_sigmoid_output_has_the_cross_entropy_of_logistic_regression():
    network = Network(1, [Dense(1, "sigmoid")])
    network.set_parameters([1.0, 0.0])
    a = 1.0 / (1.0 + math.exp(-2.0))
    assert network.loss([[2.0], [2.0]], [1, 0]) == pytest.approx(-(math.log(a) + math.log(1.0 - a)) / 2.0, rel=1e-14)


def test_any_sequence_will_do():
    network = Network(2, [Dense(2, "softmax")])
    network.initialize(seed=0)
    X, y = [[1.0, 2.0], [3.0, 4.0]], [0, 1]
    numpy = pytest.importorskip("numpy")
    assert network.gradients(numpy.array(X, dtype="float32"), numpy.array(y)) == network.gradients(X, y)
    assert network.gradients(((1, 2), (3, 4)), ([1, 0], [0, 1])) == network.gradients(X, y)


def test_samples_that_all_weigh_nothing_leave_the_penalties():
    network = Network(1, [Dense(1, "sigmoid")], l2=2.0)
    network.set_parameters([3.0, 1.0])
    gradients = network.gradients([[1.0], [2.0]], [0, 1], [0.0, 0.0])
    assert (gradients.loss, gradients.weights, gradients.biases) == (9.0, [[[6.0]]], [[0.0]])


def test_initial_weights_depend_on_the_seed_and_fit_their_activation():
    network = Network(40, [Dense(50, "relu"), Dense(60, "tanh")])
    network.initialize(seed=1)
    first = network.get_parameters()
    for W, limit in zip(network.weights, [math.sqrt(6.0 / 40.0), math.sqrt(6.0 / 110.0)], strict=True):
        largest = max(abs(w) for row in W for w in row)
        assert 0.99 * limit < largest <= limit  # one of 2000 uniform draws falls in the last percent
    assert network.biases == [[0.0] * 50, [0.0] * 60]
    network.initialize(seed=2)
    assert network.get_parameters() != first
    network.initialize(seed=1)
    assert network.get_parameters() == first


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda n: n.forward([[1.0, 2.0], [1.0]]), r"X\[1\] has 1 values, but 2 are expected"),
        (lambda n: n.loss([[1.0, 2.0]], [0, 1]), "y has 2 values, but 1 are expected"),
        (lambda n: n.loss([[1.0, 2.0]], [3]), r"y\[0\] must be an integer from 0 to 2, got 3"),
        (lambda n: n.loss([[1.0, 2.0]], [[1.0, 0.0]]), r"y\[0\] has 2 values, but 3 are expected"),
        (lambda n: n.loss([[1.0, 2.0]], [0], [1.0, 1.0]), "sample_weight has 2 values, but 1 are expected"),
        (lambda n: n.loss([], []), "the number of samples must be an integer of at least 1"),
        (lambda n: n.fit([], []), "the number of samples must be an integer of at least 1"),
        (lambda n: n.fit([[1.0, 2.0]], [0, 1]), "y has 2 values, but 1 are expected"),
        (lambda n: n.fit([[1.0, 2.0]] * 2, [0, 3], batch_size=1), r"y\[1\] must be an integer from 0 to 2, got 3"),
        (lambda n: n.fit([[1.0, 2.0]] * 2, [0, 1], batch_size=1, order=[0, 2]), "a row number in order must be"),
        (lambda n: n.set_parameters([1.0] * 10), "the parameter vector has 10 values, but 9 are expected"),
        (lambda n: Network(2, [Dense(2, "softmax"), Dense(2)]), "only the last layer may"),
        (lambda n: Network(2, []), "layers is empty"),
        (lambda n: Network(2, [Dense(2)], "cross_entropy"), "needs softmax or sigmoid in the last layer"),
    ],
)
def test_bad_input_is_an_error_and_leaves_the_network_alone(call, sentence):
    network = Network(2, [Dense(3, "softmax")])
    network.initialize(seed=0)
    before = network.get_parameters()
    with pytest.raises(ValueError, match=sentence):
        call(network)
    assert network.get_parameters() == before


def test_a_network_hands_out_its_gates_with_their_names():
    net = Network(2, [Dense(2, "sigmoid"), Dense(1)], loss="half_squared_error", l2=0.1)
    net.initialize(1)
    circuit = net.circuit([[0.5, -1.0], [2.0, 0.25]], [1.0, 0.0])
    assert circuit.loss.value == net.loss([[0.5, -1.0], [2.0, 0.25]], [1.0, 0.0])
    circuit.loss.backward()
    found = net.gradients([[0.5, -1.0], [2.0, 0.25]], [1.0, 0.0])
    assert [[[w.gradient for w in row] for row in W] for W in circuit.weights] == found.weights
    assert circuit.weights[0][1][0].name == "W1[1,0]"
    assert circuit.biases[1][0].name == "b2[0]"
    assert circuit.inputs[1][0].name == "x[1,0]"
    hidden = circuit.activations[0][1][1]
    assert (hidden.name, hidden.block) == ("a1[1,1]", ("sigmoid", (circuit.pre_activations[0][1][1],)))
    # an identity's a is its z
    assert circuit.activations[1][0][0] is circuit.pre_activations[1][0][0]
    assert circuit.pre_activations[1][0][0].name == "z2[0,0]"
    assert circuit.loss.block == ("half_squared_error", (circuit.logits[0][0], circuit.logits[1][0]))
    alone = net.circuit([[0.5, -1.0]])
    assert alone.loss is None
    assert alone.inputs[0][1].name == "x[1]"
    # gates are new each time: what is done to them does not change the network
    circuit.weights[0][0][0].value = 99.0
    assert net.circuit([[0.5, -1.0]]).weights[0][0][0].value == net.weights[0][0][0]
