"""Functions of one number in ONNX as formulas in x, and the activation that a formula is.

An operator is a text in which {x} stands for what it is applied to; whole graphs of them become one formula, which is
then looked for among the activations: PyTorch has exported gelu in four ways by now.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fastmlp._export.constants import GELU_CUBIC, GELU_LINEAR, SELU_ALPHA, SELU_SCALE
from fastmlp._formula import compile_formula, parse
from fastmlp.activations import ACTIVATIONS, ELU, Activation, Formula, LeakyReLU

# operators by their names, with the defaults of their settings
FUNCTIONS: dict[str, tuple[str, Mapping[str, float]]] = {
    "Abs": ("abs({x})", {}),
    "Celu": ("(max({x}, 0) + min({alpha}*(exp(min({x}, 0)/{alpha}) - 1), 0))", {"alpha": 1.0}),
    "Cos": ("cos({x})", {}),
    "Elu": ("where({x} > 0, {x}, {alpha}*(exp(min({x}, 0)) - 1))", {"alpha": 1.0}),
    "Erf": ("erf({x})", {}),
    "Exp": ("exp({x})", {}),
    "HardSigmoid": ("max(min({alpha}*{x} + {beta}, 1), 0)", {"alpha": 0.2, "beta": 0.5}),
    "HardSwish": ("({x}*max(min({x}/6 + 0.5, 1), 0))", {}),
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

# Where an activation is compared with what is known, and how far both may be apart: constants were float32.
POINTS = np.concatenate([np.linspace(-40.0, 40.0, 1601), [-1e3, -1e-3, 1e-3, 1e3]])
NEAR = 1e-6


def function_text(operator: str, settings: Mapping[str, Any], x: str) -> str:
    """Return an operator applied to a text."""
    if operator == "Gelu":
        return GELUS[settings.get("approximate", b"none")].format(x=x)
    template, defaults = FUNCTIONS[operator]
    values = {name: number_text(settings.get(name, value)) for name, value in defaults.items()}
    return template.format(x=x, **values)


def number_text(value: float) -> str:
    """Return a number as formulas have it.

    Examples
    --------
    >>> number_text(0.5), number_text(-1e-05), number_text(3.0)
    ('0.5', '(-1e-05)', '3.0')
    """
    # the shortest decimal of a float32 is what its author wrote
    number = np.float32(value)
    text = str(number) if float(number) == float(value) else repr(float(value))
    return f"({text})" if text.startswith("-") else text


def activation_of(text: str) -> Activation:
    """Return the activation that a formula in x is; an error says in a clause what is wrong with it."""
    if text == "softmax":
        return ACTIVATIONS["softmax"]()
    program = compile_formula(parse(text), text)
    values = program.run(POINTS)[0]
    candidates = [kind() for name, kind in ACTIVATIONS.items() if name != "softmax"]
    slope, height = -float(values[POINTS == -1.0][0]), -float(values[POINTS == -40.0][0])
    if np.isfinite([slope, height]).all():
        candidates.append(LeakyReLU(float(str(np.float32(slope)))))
        candidates += [ELU(float(str(np.float32(height))))] if height >= 0 else []
    for candidate in candidates:
        if (np.abs(values - candidate(POINTS)) <= NEAR * (1.0 + np.abs(POINTS))).all():
            return candidate
    return Formula(text)
