"""Names of files as users give them: what is a path at all, which belong to other formats, and which to models."""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from typing import Any

from fastmlp._checks.text import LONGEST_NAME, brief, shortened

MODEL_SUFFIX = ".safetensors"
# what a file of such a name is taken for by other programs, and by the next one who sees it
FORMATS = {
    ".csv": "a table",
    ".tsv": "a table with tabs",
    ".parquet": "a Parquet table",
    ".xls": "a spreadsheet",
    ".xlsx": "a spreadsheet",
    ".npy": "an array",
    ".npz": "arrays",
    MODEL_SUFFIX: "a model",
    ".onnx": "an ONNX model",
    ".pt": "a PyTorch model",
    ".pth": "a PyTorch model",
    ".h5": "a Keras model",
    ".hdf5": "a Keras model",
    ".keras": "a Keras model",
    ".pkl": "a pickle",
    ".pickle": "a pickle",
    ".joblib": "a pickle",
    ".json": "JSON",
    ".h": "C",
    ".c": "C",
    ".py": "Python",
    ".png": "a PNG picture",
    ".jpg": "a JPEG picture",
    ".jpeg": "a JPEG picture",
    ".svg": "an SVG picture",
    ".pdf": "a PDF",
    ".gz": "a packed file",
    ".zip": "an archive",
}


def check_path(path: Any, subject: str = "path", of: str = "file") -> str:
    """Return the name of a file, or ``of`` something else: a str, or what a path object stands for."""
    mend = "give a str or a pathlib.Path"
    if isinstance(path, bytes):
        raise TypeError(f"{subject} must be the name of a {of} as text, got bytes: {mend}, or os.fsdecode(path).")
    if not isinstance(path, str | os.PathLike):
        shown = shortened(f"{type(path).__module__}.{type(path).__qualname__}".removeprefix("builtins."), LONGEST_NAME)
        raise TypeError(
            f"{subject} must be the name of a {of}, got {shown}: {mend}; files in memory are not read or written."
        )
    name = os.fspath(path)
    if not isinstance(name, str):
        raise TypeError(f"{subject} must be the name of a {of} as text, but stands for bytes: {mend}.")
    if not name or not _is_possible(name):
        raise ValueError(f"{subject} is {brief(name)}, which names no {of}: {mend}.")
    return name


def _is_possible(name: str) -> bool:
    """Return whether the system takes it for a name at all, be there such a file or not."""
    try:
        os.lstat(name)
    except (ValueError, OSError) as error:
        # a NUL, half of a character, or too many bytes
        return isinstance(error, OSError) and error.errno != errno.ENAMETOOLONG
    return True


def is_written(path: str, target: str) -> bool:
    """Return whether a file is written by a name, links followed, in which "{epoch}" may stand for any number."""
    names = {path}
    # it can only be one that the other name has
    for number in map(int, re.findall("[0-9]{1,18}", os.path.basename(target))):
        with suppress(LookupError, ValueError):
            names.add(path.format(epoch=number))
    return any(
        os.path.realpath(name) == target
        or (os.path.exists(name) and os.path.exists(target) and os.path.samefile(name, target))
        for name in names
    )


def check_format(path: str | os.PathLike[str], written: str, suffix: str) -> None:
    """Refuse a name of another known format than that of ``written``, whose own suffix is ``suffix``."""
    name = check_path(path)
    given = os.path.splitext(name)[1].lower()
    if given in FORMATS and given != suffix:
        raise ValueError(
            f"{shortened(name)} is the name of {FORMATS[given]}, but {written} is written: "
            f"give a name that ends in {suffix}."
        )


def check_model_name(path: str | os.PathLike[str], written: str) -> None:
    """Refuse a name that does not say that ``written``, a model of some kind, is in the file."""
    check_format(path, written, MODEL_SUFFIX)
    name = os.fspath(path)
    # of a folder or a device is said what it is, where it would be written
    is_other = os.path.exists(name) and not os.path.isfile(name)
    if os.path.splitext(name)[1].lower() != MODEL_SUFFIX and not is_other:
        raise ValueError(
            f"{shortened(name)} does not end in {MODEL_SUFFIX}, by which a model is known: "
            f"write {shortened(name + MODEL_SUFFIX)}."
        )
