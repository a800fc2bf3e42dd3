"""What the columns of a table stand for: numbers, bools or categories; learned when a model is fitted, and kept.

A missing number becomes the median of its column, a category a column of 0 and 1. Where text could be taken for
something else than it is, the user is told. How a table is taken apart is in columns.py, how text is read as numbers in
text_numbers.py; scaling the numbers is left to the networks (recipe.py).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from numbers import Real
from reprlib import repr as shortened
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from fastmlp._checks.caller import warn_caller
from fastmlp.sklearn._tabular.columns import Cells, Column, Numbers, Table, columns_of, refuse_date
from fastmlp.sklearn._tabular.encoded import Encoded
from fastmlp.sklearn._tabular.text_numbers import (
    PLAIN,
    Reading,
    is_missing,
    look_like_dates,
    looks_like_numbers,
    reading_of,
)

Array = npt.NDArray[Any]

# A column of categories becomes at most so many columns of 0 and 1, since those of rare categories are almost all 0.
# Where it has more categories, the rarest of them share the last of these columns.
MOST_CATEGORIES = 100
# the networks compute in float32
LARGEST = float(np.finfo(np.float32).max)
MEND = "make them numbers, with NaN where one is missing"


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers: how its text is read, what a missing one is taken for, whether networks put it in bins."""

    reading: Reading
    median: float
    in_bins: bool = False

    @classmethod
    def of(cls, column: Column, index: int, reading: Reading) -> NumberColumn:
        """Learn the median."""
        values = _numbers_of(column, index, reading)
        present = values[~np.isnan(values)]
        return cls(reading, float(np.median(present)) if len(present) else 0.0)

    def encode(self, column: Column, index: int) -> Array:
        """Return the numbers, none missing; as bytes where they are 0 and 1."""
        return _filled(_numbers_of(column, index, self.reading), self.median)


@dataclass(frozen=True)
class OrderColumn:
    """A column of categories in order, known by their text: the number of a category is its place, from 0.

    One that is not among them is taken for missing.
    """

    places: dict[str, int]
    median: float

    @classmethod
    def of(cls, cells: Cells, order: list[object]) -> OrderColumn:
        """Learn the order and the median."""
        names = list(dict.fromkeys(_name_of(value, is_bool=False) or "" for value in order))
        column = cls({name: place for place, name in enumerate(names)}, 0.0)
        places = column._places_of(cells)
        present = places[~np.isnan(places)]
        return replace(column, median=float(np.median(present))) if len(present) else column

    def encode(self, column: Column, index: int) -> Array:
        """Return the numbers, none missing; as bytes where they are 0 and 1."""
        return _filled(self._places_of(_as_cells(column)), self.median)

    def _places_of(self, cells: Cells) -> npt.NDArray[np.float64]:
        found = [self.places.get(_name_of(value, is_bool=False) or "", np.nan) for value in cells.values]
        return np.array([*found, np.nan], np.float64)[cells.places]


@dataclass(frozen=True)
class CategoryColumn:
    """A column of categories, known by their text: 1, 1.0, True and "1" are one, whatever the column's type is today.

    ``places`` says which column of 0 and 1 is that of a category, None being what is missing. Where ``is_bool``, the
    text True is True.
    """

    places: dict[str | None, int]
    is_bool: bool

    @classmethod
    def of(cls, cells: Cells, *, is_bool: bool) -> CategoryColumn:
        """Learn the categories."""
        names, counts = [_name_of(value, is_bool=is_bool) for value in cells.values], _counts(cells)
        # several values have one name, and the last count is of those that are missing
        total: dict[str | None, int] = dict.fromkeys(sorted({name for name in names if name is not None}), 0)
        for name, count in zip([*names, None], counts, strict=True):
            total[name] = total.get(name, 0) + int(count)
        known = [name for name, count in total.items() if count]
        by_count = sorted(known, key=lambda name: total[name])
        rare = set(by_count[: -(MOST_CATEGORIES - 1)]) if len(known) > MOST_CATEGORIES else set()
        frequent = [name for name in known if name not in rare]
        places = {name: place for place, name in enumerate(frequent)} | dict.fromkeys(rare, len(frequent))
        return cls(places, is_bool)

    @property
    def width(self) -> int:
        """The number of columns of 0 and 1."""
        return len(set(self.places.values()))

    def encode(self, column: Column, index: int) -> Array:
        """Return the place of each row's category, -1 where it was not seen."""
        cells = _as_cells(column)
        names = [*(_name_of(value, is_bool=self.is_bool) for value in cells.values), None]
        return np.array([self.places.get(name, -1) for name in names], np.int8)[cells.places]


TableColumn: TypeAlias = NumberColumn | OrderColumn | CategoryColumn


class TableEncoder:
    """What a table's columns stand for, learned from training data.

    Attributes
    ----------
    columns : list of NumberColumn, OrderColumn or CategoryColumn
    """

    def fit(self, X: Table) -> TableEncoder:
        """Learn categories and medians."""
        self.fit_encode(X)
        return self

    def fit_encode(self, X: Table, *, with_bins: bool = False) -> Encoded:
        """Learn categories and medians, and return the table that they were learned from.

        Where there are bins, they are for the numbers that are not all 0 or 1.
        """
        self.columns: list[TableColumn] = []
        arrays = []
        for index, column in enumerate(columns_of(X)):
            known = _learned(column, index)
            arrays.append(known.encode(column, index))
            if with_bins and isinstance(known, NumberColumn) and arrays[-1].dtype != np.uint8:
                known = replace(known, in_bins=True)
            self.columns.append(known)
        if not arrays:
            raise ValueError("X has no columns: give at least one.")
        return self._encoded(arrays)

    def encode(self, X: Table) -> Encoded:
        """Return a table of the same columns."""
        pairs = enumerate(zip(self.columns, columns_of(X), strict=True))
        return self._encoded([known.encode(column, index) for index, (known, column) in pairs])

    def transform(self, X: Table) -> Array:
        """Return numbers (rows, columns): those of the table, those in bins first, then a column for each category."""
        return self.encode(X).dense()

    @property
    def is_category(self) -> list[bool]:
        """Whether a column is one of categories, for each."""
        return [isinstance(column, CategoryColumn) for column in self.columns]

    @property
    def n_in_bins(self) -> int:
        """The number of columns that networks put in bins."""
        return sum(isinstance(column, NumberColumn) and column.in_bins for column in self.columns)

    @property
    def numbers(self) -> list[int]:
        """The columns that are no categories, as networks have them: those in bins come first."""
        found = [index for index, column in enumerate(self.columns) if not isinstance(column, CategoryColumn)]
        return sorted(found, key=lambda index: not getattr(self.columns[index], "in_bins", False))

    def _encoded(self, arrays: list[Array]) -> Encoded:
        pairs = list(zip(self.columns, arrays, strict=True))
        return Encoded(
            [arrays[index] for index in self.numbers],
            [array for column, array in pairs if isinstance(column, CategoryColumn)],
            [column.width for column in self.columns if isinstance(column, CategoryColumn)],
        )


def _learned(column: Column, index: int) -> TableColumn:
    """Return what a column stands for."""
    if isinstance(column, Numbers):
        return NumberColumn.of(column, index, PLAIN)
    if column.order is not None:
        return OrderColumn.of(column, column.order)
    name, values = shortened(column.name), column.values
    if _are_bools(values):
        return CategoryColumn.of(column, is_bool=True)
    if column.is_category and len(values) <= MOST_CATEGORIES:
        return CategoryColumn.of(column, is_bool=False)
    found = reading_of(values)
    if found is not None and not (column.is_category and _are_whole(values, found.reading)):
        if found.doubtful is not None:
            number = found.reading.number(found.doubtful)
            warn_caller(
                f"column {name} holds {shortened(found.doubtful)}, which was read as {number:.15g} and could be "
                f"{found.otherwise:.15g}: {MEND}, if that is wrong."
            )
        return NumberColumn.of(column, index, found.reading)
    day = look_like_dates(values)
    if day is not None:
        refuse_date(column.name, f"holds {shortened(day)}")
    if not column.is_category:
        wrong = looks_like_numbers(values)
        if wrong is not None:
            warn_caller(
                f"column {name} looks like numbers, but holds {shortened(wrong)}, and was taken as "
                f"{len(values)} categories: {MEND}, or give the column the dtype category, if they are categories."
            )
    return CategoryColumn.of(column, is_bool=False)


def _numbers_of(column: Column, index: int, reading: Reading) -> npt.NDArray[np.float64]:
    """Return the numbers of a column, NaN where one is missing; what is none is an error."""
    if isinstance(column, Numbers) and not reading.is_percent:
        values = column.values
    else:
        cells = _as_cells(column)
        try:
            numbers = [reading.number(value) for value in cells.values]
        except OverflowError:
            raise ValueError(f"column {shortened(cells.name)} holds a number beyond all floats: scale it.") from None
        if None in numbers:
            wrong = cells.values[numbers.index(None)]
            held = "percentages" if reading.is_percent else "numbers"
            raise ValueError(f"column {index} held {held} when the model was fitted and holds {shortened(wrong)} now.")
        values = np.array([*numbers, np.nan], np.float64)[cells.places]
    far = np.abs(values) > LARGEST
    if far.any():
        raise ValueError(f"column {index} holds {values[far][0]:g}, which float32 cannot hold: scale it.")
    return values


def _filled(values: npt.NDArray[np.float64], median: float) -> Array:
    """Return numbers with the median in the place of missing ones; as bytes where they are 0 and 1."""
    values = np.where(np.isnan(values), median, values)  # another array: the first may be the user's
    is_bytes = ((values == 0) | (values == 1)).all()
    return values.astype(np.uint8) if is_bytes else values


def _as_cells(column: Column) -> Cells:
    if isinstance(column, Cells):
        return column
    different, places = np.unique(column.values, return_inverse=True)
    present = different[~np.isnan(different)]
    # NaN comes last
    return Cells(column.name, present.tolist(), np.where(places < len(present), places, -1))


def _counts(cells: Cells) -> npt.NDArray[np.intp]:
    """Return how many rows have each of the values, and last how many have none."""
    return np.roll(np.bincount(cells.places + 1, minlength=len(cells.values) + 1), -1)


def _name_of(value: object, *, is_bool: bool) -> str | None:
    if is_bool and isinstance(value, str):
        text = value.strip().lower()
        if text in ("true", "false"):
            return str(int(text == "true"))
        return None if is_missing(text) else value
    if isinstance(value, Real | np.bool_):
        number: Any = value
        return str(int(number) if number == number // 1 else number)
    return str(value)


def _are_bools(values: list[object]) -> bool:
    """Return whether all values are bools or the text of one, or text that marks a missing one."""
    names = [
        isinstance(value, bool | np.bool_) or (isinstance(value, str) and value.strip().lower() in ("true", "false"))
        for value in values
        if not (isinstance(value, str) and is_missing(value))
    ]
    return bool(names) and all(names)


def _are_whole(values: list[object], reading: Reading) -> bool:
    """Return whether all numbers are whole."""
    numbers = [reading.number(value) for value in values if not isinstance(value, int)]
    return all(number is None or math.isnan(number) or number.is_integer() for number in numbers)
