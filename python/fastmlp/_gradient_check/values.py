"""The values of a user's function at a point that others move."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arrays import check_value, check_values
from fastmlp._checks.text import brief
from fastmlp._gradient_check.arrays import Arrays
from fastmlp._gradient_check.noise import EPS

Array = npt.NDArray[Any]


class Distance:
    """One number as a point: how far a function's argument is moved along a vector."""

    def __init__(self, array: Array) -> None:
        self._array = array

    def for_function(self) -> float:
        """Return the number."""
        return float(self._array)


class ValuesOf:
    """The values of a user's function at a point that others move.

    An error at the point itself is the user's to see; beside it, one of arithmetic or values says that f ends there.
    """

    def __init__(self, f: Callable[[Any], Any], point: Arrays | Distance, shape: tuple[int, ...] = ()) -> None:
        self._f = f
        self._point = point
        self._shape = shape
        self._has_begun = False
        self._eps = EPS

    def roundoff(self) -> float:
        """Return the largest unit roundoff of the values so far, by their dtype."""
        return self._eps

    def __call__(self) -> Sequence[float]:
        try:
            value = self._f(self._point.for_function())
        except (ArithmeticError, ValueError, np.linalg.LinAlgError):
            if not self._has_begun:
                raise
            return [math.nan] * math.prod(self._shape)
        self._has_begun = True
        dtype = getattr(value, "dtype", None)
        if isinstance(dtype, np.dtype) and dtype.kind == "f":
            self._eps = max(self._eps, float(np.finfo(dtype).eps))
        if self._shape == ():
            return (check_value(value),)
        values = check_values(value, "the value of f")
        if values.shape != self._shape:
            raise ValueError(f"the value of f has shape {values.shape}, but had {self._shape} at x.")
        return values.ravel().tolist()

    def aside(self, array: Array, index: Any, move: Any) -> Sequence[float]:
        """Return the imaginary parts of the values where entries move along the imaginary axis."""
        assert isinstance(self._point, Arrays)
        values = np.asarray(self._f(self._point.moved_aside(array, index, move)))
        if values.dtype.kind != "c" or values.size != math.prod(self._shape):
            raise TypeError(
                f"f returned {brief(values)} for complex x, but method='complex' needs an f that computes with complex "
                "numbers: take method='differences'."
            )
        return values.imag.ravel().tolist()
