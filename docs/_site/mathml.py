"""Formulas as MathML, which browsers show by themselves: no script, and nothing to load from elsewhere.

Its braces, roots and fractions need a font with a table of such sizes. Not every computer has one, so the site brings
STIX Two Math, as ziamath carries it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import ziamath
from docutils import nodes
from latex2mathml.converter import convert

FONTS = Path(ziamath.__file__).parent / "fonts"
# the name of a function right before a letter or a number, where TeX leaves a little room
FUNCTION = re.compile(r"(<mi>[a-z]{2,}</mi>)(?=<m[ins])")


def written(formula: str, display: str = "inline") -> str:
    """Return a formula of TeX as MathML."""
    return FUNCTION.sub(r'\1<mspace width="0.17em"/>', convert(formula, display=display))


def inline(writer: Any, node: nodes.math) -> None:
    """Write a formula within a line."""
    writer.body.append(f'<span class="math">{written(node.astext())}</span>')
    raise nodes.SkipNode


def display(writer: Any, node: nodes.math_block) -> None:
    """Write a formula that stands alone."""
    writer.body.append(f'<div class="math">{written(node.astext(), "block")}</div>')
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    """Make this the renderer of Sphinx."""
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    app.connect("config-inited", lambda _, config: config.html_static_path.append(str(FONTS)))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
