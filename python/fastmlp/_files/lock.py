"""Locks on files, which the system ends with their holder: of trainings, beside their checkpoint, and of writers.

Among processes of one computer, and threads of one process. Where the system has no such locks (Windows), nothing is
locked.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from fastmlp._checks.text import shortened

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

SUFFIX = ".lock"


def hold(descriptor: int) -> None:
    """Lock an open file until it is closed, where the system can."""
    if fcntl is not None:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_held(name: str) -> bool | None:
    """Return whether somebody has locked a file; None: the system does not say."""
    if fcntl is None:
        return None
    try:
        descriptor = os.open(name, os.O_RDONLY)
    except FileNotFoundError:
        return False
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a network's file system without locks
        return None
    finally:
        os.close(descriptor)
    return False


@contextmanager
def locked(target: str, path: str | os.PathLike[str]) -> Iterator[None]:
    """Hold the lock of a file, that a path stands for, in a with block; RuntimeError: it is held already."""
    if fcntl is None:
        yield
        return
    name = target + SUFFIX
    descriptor = _locked_descriptor(name, os.fspath(path))
    try:
        yield
    finally:
        # by its holder, and before the lock ends: whoever waits for it looks whether the name is still there
        with suppress(OSError):
            os.unlink(name)
        os.close(descriptor)


def _locked_descriptor(name: str, path: str) -> int:
    while True:
        try:
            descriptor = os.open(name, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            # of the subclass that suits it, as of a file that is written
            raise type(error)(
                f"{shortened(name)}, by which {shortened(path)} is held, cannot be written ({error.strerror}): remove "
                "what is there, or give the checkpoint another path."
            ) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), os.stat(name)):
                    return descriptor
        except BlockingIOError:
            os.close(descriptor)
            raise RuntimeError(
                f"{shortened(path)} is in use by another training: wait until it ends, or give another path."
            ) from None
        except BaseException:
            os.close(descriptor)
            raise
        # the holder before has taken the name away meanwhile
        os.close(descriptor)
