"""What a user's function is a function of: one array, or a list or dict of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arrays import check_gradient, check_point
from fastmlp._checks.text import brief

Array = npt.NDArray[Any]


class Arrays:
    """The arrays of a point, which are moved in place; ``names`` are "x", or "x[0]" and "x['W']"."""

    def __init__(self, x: Any) -> None:
        self._keys: list[Any] | None = None
        self._kind: type = dict
        values = [x]
        if isinstance(x, Mapping):
            self._keys = list(x)
            values = list(x.values())
        elif isinstance(x, (list, tuple)) and any(np.ndim(part) > 0 for part in x) and not _is_one_array(x):
            self._keys, self._kind = list(range(len(x))), type(x)
            values = list(x)
        if not values:
            raise ValueError(
                "x holds no arrays, but must be an array of at least one number, or a list or dict of such."
            )
        self.names = ["x"] if self._keys is None else [f"x[{key!r}]" for key in self._keys]
        self.arrays = [check_point(value, name) for value, name in zip(values, self.names, strict=True)]

    def for_function(self) -> Any:
        """Return copies as the user gave them: a function may keep or change what it gets."""
        return self._as_given([array.copy() for array in self.arrays])

    def moved_aside(self, array: Array, index: Any, move: Any) -> Any:
        """Return complex copies, one of which is moved by an imaginary number."""
        copies = [one.astype(np.complex128) for one in self.arrays]
        for one, copy in zip(self.arrays, copies, strict=True):
            if one is array:
                copy[index] += 1j * move
        return self._as_given(copies)

    def _as_given(self, copies: list[Array]) -> Any:
        if self._keys is None:
            return copies[0]
        if self._kind is dict:
            return dict(zip(self._keys, copies, strict=True))
        return tuple(copies) if issubclass(self._kind, tuple) else copies

    def gradients(self, gradient: Any) -> tuple[list[Array], np.dtype[Any]]:
        """Return a user's gradient for each array, in float64, and the dtype it came in."""
        if self._keys is None:
            parts = [gradient]
        elif isinstance(gradient, Mapping) and self._kind is dict:
            if set(gradient) != set(self._keys):
                raise ValueError(
                    f"gradient has the keys {brief(list(gradient))}, but must have those of x: {brief(self._keys)}."
                )
            parts = [gradient[key] for key in self._keys]
        elif isinstance(gradient, (list, tuple)) and self._kind is not dict:
            if len(gradient) != len(self._keys):
                raise ValueError(
                    f"gradient holds {len(gradient)} arrays, but must hold one for each of x: {len(self._keys)}."
                )
            parts = list(gradient)
        else:
            raise TypeError(f"gradient must be a {self._kind.__name__} of arrays, as x is, got {brief(gradient)}.")
        names = [f"gradient{name[1:]}" for name in self.names]
        checked = [
            check_gradient(part, array.shape, name) for part, array, name in zip(parts, self.arrays, names, strict=True)
        ]
        return checked, np.result_type(*(np.asarray(part).dtype for part in parts))


def _is_one_array(x: Any) -> bool:
    """Return whether nested lists are one array: numbers in rows of one length."""
    if any(hasattr(part, "dtype") or hasattr(part, "__array__") for part in x):
        return False
    try:
        return bool(np.asarray(x).dtype != object)
    except ValueError:  # rows of several lengths
        return False


def scales_of(array: Array) -> Array:
    """Return the distances on which a function of these numbers may change its shape.

    That is their size; for those near 0, a part of the size of the others.
    """
    sizes = np.abs(array)
    some = sizes[sizes > 0]
    typical = median(some) if some.size else 1.0
    return np.where(sizes > 0, np.maximum(sizes, typical / 1024), typical)


def median(numbers: Array) -> float:
    """Return the middle number, without NumPy's way to it, which imports a module in its first call."""
    middle = numbers.size // 2
    return float(np.partition(numbers.ravel(), middle)[middle])
