"""``to_sklearn``: a fitted estimator as scikit-learn's own, with the same predictions; the way in is conversion.py's.

What scikit-learn's class cannot be told is refused by name, also where it does not change predictions: a model that was
trained by another rule would go on by scikit-learn's without a word.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import neural_network
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import LabelBinarizer, StandardScaler

from fastmlp._checks.text import brief
from fastmlp._model.description import finite_copies
from fastmlp._model.scaling import columns_of
from fastmlp.activations import Identity, ReLU, Sigmoid, Tanh
from fastmlp.losses import CrossEntropy, HalfSquaredError, Poisson
from fastmlp.network import Network
from fastmlp.sklearn._mlp.parameters import LOGISTIC
from fastmlp.sklearn._mlp.results import MLPResult

ACTIVATIONS: dict[type[Any], str] = {Identity: "identity", Sigmoid: LOGISTIC, Tanh: "tanh", ReLU: "relu"}


def exported(settings: dict[str, Any], result: MLPResult) -> Any:
    """Return scikit-learn's estimator, with those of our settings that it has, or a pipeline of a scaler and it."""
    network = result.network_
    has_classes = hasattr(result, "classes_")
    kind = neural_network.MLPClassifier if has_classes else neural_network.MLPRegressor
    known = kind().get_params(deep=False)
    settings = {**settings, "hidden_layer_sizes": tuple(len(layer.bias) for layer in network.layers[:-1])}
    settings["activation"] = _activation(network, settings["activation"], kind)
    _check_parameters(network, settings, kind)
    given = {name: value for name, value in settings.items() if name in known and name != "loss"}
    if isinstance(network.loss_function, Poisson):
        given["loss"] = "poisson"
    estimator = kind(**given)
    for name in MLPResult.attributes():
        if name.endswith("_") and name != "network_" and hasattr(result, name):
            value = getattr(result, name)
            setattr(estimator, name, value.copy() if hasattr(value, "copy") else value)
    copies = [
        finite_copies(layer.weights, layer.bias, number, "exported") for number, layer in enumerate(network.layers)
    ]
    estimator.coefs_ = [weights for weights, _ in copies]
    estimator.intercepts_ = [bias for _, bias in copies]
    estimator.n_layers_ = len(network.layers) + 1
    if has_classes:
        estimator._label_binarizer = result.binarizer or LabelBinarizer().fit(result.classes_)
        estimator.out_activation_ = "softmax" if network.layers[-1].activation.name == "softmax" else LOGISTIC
    else:
        estimator.out_activation_ = "exp" if "loss" in given else "identity"
    if hasattr(result, "no_improvement_count"):
        estimator._no_improvement_count = result.no_improvement_count
    scaler = _scaler(network, result)
    if scaler is None:
        return estimator
    # what the scaler hands on has no names of columns
    vars(estimator).pop("feature_names_in_", None)
    return Pipeline([("scale", scaler), ("mlp", estimator)])


def _activation(network: Network, given: Any, kind: type[Any]) -> str:
    """Return the name of the one activation of the hidden layers; without any, what was asked for."""
    activations = [layer.activation for layer in network.layers[:-1]]
    if not activations:
        return given if given in ACTIVATIONS.values() else "relu"
    if any(activation != activations[0] for activation in activations):
        raise ValueError(
            f"activation is {brief([activation.spelled for activation in activations])}, but {kind.__name__} of "
            "scikit-learn's has one for all hidden layers: fit with one."
        )
    name = ACTIVATIONS.get(type(activations[0]))
    if name is None:
        raise ValueError(
            f"activation is {activations[0].spelled!r}, but {kind.__name__} of scikit-learn's has 'identity', "
            "'logistic', 'tanh' and 'relu': fit with one of them."
        )
    return name


def _check_parameters(network: Network, settings: dict[str, Any], kind: type[Any]) -> None:
    """Refuse what a fit was told, and scikit-learn's class cannot be told."""
    loss = network.loss_function
    has_counts = "loss" in kind().get_params(deep=False)
    own = CrossEntropy() if "class_weight" in settings else HalfSquaredError()
    if loss != own and not (isinstance(loss, Poisson) and has_counts):
        _refuse("loss", loss.name, kind)
    if any(network.dropout):
        _refuse("dropout", max(network.dropout), kind)
    for name in ("optimizer", "class_weight"):
        if settings.get(name) is not None:
            _refuse(name, settings[name], kind)


def _refuse(name: str, value: Any, kind: type[Any]) -> None:
    raise ValueError(f"{name} is {brief(value)}, which {kind.__name__} of scikit-learn's has not: fit without it.")


def _scaler(network: Network, result: MLPResult) -> StandardScaler | None:
    """Return what scales the inputs as the network does; the scaler has seen the names of columns, too."""
    columns = columns_of(network.scaling, network.n_inputs, network.dtype)
    if columns is None:
        return None
    if columns.limit or not columns.scale.all():
        _refuse("scale", "robust", StandardScaler)
    scaler = StandardScaler()
    scaler.mean_, scaler.scale_ = columns.shift.copy(), 1.0 / columns.scale
    scaler.var_ = np.square(scaler.scale_)
    scaler.n_samples_seen_ = 1
    for name in ("n_features_in_", "feature_names_in_"):
        if hasattr(result, name):
            setattr(scaler, name, getattr(result, name))
    return scaler
