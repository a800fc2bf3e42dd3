"""The numbers of the embeddings at the entrance (fastmlp/embeddings.py): bins that are learned from data, and views.

What an embedding does to rows the core does while it gathers them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastmlp._model.indexed_rows import IndexedRows
from fastmlp._model.scaling import ColumnScaling, quantiles
from fastmlp.embeddings import Embedding, Periodic, PiecewiseLinear

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Waves:
    """A Periodic embedding of a built network: its settings, and views on its parameters (writing changes the network).

    Attributes
    ----------
    settings : Periodic
    frequencies, phases : array (inputs, frequencies)
        In turns: for a difference of 1 in the input, and at input 0.
    weights : array (inputs, frequencies, units - 1)
        Of each input's own small layer.
    bias : array (inputs, units - 1)
    """

    settings: Periodic
    frequencies: Array = field(repr=False)
    phases: Array = field(repr=False)
    weights: Array = field(repr=False)
    bias: Array = field(repr=False)


def waves_of(settings: Periodic, parameters: Array) -> Waves:
    """Return the parts of (inputs, parameters of an input), as views where it is an array of the core's."""
    n, sums = settings.frequencies, settings.units - 1
    weights = parameters[:, 2 * n : n * (2 + sums)]
    return Waves(
        settings,
        parameters[:, :n],
        parameters[:, n : 2 * n],
        np.lib.stride_tricks.as_strided(
            weights, (len(parameters), n, sums), (parameters.strides[0], sums * weights.strides[1], weights.strides[1])
        ),
        parameters[:, n * (2 + sums) :],
    )


class Edges(NamedTuple):
    """Those of each bin, (embedded inputs, bins), which are equal where a column has fewer bins."""

    lower: Floats
    upper: Floats


def edges_of(embedding: PiecewiseLinear, n_inputs: int) -> Edges:
    """Return what the core is told of bins; none are there before they are learned."""
    edges = Edges(*np.zeros((2, embedding.columns or n_inputs, embedding.bins)))
    for index, column in enumerate(embedding.edges or ()):
        edges.lower[index, : len(column) - 1] = column[:-1]
        edges.upper[index, : len(column) - 1] = column[1:]
    return edges


def learned_bins(
    embedding: PiecewiseLinear,
    scaling: ColumnScaling | None,
    X: Array | IndexedRows,
    sample_weight: Floats | None,
    dtype: npt.DTypeLike,
) -> PiecewiseLinear:
    """Return the embedding with the quantiles of the data as this dtype has them, after a scaling."""
    weight = None if sample_weight is None else sample_weight[sample_weight > 0]
    seen = X if sample_weight is None else X[sample_weight > 0]
    found = quantiles(seen, weight, np.linspace(0.0, 1.0, embedding.bins + 1), embedding.columns)
    if scaling is not None:
        found = scaling.first(found.shape[1]).of(found)
    columns = np.sort(found.astype(dtype), axis=0).T
    return replace(embedding, edges=tuple(tuple(map(float, np.unique(column))) for column in columns))


def steepest(embedding: Embedding, parameters: Array | None, n_inputs: int) -> Floats:
    """Return bounds on the slopes of what each embedded input becomes, (inputs, width)."""
    if isinstance(embedding, PiecewiseLinear):
        width = np.subtract(*reversed(edges_of(embedding, n_inputs)))
        return np.divide(1.0, width, out=np.zeros_like(width), where=width > 0)
    assert isinstance(embedding, Periodic)
    assert parameters is not None
    waves = waves_of(embedding, parameters)
    of_sums = 2 * np.pi * (np.abs(waves.weights) * np.abs(waves.frequencies)[:, :, np.newaxis]).sum(axis=1)
    return np.hstack([of_sums, np.ones((n_inputs, 1))])


def far_from_edges(embedding: PiecewiseLinear, numbers: Floats, reach: Floats) -> npt.NDArray[np.bool_]:
    """Return which numbers are further than ``reach`` from each edge, where the slope of a share jumps."""
    far = np.ones(numbers.shape, bool)
    for index, column in enumerate(embedding.edges or ()):
        for edge in column:
            far[:, index] &= np.abs(numbers[:, index] - edge) > reach[:, index]
    return far
