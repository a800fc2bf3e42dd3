"""A network's calculation for one sample as sections of lines: forward, loss, backward, update.

All results are the core's; what stands before them says how they come about.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arrays import numeric_array
from fastmlp._explanation.pens import (
    Expression,
    brackets,
    call,
    difference,
    fraction,
    magnitude,
    number,
    partial,
    product,
    row,
    square,
    symbol,
    total,
)
from fastmlp._explanation.sections import Line, Section
from fastmlp._model.derivatives import gradients
from fastmlp._model.model import Model
from fastmlp.activations import Identity, Softmax
from fastmlp.gradients import Gradients
from fastmlp.losses import CrossEntropy, HalfSquaredError, Loss, MeanAbsoluteError, MeanSquaredError
from fastmlp.runtime import thread_limit

Array = npt.NDArray[Any]


def target_of(model: Model, inputs: Array, y: Any) -> Array:
    """Return what is learned of one sample, as a row of the network's outputs."""
    array = y if isinstance(y, str) else numeric_array(y, "y")
    columns = model.architecture.n_outputs
    # one sample: a label or number, or a row
    given = [y] if isinstance(y, str) or np.ndim(array) == 0 else array
    if not isinstance(y, str) and np.shape(given) == (columns,) and columns > 1:
        given = np.reshape(given, (1, columns))
    targets = model.check(inputs, given).targets
    return np.eye(columns)[targets][0] if targets.ndim == 1 and columns > 1 else targets.reshape(-1)


class Calculation:
    """The sections of one network and sample; without a target only the way forward."""

    def __init__(self, model: Model, inputs: Array, target: Array | None) -> None:
        self._layers = model.layers
        self._depth = len(model.layers)
        self._activations = [part.layer.activation_object for part in model.architecture.placed]
        self._loss = model.architecture.loss
        self._raw = inputs[0]
        self._columns = model.columns
        self._x = inputs[0] if model.columns is None else model.columns.of(inputs.astype(np.float64))[0]
        self._z = [z[0] for z in model.core.pre_activations(X=inputs, threads=thread_limit())]
        self._a = [a[0] for a in model.core.activations(X=inputs, threads=thread_limit())]
        self._target = target
        # one sample: its weight does not matter
        samples = None if target is None else model.check(inputs, target.reshape(1, -1))
        self._gradients = None if samples is None else gradients(model, samples)

    def sections(self, learning_rate: float | None) -> Iterator[Section]:
        """Yield all sections from top to bottom."""
        given = [Line(symbol("x"), (row(self._raw),))]
        if self._target is not None:
            given.append(Line(symbol("y"), (row(self._target),)))
        yield Section("sample", tuple(given), ())
        if self._columns is not None:
            yield Section("inputs as the network scales them", (Line(symbol("x"), (row(self._x),)),), ())
        for layer in range(self._depth):
            yield self._forward(layer)
        if self._gradients is None:
            return
        yield self._of_loss()
        for layer in reversed(range(self._depth)):
            yield self._backward(layer, self._gradients)
        if learning_rate is not None:
            for layer in range(self._depth):
                yield self._update(layer, learning_rate, self._gradients)

    def _into(self, layer: int) -> tuple[Array, Any]:
        """Return what goes into a layer, and the symbol of an entry of it."""
        if layer == 0:
            return self._x, lambda *i: symbol("x", None, *i)
        return self._a[layer - 1], lambda *i: symbol("a", layer, *i)

    def _forward(self, layer: int) -> Section:
        values, into = self._into(layer)
        name, W, b = self._activations[layer].name, self._layers[layer].weights, self._layers[layer].bias
        is_identity = isinstance(self._activations[layer], Identity)
        at = layer + 1
        z, a = symbol("z", at), symbol("a", at)
        # a product of matrices has no sign between its factors
        rule: Expression = lambda pen: f"{into()(pen)} {symbol('W', at)(pen)} + {symbol('b', at)(pen)}"  # noqa: E731
        rules = [Line(z, (rule,)), Line(a, (z,) if is_identity else (call(name, z),))]
        lines = []
        for j, result in enumerate(self._z[layer]):
            terms = [product(number(v), number(W[i, j])) for i, v in enumerate(values)]
            lines.append(Line(symbol("z", at, j), (total(*terms, number(b[j])), number(result))))
        # an identity's a are its z
        for j, result in enumerate(() if is_identity else self._a[layer]):
            argument = row(self._z[layer]) if name == "softmax" else number(self._z[layer][j])
            lines.append(Line(symbol("a", at, j), (call(name, argument), number(result))))
        return Section(f"layer {at}, {name}", tuple(rules), tuple(lines))

    def _of_loss(self) -> Section:
        assert self._target is not None
        assert self._gradients is not None
        written = _written_loss(
            self._loss, self._a[-1], self._target, is_softmax=isinstance(self._activations[-1], Softmax)
        )
        value = total(written or call(self._loss.name, symbol("a, y")), *self._penalties())
        return Section(f"loss, {self._loss.name}", (), (Line(symbol("L"), (value, number(self._gradients.loss))),))

    def _penalties(self) -> list[Expression]:
        """Return the penalties, each a sum over weights as a number."""
        found = []
        for layer in self._layers:
            W = np.asarray(layer.weights, np.float64)
            if layer.l1:
                found.append(product(number(layer.l1), number(np.abs(W).sum())))
            if layer.l2:
                found.append(product(fraction(1, 2), number(layer.l2), number((W**2).sum())))
        return found

    def _backward(self, layer: int, found: Gradients) -> Section:
        at = layer + 1
        values, into = self._into(layer)
        delta, of = symbol("delta", at), self._layers[layer]
        lines = list(self._deltas(layer, found))
        deltas = found.deltas[layer][0]
        loss = symbol("L")
        for i, value in enumerate(values):
            for j, d in enumerate(deltas):
                general = [product(into(i), symbol("delta", at, j))]
                numbers = [product(number(value), number(d))]
                weight = float(of.weights[i, j])
                if of.l1:
                    numbers.append(product(number(of.l1), number(np.sign(weight))))
                    general.append(product(symbol("l1"), call("sign", symbol("W", at, i, j))))
                if of.l2:
                    numbers.append(product(number(of.l2), number(weight)))
                    general.append(product(symbol("l2"), symbol("W", at, i, j)))
                steps = (total(*general), total(*numbers), number(found.weights[layer][i, j]))
                lines.append(Line(partial(loss, symbol("W", at, i, j)), steps))
        for j, d in enumerate(found.biases[layer]):
            lines.append(Line(partial(loss, symbol("b", at, j)), (symbol("delta", at, j), number(d))))
        return Section(f"backward, layer {at}", (Line(delta, (partial(loss, symbol("z", at)),)),), tuple(lines))

    def _deltas(self, layer: int, found: Gradients) -> Iterator[Line]:
        at, activation, deltas = layer + 1, self._activations[layer], found.deltas[layer][0]
        is_last = layer == self._depth - 1
        for j, d in enumerate(deltas):
            name, result = symbol("delta", at, j), number(d)
            if is_last and isinstance(self._loss, CrossEntropy) and not self._loss.label_smoothing:
                assert self._target is not None
                a, y = self._a[layer][j], self._target[j]
                general = difference(symbol("a", at, j), symbol("y", None, j))
                yield Line(name, (general, difference(number(a), number(y)), result))
                continue
            if is_last and (self._loss.from_logits or isinstance(activation, Softmax)):
                yield Line(name, (partial(symbol("L"), symbol("z", at, j)), result))
                continue
            if is_last:
                came = float(found.outputs[0, j])
                general, numbers = partial(symbol("L"), symbol("a", at, j)), number(came)
            else:
                above, W = found.deltas[layer + 1][0], self._layers[layer + 1].weights
                general = total(
                    *(product(symbol("W", at + 1, j, k), symbol("delta", at + 1, k)) for k in range(len(above)))
                )
                numbers = total(*(product(number(W[j, k]), number(d_k)) for k, d_k in enumerate(above)))
                if len(above) > 1 and not isinstance(activation, Identity):
                    general, numbers = brackets(general), brackets(numbers)
            if isinstance(activation, Identity):
                yield Line(name, (general, numbers, result) if not is_last else (general, result))
                continue
            slope = float(activation.derivative(self._z[layer][j]))
            prime = call(activation.name, symbol("z", at, j), is_derivative=True)
            yield Line(name, (product(general, prime), product(numbers, number(slope)), result))

    def _update(self, layer: int, rate: float, found: Gradients) -> Section:
        at, of = layer + 1, self._layers[layer]
        rule: Expression = lambda pen: f"old {pen.minus} {product(number(rate), symbol('gradient'))(pen)}"  # noqa: E731
        lines = []
        for name, old, gradient in [("W", of.weights, found.weights), ("b", of.bias, found.biases)]:
            for place in np.ndindex(old.shape):
                d = float(gradient[layer][place])
                steps = _step(float(old[place]), rate, d), number(float(old[place]) - rate * d)
                lines.append(Line(symbol(name, at, *place), steps))
        return Section(f"update, layer {at}", (Line(symbol("new"), (rule,)),), tuple(lines))


def _step(old: float, rate: float, gradient: float) -> Expression:
    """Return old - rate * gradient."""
    return lambda pen: f"{number(old)(pen)} {pen.minus} {product(number(rate), number(gradient))(pen)}"


def _written_loss(loss: Loss, a: Array, y: Array, *, is_softmax: bool) -> Expression | None:
    """Return a loss of one sample with its numbers; None for one that is only called by its name."""
    n = len(a)
    pairs = [difference(number(a_k), number(y_k)) for a_k, y_k in zip(a, y, strict=True)]
    if isinstance(loss, MeanSquaredError | HalfSquaredError):
        factor = fraction(1, 2) if isinstance(loss, HalfSquaredError) else fraction(1, n)
        squares = [square(pair) for pair in pairs]
        inside = squares[0] if n == 1 else brackets(total(*squares))
        return inside if n == 1 and isinstance(loss, MeanSquaredError) else product(factor, inside)
    if isinstance(loss, MeanAbsoluteError):
        errors = [magnitude(pair) for pair in pairs]
        return errors[0] if n == 1 else product(fraction(1, n), brackets(total(*errors)))
    if not isinstance(loss, CrossEntropy) or loss.label_smoothing:
        return None
    terms = [(y_k, number(a_k)) for a_k, y_k in zip(a, y, strict=True)]
    if not is_softmax:
        terms += [(1 - y_k, difference(number(1), number(a_k))) for a_k, y_k in zip(a, y, strict=True)]
    logs = [call("log", p) if weight == 1 else product(number(weight), call("log", p)) for weight, p in terms if weight]
    return lambda pen: "".join(
        f"{' ' if i else ''}{pen.minus}{' ' if i else ''}{log(pen)}" for i, log in enumerate(logs)
    )
