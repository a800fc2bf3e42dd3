"""A formula's value out of gates: its tree, operation by operation, with the gates' own derivatives.

Nothing of fastmlp's derivative, nor of its folding and fusing, is used here: only the tree of the text, which Python's
parser made (``Formula.expression``).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from fastmlp.activations import Activation, Formula
from fastmlp.losses import Formula as LossFormula
from fastmlp.losses import Loss
from fastmlp.reference.functions import ACTIVATIONS, LOSSES, Row, log_sum_exp, sigmoid
from fastmlp.reference.graph import (
    Gate,
    absolute,
    add,
    as_gate,
    cos,
    erf,
    exp,
    log,
    maximum,
    minimum,
    power,
    sin,
    sqrt,
    tanh,
)

CONSTANTS = {"pi": 3.141592653589793, "e": 2.718281828459045}
FUNCTIONS: dict[str, Callable[[Gate], Gate]] = {
    "abs": absolute,
    "exp": exp,
    "log": log,
    "sqrt": sqrt,
    "tanh": tanh,
    "sigmoid": sigmoid,
    "softplus": lambda x: log_sum_exp([as_gate(0.0), x]),
    "erf": erf,
    "sin": sin,
    "cos": cos,
    "cosh": lambda x: (exp(x) + exp(-x)) / 2.0,
}
BINARY: dict[type[ast.operator], Callable[[Gate, Gate], Gate]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}
COMPARISONS: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
}


def activate(activation: Activation, z: Row) -> Row:
    """Return a layer's activations of one sample, by a formula or by the entry of ``ACTIVATIONS``."""
    if isinstance(activation, Formula):
        return [evaluate(activation.expression, z_k) for z_k in z]
    return ACTIVATIONS[activation.name](z, activation)


def loss_of(loss: Loss, z: Row, a: Row, y: Sequence[float], last: Activation) -> Gate:
    """Return the loss of one sample, by a formula or by the entry of ``LOSSES``."""
    if isinstance(loss, LossFormula):
        return add(*(evaluate(loss.expression, a_k, t=Gate(y_k)) for a_k, y_k in zip(a, y, strict=True))) / len(a)
    return LOSSES[loss.name](z, a, y, last, loss)


def evaluate(tree: ast.expr, x: Gate, **others: Gate) -> Gate:
    """Return the value of a formula at x, the variable that it is differentiated by, and at the other ones by name.

    Of ``where`` only the branch that is taken becomes gates, so that the other may be outside its domain.

    Examples
    --------
    >>> x = Gate(4.0)
    >>> root = evaluate(ast.parse("where(x > 0, sqrt(x), 0)", mode="eval").body, x)
    >>> root.backward()
    >>> root.value, x.gradient
    (2.0, 0.25)
    """
    match tree:
        case ast.Name(id="x" | "o"):
            return x
        case ast.Name(id=name):
            return others[name] if name in others else as_gate(CONSTANTS[name])
        case ast.Constant(value=int() | float() as number):
            return as_gate(number)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -evaluate(operand, x, **others)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return evaluate(operand, x, **others)
        case ast.BinOp(op=ast.Pow(), left=left, right=right):
            base, exponent = evaluate(left, x, **others), evaluate(right, x, **others)
            if x not in exponent.topological_order():
                return as_gate(1.0) if exponent.value == 0.0 else power(base, exponent.value)
            return exp(exponent * log(base))
        case ast.BinOp(op=operator, left=left, right=right):
            return BINARY[type(operator)](evaluate(left, x, **others), evaluate(right, x, **others))
        case ast.Call(func=ast.Name(id="where"), args=[ast.Compare() as condition, first, second]):
            a, b = evaluate(condition.left, x, **others), evaluate(condition.comparators[0], x, **others)
            is_met = COMPARISONS[type(condition.ops[0])](a.value, b.value)
            return evaluate(first if is_met else second, x, **others)
        case ast.Call(func=ast.Name(id="min" | "max" as name), args=[first, *more]):
            result, better = evaluate(first, x, **others), minimum if name == "min" else maximum
            for other in more:
                result = better(result, evaluate(other, x, **others))
            return result
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return FUNCTIONS[name](evaluate(argument, x, **others))
    raise ValueError(f"{ast.unparse(tree)} is no part of a formula: use what fastmlp.activations.Formula takes.")
