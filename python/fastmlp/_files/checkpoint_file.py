"""A checkpoint as a file and back: a model file that has the state of its training beside the network.

Whatever reads model files reads its network. Its description has one more key, ``training``: a digest of the whole
file, and the state, a tree of plain values; arrays in it are tensors of their own, ``training.0``, ``training.1``, ...
What the state means, the training knows (_training/keeper.py).
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import IO, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastmlp._checks.text import brief, shortened
from fastmlp._files.atomic import write_atomically
from fastmlp._files.container import to_file
from fastmlp._files.model_file import TRAINING, Content, Described, read_network
from fastmlp._files.opening import OtherKindError
from fastmlp._files.plain_json import MAX_DEPTH
from fastmlp._files.safetensors import CODE_OF, check_keys, of_type, read_beside, tensor_parts
from fastmlp.runtime import imported

Tensors = dict[str, npt.NDArray[Any]]
PIECE = 2**20


class Kept(NamedTuple):
    """What a checkpoint holds: the network, what the file says of it, and the state of its training."""

    content: Content
    description: Described
    state: dict[str, Any]


def write(description: Described, tensors: Tensors, state: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write a checkpoint of a network that is described, of arrays that must stay as they are meanwhile.

    An error (ValueError) says in a clause why it would not be read again.
    """
    tensors = dict(tensors)
    training = {"digest": "", "state": _encoded(state, tensors)}
    complete = description | {TRAINING: training}
    training["digest"] = _digest(complete, tensor_parts(tensors))
    write_atomically(path, *to_file(complete, tensors))


def read(file: IO[bytes], size: int) -> Kept:
    """Return what a file of so many bytes holds; an error (ValueError, TypeError) says in a clause what is wrong."""
    found = read_network(file, size)
    if found.training is None:
        raise OtherKindError("holds a network without its training, so that no fit goes on from it: give another path")
    training = of_type(found.training, dict, TRAINING)
    check_keys(training, {"digest", "state"}, TRAINING)
    tensors = read_beside(file, found.beside, found.beside_begins)
    own_size = found.beside_begins + sum(array.nbytes for array in tensors.values())
    file.seek(size - own_size)
    complete = found.description | {TRAINING: training | {"digest": ""}}
    if training["digest"] != _digest(complete, iter(lambda: file.read(PIECE), b"")):
        raise ValueError("its digest is of another content")
    state = _decoded(training["state"], tensors)
    return Kept(found.content, found.description, of_type(state, dict, "its state"))


def copied(state: Any, subject: str) -> Any:
    """Return what a file would give back of a state as it is now; what it would not keep is an error (TypeError)."""
    tensors: Tensors = {}
    encoded = _encoded(state, tensors, subject)
    return _decoded(encoded, {name: array.copy() for name, array in tensors.items()})


def _digest(description: Described, parts: Any) -> str:
    digest = imported("hashlib").blake2b(json.dumps(description, separators=(",", ":")).encode(), digest_size=16)
    for part in parts:
        digest.update(part)
    found: str = digest.hexdigest()
    return found


def _encoded(value: Any, tensors: Tensors, subject: str = "the state", depth: int = MAX_DEPTH // 2 - 4) -> Any:
    """Return a tree in which arrays are the names of tensors, and numbers that JSON lacks are words."""
    if depth == 0:
        raise ValueError(f"{subject} is nested too deep for a checkpoint.")
    if isinstance(value, np.ndarray) and value.dtype.newbyteorder("<") in CODE_OF:
        name = f"{TRAINING}.{len(tensors)}"
        tensors[name] = np.asarray(value, order="C")
        return {"tensor": name}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"dict": {key: _encoded(item, tensors, subject, depth - 1) for key, item in value.items()}}
    if type(value) is list:
        return [_encoded(item, tensors, subject, depth - 1) for item in value]
    if type(value) is float and not math.isfinite(value):
        return {"float": str(value)}
    if value is None or type(value) in (str, bool, int, float):
        return value
    raise TypeError(
        f"{subject} holds {shortened(brief(value))}, which a checkpoint does not keep: numbers, text, None, arrays of "
        "numbers, and lists and dicts (with keys of text) of these are kept."
    )


def _decoded(value: Any, tensors: Tensors) -> Any:
    if isinstance(value, list):
        return [_decoded(item, tensors) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) != 1:
        raise ValueError(f"its state has {brief(value)}")
    ((kind, content),) = value.items()
    if kind == "dict":
        return {key: _decoded(item, tensors) for key, item in of_type(content, dict, kind).items()}
    if kind == "float" and content in ("nan", "inf", "-inf"):
        return float(content)
    if kind == "tensor" and content in tensors:
        return tensors[content]
    raise ValueError(f"its state has {brief(value)}")
