"""Reading a table of numbers with a named target: CSV with a header line, or NPZ with an array X.

Numbers come back as float64 and the target as it is written; what the target means is decided in _preparation.py.
Files, pipes and gzip are in _sources.py, CSV in _csv.py. An error names the file, the line and the column.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fastmlp._checks.text import listed
from fastmlp.cli._cells import Table, is_missing, quoted, refuse_target
from fastmlp.cli._csv import read_csv
from fastmlp.cli._sources import Source, name_of, opened

DEFAULT_NPZ_TARGET = "y"
ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")


def read_table(
    path: str | os.PathLike[str],
    *,
    target: str | None = None,
    features: Sequence[str] | None = None,
    need_target: bool = True,
    delimiter: str | None = None,
) -> Table:
    r"""Read a table from a CSV or NPZ file, packed by gzip or not.

    Parameters
    ----------
    path : path
        A file, a pipe, or "-" for the standard input. What ends in ``.npz`` is an NPZ, and so is a pipe that begins
        like one; anything else is read as CSV.
    target : str, optional
        Column of the target in a CSV, array of the target in an NPZ (by default "y").
    features : sequence of str, optional
        Columns to take as features, in this order, others left out; by default all but the target, and but a first
        column without a name: the numbers of the rows. In an NPZ the features are the columns of X, named x0, x1, ...
    need_target : bool, default True
        Whether the target is read; without it, a target that is there is left out of the features.
    delimiter : str, optional
        What stands between the cells of a CSV; by default comma, semicolon or tab, whichever the first lines show.

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
    ...         _ = file.write("length;width;kind\n5.1;3.5;setosa\n7.0;3.2;versicolor\n")
    ...     table = read_table(path, target="kind")
    >>> table.feature_names, table.target.tolist()
    (['length', 'width'], ['setosa', 'versicolor'])
    """
    name = name_of(path)
    with opened(path) as source:
        if Path(path).suffix.lower() == ".npz" or (
            not Path(path).is_file() and source.peek(len(ZIP_MAGIC[0])).startswith(ZIP_MAGIC)
        ):
            if delimiter is not None:
                raise ValueError(f"{name} is an NPZ file, which has no delimiter: leave out --delimiter.")
            return _read_npz(name, source, target, need_target)
        # utf-8-sig: spreadsheets write a byte order mark; newline="": the csv module's own rule
        text = io.TextIOWrapper(source, encoding="utf-8-sig", newline="")
        try:
            return read_csv(name, text, target, features, need_target, delimiter)
        except UnicodeDecodeError as error:
            raise ValueError(f"{name} is not UTF-8 text ({error.reason}): save it as CSV in UTF-8.") from None
        finally:
            # or it would close the source when it is forgotten
            text.detach()


def _read_npz(path: str, source: Source, target: str | None, need_target: bool) -> Table:
    wanted = DEFAULT_NPZ_TARGET if target is None else target
    try:
        # NumPy would take other bytes for a pickle and tell how to load it
        if not source.peek(len(ZIP_MAGIC[0])).startswith(ZIP_MAGIC):
            raise ValueError("it is not a zip archive")
        archive: Any = np.load(source if source.seekable() else io.BytesIO(source.read()), allow_pickle=False)
        X, y = archive.get("X"), archive.get(wanted) if need_target else None
        names = list(archive)
    except MemoryError:
        raise
    except Exception as error:
        # zipfile, zlib and NumPy have a dozen kinds of errors for a damaged archive
        raise ValueError(f"{path} is not an NPZ file of plain arrays ({str(error).rstrip('.')}).") from None
    for name, found, needed in (("X", X, True), (wanted, y, need_target)):
        if found is None and needed:
            raise ValueError(f"{path} has no array {quoted(name)}; its arrays are {listed(names)}.")
    assert X is not None
    if X.ndim != 2 or X.dtype.kind not in "buif" or not X.size:
        raise ValueError(f"{path}: X must be numbers of shape (samples, inputs), got {X.dtype} {X.shape}.")
    values = X.astype(np.float64)
    if not np.isfinite(values).all():
        row, column = (int(index[0]) for index in np.nonzero(~np.isfinite(values)))
        raise ValueError(
            f"{path}: X holds {values[row, column]} in row {row}, column {column}: remove or fill it first."
        )
    if y is not None:
        if y.shape != (len(X),) or y.dtype.kind not in "buifU":
            raise ValueError(f"{path}: {wanted} must be numbers or text of shape ({len(X)},), got {y.dtype} {y.shape}.")
        for row, cell in enumerate(y.tolist() if y.dtype.kind in "fU" else ()):
            if is_missing(str(cell)):
                refuse_target(f"{path}: {wanted}, row {row}", str(cell))
    feature_names = [f"x{position}" for position in range(X.shape[1])]
    return Table(values, feature_names, y, wanted)
