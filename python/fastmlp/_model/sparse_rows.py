"""Sparse samples on their way to the core, which makes dense rows of a batch at a time.

Only training knows them, and only from fastmlp.sklearn: the interface of scikit-learn promises sparse matrices, that of
a Network arrays. What they hold was checked there; that it is in bounds is checked by the binding.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


class SparseRows:
    """The rows of a SciPy matrix of floats in the format CSR, without a second entry for any place.

    Attributes
    ----------
    parts : (values, their columns, where each row starts)
        As the core takes them.
    """

    def __init__(self, matrix: Any) -> None:
        self.parts: tuple[npt.NDArray[Any], npt.NDArray[np.int32], npt.NDArray[np.int64]] = (
            np.ascontiguousarray(matrix.data),
            np.ascontiguousarray(matrix.indices, np.int32),
            np.ascontiguousarray(matrix.indptr, np.int64),
        )

    def __len__(self) -> int:
        return len(self.parts[2]) - 1
