"""Derivatives of a model: of its loss, of one's own, of outputs by inputs, of each sample alone.

Everything is computed in the core, by the passes that training makes. What is differentiated and in which units, is
settled here; the steps that use derivatives are in _training.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

import fastmlp._core as _core
from fastmlp._checks.arguments import check_choice, check_integer
from fastmlp._checks.arrays import check_data, check_derivatives, check_outputs
from fastmlp._model.model import Model
from fastmlp._model.output_gradients import output_gradients
from fastmlp._model.samples import Samples
from fastmlp.activations import Identity
from fastmlp.gradients import Gradients
from fastmlp.runtime import thread_limit

Array = npt.NDArray[Any]
# derivatives of one's own loss by the outputs, or a function of the outputs that returns them
Derivatives: TypeAlias = npt.ArrayLike | Callable[[Array], npt.ArrayLike]
PLACES = ("outputs", "pre_activations")


def gradients(model: Model, samples: Samples) -> Gradients:
    """Return the derivatives of the loss by parameters, inputs, pre-activations and outputs."""
    return gradients_of(model.core, model, model.for_core(samples))


def gradients_of(core: _core.Network32, model: Model, seen: Samples) -> Gradients:
    """Return those of a model's core, or of a copy in float64, from targets as it learns them.

    They are in the units of the model's targets, and in float64 where these are scaled.
    """
    loss, weights, biases, inputs, deltas, ends, *entrance = core.gradients(
        X=seen.dense, targets=seen.targets, sample_weight=seen.sample_weight, with_deltas=True, threads=thread_limit()
    )
    embedding = entrance[0] if entrance else None
    outputs = partial(_same, deltas[-1])
    if not isinstance(model.architecture.last_activation, Identity):
        loss_function, last = model.architecture.loss, model.architecture.last_activation
        # copies, for the caller may fill the same arrays with the next samples
        weight = None if seen.sample_weight is None else seen.sample_weight.copy()
        outputs = partial(output_gradients, loss_function, last, ends, seen.targets.copy(), weight)
    if model.units is None:
        return Gradients(loss, weights, biases, inputs, deltas, outputs, embedding)
    unit = np.float64(model.loss_unit)
    return Gradients(
        loss * float(unit),
        [unit * dW for dW in weights],
        [unit * db for db in biases],
        unit * inputs,
        [unit * dz for dz in deltas],
        partial(_scaled, outputs, unit / model.units.deviation),
        None if embedding is None else unit * embedding,
    )


def backward(model: Model, X: npt.ArrayLike, d_outputs: Derivatives, at: str, dropout: int | None) -> Gradients:
    """Return the derivatives of a loss that the caller knows; described at ``Network.backward``."""
    at = check_choice(at, "at", PLACES)
    dropout = check_dropout(dropout)
    model.check_scaling_is_known()
    data = check_data(X, model.architecture.n_inputs, model.architecture.dtype)
    if callable(d_outputs) and model.columns is not None and model.columns.limit:
        # the clip's slopes are those of the data as they are now, whatever the function does to them
        data = data.copy()
    kind = _core.Gradients32 if model.architecture.dtype == np.float32 else _core.Gradients64
    with kind(network=model.core, X=data, dropout=dropout, threads=thread_limit()) as under_way:
        outputs = model.for_user(under_way.outputs())
        value: Any = d_outputs
        if callable(d_outputs):
            check_outputs(outputs)
            value = d_outputs(outputs)
        given = check_given(model, value, len(outputs), is_returned=callable(d_outputs))
        _, weights, biases, inputs, deltas, _, *entrance = under_way.finish(given=for_core(model, given, at), at=at)
    as_given = partial(_outputs_given, given.copy() if at == "outputs" else None)
    return Gradients(np.nan, weights, biases, inputs, deltas, as_given, entrance[0] if entrance else None)


def check_given(model: Model, value: Any, rows: int, *, is_returned: bool) -> Array:
    """Return derivatives by the outputs or pre-activations of so many rows as checked numbers."""
    name = "what d_outputs returned" if is_returned else "d_outputs"
    dtype = model.architecture.dtype if model.units is None else np.dtype(np.float64)
    return check_derivatives(value, rows, model.architecture.n_outputs, dtype, name)


def for_core(model: Model, given: Array, at: str) -> Array:
    """Return derivatives by the outputs of the core, which are not in the units of the targets."""
    if model.units is None or at != "outputs":
        return given
    scaled = given * model.units.deviation
    rows, columns = scaled.shape
    return check_derivatives(scaled, rows, columns, model.architecture.dtype, "d_outputs times the targets' deviation")


def check_dropout(dropout: Any) -> int | None:
    """Return the seed of what is dropped; None: that of a training step, or nothing where there is none."""
    return None if dropout is None else check_integer(dropout, "dropout", minimum=0, maximum=2**64 - 1)


def jacobian(model: Model, X: npt.ArrayLike) -> Array:
    """Return the derivatives of outputs by inputs, (rows, outputs, inputs)."""
    found = _jacobian(model, X, None)
    return found if model.units is None else model.units.deviation[:, np.newaxis] * found


def vjp(model: Model, X: npt.ArrayLike, V: npt.ArrayLike) -> Array:
    """Return V^T J for each row, (rows, inputs)."""
    data = check_data(X, model.architecture.n_inputs, model.architecture.dtype)
    dtype = model.architecture.dtype if model.units is None else np.dtype(np.float64)
    vectors = check_derivatives(V, len(data), model.architecture.n_outputs, dtype, "V")
    return _jacobian(model, data, for_core(model, vectors, "outputs"))


def input_gradient(model: Model, X: npt.ArrayLike, output: int) -> Array:
    """Return the derivatives of one output by the inputs, (rows, inputs)."""
    output = check_integer(output, "output", minimum=0, maximum=model.architecture.n_outputs - 1)
    data = check_data(X, model.architecture.n_inputs, model.architecture.dtype)
    V = np.zeros((len(data), model.architecture.n_outputs), model.architecture.dtype)
    V[:, output] = 1.0
    return vjp(model, data, V)


def _jacobian(model: Model, X: npt.ArrayLike, vectors: Array | None) -> Array:
    model.check_scaling_is_known()
    data = check_data(X, model.architecture.n_inputs, model.architecture.dtype)
    return model.core.jacobian(X=data, vectors=vectors, threads=thread_limit())


def per_sample_gradients(model: Model, samples: Samples) -> Array:
    """Return the gradient of each sample's own loss, (rows, parameters)."""
    seen = model.for_core(samples)
    found = model.core.row_gradients(X=seen.dense, targets=seen.targets, threads=thread_limit())
    return found if model.units is None else np.float64(model.loss_unit) * found


def _same(array: Array) -> Array:
    return array


def _scaled(outputs: Callable[[], Array], units: Array) -> Array:
    return outputs() * units


def _outputs_given(given: Array | None) -> Array:
    if given is None:
        raise ValueError(
            "the derivatives were given by the pre-activations, from which those by the outputs cannot be told: "
            "give them with at='outputs'."
        )
    return given
