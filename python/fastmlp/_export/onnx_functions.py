"""Functions of one number in ONNX as formulas in x.

An operator is a text in which {x} stands for what it is applied to. Which activation such a formula is, says
onnx_known.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fastmlp._export.constants import GELU_CUBIC, GELU_LINEAR, SELU_ALPHA, SELU_SCALE
from fastmlp._formula.syntax import MAX_CONSTANT

# operators by their names, with the defaults of their settings
FUNCTIONS: dict[str, tuple[str, Mapping[str, float]]] = {
    "Abs": ("abs({x})", {}),
    "Celu": ("(max({x}, 0) + min({alpha}*(exp(min({x}, 0)/{alpha}) - 1), 0))", {"alpha": 1.0}),
    "Cos": ("cos({x})", {}),
    "Elu": ("where({x} > 0, {x}, {alpha}*(exp(min({x}, 0)) - 1))", {"alpha": 1.0}),
    "Erf": ("erf({x})", {}),
    "Exp": ("exp({x})", {}),
    "HardSigmoid": ("max(min({alpha}*{x} + {beta}, 1), 0)", {"alpha": 0.2, "beta": 0.5}),
    "HardSwish": ("({x}*max(min({alpha}*{x} + 0.5, 1), 0))", {"alpha": 1.0 / 6.0}),
    "LeakyRelu": ("where({x} > 0, {x}, {alpha}*{x})", {"alpha": 0.01}),
    "Log": ("log({x})", {}),
    "Mish": ("({x}*tanh(softplus({x})))", {}),
    "Neg": ("(-{x})", {}),
    "Reciprocal": ("(1/{x})", {}),
    "Relu": ("max({x}, 0)", {}),
    "Selu": (
        "({gamma}*where({x} > 0, {x}, {alpha}*(exp(min({x}, 0)) - 1)))",
        {"alpha": SELU_ALPHA, "gamma": SELU_SCALE},
    ),
    "Sigmoid": ("sigmoid({x})", {}),
    "Sign": ("where({x} > 0, 1, where({x} < 0, -1, 0))", {}),
    "Sin": ("sin({x})", {}),
    "Softplus": ("softplus({x})", {}),
    "Softsign": ("({x}/(1 + abs({x})))", {}),
    "Sqrt": ("sqrt({x})", {}),
    "Tanh": ("tanh({x})", {}),
    "ThresholdedRelu": ("where({x} > {alpha}, {x}, 0)", {"alpha": 1.0}),
}
GELUS = {
    b"none": "(0.5*{x}*(1 + erf({x}*0.7071067811865476)))",
    b"tanh": f"({{x}}*sigmoid({GELU_LINEAR!r}*{{x}} + {GELU_CUBIC!r}*{{x}}**3))",
}
OPERATIONS = {
    "Add": "({} + {})", "Sub": "({} - {})", "Mul": "({}*{})", "Div": "({}/{})", "Min": "min({}, {})",
    "Max": "max({}, {})", "Sum": "({} + {})", "Pow": "({}**{})",
}  # fmt: skip
COMPARISONS = {"Less": "<", "LessOrEqual": "<=", "Greater": ">", "GreaterOrEqual": ">="}


class RefusedError(Exception):
    """What is wrong with a node, in a clause."""


def function_text(operator: str, settings: Mapping[str, Any], x: str, dtype: np.dtype[Any]) -> str:
    """Return an operator applied to a text; its settings are float32 in a file, its defaults too."""
    if operator == "Gelu":
        return GELUS[settings.get("approximate", b"none")].format(x=x)
    template, defaults = FUNCTIONS[operator]
    values = {name: number_text(np.float32(settings.get(name, value)), dtype) for name, value in defaults.items()}
    return template.format(x=x, **values)


def operator_text(operator: str, settings: Mapping[str, Any], texts: Sequence[str], dtype: np.dtype[Any]) -> str:
    """Return an operator applied to texts, of numbers too."""
    if operator in FUNCTIONS or operator == "Gelu":
        return function_text(operator, settings, texts[0], dtype)
    if operator in COMPARISONS:
        return f"{texts[0]} {COMPARISONS[operator]} {texts[1]}"
    if operator == "Where":
        return "where({}, {}, {})".format(*texts)
    if operator == "Clip":
        return "min(max({}, {}), {})".format(*texts)
    return OPERATIONS[operator].format(*texts)


def number_text(value: float | np.floating[Any], dtype: np.dtype[Any]) -> str:
    """Return a number as formulas have it: of float32 the shortest decimal, which is what its author wrote.

    Examples
    --------
    >>> single, double = np.dtype(np.float32), np.dtype(np.float64)
    >>> number_text(0.5, single), number_text(-1e-05, single), number_text(np.float32(0.1), single)
    ('0.5', '(-1e-05)', '0.1')
    >>> number_text(np.float32(0.1), double)
    '0.10000000149011612'
    """
    if not abs(float(value)) <= MAX_CONSTANT:
        raise RefusedError(f"has the number {float(value):g} in a formula, where numbers are at most {MAX_CONSTANT:g}")
    text = str(np.float32(value)) if dtype == np.float32 else repr(float(value))
    return f"({text})" if text.startswith("-") else text
