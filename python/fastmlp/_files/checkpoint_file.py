"""A checkpoint as a file and back: a model file that has the state of its training beside the network.

Whatever reads model files reads its network. Its description has one more key, ``training``, with the ``state``: a
tree of plain values (tree.py), whose arrays are tensors of their own, ``training.0``, ``training.1``, ... What the
state means, the training knows (_training/keeper.py). The first ones had a digest of the whole file there, which model
files have now.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import IO, Any, NamedTuple

from fastmlp._files.atomic import write_atomically
from fastmlp._files.container import TRAINING, to_file
from fastmlp._files.model_file import Content, Described, read_network
from fastmlp._files.opening import OtherKindError
from fastmlp._files.safetensors import check_keys, of_type, read_beside
from fastmlp._files.tree import Tensors, decoded, digest_of, encoded

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
    own: Tensors = {}
    complete = description | {TRAINING: {"state": encoded(state, own, TRAINING, "the state")}}
    write_atomically(path, *to_file(complete, tensors | own))


def read(file: IO[bytes], size: int) -> Kept:
    """Return what a file of so many bytes holds; an error (ValueError, TypeError) says in a clause what is wrong."""
    found = read_network(file, size)
    if found.training is None:
        raise OtherKindError("holds a network without its training, so that no fit goes on from it: give another path")
    training = of_type(found.training, dict, TRAINING)
    check_keys(training, {"state"} if found.is_compared else {"digest", "state"}, TRAINING)
    tensors = read_beside(file, found.beside, found.beside_begins)
    if not found.is_compared:
        own_size = found.beside_begins + sum(array.nbytes for array in tensors.values())
        file.seek(size - own_size)
        complete = found.description | {TRAINING: training | {"digest": ""}}
        if training["digest"] != digest_of(complete, iter(lambda: file.read(PIECE), b"")):
            raise ValueError("its digest is of another content")
    state = decoded(training["state"], tensors, "its state")
    return Kept(found.content, found.description, of_type(state, dict, "its state"))


def copied(state: Any, subject: str) -> Any:
    """Return what a file would give back of a state as it is now; what it would not keep is an error (TypeError)."""
    tensors: Tensors = {}
    tree = encoded(state, tensors, TRAINING, subject)
    return decoded(tree, {name: array.copy() for name, array in tensors.items()}, subject)
