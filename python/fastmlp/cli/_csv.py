"""Reading CSV: a line with the names of the columns, then rows of numbers; the target's cells may be text.

What files look like that spreadsheets, pandas and R write is read as it is meant: delimiters, byte order mark, quotes,
a blank first line, a first column of row numbers without a name. All work is linear in rows and in columns.
"""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NoReturn

import numpy as np

from fastmlp._checks.text import listed
from fastmlp.cli._cells import Table, is_missing, is_number, quoted, refuse_target

# of which the first wins a tie
DELIMITERS = (",", ";", "\t")
# characters; an endless line would fill the memory
MAX_LINE = 2**26


def read_csv(
    path: str,
    text: io.TextIOWrapper,
    target: str | None,
    features: Sequence[str] | None,
    need_target: bool,
    delimiter: str | None,
) -> Table:
    """Return the table that a text holds; ``path`` names it in sentences, the rest is as for ``read_table``."""
    lines = _lines(path, text)
    head = _head(lines)
    reader = csv.reader(chain(head, lines), delimiter=delimiter or _sniffed(head), strict=True)
    try:
        names = _header(path, next((cells for cells in reader if any(map(str.strip, cells))), []))
        position = {name: index for index, name in enumerate(names) if name}
        if need_target and target not in position:
            missing = "give the target" if target is None else f"there is no column {quoted(target)}"
            mend = "; if there are more, give --delimiter" if len(names) == 1 else ""
            raise ValueError(f"{path}: {missing}; the columns are {listed(list(position))}{mend}.")
        wanted = [name for name in position if name != target] if features is None else list(features)
        absent = [name for name in wanted if name not in position]
        if absent:
            what = "column" if len(absent) == 1 else "columns"
            raise ValueError(f"{path} lacks the {what} {listed(absent)}; its columns are {listed(list(position))}.")
        if not wanted:
            raise ValueError(f"{path} has no column but the target {target!r}: there is nothing to learn from.")
        positions = [position[name] for name in wanted]
        numbers, labels = array("d"), []
        for line, cells in _rows(path, reader, len(names)):
            taken = [cells[index] for index in positions]
            try:
                numbers.extend(list(map(float, taken)))
            except ValueError:
                _explain_cells(path, line, wanted, taken)
            # float takes 1_000 for 1000
            if "_" in "".join(taken):
                _explain_cells(path, line, wanted, taken)
            if need_target and target is not None:
                label = cells[position[target]].strip()
                if is_missing(label):
                    refuse_target(f"{path}, line {line}, column {quoted(target)}", label)
                labels.append(label)
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: this is not CSV ({error}).") from None
    values = np.frombuffer(numbers, dtype=np.float64).reshape(-1, len(wanted))
    if not len(values):
        raise ValueError(f"{path} has no rows below its header.")
    if not np.isfinite(values).all():
        row, column = (int(index[0]) for index in np.nonzero(~np.isfinite(values)))
        raise ValueError(
            f"{path}, row {row + 1} below the header, column {quoted(wanted[column])}: {values[row, column]} is not "
            "finite; remove or fill missing values first."
        )
    # objects: an array of fixed width would give every row the room of the longest label
    return Table(values, wanted, np.array(labels, dtype=object) if labels else None, target, skipped_index=not names[0])


def _lines(path: str, text: io.TextIOWrapper) -> Iterator[str]:
    number = 0
    while line := text.readline(MAX_LINE):
        number += 1
        if len(line) == MAX_LINE:
            raise ValueError(f"{path}, line {number}: this is not CSV (the line has {MAX_LINE} characters or more).")
        yield line


def _head(lines: Iterator[str]) -> list[str]:
    """Return the lines up to the second that is not blank."""
    head: list[str] = []
    filled = 0
    while filled < 2 and (line := next(lines, "")):
        head.append(line)
        filled += not _is_blank(line)
    return head


def _is_blank(line: str) -> bool:
    return not line.strip('" \r\n' + "".join(DELIMITERS))


def _sniffed(head: Sequence[str]) -> str:
    """Return the delimiter that gives the header most columns, of those that give the next line as many."""
    lines = [line for line in head if not _is_blank(line)]

    def merit(delimiter: str) -> tuple[bool, bool, int]:
        try:
            widths = [len(cells) for cells in csv.reader(lines, delimiter=delimiter)] or [0]
        except csv.Error:
            widths = [0]
        return widths[0] > 1, min(widths) == max(widths), widths[0]

    return max(DELIMITERS, key=merit)


def _header(path: str, cells: list[str]) -> list[str]:
    """Return the names of the columns; that of the first may be empty."""
    names = [cell.strip() for cell in cells]
    if not any(names):
        raise ValueError(f"{path} is empty: a table begins with a line of column names.")
    if all(map(is_number, names)):
        raise ValueError(f"{path} begins with a line of numbers: put a line with the names of the columns above it.")
    seen: set[str] = set()
    for index, name in enumerate(names):
        if not name and index:
            raise ValueError(f"{path}: column {index + 1} has no name in the first line: name it or remove it.")
        if name in seen:
            raise ValueError(f"{path} has two columns with the name {quoted(name)}: rename one.")
        seen.add(name)
    return names


def _rows(path: str, reader: Any, width: int) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with its line number; empty lines, of delimiters perhaps, may only end the file."""
    empty_line = 0
    for cells in reader:
        if not any(map(str.strip, cells)):
            empty_line = empty_line or reader.line_num
            continue
        if empty_line:
            raise ValueError(f"{path}, line {empty_line}: the line is empty, but rows follow; remove it.")
        if len(cells) != width:
            raise ValueError(f"{path}, line {reader.line_num}: {len(cells)} cells, but the header has {width} columns.")
        yield reader.line_num, cells


def _explain_cells(path: str, line: int, names: Sequence[str], cells: Sequence[str]) -> NoReturn:
    name, cell = next(pair for pair in zip(names, cells, strict=True) if not is_number(pair[1]))
    if not cell.strip():
        what = "the cell is empty; fill it or remove the row"
    elif is_missing(cell):
        what = f"{cell.strip()!r} is a missing value; fill it or remove the row"
    elif is_number(cell.replace(",", ".", 1)):
        what = f"{quoted(cell)} is not a number; write decimals with a point"
    else:
        what = f"{quoted(cell)} is not a number; only the target may be text"
    raise ValueError(f"{path}, line {line}, column {quoted(name)}: {what}.")
