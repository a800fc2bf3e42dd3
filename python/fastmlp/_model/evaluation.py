"""What can be asked of a model: outputs, predictions, the loss, its gradients.

An ordinary array goes to the core as it is, which looks at it itself: for one row the checks in Python take longer than
the network. All else is checked here first, for the sentences. What outputs mean is in outputs.py.
"""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

import fastmlp._core as _core
from fastmlp._checks.arrays import check_data, check_outputs
from fastmlp._model.model import Model
from fastmlp._model.outputs import predictions, probabilities
from fastmlp._model.samples import Samples
from fastmlp.gradients import Gradients
from fastmlp.runtime import thread_limit

Array = npt.NDArray[Any]


def forward(model: Model, X: npt.ArrayLike) -> Array:
    """Return the outputs of the last layer, after its activation."""
    # not by plain_outputs: a call takes as long as a hundredth of a row
    outputs: Array | None = model.core.plain_outputs(X=X, threads=thread_limit())
    return _checked_outputs(model, X) if outputs is None else outputs


def plain_outputs(model: Model, X: npt.ArrayLike) -> Array | None:
    """Return the outputs for an ordinary array that the core finds right as it is, else None."""
    outputs: Array | None = model.core.plain_outputs(X=X, threads=thread_limit())
    return outputs


def predict(model: Model, X: npt.ArrayLike) -> Array:
    """Return class labels, values or counts; described at ``Network.predict``."""
    meaning = model.architecture.meaning
    if meaning in ("many", "scores"):
        classes: Array | None = model.core.plain_classes(X=X, threads=thread_limit())
        if classes is not None:
            return classes
        outputs = _checked_outputs(model, X)
        check_outputs(outputs)
        return predictions(outputs, meaning)
    outputs = forward(model, X)
    check_outputs(outputs)
    predicted = predictions(outputs, meaning)
    if meaning == "log_rates":
        check_outputs(predicted)
    return predicted


def predict_proba(model: Model, X: npt.ArrayLike) -> Array:
    """Return one column of probabilities for each class; described at ``Network.predict_proba``."""
    outputs = forward(model, X)
    check_outputs(outputs)
    return probabilities(outputs, model.architecture.meaning)


def activations(model: Model, X: npt.ArrayLike) -> list[Array]:
    """Return the outputs of every layer."""
    data = check_data(X, model.architecture.n_inputs, model.architecture.dtype)
    return model.core.activations(X=data, threads=thread_limit())


def loss(model: Model, samples: Samples) -> float:
    """Return the mean loss and the penalties."""
    return model.core.loss(
        X=samples.dense, targets=samples.targets, sample_weight=samples.sample_weight, threads=thread_limit()
    )


def outputs_of(model: Model, samples: Samples) -> Array:
    """Return the outputs for checked samples."""
    outputs: Array = model.core.forward(X=samples.dense, threads=thread_limit())
    return outputs


def gradients(model: Model, samples: Samples) -> Gradients:
    """Return the derivatives of the loss by weights, biases and inputs."""
    return Gradients(*core_gradients(model.core, samples))


def core_gradients(core: _core.Network32, samples: Samples) -> tuple[float, list[Array], list[Array], Array]:
    """Return loss and gradients of a core, be it of a model or a copy in float64."""
    found: tuple[float, list[Array], list[Array], Array] = core.gradients(
        X=samples.dense, targets=samples.targets, sample_weight=samples.sample_weight, threads=thread_limit()
    )
    return found


def _checked_outputs(model: Model, X: npt.ArrayLike) -> Array:
    """Return the outputs for data that are no ordinary array, or not as they should be."""
    data = check_data(X, model.architecture.n_inputs, model.architecture.dtype)
    outputs: Array = model.core.forward(X=data, threads=thread_limit())
    return outputs
