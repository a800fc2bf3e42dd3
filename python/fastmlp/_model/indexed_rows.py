"""Some rows of an array that many share, by their numbers: for trainings on parts of one X that nobody copies.

The core takes them as they are (``DataView::places``); what Python computes of them it takes a few at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class IndexedRows:
    """The rows of a checked array with these numbers, which are none of them negative.

    Attributes
    ----------
    parts : (array, numbers of its rows)
        As the core takes them.
    shape : (rows, columns)

    Examples
    --------
    >>> X = np.arange(8).reshape(4, 2)
    >>> rows = IndexedRows(X, np.array([3, 0, 3]))
    >>> len(rows), rows[1:].dense().tolist()
    (3, [[0, 1], [6, 7]])
    """

    def __init__(self, array: Array, numbers: npt.NDArray[np.integer[Any]]) -> None:
        self.parts = array, np.ascontiguousarray(numbers, np.int64)

    def __reduce__(self) -> tuple[type[IndexedRows], tuple[Array, Array]]:
        """Pickle these rows alone: another process has no use for the rest."""
        return IndexedRows, (self.dense(), np.arange(len(self)))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self), self.parts[0].shape[1]

    def __len__(self) -> int:
        return len(self.parts[1])

    def __getitem__(self, rows: Array | slice) -> IndexedRows:
        array, numbers = self.parts
        return IndexedRows(array, numbers[rows])

    def dense(self, rows: slice = slice(None), columns: slice = slice(None)) -> Array:
        """Return a copy of some rows and columns."""
        array, numbers = self.parts
        copied: Array = array[numbers[rows], columns]
        return copied


def dense_part(X: Array | IndexedRows, rows: slice = slice(None), columns: slice = slice(None)) -> Array:
    """Return some rows and columns: of an array a view."""
    return X.dense(rows, columns) if isinstance(X, IndexedRows) else X[rows, columns]
