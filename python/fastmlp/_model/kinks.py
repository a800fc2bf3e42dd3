"""Which samples lie at a kink or jump, where derivatives cannot be compared with differences.

Where kinks are is asked of the activation and of the loss; maxout units have theirs where two pieces are equal.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

import fastmlp._core as _core
from fastmlp._model.architecture import Architecture
from fastmlp._model.samples import Samples
from fastmlp.losses import Formula
from fastmlp.runtime import thread_limit

Array = npt.NDArray[Any]


def far_from_kinks(core: _core.Network32, architecture: Architecture, samples: Samples, reach: float) -> Array:
    """Return which rows have no pre-activation, and no output, within ``reach`` of a kink; data are float64."""
    X, targets = samples.dense, samples.targets
    far = np.ones(samples.rows, bool)
    all_outputs = core.activations(X=X, threads=thread_limit())
    sums = core.pre_activations(X=X, threads=thread_limit())
    z, outputs = sums[-1], all_outputs[-1]
    last = len(all_outputs) - 1
    for index, part in enumerate(architecture.placed):
        layer, from_logits = part.layer, index == last and architecture.loss.from_logits
        has_kinks = layer.activation_object.may_have_kinks and not from_logits
        if layer.pieces > 1 or has_kinks or from_logits:
            z = sums[index]
        if layer.pieces > 1:
            pieces = np.sort(z.reshape(samples.rows, layer.pieces, layer.units), axis=1)
            far &= ~(pieces[:, -1] - pieces[:, -2] <= reach).any(axis=1)
        elif has_kinks:
            # NaN is near nothing: it is compared, and fails
            far &= ~layer.activation_object.has_kink_between(z - reach, z + reach).any(axis=1)
    rows = np.eye(architecture.n_outputs)[targets] if targets.ndim == 1 else targets
    return far & ~_near_kinks_of_loss(architecture, z, outputs, rows, reach).any(axis=1)


def _near_kinks_of_loss(architecture: Architecture, z: Array, outputs: Array, rows: Array, reach: float) -> Array:
    """Return which outputs lie at a kink of the loss."""
    loss = architecture.loss
    seen = z if loss.from_logits else outputs
    near = np.zeros(outputs.shape, bool)
    if loss.takes == "sides":
        sides = np.where(rows > 0, 1.0, -1.0)
        for kink in loss.kinks:
            near |= np.abs(sides * seen - kink) <= reach
        return near
    if isinstance(loss, Formula):
        step = reach * np.maximum(1, np.abs(rows))
        near |= loss.has_kink_between(seen - step, seen + step, rows)
    for kink in loss.kinks:
        # steps are relative to what is large
        near |= np.abs(seen - rows - kink) <= reach * np.maximum(1, np.abs(rows))
    # an output that does not move with z passes no kink
    return near & ~architecture.last_activation.is_flat_at(outputs)
