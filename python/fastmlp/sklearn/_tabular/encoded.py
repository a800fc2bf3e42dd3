"""A table as numbers, in little room: a column of 0 and 1 as bytes, a column of categories as their places.

Networks take either of two forms of it: an array, or, where most of it would be 0 once it is scaled, sparse rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_array, hstack

from fastmlp._model.scaling import ColumnScaling, learned
from fastmlp._model.sparse_rows import SparseRows
from fastmlp.scalings import RobustScale

Array = npt.NDArray[Any]

# An entry of sparse rows takes a float32 and the column's number: a quarter of them takes the room of bytes.
# With more, an array is faster.
FULL = 0.25
# what the scaling learns
NUMBERS = ("median", "deviation")


@dataclass(frozen=True)
class Encoded:
    """Rows of a table: the columns of numbers, then one of 0 and 1 for each category.

    Parameters
    ----------
    numbers : list of arrays (rows,)
        Of float64, none missing, or of bytes 0 and 1.
    places : list of arrays (rows,)
        Which of its columns' categories a row is of; -1: of none.
    widths : list of int
        The number of these categories.
    """

    numbers: list[Array]
    places: list[Array]
    widths: list[int]

    def __len__(self) -> int:
        return len((self.numbers or self.places)[0])

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self.numbers) + sum(self.widths)

    def taken(self, rows: Array | slice) -> Encoded:
        """Return some of the rows."""
        return Encoded([column[rows] for column in self.numbers], [column[rows] for column in self.places], self.widths)

    def dense(self) -> Array:
        """Return the rows as an array: of bytes where all is 0 and 1, else of float64."""
        is_bytes = all(column.dtype == np.uint8 for column in self.numbers)
        return _side_by_side(self._parts(), (len(self), self.width), np.uint8 if is_bytes else np.float64)

    @cached_property
    def is_mostly_zero(self) -> bool:
        """Whether sparse rows take less room than an array, and time."""
        entries = 0
        for part in self._parts():
            ones = np.count_nonzero(part, axis=0) if part.dtype == np.uint8 else np.array([len(self) // 2])
            # scaling takes the median to 0: of a column of 0 and 1 the more frequent of both
            entries += int(np.minimum(ones, len(self) - ones).sum())
        return entries < FULL * len(self) * self.width

    def learned(self, scaling: RobustScale) -> RobustScale:
        """Return the scaling with the numbers of these rows, as a network learns it from an array."""
        parts = [learned(scaling, part, None) for part in self._parts()]
        median, deviation = (tuple(chain.from_iterable(getattr(part, name) for part in parts)) for name in NUMBERS)
        return replace(scaling, median=median, deviation=deviation)

    def scaled(self, columns: ColumnScaling) -> Array:
        """Return the rows as the first layer of a network sees them, in float32."""
        return _side_by_side(self._scaled_parts(columns), (len(self), self.width), np.float32)

    def sparse(self, columns: ColumnScaling) -> SparseRows:
        """Return what of the scaled rows is not 0."""
        return SparseRows(hstack([csc_array(part) for part in self._scaled_parts(columns)], "csr"))

    def _scaled_parts(self, columns: ColumnScaling) -> Iterator[Array]:
        start = 0
        for part in self._parts():
            own = slice(start, start + part.shape[1])
            scaling = ColumnScaling(columns.shift[own], columns.scale[own], columns.limit)
            if part.dtype == np.uint8:
                zero, one = scaling.of(np.array([[0.0], [1.0]])).astype(np.float32)
                yield np.where(part, one, zero)
            else:
                yield scaling.of(part).astype(np.float32)
            start = own.stop

    def _parts(self) -> Iterator[Array]:
        """Yield columns of the array that belong together."""
        for column in self.numbers:
            yield column[:, np.newaxis]
        for places, width in zip(self.places, self.widths, strict=True):
            part = np.zeros((len(self), width), np.uint8)
            rows = np.flatnonzero(places >= 0)
            part[rows, places[rows]] = 1
            yield part


def _side_by_side(parts: Iterable[Array], shape: tuple[int, int], dtype: npt.DTypeLike) -> Array:
    rows = np.empty(shape, dtype)
    start = 0
    for part in parts:
        rows[:, start : start + part.shape[1]] = part
        start += part.shape[1]
    return rows
