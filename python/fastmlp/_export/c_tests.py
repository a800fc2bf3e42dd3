"""The self-test of a header: rows of inputs with fastmlp's outputs for them, and how far plain arithmetic is off.

Without a fused multiply-add products are rounded before they are added, so that a build has other last digits than
fastmlp. How many depends on the weights. Roundings are taken for independent numbers of mean 0 and of at most u times
what is rounded (N. J. Higham and T. Mary, A new approach to probabilistic rounding error analysis, SIAM Journal on
Scientific Computing 41, 2019): their variances go through the layers to the outputs, to first order; the tolerance is
DEVIATIONS standard deviations of what arrives there. At a kink the steeper side counts, at a jump all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from fastmlp._model.description import described
from fastmlp._model.embedding import edges_of, steepest, waves_of
from fastmlp._model.evaluation import forward
from fastmlp._model.model import Model
from fastmlp._model.stack import sums_bins
from fastmlp.activations import Activation, Softmax, Threshold
from fastmlp.embeddings import Embedding, Periodic, PiecewiseLinear
from fastmlp.layers import LayerNorm, WeightedLayer

# candidates, of which those with the smallest tolerances are kept, and how many these are
CANDIDATES, KEPT = 12, 4
# how far inputs go from the middle, in deviations where the network knows them
REACH = 2.0
GOLDEN_RATIO = 0.6180339887498949
DEVIATIONS = 16.0
# roundings in a function: of its argument, which range reduction may make once more, and of its value
FUNCTION_ROUNDINGS = 8.0

Floats: TypeAlias = npt.NDArray[np.float64]


class TestRows(NamedTuple):
    """Rows of inputs, the outputs as ``forward`` returns them, and the tolerance in the core's own units."""

    inputs: npt.NDArray[Any]
    outputs: npt.NDArray[Any]
    tolerance: float


def rows_for_test(model: Model) -> TestRows:
    """Return rows that depend on nothing but the model; one whose outputs are not finite is refused."""
    inputs = _candidates(model)
    outputs = forward(model, inputs)
    if not np.isfinite(outputs).all():
        raise ValueError(
            "this network was not exported: its outputs for ordinary inputs are not finite, its weights are too large."
        )
    return best_rows(inputs, outputs, [tolerance_of(model, row) for row in inputs])


def best_rows(inputs: npt.NDArray[Any], outputs: npt.NDArray[Any], tolerances: Sequence[float]) -> TestRows:
    """Return those of the candidates with the smallest tolerances."""
    best = np.sort(np.argsort(tolerances, kind="stable")[:KEPT])
    return TestRows(inputs[best], outputs[best], max(tolerances[index] for index in best))


def spread(rows: int, columns: int) -> Floats:
    """Return evenly spread numbers between -REACH and REACH, the same ones every time."""
    evenly = np.arange(1, rows * columns + 1) * GOLDEN_RATIO % 1.0
    return np.asarray(REACH * (2.0 * evenly - 1.0), np.float64).reshape(rows, columns)


def _candidates(model: Model) -> npt.NDArray[Any]:
    """Return evenly spread rows in the units of the inputs."""
    z = spread(CANDIDATES, model.architecture.n_inputs)
    columns = model.columns
    if columns is not None:
        z = np.where(columns.scale != 0, z / np.where(columns.scale != 0, columns.scale, 1.0), 0.0) + columns.shift
    return z.astype(model.architecture.dtype)


def tolerance_of(model: Model, inputs: npt.NDArray[Any]) -> float:
    """Return how far outputs of plain arithmetic may be off for a row, in the core's own units."""
    unit = float(np.finfo(model.architecture.dtype).eps) / 2.0
    a = inputs.astype(np.float64)
    variance = np.zeros_like(a)
    # columns and bins of each whose weights are summed before they are added to the others
    summed = (0, 0)
    if model.columns is not None:
        a = model.columns.of(a)
        variance = (FUNCTION_ROUNDINGS * unit * a) ** 2
    for layer, weights, bias in described(model):
        if isinstance(layer, Embedding):
            if sums_bins(model.architecture.placed):
                summed = (a.size if layer.columns is None else layer.columns, layer.width)
            a, variance = _through_embedding(layer, weights, a, variance, unit)
        elif isinstance(layer, LayerNorm):
            a, variance = _through_normalization(a, variance, unit)
        elif isinstance(layer, WeightedLayer) and weights is not None and bias is not None:
            z, variance = _through_product(a, variance, weights, bias, unit, summed)
            summed = (0, 0)
            a, variance = _through_activation(layer.activation_object, z, variance, unit)
            if layer.pieces > 1:
                a = a.reshape(layer.pieces, layer.units).max(axis=0)
                variance = variance.reshape(layer.pieces, layer.units).max(axis=0)
    return float(DEVIATIONS * np.sqrt(variance).max() + FUNCTION_ROUNDINGS * unit * max(1.0, np.abs(a).max()))


def _through_embedding(
    embedding: Embedding, parameters: npt.NDArray[Any] | None, a: Floats, variance: Floats, unit: float
) -> tuple[Floats, Floats]:
    """Return what inputs become, and the variances of what that differs by: the number's own and its arithmetic's."""
    if embedding.columns is not None:
        behind, of_behind = a[embedding.columns :], variance[embedding.columns :]
        a, variance = a[: embedding.columns], variance[: embedding.columns]
    else:
        behind = of_behind = a[:0]
    slopes = steepest(embedding, parameters, a.size)
    if isinstance(embedding, PiecewiseLinear):
        lower = edges_of(embedding, a.size).lower
        shares = np.clip((a[:, np.newaxis] - lower) * slopes, 0.0, 1.0)
        # of the edges and of the difference, which the slope makes larger
        own = (FUNCTION_ROUNDINGS * unit * (1.0 + slopes * np.abs(a)[:, np.newaxis])) ** 2
        of_shares = (slopes**2 * variance[:, np.newaxis] + own).ravel()
        return np.append(shares.ravel(), behind), np.append(of_shares, of_behind)
    assert parameters is not None
    waves = waves_of(cast(Periodic, embedding), parameters.astype(np.float64))
    cosines = np.cos(2.0 * np.pi * (a[:, np.newaxis] * waves.frequencies + waves.phases))
    terms = cosines[:, :, np.newaxis] * waves.weights
    values = np.hstack([terms.sum(axis=1) + waves.bias, a[:, np.newaxis]])
    # without a fused multiply-add a product of many turns is rounded before whole ones are taken off
    turns = 1.0 + np.abs(a[:, np.newaxis] * waves.frequencies)
    own = ((FUNCTION_ROUNDINGS * unit * 2.0 * np.pi * turns)[:, :, np.newaxis] * waves.weights) ** 2
    sums = own.sum(axis=1) + (FUNCTION_ROUNDINGS * unit) ** 2 * (np.abs(terms).sum(axis=1) + np.abs(waves.bias)) ** 2
    return values.ravel(), (slopes**2 * variance[:, np.newaxis] + np.hstack([sums, np.zeros((a.size, 1))])).ravel()


def _through_product(
    a: Floats, variance: Floats, weights: npt.NDArray[Any], bias: npt.NDArray[Any], unit: float, summed: tuple[int, int]
) -> tuple[Floats, Floats]:
    """Return the sums of a layer, and the variances of what they differ by."""
    wide = weights.astype(np.float64)
    terms = a[:, np.newaxis] * wide
    binned = summed[0] * summed[1]
    of_bins = terms[:binned].reshape(*summed, wide.shape[1]).sum(axis=1)
    sums = np.cumsum(np.vstack([bias, of_bins, terms[binned:]]), axis=0)
    # each product once, each sum in both ways of adding, those of whole bins alike
    own = (terms**2).sum(axis=0) + 2.0 * (of_bins**2).sum(axis=0) + 2.0 * (sums[1:] ** 2).sum(axis=0)
    return sums[-1], variance @ wide**2 + unit**2 * own


def _through_activation(activation: Activation, z: Floats, variance: Floats, unit: float) -> tuple[Floats, Floats]:
    variance = variance + (FUNCTION_ROUNDINGS * unit * z) ** 2
    a = np.asarray(activation(z), np.float64)
    own = (FUNCTION_ROUNDINGS * unit * np.maximum(1.0, np.abs(a))) ** 2
    if isinstance(activation, Softmax):
        jacobian = np.diag(a) - np.outer(a, a)
        return a, jacobian**2 @ variance + own
    reach = DEVIATIONS * np.sqrt(variance)
    steepest = np.max([np.abs(activation.derivative(z + side * reach)) for side in (-1.0, 0.0, 1.0)], axis=0)
    jumps = isinstance(activation, Threshold) & (np.abs(z) <= reach)
    return a, steepest**2 * variance + own + 4.0 * jumps


def _through_normalization(a: Floats, variance: Floats, unit: float) -> tuple[Floats, Floats]:
    deviation = np.sqrt(a.var() + 1e-5)
    normalized = (a - a.mean()) / deviation
    # the derivative of unit j by unit k is (1 where j = k, less 1 / n, less a_j a_k / n) / deviation
    jacobian = (np.eye(a.size) - (1.0 + np.outer(normalized, normalized)) / a.size) / deviation
    # of the mean, whose rounding an almost constant row makes visible
    own = (FUNCTION_ROUNDINGS * unit * np.maximum(1.0, np.abs(normalized) + np.abs(a).max() / deviation)) ** 2
    return normalized, jacobian**2 @ variance + own
