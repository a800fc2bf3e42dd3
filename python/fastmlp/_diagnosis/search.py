"""Which of the known mistakes give the gradients that somebody has: one, one in some samples, or two at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastmlp._diagnosis.mistakes import Mistake, mistakes_for
from fastmlp._diagnosis.program import Gradients, Program, Values
from fastmlp.runtime import imported

Array = npt.NDArray[Any]
# beside the largest entry of all arrays, an array of nothing but rounding
_NOTHING = 1e-9
# of a sample's share, before all entries are looked at
_ALIKE = 1e-3
# samples that are looked for one after the other
_MOST_PURSUED = 12
# of an array, to solve for the samples
_MOST_ENTRIES = 1000


class Explanation(NamedTuple):
    """``samples`` are those in which the mistake is made, empty for all."""

    mistakes: tuple[Mistake, ...]
    samples: tuple[int, ...] = ()


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
        self._wrong = self._changed(given)

    def _changed(self, gradients: Gradients) -> frozenset[tuple[int, int]]:
        """Return which arrays differ from the right ones; those that are missing do."""
        return frozenset(
            (layer, i)
            for layer, right in enumerate(self._right)
            for i in range(2)
            if layer >= len(gradients) or not self._agree(gradients[layer][i], right[i])
        )

    def wrong_arrays(self) -> list[str]:
        """Return what each array that is not right is called, from the last layer down."""
        depth = self._values.depth
        return [f"layer {depth - layer} {('weights', 'bias')[i]}" for layer, i in sorted(self._wrong)]

    def single(self) -> list[Explanation]:
        """Return the single mistakes that explain everything, the likeliest first."""
        return [Explanation((mistake,)) for mistake in self._mistakes if self._explains(mistake.made_in(Program()))]

    def in_some_samples(self) -> Explanation | None:
        """Return a mistake that was made in some samples alone, at most half of them.

        What a sample's mistake adds to the gradients is known, so that which samples add up to the difference is a
        question of linear equations, whose solution is 0 or 1 for each.
        """
        difference = [_minus(one, other) for one, other in zip(self._given, self._right, strict=True)]
        n = len(self._values.inputs)
        alone = [_of_samples(self._values, [sample]) for sample in range(n)]
        without = Program(penalty=0.0)
        right = [list(without.by_layer(values)) for values in alone]
        chosen = self._some_entries()
        wanted = _entries(difference, chosen)
        for mistake, changed in self._few_of_each():
            program = replace(mistake.made_in(Program()), penalty=0.0, penalty_on_biases=False)
            if program == without or program.left_out or changed != self._wrong:
                continue
            with np.errstate(all="ignore"):
                made = [list(program.by_layer(values)) for values in alone]
            if len(made[0]) < len(difference):
                continue
            added = [
                [_minus(one, other) for one, other in zip(layers, others, strict=True)]
                for layers, others in zip(made, right, strict=True)
            ]
            samples = _which(np.array([_entries(layers, chosen) for layers in added]), wanted)
            if samples and self._all_agree(difference, _sum([added[sample] for sample in samples])):
                return Explanation((mistake,), samples)
        return None

    def _some_entries(self) -> list[tuple[Array, Array]]:
        """Return indices into the flat arrays of each layer: enough to solve for samples, and not more."""
        random = imported("numpy.random").default_rng(0)
        return [
            (
                random.choice(one.size, min(one.size, _MOST_ENTRIES), replace=False),
                random.choice(other.size, min(other.size, _MOST_ENTRIES), replace=False),
            )
            for one, other in self._given
        ]

    def pair(self) -> Explanation | None:
        """Return two mistakes that explain everything together."""
        for (first, changed), (second, changed_too) in combinations(self._few_of_each(), 2):
            if changed | changed_too == self._wrong and self._explains(second.made_in(first.made_in(Program()))):
                return Explanation((first, second))
        return None

    def _few_of_each(self) -> list[tuple[Mistake, frozenset[tuple[int, int]]]]:
        """Return the mistakes without those of single samples, of which there are too many, and what each changes."""
        found = []
        for mistake in self._mistakes:
            program = mistake.made_in(Program())
            if not program.left_out or program.left_out == (len(self._values.inputs) - 1,):
                with np.errstate(all="ignore"):
                    found.append((mistake, self._changed(list(program.by_layer(self._values)))))
        return found

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


def _sum(gradients: list[Gradients]) -> Gradients:
    return [
        (np.sum([layer[0] for layer in layers], axis=0), np.sum([layer[1] for layer in layers], axis=0))
        for layers in zip(*gradients, strict=True)
    ]


def _entries(gradients: Gradients, chosen: list[tuple[Array, Array]]) -> Array:
    parts = []
    for layer, places in zip(gradients, chosen, strict=True):
        parts += [array.ravel()[at] for array, at in zip(layer, places, strict=True)]
    return np.concatenate(parts)


def _which(added: Array, wanted: Array) -> tuple[int, ...]:
    """Return the rows, at most half of them, that add up to a vector; none where they do not or many sets do."""
    if not np.isfinite(added).all():
        return ()
    # one is found also where there are fewer entries than samples
    apart = np.abs(added - wanted).max(axis=1)
    if apart.min() <= _ALIKE * np.abs(wanted).max():
        return (int(apart.argmin()),)
    found = np.linalg.lstsq(added.T, wanted, rcond=None)[0]
    is_in = np.abs(found - 1) < 0.1
    if (is_in | (np.abs(found) < 0.1)).all() and 0 < is_in.sum() <= len(added) / 2:
        return tuple(int(i) for i in np.flatnonzero(is_in))
    return _two_of(added, wanted) or _few_of(added, wanted)


def _two_of(added: Array, wanted: Array) -> tuple[int, ...]:
    """Return two rows that add up to a vector, if there are such."""
    rest = wanted - added
    # squares of the distances between what one row leaves and each other one
    apart = (rest**2).sum(axis=1)[:, np.newaxis] + (added**2).sum(axis=1) - 2 * rest @ added.T
    np.fill_diagonal(apart, np.inf)
    first, second = np.unravel_index(int(apart.argmin()), apart.shape)
    is_all = np.abs(rest[first] - added[second]).max() <= _ALIKE * np.abs(wanted).max()
    return tuple(sorted((int(first), int(second)))) if is_all else ()


def _few_of(added: Array, wanted: Array) -> tuple[int, ...]:
    """Return a few rows that add up to a vector, found one after the other, where there are more rows than numbers.

    Orthogonal matching pursuit (Pati, Rezaiifar and Krishnaprasad, Asilomar 1993).
    """
    lengths = np.linalg.norm(added, axis=1)
    chosen: list[int] = []
    left = wanted
    for _ in range(min(_MOST_PURSUED, len(added) // 2)):
        alike = np.abs(added @ left) / np.where(lengths > 0, lengths, np.inf)
        alike[chosen] = -1
        chosen.append(int(alike.argmax()))
        found = np.linalg.lstsq(added[chosen].T, wanted, rcond=None)[0]
        left = wanted - found @ added[chosen]
        if np.abs(left).max() <= _ALIKE * np.abs(wanted).max() and (np.abs(found - 1) < 0.1).all():
            return tuple(sorted(chosen))
    return ()


def _of_samples(values: Values, rows: list[int]) -> Values:
    return replace(
        values,
        inputs=values.inputs[rows],
        pre_activations=[z[rows] for z in values.pre_activations],
        activations=[a[rows] for a in values.activations],
        delta=values.delta[rows],
        slope=None if values.slope is None else values.slope[rows],
    )
