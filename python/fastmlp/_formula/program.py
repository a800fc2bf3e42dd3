"""From the graph of a formula to instructions for registers, as the core runs them.

The instructions of the value come first, those of the derivative after them: inference runs the first part only. A
product that is only added or subtracted is fused with the sum, which rounds once. A register is free again after the
last instruction that reads it.
"""

from __future__ import annotations

import ast
import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._formula.graph import Graph, build
from fastmlp._formula.syntax import ACTIVATION, MAX_CONSTANT, Language, excerpt

MAX_REGISTERS = 32

Array = npt.NDArray[Any]
# (operation, destination, sources); a source below 0 is a constant, -1 the first
Instruction = tuple[str, int, tuple[int, ...]]

# the same operations in NumPy, for checks: other last digits than the core's
OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "multiply_add": lambda a, b, c: a * b + c,
    "multiply_subtract": lambda a, b, c: a * b - c,
    "subtract_product": lambda a, b, c: c - a * b,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "absolute": np.abs,
    "negate": np.negative,
    "sign": np.sign,
    "less": np.less,
    "less_equal": np.less_equal,
    "select": np.where,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "sigmoid": lambda a: 1.0 / (1.0 + np.exp(-a)),
    "softplus": lambda a: np.logaddexp(0.0, a),
    "erf": np.vectorize(math.erf, otypes=[np.float64]),
    "sin": np.sin,
    "cos": np.cos,
}
CHOICES = ("less", "less_equal", "sign")


@dataclass(frozen=True)
class Program:
    """Instructions for value and derivative of a formula; the first registers start as its variables.

    Attributes
    ----------
    instructions : tuple of (operation, destination, sources)
    value_length : int
        How many of them make the value.
    constants : tuple of float
    value, derivative : int
        Where they are found, as sources.
    """

    instructions: tuple[Instruction, ...]
    value_length: int
    constants: tuple[float, ...]
    value: int
    derivative: int

    def for_core(self) -> tuple[Any, ...]:
        """Return the program as ``_core`` takes it."""
        return self.instructions, self.value_length, self.constants, self.value, self.derivative

    def run(self, x: Array, *others: Array) -> tuple[Array, Array]:
        """Return value and derivative at x and the other variables, computed by NumPy."""
        value, derivative, _ = self._run(x, *others)
        return value, derivative

    def has_kink_between(self, below: Array, above: Array, *others: Array) -> npt.NDArray[np.bool_]:
        """Return for each pair of numbers whether min, max, abs or where changes its choice on the way."""
        found = np.zeros(np.shape(below), bool)
        for first, second in zip(self._run(below, *others)[2], self._run(above, *others)[2], strict=True):
            found |= first != second
        return found

    def _run(self, x: Array, *others: Array) -> tuple[Array, Array, list[Array]]:
        registers: dict[int, Any] = {number: np.asarray(of, np.float64) for number, of in enumerate((x, *others))}
        choices = []

        def source(place: int) -> Any:
            return registers[place] if place >= 0 else np.full(np.shape(x), self.constants[-place - 1])

        value = None
        with np.errstate(all="ignore"):
            for number, (operation, destination, sources) in enumerate(self.instructions):
                if number == self.value_length:
                    value = source(self.value)
                registers[destination] = OPERATIONS[operation](*map(source, sources))
                if operation in CHOICES:
                    choices.append(registers[destination])
        return source(self.value) if value is None else value, source(self.derivative), choices


def compile_formula(tree: ast.expr, text: str, language: Language = ACTIVATION) -> Program:
    """Return the program of a formula; the tree is what ``parse`` made of the text.

    Examples
    --------
    >>> from fastmlp._formula.syntax import parse
    >>> for instruction in compile_formula(parse("x*tanh(x)"), "x*tanh(x)").instructions:
    ...     print(instruction)
    ('tanh', 1, (0,))
    ('multiply', 2, (0, 1))
    ('subtract_product', 2, (1, 1, -1))
    ('multiply_add', 0, (0, 2, 1))
    """
    graph, value = build(tree, text, language)
    try:
        derivative = graph.derivative(value)
    except (ArithmeticError, ValueError):
        raise ValueError(
            f"formula {excerpt(text)} has a derivative with constants beyond {MAX_CONSTANT:g}: change its constants."
        ) from None
    program = _Lowering(graph, value, derivative).program(len(language.variables))
    registers = 1 + max((destination for _, destination, _ in program.instructions), default=0)
    if registers > MAX_REGISTERS:
        raise ValueError(
            f"formula {excerpt(text)} has {registers} intermediate results at a time, more than the {MAX_REGISTERS} "
            "that there is room for: write a simpler one."
        )
    return program


class _Lowering:
    """Orders the nodes, fuses products with sums, and deals out registers."""

    def __init__(self, graph: Graph, value: int, derivative: int) -> None:
        self._graph = graph
        self._roots = (value, derivative)
        first = graph.reachable([value])
        known = set(first)
        order = [*first, *(number for number in graph.reachable([value, derivative]) if number not in known)]
        self._steps = self._fuse([n for n in order if graph.nodes[n].operation not in ("variable", "constant")])
        self._value_length = sum(number in known for _, number, _ in self._steps)

    def _fuse(self, order: list[int]) -> list[Instruction]:
        """Return instructions between nodes instead of registers."""
        nodes = self._graph.nodes
        uses = dict.fromkeys(range(len(nodes)), 0)
        for number in (*self._roots, *(source for n in order for source in nodes[n].inputs)):
            uses[number] += 1
        steps: dict[int, Instruction] = {}
        for number in order:
            operation, inputs, _ = nodes[number]
            fusible = [n for n in inputs if uses[n] == 1 and nodes[n].operation == "multiply"]
            if operation in ("add", "subtract") and fusible:
                product = fusible[-1]
                del steps[product]
                other = inputs[0] if inputs[1] == product else inputs[1]
                if operation == "add":
                    operation = "multiply_add"
                else:
                    operation = "subtract_product" if inputs[1] == product else "multiply_subtract"
                inputs = (*nodes[product].inputs, other)
            steps[number] = (operation, number, inputs)
        return list(steps.values())

    def program(self, variables: int) -> Program:
        value, derivative = self._roots
        last_read = {source: at for at, (_, _, sources) in enumerate(self._steps) for source in sources}
        last_read[value] = max(last_read.get(value, 0), self._value_length)
        last_read[derivative] = len(self._steps)
        constants: dict[float, int] = {}
        registers = {number: number for number in range(variables)}
        free = [*range(variables, len(self._steps) + variables + 1)]

        def place(node: int) -> int:
            constant = self._graph.value_of(node)
            if constant is None:
                return registers[node]
            return -1 - constants.setdefault(constant, len(constants))

        instructions = []
        released: set[int] = set()
        for at, (operation, number, sources) in enumerate(self._steps):
            places = tuple(place(source) for source in sources)
            for node in [n for n in registers if n not in released and last_read.get(n, -1) <= at]:
                released.add(node)
                heapq.heappush(free, registers[node])
            registers[number] = heapq.heappop(free)
            instructions.append((operation, registers[number], places))
        ends = place(value), place(derivative)  # which may be constants
        return Program(tuple(instructions), self._value_length, tuple(constants), *ends)
