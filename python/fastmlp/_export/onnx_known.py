"""The activation that a formula in x is, as ONNX models have them: by the same operations on the same numbers.

Each activation is known as this library's own exporter writes it, by running that on texts, and as other exporters do;
what is written in another way stays a formula, which gives the same outputs. Numbers are compared as the dtype has
them: as float32 in float32, else digit by digit.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._export.onnx_activations import activated
from fastmlp._export.onnx_formula import erf
from fastmlp._export.onnx_functions import FUNCTIONS, GELUS, OPERATIONS, number_text, operator_text
from fastmlp._export.onnx_graph import Graph
from fastmlp._formula import first_equal, parse
from fastmlp.activations import ACTIVATIONS, ELU, Activation, Formula, LeakyReLU

# operators of ONNX that are one
OPERATORS = {
    "elu": "Elu", "leaky_relu": "LeakyRelu", "mish": "Mish", "relu": "Relu", "selu": "Selu", "sigmoid": "Sigmoid",
    "sign": "Sign", "softplus": "Softplus", "softsign": "Softsign", "tanh": "Tanh",
}  # fmt: skip
GATE_OF_TANH = "(1 + tanh(0.7978845608028654*(x + 0.044715*x**3)))"
GATES_OF_ERF = ("(1 + erf(x/1.4142135623730951))", "(1 + erf(x*0.7071067811865476))")
GATED = ("x*{}*0.5", "0.5*x*{}", "x*(0.5*{})")
# other ways, c: the activation's parameter
WAYS: dict[str, tuple[str, ...]] = {
    "elu": (FUNCTIONS["Celu"][0].format(x="x", alpha="1"),),
    "gelu": tuple(way.format(gate) for way in GATED for gate in GATES_OF_ERF),
    "gelu_tanh": (GELUS[b"tanh"].format(x="x"), *(way.format(GATE_OF_TANH) for way in GATED)),
    "hard_tanh": ("max(min(x, 1), -1)",),
    "leaky_relu": ("where(x >= 0, x, c*x)", "where(x < 0, c*x, x)"),
    "relu": ("max(0, x)", "where(x > 0, x, 0)", "where(x >= 0, x, 0)"),
    "silu": ("x*sigmoid(x)", "x/(1 + exp(-x))"),
}


class _Texts(Graph):
    """A graph whose values are formulas."""

    def add(
        self, operator: str, *inputs: str, named: str | None = None, domain: str | None = None, **attributes: Any
    ) -> str:
        return operator_text(operator, attributes, inputs, self.dtype)

    def cast(self, value: str, dtype: npt.DTypeLike, named: str | None = None) -> str:
        return f"where({value}, 1, 0)"

    def number(self, value: float, dtype: npt.DTypeLike | None = None) -> str:
        return number_text(value, self.dtype)


@lru_cache(maxsize=64)
def activation_of(text: str, dtype: np.dtype[Any]) -> Activation:
    """Return the activation that a formula in x is; an error says in a clause what is wrong with it."""
    if text == "softmax":
        return ACTIVATIONS["softmax"]()
    known = [*_plain_ways(dtype), *_ways_with(_numbers(text), dtype)]
    found = first_equal(text, [way for _, way in known], dtype)
    return Formula(text) if found is None else known[found][0]


def product_text(a: str, b: str, dtype: np.dtype[Any]) -> str:
    """Return a product, or the error function, of which float64 has no operator, where that is what this is."""
    text = OPERATIONS["Mul"].format(a, b)
    start = "(where("
    if dtype == np.float64 and text.startswith(start):
        x = text[len(start) : text.find(" > 0, 1, where(")]
        if text == _written_erf(dtype).replace("@", x):
            return f"erf({x})"
    return text


@cache
def _written_erf(dtype: np.dtype[Any]) -> str:
    return erf(_Texts(dtype, (), ()), "@")


def _own_way(activation: Activation, dtype: np.dtype[Any]) -> str:
    text = activated(_Texts(dtype, (), ()), activation, "x")
    # the inputs of the one activation that has an error function in it
    inner = "(x/1.4142135623730951)"
    return text.replace(_written_erf(dtype).replace("@", inner), f"erf({inner})") if dtype == np.float64 else text


@cache
def _plain_ways(dtype: np.dtype[Any]) -> list[tuple[Activation, str]]:
    kinds = (kind for name, kind in ACTIVATIONS.items() if name != "softmax")
    return [pair for kind in kinds for pair in _ways_of(kind(), dtype)]


def _ways_with(numbers: set[float], dtype: np.dtype[Any]) -> Iterator[tuple[Activation, str]]:
    """Yield the activations that have a parameter, with each of these numbers as theirs."""
    for number in sorted(numbers):
        yield from _ways_of(LeakyReLU(number), dtype)
        if number >= 0:
            yield from _ways_of(ELU(number), dtype)


def _ways_of(activation: Activation, dtype: np.dtype[Any]) -> Iterator[tuple[Activation, str]]:
    name = activation.name
    yield activation, _own_way(activation, dtype)
    number = number_text(activation.parameter, dtype) if isinstance(activation, LeakyReLU | ELU) else ""
    if name in OPERATORS:
        template, defaults = FUNCTIONS[OPERATORS[name]]
        settings = {name: number or number_text(value, dtype) for name, value in defaults.items()}
        yield activation, template.format(x="x", **settings)
    for way in WAYS.get(name, ()):
        if name != "elu" or activation == ELU(1.0):
            yield activation, way.replace("c*x", f"{number}*x")


def _numbers(text: str) -> set[float]:
    """Return the numbers in a formula, and their negatives: signs stand beside them."""
    found = {float(node.value) for node in ast.walk(parse(text)) if isinstance(node, ast.Constant)}  # type: ignore[arg-type]
    return found | {-number for number in found}
