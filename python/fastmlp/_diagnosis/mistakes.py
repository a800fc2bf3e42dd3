"""The known mistakes, each with the sentence that names it and what it makes of the right program."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from fastmlp._diagnosis.program import Program, Values


class Mistake(NamedTuple):
    """``kind`` is one word or two for it; the sentence says what is wrong and where."""

    kind: str
    sentence: str
    made_in: Callable[[Program], Program]


def mistakes_for(values: Values) -> Iterator[Mistake]:
    """Yield the mistakes that a program for this network may have, the likelier ones first."""
    yield from _factors(values)
    yield from _biases(values)
    yield from _penalties(values)
    yield from _derivatives(values)
    yield from _matrices(values)
    yield from _samples(values)


def _scaling(of: str, layer: int | None, factor: float, whole: bool = True) -> Callable[[Program], Program]:
    return lambda program: replace(program, factors=(*program.factors, (of, layer, factor, whole)))


def _has_penalties(values: Values) -> bool:
    return any(values.l1) or any(values.l2)


def _factors(values: Values) -> Iterator[Mistake]:
    samples, outputs = len(values.inputs), values.activations[-1].shape[1]
    # numbers that a factor may come from; of equal ones the first
    numbers: dict[float, tuple[str, str]] = {}
    for factor, kind, words in [
        (-1.0, "sign", "has the other sign: the difference was taken the wrong way round, target - output"),
        (float(samples), "sum for mean", f"is {samples} times as large: summed over the samples, not their mean"),
        (1 / samples, "mean twice", f"is {samples} times too small: divided by the number of samples twice"),
        (samples / max(samples - 1, 1), "n - 1 for n", "is divided by the number of samples less one"),
        (2.0, "factor 2", "is twice as large: a factor 2 of the square too many"),
        (0.5, "factor 1/2", "is half as large: a factor 1/2 too many, or a 2 of the square forgotten"),
        (float(outputs), "sum over outputs", f"is {outputs} times as large: summed over the outputs, not their mean"),
        (1 / outputs, "mean over outputs", f"is {outputs} times too small: divided by the number of outputs"),
    ]:
        if factor != 1:
            numbers.setdefault(factor, (kind, words))
    for factor, (kind, words) in numbers.items():
        yield Mistake(kind, f"the whole gradient {words}", _scaling("all", None, factor))
        if _has_penalties(values):
            yield Mistake(
                kind, f"the whole gradient, but for the penalty, {words}", _scaling("all", None, factor, False)
            )
    for factor, (kind, words) in [*numbers.items(), (0.0, ("gradient left out", "is zero"))]:
        for of, layer, called in _arrays(values):
            if factor == 0 and of == "biases":  # these have their own kind
                continue
            yield Mistake(kind, f"the gradient of {called} {words}", _scaling(of, layer, factor))
            if _has_penalties(values) and of != "biases":
                called += ", but for the penalty,"
                yield Mistake(kind, f"the gradient of {called} {words}", _scaling(of, layer, factor, False))


def _arrays(values: Values) -> Iterator[tuple[str, int | None, str]]:
    """Yield what a factor may be of, and what that is called."""
    yield "biases", None, "all biases"
    yield "weights", None, "all weights"
    for layer in range(values.depth):
        if values.depth > 1:
            yield "all", layer, f"layer {layer + 1}"
        yield "biases", layer, f"layer {layer + 1}'s bias"
        yield "weights", layer, f"layer {layer + 1}'s weights"


def _biases(values: Values) -> Iterator[Mistake]:
    yield Mistake("bias left out", "no bias has a gradient", lambda program: replace(program, biases="left out"))
    for way, words in [
        ("last row", "biases get the last sample's delta alone, not the sum over samples"),
        ("first row", "biases get the first sample's delta alone, not the sum over samples"),
        ("mean", "biases of a layer all get one number: the deltas were averaged over the units as well"),
        ("one number", "biases of a layer all get one number: the deltas were summed over the units as well"),
    ]:
        yield Mistake("bias summed wrongly", words, _summing(way))
    for layer in range(values.depth):
        yield Mistake("bias left out", f"the bias of layer {layer + 1} has no gradient", _scaling("biases", layer, 0.0))


def _summing(way: str) -> Callable[[Program], Program]:
    return lambda program: replace(program, biases=way)


def _penalties(values: Values) -> Iterator[Mistake]:
    if not _has_penalties(values):
        return
    yield Mistake(
        "penalty left out", "the gradient of the penalty is left out", lambda program: replace(program, penalty=0.0)
    )
    yield Mistake(
        "penalty on biases",
        "the penalty is on the biases too",
        lambda program: replace(program, penalty_on_biases=True),
    )
    yield Mistake(
        "penalty's factor",
        "the gradient of the penalty is twice as large",
        lambda program: replace(program, penalty=2.0),
    )
    yield Mistake(
        "penalty's factor",
        "the gradient of the penalty is half as large",
        lambda program: replace(program, penalty=0.5),
    )
    samples = float(len(values.inputs))
    yield Mistake(
        "penalty's factor",
        "the gradient of the penalty is divided by the number of samples",
        lambda program: replace(program, penalty=1 / samples),
    )


_STARTS = [
    ("slope", "output derivative", "the last delta lacks the derivative of its activation: it is dL/da, not dL/dz"),
    (
        "elementwise",
        "softmax without cross-entropy",
        "the last delta is dL/da times p (1 - p): softmax's outputs depend on all of its inputs, and with "
        "cross-entropy the delta is p - y",
    ),
    ("twice", "derivative twice", "the last delta has the derivative of its activation once too often"),
    ("of the output", "derivative of wrong value", "the last activation's derivative is taken at a, not at z"),
]
_WAYS = [
    ("none", "derivative forgotten", "the derivative of {}'s activation is forgotten"),
    ("of the output", "derivative of wrong value", "the derivative of {}'s activation is taken at a, not at z"),
    ("formula of z", "derivative of wrong value", "the derivative of {}'s activation is written in a, but given z"),
    ("twice", "derivative twice", "the derivative of {}'s activation is multiplied in twice"),
    ("activation", "derivative of wrong value", "{} has its activation in the place of the derivative"),
    ("of the layer above", "derivative of wrong value", "{} has the derivative of the layer above"),
]


def _start(start: str) -> Callable[[Program], Program]:
    return lambda program: replace(program, start=start)


def _derivatives(values: Values) -> Iterator[Mistake]:
    for start, kind, sentence in _STARTS:
        yield Mistake(kind, sentence, _start(start))
    hidden = values.depth - 1
    for way, kind, sentence in _WAYS:
        if hidden > 1:
            yield Mistake(kind, sentence.format("every hidden layer"), _way(way, range(hidden), hidden))
        for layer in range(hidden):
            yield Mistake(kind, sentence.format(f"layer {layer + 1}"), _way(way, [layer], hidden))


def _way(way: str, layers: range | list[int], hidden: int) -> Callable[[Program], Program]:
    def made_in(program: Program) -> Program:
        ways = list(program.derivative or ["right"] * hidden)
        for layer in layers:
            ways[layer] = way
        return replace(program, derivative=tuple(ways))

    return made_in


def _matrices(values: Values) -> Iterator[Mistake]:
    square = [layer for layer, W in enumerate(values.weights) if W.shape[0] == W.shape[1]]
    for layer in square:
        yield Mistake(
            "transposed", f"the gradient of layer {layer + 1}'s weights is transposed", _transposed(frozenset([layer]))
        )
        if layer > 0:
            yield Mistake(
                "transposed",
                f"deltas go back through W of layer {layer + 1}, not its transpose",
                _turned([layer], values),
            )
    if len(square) > 1:
        yield Mistake(
            "transposed", "the gradients of all square weights are transposed", _transposed(frozenset(square))
        )
    behind = [layer for layer in square if layer > 0]
    if len(behind) > 1:
        yield Mistake("transposed", "deltas go back through every square W, not its transpose", _turned(behind, values))
    for way, words in [
        ("own outputs", "the layer's own outputs"),
        ("inputs of the layer below", "the inputs of the layer below"),
        ("z", "the pre-activations below"),
    ]:
        all_layers = range(values.depth)
        yield Mistake("layer's shift", f"each layer's weights get {words} for inputs", _into(way, all_layers, values))
        for layer in all_layers:
            sentence = f"the weights of layer {layer + 1} get {words} for inputs"
            yield Mistake("layer's shift", sentence, _into(way, [layer], values))


def _into(way: str, layers: range | list[int], values: Values) -> Callable[[Program], Program]:
    def made_in(program: Program) -> Program:
        ways = list(program.into or ["right"] * values.depth)
        for layer in layers:
            ways[layer] = way
        return replace(program, into=tuple(ways))

    return made_in


def _transposed(layers: frozenset[int]) -> Callable[[Program], Program]:
    return lambda program: replace(program, transposed=program.transposed | layers)


def _turned(layers: list[int], values: Values) -> Callable[[Program], Program]:
    def made_in(program: Program) -> Program:
        turned = list(program.is_turned or [False] * values.depth)
        for layer in layers:
            turned[layer] = True
        return replace(program, is_turned=tuple(turned))

    return made_in


def _samples(values: Values) -> Iterator[Mistake]:
    n = len(values.inputs)
    yield Mistake("samples left out", "the data are left out of the sum", _scaling("all", None, 0.0, False))
    for rows in range(1, n):
        yield from _left_out(f"the last {rows} samples" if rows > 1 else "the last sample", range(n - rows, n), n)
    for sample in range(n - 1):
        yield from _left_out(f"sample {sample} (from 0)", range(sample, sample + 1), n)


def _left_out(words: str, samples: range, n: int) -> Iterator[Mistake]:
    def made_in(program: Program) -> Program:
        return replace(program, left_out=tuple(samples))

    def of_the_rest(program: Program) -> Program:
        return _scaling("all", None, n / (n - len(samples)), False)(made_in(program))

    are = "are" if len(samples) > 1 else "is"
    yield Mistake("samples left out", f"{words} {are} left out of the sum", made_in)
    yield Mistake("samples left out", f"{words} {are} left out of the mean", of_the_rest)
