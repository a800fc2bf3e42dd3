"""How far two right programs may differ in each array, since both compute with roundoff.

Bounds go through a network as errors do: forward into the pre-activations, back through W and the derivatives, and into
the sums (Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, chapter 3). Where terms cancel, as at the
minimum of a loss, what is left of a gradient is nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._diagnosis.program import Values

Array = npt.NDArray[Any]
# programs round in an order of their own, and their functions in the last places
_SAFETY = 8.0
# so that a derivative is looked at on both sides of z = 0 where that is all zeros
_LEAST = 1e-200


def errors_before(values: Values, unit: float) -> list[Array]:
    """Return how wrong each layer's pre-activations may be, (samples, units), for a unit roundoff."""
    of_inputs, into, found = unit * np.abs(values.inputs), np.abs(values.inputs), []
    for layer, (W, b) in enumerate(zip(values.weights, values.biases, strict=True)):
        error = of_inputs @ np.abs(W) + unit * (into @ np.abs(W) + np.abs(b)) + _LEAST
        found.append(error)
        into = np.abs(values.activations[layer])
        z, function = values.pre_activations[layer], values.functions[layer]
        # a step moves by all of itself
        moved = np.abs(function(z + error) - function(z - error))
        of_inputs = np.maximum(np.abs(values.right_slopes(layer)) * error, moved) + _rounding(values, layer, unit)
    return found


def _rounding(values: Values, layer: int, unit: float) -> Array:
    """Return how wrong a layer's activations may be by their own formula, where z is exact.

    One that is not made of lines through 0 has other forms, with terms of size 1 that cancel: (1 + tanh(z / 2)) / 2.
    """
    z, function = values.pre_activations[layer], values.functions[layer]
    is_of_lines = np.array_equal(function(2 * z), 2 * function(z))
    return unit * (np.abs(values.activations[layer]) + (0.0 if is_of_lines else 1.0))


def errors_of_gradients(values: Values, unit: float, of_delta: Array) -> list[float]:
    """Return how wrong the entries of each array may be, weights and bias in turn, from the last layer down.

    ``of_delta``: how wrong the last delta may be, (samples, units).
    """
    return [_SAFETY * float(error.max()) for error in _errors(values, unit, of_delta)]


def _errors(values: Values, unit: float, of_delta: Array) -> Iterator[Array]:
    before = errors_before(values, unit)
    summing = unit * np.sqrt(len(values.inputs))
    delta = values.delta
    for layer in reversed(range(values.depth)):
        W, b = values.weights[layer], values.biases[layer]
        of_delta = of_delta + unit * np.abs(delta)
        into = np.abs(values.inputs if layer == 0 else values.activations[layer - 1])
        of_into = unit * into
        if layer > 0:
            slopes = values.right_slopes(layer - 1)
            of_into = _rounding(values, layer - 1, unit) + np.abs(slopes) * before[layer - 1]
        size = np.abs(delta)
        yield (
            into.T @ (of_delta + summing * size)
            + of_into.T @ size
            + unit * (values.l1[layer] + values.l2[layer] * np.abs(W))
        )
        yield (of_delta + summing * size).sum(axis=0) + unit * (values.l1[layer] + values.l2[layer] * np.abs(b))
        if layer > 0:
            came = delta @ W.T
            z, error = values.pre_activations[layer - 1], before[layer - 1]
            sides = [values.derivatives[layer - 1](z + side * error) for side in (-1.0, 1.0)]
            # 1 - a^2 is off by this much where a is near 1
            of_slopes = np.abs(sides[1] - sides[0]) + unit * (1 + np.abs(values.activations[layer - 1]))
            of_came = of_delta @ np.abs(W).T + summing * (size @ np.abs(W).T)
            # at two kinks in a row, both are off by all of themselves
            of_delta = of_came * (np.abs(slopes) + of_slopes) + np.abs(came) * of_slopes
            delta = came * slopes
