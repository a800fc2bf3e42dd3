"""How expressions are written: as text, as HTML, as LaTeX. An expression is a function of the pen that writes it.

Text counts from 0, as arrays do: ``W1[0,1]``. HTML and LaTeX count from 1, as books do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any, TypeAlias

from fastmlp._checks.text import decimal

# Greek letters and what else HTML and LaTeX write in another way than text
_HTML = {"delta": "δ", "eta": "η"}
_LATEX = {"delta": r"\delta", "eta": r"\eta"}


class Pen:
    """Text; the others change what they write in another way."""

    times, minus = " * ", "-"

    def __init__(self, digits: int) -> None:
        self._digits = digits

    def number(self, value: float) -> str:
        """Write a number with the pen's digits behind the point, whole numbers without."""
        if not math.isfinite(value):
            return str(value)
        text = f"{value:.0f}" if value == round(value) and abs(value) < 1e6 else decimal(value, self._digits)
        mantissa, _, exponent = text.partition("e")
        return self.power_of_ten(mantissa, int(exponent)) if exponent else text

    def power_of_ten(self, mantissa: str, exponent: int) -> str:
        """Write a number that is too small or too large for the digits."""
        return f"{mantissa}e{exponent:+03d}"

    def symbol(self, name: str, layer: int | None, index: Sequence[int]) -> str:
        """Write a letter with its layer, and the entry of it that is meant."""
        place = f"[{','.join(map(str, index))}]" if index else ""
        return f"{name}{'' if layer is None else layer}{place}"

    def function(self, name: str, argument: str, *, is_derivative: bool) -> str:
        """Write a function, or its derivative, of something."""
        prime = "'" if is_derivative else ""
        return f"{name}{prime}({argument})"

    def square(self, base: str) -> str:
        """Write (base)^2."""
        return f"({base})^2"

    def fraction(self, above: str, below: str) -> str:
        """Write a quotient of two short things."""
        return f"{above}/{below}"

    def derivative(self, of: str, by: str) -> str:
        """Write d(of)/d(by)."""
        return f"d{of}/d{by}"

    def magnitude(self, inside: str) -> str:
        """Write an absolute value."""
        return f"|{inside}|"

    def row(self, entries: Sequence[str]) -> str:
        """Write a vector."""
        return f"[{', '.join(entries)}]"


class HtmlPen(Pen):
    """HTML without a style sheet."""

    times, minus = " &middot; ", "&minus;"

    def number(self, value: float) -> str:
        return super().number(value).replace("-", self.minus)

    def power_of_ten(self, mantissa: str, exponent: int) -> str:
        return f"{mantissa}{self.times}10<sup>{exponent}</sup>"

    def symbol(self, name: str, layer: int | None, index: Sequence[int]) -> str:
        above = "" if layer is None else f"<sup>({layer})</sup>"
        below = f"<sub>{','.join(str(i + 1) for i in index)}</sub>" if index else ""
        return f"<i>{_HTML.get(name, escape(name))}</i>{below}{above}"

    def function(self, name: str, argument: str, *, is_derivative: bool) -> str:
        return f"{escape(name)}{'&prime;' if is_derivative else ''}({argument})"

    def square(self, base: str) -> str:
        return f"({base})<sup>2</sup>"

    def derivative(self, of: str, by: str) -> str:
        return f"&part;{of}/&part;{by}"


class LatexPen(Pen):
    """LaTeX, for within an environment of formulas."""

    times, minus = r" \cdot ", "-"

    def power_of_ten(self, mantissa: str, exponent: int) -> str:
        return f"{mantissa}{self.times}10^{{{exponent}}}"

    def symbol(self, name: str, layer: int | None, index: Sequence[int]) -> str:
        above = "" if layer is None else f"^{{({layer})}}"
        below = f"_{{{','.join(str(i + 1) for i in index)}}}" if index else ""
        return f"{_LATEX.get(name, name)}{below}{above}"

    def function(self, name: str, argument: str, *, is_derivative: bool) -> str:
        written = name.replace("_", r"\_")
        return rf"\mathrm{{{written}}}{chr(39) if is_derivative else ''}({argument})"

    def square(self, base: str) -> str:
        return f"({base})^{{2}}"

    def fraction(self, above: str, below: str) -> str:
        return rf"\tfrac{{{above}}}{{{below}}}"

    def derivative(self, of: str, by: str) -> str:
        return rf"\partial {of} / \partial {by}"

    def row(self, entries: Sequence[str]) -> str:
        return rf"({', '.join(entries)})"


Expression: TypeAlias = Callable[[Pen], str]


def number(value: float) -> Expression:
    """Return a number."""
    return lambda pen: pen.number(float(value))


def symbol(name: str, layer: int | None = None, *index: int) -> Expression:
    """Return a letter, or an entry of it."""
    return lambda pen: pen.symbol(name, layer, index)


def call(name: str, argument: Expression, *, is_derivative: bool = False) -> Expression:
    """Return a function of something, or its derivative there."""
    return lambda pen: pen.function(name, argument(pen), is_derivative=is_derivative)


def total(*terms: Expression) -> Expression:
    """Return a sum; a negative number is subtracted."""

    def write(pen: Pen) -> str:
        written = [term(pen) for term in terms]
        found = written[0]
        for term in written[1:]:
            found += f" {pen.minus} {term[len(pen.minus) :]}" if term.startswith(pen.minus) else f" + {term}"
        return found

    return write


def difference(one: Expression, other: Expression) -> Expression:
    """Return one less the other, a number or symbol."""
    return lambda pen: f"{one(pen)} {pen.minus} {_in_brackets(other(pen), pen)}"


def product(*factors: Expression) -> Expression:
    """Return a product of numbers, symbols and functions."""
    return lambda pen: pen.times.join(_in_brackets(factor(pen), pen) for factor in factors)


def negative(inside: Expression) -> Expression:
    """Return something with a minus before it."""
    return lambda pen: f"{pen.minus}{inside(pen)}"


def brackets(inside: Expression) -> Expression:
    """Return something in brackets."""
    return lambda pen: f"({inside(pen)})"


def square(base: Expression) -> Expression:
    """Return the square of something."""
    return lambda pen: pen.square(base(pen))


def magnitude(inside: Expression) -> Expression:
    """Return the absolute value of something."""
    return lambda pen: pen.magnitude(inside(pen))


def fraction(above: int, below: int) -> Expression:
    """Return a quotient of integers, 1 for 1/1."""
    return lambda pen: pen.number(1) if above == below else pen.fraction(str(above), str(below))


def partial(of: Expression, by: Expression) -> Expression:
    """Return the derivative of something by something."""
    return lambda pen: pen.derivative(of(pen), by(pen))


def row(entries: Iterable[Any]) -> Expression:
    """Return a vector of numbers."""
    return lambda pen: pen.row([pen.number(float(entry)) for entry in entries])


def _in_brackets(written: str, pen: Pen) -> str:
    """Return what is written, in brackets where it starts with a minus."""
    return f"({written})" if written.startswith(pen.minus) else written
