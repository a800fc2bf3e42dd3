"""Where a command writes, and how: not over what it reads, under no name of another format, and nothing raw."""

from __future__ import annotations

import os
from pathlib import Path

from fastmlp._checks.text import printable
from fastmlp._files.atomic import check_destination
from fastmlp.cli._sources import STANDARD_INPUT

# what a file of such a name is taken for by other programs, and by the next one who sees it
FORMATS = {
    ".csv": "tables",
    ".tsv": "tables",
    ".npz": "arrays",
    ".npy": "arrays",
    ".xls": "spreadsheets",
    ".xlsx": "spreadsheets",
    ".parquet": "tables",
    ".safetensors": "models",
    ".onnx": "models of other programs",
    ".pt": "models of other programs",
    ".pth": "models of other programs",
    ".h5": "models of other programs",
    ".keras": "models of other programs",
    ".pkl": "pickles",
    ".joblib": "pickles",
    ".json": "JSON",
    ".png": "pictures",
    ".gz": "packed files",
    ".zip": "archives",
}


def check_output(path: str, written: str, suffix: str, *reads: str) -> None:
    """Check a file to write before any work is done.

    Parameters
    ----------
    path : str
    written : str
        What will be written, for the sentence: "a model".
    suffix : str
        The one that suits it; names of other known formats are refused.
    reads : paths
        What the command reads, "-" for the standard input.
    """
    target = check_destination(path)
    foreign = FORMATS.get(Path(path).suffix.lower())
    if foreign is not None and Path(path).suffix.lower() != suffix:
        raise ValueError(f"{path} is a name of {foreign}, but {written} is written: give a name that ends in {suffix}.")
    for source in reads:
        if target.exists() and _is_same(target, source):
            name = "the standard input" if source == STANDARD_INPUT else source
            raise ValueError(f"{path} would be written over {name}, which is read: give another name with --out.")


def _is_same(target: Path, source: str) -> bool:
    try:
        found = os.fstat(0) if source == STANDARD_INPUT else os.stat(source)
    except OSError:
        # what is wrong with it is said where it is read
        return False
    return os.path.samestat(target.stat(), found)


def say(text: str, *, flush: bool = False) -> None:
    """Print lines for a reader; what a terminal would obey is escaped."""
    print("\n".join(map(printable, text.split("\n"))), flush=flush)
