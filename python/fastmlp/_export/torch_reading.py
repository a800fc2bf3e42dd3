"""Modules of PyTorch as layers and weights. Imports torch, and so is itself imported in the call.

Only what computes the same here is read: a module of a class of its own, one with hooks, another epsilon are refused by
name. Writing such modules is torch_modules.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from fastmlp._checks.text import brief, joined
from fastmlp._export.pytorch import torch
from fastmlp.activations import ELU, Activation, LeakyReLU, resolve_activation
from fastmlp.layers import Dense, Dropout, Layer, LayerNorm

nn: Any = torch.nn
Array = npt.NDArray[Any]
Kind = TypeVar("Kind")

EPSILON = 1e-5


class Read(NamedTuple):
    """What makes the network: its layers, and the weights (inputs, units) and bias of each Dense."""

    n_inputs: int
    layers: list[Layer]
    parameters: list[tuple[Array, Array]]
    dtype: np.dtype[Any]


class _Pending:
    """The layer that is being read: what came before its Linear, and what may still come after it."""

    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self.parameters: list[tuple[Array, Array]] = []
        self.n_inputs = 0
        self.linear: Any = None
        self.activation: Activation | None = None
        # between two Linears: gain and bias of a LayerNorm, which go into the next one
        self.affine: tuple[Array, Array] | None = None
        self.between: list[Layer] = []
        self.dtype: Any = None


def read_sequential(module: Any) -> Read:
    """Return what a ``torch.nn.Sequential`` is made of."""
    if type(module) is not nn.Sequential:
        raise TypeError(
            f"from_torch takes a torch.nn.Sequential, got {brief(module)}: put the modules that forward calls into one."
        )
    state = _Pending()
    for name, part in _parts(module, ""):
        _take(state, name, part)
    if state.linear is not None:
        _end_layer(state)
    if not state.layers:
        raise ValueError("the module has no Linear, but a network needs one: add torch.nn.Linear.")
    if state.between:
        raise ValueError(
            f"the module ends in {joined(type(layer).__name__ for layer in state.between)} after its last Linear, but "
            "outputs are those of a Linear and its activation: leave it out."
        )
    return Read(state.n_inputs, state.layers, state.parameters, state.dtype)


def _parts(module: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield the modules in the order in which they are called, Sequentials inside included."""
    _check_hooks(module, prefix or "the module")
    # named_children would leave out a module that comes again; no name has a dot but those of modules in modules
    everything = module.named_modules(remove_duplicate=False)
    for name, part in ((name, part) for name, part in everything if name and "." not in name):
        path = f"{prefix}.{name}" if prefix else name
        if type(part) is nn.Sequential:
            yield from _parts(part, path)
        else:
            _check_hooks(part, path)
            yield path, part


def _check_hooks(module: Any, name: str) -> None:
    if isinstance(module, nn.modules.lazy.LazyModuleMixin):
        raise ValueError(f"{name} is {type(module).__name__} without weights: call the module on a batch first.")
    if module._forward_hooks or module._forward_pre_hooks:
        raise ValueError(f"{name} has a forward hook, which fastmlp would not call: remove it first.")
    if "forward" in vars(module):
        raise ValueError(f"{name} has a forward of its own, which fastmlp would not call: use the class's.")


def _take(state: _Pending, name: str, part: Any) -> None:
    if type(part) is nn.Linear:
        if state.linear is not None:
            _end_layer(state)
        _begin_layer(state, name, part)
    elif type(part) is nn.Identity or (type(part) is nn.Flatten and state.linear is None and _keeps_rows(part)):
        pass
    elif type(part) in (nn.Dropout, nn.LayerNorm):
        if state.linear is not None:
            _end_layer(state)
        if type(part) is nn.Dropout:
            state.between.append(_ours(name, part, lambda: Dropout(part.p)))
        else:
            _normalize(state, name, part)
    else:
        activation = _ours(name, part, lambda: _activation(name, part))
        if state.linear is None or state.activation is not None:
            where = "LayerNorm or Dropout" if state.layers or state.between else "the inputs"
            before = "another activation" if state.activation is not None else where
            raise ValueError(
                f"{name} is {type(part).__name__} after {before}, but an activation follows a Linear: "
                "put torch.nn.Linear before it."
            )
        state.activation = activation


def _ours(name: str, part: Any, counterpart: Callable[[], Kind]) -> Kind:
    """Return what a module is here; what ours says of its settings is said of the module."""
    try:
        return counterpart()
    except ValueError as reason:
        if str(reason).startswith(name):
            raise
        raise ValueError(f"{name} is {brief(part)}, but {reason}") from None


def _keeps_rows(flatten: Any) -> bool:
    return bool(flatten.start_dim == 1 and flatten.end_dim == -1)


def _begin_layer(state: _Pending, name: str, linear: Any) -> None:
    dtype = linear.weight.dtype
    if linear.weight.is_meta:
        raise ValueError(f"{name} has no numbers, its weights are on the device meta: load them first.")
    if dtype not in (torch.float32, torch.float64):
        raise ValueError(f"{name} is of {dtype}, but networks compute in float32 or float64: convert with float().")
    if state.dtype is None:
        state.dtype = np.dtype(np.float32 if dtype == torch.float32 else np.float64)
        state.n_inputs = linear.in_features
    elif state.dtype != np.dtype(str(dtype).removeprefix("torch.")):
        raise ValueError(f"{name} is of {dtype}, but the modules before are of {state.dtype}: make them one dtype.")
    units = _units(state)
    if units is not None and units != linear.in_features:
        raise ValueError(f"{name} takes {linear.in_features} inputs, but {units} come: make the two equal.")
    state.layers += state.between
    state.between = []
    state.linear = (name, linear)


def _units(state: _Pending) -> int | None:
    """Return the units of the last Dense, or None: none has come."""
    return next((layer.units for layer in reversed(state.layers) if isinstance(layer, Dense)), None)


def _end_layer(state: _Pending) -> None:
    """Add the Dense of a Linear and the activation after it, with what a LayerNorm before has learned."""
    name, linear = state.linear
    weights = linear.weight.detach().cpu().double().numpy().T.copy()
    bias = np.zeros(weights.shape[1]) if linear.bias is None else linear.bias.detach().cpu().double().numpy().copy()
    if state.affine is not None:
        gain, shift = state.affine
        bias += shift @ weights
        weights *= gain[:, np.newaxis]
    # what a gain has made too large for the dtype becomes infinite here
    with np.errstate(over="ignore"):
        rounded = weights.astype(state.dtype), bias.astype(state.dtype)
    for values, kind in zip(rounded, ("weights", "bias"), strict=True):
        if not np.isfinite(values).all():
            raise ValueError(f"the {kind} of {name} are not finite: a network must be made of finite numbers.")
    state.layers.append(Dense(weights.shape[1], "identity" if state.activation is None else state.activation))
    state.parameters.append(rounded)
    state.linear = state.activation = state.affine = None


def _normalize(state: _Pending, name: str, norm: Any) -> None:
    units = _units(state)
    if units is None:
        raise ValueError(f"{name} is LayerNorm before the first Linear: networks scale inputs by Standardize.")
    if tuple(norm.normalized_shape) != (units,):
        raise ValueError(f"{name} normalizes {tuple(norm.normalized_shape)}, but {units} units come: make them equal.")
    if norm.eps != EPSILON:
        raise ValueError(f"{name} has eps={norm.eps}, but LayerNorm here has {EPSILON}: train with that.")
    if state.between:
        raise ValueError(f"{name} is LayerNorm after Dropout or LayerNorm: put it right after a Linear or activation.")
    if norm.weight is not None:
        gain = norm.weight.detach().cpu().double().numpy()
        shift = np.zeros(units) if norm.bias is None else norm.bias.detach().cpu().double().numpy()
        state.affine = gain, shift
    state.between.append(LayerNorm())


def _activation(name: str, part: Any) -> Activation:
    kind = type(part)
    if kind is nn.LeakyReLU:
        return LeakyReLU(part.negative_slope)
    if kind is nn.ELU:
        return ELU(part.alpha)
    if kind is nn.GELU:
        return resolve_activation("gelu" if part.approximate == "none" else "gelu_tanh")
    if kind is nn.Hardtanh:
        _check(name, "min_val and max_val", (part.min_val, part.max_val), (-1.0, 1.0))
        return resolve_activation("hard_tanh")
    if kind is nn.Softplus:
        _check(name, "beta", part.beta, 1.0)
        if part.threshold < 20:
            raise ValueError(f"{name} is Softplus with threshold={part.threshold}, but ours has none: make it 20.")
        return resolve_activation("softplus")
    if kind is nn.Softmax:
        if part.dim not in (1, -1):
            raise ValueError(
                f"{name} is Softmax over dim={part.dim}, but outputs are along dim=1: write Softmax(dim=1)."
            )
        return resolve_activation("softmax")
    plain = {
        nn.ReLU: "relu",
        nn.SELU: "selu",
        nn.SiLU: "silu",
        nn.Mish: "mish",
        nn.Sigmoid: "sigmoid",
        nn.Tanh: "tanh",
        nn.Softsign: "softsign",
    }
    if kind not in plain:
        raise ValueError(
            f"{name} is {brief(part)}, which has no counterpart: Linear, Dropout, LayerNorm, Identity, Flatten before "
            "the first Linear, and activations can be read."
        )
    return resolve_activation(plain[kind])


def _check(name: str, setting: str, value: Any, ours: Any) -> None:
    if value != ours:
        raise ValueError(f"{name} has {setting} of {value}, but ours has {ours}: train with that.")
