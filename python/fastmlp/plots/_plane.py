"""The plane of two inputs: which part of it to draw, and the points at which to ask a network there."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def corners(points: Array) -> tuple[Array, Array]:
    """Return the lower left and the upper right corner of a box with some room around points (rows, 2)."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = np.where(high > low, 0.08 * (high - low), 1.0)
    return low - margin, high + margin


def grid(low: Array, high: Array, resolution: int) -> tuple[Array, Array, Array]:
    """Return the abscissas, the ordinates, and all points (resolution * resolution, 2), row after row from below."""
    horizontal, vertical = np.linspace(low, high, resolution).T
    return horizontal, vertical, np.stack(np.meshgrid(horizontal, vertical), axis=-1).reshape(-1, 2)
