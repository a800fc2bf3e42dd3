"""Somebody's gradients as they came: checked, and in the order in which they are compared.

A shape that tells of a mistake (a transposed matrix, a bias summed over the wrong axis) is said, and is no error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arrays import check_gradient, numeric_array
from fastmlp._checks.text import brief

Array = npt.NDArray[Any]
Said = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True)
class Given:
    """Gradients of weights and bias in turn, from the last layer down.

    Attributes
    ----------
    arrays : list of arrays or None
        None: of a shape that tells what is wrong, so that there is nothing to compare.
    shapes : list of tuples
    said : tuple of (kinds, sentences)
        What their shapes, or values that are not finite, tell.
    odd : tuple of str
        What the arrays are called whose shapes do.
    not_finite : tuple of str
        Arrays that hold inf or nan.
    unit_roundoff : float
        Of the arithmetic that they were computed in.
    is_transposed : bool
        Whether each array of weights came transposed, as far as that can be seen.
    """

    arrays: list[Array | None]
    shapes: list[tuple[int, ...]]
    said: Said
    odd: tuple[str, ...]
    not_finite: tuple[str, ...]
    unit_roundoff: float
    is_transposed: bool

    def readings(self) -> Iterator[tuple[list[Array | None], tuple[str, ...], tuple[str, ...]]]:
        """Yield the ways to read the arrays, each with the kinds and sentences of what is wrong then.

        Where the weights came transposed, the square ones were probably too.
        """
        kinds, sentences = self.said
        is_square = [len(shape) == 2 and shape[0] == shape[1] for shape in self.shapes]
        if self.is_transposed and any(is_square):
            turned = [
                one.T if one is not None and square else one for one, square in zip(self.arrays, is_square, strict=True)
            ]
            yield turned, *_as_one(kinds, sentences)
        if self.is_transposed and not any(is_square) and len(is_square) > 2:
            kinds, sentences = _as_one(kinds, sentences)
        yield self.arrays, kinds, sentences


def _as_one(kinds: tuple[str, ...], sentences: tuple[str, ...]) -> Said:
    """Return what was said, but for the transposed weights one sentence."""
    others = [(kind, words) for kind, words in zip(kinds, sentences, strict=True) if kind != "transposed"]
    said = [
        ("transposed", "the gradients of all weights are transposed: (units, inputs), not (inputs, units)"),
        *others,
    ]
    return tuple(kind for kind, _ in said), tuple(words for _, words in said)


def given_gradients(
    weights: Sequence[npt.ArrayLike],
    biases: Sequence[npt.ArrayLike | None],
    shapes: list[tuple[tuple[int, int], tuple[int]]],
    samples: int,
) -> Given:
    """Check gradients against the shapes of a network's layers."""
    _check_list(weights, "weights", len(shapes))
    _check_list(biases, "biases", len(shapes))
    arrays: list[Array | None] = []
    said: list[tuple[str, str]] = []
    odd: list[str] = []
    units = [2.0**-53]
    n_turned = n_oblong = 0
    for layer in reversed(range(len(shapes))):
        shape, (n_units,) = shapes[layer]
        name = f"weights[{layer}]"
        array = numeric_array(weights[layer], name)
        units.append(_unit_roundoff(array))
        n_oblong += shape[0] != shape[1]
        if array.shape == shape[::-1] != shape:
            n_turned += 1
            words = f"the gradient of layer {layer + 1}'s weights is transposed: {array.shape}, not {shape}"
            said.append(("transposed", words))
            odd.append(f"layer {layer + 1} weights")
            array = array.T
        arrays.append(check_gradient(array, shape, name, f"the weights of layer {layer + 1}"))
        bias = np.zeros(n_units) if biases[layer] is None else numeric_array(biases[layer], f"biases[{layer}]")
        units.append(_unit_roundoff(bias))
        axis = _of_wrong_axis(bias.shape, n_units, samples)
        if axis:
            said.append(("bias summed wrongly", f"the gradient of layer {layer + 1}'s bias has {axis}"))
            odd.append(f"layer {layer + 1} bias")
            arrays.append(None)
            continue
        if bias.shape in ((1, n_units), (n_units, 1)):
            bias = bias.ravel()
        elif bias.size == 1:
            bias = np.full(n_units, bias.reshape(()))
        arrays.append(check_gradient(bias, (n_units,), f"biases[{layer}]", f"the bias of layer {layer + 1}"))
    not_finite = []
    for i, one in enumerate(arrays):
        if one is not None and not np.isfinite(one).all():
            not_finite.append(_called(i, len(arrays)))
            said.append(("not finite", f"the gradient of {not_finite[-1]} {_first_that_is_not_finite(one)}"))
    if _holds_values_of_float32([one for one in arrays if one is not None]):
        units.append(2.0**-24)
    return Given(
        arrays,
        [one for pair in reversed(shapes) for one in pair],
        (tuple(kind for kind, _ in said), tuple(words for _, words in said)),
        tuple(odd),
        tuple(not_finite),
        max(units),
        0 < n_turned == n_oblong,
    )


def _first_that_is_not_finite(array: Array) -> str:
    at = np.unravel_index(int(np.argmin(np.isfinite(array))), array.shape)
    where = ", ".join(str(int(index)) for index in at)
    return f"holds {array[at]} at [{where}]: look for 0/0, log(0), or an exp that overflows"


def _holds_values_of_float32(arrays: list[Array]) -> bool:
    """Return whether arrays were computed in float32, whatever holds them now; zeros tell nothing."""
    return any(one.any() for one in arrays) and all(np.array_equal(one, one.astype(np.float32)) for one in arrays)


def _called(i: int, n_arrays: int) -> str:
    return f"layer {(n_arrays - i + 1) // 2} {('weights', 'bias')[i % 2]}"


def _check_list(arrays: Any, name: str, depth: int) -> None:
    if not isinstance(arrays, (list, tuple)):
        raise TypeError(f"{name} must be a list of one array for each layer, got {brief(arrays)}.")
    if len(arrays) != depth:
        raise ValueError(f"{name} holds {len(arrays)} arrays, but must hold one for each layer: {depth}.")


def _unit_roundoff(array: Array) -> float:
    return float(np.finfo(array.dtype).eps) / 2 if array.dtype.kind == "f" else 0.0


def _of_wrong_axis(shape: tuple[int, ...], n_units: int, samples: int) -> str | None:
    """Return what a bias has whose shape tells that deltas were not summed over the samples."""
    if shape == (samples, n_units) and samples > 1:
        return f"a row for each sample, {shape}: sum deltas over the samples, axis 0"
    if samples not in (1, n_units) and shape in ((samples,), (samples, 1), (1, samples)):
        return f"a number for each sample, {shape}: sum deltas over axis 0, the samples, not over the units"
    return None
