"""The arithmetic of the scalings of inputs (fastmlp/scalings.py): what they learn, and what the core is told to do.

What they do to a column is z = (x - shift) * scale, and with a limit z / sqrt(1 + (z / limit)^2) after that; the core
does it while it gathers rows, so it costs no pass over the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from fastmlp._model.indexed_rows import IndexedRows, dense_part
from fastmlp.scalings import Rescale, RobustScale, Scaling, Standardize

Floats: TypeAlias = npt.NDArray[np.float64]
Data: TypeAlias = npt.NDArray[Any] | IndexedRows
# rows that are converted to float64 at a time
BLOCK = 4096
# columns that are sorted after one pass over the rows: as many as share a cache line
COLUMNS = 16


class ColumnScaling(NamedTuple):
    """What the core does to each input, in the order in which it is told."""

    shift: Floats
    scale: Floats
    limit: float = 0.0  # no clip

    def of(self, X: Floats) -> Floats:
        """Return rows as the first layer sees them."""
        z = (X - self.shift) * self.scale
        return z / np.hypot(1.0, z / self.limit) if self.limit else z

    def first(self, n: int) -> ColumnScaling:
        """Return that of the first n inputs."""
        return ColumnScaling(self.shift[:n], self.scale[:n], self.limit)


def learned(scaling: Scaling, X: Data, sample_weight: Floats | None, name: str = "X") -> Scaling:
    """Return the scaling with the numbers of the data, called by this name; samples of weight 0 do not count."""
    seen = X if sample_weight is None else X[sample_weight > 0]
    lowest, highest = _extremes(seen)
    if isinstance(scaling, Rescale):
        bounds = (tuple(values.astype(np.float64).tolist()) for values in (lowest, highest))
        return replace(scaling, **dict(zip(("minimum", "maximum"), bounds, strict=True)))
    if isinstance(scaling, RobustScale):
        weight = None if sample_weight is None else sample_weight[sample_weight > 0]
        lower, median, upper = quantiles(seen, weight, np.array([0.25, 0.5, 0.75]))
        with np.errstate(over="ignore"):
            deviation = upper - lower
        _check_finite(deviation, f"{name} cannot be scaled")
        half_range = highest.astype(np.float64) / 2.0 - lowest.astype(np.float64) / 2.0
        deviation = np.where(deviation > 0, deviation, half_range)
        return replace(scaling, median=tuple(median.tolist()), deviation=tuple(deviation.tolist()))
    total = float(len(X)) if sample_weight is None else float(sample_weight.sum())
    too_large = f"{name} cannot be standardized"
    mean = _total(((block * weight).sum(axis=0) for block, weight in _blocks(X, sample_weight)), too_large) / total
    squares = _total(
        ((((block - mean) ** 2) * weight).sum(axis=0) for block, weight in _blocks(X, sample_weight)), too_large
    )
    # compared exactly: rounding gives a constant column a tiny deviation
    deviation = np.where(lowest == highest, 1.0, np.sqrt(squares / total))
    if not deviation.all():
        column = int(np.flatnonzero(deviation == 0)[0])
        raise ValueError(f"{name} cannot be standardized: the values of column {column} are too close.")
    assert isinstance(scaling, Standardize)
    return replace(scaling, mean=tuple(mean.tolist()), deviation=tuple(deviation.tolist()))


def columns_of(scaling: Scaling | None, n_inputs: int, dtype: npt.DTypeLike) -> ColumnScaling | None:
    """Return what is done to each input in arithmetic of this dtype, None where inputs are taken as they are."""
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        columns = _columns(scaling)
    if columns is None:
        return None
    shift, scale = (np.ascontiguousarray(np.broadcast_to(values, n_inputs)) for values in columns[:2])
    largest = float(np.finfo(dtype).max)
    wrong = np.flatnonzero(~((np.abs(shift) <= largest) & (np.abs(scale) <= largest)))
    if len(wrong):
        raise ValueError(
            f"{type(scaling).__name__} cannot scale column {wrong[0]}: its values are too large or too close for "
            f"{np.dtype(dtype)}."
        )
    return ColumnScaling(shift, scale, columns.limit)


def _columns(scaling: Scaling | None) -> ColumnScaling | None:
    limit = 0.0
    if isinstance(scaling, Standardize) and scaling.mean is not None:
        shift, scale = np.array(scaling.mean), 1.0 / np.array(scaling.deviation)
    elif isinstance(scaling, Rescale) and scaling.minimum is not None:
        minimum, span = np.array(scaling.minimum), np.array(scaling.maximum) - np.array(scaling.minimum)
        low, high = scaling.to
        scale = np.where(span > 0, (high - low) / np.where(span > 0, span, 1.0), 1.0)
        shift = minimum - low / scale
    elif isinstance(scaling, RobustScale) and scaling.median is not None:
        shift, deviation = np.array(scaling.median), np.array(scaling.deviation)
        scale = np.where(deviation > 0, 1.0 / deviation, 0.0)
        limit = scaling.limit or 0.0
    else:
        return None
    return ColumnScaling(shift, scale, limit)


def _extremes(X: Data) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the least and the largest value of each column, by blocks as of indexed rows: for the same zeros."""
    lowest = highest = np.empty(0)
    for rows in _slices(X):
        block = dense_part(X, rows)
        low, high = block.min(axis=0), block.max(axis=0)
        is_first = rows.start == 0
        lowest = low if is_first else np.minimum(lowest, low)
        highest = high if is_first else np.maximum(highest, high)
    return lowest, highest


def _slices(X: Data) -> Iterator[slice]:
    for start in range(0, len(X), BLOCK):
        yield slice(start, start + BLOCK)


def _blocks(X: Data, sample_weight: Floats | None) -> Iterator[tuple[Floats, Any]]:
    """Yield the rows in float64 with their weights, a block at a time: the data may be large."""
    for rows in _slices(X):
        yield dense_part(X, rows).astype(np.float64), 1.0 if sample_weight is None else sample_weight[rows, np.newaxis]


def _total(sums: Iterator[Floats], failure: str) -> Floats:
    """Add up the columns' sums of all blocks, in order."""
    with np.errstate(over="ignore", invalid="ignore"):
        total: Floats = next(sums)
        for part in sums:
            total = total + part
    _check_finite(total, failure)
    return total


def quantiles(X: Data, weight: Floats | None, shares: Floats, n_columns: int | None = None) -> Floats:
    """Return the quantiles of these shares of each column, or of the first n, (shares, columns).

    A quantile lies halfway from the lowest value up to which there is its share of the weight, to the lowest up to
    which there is more: two values only where one ends just there, as in the median of an even number of rows.
    """
    n_columns = X.shape[1] if n_columns is None else n_columns
    found = np.empty((len(shares), n_columns))
    counts = np.arange(1.0, len(X) + 1)
    for start in range(0, n_columns, COLUMNS):
        own = slice(start, min(start + COLUMNS, n_columns))
        for index, column in enumerate(np.ascontiguousarray(dense_part(X, columns=own).T), start):
            if weight is None:
                values, reached = np.sort(column), counts
            else:
                order = np.argsort(column)
                values, reached = column[order], np.cumsum(weight[order])
            wanted = reached[-1] * shares
            # sums that are equal but for their rounding count as equal
            rounding = reached[-1] * len(values) * np.finfo(np.float64).eps
            just, more = (
                np.searchsorted(reached, wanted - rounding),
                np.searchsorted(reached, wanted + rounding, "right").clip(max=len(values) - 1),
            )
            found[:, index] = (values[np.stack([just, more])].astype(np.float64) / 2.0).sum(axis=0)
    return found


def _check_finite(values: Floats, failure: str) -> None:
    if not np.isfinite(values).all():
        column = int(np.flatnonzero(~np.isfinite(values))[0])
        raise ValueError(f"{failure}: the values of column {column} are too large.")
