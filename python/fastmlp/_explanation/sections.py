"""A calculation as lines in sections, and whole pages of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from fastmlp._explanation.pens import Expression, HtmlPen, LatexPen, Pen


@dataclass(frozen=True)
class Line:
    """``name`` = one expression = another one = ... : the last one is the result."""

    name: Expression
    steps: tuple[Expression, ...]


@dataclass(frozen=True)
class Section:
    """A title in words, the rule that its lines follow, and the lines."""

    title: str
    rules: tuple[Line, ...]
    lines: tuple[Line, ...]

    @property
    def all_lines(self) -> tuple[Line, ...]:
        """The rules and the lines."""
        return (*self.rules, *self.lines)


def as_text(sections: Sequence[Section], digits: int) -> str:
    """Return sections as text, results below each other."""
    pen, written = Pen(digits), []
    for section in sections:
        rule = ", ".join(_equation(line, pen) for line in section.rules)
        written.append(f"{section.title}: {rule}" if rule else section.title)
        written += [f"  {_equation(line, pen)}" for line in section.lines]
    return "\n".join(written)


def as_html(sections: Sequence[Section], digits: int) -> str:
    """Return sections as HTML: a heading and a table for each."""
    pen, written = HtmlPen(digits), ["<div>"]
    for section in sections:
        rule = ", ".join(_equation(line, pen) for line in section.rules)
        written.append(f"<p><b>{escape(section.title)}</b>{': ' if rule else ''}{rule}</p>")
        rows = []
        for line in section.lines:
            cells = [line.name(pen), *(f"= {step(pen)}" for step in line.steps)]
            rows.append("<tr>" + "".join(f'<td style="text-align: left">{cell}</td>' for cell in cells) + "</tr>")
        written += ["<table>", *rows, "</table>"] if rows else []
    return "\n".join([*written, "</div>"])


def as_latex(sections: Sequence[Section], digits: int) -> str:
    """Return sections as LaTeX, with ``align*`` of the package amsmath."""
    pen, written = LatexPen(digits), []
    for section in sections:
        title = section.title.replace("_", r"\_")
        written.append(rf"\paragraph{{{title}}}")
        lines = [rf"{line.name(pen)} &= {' = '.join(step(pen) for step in line.steps)}" for line in section.all_lines]
        written += [r"\begin{align*}", " \\\\\n".join(lines), r"\end{align*}"]
    return "\n".join(written)


def _equation(line: Line, pen: Pen) -> str:
    return " = ".join([line.name(pen), *(step(pen) for step in line.steps)])
