"""Samples as they go from the checks to the core, and from there to no one else."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from fastmlp._model.sparse_rows import SparseRows

Array = npt.NDArray[Any]
# what users and estimators give: data, a pair for validation, and (X, y) or (X, y, sample_weight) as they come
Data: TypeAlias = npt.ArrayLike | SparseRows
Pair: TypeAlias = tuple[npt.ArrayLike, npt.ArrayLike]
Batch: TypeAlias = tuple[npt.ArrayLike, ...]


class Samples(NamedTuple):
    """Checked data, what is to be learned of them, and their weights: as _core.pyi wants them."""

    X: Array | SparseRows
    targets: Array
    sample_weight: npt.NDArray[np.float64] | None

    @property
    def rows(self) -> int:
        """How many there are (``len`` is that of the tuple)."""
        return len(self.X)

    @property
    def inputs(self) -> Array | tuple[Array, Array, Array]:
        """The data of trainings as the core reads them: an array, or the parts of sparse rows."""
        return self.X.parts if isinstance(self.X, SparseRows) else self.X

    @property
    def dense(self) -> Array:
        """The data of evaluations, which are never sparse: estimators make those dense."""
        assert not isinstance(self.X, SparseRows)
        return self.X

    def taken(self, rows: Array | slice) -> Samples:
        """Return some of them: by index, mask or slice."""
        weight = None if self.sample_weight is None else self.sample_weight[rows]
        return Samples(self.dense[rows], self.targets[rows], weight)
