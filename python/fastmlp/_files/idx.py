"""Reading one IDX file, the format of MNIST: a magic number, the sizes, unsigned bytes; plain or gzipped.

A file is believed only as far as it is long: what its header claims is compared with the size of the file before any
memory is taken. Which files belong together is known in datasets.py.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from fastmlp._checks.text import shortened

# deflate codes at most 258 bytes in 2 bits, so no gzip file grows by more than this (zlib's technical notes)
MAX_DEFLATE_RATIO = 1032


def by(shape: tuple[int, ...]) -> str:
    """Return "28 x 28" for (28, 28)."""
    return " x ".join(map(str, shape))


def find_idx(folder: Path, part: str, rank: int) -> Path:
    """Return the file of the images (rank 3) or labels (rank 1) of ``part``, under any of its usual names."""
    stem = f"{part}-{'images' if rank == 3 else 'labels'}"
    for name in (f"{stem}{mark}idx{rank}-ubyte{end}" for mark in "-." for end in (".gz", "")):
        if (folder / name).is_file():
            return folder / name
    place = shortened(str(folder))
    raise FileNotFoundError(f"{place} holds no {stem}-idx{rank}-ubyte.gz: load_mnist needs the four MNIST files.")


def read_idx(path: Path, rank: int) -> npt.NDArray[np.uint8]:
    """Return the array of a file of unsigned bytes with ``rank`` dimensions."""
    size = path.stat().st_size
    try:
        if path.suffix != ".gz":
            with path.open("rb") as file:
                return _parse_idx(file, path, rank, size)
        with gzip.open(path) as unpacked:
            return _parse_idx(unpacked, path, rank, size * MAX_DEFLATE_RATIO)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        name = shortened(str(path))
        raise ValueError(f"{name} is not a sound gzip file ({error}): fetch it again.") from None


def _parse_idx(file: IO[bytes] | gzip.GzipFile, path: Path, rank: int, limit: int) -> npt.NDArray[np.uint8]:
    """Return the array; ``limit`` bounds the bytes that the file can hold."""
    name = shortened(str(path))
    header = file.read(4 + 4 * rank)
    if len(header) != 4 + 4 * rank:
        raise ValueError(f"{name} ends inside its header: fetch it again.")
    magic, *shape = struct.unpack(f">{1 + rank}I", header)
    if magic != 0x0800 + rank:
        kind = "images" if rank == 3 else "labels"
        raise ValueError(f"{name} is not an IDX file of {kind}: its magic number is {magic}, not {0x0800 + rank}.")
    count = math.prod(shape)
    if count == 0:
        raise ValueError(f"{name} is empty: its header says {by(tuple(shape))} bytes.")
    if count > limit:
        raise ValueError(f"{name} is truncated: its header says {by(tuple(shape))} bytes, more than it can hold.")
    content = file.read(count)
    if len(content) != count:
        raise ValueError(f"{name} is truncated: its header says {count} bytes of data, but {len(content)} follow.")
    # reading on to the end is also what makes gzip compare its checksum
    if file.read(1):
        raise ValueError(f"{name} is damaged: more bytes follow than the {count} that its header says.")
    return np.frombuffer(content, dtype=np.uint8).reshape(shape).copy()
