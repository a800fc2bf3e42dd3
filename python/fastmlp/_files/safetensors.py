"""The safetensors layout read with suspicion: every claim of a header is compared before memory is taken for it.

An error (ValueError) says what is wrong in a clause; serialization.py, which knows what a network needs, adds the name
of the file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import IO, Any, NoReturn

import numpy as np
import numpy.typing as npt

MAX_HEADER_BYTES = 16 * 2**20
DTYPES: dict[str, tuple[str, np.dtype[Any]]] = {
    "float32": ("F32", np.dtype("<f4")),
    "float64": ("F64", np.dtype("<f8")),
}

Shapes = Mapping[str, tuple[int, ...]]


def read_header(file: IO[bytes]) -> tuple[dict[str, Any], int]:
    """Return the header, and the number of bytes before the first tensor."""
    size = int.from_bytes(_exactly(file, 8), "little")
    if size > MAX_HEADER_BYTES:
        raise ValueError(f"its header would take {size} bytes, more than the limit {MAX_HEADER_BYTES}")
    return parse_object(_exactly(file, size), "its header"), 8 + size


def check_tensors(header: dict[str, Any], shapes: Shapes, dtype: str, size: int) -> list[str]:
    """Return the tensors' names in the order of the file: these shapes, end to end in ``size`` bytes, and no others."""
    check_keys(header, set(shapes), "its list of tensors")
    code, item = DTYPES[dtype]
    starts: dict[str, int] = {}
    for name, shape in shapes.items():
        entry = of_type(header[name], dict, name)
        check_keys(entry, {"dtype", "shape", "data_offsets"}, name)
        if entry["dtype"] != code:
            raise ValueError(f"{name} is {short(entry['dtype'])}, but its network needs {code}")
        if entry["shape"] != list(shape):
            raise ValueError(f"{name} has shape {short(entry['shape'])}, but its network needs {list(shape)}")
        offsets = entry["data_offsets"]
        if not isinstance(offsets, list) or len(offsets) != 2 or any(type(offset) is not int for offset in offsets):
            raise ValueError(f"{name} has offsets {short(offsets)}")
        if offsets[1] - offsets[0] != math.prod(shape) * item.itemsize:
            raise ValueError(f"{name} has offsets {short(offsets)}, which do not fit its shape")
        starts[name] = offsets[0]
    order = sorted(starts, key=lambda name: starts[name])
    end = 0
    for name in order:
        if starts[name] != end:
            raise ValueError(f"{name} does not start where the tensor before it ends")
        end += math.prod(shapes[name]) * item.itemsize
    if end != size:
        raise ValueError(f"its tensors take {end} bytes, but {size} follow the header")
    return order


def read_tensors(
    file: IO[bytes], order: list[str], shapes: Shapes, dtype: str
) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Yield the tensors in the order of the file, one in memory at a time."""
    item = DTYPES[dtype][1]
    for name in order:
        values = np.frombuffer(_exactly(file, math.prod(shapes[name]) * item.itemsize), dtype=item)
        if not np.isfinite(values).all():
            raise ValueError(f"{name} holds NaN or infinity")
        yield name, values.reshape(shapes[name])


def parse_object(text: bytes, subject: str) -> dict[str, Any]:
    """Return a JSON object, strictly: UTF-8, no key twice, finite numbers."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            raise ValueError(f"{subject} has a key twice")
        return members

    def finite(literal: str) -> float:
        number = float(literal)
        if not math.isfinite(number):
            refuse(literal)
        return number

    def refuse(literal: str) -> NoReturn:
        raise ValueError(f"{subject} holds the number {literal[:40]}")

    try:
        value = json.loads(text.decode(), object_pairs_hook=unique, parse_float=finite, parse_constant=refuse)
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise ValueError(f"{subject} is not JSON") from None
    except RecursionError:
        raise ValueError(f"{subject} is nested too deep") from None
    return of_type(value, dict, subject)  # type: ignore[no-any-return]


def of_type(value: Any, kind: Any, subject: str) -> Any:
    """Return ``value`` if it is of the type; a bool is not an int."""
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"{subject} is {short(value)}")
    return value


def check_keys(entry: Mapping[str, Any], keys: set[str], subject: str) -> None:
    """Refuse an object that has other keys than these."""
    for relation, odd in (("lacks", keys - entry.keys()), ("should not have", entry.keys() - keys)):
        if odd:
            raise ValueError(f"{subject} {relation} {short(min(odd))}")


def short(value: Any) -> str:
    """Return a value from a file as a sentence may hold it."""
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _exactly(file: IO[bytes], count: int) -> bytes:
    content = file.read(count)
    if len(content) != count:
        raise ValueError("it is truncated")
    return content
