"""How inputs come into ``model_forward``: scaled and clipped as the core does it while it gathers rows."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from fastmlp._export.c_text import number
from fastmlp._export.constants import DOUBLE, FLOAT, Format
from fastmlp._model.scaling import ColumnScaling

# double arithmetic for a network of float, in which what is tiny is what a float would be too small for
WIDE = replace(DOUBLE, numbers={**DOUBLE.numbers, "kept": FLOAT.numbers["kept"], "factor": FLOAT.numbers["factor"]})


class ScaledInput(NamedTuple):
    """What is written for a scaled input, the functions behind it, and the derivative of the clip, if there is one."""

    value: str
    needs: list[str]
    clip_slope: str = ""


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

    def scaled(
        self, form: Format, columns: ColumnScaling | None, shift: str, scale: str, *, is_bounded: bool
    ) -> ScaledInput:
        """Return how input j is scaled; shift and scale are written in C.

        Where what follows is bounded, an infinite input becomes NaN: it would not be seen any more.
        """
        prefix = "model_wide_" if self.is_wide else "model_"
        cast = f"({form.real})" if self.is_wide else ""
        kept = f"{prefix}kept({self.element})"
        # 0, or NaN: what is not finite is to be seen
        finite = f" + {cast}({self.element} - {self.element})"
        unless_bounded = finite if is_bounded else ""
        if columns is None:
            return ScaledInput(cast + kept + unless_bounded, ["kept"])
        difference = f"{kept} + {shift[1:]}" if shift.startswith("-") else f"{kept} - {shift}"
        value = f"{prefix}kept(({difference}) * {scale})"
        if not columns.limit:
            return ScaledInput(cast + value + unless_bounded, ["kept"])
        dtype = self.form(form).dtype
        arguments = ", ".join(
            [value, *(number(limit, dtype) for limit in (columns.limit * 2.0**26, 1 / columns.limit))]
        )
        return ScaledInput(
            f"{cast}{prefix}clipped({arguments}){finite}", ["kept", "clipped"], f"{prefix}clipped_slope({arguments})"
        )
