"""Some entries of each array of gradients, which tell nearly all wrong programs from what was given, and at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._diagnosis.program import Program, Values

Array = npt.NDArray[Any]
# of each array: those that differ most, the largest ones, and some that stand anywhere
_ENTRIES = 8


class Sketch:
    """What programs make of some entries, those of all arrays one after the other.

    Parameters
    ----------
    values : Values
    chosen : list of arrays
        Flat indices into each array, of weights and bias in turn, from the last layer down.
    shapes : list of tuples
        Of the arrays.
    """

    def __init__(self, values: Values, chosen: list[Array], shapes: list[tuple[int, ...]]) -> None:
        self._values = values
        self._chosen = chosen
        self._rows_and_columns = [
            np.unravel_index(flat, shape) for flat, shape in zip(chosen[::2], shapes[::2], strict=True)
        ]
        self.array = np.repeat(np.arange(len(chosen)), [len(flat) for flat in chosen])

    def taken(self, arrays: list[Array]) -> Array:
        """Return these entries of arrays."""
        return np.concatenate([array.ravel()[flat] for array, flat in zip(arrays, self._chosen, strict=True)])

    def by_layer(self, program: Program) -> Iterator[Array]:
        """Yield the three terms of the entries of each layer, (3, entries), from the last one down."""
        for i, layer in enumerate(program.layers(self._values)):
            places, units = self._rows_and_columns[i], self._chosen[2 * i + 1]
            of_weights = [layer.of_samples(*places).sum(axis=0), *layer.penalties(*places)]
            of_bias = [layer.bias[:, units].sum(axis=0), *(term[units] for term in layer.by_bias)]
            yield np.concatenate([of_weights, of_bias], axis=1)

    def terms(self, program: Program) -> Array | None:
        """Return the three terms of all entries, (3, entries); None where the program can't run to its end."""
        parts = list(self.by_layer(program))
        return np.concatenate(parts, axis=1) if len(parts) == self._values.depth else None

    def of_samples(self, program: Program) -> Array | None:
        """Return what each sample adds to the term of the data, (samples, entries), or None."""
        parts = []
        for i, layer in enumerate(program.layers(self._values)):
            parts += [layer.of_samples(*self._rows_and_columns[i]), layer.bias[:, self._chosen[2 * i + 1]]]
        return np.concatenate(parts, axis=1) if len(parts) == len(self._chosen) else None


def telling(difference: Array, right: Array) -> Array:
    """Return the flat indices of entries to look at first."""
    flat = [np.abs(array).ravel() for array in (difference, right)]
    parts = [np.argsort(-array, kind="stable")[:_ENTRIES] for array in flat]
    return np.unique(np.concatenate([*parts, spread(right.size, _ENTRIES)]))


def spread(size: int, wanted: int) -> Array:
    """Return some indices into an array, in no order that its rows or columns have."""
    # a prime that no layer's size is a multiple of: all indices come before one comes again
    return np.unique(np.arange(min(size, wanted)) * 1_000_003 % size)
