"""The arithmetic of Standardize and Rescale (layers.py): learning their numbers, and what the core does with them.

What they do to a column is x' = (x - shift) * scale; the core does it while it gathers rows, so it costs no pass over
the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from fastmlp.layers import Rescale, Scaling, Standardize

Floats: TypeAlias = npt.NDArray[np.float64]
# rows that are converted to float64 at a time
BLOCK = 4096


def learned(scaling: Scaling, X: npt.NDArray[Any], sample_weight: Floats | None) -> Scaling:
    """Return the scaling with the numbers of the data; samples of weight 0 do not count."""
    seen = X if sample_weight is None else X[sample_weight > 0]
    lowest, highest = seen.min(axis=0), seen.max(axis=0)
    if isinstance(scaling, Rescale):
        bounds = (tuple(values.astype(np.float64).tolist()) for values in (lowest, highest))
        return replace(scaling, **dict(zip(("minimum", "maximum"), bounds, strict=True)))
    total = float(len(X)) if sample_weight is None else float(sample_weight.sum())
    mean = _total((block * weight).sum(axis=0) for block, weight in _blocks(X, sample_weight)) / total
    squares = _total((((block - mean) ** 2) * weight).sum(axis=0) for block, weight in _blocks(X, sample_weight))
    # compared exactly: rounding gives a constant column a tiny deviation
    deviation = np.where(lowest == highest, 1.0, np.sqrt(squares / total))
    return replace(scaling, mean=tuple(mean.tolist()), deviation=tuple(deviation.tolist()))


def columns_of(scaling: Scaling | None, n_inputs: int) -> tuple[Floats, Floats] | None:
    """Return shift and scale of each input, None where inputs are taken as they are."""
    if isinstance(scaling, Standardize) and scaling.mean is not None:
        shift, scale = np.array(scaling.mean), 1.0 / np.array(scaling.deviation)
    elif isinstance(scaling, Rescale) and scaling.minimum is not None:
        minimum, span = np.array(scaling.minimum), np.array(scaling.maximum) - np.array(scaling.minimum)
        low, high = scaling.to
        scale = np.where(span > 0, (high - low) / np.where(span > 0, span, 1.0), 1.0)
        shift = minimum - low / scale
    else:
        return None
    shift, scale = (np.ascontiguousarray(np.broadcast_to(values, n_inputs)) for values in (shift, scale))
    if not (np.isfinite(shift).all() and np.isfinite(scale).all()):
        raise ValueError(f"{type(scaling).__name__} cannot scale: a column's values are too large or too close.")
    return shift, scale


def _blocks(X: npt.NDArray[Any], sample_weight: Floats | None) -> Iterator[tuple[Floats, Any]]:
    """Yield the rows in float64 with their weights, a block at a time: the data may be large."""
    for start in range(0, len(X), BLOCK):
        rows = slice(start, start + BLOCK)
        yield X[rows].astype(np.float64), 1.0 if sample_weight is None else sample_weight[rows, np.newaxis]


def _total(sums: Iterator[Floats]) -> Floats:
    """Add up the columns' sums of all blocks, in order."""
    total: Floats = next(sums)
    for part in sums:
        total = total + part
    if not np.isfinite(total).all():
        column = int(np.flatnonzero(~np.isfinite(total))[0])
        raise ValueError(f"X cannot be standardized: the values of column {column} are too large.")
    return total
