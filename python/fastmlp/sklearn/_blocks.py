"""Outputs for many rows, computed for some at a time, since rows can take more room on their way to a network.

Sparse rows become dense (_mlp/data.py), categories columns of 0 and 1 (_tabular/estimator.py); those files know how.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def by_blocks(outputs_of: Callable[[slice], Array], n_rows: int, size: int) -> Array:
    """Return the outputs of all rows, from those of slices of at most ``size`` rows; no rows are one empty slice."""
    return np.concatenate([outputs_of(slice(start, start + size)) for start in range(0, max(1, n_rows), size)])
