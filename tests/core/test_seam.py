"""What the bindings take: what could go wrong, and which test sees it.

A number lands in the place of another (two arguments or more by position are a TypeError), a value that would read out
of bounds or make no sense reaches the core, which only asserts (refused, with its sentence), a setting of an optimizer
is forgotten and is zero (refused by name), a layer is told something that it does not do (all that it is told).
"""

from dataclasses import fields

import numpy as np
import pytest

from bits import NETWORKS, adam, chain, new_network, new_trainer, parameters_of, sgd, train
from fastmlp import _core
from fastmlp._core import LayerSpec
from fastmlp.optimizers import OPTIMIZERS

ROWS, INPUTS = 6, 3
X = np.random.default_rng(0).standard_normal((ROWS, INPUTS))
Y = np.zeros(ROWS, np.int32)


def small_network(kind=_core.Network32):
    return new_network(kind, INPUTS, chain((5, "tanh"), (2, "softmax")), "softmax_cross_entropy", seed=1)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"units": 0}, "a layer needs units"),
        ({"units": 2**56}, "a layer needs units"),
        ({"activation": "sine"}, "does not know the name 'sine'"),
        ({"activation": "formula"}, "a formula belongs to its activation"),
        ({"pieces": 0}, "a unit needs pieces"),
        ({"pieces": 2**55}, "a unit needs pieces"),
        ({"dropout": 1.0}, "a dropout rate must be in"),
        ({"dropout": -0.1}, "a dropout rate must be in"),
        ({"dropout": np.nan}, "a dropout rate must be in"),
        ({"weight_rate_factor": -1.0}, "a rate factor must be"),
        ({"weight_rate_factor": np.nan}, "a rate factor must be"),
        ({"bias_rate_factor": np.inf}, "a rate factor must be"),
        ({"draw": ("cauchy", 1.0)}, "does not know the name 'cauchy'"),
    ],
)
def test_a_wrong_value_of_a_layer_is_refused(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        LayerSpec(**{"units": 3} | wrong)


@pytest.mark.parametrize(
    "wrong", [{"units": None}, {"units": 1.5}, {"parameter": "0.1"}, {"draw": ("normal",)}, {"unit": 3}]
)
def test_a_value_of_a_wrong_type_or_name_is_a_type_error(wrong):
    with pytest.raises(TypeError):
        LayerSpec(**{"units": 3} | wrong)


def test_a_layer_without_units_is_a_type_error():
    with pytest.raises(TypeError):
        LayerSpec(activation="tanh")


def test_a_layer_shows_what_it_is():
    assert repr(LayerSpec(units=3, activation="tanh")) == "<LayerSpec: 3 units, tanh>"


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"n_inputs": 0}, "a network needs inputs and layers"),
        ({"layers": []}, "a network needs inputs and layers"),
        ({"layers": [LayerSpec(units=1, normalizes=True)]}, "the inputs of the first layer are not normalized"),
        ({"loss": "regret"}, "does not know the name 'regret'"),
    ],
)
def test_a_wrong_network_is_refused(kind, wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        kind(**{"n_inputs": 1, "layers": [LayerSpec(units=1)], "loss": "mse"} | wrong)


BY_POSITION = {
    "LayerSpec": lambda: LayerSpec(3),
    "Network": lambda: _core.Network32(INPUTS, chain((2, "tanh")), "mse"),
    "initialize": lambda: small_network().initialize(1),
    "forward": lambda: small_network().forward(X, 1),
    "activations": lambda: small_network().activations(X, 1),
    "loss": lambda: small_network().loss(X, Y, None, 1),
    "gradients": lambda: small_network().gradients(X, Y, None, 1),
    "set_input_scaling": lambda: small_network().set_input_scaling(None, None),
    "Trainer": lambda: _core.Trainer32(small_network(), X, Y, None, 2, True, 1, 0, *sgd(0.1)),
    "run": lambda: new_trainer(small_network(), X, Y, sgd(0.1), batch_size=2, seed=1).run(1, 1),
    "learning_rate": lambda: _core.learning_rate(("cosine", [0.0], 0), 0.1, 0, 10),
}


@pytest.mark.parametrize("call", BY_POSITION)
def test_two_arguments_or_more_are_not_taken_by_position(call):
    with pytest.raises(TypeError, match="incompatible"):
        BY_POSITION[call]()


def test_one_argument_is_taken_by_position():
    network = small_network()
    assert network.weights(0).shape == (INPUTS, 5)
    assert network.bias(1).shape == (2,)
    network.set_optimizer_state(None)
    assert _core.first_nonfinite(X) == -1
    assert _core.exp(np.zeros(1))[0] == 1.0


def settings_of(optimizer):
    values = {field.name: getattr(optimizer, field.name) for field in fields(optimizer)}
    return {name: float(value) for name, value in values.items() if value is not None}


COMPLETE = [(name, settings_of(kind())) for name, kind in OPTIMIZERS.items() if name != "lbfgs"]
SETTINGS = [(name, settings, setting) for name, settings in COMPLETE for setting in settings]


@pytest.mark.parametrize(("name", "settings", "missing"), SETTINGS, ids=[f"{s[0]}-{s[2]}" for s in SETTINGS])
def test_a_missing_setting_of_an_optimizer_is_named(name, settings, missing):
    assert new_trainer(small_network(), X, Y, (name, settings), batch_size=2, seed=1)
    incomplete = {setting: value for setting, value in settings.items() if setting != missing}
    with pytest.raises(ValueError, match=f"^the optimizer needs {missing}.$"):
        new_trainer(small_network(), X, Y, (name, incomplete), batch_size=2, seed=1)


# ---- all that a layer is told ----


def trained(**settings):
    """Return the parameters of a network whose second layer is told this, before and after a training, and outputs."""
    told = LayerSpec(**{"units": 4, "activation": "sigmoid"} | settings)
    layers = [*chain((6, "tanh")), told, *chain((2, "softmax"))]
    network = new_network(_core.Network64, INPUTS, layers, "softmax_cross_entropy", seed=1)
    before = [part.copy() for part in parameters_of(network, 3)]
    train(network, X, Y, adam(0.01), batch_size=ROWS, seed=1, epochs=3, threads=1)
    return before, [*parameters_of(network, 3)], network.forward(X=X, threads=1)


@pytest.mark.parametrize(
    "setting",
    [
        {"activation": "tanh"},
        {"activation": "elu"},
        {"l1": 0.1},
        {"l2": 0.1},
        {"pieces": 2},
        {"normalizes": True},
        {"dropout": 0.5},
        {"weight_rate_factor": 0.5},
        {"bias_rate_factor": 0.5},
        {"draw": ("normal", 0.1)},
    ],
    ids=str,
)
def test_each_setting_reaches_the_core(setting):
    assert not np.array_equal(trained(**setting)[2], trained()[2])


def test_the_parameter_of_an_activation_reaches_the_core():
    slopes = [trained(activation="leaky_relu", parameter=slope)[2] for slope in (0.1, 0.7)]
    assert not np.array_equal(*slopes)


def test_a_factor_of_zero_freezes_and_a_draw_is_kept_from_the_construction_on():
    before, after, _ = trained(weight_rate_factor=0.0, draw=("constant", 0.25))
    assert (before[2] == 0.25).all()
    assert (after[2] == 0.25).all()
    assert (after[3] != before[3]).all()


def test_a_layer_may_be_told_to_two_networks():
    layers = chain((5, "tanh"), (2, "softmax"))
    first, second = (new_network(kind, INPUTS, layers, "softmax_cross_entropy", seed=1) for kind in NETWORKS)
    np.testing.assert_array_equal(first.weights(0), second.weights(0).astype(np.float32))
