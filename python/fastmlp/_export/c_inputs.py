"""How inputs come into ``model_forward``: scaled and clipped as the core does it while it gathers rows."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from fastmlp._export.c_text import number
from fastmlp._export.constants import DOUBLE, FLOAT, Format
from fastmlp._model.scaling import ColumnScaling

# double arithmetic for a network of float, in which what is tiny is what a float would be too small for
WIDE = replace(DOUBLE, numbers={**DOUBLE.numbers, "kept": FLOAT.numbers["kept"], "factor": FLOAT.numbers["factor"]})


class Inputs(NamedTuple):
    """Inputs of a network, and what is written for input j.

    Attributes
    ----------
    type : str
        Of the inputs x.
    element : str
    is_wide : bool
        Whether they are scaled in double though the network computes in float, as the core does with such inputs; the
        functions for it begin with ``model_wide_``.
    """

    type: str
    element: str = "x[j]"
    is_wide: bool = False

    def form(self, form: Format) -> Format:
        """Return the format in which the inputs of a network of this format are scaled."""
        return WIDE if self.is_wide else form

    def scaled(self, form: Format, columns: ColumnScaling | None, shift: str, scale: str) -> tuple[str, list[str]]:
        """Return input j as the first layer sees it, and the functions behind it; shift and scale are written in C."""
        kept = f"model_wide_kept({self.element})" if self.is_wide else f"model_kept({self.element})"
        cast = f"({form.real})" if self.is_wide else ""
        if columns is None:
            return cast + kept, ["kept"]
        start = kept.partition("(")[0]
        difference = f"{kept} + {shift[1:]}" if shift.startswith("-") else f"{kept} - {shift}"
        value = f"{start}(({difference}) * {scale})"
        if not columns.limit:
            return cast + value, ["kept"]
        dtype = self.form(form).dtype
        far, inverse = (number(limit, dtype) for limit in (columns.limit * 2.0**26, 1.0 / columns.limit))
        clipped = f"{start.removesuffix('kept')}clipped({value}, {far}, {inverse})"
        # 0, or NaN: what is not finite is to be seen
        return f"{cast}{clipped} + {cast}({self.element} - {self.element})", ["kept", "clipped"]
