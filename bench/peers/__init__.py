"""The libraries that are measured, each in its fastest usual form, each in a process of its own.

A peer is a module with ``VERSION()`` and ``prepare(cell, threads)``, which returns a Model for a training cell (see
cells.py). A module that cannot be imported is a missing peer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy.typing as npt

PEERS = {
    "fastmlp": "bench.peers.with_fastmlp",
    "estimator": "bench.peers.with_estimator",
    "jax": "bench.peers.with_jax",
    "torch": "bench.peers.with_torch",
    "torch-compiled": "bench.peers.with_torch_compiled",
    "onnxruntime": "bench.peers.with_onnxruntime",
    "sklearn": "bench.peers.with_sklearn",
}
# ONNX Runtime does not train; a network of a few layers gains nothing from torch.compile when it only predicts. The
# estimator is for the cells that compare it with scikit-learn's and with the Network that it leads.
TRAINING = tuple(peer for peer in PEERS if peer not in ("estimator", "onnxruntime"))
PREDICTING = tuple(peer for peer in PEERS if peer not in ("estimator", "torch-compiled"))
ESTIMATORS = ("fastmlp", "estimator", "sklearn")


class Model(NamedTuple):
    """A network of one peer, with the cell's data at hand."""

    train: Callable[[int], None]  # trains so many more epochs, and returns when the work is done
    predict: Callable[[npt.NDArray[Any]], npt.NDArray[Any]]  # X (rows, inputs) to probabilities (rows, classes)
    # sets the biases of the first layer's first so many units to a number
    set_bias: Callable[[int, float], None] | None = None
