"""The scalings of inputs, which may stand first in a network's list of layers: Standardize, Rescale, RobustScale.

Descriptions only: what they learn from data, and what the core is told to do, is in _model/scaling.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from fastmlp._checks.arguments import check_real, is_list
from fastmlp._checks.text import brief
from fastmlp.layers import Layer


class Scaling(Layer):
    """What every scaling says of itself.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.Standardize(mean=[1.0, 2.0], deviation=[1.0, 1.0]).n_columns
    2
    """

    @property
    def n_columns(self) -> int | None:
        """The number of inputs it is for; None: not yet known, or any."""
        raise NotImplementedError


@dataclass(frozen=True)
class Standardize(Scaling):
    """Inputs of mean 0 and standard deviation 1: x' = (x - mean) / deviation, column by column.

    Parameters
    ----------
    mean, deviation : sequence of float, optional
        One number for each input, deviations positive. Default: those of the training data (weighted as the samples
        are) at the first ``fit``; until then inputs are taken as they are. A constant column has deviation 1.

    See Also
    --------
    Rescale : Into a range.
    RobustScale : By median and quartiles.

    Notes
    -----
    Y. LeCun, L. Bottou, G. Orr and K.-R. Mueller, Efficient BackProp, 1998, section 4.3.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Standardize(), fm.Dense(1)], seed=0)
    >>> history = net.fit([[1.0], [3.0]], [0.0, 1.0], epochs=1)
    >>> net.scaling
    Standardize(mean=(2.0,), deviation=(1.0,))
    """

    mean: tuple[float, ...] | None = None
    deviation: tuple[float, ...] | None = None
    name: ClassVar[str] = "standardize"

    def __post_init__(self) -> None:
        _take_columns(self, "mean", "deviation")
        _check_positive(self.deviation, "deviation")

    @property
    def n_columns(self) -> int | None:
        """The number of inputs it is for; None: not yet known."""
        return None if self.mean is None else len(self.mean)


@dataclass(frozen=True)
class Rescale(Scaling):
    """Inputs in a range: x' = low + (x - minimum) (high - low) / (maximum - minimum), column by column.

    Parameters
    ----------
    to : pair (low, high), default (0.0, 1.0)
        Where ``minimum`` and ``maximum`` go.
    minimum, maximum : float or sequence of float, optional
        One number for all inputs or one for each. Default: those of the training data at the first ``fit``; until then
        inputs are taken as they are. A constant column is only shifted to ``low``.

    See Also
    --------
    Standardize : By mean and deviation.
    RobustScale : By median and quartiles.

    Examples
    --------
    >>> import fastmlp as fm
    >>> pixels = fm.Rescale(minimum=0, maximum=255)  # bytes to [0, 1]
    >>> net = fm.Network(1, [pixels, fm.Dense(1)])
    >>> net.set_parameters([1.0, 0.0])
    >>> net.predict([[51]])
    array([0.2], dtype=float32)
    """

    to: tuple[float, float] = (0.0, 1.0)
    minimum: float | tuple[float, ...] | None = None
    maximum: float | tuple[float, ...] | None = None
    name: ClassVar[str] = "rescale"

    def __post_init__(self) -> None:
        pair = tuple(self.to) if is_list(self.to) else ()
        if len(pair) != 2:
            raise ValueError(f"to must be a pair (low, high), got {brief(self.to)}: write to=(-1, 1), for example.")
        low, high = check_real(pair[0], "to[0]"), check_real(pair[1], "to[1]")
        if low >= high:
            raise ValueError(f"to must be a pair (low, high) with low < high, got {brief(self.to)}.")
        object.__setattr__(self, "to", (low, high))
        _take_columns(self, "minimum", "maximum")
        if any(least > most for least, most in zip(_each(self.minimum), _each(self.maximum), strict=True)):
            raise ValueError("minimum must nowhere be above maximum.")

    @property
    def n_columns(self) -> int | None:
        """The number of inputs it is for; None: not yet known, or any."""
        return len(self.minimum) if isinstance(self.minimum, tuple) else None


@dataclass(frozen=True)
class RobustScale(Scaling):
    """Inputs whose outliers neither set the scale nor stay far away: z = (x - median) / deviation, column by column.

    With a limit, z then goes through the smooth clip z / sqrt(1 + (z / limit)^2): nearly z where z is small, and never
    beyond the limit.

    Parameters
    ----------
    median, deviation : sequence of float, optional
        One number for each input, deviations not negative; a column of deviation 0 becomes 0. Default: from the
        training data at the first ``fit``, the deviation being the range of the middle half (upper minus lower
        quartile), or half the range of all values where that is 0; it is 0 for a constant column. Until then inputs
        are taken as they are.
    limit : float or None, default 3.0
        At least 1e-30 and below 1e30; None: no clip.

    See Also
    --------
    Standardize : By mean and deviation.
    Rescale : Into a range.

    Notes
    -----
    D. Holzmueller, L. Grinsztajn and I. Steinwart, Better by default, NeurIPS 2024, arXiv:2407.04491. Quantiles are
    those of the samples' weights, so that weight 2 is the sample twice and weight 0 none: definition 2 of R. Hyndman
    and Y. Fan, Sample quantiles in statistical packages, The American Statistician 50, 1996.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.RobustScale(), fm.Dense(1)])
    >>> history = net.fit([[1.0], [2.0], [3.0], [4.0], [1e6]], [0.0] * 5, epochs=1)
    >>> net.scaling
    RobustScale(median=(3.0,), deviation=(2.0,), limit=3.0)
    >>> net.set_parameters([1.0, 0.0])
    >>> net.predict([[3.0], [5.0], [1e6]]).round(2)
    array([0.  , 0.95, 3.  ], dtype=float32)
    """

    median: tuple[float, ...] | None = None
    deviation: tuple[float, ...] | None = None
    limit: float | None = 3.0
    name: ClassVar[str] = "robustscale"

    def __post_init__(self) -> None:
        _take_columns(self, "median", "deviation")
        if min(self.deviation or (0.0,)) < 0:
            for index, value in enumerate(self.deviation or ()):
                check_real(value, f"deviation[{index}]", minimum=0.0)
        if self.limit is not None:
            # so far from the ends of float32 that no step of the clip overflows
            object.__setattr__(self, "limit", check_real(self.limit, "limit", minimum=1e-30, below=1e30))

    @property
    def n_columns(self) -> int | None:
        """The number of inputs it is for; None: not yet known."""
        return None if self.median is None else len(self.median)


def _take_columns(scaling: Scaling, first: str, second: str) -> None:
    """Turn two sequences into tuples of floats of one length, or leave both None."""
    values = [getattr(scaling, name) for name in (first, second)]
    if (values[0] is None) != (values[1] is None):
        raise ValueError(f"{first} and {second} must be given together, or neither of them.")
    if values[0] is None:
        return
    for name, value in zip((first, second), values, strict=True):
        settled: Any
        if is_list(value) and not isinstance(value, str | bytes | bytearray):
            numbers = list(value)
            # a column each: a file may have half a million
            are_plain = set(map(type, numbers)) <= {float} and all(map(math.isfinite, numbers))
            settled = tuple(
                numbers
                if are_plain
                else (check_real(number, f"{name}[{index}]") for index, number in enumerate(numbers))
            )
        elif isinstance(scaling, Rescale):
            settled = check_real(value, name)
        else:
            raise TypeError(f"{name} must hold one number for each input, got {brief(value)}.")
        object.__setattr__(scaling, name, settled)
    sizes = [len(_each(getattr(scaling, name))) for name in (first, second)]
    if sizes[0] != sizes[1]:
        raise ValueError(f"{first} has {sizes[0]} numbers and {second} {sizes[1]}: give one of each for every input.")


def _each(value: float | tuple[float, ...] | None) -> tuple[float, ...]:
    """Return the numbers that were given, one or one for each input."""
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)


def _check_positive(values: tuple[float, ...] | None, name: str) -> None:
    for index, value in enumerate(values or ()):
        if not value > 0:
            raise ValueError(f"{name}[{index}] must be above 0, got {brief(value)}: give 1 for a constant column.")
