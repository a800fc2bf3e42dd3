"""A description in JSON and tensors in one file, and apart again; what they describe, others know.

The description has a digest of itself and of the tensors, by which damage is seen: weights may have any values, so that
nothing else shows one that was flipped. Files of before it was kept have none, and load as they did. safetensors.py
reads and writes the layout itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import IO, Any, NamedTuple

import numpy.typing as npt

from fastmlp._checks.text import brief
from fastmlp._files.plain_json import check_amount, parse_object
from fastmlp._files.safetensors import MAX_HEADER_BYTES, entries_of, read_header, tensor_parts, to_safetensors
from fastmlp.runtime import imported

FORMAT = 1
# of a checkpoint: the key of its description for the state of the training, and the prefix of tensors for that
TRAINING = "training"
# the last key of a description
DIGEST = "digest"
MISSING = object()
# bytes that are hashed at a time: Ctrl-C comes between them
PIECE = 2**20


class Opened(NamedTuple):
    """A file whose header is read.

    Attributes
    ----------
    header : dict
        The entries of the tensors.
    description : dict
        Without the digest.
    start : int
        The number of bytes before the first tensor.
    digest : object
        What the file says it is; MISSING: it is of before digests were kept.
    hashed : list
        Of the header, what the digest is over.
    """

    header: dict[str, Any]
    description: dict[str, Any]
    start: int
    digest: Any
    hashed: list[dict[str, Any]]


def to_file(description: Mapping[str, Any], tensors: Mapping[str, npt.NDArray[Any]]) -> list[bytes | memoryview]:
    """Return a file in parts; an error (ValueError) says in a clause why it would not be read again."""
    unsealed = {**description, DIGEST: ""}
    sealed = {**unsealed, DIGEST: digest_of_file([unsealed, entries_of(tensors)], tensor_parts(tensors))}
    text = json.dumps(sealed, separators=(",", ":"))
    check_amount(text, "its description, with classes and metadata or categories,")
    file = to_safetensors(tensors, {"fastmlp": text})
    if int.from_bytes(file[0], "little") > MAX_HEADER_BYTES:
        raise ValueError(
            f"its description, with classes and metadata or categories, takes more than the {MAX_HEADER_BYTES} bytes "
            "of a model file's header"
        )
    return file


def read_description(file: IO[bytes]) -> Opened:
    """Return what the header of a file says."""
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
    hashed = [{**description, DIGEST: ""}, dict(header)]
    return Opened(header, description, start, description.pop(DIGEST, MISSING), hashed)


def check_digest(file: IO[bytes], opened: Opened) -> None:
    """Refuse a file that is not what its digest is of, after every other claim: those say more of what is wrong."""
    if opened.digest is MISSING:
        return
    place = file.tell()
    file.seek(opened.start)
    if opened.digest != digest_of_file(opened.hashed, iter(lambda: file.read(PIECE), b"")):
        raise ValueError("its digest is of another content")
    file.seek(place)


def digest_of_file(hashed: list[dict[str, Any]], parts: Iterable[bytes | memoryview]) -> str:
    """Return the digest of a description, whose own is empty, with the entries of the tensors, and of the tensors."""
    digest = imported("hashlib").sha256(json.dumps(hashed, separators=(",", ":")).encode())
    for part in parts:
        digest.update(part)
    found: str = digest.hexdigest()
    return found
