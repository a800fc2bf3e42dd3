"""Activations as nodes of ONNX: one operator where there is one, else a formula of several.

An activation that has nothing here is refused, in a sentence that names it.
"""

from __future__ import annotations

import math

import numpy as np

from fastmlp._checks.text import brief
from fastmlp._export.constants import SELU_ALPHA, SELU_SCALE
from fastmlp._export.onnx_formula import add_formula, erf, sigmoid, softplus
from fastmlp._export.onnx_graph import Graph
from fastmlp.activations import ACTIVATIONS, Activation, Formula

# beyond it softsign is 1
SOFTSIGN_FAR = 2.0**60
# operators that onnxruntime has in float32 and in float64
OPERATORS = {"tanh": "Tanh", "relu": "Relu", "sign": "Sign"}


def activated(graph: Graph, activation: Activation, z: str) -> str:
    """Add an activation of z; return the name of what it gives."""
    add, number = graph.add, graph.number
    if isinstance(activation, Formula):
        return add_formula(graph, activation.program, z)
    if activation.name in OPERATORS:
        return add(OPERATORS[activation.name], z)
    match activation.name:
        case "identity":
            return z
        case "softmax":
            return add("Softmax", z, axis=-1)
        case "sigmoid":
            return sigmoid(graph, z)
        case "step":
            return graph.cast(add("GreaterOrEqual", z, number(0.0)), graph.dtype)
        case "hard_tanh":
            return add("Clip", z, number(-1.0), number(1.0))
        case "leaky_relu":
            # an attribute is a float32
            if graph.dtype == np.float32:
                return add("LeakyRelu", z, alpha=activation.parameter)
            below = add("Mul", add("Min", z, number(0.0)), number(activation.parameter))
            return add("Add", add("Max", z, number(0.0)), below)
        case "elu" | "selu":
            return _exponential_unit(graph, activation, z)
        case "softplus":
            return softplus(graph, z)
        case "softsign":
            # what has overflown is 1, too, and not infinity over infinity
            z = add("Clip", z, number(-SOFTSIGN_FAR), number(SOFTSIGN_FAR))
            if graph.dtype == np.float32:
                return add("Softsign", z)
            return add("Div", z, add("Add", add("Abs", z), number(1.0)))
        case "gelu":
            probability = add("Add", erf(graph, add("Div", z, number(math.sqrt(2.0)))), number(1.0))
            return add("Mul", add("Mul", z, probability), number(0.5))
        case "gelu_tanh":
            cube = add("Mul", add("Mul", z, z), z)
            inner = add("Add", z, add("Mul", cube, number(0.044715)))
            gate = add("Tanh", add("Mul", inner, number(math.sqrt(2.0 / math.pi))))
            return add("Mul", add("Mul", z, add("Add", gate, number(1.0))), number(0.5))
        case "silu":
            return add("Mul", z, sigmoid(graph, z))
        case "mish":
            return add("Mul", z, add("Tanh", softplus(graph, z)))
    raise ValueError(
        f"the activation {brief(activation)} cannot be written as ONNX: use one of {', '.join(ACTIVATIONS)}, "
        "or a formula."
    )


def _exponential_unit(graph: Graph, activation: Activation, z: str) -> str:
    """Add elu or selu, of which onnxruntime has no operators in float64."""
    add, number = graph.add, graph.number
    is_elu = activation.name == "elu"
    if graph.dtype == np.float32:
        settings = {"alpha": activation.parameter} if is_elu else {"alpha": SELU_ALPHA, "gamma": SELU_SCALE}
        return add("Elu" if is_elu else "Selu", z, **settings)
    scale, alpha = (1.0, activation.parameter) if is_elu else (SELU_SCALE, SELU_ALPHA)
    zero = number(0.0)
    below = add("Sub", add("Exp", add("Min", z, zero)), number(1.0))
    above = add("Mul", add("Max", z, zero), number(scale))
    return add("Add", above, add("Mul", below, number(scale * alpha)))
