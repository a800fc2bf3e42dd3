"""One layer of the core whose weights are the identity matrix: an activation or a loss as a function of arrays.

So what a user computes by hand is what a network computes, bit by bit. What is asked, and how the answer is shaped,
stands with the activations and the losses.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

import fastmlp._core as _core

Array = npt.NDArray[Any]
# one column is little work: no thread is worth waking
_THREADS = 1


def activated(name: str, parameter: Any, z: Array) -> Array:
    """Return what an activation makes of rows (rows, columns)."""
    return _layer(z, name, parameter).forward(X=z, threads=_THREADS) if z.size else z


def slopes(name: str, parameter: Any, z: Array) -> Array:
    """Return the derivatives of an activation's outputs by its inputs, (rows, columns, columns)."""
    if not z.size:
        return z[..., np.newaxis]
    return _layer(z, name, parameter).jacobian(X=z, vectors=None, threads=_THREADS)


def lost(
    name: str, parameter: float, formula: Any, outputs: Array, targets: Array, sample_weight: Array | None = None
) -> tuple[float, Array]:
    """Return a loss, the mean over rows, and its derivatives by the outputs (rows, columns)."""
    core = _layer(outputs, "identity", 0.0, loss=name, loss_parameter=parameter, loss_formula=formula)
    found = core.gradients(X=outputs, targets=targets, sample_weight=sample_weight, with_deltas=True, threads=_THREADS)
    return found[0], found[4][-1]


def _layer(rows: Array, activation: str, parameter: Any, **of_loss: Any) -> _core.Network32:
    """Return a layer for rows of this width and dtype."""
    width = rows.shape[1]
    kind = _core.Network32 if rows.dtype == np.float32 else _core.Network64
    of_loss = of_loss or {"loss": "softmax_cross_entropy" if activation == "softmax" else "half_squared_error"}
    core = kind(
        n_inputs=width, layers=[_core.LayerSpec(units=width, activation=activation, parameter=parameter)], **of_loss
    )
    core.weights(0)[...] = np.eye(width)
    return core
