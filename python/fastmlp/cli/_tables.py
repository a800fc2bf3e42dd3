"""Reading a table of numbers with a named target: CSV with a header line, or NPZ with an array X.

Numbers come back as float64 and the target as it is written; what the target means, and scaling, is decided in
_preparation.py. An error names the file, the line and the column.
"""

from __future__ import annotations

import csv
import os
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import listed

DEFAULT_NPZ_TARGET = "y"


@dataclass(frozen=True)
class Table:
    """Features (rows, columns) with their names, and the target's cells: text from CSV, numbers or text from NPZ."""

    features: npt.NDArray[np.float64]
    feature_names: list[str]
    target: npt.NDArray[Any] | None
    target_name: str | None


def read_table(
    path: str | os.PathLike[str],
    *,
    target: str | None = None,
    features: Sequence[str] | None = None,
    need_target: bool = True,
) -> Table:
    r"""Read a table from a ``.csv`` or ``.npz`` file.

    Parameters
    ----------
    path : path
        The file; anything that does not end in ``.npz`` is read as CSV.
    target : str, optional
        Column of the target in a CSV, array of the target in an NPZ (by default "y").
    features : sequence of str, optional
        Columns to take as features, in this order, others left out; by default all but the target. In an NPZ the
        features are the columns of X, named x0, x1, ...
    need_target : bool, default True
        Whether a missing target is an error; without it, a target that is there is left out of the features.

    Returns
    -------
    Table

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The file is not such a table; the sentence says where.

    Examples
    --------
    >>> import os, tempfile
    >>> from fastmlp.cli._tables import read_table
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "flowers.csv")
    ...     with open(path, "w") as file:
    ...         _ = file.write("length,width,kind\n5.1,3.5,setosa\n7.0,3.2,versicolor\n")
    ...     table = read_table(path, target="kind")
    >>> table.feature_names, table.target.tolist()
    (['length', 'width'], ['setosa', 'versicolor'])
    """
    place = Path(path)
    if not place.is_file():
        raise FileNotFoundError(f"{place} is not a file: give the path of a CSV or NPZ file.")
    if place.suffix.lower() == ".npz":
        return _read_npz(place, target, need_target)
    return _read_csv(place, target, features, need_target)


def _read_csv(path: Path, target: str | None, features: Sequence[str] | None, need_target: bool) -> Table:
    # utf-8-sig: spreadsheets write a byte order mark; newline="": the csv module's own rule
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            names = _header(path, next(reader, []))
            if need_target and target not in names:
                missing = "give the target" if target is None else f"there is no column {target!r}"
                raise ValueError(f"{path}: {missing}; the columns are {listed(names)}.")
            wanted = [name for name in names if name != target] if features is None else list(features)
            absent = [name for name in wanted if name not in names]
            if absent:
                what = "column" if len(absent) == 1 else "columns"
                raise ValueError(f"{path} lacks the {what} {listed(absent)}; its columns are {listed(names)}.")
            if not wanted:
                raise ValueError(f"{path} has no column but the target {target!r}: there is nothing to learn from.")
            positions = [names.index(name) for name in wanted]
            target_position = names.index(target) if target is not None and target in names else None
            numbers, labels = array("d"), []
            for line, cells in _rows(path, reader, len(names)):
                taken = [cells[position] for position in positions]
                try:
                    numbers.extend(list(map(float, taken)))
                except ValueError:
                    _explain_cells(path, line, wanted, taken)
                # float takes 1_000 for 1000
                if "_" in "".join(taken):
                    _explain_cells(path, line, wanted, taken)
                if target_position is not None:
                    label = cells[target_position].strip()
                    if not label:
                        raise ValueError(f"{path}, line {line}, column {target!r}: the target is empty.")
                    labels.append(label)
        except UnicodeDecodeError as error:
            raise ValueError(f"{path} is not UTF-8 text ({error.reason}): save it as CSV in UTF-8.") from None
        except csv.Error as error:
            raise ValueError(f"{path}, line {reader.line_num}: this is not CSV ({error}).") from None
    values = np.frombuffer(numbers, dtype=np.float64).reshape(-1, len(wanted))
    if not len(values):
        raise ValueError(f"{path} has no rows below its header.")
    if not np.isfinite(values).all():
        row, column = (int(index[0]) for index in np.nonzero(~np.isfinite(values)))
        raise ValueError(
            f"{path}, row {row + 1} below the header, column {wanted[column]!r}: {values[row, column]} is not finite; "
            "remove or fill missing values first."
        )
    return Table(values, wanted, np.array(labels) if labels else None, target)


def _header(path: Path, cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    if not any(names):
        raise ValueError(f"{path} is empty: a table begins with a line of column names.")
    if all(is_number(name) for name in names):
        raise ValueError(f"{path} begins with a line of numbers: put a line with the names of the columns above it.")
    for position, name in enumerate(names):
        if not name:
            raise ValueError(f"{path}: column {position + 1} has no name in the first line: name it or remove it.")
        if name in names[:position]:
            raise ValueError(f"{path} has two columns with the name {name!r}: rename one.")
    return names


def _rows(path: Path, reader: Any, width: int) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with its line number; empty lines may only end the file."""
    empty_line = 0
    for cells in reader:
        if not cells:
            empty_line = empty_line or reader.line_num
            continue
        if empty_line:
            raise ValueError(f"{path}, line {empty_line}: the line is empty, but rows follow; remove it.")
        if len(cells) != width:
            raise ValueError(f"{path}, line {reader.line_num}: {len(cells)} cells, but the header has {width} columns.")
        yield reader.line_num, cells


def _explain_cells(path: Path, line: int, names: Sequence[str], cells: Sequence[str]) -> None:
    name, cell = next(pair for pair in zip(names, cells, strict=True) if not is_number(pair[1]))
    what = f"{cell[:40]!r} is not a number" if cell.strip() else "the cell is empty"
    raise ValueError(f"{path}, line {line}, column {name!r}: {what}; only the target may be text.")


def _read_npz(path: Path, target: str | None, need_target: bool) -> Table:
    wanted = DEFAULT_NPZ_TARGET if target is None else target
    try:
        with path.open("rb") as file:
            # NumPy would take other bytes for a pickle and tell how to load it
            if file.read(4) not in (b"PK\x03\x04", b"PK\x05\x06"):
                raise ValueError("it is not a zip archive")
            file.seek(0)
            archive: Any = np.load(file, allow_pickle=False)
            X, y = archive.get("X"), archive.get(wanted)
            names = list(archive)
    except MemoryError:
        raise
    except Exception as error:
        # zipfile, zlib and NumPy have a dozen kinds of errors for a damaged archive
        raise ValueError(f"{path} is not an NPZ file of plain arrays ({str(error).rstrip('.')}).") from None
    for name, found, needed in (("X", X, True), (wanted, y, need_target)):
        if found is None and needed:
            raise ValueError(f"{path} has no array {name!r}; its arrays are {listed(names)}.")
    assert X is not None
    if X.ndim != 2 or X.dtype.kind not in "buif" or not X.size:
        raise ValueError(f"{path}: X must be numbers of shape (samples, inputs), got {X.dtype} {X.shape}.")
    values = X.astype(np.float64)
    if not np.isfinite(values).all():
        row, column = (int(index[0]) for index in np.nonzero(~np.isfinite(values)))
        raise ValueError(
            f"{path}: X holds {values[row, column]} in row {row}, column {column}: remove or fill it first."
        )
    if y is not None and (y.shape != (len(X),) or y.dtype.kind not in "buifU"):
        raise ValueError(f"{path}: {wanted} must be numbers or text of shape ({len(X)},), got {y.dtype} {y.shape}.")
    feature_names = [f"x{position}" for position in range(X.shape[1])]
    return Table(values, feature_names, y, wanted)


def is_number(cell: str) -> bool:
    """Whether a cell holds a number; Python's own 1_000 is text in a table."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell
