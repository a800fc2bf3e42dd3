"""A computational graph of scalar gates, and backpropagation through it: the chain rule and nothing else.

    x ──┐                     forward:   every gate computes its value from its inputs,
        (+)── q ──┐                      and its local gradients dvalue/dinput
    y ──┘         (*)── f     backward:  every gate receives df/dvalue from the gates it feeds,
    z ────────────┘                      and hands df/dvalue times dvalue/dinput to each input

A gate that feeds several others receives one share from each, and the shares add up. That is all of backpropagation;
what follows is one small function per gate. Where a gate has no derivative (the kinks of maximum, minimum and
absolute, the jump of step) its docstring says which one it takes. Outside its domain, or beyond the largest float, a
gate raises what ``math`` raises. Activations and losses are made of these gates in functions.py.
"""

from __future__ import annotations

import math


class Gate:
    """A number in a computational graph: where it came from, and how it moves when its inputs move.

    Parameters
    ----------
    value : float
        Result of the gate. A gate without inputs is a leaf: a variable or a constant.
    inputs : tuple of Gate
        The gates that the value was computed from.
    local_gradients : tuple of float
        Derivative of ``value`` with respect to each input.
    operation : str
        What the gate computes, "+" or "exp" for example; "constant" of a number that stood in a formula, empty of other
        leaves.
    name : str
        What a picture calls it; it may be set at any time.

    Attributes
    ----------
    gradient : float
        Derivative of the output that ``backward`` was last called on with respect to ``value``; 0 before.
    block : (str, tuple of Gate) or None
        Of a gate that ends several ones which are one step in a book, such as a sigmoid: what it is called, and what
        goes into it.

    See Also
    --------
    fastmlp.plots.computational_graph : The picture.

    Examples
    --------
    >>> x, y, z = Gate(-2.0, name="x"), Gate(5.0, name="y"), Gate(-4.0, name="z")
    >>> f = (x + y) * z
    >>> f.backward()
    >>> f.value, (x.gradient, y.gradient, z.gradient)
    (-12.0, (-4.0, -4.0, 3.0))
    >>> f.operation, [gate.operation or gate.name for gate in f.inputs]
    ('*', ['+', 'z'])
    """

    __slots__ = ("block", "gradient", "inputs", "local_gradients", "name", "operation", "value")

    def __init__(
        self,
        value: float,
        inputs: tuple[Gate, ...] = (),
        local_gradients: tuple[float, ...] = (),
        operation: str = "",
        name: str = "",
    ) -> None:
        self.value = float(value)
        self.inputs = inputs
        self.local_gradients = local_gradients
        self.gradient = 0.0
        self.operation = operation
        self.name = name
        self.block: tuple[str, tuple[Gate, ...]] | None = None

    def backward(self) -> None:
        """Set ``gradient`` of this gate and of every gate it depends on to the derivative of this gate's value."""
        order = self.topological_order()
        for gate in order:
            gate.gradient = 0.0
        self.gradient = 1.0
        for gate in reversed(order):  # all that a gate feeds comes before it, so its gradient is complete when used
            for source, local_gradient in zip(gate.inputs, gate.local_gradients, strict=True):
                source.gradient += gate.gradient * local_gradient

    def topological_order(self) -> list[Gate]:
        """Return this gate and all it depends on, every gate after its inputs.

        A depth-first search with a stack of its own: a long chain of gates would exceed Python's recursion limit.
        """
        order: list[Gate] = []
        visited: set[Gate] = set()
        stack = [(self, False)]
        while stack:
            gate, inputs_are_in_order = stack.pop()
            if inputs_are_in_order:
                order.append(gate)
            elif gate not in visited:
                visited.add(gate)
                stack.append((gate, True))
                stack.extend((source, False) for source in gate.inputs)
        return order

    def __add__(self, other: Gate | float) -> Gate:
        return add(self, other)

    def __radd__(self, other: float) -> Gate:
        return add(other, self)

    def __sub__(self, other: Gate | float) -> Gate:
        return subtract(self, other)

    def __rsub__(self, other: float) -> Gate:
        return subtract(other, self)

    def __mul__(self, other: Gate | float) -> Gate:
        return multiply(self, other)

    def __rmul__(self, other: float) -> Gate:
        return multiply(other, self)

    def __truediv__(self, other: Gate | float) -> Gate:
        return divide(self, other)

    def __rtruediv__(self, other: float) -> Gate:
        return divide(other, self)

    def __pow__(self, exponent: float) -> Gate:
        return power(self, exponent)

    def __neg__(self) -> Gate:
        return negate(self)

    def __abs__(self) -> Gate:
        return absolute(self)

    def __repr__(self) -> str:
        return f"Gate(value={self.value!r}, gradient={self.gradient!r})"


def as_gate(x: Gate | float) -> Gate:
    """Return ``x`` itself if it is a gate, else a constant: a leaf whose gradient nobody asks for."""
    return x if isinstance(x, Gate) else Gate(x, operation="constant")


def add(*terms: Gate | float) -> Gate:
    """Sum of any number of terms, rounded once; it distributes its gradient: every term receives all of it."""
    inputs = tuple(as_gate(term) for term in terms)
    return Gate(math.fsum(x.value for x in inputs), inputs, (1.0,) * len(inputs), "+")


def subtract(a: Gate | float, b: Gate | float) -> Gate:
    """Difference a - b."""
    a, b = as_gate(a), as_gate(b)
    return Gate(a.value - b.value, (a, b), (1.0, -1.0), "-")


def negate(x: Gate | float) -> Gate:
    """Opposite -x."""
    x = as_gate(x)
    return Gate(-x.value, (x,), (-1.0,), "-")


def multiply(a: Gate | float, b: Gate | float) -> Gate:
    """Product a b; it switches: the gradient of each factor is scaled by the value of the other."""
    a, b = as_gate(a), as_gate(b)
    return Gate(a.value * b.value, (a, b), (b.value, a.value), "*")


def divide(a: Gate | float, b: Gate | float) -> Gate:
    """Quotient a / b."""
    a, b = as_gate(a), as_gate(b)
    return Gate(a.value / b.value, (a, b), (1.0 / b.value, -a.value / b.value**2), "/")


def power(x: Gate | float, exponent: float) -> Gate:
    """Power x ** exponent, the exponent a plain number."""
    x = as_gate(x)
    slope = exponent * math.pow(x.value, exponent - 1.0)
    return Gate(math.pow(x.value, exponent), (x,), (slope,), f"**{exponent:g}")


def maximum(a: Gate | float, b: Gate | float) -> Gate:
    """Return the larger of two; it routes: the larger receives the whole gradient, the other nothing.

    In a tie ``b`` receives it, and in a tie of ``minimum`` ``a`` does: so max(a, b) + min(a, b) = a + b also holds for
    the gradients, and the derivative of max(x, 0) at 0 is 0.
    """
    a, b = as_gate(a), as_gate(b)
    is_a = a.value > b.value
    return Gate(a.value if is_a else b.value, (a, b), (1.0, 0.0) if is_a else (0.0, 1.0), "max")


def minimum(a: Gate | float, b: Gate | float) -> Gate:
    """Return the smaller of two and route the gradient to it; in a tie to ``a``, see ``maximum``."""
    a, b = as_gate(a), as_gate(b)
    is_b = a.value > b.value
    return Gate(b.value if is_b else a.value, (a, b), (0.0, 1.0) if is_b else (1.0, 0.0), "min")


def absolute(x: Gate | float) -> Gate:
    """Absolute value ``|x|``; the derivative at 0 is taken as 0."""
    x = as_gate(x)
    return Gate(abs(x.value), (x,), (0.0 if x.value == 0.0 else math.copysign(1.0, x.value),), "abs")


def sqrt(x: Gate | float) -> Gate:
    """Square root, of a positive number: at 0 it has no finite derivative."""
    x = as_gate(x)
    root = math.sqrt(x.value)
    return Gate(root, (x,), (0.5 / root,), "sqrt")


def exp(x: Gate | float) -> Gate:
    """Exponential function, its own derivative."""
    x = as_gate(x)
    value = math.exp(x.value)
    return Gate(value, (x,), (value,), "exp")


def erf(x: Gate | float) -> Gate:
    """Error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x."""
    x = as_gate(x)
    return Gate(math.erf(x.value), (x,), (2.0 / math.sqrt(math.pi) * math.exp(-(x.value**2)),), "erf")


def step(x: Gate | float) -> Gate:
    """1 where x >= 0, else 0; flat on both sides, and the derivative at the jump is taken as 0, too."""
    x = as_gate(x)
    return Gate(1.0 if x.value >= 0.0 else 0.0, (x,), (0.0,), "step")


def log(x: Gate | float) -> Gate:
    """Natural logarithm."""
    x = as_gate(x)
    return Gate(math.log(x.value), (x,), (1.0 / x.value,), "log")


def log1p(x: Gate | float) -> Gate:
    """log(1 + x), which keeps its digits when x is tiny."""
    x = as_gate(x)
    return Gate(math.log1p(x.value), (x,), (1.0 / (1.0 + x.value),), "log1p")


def tanh(x: Gate | float) -> Gate:
    """Hyperbolic tangent; its derivative equals ``4 e / (1 + e)^2`` with ``e = exp(-2 |x|)``, which never cancels."""
    x = as_gate(x)
    e = math.exp(-2.0 * abs(x.value))
    return Gate(math.tanh(x.value), (x,), (4.0 * e / (1.0 + e) ** 2,), "tanh")


def sin(x: Gate | float) -> Gate:
    """Sine."""
    x = as_gate(x)
    return Gate(math.sin(x.value), (x,), (math.cos(x.value),), "sin")


def cos(x: Gate | float) -> Gate:
    """Cosine."""
    x = as_gate(x)
    return Gate(math.cos(x.value), (x,), (-math.sin(x.value),), "cos")
