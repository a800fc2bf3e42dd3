"""The embeddings of numbers, which may stand at the entrance of a network: PiecewiseLinear and Periodic.

Descriptions only: what is learned and what the core is told is in _model/embedding.py; scalings, which come before, are
in scalings.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar

from fastmlp._checks.arguments import check_integer, check_real, is_list
from fastmlp._checks.text import brief
from fastmlp.layers import MAX_UNITS, Layer

# the name in the core, what an input becomes, its frequencies, the deviation of the initial ones, and how many inputs
# are embedded (0: all)
CoreEmbedding = tuple[str, int, int, float, int]


class Embedding(Layer):
    """What every embedding says of itself.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.PiecewiseLinear(8).width, fm.Periodic().width, fm.Periodic().n_parameters
    (8, 4, 83)
    """

    # the inputs that are embedded, before those that stay as they are; None: all
    columns: int | None = None

    @property
    def width(self) -> int:
        """What each input becomes."""
        raise NotImplementedError

    def width_of(self, n_inputs: int) -> int:
        """Return what so many inputs become together.

        Parameters
        ----------
        n_inputs : int
            Those of the network.

        Returns
        -------
        int
            Inputs of the first layer.

        Examples
        --------
        >>> import fastmlp as fm
        >>> fm.Periodic(units=4).width_of(3), fm.PiecewiseLinear(8, columns=1).width_of(3)
        (12, 10)
        """
        embedded = n_inputs if self.columns is None else self.columns
        return embedded * self.width + n_inputs - embedded

    @property
    def n_parameters(self) -> int:
        """How many numbers training learns for each input; bins, which are taken from the data, are none of these."""
        return 0

    @property
    def n_columns(self) -> int | None:
        """The number of inputs it is for; None: not yet known, or any."""
        return None

    @property
    def for_core(self) -> CoreEmbedding:
        """What the core is told when a network is built."""
        raise NotImplementedError


@dataclass(frozen=True)
class PiecewiseLinear(Embedding):
    """Each number becomes the shares of bins that it has filled, from the lowest up: a piecewise linear encoding.

    Bin t of a column, from edge b[t] to b[t + 1], gives clip((x - b[t]) / (b[t + 1] - b[t]), 0, 1). The edges are
    quantiles of the training data, so that a bin holds about as many samples as another, and what follows sees a number
    as finely as there is data. Beyond the outer edges nothing grows, so an outlier is not taken further than what was
    seen. It is computed while a batch is gathered: X is never expanded as a whole.

    Parameters
    ----------
    bins : int
        For each input, at least 1. A column of fewer distinct values has fewer bins, a constant one none; their shares
        stay 0.
    edges : sequence of sequences of float, optional
        For each embedded input, ascending, from 1 to bins + 1 of them. Default: those of the training data, after the
        scaling where there is one, at the first ``fit``; until then all shares are 0.
    columns : int, optional
        Only the first so many inputs are embedded; those behind them, such as columns of 0 and 1, go on as they are.
        Default: all.

    See Also
    --------
    Periodic : Learned waves.
    Standardize : What may come before.

    Notes
    -----
    Y. Gorishniy, I. Rubachev and A. Babenko, On embeddings for numerical features in tabular deep learning, NeurIPS
    2022; there the first and the last bin have no end. Quantiles are those of ``RobustScale``: weight 2 is the sample
    twice, weight 0 none. Where values are far from 0 by their spread, put Standardize or RobustScale before, which
    subtract before the dtype of the network rounds.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.PiecewiseLinear(2), fm.Dense(1)], seed=0)
    >>> history = net.fit([[0.0], [1.0], [2.0], [3.0], [10.0]], [0.0, 1.0, 0.0, 1.0, 2.0], epochs=1)
    >>> net.embedding
    PiecewiseLinear(bins=2, edges=((0.0, 2.0, 10.0),), columns=None)
    >>> net.set_parameters([1.0, 1.0, 0.0])
    >>> net.predict([[-5.0], [1.0], [2.0], [6.0], [100.0]])
    array([0. , 0.5, 1. , 1.5, 2. ], dtype=float32)
    """

    bins: int
    edges: tuple[tuple[float, ...], ...] | None = None
    columns: int | None = field(default=None, kw_only=True)
    name: ClassVar[str] = "piecewise_linear"

    def __post_init__(self) -> None:
        object.__setattr__(self, "bins", check_integer(self.bins, "bins", minimum=1, maximum=MAX_UNITS))
        if self.edges is not None:
            object.__setattr__(self, "edges", _settled_edges(self.edges, self.bins))
        if self.columns is not None:
            columns = check_integer(self.columns, "columns", minimum=1, maximum=MAX_UNITS)
            object.__setattr__(self, "columns", columns)
            if self.edges is not None and len(self.edges) != columns:
                raise ValueError(
                    f"edges are of {len(self.edges)} inputs, but columns is {columns}: make both the same."
                )

    @property
    def width(self) -> int:
        """The bins."""
        return self.bins

    @property
    def n_columns(self) -> int | None:
        """The number of inputs it is for; None: not yet known."""
        return None if self.edges is None or self.columns is not None else len(self.edges)

    @property
    def for_core(self) -> CoreEmbedding:
        """Kind and bins."""
        return self.name, self.bins, 0, 0.0, self.columns or 0

    @property
    def title(self) -> str:
        """Name and bins."""
        bins = f"{self.bins} bins" if self.bins > 1 else "1 bin"
        return f"piecewise linear, {bins}" + ("" if self.columns is None else f", of the first {self.columns}")

    @property
    def spelled(self) -> str:
        """The call with its bins."""
        return f"PiecewiseLinear({self.bins}{'' if self.columns is None else f', columns={self.columns}'})"


@dataclass(frozen=True)
class Periodic(Embedding):
    """Each number becomes sums of cosines of learned frequencies and phases, and stands beside them itself.

    Of input x come w[k] = cos(2 pi (f[k] x + p[k])), of these units - 1 sums b[u] + sum over k of w[k] W[k, u], and x;
    f, p, W and b are the input's own, and are trained as all weights are. So a network learns functions of one number
    that rise and fall, for which layers alone need many units. Scale the inputs before: frequencies start near 0.1.

    Parameters
    ----------
    frequencies : int, default 16
        Cosines of each input.
    units : int, default 4
        What each input becomes, itself included: at least 2.
    deviation : float, default 0.1
        Standard deviation of the initial frequencies, in turns for a difference of 1 in x; above 0.

    See Also
    --------
    PiecewiseLinear : Bins of the training data.
    RobustScale : What may come before.

    Notes
    -----
    The PBLD embedding of RealMLP: D. Holzmueller, L. Grinsztajn and I. Steinwart, Better by default, NeurIPS 2024,
    arXiv:2407.04491, after Y. Gorishniy, I. Rubachev and A. Babenko, NeurIPS 2022. Initial phases are spread over a
    turn, weights and biases over +-1 / sqrt(frequencies). Neither penalties nor weight
    decay reach the embedding.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(3, [fm.RobustScale(), fm.Periodic(), fm.Dense(8, "relu"), fm.Dense(1)], seed=0)
    >>> net.embedding.frequencies.shape, net.embedding.weights.shape, net.layers[0].weights.shape
    ((3, 16), (3, 16, 3), (12, 8))
    """

    frequencies: int = 16
    units: int = 4
    deviation: float = 0.1
    name: ClassVar[str] = "periodic"

    def __post_init__(self) -> None:
        for name, minimum in (("frequencies", 1), ("units", 2)):
            value = check_integer(getattr(self, name), name, minimum=minimum, maximum=2**24)
            object.__setattr__(self, name, value)
        deviation = check_real(self.deviation, "deviation", above=0.0)
        object.__setattr__(self, "deviation", deviation)

    @property
    def width(self) -> int:
        """The units."""
        return self.units

    @property
    def n_parameters(self) -> int:
        """Frequencies, phases, weights and biases of an input."""
        return self.frequencies * (self.units + 1) + self.units - 1

    @property
    def for_core(self) -> CoreEmbedding:
        """Kind and sizes."""
        return self.name, self.units, self.frequencies, self.deviation, 0

    @property
    def title(self) -> str:
        """Name and sizes."""
        return f"periodic, {self.frequencies} frequencies"

    @property
    def spelled(self) -> str:
        """The call with its sizes."""
        return f"Periodic({self.frequencies}, {self.units})"


def _settled_edges(value: object, bins: int) -> tuple[tuple[float, ...], ...]:
    """Return the edges of each input as tuples of floats that ascend."""
    columns = list(value) if is_list(value) else []
    if not columns or not all(is_list(column) for column in columns):
        raise TypeError(f"edges must hold a sequence of numbers for each input, got {brief(value)}.")
    settled = []
    for index, column in enumerate(columns):
        numbers = list(column)
        are_plain = set(map(type, numbers)) <= {float} and all(map(math.isfinite, numbers))
        if not are_plain:
            numbers = [check_real(number, f"edges[{index}][{place}]") for place, number in enumerate(numbers)]
        if not 1 <= len(numbers) <= bins + 1:
            raise ValueError(f"edges[{index}] has {len(numbers)} numbers, but {bins} bins have from 1 to {bins + 1}.")
        if any(low >= high for low, high in pairwise(numbers)):
            raise ValueError(f"edges[{index}] must ascend, got {brief(column)}: leave equal edges out.")
        settled.append(tuple(numbers))
    return tuple(settled)
