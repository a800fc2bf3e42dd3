"""Which of the known mistakes give the gradients that somebody has: one, one in a few samples, or two at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastmlp._diagnosis.mistakes import Mistake, mistakes_for
from fastmlp._diagnosis.program import Gradients, Program, Values

Array = npt.NDArray[Any]
# beside the largest entry of all arrays, an array of nothing but rounding
_NOTHING = 1e-9


class Explanation(NamedTuple):
    """``sample`` is the one sample in which the mistake is made, None for all."""

    mistakes: tuple[Mistake, ...]
    sample: int | None = None


class Search:
    """Compares gradients with what known mistakes make of them.

    Parameters
    ----------
    values : Values
    given : list of (array, array)
        The gradients to explain, of weights and bias, from the last layer down.
    tolerance : float
        Of an array, relative to its largest entry.
    """

    def __init__(self, values: Values, given: Gradients, tolerance: float) -> None:
        self._values = values
        self._given = given
        self._tolerance = tolerance
        self._right = list(Program().by_layer(values))
        self._least = _NOTHING * max(float(np.abs(one).max()) for layer in self._right for one in layer)
        self._mistakes = list(mistakes_for(values))

    def wrong_arrays(self) -> list[str]:
        """Return what each array that is not right is called, from the last layer down."""
        depth = self._values.depth
        return [
            f"layer {depth - i} {name}"
            for i, (given, right) in enumerate(zip(self._given, self._right, strict=True))
            for name, one, other in zip(("weights", "bias"), given, right, strict=True)
            if not self._agree(one, other)
        ]

    def single(self) -> list[Explanation]:
        """Return the single mistakes that explain everything, the likeliest first."""
        return [Explanation((mistake,)) for mistake in self._mistakes if self._explains(mistake.made_in(Program()))]

    def in_one_sample(self) -> Explanation | None:
        """Return a mistake that was made in one sample alone."""
        difference = [_minus(one, other) for one, other in zip(self._given, self._right, strict=True)]
        without = Program(penalty=0.0)
        programs = [
            (mistake, replace(mistake.made_in(Program()), penalty=0.0, penalty_on_biases=False))
            for mistake in self._few_of_each()
        ]
        programs = [(mistake, program) for mistake, program in programs if program != without and not program.left_out]
        for sample in range(len(self._values.inputs)):
            alone = _of_samples(self._values, [sample])
            right = list(without.by_layer(alone))
            for mistake, program in programs:
                with np.errstate(all="ignore"):
                    made = (_minus(one, other) for one, other in zip(program.by_layer(alone), right, strict=False))
                    if self._all_agree(difference, made):
                        return Explanation((mistake,), sample)
        return None

    def pair(self) -> Explanation | None:
        """Return two mistakes that explain everything together."""
        for first, second in combinations(self._few_of_each(), 2):
            if self._explains(second.made_in(first.made_in(Program()))):
                return Explanation((first, second))
        return None

    def _few_of_each(self) -> Iterator[Mistake]:
        """Yield the mistakes without those of single samples, of which there are too many for pairs."""
        for mistake in self._mistakes:
            left_out = mistake.made_in(Program()).left_out
            if not left_out or left_out == (len(self._values.inputs) - 1,):
                yield mistake

    def _explains(self, program: Program) -> bool:
        with np.errstate(all="ignore"):
            return self._all_agree(self._given, program.by_layer(self._values))

    def _all_agree(self, given: Gradients, made: Iterable[tuple[Array, Array]]) -> bool:
        # layer by layer: most programs differ in the last one already
        n_agreeing = 0
        for layer, other in zip(given, made, strict=False):
            if not all(self._agree(one, two) for one, two in zip(layer, other, strict=True)):
                return False
            n_agreeing += 1
        return n_agreeing == len(given)

    def _agree(self, given: Array, made: Array) -> bool:
        largest = max(float(np.abs(made).max()), self._least)
        return bool(np.abs(given - made).max() <= self._tolerance * largest)


def _minus(layer: tuple[Array, Array], other: tuple[Array, Array]) -> tuple[Array, Array]:
    return layer[0] - other[0], layer[1] - other[1]


def _of_samples(values: Values, rows: list[int]) -> Values:
    return replace(
        values,
        inputs=values.inputs[rows],
        pre_activations=[z[rows] for z in values.pre_activations],
        activations=[a[rows] for a in values.activations],
        delta=values.delta[rows],
        slope=None if values.slope is None else values.slope[rows],
    )
