"""Samples as they go from the checks to the core, and from there to no one else."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from fastmlp._model.indexed_rows import IndexedRows
from fastmlp._model.sparse_rows import SparseRows

Array = npt.NDArray[Any]
# what users and estimators give: data, and (X, y) or (X, y, sample_weight) for validation or as they come
Data: TypeAlias = npt.ArrayLike | SparseRows | IndexedRows
Validation: TypeAlias = tuple[npt.ArrayLike, npt.ArrayLike] | tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike]
# what errors call them
NAMES = ("X", "y", "sample_weight")
Inputs: TypeAlias = Array | tuple[Array, Array, Array] | tuple[Array, Array]
Batch: TypeAlias = tuple[npt.ArrayLike, ...]


class Samples(NamedTuple):
    """Checked data, what is to be learned of them, and their weights: as _core.pyi wants them."""

    X: Array | SparseRows | IndexedRows
    targets: Array
    sample_weight: npt.NDArray[np.float64] | None

    @property
    def rows(self) -> int:
        """How many there are (``len`` is that of the tuple)."""
        return len(self.X)

    @property
    def inputs(self) -> Inputs:
        """The data as the core reads them: an array, or the parts of sparse or indexed rows."""
        return self.X if isinstance(self.X, np.ndarray) else self.X.parts

    @property
    def not_sparse(self) -> Array | IndexedRows:
        """The data of evaluations, which are never sparse: estimators make those dense."""
        assert not isinstance(self.X, SparseRows)
        return self.X

    @property
    def dense(self) -> Array:
        """The data of evaluations that are one array."""
        assert isinstance(self.X, np.ndarray)
        return self.X

    def taken(self, rows: Array | slice) -> Samples:
        """Return some of them: by index, mask or slice."""
        weight = None if self.sample_weight is None else self.sample_weight[rows]
        return Samples(self.not_sparse[rows], self.targets[rows], weight)
