"""Where a command writes, and how: not over what it reads, under no name of another format, and nothing raw."""

from __future__ import annotations

import os
from pathlib import Path

from fastmlp._checks.text import printable
from fastmlp._files.atomic import check_destination
from fastmlp.cli._sources import STANDARD_INPUT

# what a file of such a name is taken for by other programs, and by the next one who sees it
FORMATS = {
    ".csv": "a table",
    ".tsv": "a table with tabs",
    ".parquet": "a Parquet table",
    ".xls": "a spreadsheet",
    ".xlsx": "a spreadsheet",
    ".npy": "an array",
    ".npz": "arrays",
    ".safetensors": "a model",
    ".onnx": "an ONNX model",
    ".pt": "a PyTorch model",
    ".pth": "a PyTorch model",
    ".h5": "a Keras model",
    ".keras": "a Keras model",
    ".pkl": "a pickle",
    ".joblib": "a pickle",
    ".json": "JSON",
    ".png": "a PNG picture",
    ".jpg": "a JPEG picture",
    ".jpeg": "a JPEG picture",
    ".svg": "an SVG picture",
    ".pdf": "a PDF",
    ".gz": "a packed file",
    ".zip": "an archive",
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
    given = Path(path).suffix.lower()
    if given in FORMATS and given != suffix:
        raise ValueError(
            f"{path} is the name of {FORMATS[given]}, but {written} is written: give a name that ends in {suffix}."
        )
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
