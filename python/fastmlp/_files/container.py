"""A description in JSON and tensors in one file, and apart again; what they describe, others know.

safetensors.py reads and writes the layout itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

import numpy.typing as npt

from fastmlp._checks.text import brief
from fastmlp._files.plain_json import check_amount, parse_object
from fastmlp._files.safetensors import MAX_HEADER_BYTES, read_header, to_safetensors

FORMAT = 1
# of a checkpoint: the key of its description for the state of the training, and the prefix of tensors for that
TRAINING = "training"


def to_file(description: Mapping[str, Any], tensors: Mapping[str, npt.NDArray[Any]]) -> list[bytes | memoryview]:
    """Return a file in parts; an error (ValueError) says in a clause why it would not be read again."""
    text = json.dumps(description, separators=(",", ":"))
    check_amount(text, "its description, with classes and metadata or categories,")
    file = to_safetensors(tensors, {"fastmlp": text})
    if int.from_bytes(file[0], "little") > MAX_HEADER_BYTES:
        raise ValueError(
            f"its description, with classes and metadata or categories, takes more than the {MAX_HEADER_BYTES} bytes "
            "of a model file's header"
        )
    return file


def read_description(file: IO[bytes]) -> tuple[dict[str, Any], dict[str, Any], int]:
    """Return the header with the tensors alone, the description, and the number of bytes before the first tensor."""
    header, start = read_header(file)
    text = header.pop("__metadata__", None)
    if not isinstance(text, dict) or list(text) != ["fastmlp"] or not isinstance(text["fastmlp"], str):
        raise ValueError("its header does not describe a network")
    description = parse_object(text.pop("fastmlp"), "its description")
    # looked at first: a later format may have other keys
    version = description.get("format")
    if type(version) is int and version > FORMAT:
        raise ValueError(f"it has format {brief(version)} and this fastmlp reads up to {FORMAT}, so upgrade fastmlp")
    if type(version) is not int or version != FORMAT:
        raise ValueError(f"its format is {brief(version)}, not {FORMAT}")
    return header, description, start
