"""Writing a file so that its name shows either the old content or the new one, whatever happens in between.

Used for everything that fastmlp writes: models (model_file.py), predictions and pictures (cli/).
"""

from __future__ import annotations

import os
from pathlib import Path


def check_destination(path: str | os.PathLike[str]) -> Path:
    """Return the file that ``path`` stands for, links followed; an error says why it cannot be written."""
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise ValueError(f"{os.fspath(path)} is not a regular file: give the name of a file to write.")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"{target.parent} is not a folder: make it first, or write elsewhere.")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise PermissionError(f"{target.parent} may not be written: change its permissions, or write elsewhere.")
    return target


def write_atomically(path: str | os.PathLike[str], content: bytes) -> None:
    """Write ``content`` beside the file, force it to the disk and only then give it the name."""
    target = check_destination(path)
    # os.replace is atomic within one file system only, hence the same folder
    temporary = target.parent / f".fastmlp-{os.urandom(8).hex()}.tmp"
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        # in the name of the file that was asked for; OSError makes the subclass that suits the number
        raise OSError(error.errno, error.strerror, os.fspath(path)) from None
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    # the new name itself is on the disk only when its folder is
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
