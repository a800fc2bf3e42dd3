"""A table in memory, and what one cell of a file says: a number, nothing, or text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from fastmlp._checks.text import LONGEST_NAME, shortened

# what R, pandas, databases, spreadsheets and the UCI archive write where there is no value, besides NaN
MISSING = frozenset({"", "NA", "N/A", "n/a", "null", "NULL", "None", "<NA>", "#N/A", "#NA", "?"})


@dataclass(frozen=True)
class Table:
    """Features (rows, columns) with their names, and the target's cells as they are written.

    ``target`` is text (objects) from CSV, numbers or text from NPZ; ``skipped_index`` says that a first column without
    a name was left out.
    """

    features: npt.NDArray[np.float64]
    feature_names: list[str]
    target: npt.NDArray[Any] | None
    target_name: str | None
    skipped_index: bool = False


def is_number(cell: str) -> bool:
    """Whether a cell holds a number; Python's own 1_000 is text in a table."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no value."""
    return cell in MISSING or (is_number(cell) and math.isnan(float(cell)))


def is_code(cell: str) -> bool:
    """Whether a cell of digits is a name rather than a number: 007, but not 0.7."""
    digits = cell.lstrip("+-")
    return len(digits) > 1 and digits[0] == "0" and digits[1].isdecimal()


def name_of_number(number: Any) -> str:
    """Return the class name of a number: 1 for 1.0."""
    return str(int(number)) if number == int(number) else str(number)


def number_written(cell: str) -> float | None:
    """Return the number that a cell writes as Python and NumPy do, 1 or 1.0; None for text and for 01, 1.10, 1E5."""
    if not is_number(cell):
        return None
    number = float(cell)
    return number if math.isfinite(number) and cell in (repr(number), name_of_number(number)) else None


def quoted(text: str) -> str:
    """Return a cell or a name as a sentence shows it."""
    return shortened(repr(text), LONGEST_NAME)


def refuse_target(place: str, cell: str) -> NoReturn:
    """Raise the error of a target that is missing."""
    what = f"{cell!r} stands for a missing value" if cell else "the target is empty"
    raise ValueError(f"{place}: {what}; remove rows without a target, or give the class another name.")
