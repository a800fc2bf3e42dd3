"""How results show themselves in a notebook: a heading, a table, some lines.

No script, no style sheet, no colour: a notebook has its own for tables, light and dark. Whatever is text is escaped,
since names of metrics and formulas are the user's. Calculations, which have more than tables, are in _explanation/.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def html_of(title: str, about: str, rows: Sequence[Sequence[str]] = (), alignment: str = "", lines: str = "") -> str:
    """Return a heading, a table of a header and its rows, and what stands below it.

    ``alignment`` has ``<`` or ``>`` for each column, as for a table of text.

    Examples
    --------
    >>> print(html_of("Network", "a < b", [["layer", "units"], ["1", "30"]], "<>", "30 units"))
    <div>
    <p><b>Network</b>: a &lt; b</p>
    <table>
    <thead>
    <tr><th style="text-align: left">layer</th><th style="text-align: right">units</th></tr>
    </thead>
    <tbody>
    <tr><td style="text-align: left">1</td><td style="text-align: right">30</td></tr>
    </tbody>
    </table>
    <p>30 units</p>
    </div>
    """
    written = ["<div>", f"<p><b>{escape(title)}</b>: {escape(about)}</p>"]
    if rows:
        sides = ["left" if sign == "<" else "right" for sign in alignment]
        head, *body = rows
        written += ["<table>", "<thead>", _row("th", head, sides), "</thead>"]
        written += ["<tbody>", *(_row("td", row, sides) for row in body), "</tbody>", "</table>"]
    if lines:
        written.append(f"<p>{'<br>'.join(map(escape, lines.splitlines()))}</p>")
    return "\n".join([*written, "</div>"])


def _row(tag: str, cells: Iterable[str], sides: Iterable[str]) -> str:
    written = (
        f'<{tag} style="text-align: {side}">{escape(cell)}</{tag}>' for cell, side in zip(cells, sides, strict=True)
    )
    return f"<tr>{''.join(written)}</tr>"
