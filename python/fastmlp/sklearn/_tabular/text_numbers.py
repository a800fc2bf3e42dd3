"""Numbers as people write them: which way of writing the text of a column keeps to, and what a cell then says.

A column is read in one way, found when a model is fitted and kept. It is numbers only where every cell is one, or marks
a missing value; 007 is a code. Which columns are asked, and what is told to the user, is encoder.py's.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from numbers import Real
from typing import NamedTuple

import numpy as np

# what R, pandas, SAS, databases, spreadsheets and the UCI archive write where there is no value, in lower case
MISSING = frozenset(
    {"", "?", "-", "--", "\u2013", "\u2014", ".", "na", "n/a", "#n/a", "#na", "<na>", "nan", "nat", "null", "none"}
)
TYPED = (Real, Decimal, np.bool_)
# other spaces that stand between thousands, and the minus sign of typesetting
AS_TYPED = str.maketrans({"\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2019": "'", "\u2212": "-"})

# so many different texts with one unit are worth a word; fewer do as well as categories
MANY_WITH_A_UNIT = 10
# digits in groups of any country, with a mark, a currency or a unit around them
WITH_A_UNIT = re.compile(
    r"(?P<before>[^\w\s]{0,3} ?|[A-Z]{3} )[+-]?\d{1,3}(?:\d*|(?:[,. ']\d{2,3})+)(?:[,.]\d+)?(?P<after>\D{0,12})",
    re.ASCII,
)
_DAY, _MONTH = "(?:0?[1-9]|[12][0-9]|3[01])", "(?:0?[1-9]|1[0-2])"
_TIME = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)? ?(?:[AaPp][Mm]|Z|[+-]\d{2}:?\d{2})?"
# 2020-01-31, 31.1.2020, 1/31/20, with a time or without; and a time of day alone
DATE = re.compile(
    rf"(?:\d{{4}}(?P<a>[-/.]){_MONTH}(?P=a){_DAY}|{_DAY}(?P<b>[-/.]){_DAY}(?P=b)\d{{4}}|{_DAY}/{_DAY}/\d{{2}})"
    rf"(?:[T ]{_TIME})?|\d{{2}}:\d{{2}}(?::\d{{2}}(?:\.\d+)?)?",
    re.ASCII,
)
CODE = re.compile(r"\d+", re.ASCII)


@dataclass(frozen=True)
class Reading:
    """How text is read as a number.

    Parameters
    ----------
    decimal : str
        The mark before the decimals.
    thousands : str
        The mark between groups of three digits; empty: there are no groups.
    is_percent : bool
        Whether every number is followed by a percent sign.
    """

    decimal: str = "."
    thousands: str = ""
    is_percent: bool = False

    def number(self, cell: object) -> float | None:
        """Return the number of a cell, NaN where its text marks a missing value, None where it is no number."""
        if not isinstance(cell, str):
            return float(cell) if isinstance(cell, TYPED) and not self.is_percent else None
        if is_missing(cell):
            return math.nan
        text = cell.strip().translate(AS_TYPED)
        if self.is_percent:
            text, sign = text[:-1].rstrip(), text[-1:]
            if sign != "%":
                return None
        if not _pattern(self.decimal, self.thousands).fullmatch(text):
            return None
        if self.thousands:
            text = text.replace(self.thousands, "")
        return float(text.replace(self.decimal, "."))


PLAIN = Reading()
# marks before the decimals and between thousands; the first pair that can read a column does
WAYS = [(".", ""), (".", ","), (",", ""), (",", "."), (".", " "), (",", " "), (".", "'"), (",", "'")]


@cache
def _pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    grouped = rf"|[1-9]\d{{0,2}}(?:{re.escape(thousands)}\d{{3}})+" if thousands else ""
    point = re.escape(decimal)
    return re.compile(
        rf"[+-]?(?:(?:0|[1-9]\d*{grouped})(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?|[+-]?(?:inf|infinity)",
        re.ASCII | re.IGNORECASE,
    )


class Found(NamedTuple):
    """A way to read all cells of a column; ``doubtful`` is one that another way reads as ``otherwise``, if any is."""

    reading: Reading
    doubtful: str | None = None
    otherwise: float = math.nan


def is_missing(text: str) -> bool:
    """Return whether a text marks a missing value."""
    return text.strip().lower() in MISSING


def reading_of(cells: Sequence[object]) -> Found | None:
    """Return how all the different cells of a column are read as numbers, None where they are none."""
    texts = [cell for cell in cells if isinstance(cell, str) and not is_missing(cell)]
    others = [cell for cell in cells if not isinstance(cell, str)]
    if not (texts or others) or not all(isinstance(cell, TYPED) for cell in others):
        return None
    is_percent = bool(texts) and not others and all(text.rstrip().endswith("%") for text in texts)
    # groups are looked for only where there is such a mark: a column may have millions of different texts
    marks = set(",. '") & set("".join(texts).translate(AS_TYPED))
    ways = [Reading(*way, is_percent) for way in WAYS if not way[1] or way[1] in marks]
    found = [reading for reading in ways if all(reading.number(text) is not None for text in texts)]
    return _doubted(texts, *found) if found else None


def _doubted(texts: Sequence[str], first: Reading, *others: Reading) -> Found:
    """Return the first of the readings, with a text that another of them reads as another number."""
    values = np.array([first.number(text) for text in texts], dtype=np.float64)
    for other in others:
        otherwise = np.array([other.number(text) for text in texts], dtype=np.float64)
        differ = np.flatnonzero(values != otherwise)
        # decimals in every cell, read as thousands, would be the same numbers on another scale
        is_another_scale = not first.thousands and len(differ) == np.count_nonzero(values)
        if len(differ) and not is_another_scale:
            return Found(first, texts[differ[0]], float(otherwise[differ[0]]))
    return Found(first)


def looks_like_numbers(cells: Sequence[object]) -> object | None:
    """Return one of the different cells that is no number, where so many others are that it seems to be one's mishap.

    These are more than half of them; or more than half are numbers with the same unit, and not just a few. Codes are
    not meant: digits of which some begin with a zero.
    """
    present = [cell for cell in cells if not (isinstance(cell, str) and is_missing(cell))]
    if all(isinstance(cell, str) and CODE.fullmatch(cell.strip()) for cell in present):
        return None
    wrong = [cell for cell in present if not _is_number(cell)]
    if 2 * len(wrong) < len(present):
        # numbers all, perhaps, but written in several ways
        texts = (cell for cell in present if isinstance(cell, str))
        return wrong[0] if wrong else next(text for text in texts if PLAIN.number(text) is None)
    units: Counter[tuple[str, str]] = Counter()
    for cell in wrong:
        match = WITH_A_UNIT.fullmatch(cell.strip().translate(AS_TYPED)) if isinstance(cell, str) else None
        if match:
            units[match["before"].strip(), match["after"].strip()] += 1
    alike = len(present) - len(wrong) + max(units.values(), default=0)
    return wrong[0] if alike >= MANY_WITH_A_UNIT and 2 * alike > len(present) else None


def look_like_dates(cells: Sequence[object]) -> str | None:
    """Return a date, or a time of day, where more than half of the different cells are some written as text."""
    present = [cell for cell in cells if not (isinstance(cell, str) and is_missing(cell))]
    dates = [cell for cell in present if isinstance(cell, str) and DATE.fullmatch(cell.strip())]
    return dates[0] if 2 * len(dates) > len(present) else None


def _is_number(cell: object) -> bool:
    """Return whether a cell is a number in one way of writing or another."""
    if not isinstance(cell, str):
        return isinstance(cell, TYPED)
    is_percent = cell.rstrip().endswith("%")
    return any(Reading(*way, is_percent).number(cell) is not None for way in WAYS)
