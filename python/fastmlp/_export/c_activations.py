"""Activations as C: what is written for an activation of z, and for its derivative; the functions are templates.

An activation that has nothing here is refused, in a sentence that names it.
"""

from __future__ import annotations

from typing import NamedTuple

from fastmlp._checks.text import brief
from fastmlp._export.c_formula import formula_function
from fastmlp._export.c_text import number
from fastmlp._export.constants import SELU_ALPHA, SELU_SCALE, Format
from fastmlp.activations import ACTIVATIONS, Activation, Formula, Identity, Threshold

# those that are a function of z of the same name
PLAIN = ("step", "sign", "sigmoid", "tanh", "hard_tanh", "softsign", "softplus", "gelu", "gelu_tanh", "silu", "mish")
# whose derivatives become as small as exp does: derivative_fades in cpp/kernels/activation-inl.hpp
FADING = ("sigmoid", "softplus", "gelu", "gelu_tanh", "silu", "mish", "softsign", "formula")


class Written(NamedTuple):
    """An expression, the templates that it calls, and a function of its own."""

    value: str
    needs: list[str]
    own: list[str]


def activated(activation: Activation, z: str, form: Format, smallest: float, function: str) -> Written:
    """Return the activation of z, without what is at most the smallest where it is relu; ``function``: of a formula."""
    return _written(activation, z, form, function, "", [smallest])


def sloped(activation: Activation, z: str, form: Format, function: str) -> Written:
    """Return its derivative by z."""
    return _written(activation, z, form, function, "_slope", [])


def _written(activation: Activation, z: str, form: Format, function: str, suffix: str, of_relu: list[float]) -> Written:
    if isinstance(activation, Formula):
        name = function + suffix
        text = formula_function(name, activation.program, form, slope=bool(suffix))
        return Written(f"{name}({z})", text.needs, [text.text])
    if suffix and isinstance(activation, Threshold | Identity):
        return Written(number(float(isinstance(activation, Identity)), form.dtype), [], [])
    if isinstance(activation, Identity):
        return Written(z, [], [])
    height = float(form.dtype.type(SELU_SCALE) * form.dtype.type(SELU_ALPHA))
    calls = {
        **{name: (name, []) for name in PLAIN},
        "relu": ("relu", of_relu),
        "leaky_relu": ("leaky_relu", [activation.parameter]),
        "elu": ("exponential_unit", [1.0, activation.parameter]),
        "selu": ("exponential_unit", [SELU_SCALE, height]),
    }
    if activation.name not in calls:
        raise ValueError(
            f"the activation {brief(activation)} cannot be written as C: use one of {', '.join(ACTIVATIONS)}, "
            "or a formula."
        )
    template, constants = calls[activation.name]
    arguments = ", ".join([z, *(number(value, form.dtype) for value in constants)])
    return Written(f"model_{template}{suffix}({arguments})", [template + suffix], [])
