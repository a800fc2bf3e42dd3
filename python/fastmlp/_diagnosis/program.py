"""Backpropagation as a student writes it, each step of which can be made in a wrong way.

The right values of a network (pre-activations, activations, deltas of the last layer) come from outside; from there
down it is written out in NumPy, since what a wrong program gives, no library computes. What is multiplied by a number
or summed over other samples is no other program: that is in factors.py and samples.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


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
    functions : list of callables
        Each layer's activation.
    derivatives : list of callables
        Of each layer's activation, elementwise; of softmax p (1 - p).
    l1, l2 : list of float
        Of each layer.
    samples : int
        Number of samples that means are taken over.
    names : list of str
        Of each layer's activation.
    loss_unit : float
        What a loss of 1 of scaled targets is in the units of the targets.
    """

    inputs: Array
    weights: list[Array]
    biases: list[Array]
    pre_activations: list[Array]
    activations: list[Array]
    delta: Array
    slope: Array | None
    functions: list[Callable[[Array], Array]]
    derivatives: list[Callable[[Array], Array]]
    l1: list[float]
    l2: list[float]
    samples: int
    names: list[str]
    loss_unit: float = 1.0
    # derivatives in all their wrong ways, each computed once
    _slopes: dict[tuple[int, str], Array] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        """Number of layers."""
        return len(self.weights)

    def of_samples(self, rows: Array) -> Values:
        """Return the values of some samples alone."""
        return replace(
            self,
            inputs=self.inputs[rows],
            pre_activations=[z[rows] for z in self.pre_activations],
            activations=[a[rows] for a in self.activations],
            delta=self.delta[rows],
            slope=None if self.slope is None else self.slope[rows],
            _slopes={},
        )

    def slopes(self, layer: int, way: str) -> Array | None:
        """Return what is taken for the derivative of a layer's activation; None where there is no such thing."""
        if (layer, way) not in self._slopes:
            found = self._slopes_of(layer, way)
            if found is None:
                return None
            self._slopes[layer, way] = found
        return self._slopes[layer, way]

    def right_slopes(self, layer: int) -> Array:
        """Return the derivative of a layer's activation at its pre-activations."""
        slopes = self.slopes(layer, "right")
        assert slopes is not None
        return slopes

    def _slopes_of(self, layer: int, way: str) -> Array | None:
        z, a = self.pre_activations[layer], self.activations[layer]
        if way in ("of the layer above", "of the layer below"):
            other = layer + (1 if way.endswith("above") else -1)
            return self.slopes(other, "right") if 0 <= other < self.depth else None
        if way in ("right", "twice"):
            return self.derivatives[layer](z) ** (2 if way == "twice" else 1)
        if way == "of the output":
            return self.derivatives[layer](a)
        formula = self._in_terms_of_the_output(layer)
        if way == "formula of z":
            return formula(z)
        if way == "at the outputs above":
            return formula(self.activations[layer + 1])
        if way == "at its inputs":
            return formula(self.inputs if layer == 0 else self.activations[layer - 1])
        return np.asarray(_WRONG[way](z, a), np.float64)

    def _in_terms_of_the_output(self, layer: int) -> Callable[[Array], Array]:
        """Return g with f'(z) = g(f(z)) where the activation has such a formula: it is what students learn by heart.

        That of relu and of the identity is the derivative itself.
        """
        slopes = self.right_slopes(layer)
        for formula in (_of_sigmoid, _of_tanh):
            if np.allclose(formula(self.activations[layer]), slopes, rtol=1e-9, atol=1e-12):
                return formula
        return self.derivatives[layer]


def _of_sigmoid(a: Array) -> Array:
    return np.asarray(a * (1 - a))


def _of_tanh(a: Array) -> Array:
    return np.asarray(1 - a * a)


# what is taken for a derivative, of pre-activations and activations
_WRONG: dict[str, Callable[[Array, Array], Array]] = {
    "none": lambda z, a: np.ones_like(z),
    "activation": lambda z, a: a,
    "sigmoid's": lambda z, a: _of_sigmoid(a),
    "tanh's": lambda z, a: _of_tanh(a),
    "1 - a": lambda z, a: 1 - a,
    "relu's": lambda z, a: z > 0,
}


class Layer(NamedTuple):
    """What a program's gradients of one layer are sums of, a row for each sample.

    ``by_weights`` are the terms of the penalties, l1 and l2, in the gradient of the weights; ``by_bias`` in the bias'.
    """

    into: Array
    delta: Array
    bias: Array
    is_transposed: bool
    by_weights: tuple[Array, Array]
    by_bias: tuple[Array, Array]

    def sums(self) -> tuple[list[Array], list[Array]]:
        """Return the three terms of the gradients of weights and of bias: of the data, of l1 and of l2."""
        terms = [self.into.T @ self.delta, *self.by_weights]
        return [term.T for term in terms] if self.is_transposed else terms, [self.bias.sum(axis=0), *self.by_bias]

    def of_samples(self, rows: Array, columns: Array) -> Array:
        """Return what each sample adds to some entries of the gradient of the weights, (samples, entries)."""
        rows, columns = (columns, rows) if self.is_transposed else (rows, columns)
        return np.asarray(self.into[:, rows] * self.delta[:, columns])

    def penalties(self, rows: Array, columns: Array) -> list[Array]:
        """Return the terms of the penalties in these entries."""
        rows, columns = (columns, rows) if self.is_transposed else (rows, columns)
        return [term[rows, columns] for term in self.by_weights]


@dataclass(frozen=True)
class Program:
    """A way to compute gradients; with the defaults, the right one.

    Attributes
    ----------
    start : str
        The last layer's delta: "right", "elementwise" (softmax's as if each output had its own derivative), "twice" (a
        derivative too many), or what is taken for the derivative (``Values.slopes``).
    derivative : dict of int to str
        For hidden layers, what is taken for the derivative; "mask of delta": whether what came back is above 0.
    back : dict of int to str
        What deltas go back through in the place of the transpose of a layer's W: "untransposed", or the transpose "of
        the layer above" or "of the layer below".
    into : dict of int to str
        What a layer's weights get for their inputs: "own outputs", "inputs of the layer below", or "z" (the
        pre-activations below).
    transposed : frozenset of int
        Layers whose gradient of weights is transposed.
    bias_samples : dict of int to str
        Which deltas a layer's bias gets: the "last row" or "first row" alone, or these not divided by the number of
        samples, "whole last row" and "whole first row".
    bias_units : dict of int to str
        How they are summed: "mean" (over units again), "mean of all" (over samples again as well), "one number" (their
        sum for each), or "over units" (where there are as many samples).
    penalty : str
        What l1 is multiplied by: "sign(W)", "W", "|W|" or "1".
    penalty_on_biases : bool
    """

    start: str = "right"
    derivative: dict[int, str] = field(default_factory=dict)
    back: dict[int, str] = field(default_factory=dict)
    into: dict[int, str] = field(default_factory=dict)
    transposed: frozenset[int] = frozenset()
    bias_samples: dict[int, str] = field(default_factory=dict)
    bias_units: dict[int, str] = field(default_factory=dict)
    penalty: str = "sign(W)"
    penalty_on_biases: bool = False

    def layers(self, values: Values) -> Iterator[Layer]:
        """Yield what the gradients are sums of, from the last layer down, as far as this program can run."""
        delta = self._start(values)
        for layer in reversed(range(values.depth)):
            W, b = values.weights[layer], values.biases[layer]
            into = self._into(values, layer)
            if delta is None or into is None or into.shape[1] != len(W):
                return
            by_weights = values.l1[layer] * _PENALTIES[self.penalty](W), values.l2[layer] * W
            by_bias = values.l1[layer] * np.sign(b), values.l2[layer] * b
            if not self.penalty_on_biases:
                by_bias = np.zeros_like(b), np.zeros_like(b)
            bias = _ROWS[self.bias_samples.get(layer, "right")](delta, values.samples)
            bias = _SUMS[self.bias_units.get(layer, "right")](bias, values.samples)
            if bias.shape != delta.shape:
                return
            yield Layer(into, delta, bias, layer in self.transposed, by_weights, by_bias)
            if layer > 0:
                delta = self._below(values, layer, delta)

    def _start(self, values: Values) -> Array | None:
        if self.start == "right":
            return values.delta
        last = values.slopes(values.depth - 1, "right" if self.start in ("elementwise", "twice") else self.start)
        from_outputs = values.delta if self.start == "twice" else values.slope
        return None if last is None or from_outputs is None else from_outputs * last

    def _below(self, values: Values, layer: int, delta: Array) -> Array | None:
        """Return the deltas of the layer below."""
        way = self.back.get(layer, "right")
        other = layer + {"of the layer above": 1, "of the layer below": -1}.get(way, 0)
        if other >= values.depth or values.weights[other].shape != values.weights[layer].shape:
            return None
        W = values.weights[other]
        came = delta @ (W if way == "untransposed" else W.T)
        way = self.derivative.get(layer - 1, "right")
        slopes = came > 0 if way == "mask of delta" else values.slopes(layer - 1, way)
        return None if slopes is None or slopes.shape != came.shape else came * slopes

    def _into(self, values: Values, layer: int) -> Array | None:
        way = self.into.get(layer, "right")
        outputs = [values.inputs, *values.activations]
        if way == "own outputs":
            return outputs[layer + 1]
        if way == "right":
            return outputs[layer]
        if layer == 0:
            return None
        return outputs[layer - 1] if way == "inputs of the layer below" else values.pre_activations[layer - 1]


_PENALTIES: dict[str, Callable[[Array], Array]] = {
    "sign(W)": np.sign,
    "W": lambda W: W,
    "|W|": np.abs,
    "1": np.ones_like,
}


def _row_alone(delta: Array, row: int, factor: float) -> Array:
    rows = np.zeros_like(delta)
    rows[row] = factor * delta[row]
    return rows


# which deltas of so many samples a bias gets
_ROWS: dict[str, Callable[[Array, int], Array]] = {
    "right": lambda delta, n: delta,
    "last row": lambda delta, n: _row_alone(delta, -1, 1.0),
    "first row": lambda delta, n: _row_alone(delta, 0, 1.0),
    "whole last row": lambda delta, n: _row_alone(delta, -1, n),
    "whole first row": lambda delta, n: _row_alone(delta, 0, n),
}
# how they become what its gradient is the sum of, a row for each sample
_SUMS: dict[str, Callable[[Array, int], Array]] = {
    "right": lambda delta, n: delta,
    "mean": lambda delta, n: np.broadcast_to(delta.mean(axis=1, keepdims=True), delta.shape),
    "mean of all": lambda delta, n: np.broadcast_to(delta.mean(axis=1, keepdims=True) / n, delta.shape),
    "one number": lambda delta, n: np.broadcast_to(delta.sum(axis=1, keepdims=True), delta.shape),
    "over units": lambda delta, n: np.diag(delta.sum(axis=1)) if delta.shape[0] == delta.shape[1] else delta.T,
}
