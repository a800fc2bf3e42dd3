"""The floor below the face: a Model is trained, described and written without a Network.

What could go wrong: a floor needs what stands on it (without a network), the walk leaves out a layer or gives numbers
of another (walk), a kind does not say what is asked of it and a default is taken in silence (facts), registries
disagree in how they are made (registries).
"""

from __future__ import annotations

import gc
import weakref
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import fastmlp as fm
from fastmlp._checks.registry import by_name, only_setting
from fastmlp._files import model_file
from fastmlp._gradient_check.network import check_network
from fastmlp._model import evaluation
from fastmlp._model.architecture import Architecture
from fastmlp._model.description import described
from fastmlp._model.model import Model
from fastmlp._model.stack import LAYERS
from fastmlp._model.summary import short_description, summary
from fastmlp._training import measures
from fastmlp._training.arguments import FitArguments
from fastmlp._training.fit import fit
from fastmlp.activations import ACTIVATIONS, Activation
from fastmlp.initializers import INITIALIZERS
from fastmlp.losses import LOSSES, Loss
from fastmlp.network import model_of, network_of
from fastmlp.optimizers import OPTIMIZERS
from fastmlp.schedules import SCHEDULES

RNG = np.random.default_rng(0)
X = RNG.normal(2.0, 3.0, size=(50, 3))
Y = RNG.integers(0, 2, 50)
LAYERS_OF_ALL_KINDS = [
    fm.Standardize(), fm.Dropout(0.1), fm.Dense(6, "relu", l2=0.5), fm.LayerNorm(), fm.Dropout(0.2), fm.Maxout(4, 3),
    fm.Dense(2, "softmax", initializer="zeros"),
]  # fmt: skip
SETTINGS = {"epochs": 3, "batch_size": 16, "validation_fraction": 0.2, "progress": False}


def new_model() -> Model:
    model = Model(Architecture.of(3, LAYERS_OF_ALL_KINDS, seed=4, l1=0.25))
    model.reset()
    return model


def test_a_model_is_trained_without_a_network_and_its_owner_is_not_looked_at():
    seen = []
    owner = object()
    model = new_model()
    history = fit(model, owner, X, Y, FitArguments(**SETTINGS, callbacks=[lambda *told: seen.append(told[0])]))
    assert seen == [owner] * 3
    assert model.epochs_trained == len(history.epochs) == 3
    net = fm.Network(3, LAYERS_OF_ALL_KINDS, seed=4, l1=0.25)
    assert net.fit(X, Y, **SETTINGS)["loss"] == history["loss"]
    assert (net.get_parameters() == model.parameters()).all()
    assert (evaluation.predict(model, X) == net.predict(X)).all()
    assert measures.evaluate(model, X, Y, None, None) == net.evaluate(X, Y)


def test_a_model_is_checked_and_goes_through_a_file_without_a_network(tmp_path):
    model = new_model()
    samples = model.architecture.check(X, Y)
    model.learn_scaling(samples)
    settings = {"tolerance": 1e-6, "max_samples": 20, "max_parameters": 100, "seed": 0}
    assert check_network(model, samples, **settings).passed
    model_file.write(model_file.Content(model, ["a", "b"], {"k": 1}), tmp_path / "model.safetensors")
    with open(tmp_path / "model.safetensors", "rb") as file:
        again = model_file.read(file, (tmp_path / "model.safetensors").stat().st_size)
    assert again[1:] == (["a", "b"], {"k": 1})
    assert (again.model.parameters() == model.parameters()).all()
    assert again.model.scaling == model.scaling


def test_the_walk_gives_the_users_list_with_settings_in_force_and_the_arrays_themselves():
    model = new_model()
    model.learn_scaling(model.architecture.check(X, Y))
    walk = list(described(model))
    assert [type(layer) for layer, _, _ in walk] == [type(layer) for layer in LAYERS_OF_ALL_KINDS]
    assert walk[0].layer == model.scaling
    assert walk[0].layer.mean is not None
    with_arrays = [entry for entry in walk if entry.weights is not None]
    for entry, built in zip(with_arrays, model.layers, strict=True):
        assert entry.weights is built.weights
        assert entry.bias is built.bias
        assert (entry.layer.l1, entry.layer.l2) == (built.l1, built.l2)
    assert [(entry.layer.l1, entry.layer.l2) for entry in with_arrays] == [(0.25, 0.5), (0.25, 0.0), (0.25, 0.0)]


def test_what_tells_of_a_model_goes_by_the_walk():
    net = fm.Network(3, [fm.Dropout(0), fm.Dense(2, "tanh"), fm.Dense(1)], seed=0)
    assert (
        repr(net)
        == "Network(3, [Dropout(0), Dense(2, 'tanh'), Dense(1, 'identity')], loss='mse', dtype='float32', seed=0)"
    )
    assert repr(net) == short_description(model_of(net))
    assert net.summary() == summary(model_of(net))
    assert "dropout 0" in net.summary()


def test_a_network_and_its_model_belong_together_and_go_together():
    net = fm.Network(3, LAYERS_OF_ALL_KINDS, seed=4)
    model = model_of(net)
    assert network_of(model, classes=["a", "b"]).layers is net.layers
    gone = weakref.ref(model)
    del net, model
    gc.collect()
    assert gone() is None


def test_a_failure_inside_the_block_gives_weights_and_optimizer_back():
    model = new_model()
    fit(model, None, X, Y, FitArguments(**SETTINGS))
    before, state = model.parameters(), model.core.optimizer_state()

    def failing():
        with model.unchanged_on_failure():
            fit(model, None, X, Y, FitArguments(**SETTINGS))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert (model.parameters() == before).all()
    assert model.epochs_trained == 3
    after = model.core.optimizer_state()
    assert after[:2] == state[:2]
    assert all((a == b).all() for a, b in zip(after[2], state[2], strict=True))


# ---- facts on the kinds ----


@dataclass(frozen=True)
class OfTwo(Loss):
    """A loss with two settings that does not say what the core is told."""

    a: float = 1.0
    b: float = 2.0
    name: ClassVar[str] = "of_two"


@dataclass(frozen=True)
class AlsoOfTwo(Activation):
    """An activation likewise."""

    a: float = 1.0
    b: float = 2.0
    name: ClassVar[str] = "also_of_two"


@pytest.mark.parametrize("kind", [OfTwo, AlsoOfTwo])
def test_a_kind_of_two_settings_that_does_not_say_which_the_core_is_told_is_an_error(kind):
    with pytest.raises(NotImplementedError, match=f"{kind.__name__} has the settings a, b: its property"):
        _ = kind().parameter


def test_one_setting_is_what_the_core_is_told_and_none_is_nothing():
    assert only_setting(fm.losses.Huber(3.0)) == fm.losses.Huber(3.0).parameter == 3.0
    assert only_setting(fm.losses.MeanSquaredError()) == 0.0
    assert fm.losses.CrossEntropy(0.25, "balanced").parameter == 0.25
    assert fm.activations.ELU(0.5).parameter == 0.5


@pytest.mark.parametrize("registry", [ACTIVATIONS, INITIALIZERS, LOSSES, OPTIMIZERS, SCHEDULES, LAYERS])
def test_registries_are_made_in_one_way(registry):
    assert registry == by_name(*registry.values())
    assert all(kind.name == name for name, kind in registry.items())
    assert all(vars(kind)["name"] == name for name, kind in registry.items())


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_says_what_is_asked_of_it(name):
    loss = LOSSES[name]()
    assert loss.takes in ("labels", "sides", "counts", "values")
    assert loss.meaning in ("as activated", "scores", "log_rates")
    assert loss.last_activations is None or set(loss.last_activations) <= set(ACTIVATIONS)
    assert all(isinstance(kink, float) for kink in loss.kinks)


# ---- subclasses of a user's own ----


class Hidden(fm.Dense):
    """A layer with another name."""


class Own(fm.Network):
    """A network that counts its resets, and saves by the function."""

    resets = 0

    def reset(self):
        self.resets += 1
        super().reset()

    def save(self, path):
        fm.save(self, path)


def test_subclasses_of_layers_and_networks_do_what_their_kinds_do(tmp_path):
    net = Own(1, [Hidden(2, "tanh", weight_rate_factor=0.5), fm.Dense(1)], seed=0)
    assert net.resets == 1
    net.save(tmp_path / "model.safetensors")
    again = fm.load(tmp_path / "model.safetensors")
    assert (again.get_parameters() == net.get_parameters()).all()
    assert repr(again) == repr(net).replace("Hidden", "Dense")
