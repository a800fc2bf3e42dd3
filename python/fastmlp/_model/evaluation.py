"""What can be asked of a model: outputs, predictions, the loss.

An ordinary array goes to the core as it is, which looks at it itself: for one row the checks in Python take longer than
the network. All else is checked here first, for the sentences. What outputs mean is in outputs.py; derivatives are in
derivatives.py, but for those of a core alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

import fastmlp._core as _core
from fastmlp._checks.arrays import check_data, check_outputs
from fastmlp._model.model import Model
from fastmlp._model.outputs import predictions, probabilities
from fastmlp._model.samples import Samples
from fastmlp.runtime import thread_limit

Array = npt.NDArray[Any]
# the loss, of the weights and biases of each layer, of the embedding's parameters
CoreGradients: TypeAlias = tuple[float, list[Array], list[Array], Array | None]


def forward(model: Model, X: npt.ArrayLike, dropout: int | None = None) -> Array:
    """Return the outputs of the last layer, after its activation; with dropout as of a seed."""
    if dropout is not None:
        data = check_data(X, model.architecture.n_inputs, model.architecture.dtype)
        return model.for_user(model.core.forward(X=data, dropout=dropout, threads=thread_limit()))
    # not by plain_outputs: a call takes as long as a hundredth of a row
    outputs: Array | None = model.core.plain_outputs(X, thread_limit())
    return model.for_user(_checked_outputs(model, X) if outputs is None else outputs)


def plain_outputs(model: Model, X: npt.ArrayLike) -> Array | None:
    """Return the outputs for an ordinary array that the core finds right as it is, else None."""
    outputs: Array | None = model.core.plain_outputs(X, thread_limit())
    return None if outputs is None else model.for_user(outputs)


def predict(model: Model, X: npt.ArrayLike) -> Array:
    """Return class labels, values or counts; described at ``Network.predict``."""
    meaning = model.architecture.meaning
    if meaning in ("many", "scores"):
        classes: Array | None = model.core.plain_classes(X, thread_limit())
        if classes is None:
            outputs = _checked_outputs(model, X)
            check_outputs(outputs)
            classes = predictions(outputs, meaning)
        return model.names.texts(classes)
    outputs = forward(model, X)
    check_outputs(outputs)
    predicted = predictions(outputs, meaning)
    if meaning == "log_rates":
        check_outputs(predicted)
    return model.names.texts(predicted) if meaning in ("binary", "score") else predicted


def predict_proba(model: Model, X: npt.ArrayLike) -> Array:
    """Return one column of probabilities for each class; described at ``Network.predict_proba``."""
    outputs = forward(model, X)
    check_outputs(outputs)
    return probabilities(outputs, model.architecture.meaning)


def activations(model: Model, X: npt.ArrayLike) -> list[Array]:
    """Return the outputs of every layer."""
    data = check_data(X, model.architecture.n_inputs, model.architecture.dtype)
    *hidden, outputs = model.core.activations(X=data, threads=thread_limit())
    return [*hidden, model.for_user(outputs)]


def pre_activations(model: Model, X: npt.ArrayLike) -> list[Array]:
    """Return what the activation of every layer is applied to."""
    data = check_data(X, model.architecture.n_inputs, model.architecture.dtype)
    return model.core.pre_activations(X=data, threads=thread_limit())


def loss(model: Model, samples: Samples) -> float:
    """Return the mean loss and the penalties."""
    seen = model.for_core(samples)
    return model.loss_unit * model.core.loss(
        X=seen.inputs, targets=seen.targets, sample_weight=seen.sample_weight, threads=thread_limit()
    )


def outputs_of(model: Model, samples: Samples) -> Array:
    """Return the outputs for checked samples."""
    outputs: Array = model.core.forward(X=samples.inputs, threads=thread_limit())
    return model.for_user(outputs)


def core_gradients(core: _core.Network32, samples: Samples) -> CoreGradients:
    """Return loss and gradients of a core, be it of a model or a copy in float64; targets are as it learns them."""
    loss, weights, biases, _, *entrance = core.gradients(
        X=samples.dense, targets=samples.targets, sample_weight=samples.sample_weight, threads=thread_limit()
    )
    return loss, weights, biases, entrance[0] if entrance else None


def _checked_outputs(model: Model, X: npt.ArrayLike) -> Array:
    """Return the outputs for data that are no ordinary array, or not as they should be."""
    data = check_data(X, model.architecture.n_inputs, model.architecture.dtype)
    outputs: Array = model.core.forward(X=data, threads=thread_limit())
    return outputs


def averaged(outputs: Sequence[Array], repeats: Sequence[int]) -> Array:
    """Return the average of what networks give, of which each counts so often."""
    if len(set(repeats)) == 1:
        return np.asarray(np.mean(outputs, axis=0))
    total = np.zeros_like(outputs[0])
    for own, times in zip(outputs, repeats, strict=True):
        total += own.dtype.type(times) * own
    return np.asarray(total / total.dtype.type(sum(repeats)))
