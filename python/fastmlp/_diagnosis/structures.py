"""Mistakes in how a program is written: which values it takes where. A recipe for another one is in CONTRIBUTING.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from fastmlp._diagnosis.program import Program, Values


class Structure(NamedTuple):
    """``kind`` is one word or two for the mistake; the sentence says what is wrong and where."""

    kind: str
    sentence: str
    made_in: Callable[[Program], Program]


def structures_for(values: Values) -> Iterator[Structure]:
    """Yield the mistakes that a program for this network may have, the likelier ones first."""
    yield from _biases(values)
    yield from _penalties(values)
    yield from _derivatives(values)
    yield from _matrices(values)


def _everywhere(**changes: Any) -> Callable[[Program], Program]:
    return lambda program: replace(program, **changes)


def _in_layers(what: str, layers: Iterable[int], way: str) -> Callable[[Program], Program]:
    """Return what sets one of the program's dictionaries for some layers."""
    ways = dict.fromkeys(layers, way)
    return lambda program: replace(program, **{what: getattr(program, what) | ways})


def _biases(values: Values) -> Iterator[Structure]:
    ways = [
        ("last row", "get the last sample's delta alone, not the sum over samples"),
        ("first row", "get the first sample's delta alone, not the sum over samples"),
        ("whole last row", "get the last sample's delta alone, not the mean over samples"),
        ("whole first row", "get the first sample's delta alone, not the mean over samples"),
        ("mean", "all get one number: the deltas were averaged over the units as well"),
        ("mean of all", "all get one number: the deltas, divided by the number already, were averaged over both axes"),
        ("one number", "all get one number: the deltas were summed over the units as well"),
        ("over units", "get the sum over units of each sample, of which there are as many: the wrong axis"),
    ]
    for way, words in ways:
        sentence = f"biases of a layer {words}"
        yield Structure("bias summed wrongly", sentence, _in_layers(_field(way), range(values.depth), way))
    for way, words in ways:
        for layer in range(values.depth if values.depth > 1 else 0):
            sentence = f"the biases of layer {layer + 1} {words}"
            yield Structure("bias summed wrongly", sentence, _in_layers(_field(way), [layer], way))


def _field(way: str) -> str:
    return "bias_samples" if "row" in way else "bias_units"


def _penalties(values: Values) -> Iterator[Structure]:
    if any(values.l1) or any(values.l2):
        yield Structure("penalty on biases", "the penalty is on the biases too", _everywhere(penalty_on_biases=True))
    if any(values.l1):
        for form in ("W", "|W|", "1"):
            sentence = f"the gradient of the l1 penalty is l1 times {form}, but must be l1 times sign(W)"
            yield Structure("penalty's derivative", sentence, _everywhere(penalty=form))


_STARTS = [
    ("none", "output derivative", "the last delta lacks the derivative of its activation: it is dL/da, not dL/dz"),
    (
        "elementwise",
        "softmax without cross-entropy",
        "the last delta is dL/da times p (1 - p): softmax's outputs depend on all of its inputs, and with "
        "cross-entropy the delta is p - y",
    ),
    ("twice", "derivative twice", "the last delta has the derivative of its activation once too often"),
    ("of the output", "derivative of wrong value", "the last activation's derivative is taken at a, not at z"),
    ("formula of z", "derivative of wrong value", "the last activation's derivative is written in a, but given z"),
    ("activation", "derivative of wrong value", "the last delta has the activation in the place of its derivative"),
    ("sigmoid's", "derivative of wrong value", "the last delta has sigmoid's derivative, a (1 - a)"),
    ("tanh's", "derivative of wrong value", "the last delta has tanh's derivative, 1 - a^2"),
    ("1 - a", "derivative of wrong value", "the last delta has 1 - a for the derivative"),
    ("relu's", "derivative of wrong value", "the last delta has relu's derivative"),
]
_WAYS = [
    ("none", "derivative forgotten", "the derivative of {}'s activation is forgotten"),
    ("of the output", "derivative of wrong value", "the derivative of {}'s activation is taken at a, not at z"),
    ("formula of z", "derivative of wrong value", "the derivative of {}'s activation is written in a, but given z"),
    ("twice", "derivative twice", "the derivative of {}'s activation is multiplied in twice"),
    ("activation", "derivative of wrong value", "{} has its activation in the place of the derivative"),
    ("of the layer above", "derivative of wrong value", "{} has the derivative of the layer above"),
    ("of the layer below", "derivative of wrong value", "{} has the derivative of the layer below"),
    (
        "at the outputs above",
        "derivative of wrong value",
        "the derivative of {}'s activation is taken at the outputs of the layer above",
    ),
    (
        "at its inputs",
        "derivative of wrong value",
        "the derivative of {}'s activation is taken at the layer's inputs, the outputs of the layer below",
    ),
    ("sigmoid's", "derivative of wrong value", "{} has sigmoid's derivative, a (1 - a)"),
    ("tanh's", "derivative of wrong value", "{} has tanh's derivative, 1 - a^2"),
    ("1 - a", "derivative of wrong value", "{} has 1 - a for the derivative"),
    ("relu's", "derivative of wrong value", "{} has relu's derivative"),
    (
        "mask of delta",
        "derivative of wrong value",
        "{} passes on what came back where that is above 0, not where its own pre-activation is",
    ),
]
# whose units there must be as many of
_NEIGHBOURS = {"of the layer above": 1, "of the layer below": -1, "at the outputs above": 1, "at its inputs": -1}
_WHERE_POSSIBLE = ", where the sizes allow it"


def _derivatives(values: Values) -> Iterator[Structure]:
    for start, kind, sentence in _STARTS:
        yield Structure(kind, sentence, _everywhere(start=start))
    hidden = values.names[:-1]
    groups = [("every hidden layer", list(range(len(hidden))))] if len(hidden) > 1 else []
    for name in sorted(set(hidden)):
        layers = [layer for layer, other in enumerate(hidden) if other == name]
        if 1 < len(layers) < len(hidden):
            groups.append((f"every {name} layer", layers))
    groups += [(f"layer {layer + 1}", [layer]) for layer in range(len(hidden))]
    units = [values.inputs.shape[1], *(len(b) for b in values.biases)]
    for way, kind, sentence in _WAYS:
        for called, group in groups:
            layers = [layer for layer in group if units[layer + 1 + _NEIGHBOURS.get(way, 0)] == units[layer + 1]]
            words = sentence.format(called) + ("" if layers == group else _WHERE_POSSIBLE)
            if len(layers) > 1 or layers == group:
                yield Structure(kind, words, _in_layers("derivative", layers, way))


def _matrices(values: Values) -> Iterator[Structure]:
    square = [layer for layer, W in enumerate(values.weights) if W.shape[0] == W.shape[1]]
    for layer in square:
        sentence = f"the gradient of layer {layer + 1}'s weights is transposed"
        yield Structure("transposed", sentence, _transposed(frozenset([layer])))
        if layer > 0:
            sentence = f"deltas go back through W of layer {layer + 1}, not its transpose"
            yield Structure("transposed", sentence, _in_layers("back", [layer], "untransposed"))
    if len(square) > 1:
        yield Structure(
            "transposed", "the gradients of all square weights are transposed", _transposed(frozenset(square))
        )
    behind = [layer for layer in square if layer > 0]
    if len(behind) > 1:
        sentence = "deltas go back through every square W, not its transpose"
        yield Structure("transposed", sentence, _in_layers("back", behind, "untransposed"))
    for way, side in [("of the layer above", 1), ("of the layer below", -1)]:
        shapes = {layer: W.shape for layer, W in enumerate(values.weights)}
        layers = [layer for layer in range(1, values.depth) if shapes.get(layer + side) == shapes[layer]]
        if len(layers) > 1:
            sentence = f"deltas go back through the weights {way}" + _WHERE_POSSIBLE
            yield Structure("layer's shift", sentence, _in_layers("back", layers, way))
        for layer in layers:
            sentence = f"deltas of layer {layer + 1} go back through the weights {way}"
            yield Structure("layer's shift", sentence, _in_layers("back", [layer], way))
    widths = [W.shape[0] for W in values.weights]
    below = range(1, values.depth)
    for way, words, layers in [
        ("own outputs", "the layer's own outputs", square),
        (
            "inputs of the layer below",
            "the inputs of the layer below",
            [layer for layer in below if widths[layer] == widths[layer - 1]],
        ),
        ("z", "the pre-activations below", list(below)),
    ]:
        if len(layers) > 1:
            sentence = f"each layer's weights get {words} for inputs"
            if len(layers) < len(below):
                sentence += _WHERE_POSSIBLE
            yield Structure("layer's shift", sentence, _in_layers("into", layers, way))
        for layer in layers:
            sentence = f"the weights of layer {layer + 1} get {words} for inputs"
            yield Structure("layer's shift", sentence, _in_layers("into", [layer], way))


def _transposed(layers: frozenset[int]) -> Callable[[Program], Program]:
    return lambda program: replace(program, transposed=program.transposed | layers)
