"""The safetensors layout written, and read with suspicion: every claim is compared before memory is taken for it.

No call of the safetensors package compares them first, and writing took its import in the first call that saves.
An error (ValueError) says what is wrong in a clause; serialization.py, which knows what a network needs, adds the name
of the file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.text import brief
from fastmlp._files.plain_json import parse_object

MAX_HEADER_BYTES = 16 * 2**20
# bytes of a tensor that are read at a time
PIECE = 2**20
# NumPy's own limit has been 32
MOST_AXES = 32
DTYPES: dict[str, tuple[str, np.dtype[Any]]] = {
    "float32": ("F32", np.dtype("<f4")),
    "float64": ("F64", np.dtype("<f8")),
}

# of arrays beside the weights
CODES: dict[str, str] = {
    "BOOL": "?", "U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4", "U64": "<u8",
    "I64": "<i8", "F16": "<f2", "F32": "<f4", "F64": "<f8",
}  # fmt: skip
CODE_OF = {np.dtype(item): code for code, item in CODES.items()}

Shapes = Mapping[str, tuple[int, ...]]


def to_safetensors(tensors: Mapping[str, npt.NDArray[Any]], metadata: Mapping[str, str]) -> list[bytes | memoryview]:
    """Return the file of these tensors in parts; of one dtype, the bytes that the safetensors package would write.

    The length of the header is the first part; the tensors are not copied, and must stay as they are.
    """
    header: dict[str, Any] = {"__metadata__": metadata, **entries_of(tensors)}
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return [len(text).to_bytes(8, "little"), text, *tensor_parts(tensors)]


def entries_of(tensors: Mapping[str, npt.NDArray[Any]]) -> dict[str, Any]:
    """Return what a header says of the tensors, in the order of the file."""
    entries: dict[str, Any] = {}
    end = 0
    for name in sorted(tensors):
        array = tensors[name]
        begin, end = end, end + array.nbytes
        code = CODE_OF[array.dtype.newbyteorder("<")]
        entries[name] = {"dtype": code, "shape": array.shape, "data_offsets": (begin, end)}
    return entries


def tensor_parts(tensors: Mapping[str, npt.NDArray[Any]]) -> list[memoryview]:
    """Return the bytes of the tensors in the order of the file."""
    arrays = (tensors[name] for name in sorted(tensors))
    # a view of no elements has no bytes to cast
    return [
        np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(-1).view(np.uint8).data for array in arrays
    ]


def read_header(file: IO[bytes]) -> tuple[dict[str, Any], int]:
    """Return the header, and the number of bytes before the first tensor."""
    size = int.from_bytes(_exactly(file, 8), "little")
    if size > MAX_HEADER_BYTES:
        raise ValueError(f"its header would take {size} bytes, more than the limit {MAX_HEADER_BYTES}")
    return parse_object(_exactly(file, size), "its header"), 8 + size


def check_tensors(header: dict[str, Any], shapes: Shapes, dtype: str, size: int) -> list[str]:
    """Return the tensors' names in the order of the file: these shapes, end to end in ``size`` bytes, and no others."""
    if size < 0:
        raise ValueError("it is truncated")
    check_keys(header, set(shapes), "its list of tensors")
    code, item = DTYPES[dtype]
    starts: dict[str, int] = {}
    for name, shape in shapes.items():
        entry = of_type(header[name], dict, name)
        check_keys(entry, {"dtype", "shape", "data_offsets"}, name)
        if entry["dtype"] != code:
            raise ValueError(f"{name} is {brief(entry['dtype'])}, but its network needs {code}")
        if entry["shape"] != list(shape):
            raise ValueError(f"{name} has shape {brief(entry['shape'])}, but its network needs {brief(list(shape))}")
        offsets = entry["data_offsets"]
        if not isinstance(offsets, list) or len(offsets) != 2 or any(type(offset) is not int for offset in offsets):
            raise ValueError(f"{name} has offsets {brief(offsets)}")
        if offsets[1] - offsets[0] != math.prod(shape) * item.itemsize:
            raise ValueError(f"{name} has offsets {brief(offsets)}, which do not fit its shape")
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


def take_beside(header: dict[str, Any], prefix: str) -> tuple[dict[str, Any], int]:
    """Take the entries of tensors with this prefix out of a header; return them in their order, and their bytes."""
    beside = {name: of_type(header.pop(name), dict, name) for name in list(header) if name.startswith(prefix)}
    for name, entry in beside.items():
        check_keys(entry, {"dtype", "shape", "data_offsets"}, name)
        if not isinstance(entry["dtype"], str) or entry["dtype"] not in CODES:
            raise ValueError(f"{name} is {brief(entry['dtype'])}")
        shape, offsets = entry["shape"], entry["data_offsets"]
        are_sizes = all(
            isinstance(sizes, list) and all(type(size) is int and 0 <= size < 2**60 for size in sizes)
            for sizes in (shape, offsets)
        )
        if not are_sizes or len(offsets) != 2 or len(shape) > MOST_AXES:
            raise ValueError(f"{name} has shape {brief(shape)} and offsets {brief(offsets)}")
        if offsets[1] - offsets[0] != math.prod(shape) * np.dtype(CODES[entry["dtype"]]).itemsize:
            raise ValueError(f"{name} has offsets {brief(offsets)}, which do not fit its shape")
    order = sorted(beside, key=lambda name: tuple(beside[name]["data_offsets"]))
    return {name: beside[name] for name in order}, sum(
        entry["data_offsets"][1] - entry["data_offsets"][0] for entry in beside.values()
    )


def read_beside(file: IO[bytes], beside: Mapping[str, Any], end: int) -> dict[str, npt.NDArray[Any]]:
    """Read the next tensors of the file, which begin where those before them end; any values are taken."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, entry in beside.items():
        begin, after = entry["data_offsets"]
        if begin != end:
            raise ValueError(f"{name} does not start where the tensor before it ends")
        content = bytearray(_exactly(file, after - begin))
        arrays[name] = np.ndarray(entry["shape"], CODES[entry["dtype"]], content)
        end = after
    return arrays


def read_into(file: IO[bytes], values: npt.NDArray[Any], name: str) -> None:
    """Read the next tensor of the file into an array of its shape, some rows at a time: Ctrl-C comes between them."""
    item = values.dtype.newbyteorder("<")
    row_size = item.itemsize * math.prod(values.shape[1:])
    rows = max(1, PIECE // row_size)
    for start in range(0, len(values), rows):
        part = values[start : start + rows]
        read = np.frombuffer(_exactly(file, len(part) * row_size), dtype=item)
        if not np.isfinite(read).all():
            raise ValueError(f"{name} holds NaN or infinity")
        part[...] = read.reshape(part.shape)


def of_type(value: Any, kind: Any, subject: str) -> Any:
    """Return ``value`` if it is of the type; a bool is not an int."""
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"{subject} is {brief(value)}")
    return value


def check_keys(entry: Mapping[str, Any], keys: set[str], subject: str) -> None:
    """Refuse an object that has other keys than these."""
    for relation, odd in (("lacks", keys - entry.keys()), ("should not have", entry.keys() - keys)):
        if odd:
            raise ValueError(f"{subject} {relation} {brief(min(odd))}")


def _exactly(file: IO[bytes], count: int) -> bytes:
    content = file.read(count)
    if len(content) != count:
        raise ValueError("it is truncated")
    return content
