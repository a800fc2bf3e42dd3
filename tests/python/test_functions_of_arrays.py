"""Activations and losses as functions of arrays: fm.activations.Sigmoid()(z), fm.losses.MeanSquaredError()(a, y).

What could go wrong: they compute something else than a network, forget the mean or a shape, change the dtype, take
probabilities of one kind for those of another, or answer nonsense to nonsense.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

import fastmlp as fm
from fastmlp.activations import ACTIVATIONS, Formula, Softmax, resolve_activation

ELEMENTWISE = [*(name for name in ACTIVATIONS if name != "softmax"), "x*sigmoid(2*x)"]
Z = np.array([[-3.0, -0.51, 0.3], [1.2, 0.7, 4.5]])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_an_activation_has_the_bits_of_a_layer(name, dtype):
    activation = resolve_activation(name)
    net = fm.Network(1, [fm.Dense(1, activation)], loss="mse", dtype=dtype)
    net.set_parameters([1.0, 0.0])
    z = Z.astype(dtype)
    found = activation(z)
    assert found.dtype == dtype
    assert found.shape == z.shape
    assert found.tobytes() == net.forward(z.reshape(-1, 1)).tobytes()
    assert activation.derivative(z).tobytes() == net.jacobian(z.reshape(-1, 1)).tobytes()


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_a_derivative_is_that_of_the_activation(name):
    activation = resolve_activation(name)
    h = 1e-6
    differences = (activation(Z + h) - activation(Z - h)) / (2 * h)
    # roundoff of a in the quotient, and the third derivative times h^2
    assert np.abs(activation.derivative(Z) - differences).max() < 1e-9


def test_softmax_works_on_the_last_axis_and_has_a_matrix_for_its_derivative():
    softmax = Softmax()
    z = np.arange(12.0).reshape(2, 2, 3) / 5
    expected = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    assert softmax(z) == pytest.approx(expected, rel=1e-14)
    p = softmax(z[0, 0])
    assert p.shape == (3,)
    assert softmax.derivative(z[0, 0]) == pytest.approx(np.diag(p) - np.outer(p, p), abs=1e-15)
    assert softmax.derivative(z).shape == (2, 2, 3, 3)
    with pytest.raises(ValueError, match="softmax needs rows: its last axis is that of the units"):
        softmax(1.0)


def test_single_numbers_lists_and_integers_are_taken():
    sigmoid = fm.activations.Sigmoid()
    assert sigmoid(0) == 0.5
    assert np.ndim(sigmoid(0)) == 0
    assert sigmoid.derivative([]).shape == (0,)
    assert sigmoid([]).shape == (0,)
    assert sigmoid(np.array([0, 1], np.int8)).dtype == np.float64
    assert Formula("x**2").derivative([1, 2, 3]).tolist() == [2.0, 4.0, 6.0]
    # not changed, whatever its layout
    z = np.asfortranarray(Z)
    z.flags.writeable = False
    assert (sigmoid(z) == sigmoid(Z)).all()


def test_what_is_no_array_of_finite_numbers_is_refused():
    relu = fm.activations.ReLU()
    with pytest.raises(ValueError, match="z holds NaN in row 1"):
        relu([0.0, np.nan])
    with pytest.raises(ValueError, match="z holds infinity"):
        relu.derivative(np.inf)
    with pytest.raises(TypeError, match="z must be an array of real numbers"):
        relu("1")


A, Y = np.array([[0.3, 0.9], [-0.4, 1.6], [2.0, 0.1]]), np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
VALUES = [
    fm.losses.MeanSquaredError(),
    fm.losses.HalfSquaredError(),
    fm.losses.MeanAbsoluteError(),
    fm.losses.Huber(0.7),
    fm.losses.Quantile(0.3),
    fm.losses.Poisson(),
    fm.losses.Hinge(),
    fm.losses.Perceptron(),
    fm.losses.Formula("(o - t)**4"),
]


@pytest.mark.parametrize("loss", VALUES, ids=lambda loss: loss.name)
def test_a_loss_is_that_of_a_network_and_its_derivative_is_its_slope(loss):
    net = fm.Network(2, [fm.Dense(2)], loss=loss, dtype="float64")
    net.set_parameters([1.0, 0.0, 0.0, 1.0, 0.0, 0.0])
    assert loss(A, Y) == net.loss(A, Y)
    slopes = loss.derivative(A, Y)
    assert slopes.shape == A.shape
    h = 1e-6
    for place in np.ndindex(A.shape):
        step = np.zeros_like(A)
        step[place] = h
        # roundoff of the loss in the quotient; no entry is within h of a kink
        assert slopes[place] == pytest.approx((loss(A + step, Y) - loss(A - step, Y)) / (2 * h), abs=1e-8)


def test_squares_by_hand():
    assert fm.losses.MeanSquaredError()(A, Y) == pytest.approx(((A - Y) ** 2).mean())
    assert fm.losses.HalfSquaredError()(A, Y) == pytest.approx(((A - Y) ** 2).sum() / 2 / 3)
    single = fm.losses.MeanSquaredError()
    assert single([1.0, 2.0], [0.0, 0.0]) == 2.5
    assert single.derivative([1.0, 2.0], [0.0, 0.0]).tolist() == [1.0, 2.0]
    assert single.derivative(np.float32([1.0]), [0.0]).dtype == np.float32


def test_cross_entropy_of_probabilities():
    loss = fm.losses.CrossEntropy()
    p, y = np.array([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]]), np.array([1, 2])
    assert loss(p, y) == pytest.approx(-(math.log(0.5) + math.log(0.8)) / 2)
    assert loss.derivative(p, y) == pytest.approx(-np.eye(3)[y] / p / 2)
    assert loss(p, np.eye(3)[y]) == loss(p, y)
    # together with softmax's matrix it is a - y
    z = np.log(p)
    softmax = Softmax()
    chained = np.einsum("nk,nkj->nj", loss.derivative(p, y), softmax.derivative(z))
    assert chained == pytest.approx((p - np.eye(3)[y]) / 2, abs=1e-15)
    single = np.array([0.25, 0.9])
    assert loss(single, [0, 1]) == pytest.approx(-(math.log(0.75) + math.log(0.9)) / 2)
    assert loss.derivative(single, [0, 1]) == pytest.approx([1 / 0.75 / 2, -1 / 0.9 / 2])
    several = np.array([[0.25, 0.9]])
    assert loss(several, [[0, 1]], after="sigmoid") == pytest.approx(-math.log(0.75) - math.log(0.9))
    assert loss(np.array([[0.0, 1.0]]), [1]) == 0.0
    assert loss(np.array([[0.0, 1.0]]), [0]) == math.inf
    smooth = fm.losses.CrossEntropy(label_smoothing=0.3)
    net = fm.Network(3, [fm.Dense(3, "softmax")], loss=smooth, dtype="float64")
    net.set_parameters([*np.eye(3).ravel(), 0.0, 0.0, 0.0])
    assert smooth(p, y) == pytest.approx(net.loss(z, y))


def test_what_is_no_output_or_target_is_refused():
    squares, cross = fm.losses.MeanSquaredError(), fm.losses.CrossEntropy()
    with pytest.raises(ValueError, match="targets has 3 rows, but outputs has 2"):
        squares([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"outputs has shape \(1, 1, 1\), but must be"):
        squares([[[1.0]]], [1.0])
    with pytest.raises(ValueError, match=r"adds up to 1\.1 in row 0, but after softmax probabilities add up to 1"):
        cross([[0.2, 0.9]], [0])
    with pytest.raises(ValueError, match=r"outputs holds 2\.0 in row 0, column 0, but must hold probabilities"):
        cross([2.0], [0])
    with pytest.raises(ValueError, match="after must be"):
        cross([0.5], [0], after="relu")
    with pytest.raises(ValueError, match="targets"):
        cross([[0.5, 0.5]], [2])
    weighted = fm.losses.CrossEntropy(class_weight="balanced")
    with pytest.raises(ValueError, match="a loss with class_weight has no value of outputs alone"):
        weighted([0.5], [0])
