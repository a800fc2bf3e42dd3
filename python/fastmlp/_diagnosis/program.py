"""Backpropagation as a student writes it, each step of which can be made in a wrong way.

The right values of a network (pre-activations, activations, deltas of the last layer) come from outside; from there
down it is written out in NumPy, since what a wrong program gives, no library computes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
# gradients of the weights and of the bias of each layer, from the last one down
Gradients: TypeAlias = list[tuple[Array, Array]]


@dataclass(frozen=True)
class Values:
    """What a network computes for some samples, in float64.

    Attributes
    ----------
    inputs : array (samples, inputs)
    weights, biases : list of arrays
    pre_activations, activations : list of arrays (samples, units)
    delta : array (samples, units)
        dL/dz of the last layer, the mean over samples in it.
    slope : array (samples, outputs) or None
        dL/d(outputs); None where a probability underflowed.
    derivatives : list of callables
        Of each layer's activation, elementwise; of softmax p (1 - p).
    l1, l2 : list of float
        Of each layer.
    """

    inputs: Array
    weights: list[Array]
    biases: list[Array]
    pre_activations: list[Array]
    activations: list[Array]
    delta: Array
    slope: Array | None
    derivatives: list[Callable[[Array], Array]]
    l1: list[float]
    l2: list[float]

    @property
    def depth(self) -> int:
        """Number of layers."""
        return len(self.weights)


@dataclass(frozen=True)
class Program:
    """A way to compute gradients; with the defaults, the right one.

    Attributes
    ----------
    start : str
        The last layer's delta: "right", "slope" (no derivative of the activation), "elementwise" (softmax's as if each
        output had its own), "twice" (a derivative too many), "of the output" (the derivative at a, not at z).
    derivative : tuple of str
        For each hidden layer: "right", "none", "twice", "of the output", "formula of z" (the formula in a, given z),
        "activation" (a itself), or "of the layer above" (of the same size).
    is_turned : tuple of bool
        For each layer, whether deltas go back through W in the place of its transpose.
    into : tuple of str
        What each layer's weights get for its inputs: "right", "own outputs", "inputs of the layer below", or "z" (the
        pre-activations below).
    left_out : tuple of int
        Samples that are not summed.
    penalty : float
        Factor of the gradient of the penalties, 1 for right.
    penalty_on_biases : bool
    transposed : frozenset of int
        Layers whose gradient of weights is transposed.
    factors : tuple of (str, int or None, float, bool)
        What arrays are multiplied by: "weights", "biases" or "all", of one layer or of all; with the penalties or
        without.
    biases : str
        "right", "left out", "mean" (over units again), "one number" (their sum for each), or "last row" or "first row"
        (of one sample alone).
    """

    start: str = "right"
    derivative: tuple[str, ...] = ()
    is_turned: tuple[bool, ...] = ()
    into: tuple[str, ...] = ()
    left_out: tuple[int, ...] = ()
    penalty: float = 1.0
    penalty_on_biases: bool = False
    transposed: frozenset[int] = frozenset()
    factors: tuple[tuple[str, int | None, float, bool], ...] = ()
    biases: str = "right"

    def by_layer(self, values: Values) -> Iterator[tuple[Array, Array]]:
        """Yield the gradients of weights and bias from the last layer down, as far as this program can run."""
        delta = self._start(values)
        if delta is None:
            return
        kept = np.ones(len(delta), bool)
        kept[list(self.left_out)] = False
        for layer in reversed(range(values.depth)):
            W = values.weights[layer]
            into = self._into(values, layer)
            if into.shape[1] != len(W):
                return
            dW = self._scaled(into[kept].T @ delta[kept], "weights", layer, False)
            dW = dW + self.penalty * (values.l1[layer] * np.sign(W) + values.l2[layer] * W)
            if layer in self.transposed:
                dW = dW.T
            yield (
                self._scaled(dW, "weights", layer, True),
                self._scaled(self._bias(delta, kept, values, layer), "biases", layer, True),
            )
            if layer > 0:
                back = W if self.is_turned and self.is_turned[layer] else W.T
                slopes = self._derivative(values, layer - 1)
                if slopes.shape[1] != len(W):
                    return
                delta = (delta @ back) * slopes

    def _start(self, values: Values) -> Array | None:
        z, a, last = values.pre_activations[-1], values.activations[-1], values.derivatives[-1]
        if self.start == "right":
            return values.delta
        if self.start == "twice":
            return values.delta * last(z)
        if values.slope is None:
            return None
        if self.start == "slope":
            return values.slope
        return values.slope * (last(z) if self.start == "elementwise" else last(a))

    def _derivative(self, values: Values, layer: int) -> Array:
        way = self.derivative[layer] if self.derivative else "right"
        z, a = values.pre_activations[layer], values.activations[layer]
        if way == "none":
            return np.ones_like(z)
        if way == "of the output":
            return values.derivatives[layer](a)
        if way == "formula of z":
            return _in_terms_of_the_output(values, layer)(z)
        if way == "activation":
            return a
        if way == "of the layer above":
            return values.derivatives[layer + 1](values.pre_activations[layer + 1])
        slopes = values.derivatives[layer](z)
        return slopes * slopes if way == "twice" else slopes

    def _into(self, values: Values, layer: int) -> Array:
        way = self.into[layer] if self.into else "right"
        outputs = [values.inputs, *values.activations]
        if way == "own outputs":
            return outputs[layer + 1]
        if way == "inputs of the layer below" and layer > 0:
            return outputs[layer - 1]
        if way == "z" and layer > 0:
            return values.pre_activations[layer - 1]
        return outputs[layer]

    def _bias(self, delta: Array, kept: Array, values: Values, layer: int) -> Array:
        if self.biases == "left out":
            return np.zeros(delta.shape[1])
        db = delta[kept].sum(axis=0)
        if self.biases in ("last row", "first row"):
            db = delta[kept][-1 if self.biases == "last row" else 0]
        elif self.biases in ("mean", "one number"):
            db = np.full_like(db, db.mean() if self.biases == "mean" else db.sum())
        db = self._scaled(db, "biases", layer, False)
        if self.penalty_on_biases:
            b = values.biases[layer]
            db = db + values.l1[layer] * np.sign(b) + values.l2[layer] * b
        return np.asarray(db)

    def _scaled(self, gradient: Array, what: str, layer: int, with_penalties: bool) -> Array:
        for of, at, factor, is_whole in self.factors:
            if of in ("all", what) and at in (None, layer) and is_whole is with_penalties:
                gradient = np.asarray(gradient * factor)
        return gradient


def _in_terms_of_the_output(values: Values, layer: int) -> Callable[[Array], Array]:
    """Return g with f'(z) = g(f(z)) where the activation has such a formula: it is what students learn by heart."""
    z, a = values.pre_activations[layer], values.activations[layer]
    slopes = values.derivatives[layer](z)
    for formula in (_of_sigmoid, _of_tanh):
        if np.allclose(formula(a), slopes, rtol=1e-9, atol=1e-12):
            return formula
    return values.derivatives[layer]


def _of_sigmoid(a: Array) -> Array:
    return np.asarray(a * (1 - a))


def _of_tanh(a: Array) -> Array:
    return np.asarray(1 - a * a)
