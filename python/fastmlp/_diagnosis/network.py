"""What a network computes for samples, where the doctor's programs start; and what a forgotten scaling makes of it.

All is computed in float64 by the core.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

import fastmlp._core as _core
from fastmlp._diagnosis.program import Values
from fastmlp._diagnosis.roundoff import errors_before, errors_of_gradients
from fastmlp._model.derivatives import gradients_of
from fastmlp._model.model import Model
from fastmlp._model.samples import Samples
from fastmlp.activations import Activation, Softmax
from fastmlp.layers import Dense
from fastmlp.losses import CrossEntropy
from fastmlp.runtime import thread_limit

Array = npt.NDArray[Any]


def values_of(model: Model, samples: Samples) -> Values:
    """Return the right values of a network of Dense layers."""
    core = model.double()
    seen = _seen(model, samples)
    right = gradients_of(core, model, seen)
    inputs = seen.dense if model.columns is None else model.columns.of(seen.dense)
    try:
        # an exponential may overflow on the way to a slope that nobody needs
        with np.errstate(all="ignore"):
            slope: Array | None = right.outputs
    except (FloatingPointError, ValueError):
        slope = None
    layers = [part.layer for part in model.architecture.placed]
    return Values(
        inputs=inputs,
        weights=[core.weights(layer).copy() for layer in range(len(layers))],
        biases=[core.bias(layer).copy() for layer in range(len(layers))],
        pre_activations=core.pre_activations(X=seen.dense, threads=thread_limit()),
        activations=core.activations(X=seen.dense, threads=thread_limit()),
        delta=right.deltas[-1],
        slope=slope,
        functions=[layer.activation_object for layer in layers],
        derivatives=[_derivative(layer.activation_object) for layer in layers],
        # the loss of scaled targets, penalties included, is in the units of the targets
        l1=[(layer.l1 or 0.0) * model.loss_unit for layer in layers],
        l2=[(layer.l2 or 0.0) * model.loss_unit for layer in layers],
        samples=len(inputs),
        names=[layer.activation_object.name for layer in layers],
        loss_unit=model.loss_unit,
    )


def roundoff_of(model: Model, samples: Samples, values: Values, unit: float) -> list[float]:
    """Return how wrong the entries of each array may be in a right program of this unit roundoff."""
    seen = _seen(model, samples)
    core = model.double()
    last = values.depth - 1
    error = errors_before(values, unit)[-1].max(axis=0)
    outputs, of_delta = np.abs(values.activations[-1]), np.zeros_like(values.delta)

    def compare(core: _core.Network32, seen: Samples) -> None:
        nonlocal of_delta
        of_delta = np.maximum(of_delta, np.abs(gradients_of(core, model, seen).deltas[-1] - values.delta))

    # softmax sees no shift of all its units at once
    turns = np.where(np.arange(len(error)) % 2, -1.0, 1.0)
    bias = core.bias(last).copy()
    for moved in (error, -error, turns * error, -turns * error):
        core.bias(last)[...] = bias + moved
        compare(core, seen)
    core.bias(last)[...] = bias
    targets = seen.targets
    if targets.dtype.kind == "f":
        size = unit * (outputs + np.abs(targets.reshape(outputs.shape)))
        for side in (-1.0, 1.0):
            compare(core, seen._replace(targets=targets + side * size.reshape(targets.shape)))
    if isinstance(model.architecture.loss, CrossEntropy):
        # p - 1 is off by the roundoff of 1, however near p is, and so is a p that is computed as 1 - q or by tanh
        of_delta = of_delta + model.loss_unit * unit * (outputs + 1) / len(outputs)
    if values.slope is not None and not isinstance(model.architecture.loss, CrossEntropy):
        # and so is the derivative where it is written in a
        of_delta = of_delta + unit * np.abs(values.slope) * (1 + outputs)
    return errors_of_gradients(values, unit, of_delta)


def without_scaling(model: Model, samples: Samples) -> Iterator[tuple[str, str, Values]]:
    """Yield what a program computes that forgets what the network does to its inputs or targets."""
    inputs = "X is taken as it came, but the network scales its inputs first: compute X scaled as it does"
    targets = (
        "y is taken as it came, but the network learns scaled targets: its last layer's outputs are not in units of y"
    )
    if model.columns is not None:
        yield "scaling forgotten", inputs, values_of(_plain(model, keeps_targets=True), samples)
    if model.units is not None:
        seen = samples if model.columns is None else samples._replace(X=model.columns.of(_seen(model, samples).dense))
        yield "scaling forgotten", targets, values_of(_plain(model), seen)
    if model.columns is not None and model.units is not None:
        yield "scaling forgotten", f"{inputs}; {targets}", values_of(_plain(model), samples)


def _plain(model: Model, *, keeps_targets: bool = False) -> Model:
    """Return the model in float64 without its scalings."""
    architecture = model.architecture
    layers = tuple(layer for layer in architecture.layers if isinstance(layer, Dense))
    plain = Model(
        replace(
            architecture,
            layers=layers,
            dtype=np.dtype(np.float64),
            target_scaling=model.target_scaling if keeps_targets else None,
        )
    )
    plain.write(model.parameters())
    return plain


def _seen(model: Model, samples: Samples) -> Samples:
    seen = model.for_core(samples, np.float64)
    targets = seen.targets.astype(np.float64) if seen.targets.dtype.kind == "f" else seen.targets
    return seen._replace(X=seen.dense.astype(np.float64), targets=targets)


def _derivative(activation: Activation) -> Callable[[Array], Array]:
    """Return the derivative of an activation, elementwise; of softmax p (1 - p), as if its outputs were apart."""
    if isinstance(activation, Softmax):
        return lambda z: activation(z) * (1 - activation(z))
    return activation.derivative
