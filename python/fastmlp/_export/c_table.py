"""A model for tables as one header of C99 and C++11: several networks, what columns stand for, and what is averaged.

What a column is, the caller says (sklearn/_tabular); the networks are written in c_network.py, each under names with
its number. A row is of doubles: a number, or the number of a category, or NaN for what is missing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastmlp._export.c_assembly import (
    assembled,
    check_path,
    in_units,
    names_function,
    slots_of,
    with_strings,
    write_text,
)
from fastmlp._export.c_inputs import WIDE, Inputs
from fastmlp._export.c_network import OUTPUT_TIMES, NetworkText, network_text
from fastmlp._export.c_tests import CANDIDATES, TestRows, best_rows, spread, tolerance_of
from fastmlp._export.c_text import check_prefix, filled, number, string
from fastmlp._export.constants import DOUBLE
from fastmlp._export.origin import origin_of_estimator
from fastmlp._export.templates import frame, functions
from fastmlp._files.estimator_file import Estimator
from fastmlp._model.evaluation import averaged, forward
from fastmlp._model.model import Model

# what is a network's own where several stand in one file
OWN = re.compile(r"\bmodel_(?=(?:forward|shift|scale|embedding_\w+|weights_\d+|bias_\d+)\b)")
# sums, outputs of one network, and outputs of which a class is made, behind the scratch of a network
PLACES = 3


class ValueUnits(NamedTuple):
    """What outputs are multiplied by and what is added, and between which values they are kept."""

    mean: float
    deviation: float
    least: float
    greatest: float


class TableContent(NamedTuple):
    """A fitted estimator for tables.

    Attributes
    ----------
    estimator : Estimator
        As its file holds it.
    columns : list
        Of a column of numbers what a missing one is taken for; of one of categories the number of each, that of None
        being of what is missing.
    feature_names, classes : list of str or None
        Without classes there are units.
    first : set of int
        Columns of numbers that networks see before the others.
    repeats : list of int
        How often each network counts in the average; none: once each.
    smoothing, least : float
        Label smoothing of the training, and the least probability.
    units : ValueUnits or None
    """

    estimator: Estimator
    columns: list[float | Mapping[str | None, int]]
    feature_names: list[str] | None
    classes: list[str] | None = None
    smoothing: float = 0.0
    least: float = 0.0
    units: ValueUnits | None = None
    first: frozenset[int] = frozenset()
    repeats: Sequence[int] = ()

    @property
    def times(self) -> list[int]:
        """How often each network counts."""
        return list(self.repeats) or [1] * len(self.estimator.networks)


class SeenColumn(NamedTuple):
    """A column that networks see: the table's column that it is of, its category or -1, and what it is for NaN."""

    column: int
    category: int
    fill: float


def write(content: TableContent, path: str | os.PathLike[str], *, name: str = "model") -> None:
    """Write the header; what cannot be written leaves no file."""
    check_path(path)
    write_text(path, header(content, name=name))


def header(content: TableContent, *, name: str = "model") -> str:
    """Return the text of the header."""
    prefix = check_prefix(name)
    origin = origin_of_estimator(content.estimator)
    seen = _seen_columns(content)
    # with numbers among them rows are scaled in double, as those of float64 are
    is_wide = any(column.category < 0 for column in seen)
    inputs = Inputs("double", "model_seen(x, j)" if is_wide else "(float)model_seen(x, j)", is_wide)
    models = [one.model for one in content.estimator.networks]
    architecture = models[0].architecture
    text = _joined([network_text(model, inputs) for model in models], content, architecture.n_outputs)
    slots = slots_of(architecture, text, _rows_for_test(content, models, seen, is_wide=is_wide), origin)
    slots |= _slots(content, text, seen, architecture.n_outputs)
    calls = ["predict_values"] if content.classes is None else ["predict_many", "proba_table"]
    code = [
        *functions(text.needs, text.form),
        *(part.replace("model_", "model_wide_") for part in functions(text.input_needs, WIDE)),
        *([] if content.units is None else [OUTPUT_TIMES]),
        *frame(["seen"], text.form, slots),
        *text.arrays,
        *text.functions,
        *frame(["table_forward", *calls, "selftest"], text.form, slots),
    ]
    return assembled(prefix, text.form, slots, code, _named(content, prefix))


def _seen_columns(content: TableContent) -> list[SeenColumn]:
    """Return what networks see: the columns of numbers, then one for each category."""
    numbers, categories = [], []
    for index, column in enumerate(content.columns):
        if isinstance(column, Mapping):
            places = range(len(set(column.values())))
            categories += [SeenColumn(index, place, float(column.get(None) == place)) for place in places]
        else:
            numbers.append(SeenColumn(index, -1, float(column)))
    return sorted(numbers, key=lambda seen: seen.column not in content.first) + categories


def _joined(texts: list[NetworkText], content: TableContent, outputs: int) -> NetworkText:
    """Return all networks as one."""
    first = texts[0]
    joined = NetworkText(first.form, first.inputs, first.form.real if content.units is None else "double")
    for index, text in enumerate(texts):
        joined.needs += text.needs
        joined.input_needs += text.input_needs
        joined.arrays += [OWN.sub(f"model_{index}_", part) for part in text.arrays]
        joined.functions += [OWN.sub(f"model_{index}_", part) for part in text.functions]
        joined.flash += text.flash
    joined.scratch = max(text.scratch for text in texts) + PLACES * outputs
    joined.outputs_at = joined.scratch - outputs
    return joined


def _slots(content: TableContent, text: NetworkText, seen: list[SeenColumn], outputs: int) -> dict[str, str]:
    form, lines = text.form, []
    for index, times in enumerate(content.times):
        counted = "" if times == 1 else f"{number(float(times), form.dtype)} * "
        if index:
            lines.append(f"  model_{index}_forward(x, one, scratch);")
            lines.append(f"  for (j = 0; j < MODEL_OUTPUTS; ++j) sum[j] += {counted}one[j];")
        else:
            lines.append("  model_0_forward(x, sum, scratch);")
            if counted:
                lines.append(f"  for (j = 0; j < MODEL_OUTPUTS; ++j) sum[j] = {counted}sum[j];")
    slots = {
        "of_nan": "NaN among the numbers of a row is a missing one",
        "kind": f"Means of {len(content.times)} networks",
        "seen": str(len(seen)),
        "seen_columns": "\n".join(filled([str(column.column) for column in seen], "    ")),
        "seen_categories": "\n".join(filled([str(column.category) for column in seen], "    ")),
        "seen_fills": "\n".join(filled([number(column.fill, DOUBLE.dtype) for column in seen], "    ")),
        "sum_at": str(text.scratch - PLACES * outputs),
        "one": f"*const one = scratch + {text.scratch - (PLACES - 1) * outputs}, " if len(content.times) > 1 else "",
        "members": "\n".join(lines),
        "member_count": number(float(sum(content.times)), form.dtype),
        "mean": "mean",
        "smoothed": number(content.smoothing / outputs, form.dtype),
        "unsmoothed": number(1.0 - content.smoothing, form.dtype),
        "least": number(content.least, form.dtype),
        "inputs": str(len(content.columns)),
        "classes": str(outputs),
        "input_dtype": "float64",
        "called": "memcpy and strcmp",
    }
    if content.units is not None:
        mean, deviation, least, greatest = (number(value, DOUBLE.dtype) for value in content.units)
        scaled = f"model_output_times((double)mean, {deviation}) + {mean}".replace("+ -", "- ")
        slots |= {"mean": f"{scaled};\n    y[j] = y[j] < {least} ? {least} : y[j] > {greatest} ? {greatest} : y[j]"}
        slots |= in_units(deviation)
    return slots


def _rows_for_test(content: TableContent, models: list[Model], seen: list[SeenColumn], *, is_wide: bool) -> TestRows:
    """Return rows of numbers, of each category and of none, and what comes of them in Python."""
    columns = models[0].columns
    assert columns is not None
    z = spread(CANDIDATES, len(content.columns))
    rows = np.zeros(z.shape)
    widths = {column.column: column.category + 1 for column in seen}
    for place, column in enumerate(seen):
        if column.category < 0:
            scale = columns.scale[place]
            rows[:, column.column] = columns.shift[place] + (z[:, column.column] / scale if scale else 0.0)
        else:
            share = (z[:, column.column] - z.min()) / np.ptp(z)
            rows[:, column.column] = np.floor(share * (widths[column.column] + 0.99)) - 1.0
    parts = [rows[:, of.column] if of.category < 0 else rows[:, of.column] == of.category for of in seen]
    X = np.column_stack(parts).astype(np.float64 if is_wide else np.float32)
    outputs: npt.NDArray[Any] = averaged([forward(model, X) for model in models], content.times)
    if content.units is not None:
        mean, deviation, least, greatest = content.units
        outputs = np.clip(outputs.astype(np.float64) * deviation + mean, least, greatest)
    return best_rows(rows, outputs, [max(tolerance_of(model, row) for model in models) for row in X])


def _named(content: TableContent, prefix: str) -> list[str]:
    """Return the functions that know names of categories, classes and columns."""
    known = [
        f"{{{index}, {category}, {string(name, 'a category')}}}"
        for index, column in enumerate(content.columns)
        if isinstance(column, Mapping)
        for name, category in column.items()
        if name is not None
    ]
    found = [with_strings(prefix, "category", {}, known)] if known else []
    for function, what, names in (
        ("class_name", "a class", content.classes),
        ("feature_name", "a column", content.feature_names),
    ):
        if names is not None:
            found.append(names_function(prefix, function, what, names))
    return found
