"""A table as numbers, in little room: a column of 0 and 1 as bytes, a column of categories as their places.

Networks take it as an array, made of the rows that they need.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


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
