"""Networks as modules of PyTorch. Imports torch, and so is itself imported in the call that asks for it.

What PyTorch has is PyTorch's own: Linear, activations, Dropout, LayerNorm. The scalings of inputs and targets, which it
has not, are small modules of their own here; what is neither is refused, by name. Modules are read by torch_reading.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastmlp._checks.text import brief
from fastmlp._export.pytorch import torch
from fastmlp._model.description import described, finite_copies
from fastmlp._model.model import Model
from fastmlp._model.scaling import columns_of
from fastmlp.activations import ELU, Activation, Identity, LeakyReLU
from fastmlp.layers import Dense, Dropout, LayerNorm
from fastmlp.scalings import Scaling

nn: Any = torch.nn

# by fastmlp's name; those with a setting make their module themselves
MODULES: dict[str, Any] = {
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "hard_tanh": nn.Hardtanh,
    "softsign": nn.Softsign,
    "relu": nn.ReLU,
    "selu": nn.SELU,
    # beyond its threshold PyTorch takes the input itself: from there on a float64 is the same
    "softplus": lambda: nn.Softplus(threshold=40.0),
    "gelu": nn.GELU,
    "gelu_tanh": lambda: nn.GELU(approximate="tanh"),
    "silu": nn.SiLU,
    "mish": nn.Mish,
    "softmax": lambda: nn.Softmax(dim=1),
}


class ScaledInputs(nn.Module):  # type: ignore[misc]
    """What a scaling does to inputs: (x - shift) * scale in float64, clipped smoothly where there is a limit."""

    def __init__(self, shift: Any, scale: Any, limit: float, dtype: Any) -> None:
        super().__init__()
        self.register_buffer("shift", torch.as_tensor(shift))
        self.register_buffer("scale", torch.as_tensor(scale))
        self.limit, self.dtype = limit, dtype

    def forward(self, x: Any) -> Any:
        """Return rows as the first layer sees them."""
        z = (x.to(torch.float64) - self.shift) * self.scale
        if self.limit:
            z = z / torch.sqrt(1.0 + (z / self.limit) ** 2)
        return z.to(self.dtype)


class UnscaledOutputs(nn.Module):  # type: ignore[misc]
    """Outputs in the units of the targets, in float64 as fastmlp returns them."""

    def __init__(self, mean: Any, deviation: Any) -> None:
        super().__init__()
        self.register_buffer("mean", torch.as_tensor(mean))
        self.register_buffer("deviation", torch.as_tensor(deviation))

    def forward(self, y: Any) -> Any:
        """Return y deviation + mean."""
        return y.to(torch.float64) * self.deviation + self.mean


def sequential(model: Model) -> Any:
    """Return a ``torch.nn.Sequential`` of a model, for evaluation; its numbers are copies."""
    model.guard.check_access()
    architecture = model.architecture
    dtype = torch.float64 if architecture.dtype == np.float64 else torch.float32
    modules: list[Any] = []
    width = architecture.n_inputs
    for index, (layer, weights, bias) in enumerate(described(model)):
        if isinstance(layer, Dense) and weights is not None and bias is not None:
            width = layer.units
            place = sum(isinstance(module, nn.Linear) for module in modules)
            modules.append(_linear(*finite_copies(weights, bias, place, "exported"), dtype))
            modules += _activation(layer.activation_object, f"layers[{index}]")
        elif isinstance(layer, Dropout):
            modules.append(nn.Dropout(layer.rate))
        elif isinstance(layer, LayerNorm):
            modules.append(nn.LayerNorm(width, elementwise_affine=False))
        elif isinstance(layer, Scaling):
            columns = columns_of(layer, width, architecture.dtype)
            if columns is None:
                raise ValueError(
                    f"layers[{index}] is {type(layer).__name__}, which has learned nothing yet: call fit first."
                )
            modules.append(ScaledInputs(columns.shift.copy(), columns.scale.copy(), columns.limit, dtype))
        else:
            raise ValueError(
                f"layers[{index}] is {brief(layer)}, which PyTorch has not: Dense, Dropout, LayerNorm and the scalings "
                "of inputs can be exported."
            )
    model.check_scaling_is_known()
    if model.units is not None:
        modules.append(UnscaledOutputs(np.array(model.units.mean), np.array(model.units.deviation)))
    return nn.Sequential(*modules).eval()


def _linear(weights: Any, bias: Any, dtype: Any) -> Any:
    linear = nn.Linear(*weights.shape, dtype=dtype)
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(weights.T))
        linear.bias.copy_(torch.from_numpy(bias))
    return linear


def _activation(activation: Activation, where: str) -> list[Any]:
    if isinstance(activation, Identity):
        return []
    if isinstance(activation, LeakyReLU):
        return [nn.LeakyReLU(activation.slope)]
    if isinstance(activation, ELU):
        return [nn.ELU(activation.alpha)]
    if activation.name not in MODULES:
        raise ValueError(
            f"{where} has the activation {activation.spelled!r}, which PyTorch has not: take another one, or to_onnx."
        )
    return [MODULES[activation.name]()]
