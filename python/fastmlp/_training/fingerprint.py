"""By what a checkpoint knows a training again: its data by their digests, its arguments as text.

Data are taken as the network sees them: after every conversion and split, so that a list and an array of the same
numbers are the same data.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from fastmlp._files.model_file import network_described
from fastmlp._model.architecture import Architecture
from fastmlp._model.indexed_rows import IndexedRows
from fastmlp._model.samples import Samples
from fastmlp.runtime import get_num_threads, imported

DIGEST_BYTES = 16
# of rows that are hashed together; what is not in one piece is copied piece by piece
PIECE_BYTES = 2**20
# in which the same object of two processes differ
ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def digests_of(samples: Samples, of: str = "") -> dict[str, str]:
    """Return a digest of each array of the samples, by the name of the argument that it came from."""
    named = {"X": samples.X, "y": samples.targets, "sample_weight": samples.sample_weight}
    return {name + of: "none" if data is None else _digest(data) for name, data in named.items()}


def _digest(data: Any) -> str:
    """Return the digest of the digests of pieces, which threads share: one of them hashes about a gigabyte a second."""
    blake2b, futures = imported("hashlib").blake2b, imported("concurrent.futures")
    digest = blake2b(digest_size=DIGEST_BYTES)
    for array in (data,) if isinstance(data, np.ndarray | IndexedRows) else data.parts:
        kind = array.parts[0].dtype if isinstance(array, IndexedRows) else array.dtype
        digest.update(f"{kind.str} {array.shape} ".encode())

        def digest_of(rows: slice, array: Any = array) -> bytes:
            piece = array.dense(rows) if isinstance(array, IndexedRows) else np.ascontiguousarray(array[rows])
            found: bytes = blake2b(piece.reshape(-1).view(np.uint8).data, digest_size=DIGEST_BYTES).digest()
            return found

        size = max(1, PIECE_BYTES // max(1, kind.itemsize * math.prod(array.shape[1:])))
        pieces = [slice(start, start + size) for start in range(0, len(array), size)]
        if len(pieces) < 2:
            found = list(map(digest_of, pieces))
        else:
            with futures.ThreadPoolExecutor(min(get_num_threads(), len(pieces))) as pool:
                found = list(pool.map(digest_of, pieces))
        digest.update(b"".join(found))
    text: str = digest.hexdigest()
    return text


def texts_of_network(architecture: Architecture) -> dict[str, str]:
    """Return what a network was given, by name; what its scalings have learned since does not count."""
    return described_texts(network_described(architecture, architecture.layers, architecture.target_scaling))


def described_texts(description: Mapping[str, Any]) -> dict[str, str]:
    """Return the same of what a file says of a network, with what it has learned."""
    names = {
        "n_inputs": "n_inputs",
        "layers": "layers",
        "loss": "loss",
        "dtype": "dtype",
        "target_scaling": "scale_targets",
    }
    return {shown: json.dumps(description.get(name)) for name, shown in names.items()}


def text_of(given: Any) -> str:
    """Return the text of an optimizer or a callback: as it shows itself, but for addresses, else its kind."""
    kind: Any = type(given)
    if kind.__repr__ is object.__repr__:
        return f"{kind.__module__}.{kind.__qualname__}"
    return ADDRESS.sub("", repr(given))
