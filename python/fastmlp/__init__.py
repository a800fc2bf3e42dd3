"""fastmlp: fast, reproducible training of dense neural networks on CPUs, with gradients anyone can check.

Build a ``Network`` of ``Dense`` layers, ``fit`` it, ``predict``, ``check_gradients``, ``save`` and ``load``. What most
programs do not need is imported when it is first named, so that importing fastmlp stays fast. No call imports anything,
which would be slow once, and dangerous beside a fork; where one must, it goes through ``runtime.imported``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fastmlp._checks.environment import end_command

try:
    # where the environment variables are read; the core first, before NumPy fails in a sub-interpreter
    from fastmlp import _core
    from fastmlp.runtime import (
        active_target,
        available_targets,
        get_num_threads,
        num_threads,
        set_num_threads,
        show_config,
    )
except (ImportError, ValueError) as error:
    end_command(error)
    raise

from fastmlp import activations, callbacks, initializers, losses, metrics, optimizers, schedules
from fastmlp.callbacks import Checkpoint, EarlyStopping, LambdaCallback, LogEvaluation, ModelCheckpoint
from fastmlp.diagnosis import Diagnosis, diagnose_gradients
from fastmlp.embeddings import Periodic, PiecewiseLinear
from fastmlp.exchange import from_arrays, from_onnx, from_torch
from fastmlp.explanation import Explanation, explain
from fastmlp.fleets import Histories, fit_many
from fastmlp.gradient_check import GradientReport, check_gradients, check_hessian_product, check_jacobian
from fastmlp.gradients import Gradients
from fastmlp.history import History
from fastmlp.layers import Dense, Dropout, LayerNorm, Maxout
from fastmlp.network import Network
from fastmlp.optimizers import LBFGS, SGD, Adagrad, Adam, AdamW, RMSProp, Rprop
from fastmlp.scalings import Rescale, RobustScale, Standardize
from fastmlp.serialization import ModelFileError, load, save
from fastmlp.verification import Record, Verification, verify

if TYPE_CHECKING:
    from fastmlp import datasets, plots, reference, testing

__version__ = _core.build_info()["version"]

__all__ = [
    "LBFGS",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Checkpoint",
    "Dense",
    "Diagnosis",
    "Dropout",
    "EarlyStopping",
    "Explanation",
    "GradientReport",
    "Gradients",
    "Histories",
    "History",
    "LambdaCallback",
    "LayerNorm",
    "LogEvaluation",
    "Maxout",
    "ModelCheckpoint",
    "ModelFileError",
    "Network",
    "Periodic",
    "PiecewiseLinear",
    "RMSProp",
    "Record",
    "Rescale",
    "RobustScale",
    "Rprop",
    "Standardize",
    "Verification",
    "activations",
    "active_target",
    "available_targets",
    "callbacks",
    "check_gradients",
    "check_hessian_product",
    "check_jacobian",
    "datasets",
    "diagnose_gradients",
    "explain",
    "fit_many",
    "from_arrays",
    "from_onnx",
    "from_torch",
    "get_num_threads",
    "initializers",
    "load",
    "losses",
    "metrics",
    "num_threads",
    "optimizers",
    "plots",
    "reference",
    "save",
    "schedules",
    "set_num_threads",
    "show_config",
    "testing",
    "verify",
]


def __getattr__(name: str) -> Any:
    """Import what most programs do not need when it is first named."""
    if name in ("datasets", "plots", "reference", "testing"):
        return import_module(f"fastmlp.{name}")
    raise AttributeError(f"module 'fastmlp' has no attribute {name!r}")


def __dir__() -> list[str]:
    # what this file imports for itself is nobody's to complete
    return sorted([*__all__, "__version__"])
