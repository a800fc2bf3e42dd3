"""Mistakes that are a wrong number: a factor of gradients, or of the penalties in them.

Each is a table of factors, a row for each array (weights and bias of each layer, from the last one down) and a column
for each term (of the data, of l1, of l2). Two of them at once are the product of their tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastmlp._diagnosis.program import Values

Array = npt.NDArray[Any]
# the kind of mistake that is one of sums too
LEFT_OUT = "samples left out"
_DATA, _L1, _L2 = [0], [1], [2]
_PENALTIES, _ALL = [1, 2], [0, 1, 2]


class Factors(NamedTuple):
    """``kind`` is one word or two for the mistake; the sentence says what is wrong and where."""

    kind: str
    sentence: str
    table: Array


def factors_for(values: Values) -> list[Factors]:
    """Return the wrong factors that a program for this network may have, the likelier ones first."""
    found = [*_of_gradients(values), *_left_out(values)]
    if _has_penalties(values):
        found += _of_penalties(values)
    # of the same mistake in all layers and in the only one, the first
    different: dict[tuple[str, bytes], Factors] = {}
    for one in found:
        different.setdefault((one.kind, one.table.tobytes()), one)
    return list(different.values())


def _has_penalties(values: Values) -> bool:
    return any(values.l1) or any(values.l2)


def arrays_of(values: Values, what: str, layer: int | None = None) -> list[int]:
    """Return the numbers of arrays: "weights", "biases" or "all", of a layer or of all layers."""
    layers = range(values.depth) if layer is None else [layer]
    kinds = {"weights": [0], "biases": [1], "all": [0, 1]}[what]
    return [2 * (values.depth - 1 - layer) + kind for layer in layers for kind in kinds]


def _table(values: Values, arrays: list[int], terms: list[int], factor: float) -> Array:
    table = np.ones((2 * values.depth, 3))
    table[np.ix_(arrays, terms)] = factor
    return table


def _numbers(values: Values) -> list[tuple[float, str, str]]:
    """Return the numbers that a factor may come from, each with its kind and words."""
    samples, outputs = values.samples, values.activations[-1].shape[1]
    numbers = [
        (-1.0, "sign", "has the other sign: the difference was taken the wrong way round, target - output"),
        (float(samples), "sum for mean", f"is {samples} times as large: summed over the samples, not their mean"),
        (1 / samples, "mean twice", f"is {samples} times too small: divided by the number of samples twice"),
        (samples / max(samples - 1, 1), "n - 1 for n", "is divided by the number of samples less one"),
        (2.0, "factor 2", "is twice as large: a factor 2 of the square too many"),
        (0.5, "factor 1/2", "is half as large: a factor 1/2 too many, or a 2 of the square forgotten"),
        (float(outputs), "sum over outputs", f"is {outputs} times as large: summed over the outputs, not their mean"),
        (1 / outputs, "mean over outputs", f"is {outputs} times too small: divided by the number of outputs"),
        (1 / values.loss_unit, "units of targets", "is that of the scaled targets, not in the units of y"),
    ]
    return [one for one in numbers if one[0] != 1]


def _of_gradients(values: Values) -> Iterator[Factors]:
    has_penalties = _has_penalties(values)
    everything = arrays_of(values, "all")
    numbers = _numbers(values)
    for factor, kind, words in numbers:
        whole = _table(values, everything, _ALL, factor)
        yield Factors(kind, f"the whole gradient {words}", whole)
        if has_penalties:
            # a penalty that biases have by mistake may come after the factor
            apart = whole.copy()
            apart[np.ix_(arrays_of(values, "biases"), _PENALTIES)] = 1.0
            yield Factors(kind, f"the whole gradient {words}", apart)
            sentence = f"the whole gradient, but for the penalty, {words}"
            yield Factors(kind, sentence, _table(values, everything, _DATA, factor))
    for factor, kind, words in [*numbers, (0.0, "gradient left out", "is zero")]:
        for what, layer, called in _named_arrays(values):
            if factor == 0 and what == "biases":  # these have their own kind
                continue
            arrays = arrays_of(values, what, layer)
            yield Factors(kind, f"the gradient of {called} {words}", _table(values, arrays, _ALL, factor))
            if has_penalties and what != "biases":
                sentence = f"the gradient of {called}, but for the penalty, {words}"
                yield Factors(kind, sentence, _table(values, arrays, _DATA, factor))


def _named_arrays(values: Values) -> Iterator[tuple[str, int | None, str]]:
    """Yield what a factor may be of, and what that is called."""
    yield "biases", None, "all biases"
    yield "weights", None, "all weights"
    for layer in range(values.depth):
        if values.depth > 1:
            yield "all", layer, f"layer {layer + 1}"
        yield "biases", layer, f"layer {layer + 1}'s bias"
        yield "weights", layer, f"layer {layer + 1}'s weights"


def _left_out(values: Values) -> Iterator[Factors]:
    # but perhaps a penalty
    for terms in (_ALL, _DATA):
        table = _table(values, arrays_of(values, "biases"), terms, 0.0)
        yield Factors("bias left out", "no bias has a gradient", table)
        for layer in range(values.depth):
            table = _table(values, arrays_of(values, "biases", layer), terms, 0.0)
            yield Factors("bias left out", f"the bias of layer {layer + 1} has no gradient", table)
    words = "the gradient is that of the penalties alone" if _has_penalties(values) else "the whole gradient is zero"
    table = _table(values, arrays_of(values, "all"), _DATA, 0.0)
    yield Factors(LEFT_OUT, f"{words}: no sample is in the sum", table)


def _of_penalties(values: Values) -> Iterator[Factors]:
    samples = values.samples
    wrong = [
        (0.0, "penalty left out", "is left out"),
        (-1.0, "penalty's sign", "has the other sign: a penalty is added to the loss, and so is its gradient"),
        (2.0, "penalty's factor", "is twice as large: that of l2 / 2 times the squares is l2 times W"),
        (0.5, "penalty's factor", "is half as large"),
        (float(samples), "penalty's factor", "is multiplied by the number of samples"),
        (1.0 / samples, "penalty's factor", "is divided by the number of samples"),
    ]
    layers = [(None, ""), *((layer, f" in layer {layer + 1}") for layer in range(values.depth) if values.depth > 1)]
    terms = [(_PENALTIES, "penalty")]
    if any(values.l1) and any(values.l2):
        terms += [(_L1, "l1 penalty"), (_L2, "l2 penalty")]
    for layer, where in layers:
        for columns, name in terms:
            for factor, kind, words in wrong:
                # biases have penalties by mistake alone, with the same factor or without
                for what in ("weights", "all"):
                    table = _table(values, arrays_of(values, what, layer), columns, factor)
                    yield Factors(kind, f"the gradient of the {name} {words}{where}", table)
