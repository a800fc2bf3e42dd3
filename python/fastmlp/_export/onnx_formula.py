"""A formula's program as nodes of ONNX: one for each instruction, two where a product and a sum are one instruction.

onnxruntime computes some operators in float32 alone, up to its newest release, and its optimizer makes others of those
that it has: where the numbers are float64, these are made of more elementary ones, erf of the core's own polynomials.
"""

from __future__ import annotations

import numpy as np

from fastmlp._export.constants import DOUBLE
from fastmlp._export.onnx_graph import Graph
from fastmlp._formula import Program

# operators by the instructions of cpp/kernels/formula-inl.hpp; what is fused there is two of them
OPERATORS = {
    "add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "maximum": "Max", "minimum": "Min",
    "absolute": "Abs", "negate": "Neg", "sign": "Sign", "less": "Less", "less_equal": "LessOrEqual", "select": "Where",
    "exp": "Exp", "log": "Log", "sqrt": "Sqrt", "tanh": "Tanh", "sin": "Sin",
}  # fmt: skip


def add_formula(graph: Graph, program: Program, x: str) -> str:
    """Add the value of a formula at x; return its name."""
    registers = {0: x}

    def source(place: int) -> str:
        return registers[place] if place >= 0 else graph.number(program.constants[-place - 1])

    for operation, destination, places in program.instructions[: program.value_length]:
        registers[destination] = _added(graph, operation, [source(place) for place in places])
    if program.value >= 0:
        return registers[program.value]
    # a constant is one number, not one for each x
    return graph.add("Add", graph.add("Mul", x, graph.number(0.0)), source(program.value))


def _added(graph: Graph, operation: str, inputs: list[str]) -> str:
    if operation in OPERATORS:
        return graph.add(OPERATORS[operation], *inputs)
    if operation in ("multiply_add", "multiply_subtract", "subtract_product"):
        product = graph.add("Mul", *inputs[:2])
        if operation == "multiply_add":
            return graph.add("Add", product, inputs[2])
        return graph.add("Sub", *((product, inputs[2]) if operation == "multiply_subtract" else (inputs[2], product)))
    (x,) = inputs
    return {"sigmoid": sigmoid, "softplus": softplus, "erf": erf, "cos": cosine}[operation](graph, x)


def sigmoid(graph: Graph, x: str) -> str:
    """Add 1 / (1 + exp(-x)), of which and of a product onnxruntime 1.16 makes QuickGelu, in float32 alone."""
    if graph.dtype == np.float32:
        return graph.add("Sigmoid", x)
    return graph.add("Reciprocal", graph.add("Add", graph.add("Exp", graph.add("Neg", x)), graph.number(1.0)))


def softplus(graph: Graph, x: str) -> str:
    """Add log(1 + exp(x))."""
    if graph.dtype == np.float32:
        return graph.add("Softplus", x)
    rest = graph.add("Exp", graph.add("Neg", graph.add("Abs", x)))
    logarithm = graph.add("Log", graph.add("Add", rest, graph.number(1.0)))
    return graph.add("Add", graph.add("Max", x, graph.number(0.0)), logarithm)


def erf(graph: Graph, x: str) -> str:
    """Add the error function."""
    if graph.dtype == np.float32:
        return graph.add("Erf", x)
    one, two = graph.number(1.0), graph.number(2.0)
    y = graph.add("Min", graph.add("Abs", x), graph.number(DOUBLE.numbers["erf_one"]))
    square = graph.add("Mul", y, y)
    near = graph.add("Add", graph.add("Mul", y, _horner(graph, square, DOUBLE.polynomials["erf_near"])), y)
    far = _horner(
        graph,
        graph.add("Div", graph.add("Sub", y, two), graph.add("Add", y, two)),
        DOUBLE.polynomials["erf_far"],
    )
    far = graph.add("Sub", one, graph.add("Mul", graph.add("Exp", graph.add("Neg", square)), far))
    value = graph.add("Where", graph.add("Less", y, one), near, far)
    return graph.add("Mul", graph.add("Sign", x), value)


def cosine(graph: Graph, x: str) -> str:
    """Add the cosine."""
    if graph.dtype == np.float32:
        return graph.add("Cos", x)
    # of half the angle: a quarter turn added to the angle would be rounded with it
    half = graph.add("Sin", graph.add("Mul", x, graph.number(0.5)))
    return graph.add("Sub", graph.number(1.0), graph.add("Mul", graph.number(2.0), graph.add("Mul", half, half)))


def _horner(graph: Graph, x: str, coefficients: list[float]) -> str:
    """Add a polynomial, the highest power last."""
    *rest, last = coefficients
    total = graph.number(last)
    for coefficient in reversed(rest):
        total = graph.add("Add", graph.add("Mul", total, x), graph.number(coefficient))
    return total
