"""Where the bytes of a table come from: a file, a pipe or the standard input, packed by gzip or not.

What the bytes mean is read in _tables.py.
"""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from fastmlp._checks.text import printable

STANDARD_INPUT = "-"
GZIP_MAGIC = b"\x1f\x8b"

# io.BufferedReader or gzip.GzipFile: both can peek, which no class of typing says
Source: TypeAlias = Any


def name_of(path: str | os.PathLike[str]) -> str:
    """Return how a sentence names a source."""
    name = os.fspath(path)
    return "the standard input" if name == STANDARD_INPUT else printable(name)


@contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[Source]:
    """Give the unpacked bytes of a source, to be read once from the start.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The standard input is closed, or what is packed is damaged.
    """
    name = name_of(path)
    stdin = os.fspath(path) == STANDARD_INPUT
    if stdin and sys.stdin is None:
        raise ValueError(f"{name} is closed: give the path of a CSV or NPZ file.")
    if not stdin and (not os.path.exists(path) or os.path.isdir(path)):
        raise FileNotFoundError(f"{name} is not a file: give the path of a CSV or NPZ file, or - for standard input.")
    file: Any = sys.stdin.buffer if stdin else open(path, "rb")  # noqa: SIM115
    # a buffer above the file's own: its peek waits until a slow pipe has given what is asked for, or has ended
    stream = io.BufferedReader(file)
    try:
        packed = stream.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC)
        yield gzip.GzipFile(fileobj=stream) if packed else stream
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{name} is a damaged gzip file ({str(error).rstrip('.')}).") from None
    except OSError as error:
        # of reading, which does not say what is read
        raise OSError(error.errno, error.strerror, name) from None
    finally:
        # the standard input is not this function's to close
        (stream.detach if stdin else stream.close)()
