"""Rows of text as a table for the terminal: ``Network.summary`` and the report of a gradient check."""

from __future__ import annotations

from collections.abc import Sequence


def text_table(rows: Sequence[Sequence[str]], alignment: str) -> list[str]:
    """Return one line for each row, the columns aligned by ``<`` or ``>``, one sign for each."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(row, alignment, widths, strict=True)).rstrip()
        for row in rows
    ]
