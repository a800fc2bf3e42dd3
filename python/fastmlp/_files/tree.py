"""Plain values and arrays as JSON and tensors, and back: how a file keeps what is no network.

In the JSON an object is ``{"dict": {...}}``, an array ``{"tensor": "training.3"}``, the name of a tensor, and a number
that JSON lacks ``{"float": "inf"}``; all else is as JSON has it. Whose values these are, says the ``prefix`` of the
tensors.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.text import brief, shortened
from fastmlp._files.plain_json import MAX_DEPTH
from fastmlp._files.safetensors import CODE_OF, of_type
from fastmlp.runtime import imported

Tensors = dict[str, npt.NDArray[Any]]
Part = bytes | memoryview


def encoded(value: Any, tensors: Tensors, prefix: str, subject: str, depth: int = MAX_DEPTH // 2 - 4) -> Any:
    """Return a tree of values in which arrays are the names of tensors, which are added to those."""
    if depth == 0:
        raise ValueError(f"{subject} is nested too deep for a checkpoint.")
    if isinstance(value, np.ndarray) and value.dtype.newbyteorder("<") in CODE_OF:
        name = f"{prefix}.{len(tensors)}"
        tensors[name] = np.asarray(value, order="C")
        return {"tensor": name}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"dict": {key: encoded(item, tensors, prefix, subject, depth - 1) for key, item in value.items()}}
    if type(value) is list:
        return [encoded(item, tensors, prefix, subject, depth - 1) for item in value]
    if type(value) is float and not math.isfinite(value):
        return {"float": str(value)}
    if value is None or type(value) in (str, bool, int, float):
        return value
    raise TypeError(
        f"{subject} holds {shortened(brief(value))}, which a checkpoint does not keep: numbers, text, None, arrays of "
        "numbers, and lists and dicts (with keys of text) of these are kept."
    )


def decoded(value: Any, tensors: Mapping[str, npt.NDArray[Any]], subject: str) -> Any:
    """Return the values of a tree; an error (ValueError) says in a clause what is wrong with it."""
    if isinstance(value, list):
        return [decoded(item, tensors, subject) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) != 1:
        raise ValueError(f"{subject} has {brief(value)}")
    ((kind, content),) = value.items()
    if kind == "dict":
        return {key: decoded(item, tensors, subject) for key, item in of_type(content, dict, kind).items()}
    if kind == "float" and content in ("nan", "inf", "-inf"):
        return float(content)
    if kind == "tensor" and isinstance(content, str) and content in tensors:
        return tensors[content]
    raise ValueError(f"{subject} has {brief(value)}")


def digest_of(description: Any, parts: Iterable[Part]) -> str:
    """Return the digest of JSON and tensors, by which damage is seen."""
    digest = imported("hashlib").blake2b(json.dumps(description, separators=(",", ":")).encode(), digest_size=16)
    for part in parts:
        digest.update(part)
    found: str = digest.hexdigest()
    return found
