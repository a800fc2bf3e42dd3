"""C out of templates: what a network needs of ``functions.h.in`` and ``slopes.h.in``, and parts of ``frame.h.in``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from fastmlp._export.c_text import number, suffixed
from fastmlp._export.constants import Format, constants

OPENING = re.compile(r"^/\*: (.+) \*/\n", re.MULTILINE)


class Template(NamedTuple):
    """The text of a part, and the names of the others that must stand before it."""

    needs: tuple[str, ...]
    text: str


@cache
def templates(file: str) -> dict[str, Template]:
    """Return all parts of a file by name, those first that others need."""
    _, *parts = OPENING.split(Path(__file__).with_name(file).read_text("utf-8"))
    found: dict[str, Template] = {}
    for names, text in zip(parts[::2], parts[1::2], strict=True):
        name, *needs = names.split(", ")
        found[name] = Template(tuple(needs), text.strip())
    return found


def functions(wanted: Iterable[str], form: Format) -> list[str]:
    """Return the definitions of these functions and of all that they need, in order."""
    written = constants(form)
    known = templates("functions.h.in") | templates("slopes.h.in")
    return [_filled_in(text, form, written) for text in _needed(known, wanted)]


def frame(wanted: Iterable[str], form: Format, slots: Mapping[str, str]) -> list[str]:
    """Return these parts of a header and all that they need, in order; ``slots`` are put in as they are."""
    return [_filled_in(text, form, slots) for text in _needed(templates("frame.h.in"), wanted)]


def _needed(known: Mapping[str, Template], wanted: Iterable[str]) -> list[str]:
    needed: set[str] = set()
    left = list(wanted)
    while left:
        name = left.pop()
        if name not in needed:
            needed.add(name)
            left += known[name].needs
    return [template.text for name, template in known.items() if name in needed]


def _filled_in(text: str, form: Format, slots: Mapping[str, str]) -> str:
    text = suffixed(text, form.dtype)
    text = re.sub(r"^( *)@horner (\w+) (\w+) (\w+)@$", lambda found: _horner(form, *found.groups()), text, flags=re.M)
    step = f"inverse = inverse * model_fma(half_y * inverse, -inverse, {number(1.5, form.dtype)});"
    text = text.replace("@inverse_root_steps@", "\n  ".join([step] * form.inverse_root_steps))
    types = {
        "REAL": form.real,
        "BITS": form.bits,
        "SIGNED": form.signed,
        "FMA": form.fma,
        "INPUT": slots.get("INPUT"),
        "OUTPUT": slots.get("OUTPUT"),
    }
    text = re.sub(r"\b(REAL|BITS|SIGNED|FMA|INPUT|OUTPUT)\b", lambda found: str(types[found[0]]), text)
    # at once, so that nothing is looked for in what was put in
    return re.sub(r"@(\w+)@", lambda found: slots[found[1]], text)


def _horner(form: Format, indent: str, sum_: str, x: str, name: str) -> str:
    """Return the lines that evaluate a polynomial."""
    *rest, last = (number(value, form.dtype) for value in form.polynomials[name])
    lines = [f"{sum_} = {last};", *(f"{sum_} = model_fma({sum_}, {x}, {value});" for value in reversed(rest))]
    return "\n".join(indent + line for line in lines)
