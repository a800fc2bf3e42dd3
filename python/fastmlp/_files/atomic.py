"""Writing a file so that its name shows either the old content or the new one, whatever happens in between.

Used for everything that fastmlp writes: models (model_file.py), predictions and pictures (cli/). A file that is written
anew keeps its permissions. What a process that was killed amid a write has left is swept by a later write there.
"""

from __future__ import annotations

import os
import re
import stat
import time
from contextlib import suppress

from fastmlp._checks.text import shortened
from fastmlp._files.lock import hold, is_held
from fastmlp._files.names import check_path

TEMPORARY = re.compile(r"\.fastmlp-[0-9a-f]{16}\.tmp")
# Seconds since the last write to a temporary file after which nobody is writing it any more: where the system does not
# say whether one does, and where it does, since a file is there a moment before its lock.
OLD = 3600.0
UNHELD = 10.0


def check_destination(path: str | os.PathLike[str]) -> str:
    """Return the name of the file that ``path`` stands for, links followed; an error says why it cannot be written."""
    target = os.path.realpath(check_path(path))
    folder = os.path.dirname(target)
    if os.path.exists(target) and not os.path.isfile(target):
        raise ValueError(f"{shortened(os.fspath(path))} is not a regular file: give the name of a file to write.")
    if os.path.basename(os.fspath(path)) in ("", ".", ".."):
        raise FileNotFoundError(
            f"{shortened(os.fspath(path))} would be a folder: make it first, and give a file in it a name."
        )
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"{shortened(folder)} is not a folder: make it first, or write elsewhere.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"{shortened(folder)} may not be written: change its permissions, or write elsewhere.")
    # a new file takes its place, so the system would not mind
    if os.path.exists(target) and not os.access(target, os.W_OK):
        raise PermissionError(f"{shortened(target)} may not be written: change its permissions, or write elsewhere.")
    return target


def write_atomically(path: str | os.PathLike[str], *parts: bytes | memoryview) -> None:
    """Write the content, in parts, beside the file, force it to the disk and only then give it the name."""
    target = check_destination(path)
    folder = os.path.dirname(target)
    _sweep(folder)
    # os.replace is atomic within one file system only, hence the same folder
    temporary = os.path.join(folder, f".fastmlp-{os.urandom(8).hex()}.tmp")
    try:
        old = os.stat(target) if os.path.exists(target) else None
        # who may not read the old file may not read what takes its place, not even for a moment
        with open(
            temporary, "xb", opener=lambda name, flags: os.open(name, flags, 0o666 if old is None else 0o600)
        ) as file:
            hold(file.fileno())
            if old is not None and hasattr(os, "fchmod"):  # Windows: a new file has the permissions of its folder
                _take_over_permissions(file.fileno(), old)
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except OSError as error:
        _remove(temporary)
        # in the name of the file that was asked for; OSError makes the subclass that suits the number
        raise OSError(error.errno, error.strerror, os.fspath(path)) from None
    except BaseException:
        _remove(temporary)
        raise
    _force_name(folder)


def _remove(temporary: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(temporary)


def _take_over_permissions(file: int, old: os.stat_result) -> None:
    """Give a new file the owner, where that is allowed, and the mode of the one whose place it takes."""
    new = os.fstat(file)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        with suppress(PermissionError):
            os.fchown(file, old.st_uid, old.st_gid)
    os.fchmod(file, stat.S_IMODE(old.st_mode))


def _force_name(folder: str) -> None:
    """Force a name that is in a folder to the disk, which is where it is only when its folder is."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # one that can be written and not read; the file has its name all the same
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(folder: str) -> None:
    """Remove what processes that were killed have left in a folder."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not TEMPORARY.fullmatch(entry.name):
                continue
            age = time.time() - entry.stat(follow_symlinks=False).st_mtime
            if age > OLD or (age > UNHELD and is_held(entry.path) is False):
                os.unlink(entry.path)
