"""Backpropagation of a network against differences of its loss, both in float64.

Samples with a pre-activation within 1e-5 of a kink or jump of its activation are left out, and so are samples with an
output as near to a kink of the loss (mae, quantile, hinge, perceptron), weights as near to 0 under an l1 penalty, and
inputs as near to an edge of their bins.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

import fastmlp._core as _core
from fastmlp._checks.arguments import check_integer
from fastmlp._gradient_check.checker import Checker
from fastmlp._gradient_check.lines import SINGLE_PROBES, Part
from fastmlp._gradient_check.noise import EPS
from fastmlp._gradient_check.report import GradientReport
from fastmlp._model.derivatives import gradients_of
from fastmlp._model.embedding import far_from_edges, steepest, waves_of
from fastmlp._model.kinks import far_from_kinks
from fastmlp._model.model import Model
from fastmlp._model.samples import Samples
from fastmlp._model.scaling import ColumnScaling
from fastmlp.embeddings import Periodic, PiecewiseLinear
from fastmlp.runtime import thread_limit

Array = npt.NDArray[Any]

# in units of what moves a pre-activation by about itself
STEP, LONGEST = 2.0**-8, 1.0
KINK = 1e-5
# rounding errors in a loss, in units of the largest logit's: sums over samples and layers
ROUNDINGS = 16


def check_network(
    model: Model, samples: Samples, *, tolerance: float, max_samples: int, max_parameters: int, seed: int
) -> GradientReport:
    """Check a model, in float64 at its weights; described at ``Network.check_gradients``."""
    max_samples = check_integer(max_samples, "max_samples", minimum=1)
    max_parameters = check_integer(max_parameters, "max_parameters", minimum=1)
    architecture, core = model.architecture, model.double()
    n_inputs = architecture.n_inputs
    scaling = model.columns or ColumnScaling(np.zeros(n_inputs), np.ones(n_inputs))
    weights = samples.sample_weight
    candidates = np.arange(samples.rows) if weights is None else np.flatnonzero(weights)
    taken = candidates[np.linspace(0, len(candidates) - 1, min(max_samples, len(candidates))).astype(np.intp)]
    samples = model.for_core(samples, np.float64)
    far = far_from_kinks(core, architecture, _in_float64(samples.taken(taken)), KINK)
    if not far.any():
        raise ValueError(
            f"each of the {len(taken)} samples has a pre-activation within {KINK:g} of the kink of its activation, "
            "or an output as near to one of the loss, where gradients cannot be compared: use other samples, "
            "or initial biases other than 0."
        )
    rows = taken[far]
    used = _in_float64(samples.taken(rows))

    found = gradients_of(core, model, used)
    outputs = core.activations(X=used.dense, threads=thread_limit())
    embedding = model.embedding_settings
    has_kinks = (
        architecture.loss.may_have_kinks
        or isinstance(embedding, PiecewiseLinear)
        or any(part.layer.activation_object.may_have_kinks or part.layer.pieces > 1 for part in architecture.placed)
    )
    checker = Checker(
        lambda: (
            model.loss_unit
            * core.loss(X=used.dense, targets=used.targets, sample_weight=used.sample_weight, threads=thread_limit()),
        ),
        # at first no further than the kinks of the samples that are left
        step=KINK / 2 if has_kinks else STEP,
        longest=STEP if has_kinks else LONGEST,
        tolerance=tolerance,
        seed=seed,
        # a cross-entropy near zero is the difference of logits, and has their rounding errors
        least_noise=ROUNDINGS * EPS if architecture.loss.takes == "labels" else 0.0,
    )
    limit = max_parameters if model.n_parameters <= max_parameters else SINGLE_PROBES
    into_layers = [core.first_inputs(X=used.dense, threads=thread_limit()), *outputs[:-1]]
    parts = []
    for index, (into, dW, db) in enumerate(zip(into_layers, found.weights, found.biases, strict=True)):
        W, b = core.weights(index), core.bias(index)
        # a step moves no pre-activation of this layer by more than about itself
        reach = np.maximum(1, np.abs(into).max(axis=0))[:, np.newaxis]
        smooth = np.abs(W) > KINK if model.layers[index].l1 > 0 else np.ones(W.shape, bool)
        where = f"layer {index + 1}"
        parts.append(Part(where, "weights", W, dW[np.newaxis], np.maximum(1, np.abs(W)) / reach, limit, smooth))
        parts.append(Part(where, "bias", b, db[np.newaxis], np.maximum(1, np.abs(b)), limit))
    steepness = np.abs(core.weights(0)).max(axis=1)
    data = used.dense
    smooth_inputs = None
    if embedding is not None:
        slopes = steepest(embedding, core.embedding(), n_inputs)
        embedded = (slopes * steepness[: slopes.size].reshape(slopes.shape)).sum(axis=1)
        steepness = np.append(embedded, steepness[slopes.size :])
    scales = np.maximum(1, np.abs(data)) / np.maximum(1, steepness * np.abs(scaling.scale))
    if isinstance(embedding, PiecewiseLinear):
        smooth_inputs = far_from_edges(embedding, scaling.of(data), KINK * scales * np.abs(scaling.scale))
    parts.append(Part("inputs", "X", data, found.inputs[np.newaxis], scales, max_parameters, smooth_inputs, rows))
    if isinstance(embedding, Periodic):
        assert found.embedding is not None
        parts += _parts_of_waves(embedding, core, found.embedding, scaling.of(data), limit)
    checker.compare(parts)
    return checker.report(n_samples=len(rows), n_samples_left_out=len(taken) - len(rows))


def _parts_of_waves(
    settings: Periodic, core: _core.Network32, gradients: Array, numbers: Array, limit: int
) -> Iterator[Part]:
    """Yield the parameters of an embedding: a step moves no pre-activation of the first layer by more than about 1."""
    waves, found = waves_of(settings, core.embedding()), waves_of(settings, gradients)
    n_inputs, sums = waves.bias.shape
    # how far a sum moves what comes after it, and a turn of all waves the sums; (inputs, 1)
    of_sums = np.maximum(1, np.abs(core.weights(0)).reshape(n_inputs, sums + 1, -1)[:, :-1].max(axis=(1, 2)))
    of_waves = of_sums * 2 * np.pi * np.maximum(1, np.abs(waves.weights).sum(axis=2).max(axis=1))
    of_numbers = np.maximum(1, np.abs(numbers).max(axis=0))
    for name, reach in (
        ("frequencies", (of_waves * of_numbers)[:, np.newaxis]),
        ("phases", of_waves[:, np.newaxis]),
        ("weights", of_sums[:, np.newaxis, np.newaxis]),
        ("bias", of_sums[:, np.newaxis]),
    ):
        array = getattr(waves, name)
        yield Part("embedding", name, array, getattr(found, name)[np.newaxis], 1 / (reach + 0 * array), limit)


def _in_float64(samples: Samples) -> Samples:
    """Return the samples with a copy of their data, which a check may write."""
    return samples._replace(X=samples.dense.astype(np.float64))
