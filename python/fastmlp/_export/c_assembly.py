"""What a header of a network and one of a table share: the slots of frame.h.in, and how the parts become one file.

A user's own text (names of classes, of columns, of categories) is put in after the names of the code were changed, so
that it stays as it is.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from fastmlp._export.c_network import NetworkText
from fastmlp._export.c_tests import TestRows
from fastmlp._export.c_text import filled, number, string
from fastmlp._export.constants import DOUBLE, FLOAT, Format
from fastmlp._export.origin import Origin
from fastmlp._export.templates import frame
from fastmlp._files.atomic import check_destination, write_atomically
from fastmlp._files.names import check_format
from fastmlp._model.architecture import Architecture

SUFFIX = ".h"


def check_path(path: str | os.PathLike[str]) -> None:
    """Refuse the name of a file that cannot be written, or that is no header's."""
    check_format(path, "C", SUFFIX)
    check_destination(path)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a header, whole or not at all."""
    write_atomically(path, text.encode("ascii"))


def assembled(prefix: str, form: Format, slots: dict[str, str], code: Sequence[str], named: Sequence[str]) -> str:
    """Return the file: code whose names are changed to the user's, and parts in which they have been."""
    comment, opening = (frame([name], form, slots)[0] for name in ("comment", "opening"))
    body = "\n\n".join([*renamed([opening, *code], prefix), *named])
    # of the text, so that another header of these names is not taken for this one
    guard = f"{prefix.upper()}_H_{hashlib.sha256(body.encode('ascii')).hexdigest()[:16]}"
    (start,) = renamed([f"{comment}\n#ifndef {guard}\n#define {guard}"], prefix)
    return f"{start}\n\n{body}\n\n#endif /* {guard} */\n"


def renamed(parts: Sequence[str], prefix: str) -> list[str]:
    """Return code whose names begin as the user wants it."""
    upper = prefix.upper()
    return [re.sub(r"\bmodel_(?=\w)", f"{prefix}_", re.sub(r"\bMODEL_(?=\w)", f"{upper}_", part)) for part in parts]


def names_function(prefix: str, function: str, what: str, names: Sequence[str]) -> str:
    """Return a function that knows names."""
    return with_strings(prefix, "names", {"what": what, "function": function}, [string(name, what) for name in names])


def with_strings(prefix: str, part: str, slots: dict[str, str], strings: Sequence[str]) -> str:
    """Return a part of frame.h.in with a user's own text in it."""
    slots = {**slots, "count": str(len(strings)), "strings": "@strings@"}
    (code,) = renamed(frame([part], FLOAT, slots), prefix)
    return code.replace("@strings@", "\n".join(filled(strings, "    ")))


def slots_of(architecture: Architecture, text: NetworkText, rows: TestRows, origin: Origin) -> dict[str, str]:
    """Return what frame.h.in wants to know of a network."""
    types = (text.inputs.type, text.form.real, text.output)
    item = text.form.dtype.itemsize
    return {
        "INPUT": text.inputs.type,
        "OUTPUT": text.output,
        "version": origin.version,
        "sha256": origin.sha256,
        "widths": "-".join(map(str, [architecture.n_inputs, *(layer.units for layer, _ in architecture.placed)])),
        "kind": "A network",
        "dtype": str(architecture.dtype),
        "input_dtype": str(architecture.dtype),
        "called": "memcpy",
        "inputs": str(architecture.n_inputs),
        "outputs": str(architecture.n_outputs),
        # one output tells two classes apart
        "classes": str(max(architecture.n_outputs, 2)),
        "scratch": str(text.scratch),
        "scratch_bytes": str(text.scratch * item),
        "outputs_at": str(text.outputs_at),
        "flash": str(text.flash),
        "double_format": " || DBL_MANT_DIG != 53" if "double" in types else "",
        # the bits of __ARM_FP: single 4, double 8
        "arm_unit": "8" if text.form.real == "double" or text.inputs.is_wide else "4",
        "tolerance": number(rows.tolerance, text.form.dtype),
        "of_nan": "NaN in, NaN out, but for what a formula makes of it",
        "unit": "",
        "allowed": "MODEL_TOLERANCE",
        "rows": str(len(rows.inputs)),
        "stack": str(text.scratch * item + rows.outputs[0].nbytes),
        "test_inputs": _rows(rows.inputs),
        "test_outputs": _rows(rows.outputs),
        "test_flash": str(rows.inputs.nbytes + rows.outputs.nbytes),
    }


def in_units(deviation: str) -> dict[str, str]:
    """Return the slots of the tolerance, where outputs have the units of targets."""
    # the last rounding of what is large beside its deviation
    allowed = f"(double)MODEL_TOLERANCE * {deviation} + (y[j] < 0 ? -y[j] : y[j]) * DBL_EPSILON"
    return {"unit": ",\n   in deviations of the targets", "allowed": allowed}


def _rows(values: npt.NDArray[Any]) -> str:
    dtype = FLOAT.dtype if values.dtype == FLOAT.dtype else DOUBLE.dtype
    rows = [[number(value, dtype) for value in row] for row in values.reshape(len(values), -1).tolist()]
    return ",\n".join("    {\n" + "\n".join(filled(row, "      ")) + "\n    }" for row in rows)
