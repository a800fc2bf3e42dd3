"""Which of the known mistakes give the gradients that somebody has: one, one in some samples, or two at once.

A mistake is a wrong number (factors.py), a wrong way to write the program (structures.py), or a sum over other samples
(samples.py). All are tried on some entries of each array first; what agrees there is computed in full.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastmlp._diagnosis.factors import LEFT_OUT, Factors, factors_for
from fastmlp._diagnosis.program import Program, Values
from fastmlp._diagnosis.samples import adding_up, left_out
from fastmlp._diagnosis.sketch import Sketch, spread, telling
from fastmlp._diagnosis.structures import Structure, structures_for

Array = npt.NDArray[Any]
# of samples in which a mistake was made
_SHOWN = 8
# what is rounded, of what is near enough
_OF_NEAR = 1e-3
_OF_FACTOR = "the whole gradient is {:.6g} times the right one: an update, or that of a loss in another unit"
# numbers that samples are solved from: of each sample, and of all together
_FEWEST_NUMBERS, _MOST_NUMBERS = 50, 20_000_000


class Explanation(NamedTuple):
    """What is wrong, a kind and a sentence for each mistake."""

    kinds: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()


class Search:
    """Compares gradients with what known mistakes make of them.

    Parameters
    ----------
    values : Values
    given : list of arrays
        The gradients to explain, of weights and bias in turn, from the last layer down.
    near : list of float
        How near each array must be, in its entries; inf for those that are not to be compared.
    """

    def __init__(self, values: Values, given: list[Array], near: list[float]) -> None:
        self._values = values
        self._given = given
        self._near = near
        right = [of_data + l1 + l2 for of_data, l1, l2 in self._sums(Program())]
        self._right_gradients = right
        self._shapes = [one.shape for one in given]
        self._difference = [one - other for one, other in zip(given, right, strict=True)]
        self.wrong = frozenset(
            i for i, one in enumerate(self._difference) if not (np.abs(one) <= near[i]).all() and np.isfinite(near[i])
        )
        chosen = [telling(*both) for both in zip(self._difference, right, strict=True)]
        self._sketch = Sketch(values, chosen, self._shapes)
        self._wanted = self._sketch.taken(given)
        self._width = np.array(near)[self._sketch.array]
        self._no_factors = np.ones((len(given), 3))
        self._factors = factors_for(values)
        terms = self._sketch.terms(Program())
        assert terms is not None
        self._right = terms
        self._structures = [
            (one, program, self._sketch.terms(program))
            for one in structures_for(values)
            for program in [one.made_in(Program())]
        ]

    def wrong_arrays(self) -> list[str]:
        """Return what each array that is not right is called, from the last layer down."""
        return [self._called(i) for i in sorted(self.wrong)]

    def differences(self) -> tuple[str, ...]:
        """Return of each of them how it differs: by a factor, or in which entry most."""
        return tuple(f"{self._called(i)}: {self._difference_of(i)}" for i in sorted(self.wrong))

    def _called(self, i: int) -> str:
        return f"layer {self._values.depth - i // 2} {('weights', 'bias')[i % 2]}"

    def _difference_of(self, i: int) -> str:
        given, apart, right = self._given[i], self._difference[i], self._right_gradients[i]
        square = float((right * right).sum())
        factor = float((given * right).sum()) / square if square > 0 else 0.0
        if given.size > 1 and (np.abs(given - factor * right) <= self._near[i]).all():
            return f"{factor:.6g} times the right one"
        at = np.unravel_index(int(np.abs(apart).argmax()), apart.shape)
        where = ", ".join(str(int(index)) for index in at)
        n_wrong = int((np.abs(apart) > self._near[i]).sum())
        return f"[{where}] is {given[at]:.6g}, but must be {right[at]:.6g} ({n_wrong} of {given.size} differ)"

    def single(self) -> list[Explanation]:
        """Return the single mistakes that explain everything, the likeliest first."""
        found = [_said(one) for one in self._factors_explaining(Program(), self._right)]
        for structure, program, terms in self._structures:
            if terms is not None and self._is_near(terms.sum(axis=0), self._wanted) and self._explains(program):
                found.append(_said(structure))
        found += [_said(words) for words in self._left_out(Program())]
        # the same mistake may be known in two ways, which differ only together with another one
        return list(dict.fromkeys(found))

    def one_factor(self) -> Explanation | None:
        """Return the factor, no known one, that all arrays have in common."""
        given, right = (
            np.concatenate([one.ravel() for one, near in zip(arrays, self._near, strict=True) if np.isfinite(near)])
            for arrays in (self._given, self._right_gradients)
        )
        largest = int(np.abs(right).argmax())
        factor = float(given[largest] / right[largest]) if right[largest] else 0.0
        if factor == 0 or not self._all_near([factor * one for one in self._right_gradients]):
            return None
        return Explanation(("factor",), (_OF_FACTOR.format(factor),))

    def in_some_samples(self) -> Explanation | None:
        """Return a mistake that was made in some samples alone, at most half of them.

        What a sample's mistake adds to the gradients is known, so that which samples add up to the difference is a
        question of linear equations, whose solution is 0 or 1 for each.
        """
        sketch = self._larger_sketch()
        wanted, right = sketch.taken(self._difference), sketch.of_samples(Program())
        roundoff = _OF_NEAR * max(self._near[i] for i in self.wrong)
        for mistake, program, table in self._in_samples():
            made = right if program == Program() else sketch.of_samples(program)
            for rows in adding_up(table[sketch.array, 0] * made - right, wanted, roundoff):
                if self._explains_in(np.array(rows), program, table):
                    where = _called(rows)
                    sentence = f"in {where} alone: {mistake.sentence}"
                    if mistake.kind == LEFT_OUT:
                        sentence = f"left out of the sum: {where}"
                    return Explanation((mistake.kind,), (sentence,))
        return None

    def pair(self) -> Explanation | None:
        """Return two mistakes that explain everything together."""
        return next(self._pairs(), None)

    def _pairs(self) -> Iterator[Explanation]:
        for i, one in enumerate(self._factors):
            for other in self._factors_explaining(Program(), self._right, after=i):
                yield _said(one, other)
        for structure, program, terms in self._structures:
            for other in self._factors_explaining(program, terms):
                yield _said(structure, other)
        for first, second in self._structures_together():
            # where both set the same, the one in a single layer may have the last word, or the one in all of them
            programs = [second.made_in(first.made_in(Program())), first.made_in(second.made_in(Program()))]
            for program in programs[: 1 + (programs[0] != programs[1])]:
                if self._agrees_from_above(program) and self._explains(program):
                    yield _said(first, second)
        for one in self._factors:
            yield from (_said(one, words) for words in self._left_out(Program(), one.table))
        for structure, program, _ in self._structures:
            yield from (_said(structure, words) for words in self._left_out(program))

    def _structures_together(self) -> Iterator[tuple[Structure, Structure]]:
        """Yield the pairs that change, between them, what is wrong."""
        changing = [(structure, self._changed(terms)) for structure, _, terms in self._structures]
        for (first, one), (second, other) in combinations(changing, 2):
            if one and other and one | other == self.wrong:
                yield first, second

    def _in_samples(self) -> Iterator[tuple[Structure | Factors, Program, Array]]:
        """Yield the mistakes that a single sample can have, in the arrays that are wrong, with program and factors."""
        seen = set()
        for factors in self._factors:
            of_data = factors.table[:, 0]
            # whether the penalties have the factor too, makes no difference to a sample
            if frozenset(np.flatnonzero(of_data != 1)) == self.wrong and tuple(of_data) not in seen:
                seen.add(tuple(of_data))
                yield factors, Program(), factors.table
        for structure, program, terms in self._structures:
            if self._changed(terms) == self.wrong:
                yield structure, program, self._no_factors

    def _larger_sketch(self) -> Sketch:
        """Return one of the wrong arrays that holds enough to solve for samples, and not more."""
        samples = len(self._values.inputs)
        wanted = min(2 * samples + 200, max(_FEWEST_NUMBERS, _MOST_NUMBERS // samples)) // max(len(self.wrong), 1) + 1
        chosen = [spread(one.size, wanted if i in self.wrong else 0) for i, one in enumerate(self._given)]
        return Sketch(self._values, chosen, self._shapes)

    # what a program gives, and whether that is what was given

    def _sums(self, program: Program, values: Values | None = None) -> list[list[Array]]:
        """Return the terms of each array, as far as the program can run."""
        return [array for layer in program.layers(values or self._values) for array in layer.sums()]

    def _explains(self, program: Program, table: Array | None = None, kept: Array | None = None) -> bool:
        """Return whether a program, with factors and of some samples, gives all that was given."""
        sums = self._sums(program, None if kept is None else self._values.of_samples(kept))
        factors = self._no_factors if table is None else table
        if len(sums) < len(factors):
            return False
        made = [by[0] * one[0] + by[1] * one[1] + by[2] * one[2] for by, one in zip(factors, sums, strict=True)]
        return self._all_near(made)

    def _explains_in(self, rows: Array, program: Program, table: Array) -> bool:
        """Return whether it does, where the mistake is made in some samples alone."""
        some = self._values.of_samples(rows)
        made, right = self._sums(program, some), self._sums(Program(), some)
        added = [by[0] * one[0] - other[0] for by, one, other in zip(table, made, right, strict=True)]
        return self._all_near([sum(terms) + more for terms, more in zip(self._sums(Program()), added, strict=True)])

    def _all_near(self, made: list[Array]) -> bool:
        return all(
            bool((np.abs(one - other) <= near).all())
            for one, other, near in zip(made, self._given, self._near, strict=True)
            if np.isfinite(near)
        )

    def _is_near(self, made: Array, other: Array) -> bool:
        return bool((np.abs(made - other) <= self._width).all())

    def _agrees_from_above(self, program: Program) -> bool:
        # layer by layer: most programs differ in the last one already
        end, n_agreeing = 0, 0
        for terms in self._sketch.by_layer(program):
            start, end = end, end + terms.shape[1]
            if not (np.abs(terms.sum(axis=0) - self._wanted[start:end]) <= self._width[start:end]).all():
                return False
            n_agreeing += 1
        return n_agreeing == self._values.depth

    def _changed(self, terms: Array | None) -> frozenset[int]:
        """Return which arrays a program changes, as far as the sketch tells."""
        if terms is None:
            return frozenset()
        is_near = np.abs(terms.sum(axis=0) - self._right.sum(axis=0)) <= self._width
        return frozenset(int(i) for i in self._sketch.array[~is_near])

    def _factors_explaining(self, program: Program, terms: Array | None, after: int | None = None) -> list[Factors]:
        """Return the factors with which a program explains everything.

        ``after``: only of those that are behind this one, which the program has already.
        """
        if terms is None:
            return []
        candidates = self._factors if after is None else self._factors[after + 1 :]
        if not candidates:
            return []
        tables = np.array([one.table for one in candidates])
        if after is not None:
            tables *= self._factors[after].table
        made = sum(tables[:, self._sketch.array, term] * terms[term] for term in range(3))
        is_near = (np.abs(made - self._wanted) <= self._width).all(axis=1)
        return [candidates[i] for i in np.flatnonzero(is_near) if self._explains(program, tables[i])]

    def _left_out(self, program: Program, table: Array | None = None) -> Iterator[str]:
        """Yield the sentences of samples that, left out, make a program explain everything."""
        terms, added = self._sketch.terms(program), self._sketch.of_samples(program)
        if terms is None or added is None:
            return
        table = self._no_factors if table is None else table
        factors = table[self._sketch.array]
        rest = factors[:, 1] * terms[1] + factors[:, 2] * terms[2]
        width = self._width
        if program.bias_samples:
            # which row is the last one, depends on what is left out: that is for the full arrays to tell
            width = np.where(self._sketch.array % 2 == 1, np.inf, width)
        for one in left_out(factors[:, 0] * added, rest, self._wanted, width):
            if self._explains(program, table * [one.factor, 1.0, 1.0], one.kept):
                yield one.sentence


def _said(*mistakes: Structure | Factors | str) -> Explanation:
    """Return mistakes as a user reads them; a string: samples that are left out."""
    return Explanation(
        tuple(LEFT_OUT if isinstance(one, str) else one.kind for one in mistakes),
        tuple(one if isinstance(one, str) else one.sentence for one in mistakes),
    )


def _called(samples: tuple[int, ...]) -> str:
    """Return the numbers of a few samples, or how many there are."""
    if len(samples) == 1:
        return f"sample {samples[0]} (from 0)"
    shown = ", ".join(map(str, samples[:_SHOWN]))
    return f"samples {shown}{', ...' if len(samples) > _SHOWN else ''} (from 0; {len(samples)} of them)"
