"""Activations and losses as formulas of gates.

What could go wrong: a formula differs from the book's (hand-written values); it overflows or loses its digits when a
unit saturates (large logits); a kink takes the wrong side (zero pre-activations); something was added to the library
and not here (registries). Derivatives of whole networks are checked in test_network.py.
"""

from __future__ import annotations

import math

import pytest

from fastmlp.activations import ACTIVATIONS as ACTIVATION_KINDS
from fastmlp.activations import ELU, Identity, LeakyReLU, Sigmoid, Softmax
from fastmlp.losses import LOSSES as LOSS_KINDS
from fastmlp.losses import CrossEntropy, Huber, Quantile
from fastmlp.optimizers import OPTIMIZERS as OPTIMIZER_KINDS
from fastmlp.reference import ACTIVATIONS, LOSSES, OPTIMIZERS, Gate, add, sigmoid, softmax
from fastmlp.reference.functions import cross_entropy, log_sum_exp, penalty

FORMULAS = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1.0 / (1.0 + math.exp(-z)),
    "tanh": lambda z: (math.exp(2.0 * z) - 1.0) / (math.exp(2.0 * z) + 1.0),
    "relu": lambda z: z if z > 0.0 else 0.0,
    "leaky_relu": lambda z: z if z > 0.0 else 0.01 * z,
    "step": lambda z: 0.0 if z < 0.0 else 1.0,
    "sign": lambda z: 0.0 if z == 0.0 else math.copysign(1.0, z),
    "elu": lambda z: z if z > 0.0 else math.expm1(z),
    "selu": lambda z: 1.0507009873554805 * (z if z > 0.0 else 1.6732632423543772 * math.expm1(z)),
    "softplus": lambda z: math.log(1.0 + math.exp(z)),
    "gelu": lambda z: z * math.erfc(-z / math.sqrt(2.0)) / 2.0,
    "gelu_tanh": lambda z: z / (1.0 + math.exp(-math.sqrt(8.0 / math.pi) * (z + 0.044715 * z * z * z))),
    "silu": lambda z: z / (1.0 + math.exp(-z)),
    "mish": lambda z: z * math.tanh(math.log(1.0 + math.exp(z))),
    "hard_tanh": lambda z: max(-1.0, min(1.0, z)),
    "softsign": lambda z: z / (1.0 + abs(z)),
}


def gates(*values):
    return [Gate(value) for value in values]


def test_every_activation_loss_and_optimizer_of_the_library_has_an_entry():
    assert set(ACTIVATIONS) == set(ACTIVATION_KINDS)
    assert set(LOSSES) == set(LOSS_KINDS)
    # L-BFGS has no rule for one step
    assert {*OPTIMIZERS, "lbfgs"} == set(OPTIMIZER_KINDS)


def test_every_activation_but_softmax_is_compared_with_its_formula():
    assert set(FORMULAS) == set(ACTIVATIONS) - {"softmax"}


@pytest.mark.parametrize("name", FORMULAS)
def test_an_activation_agrees_with_its_formula(name):
    points = [-3.0, -0.5, 0.0, 0.25, 2.0]
    activations = ACTIVATIONS[name](gates(*points), ACTIVATION_KINDS[name]())
    # a few roundings each
    assert [a.value for a in activations] == pytest.approx([FORMULAS[name](z) for z in points], rel=1e-14, abs=1e-16)


def test_the_softmax_of_the_lectures_has_its_known_values():
    probabilities = [a.value for a in softmax(gates(5.1, 3.2, -1.7, -2.0))]
    assert probabilities == pytest.approx([0.87, 0.13, 0.00, 0.00], abs=0.005)  # printed with two decimals
    assert sum(probabilities) == pytest.approx(1.0, rel=1e-15)


def test_softmax_and_sigmoid_do_not_overflow_and_keep_tiny_probabilities():
    assert [a.value for a in softmax(gates(1e4, -1e4, 0.0))] == [1.0, 0.0, 0.0]
    assert [sigmoid(Gate(z)).value for z in (1e4, -1e4)] == [1.0, 0.0]
    # exp(log p) carries |log p| roundings: 690 * 1.1e-16
    assert softmax(gates(0.0, -690.0))[1].value == pytest.approx(math.exp(-690.0), rel=1e-12, abs=0.0)
    assert sigmoid(Gate(-690.0)).value == pytest.approx(math.exp(-690.0), rel=1e-12, abs=0.0)


def test_the_slope_of_a_saturated_sigmoid_keeps_its_digits():
    z = Gate(40.0)
    sigmoid(z).backward()
    assert z.gradient == pytest.approx(math.exp(-40.0), rel=1e-14, abs=0.0)  # a (1 - a) rounds to 0


def test_relu_has_slope_zero_at_zero_and_leaky_relu_its_slope():
    for zero in (0.0, -0.0):
        z = gates(zero)
        ACTIVATIONS["relu"](z, None)[0].backward()
        assert z[0].gradient == 0.0
        ACTIVATIONS["leaky_relu"](z, LeakyReLU(0.3))[0].backward()
        assert z[0].gradient == 0.3


@pytest.mark.parametrize("slope", [-0.5, 0.0, 2.0])
def test_leaky_relu_takes_any_slope(slope):
    z = gates(-3.0, 3.0)
    a = ACTIVATIONS["leaky_relu"](z, LeakyReLU(slope))
    add(*a).backward()
    assert [gate.value for gate in a] == [-3.0 * slope, 3.0]
    assert [gate.gradient for gate in z] == [slope, 1.0]


def slope(name, z, settings=None):
    gate = Gate(z)
    ACTIVATIONS[name]([gate], settings)[0].backward()
    return gate.gradient


def test_kinks_and_jumps_have_the_documented_slopes():
    for zero in (0.0, -0.0):
        assert slope("elu", zero, ELU(0.3)) == 0.3
        assert slope("selu", zero) == 1.0507009873554805 * 1.6732632423543772
        assert slope("step", zero) == slope("sign", zero) == 0.0
    assert slope("hard_tanh", 1.0) == slope("hard_tanh", -1.0) == 0.0
    assert slope("hard_tanh", 0.5) == 1.0


@pytest.mark.parametrize("name", ["elu", "selu", "softplus", "gelu", "gelu_tanh", "silu", "mish", "softsign"])
def test_saturated_units_do_not_overflow(name):
    far = [ACTIVATIONS[name](gates(z), ACTIVATION_KINDS[name]())[0].value for z in (-1e4, 1e4)]
    assert all(math.isfinite(a) for a in far)


def test_log_sum_exp_agrees_with_its_formula_and_does_not_overflow():
    assert log_sum_exp(gates(0.5, -1.0, 2.0)).value == pytest.approx(
        math.log(math.exp(0.5) + math.exp(-1.0) + math.exp(2.0)), rel=1e-15
    )
    assert log_sum_exp(gates(1000.0, 1000.0)).value == pytest.approx(1000.0 + math.log(2.0), rel=1e-15)
    assert log_sum_exp(gates(0.0, -50.0)).value == pytest.approx(math.exp(-50.0), rel=1e-15, abs=0.0)


def test_cross_entropy_after_softmax_is_the_log_of_the_probabilities():
    z, y = (0.3, -1.2, 2.0), [0.2, 0.5, 0.3]
    total = sum(math.exp(z_k) for z_k in z)
    expected = -sum(y_k * math.log(math.exp(z_k) / total) for y_k, z_k in zip(y, z, strict=True))
    logits = gates(*z)
    loss = cross_entropy(logits, softmax(logits), y, Softmax(), CrossEntropy())
    loss.backward()
    assert loss.value == pytest.approx(expected, rel=1e-14)
    # the rule of the books, a - y, which nobody wrote into the reference
    assert [gate.gradient for gate in logits] == pytest.approx(
        [math.exp(z_k) / total - y_k for y_k, z_k in zip(y, z, strict=True)], rel=1e-14
    )


def test_cross_entropy_after_sigmoid_adds_up_one_binary_loss_per_output():
    z, y = (0.3, -1.2), [0.25, 1.0]
    a = [1.0 / (1.0 + math.exp(-z_k)) for z_k in z]
    expected = -sum(y_k * math.log(a_k) + (1.0 - y_k) * math.log(1.0 - a_k) for y_k, a_k in zip(y, a, strict=True))
    logits = gates(*z)
    loss = cross_entropy(logits, [sigmoid(z_k) for z_k in logits], y, Sigmoid(), CrossEntropy())
    loss.backward()
    assert loss.value == pytest.approx(expected, rel=1e-14)
    assert [gate.gradient for gate in logits] == pytest.approx(
        [a_k - y_k for y_k, a_k in zip(y, a, strict=True)], rel=1e-14
    )


def test_cross_entropy_of_saturated_outputs_is_finite_and_keeps_its_digits():
    wrong = gates(1000.0, -1000.0)
    loss = cross_entropy(wrong, wrong, [0.0, 1.0], Softmax(), CrossEntropy())
    loss.backward()
    assert loss.value == 2000.0
    assert [gate.gradient for gate in wrong] == [1.0, -1.0]

    right = gates(40.0)
    loss = cross_entropy(right, right, [1.0], Sigmoid(), CrossEntropy())
    loss.backward()
    assert loss.value == pytest.approx(math.exp(-40.0), rel=1e-14, abs=0.0)  # -log(a) rounds to 0
    assert right[0].gradient == pytest.approx(-math.exp(-40.0), rel=1e-14, abs=0.0)  # a - y rounds to 0


def test_squared_errors_agree_with_their_formulas():
    a, y = gates(1.0, -2.0, 0.5), [0.0, 1.0, 0.5]
    assert LOSSES["mse"](a, a, y, Sigmoid(), None).value == pytest.approx((1.0 + 9.0 + 0.0) / 3.0, rel=1e-15)
    assert LOSSES["half_squared_error"](a, a, y, Sigmoid(), None).value == 5.0


def test_label_smoothing_takes_from_the_target_and_gives_to_every_answer():
    logits = gates(0.3, -1.2, 2.0)
    # 0.3 is spread over three answers after softmax, over two after a sigmoid
    for y, same, last in (
        ([0.0, 1.0, 0.0], [0.1, 0.8, 0.1], Softmax()),
        ([1.0, 0.0, 1.0], [0.85, 0.15, 0.85], Sigmoid()),
    ):
        smoothed = cross_entropy(logits, logits, y, last, CrossEntropy(label_smoothing=0.3))
        assert smoothed.value == pytest.approx(
            cross_entropy(logits, logits, same, last, CrossEntropy()).value, rel=1e-14
        )


# outputs, targets, value, derivative by each output: worked out by hand
BY_HAND = {
    "mae": ([1.0, -2.0, 0.5], [0.0, 1.0, 0.5], None, 4 / 3, [1 / 3, -1 / 3, 0.0]),
    "huber": (
        [1.0, -2.0, 0.5],
        [0.0, 1.0, 0.25],
        Huber(0.5),
        (0.375 + 1.375 + 0.03125) / 3,
        [0.5 / 3, -0.5 / 3, 0.25 / 3],
    ),
    "poisson": ([0.0, math.log(2.0)], [3.0, 0.0], None, 1.5, [-1.0, 1.0]),
    "quantile": ([1.0, -2.0, 0.5], [0.0, 1.0, 0.5], Quantile(0.75), 2.5 / 3, [0.25 / 3, -0.75 / 3, 0.0]),
    # right beyond the margin, right within it, wrong, at the margin
    "hinge": ([2.0, -0.5, 0.25, -1.0], [1.0, 0.0, -1.0, 0.0], None, 1.75, [0.0, 1.0, 1.0, 0.0]),
    # right, wrong, on the boundary
    "perceptron": ([2.0, 0.5, 0.0, 0.0], [1.0, -1.0, 1.0, 0.0], None, 0.5, [0.0, 1.0, -1.0, 1.0]),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_loss_has_the_value_and_the_slopes_that_were_worked_out_by_hand(name):
    outputs, y, settings, value, slopes = BY_HAND[name]
    z = gates(*outputs)
    loss = LOSSES[name](z, z, y, Identity(), settings)
    loss.backward()
    # a few roundings of numbers of about 1
    assert loss.value == pytest.approx(value, rel=1e-14)
    assert [gate.gradient for gate in z] == pytest.approx(slopes, rel=1e-14, abs=1e-15)


def test_every_loss_is_worked_out_by_hand_or_compared_with_its_formula():
    assert set(LOSSES) == {*BY_HAND, "cross_entropy", "mse", "half_squared_error"}


def test_the_penalty_counts_every_weight():
    weights = [gates(1.0, -2.0), gates(0.0, 3.0)]
    total = penalty(weights, l1=0.5, l2=0.25)
    total.backward()
    assert total.value == 0.5 * 6.0 + 0.125 * 14.0
    assert [[w.gradient for w in row] for row in weights] == [[0.75, -1.0], [0.0, 1.25]]
