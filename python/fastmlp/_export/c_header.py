"""A network as one header of C99 and C++11, described at ``Network.to_c``: the order of its parts.

The layers are written in c_network.py, rows and tolerance of the self-test are made in c_tests.py; the text itself is
in frame.h.in and functions.h.in, in which all names begin with ``model_`` or ``MODEL_``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from fastmlp._checks.arguments import is_list
from fastmlp._checks.arrays import count
from fastmlp._checks.text import brief
from fastmlp._export.c_network import NetworkText, network_text
from fastmlp._export.c_tests import TestRows, rows_for_test
from fastmlp._export.c_text import check_prefix, filled, number, string
from fastmlp._export.origin import origin_of
from fastmlp._export.templates import frame, functions
from fastmlp._files.atomic import check_destination, write_atomically
from fastmlp._files.model_file import Content
from fastmlp._files.names import check_format
from fastmlp._model.outputs import Meaning, is_classifier

SUFFIX = ".h"
# what is called besides model_forward, by what the outputs mean
CALLS: dict[Meaning, list[str]] = {
    "many": ["predict_many", "proba_many"],
    "scores": ["predict_many"],
    "binary": ["predict_binary", "proba_binary"],
    "score": ["predict_score"],
    "values": ["predict_values"],
    "log_rates": ["predict_log_rates"],
}


def write(
    content: Content, path: str | os.PathLike[str], *, name: str = "model", feature_names: Sequence[str] | None = None
) -> None:
    """Write the header of a network; what cannot be written leaves no file."""
    check_format(path, "C", SUFFIX)
    check_destination(path)
    write_atomically(path, header(content, name=name, feature_names=feature_names).encode("ascii"))


def header(content: Content, *, name: str = "model", feature_names: Sequence[str] | None = None) -> str:
    """Return the text of the header."""
    prefix, architecture = check_prefix(name), content.model.architecture
    features = _checked_features(feature_names, architecture.n_inputs)
    meaning = architecture.meaning
    # first, for what it refuses
    slots = _origin(content)
    text = network_text(content.model)
    slots |= _sizes(content, text) | _test(content, text, rows_for_test(content.model))
    needs = [*text.needs, "exp"] if meaning == "log_rates" else text.needs
    (comment,) = _renamed(frame(["comment"], text.form, slots), prefix)
    guard = f"{prefix.upper()}_H"
    parts = [
        *frame(["opening"], text.form, slots),
        *functions(needs, text.form),
        *text.arrays,
        *text.functions,
        *frame(CALLS[meaning], text.form, slots),
        *frame(["selftest"], text.form, slots),
    ]
    parts = [f"{comment}\n#ifndef {guard}\n#define {guard}", *_renamed(parts, prefix)]
    if is_classifier(meaning) and content.classes is not None:
        parts += _names(text, prefix, "class_name", "a class", content.classes)
    if features is not None:
        parts += _names(text, prefix, "feature_name", "an input", features)
    return "\n\n".join([*parts, f"#endif /* {guard} */"]) + "\n"


def _checked_features(names: Sequence[str] | None, n_inputs: int) -> list[str] | None:
    if names is None:
        return None
    found = list(names) if is_list(names) else []
    if len(found) != n_inputs or not all(isinstance(name, str) for name in found):
        raise ValueError(f"feature_names must be a list of {count(n_inputs, 'name')}, got {brief(names)}.")
    return found


def _renamed(parts: Sequence[str], prefix: str) -> list[str]:
    """Return code whose names begin as the user wants it."""
    upper = prefix.upper()
    return [re.sub(r"\bmodel_(?=\w)", f"{prefix}_", re.sub(r"\bMODEL_(?=\w)", f"{upper}_", part)) for part in parts]


def _origin(content: Content) -> dict[str, str]:
    origin = origin_of(content)
    return {"version": origin.version, "sha256": origin.sha256}


def _sizes(content: Content, text: NetworkText) -> dict[str, str]:
    architecture = content.model.architecture
    is_double = text.form.real == "double"
    return {
        "OUTPUT": text.output,
        "widths": "-".join(map(str, [architecture.n_inputs, *(layer.units for layer, _ in architecture.placed)])),
        "dtype": str(architecture.dtype),
        "inputs": str(architecture.n_inputs),
        "outputs": str(architecture.n_outputs),
        # one output tells two classes apart
        "classes": str(max(architecture.n_outputs, 2)),
        "scratch": str(text.scratch),
        "scratch_bytes": str(text.scratch * text.form.dtype.itemsize),
        "outputs_at": str(text.outputs_at),
        "flash": str(text.flash),
        "double_format": " || DBL_MANT_DIG != 53" if is_double or text.output == "double" else "",
        # the bits of __ARM_FP: single 4, double 8
        "arm_unit": "8" if is_double else "4",
    }


def _test(content: Content, text: NetworkText, rows: TestRows) -> dict[str, str]:
    unit, allowed = "", "MODEL_TOLERANCE"
    if content.model.target_scaling is not None:
        unit = ",\n   in deviations of the targets"
        # the last rounding of what is large beside its deviation
        magnitude = "(y[j] < 0 ? -y[j] : y[j])"
        allowed = f"(double)MODEL_TOLERANCE * model_deviation[j] + {magnitude} * DBL_EPSILON"
    return {
        "tolerance": number(rows.tolerance, text.form.dtype),
        "unit": unit,
        "allowed": allowed,
        "rows": str(len(rows.inputs)),
        "stack": str(text.scratch * text.form.dtype.itemsize + rows.outputs[0].nbytes),
        "test_inputs": _rows(rows.inputs),
        "test_outputs": _rows(rows.outputs),
        "test_flash": str(rows.inputs.nbytes + rows.outputs.nbytes),
    }


def _rows(values: npt.NDArray[Any]) -> str:
    rows = [[number(value, values.dtype) for value in row] for row in values.tolist()]
    return ",\n".join("    {\n" + "\n".join(filled(row, "      ")) + "\n    }" for row in rows)


def _names(text: NetworkText, prefix: str, function: str, what: str, names: Sequence[str]) -> list[str]:
    """Return a function that knows names, in which a user's text stays as it is."""
    strings = "\n".join(filled([string(name, what) for name in names], "    "))
    slots = {"what": what, "function": function, "names": str(len(names))}
    (renamed,) = _renamed(frame(["names"], text.form, {**slots, "strings": "@strings@"}), prefix)
    return [renamed.replace("@strings@", strings)]
