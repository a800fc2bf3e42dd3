"""Activations as a user gives them: names, settings, and the warning where nothing can be learned.

What could go wrong: another name of the field is unknown or kept under that name (names), a setting does not reach the
core (settings), a network with steps trains without a word or one without them warns (warning). Their arithmetic is in
tests/core/test_activations.py.
"""

import warnings

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import activations
from fastmlp.activations import ACTIVATIONS, ALIASES, ELU, LeakyReLU

X, Y = [[-1.0], [2.0]], [0.5, 1.0]


def unit(activation):
    net = fm.Network(1, [fm.Dense(1, activation)], dtype="float64")
    net.set_parameters([1.0, 0.0])
    return net


@pytest.mark.parametrize(("name", "canonical"), [("linear", "identity"), ("logistic", "sigmoid"), ("swish", "silu")])
def test_other_names_of_the_field_mean_the_same(name, canonical, tmp_path):
    net = unit(name)
    assert name in ALIASES
    assert net.layers[0].activation == unit(canonical).layers[0].activation
    np.testing.assert_array_equal(net.forward(X), unit(canonical).forward(X))
    net.save(tmp_path / "model.safetensors")
    content = (tmp_path / "model.safetensors").read_bytes()
    assert canonical.encode() in content
    assert name.encode() not in content


def test_a_wrong_name_lists_the_valid_ones():
    with pytest.raises(ValueError, match=r"^activation 'rellu' does not exist: use one of ") as caught:
        fm.Dense(3, "rellu")
    for name in (*ACTIVATIONS, *ALIASES):
        assert repr(name) in str(caught.value)
    assert not ACTIVATIONS.keys() & ALIASES.keys()


def test_a_setting_reaches_the_core():
    np.testing.assert_allclose(unit(ELU(0.5)).predict(X), [0.5 * np.expm1(-1), 2], rtol=1e-15)
    np.testing.assert_array_equal(unit(LeakyReLU(0.25)).predict(X), [-0.25, 2])
    np.testing.assert_allclose(unit("elu").predict(X), [np.expm1(-1), 2], rtol=1e-15)
    with pytest.raises(ValueError, match=r"^alpha must be at least 0\.0, got -1\.$"):
        ELU(-1)


@pytest.mark.parametrize("name", ["step", "sign"])
@pytest.mark.parametrize(("place", "layers"), [(0, ["step", "tanh"]), (1, ["tanh", "step"]), (1, ["step", "step"])])
def test_fit_says_which_layers_do_not_learn_and_moves_the_others_only(name, place, layers):
    layers = [fm.Dense(2, name if activation == "step" else activation) for activation in layers]
    net = fm.Network(1, [*layers, fm.Dense(1)] if place == 1 else layers, seed=0)
    before = [layer.weights.copy() for layer in net.layers]
    with pytest.warns(UserWarning, match=rf"^layers\[{place}\] has '{name}', whose derivative is 0, ") as caught:
        net.fit([[-1.0], [2.0]], np.ones((2, net.n_outputs)), epochs=2, optimizer="sgd")
    assert len(caught) == 1
    # at the caller's line
    assert caught[0].filename == __file__
    moved = [bool((layer.weights != old).any()) for layer, old in zip(net.layers, before, strict=True)]
    assert moved == [index > place for index in range(len(moved))]


def test_fit_says_nothing_where_all_layers_learn():
    for name in ACTIVATIONS.keys() - {"step", "sign", "softmax"}:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            unit(name).fit(X, Y, epochs=1)


def test_a_step_in_the_last_layer_is_right_where_the_loss_is_the_perceptrons():
    layers = [fm.Dense(1, "step")]
    labels = [0, 1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fm.Network(1, layers, loss="perceptron").fit([[-1.0], [1.0]], labels, epochs=1)
    hidden = fm.Network(1, [*layers, *layers], loss="perceptron")
    with pytest.warns(UserWarning, match=r"^layers\[0\] has 'step'"):
        hidden.fit([[-1.0], [1.0]], labels, epochs=1)


def test_every_activation_can_be_reached_in_its_module():
    for kind in ACTIVATIONS.values():
        assert getattr(activations, kind.__name__) is kind
