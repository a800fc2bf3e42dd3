"""Functions of a formula's constants, the same digits on every machine.

``math`` asks the C library, whose last digits differ from one system to the next, and a constant enters results. So
these are computed with 60 decimal digits and rounded once. A function raises ValueError outside its domain and
OverflowError beyond what a constant may be.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Context, Decimal, localcontext

PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899")
DIGITS = 60
MAX_ANGLE = 1e6


def _exp(x: Decimal) -> Decimal:
    if x > 100:
        raise OverflowError("exp")
    return x.exp() if x > -2000 else Decimal(0)


def _log(x: Decimal) -> Decimal:
    if x <= 0:
        raise ValueError("log")
    return x.ln()


def _tanh(x: Decimal) -> Decimal:
    if abs(x) < Decimal("1e-12"):
        return x
    e = _exp(-2 * abs(x))
    return ((1 - e) / (1 + e)).copy_sign(x)


def _sigmoid(x: Decimal) -> Decimal:
    e = _exp(-abs(x))
    return (e if x < 0 else 1) / (1 + e)


def _softplus(x: Decimal) -> Decimal:
    return _exp(x) if x < -60 else max(x, Decimal(0)) + (1 + _exp(-abs(x))).ln()


def _erf(x: Decimal) -> Decimal:
    if abs(x) > 8:
        return Decimal(1).copy_sign(x)
    term = total = x
    for k in range(1, 400):  # 2 / sqrt(pi) exp(-x^2) sum_k 2^k x^(2k+1) / (1 3 5 ... (2k+1)), all of one sign
        term = term * 2 * x * x / (2 * k + 1)
        total += term
    return 2 * total * (-x * x).exp() / PI.sqrt()


def _wave(x: Decimal, first: int) -> Decimal:
    """Return the sum of (-1)^k x^n / n! for n = first, first + 2, ...: sine from 1, cosine from 0."""
    if abs(x) > MAX_ANGLE:
        raise ValueError("angle")
    x -= 2 * PI * (x / (2 * PI)).to_integral_value()
    term = total = x if first else Decimal(1)
    for n in range(first + 2, 80, 2):
        term = -term * x * x / (n * (n - 1))
        total += term
    return total


FUNCTIONS: dict[str, Callable[[Decimal], Decimal]] = {
    "exp": _exp,
    "log": _log,
    "tanh": _tanh,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "erf": _erf,
    "sin": lambda x: _wave(x, 1),
    "cos": lambda x: _wave(x, 0),
}
# exact or rounded once by IEEE 754
ARITHMETIC: dict[str, Callable[..., float]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "maximum": max,
    "minimum": min,
    "absolute": abs,
    "negate": lambda a: -a,
    "sign": lambda a: (a > 0.0) - (a < 0.0),
    "less": lambda a, b: float(a < b),
    "less_equal": lambda a, b: float(a <= b),
    "sqrt": math.sqrt,
}


def fold(operation: str, values: tuple[float, ...]) -> float:
    """Return the result of an operation on constants.

    Examples
    --------
    >>> fold("add", (1.0, 2.0)), fold("erf", (1.0,))
    (3.0, 0.8427007929497149)
    """
    if operation in ARITHMETIC:
        return float(ARITHMETIC[operation](*values))
    with localcontext(Context(prec=DIGITS)):
        return float(FUNCTIONS[operation](Decimal(values[0])))
