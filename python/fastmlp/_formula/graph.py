"""The graph of a formula and of its derivative: equal subexpressions are one node, constants are folded.

Nodes are numbered as they are made, so a node's inputs have smaller numbers than it. The derivative is taken forward,
node by node: each is met once, and what it needs of the value (tanh x for 1 - tanh(x)^2) is already there. One class
knows all operations and their slopes, which makes this a long file.
"""

from __future__ import annotations

import ast
import math
from typing import NamedTuple

from fastmlp._formula.constants import fold
from fastmlp._formula.syntax import CONSTANTS, MAX_CONSTANT, MAX_EXPONENT, Language, excerpt

X = 0  # the number of the variable by which the derivative is taken


class Node(NamedTuple):
    """What is done to which nodes; a constant has a value and no inputs."""

    operation: str
    inputs: tuple[int, ...] = ()
    constant: float = 0.0


class Graph:
    """Expressions in one variable or more, made by methods that return the number of a node.

    Examples
    --------
    >>> graph = Graph()
    >>> graph.make("multiply", X, graph.constant(2.0)) == graph.make("multiply", graph.constant(2.0), X)
    True
    """

    def __init__(self, variables: int = 1) -> None:
        # numbered by a constant, for they are all different
        self.nodes = [Node("variable", constant=float(number)) for number in range(variables)]
        self._numbers: dict[Node, int] = {}
        self._powers: dict[int, tuple[int, float]] = {}  # nodes that are a power: of what, and which
        self._log_coshs: dict[int, int] = {}  # likewise log(cosh(u)): u

    def constant(self, value: float) -> int:
        """Return the node of a constant."""
        if not abs(value) <= MAX_CONSTANT:
            raise OverflowError(value)
        return self._number(Node("constant", constant=value + 0.0))

    def value_of(self, node: int) -> float | None:
        """Return the value of a constant, None for other nodes."""
        return self.nodes[node].constant if self.nodes[node].operation == "constant" else None

    def make(self, operation: str, *inputs: int) -> int:
        """Return the node of an operation on nodes: a simpler one or an older one where there is one."""
        values = [self.value_of(node) for node in inputs]
        known = [value for value in values if value is not None]
        if operation == "select":
            return self._select(inputs, values[0])
        if len(known) == len(values):
            return self.constant(fold(operation, tuple(known)))
        if operation in ("add", "multiply"):
            inputs = tuple(sorted(inputs))
            values = [self.value_of(node) for node in inputs]
        simpler = self._simpler(operation, inputs, values)
        return self._number(Node(operation, inputs)) if simpler is None else simpler

    def power(self, base: int, exponent: float) -> int:
        """Return base ** exponent: by products and square roots where the exponent is a multiple of 1/2."""
        if exponent == 0.0:
            return self.constant(1.0)
        if exponent == 1.0:
            return base
        if not (2.0 * exponent).is_integer():
            node = self.make("exp", self.make("multiply", self.constant(exponent), self.make("log", base)))
        elif exponent < 0.0:
            node = self.make("divide", self.constant(1.0), self.power(base, -exponent))
        else:
            whole, rest = divmod(exponent, 1.0)
            factors = [self.make("sqrt", base)] if rest else []
            square, left = base, int(whole)
            while left:
                if left % 2:
                    factors.append(square)
                left //= 2
                if left:
                    square = self.make("multiply", square, square)
            node = factors[0]
            for factor in factors[1:]:
                node = self.make("multiply", node, factor)
        # the slope of a root, from the root itself, is cheaper
        if self.nodes[node].operation not in ("constant", "sqrt"):
            self._powers.setdefault(node, (base, exponent))
        return node

    def log_cosh(self, u: int) -> int:
        """Return log(cosh(u)): |u| + softplus(-2 |u|) - log(2), near 0, where digits cancel, 2 artanh(tanh(u/2)^2)."""
        magnitude = self.make("absolute", u)
        rest = self.make("softplus", self.make("multiply", self.constant(-2.0), magnitude))
        far = self.make("subtract", self.make("add", magnitude, rest), self.constant(math.log(2.0)))
        half = self.make("tanh", self.make("multiply", self.constant(0.5), u))
        q = self.make("multiply", half, half)  # below 0.18: 12 terms are right to 1e-18
        square, series = self.make("multiply", q, q), self.constant(2.0 / 23.0)
        for odd in range(21, 0, -2):
            series = self.make("add", self.make("multiply", series, square), self.constant(2.0 / odd))
        is_near = self.make("less", magnitude, self.constant(0.9))
        node = self.make("select", is_near, self.make("multiply", series, q), far)
        self._log_coshs[node] = u
        return node

    def derivative(self, of: int) -> int:
        """Return the node of d(of)/dx."""
        slopes: dict[int, int] = {X: self.constant(1.0)}  # nodes whose slope is zero are left out
        for number in self.reachable([of]):
            slope = self._slope(number, slopes)
            if slope is not None and self.value_of(slope) != 0.0:
                slopes[number] = slope
        return slopes.get(of, self.constant(0.0))

    def reachable(self, roots: list[int]) -> list[int]:
        """Return the nodes that these need, and themselves, inputs first."""
        seen, waiting = set(roots), list(roots)
        while waiting:
            for node in self.nodes[waiting.pop()].inputs:
                if node not in seen:
                    seen.add(node)
                    waiting.append(node)
        return sorted(seen)

    def _number(self, node: Node) -> int:
        if node not in self._numbers:
            self._numbers[node] = len(self.nodes)
            self.nodes.append(node)
        return self._numbers[node]

    def _select(self, inputs: tuple[int, ...], condition: float | None) -> int:
        mask, first, second = inputs
        if condition is not None:
            return first if condition else second
        return first if first == second else self._number(Node("select", (mask, first, second)))

    def _simpler(self, operation: str, inputs: tuple[int, ...], values: list[float | None]) -> int | None:
        """Return what needs no new node, or a cheaper one; all but the signs of zeros stay what they were."""
        a, b = inputs[0], inputs[-1]
        first, second = values[0], values[-1]
        if operation in ("add", "subtract") and second == 0.0:
            return a
        if operation == "add" and first == 0.0:
            return b
        if operation == "subtract" and first == 0.0:
            return self.make("negate", b)
        if operation in ("add", "subtract") and self.nodes[b].operation == "negate":
            return self.make("subtract" if operation == "add" else "add", a, self.nodes[b].inputs[0])
        if operation in ("multiply", "divide") and second in (1.0, -1.0):
            return a if second == 1.0 else self.make("negate", a)
        if operation == "multiply" and first in (1.0, -1.0):
            return b if first == 1.0 else self.make("negate", b)
        if operation == "negate" and self.nodes[a].operation == "negate":
            return self.nodes[a].inputs[0]
        return None

    def _slope(self, number: int, slopes: dict[int, int]) -> int | None:
        """Return the derivative of a node from those of its inputs; None: zero."""
        operation, inputs, _ = self.nodes[number]
        if number == X:
            return slopes[X]
        if number in self._powers:
            base, exponent = self._powers[number]
            if base not in slopes:
                return None
            outer = self.make("multiply", self.constant(exponent), self.power(base, exponent - 1.0))
            return self.make("multiply", outer, slopes[base])
        if number in self._log_coshs:
            u = self._log_coshs[number]
            return self.make("multiply", self.make("tanh", u), slopes[u]) if u in slopes else None
        if operation in ("add", "subtract", "multiply", "divide", "maximum", "minimum", "select"):
            return self._slope_of_several(operation, number, inputs, slopes)
        if not inputs or inputs[0] not in slopes or operation in ("less", "less_equal", "sign"):
            return None
        slope = slopes[inputs[0]]
        if operation == "negate":
            return self.make("negate", slope)
        if operation == "log":
            return self.make("divide", slope, inputs[0])
        if operation == "sqrt":
            return self.make("divide", self.make("multiply", self.constant(0.5), slope), number)
        return self.make("multiply", self._outer_slope(operation, number, inputs[0]), slope)

    def _outer_slope(self, operation: str, value: int, x: int) -> int:
        """Return f'(x) of a function f of one argument; value: the node of f(x)."""
        if operation == "absolute":
            return self.make("sign", x)
        if operation == "exp":
            return value
        if operation == "tanh":
            return self.make("subtract", self.constant(1.0), self.make("multiply", value, value))
        if operation == "sigmoid":
            return self.make("subtract", value, self.make("multiply", value, value))
        if operation == "softplus":
            return self.make("sigmoid", x)
        if operation == "erf":
            bell = self.make("exp", self.make("negate", self.make("multiply", x, x)))
            return self.make("multiply", self.constant(2.0 / math.sqrt(math.pi)), bell)
        if operation == "sin":
            return self.make("cos", x)
        return self.make("negate", self.make("sin", x))  # cos

    def _slope_of_several(
        self, operation: str, value: int, inputs: tuple[int, ...], slopes: dict[int, int]
    ) -> int | None:
        a, b = inputs[-2:]
        da, db = slopes.get(a), slopes.get(b)
        if da is None and db is None:
            return None
        zero = self.constant(0.0)
        if operation in ("add", "subtract"):
            return self.make(operation, zero if da is None else da, zero if db is None else db)
        if operation == "multiply":
            terms = [self.make("multiply", d, f) for d, f in ((da, b), (db, a)) if d is not None]
            return terms[0] if len(terms) == 1 else self.make("add", *terms)
        if operation == "divide":
            if db is None:
                return self.make("divide", zero if da is None else da, b)
            pull = self.make("multiply", value, db)
            return self.make("divide", self.make("subtract", zero if da is None else da, pull), b)
        # the branch that was taken; in a tie max takes its second argument, min its first
        condition = inputs[0] if operation == "select" else self.make("less", b, a)
        if operation == "minimum":
            da, db = db, da
        return self.make("select", condition, zero if da is None else da, zero if db is None else db)


def build(tree: ast.expr, text: str, language: Language, graph: Graph | None = None) -> tuple[Graph, int]:
    """Return a graph, this one where one is given, and the node of a formula's value in it.

    The tree is one that ``parse`` gave.
    """
    builder = _Builder(text, language, Graph(len(language.variables)) if graph is None else graph)
    return builder.graph, builder.node_of(tree)


class _Builder:
    """Walks a tree and makes its nodes; an error says in which column a constant has no value."""

    BINARY = {ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide"}  # noqa: RUF012
    NAMES = {"min": "minimum", "max": "maximum", "abs": "absolute"}  # noqa: RUF012

    def __init__(self, text: str, language: Language, graph: Graph) -> None:
        self.graph = graph
        self._variables = {name: number for number, name in enumerate(language.variables)}
        self._text = text
        self._start = len(text) - len(text.lstrip())

    def node_of(self, tree: ast.expr) -> int:
        try:
            return self._node_of(tree)
        except (ArithmeticError, ValueError) as error:
            if type(error) is ValueError and str(error).startswith("formula "):
                raise
            column = self._start + tree.col_offset + 1
            raise ValueError(
                f"formula {excerpt(self._text)}: the constant part at column {column} has no value within "
                f"{MAX_CONSTANT:g}, or an exponent beyond {MAX_EXPONENT}: change it."
            ) from None

    def _node_of(self, tree: ast.expr) -> int:
        graph = self.graph
        if isinstance(tree, ast.Name):
            return self._variables[tree.id] if tree.id in self._variables else graph.constant(CONSTANTS[tree.id])
        if isinstance(tree, ast.Constant):
            return graph.constant(float(tree.value))  # type: ignore[arg-type]
        if isinstance(tree, ast.UnaryOp):
            node = self.node_of(tree.operand)
            return graph.make("negate", node) if isinstance(tree.op, ast.USub) else node
        if isinstance(tree, ast.BinOp):
            left, right = self.node_of(tree.left), self.node_of(tree.right)
            if not isinstance(tree.op, ast.Pow):
                return graph.make(self.BINARY[type(tree.op)], left, right)
            exponent = graph.value_of(right)
            if exponent is not None:
                if abs(exponent) > MAX_EXPONENT:
                    raise OverflowError(exponent)
                return graph.power(left, exponent)
            return graph.make("exp", graph.make("multiply", right, graph.make("log", left)))
        assert isinstance(tree, ast.Call)
        assert isinstance(tree.func, ast.Name)
        name = tree.func.id
        if name == "where":
            condition, first, second = tree.args
            return graph.make("select", self._mask(condition), self.node_of(first), self.node_of(second))
        match tree.args:
            case [ast.Call(func=ast.Name(id="cosh"), args=[u])] if name == "log":
                return graph.log_cosh(self.node_of(u))
        node, *others = [self.node_of(argument) for argument in tree.args]
        if name == "cosh":
            sides = graph.make("exp", node), graph.make("exp", graph.make("negate", node))
            return graph.make("multiply", graph.constant(0.5), graph.make("add", *sides))
        operation = self.NAMES.get(name, name)
        if not others:
            return graph.make(operation, node)
        for other in others:
            node = graph.make(operation, node, other)
        return node

    def _mask(self, tree: ast.expr) -> int:
        assert isinstance(tree, ast.Compare)
        left, right = self.node_of(tree.left), self.node_of(tree.comparators[0])
        if isinstance(tree.ops[0], ast.Gt | ast.GtE):
            left, right = right, left
        return self.graph.make("less" if isinstance(tree.ops[0], ast.Lt | ast.Gt) else "less_equal", left, right)
