"""fastmlp: fast, reproducible training of dense neural networks on CPUs, with gradients anyone can check.

Build a ``Network`` of ``Dense`` layers, ``fit`` it, ``predict``, ``check_gradients``, ``save`` and ``load``. What needs
more than NumPy is imported when it is used, so that importing fastmlp stays fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fastmlp import _core, activations, callbacks, datasets, losses, optimizers
from fastmlp.callbacks import EarlyStopping
from fastmlp.gradient_check import GradientReport, check_gradients
from fastmlp.gradients import Gradients
from fastmlp.history import History
from fastmlp.layers import Dense
from fastmlp.network import Network
from fastmlp.optimizers import SGD, Adam
from fastmlp.runtime import active_target, available_targets, get_num_threads, num_threads, set_num_threads, show_config

if TYPE_CHECKING:
    from fastmlp import plots
    from fastmlp.serialization import ModelFileError, load, save

__version__ = _core.build_info()["version"]

__all__ = [
    "SGD",
    "Adam",
    "Dense",
    "EarlyStopping",
    "GradientReport",
    "Gradients",
    "History",
    "ModelFileError",
    "Network",
    "activations",
    "active_target",
    "available_targets",
    "callbacks",
    "check_gradients",
    "datasets",
    "get_num_threads",
    "load",
    "losses",
    "num_threads",
    "optimizers",
    "plots",
    "save",
    "set_num_threads",
    "show_config",
]


def __getattr__(name: str) -> Any:
    """Import serialization.py, and with it safetensors, and the plots when one of their names is first used."""
    if name == "plots":
        return import_module("fastmlp.plots")
    if name in ("ModelFileError", "load", "save"):
        return getattr(import_module("fastmlp.serialization"), name)
    raise AttributeError(f"module 'fastmlp' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
