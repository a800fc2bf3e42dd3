"""By what a checkpoint knows a training again: its data by their digests, its arguments as text.

Data are taken as the network sees them: after every conversion and split, so that a list and an array of the same
numbers are the same data, and float32 and float64 where the core makes the same numbers of both.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._files.model_file import network_described
from fastmlp._model.architecture import Architecture
from fastmlp._model.indexed_rows import IndexedRows
from fastmlp._model.samples import Samples
from fastmlp._model.sparse_rows import SparseRows
from fastmlp.embeddings import PiecewiseLinear
from fastmlp.runtime import get_num_threads, imported

Array = npt.NDArray[Any]

DIGEST_BYTES = 16
# of rows that are hashed together; what is not in one piece is copied piece by piece
PIECE_BYTES = 2**20
# in which the same object of two processes differ
ADDRESS = re.compile(r" at 0x[0-9a-f]+")


class DataFingerprint:
    """By what the samples of a fit are known again: digests of the numbers that the network computes with.

    The core makes numbers of its own precision of what it gets, so that the same ones in another dtype are the same
    data. Where it does not, the dtype counts: a network of float32 scales float64 in float64.

    Parameters
    ----------
    samples : Samples
    architecture : Architecture
        Of the network that sees them.
    of : str
        What their names end in: those of validation are measured in Python, too, which sees all of their digits.

    Attributes
    ----------
    digests : dict
        By the name of the argument; "none" of what was not given.
    """

    def __init__(self, samples: Samples, architecture: Architecture, of: str = "") -> None:
        self._samples, self._of = samples, of
        kinds = (
            _kind_of_inputs(samples.X, architecture),
            _kind_of_targets(samples.targets, architecture, bool(of)),
            None,
        )
        self._kinds = dict(zip(_named(samples, of), kinds, strict=True))
        self.digests = {name: _digest(data, self._kinds[name]) for name, data in _named(samples, of).items()}

    def is_of(self, name: str, digest: Any) -> bool:
        """Return whether a digest is of the same data: also one of the first files, of arrays as they were given."""
        return digest in (self.digests[name], _digest(_named(self._samples, self._of)[name]))

    def of_other_kind(self, name: str, digest: Any, where: str) -> str | None:
        """Return in a clause that a digest is of the same numbers in another dtype, which counts here; None: no."""
        data, mine = _named(self._samples, self._of)[name], self._kinds[name]
        if mine is None:
            return None
        its = np.dtype(np.float64 if mine == np.float32 else np.float32)
        with np.errstate(over="ignore"):
            if digest != _digest(data, its):
                return None
        mend = f"give {name.partition(' ')[0]}.astype('{its}')"
        return f"{name} is taken as {mine} here and as {its} {where}, in whose arithmetic it is scaled ({mend})"


def _kind_of_inputs(X: Any, architecture: Architecture) -> np.dtype[Any] | None:
    """Return in which dtype the core computes with the inputs; None: sparse rows, as they are."""
    if isinstance(X, SparseRows):
        return None
    given, dtype = _dtype_of(X), architecture.dtype
    if architecture.scaling is not None:
        return np.dtype(np.float64) if np.float64 in (given, dtype) else dtype
    embedding = architecture.embedding
    if isinstance(embedding, PiecewiseLinear) and embedding.edges is None:
        # bins are learned of the numbers as they are given
        return _narrowest(X, dtype)
    return dtype


def _kind_of_targets(targets: Array, architecture: Architecture, is_validation: bool) -> np.dtype[Any] | None:
    """Return in which dtype targets are learned, or measured; None: labels, as they are."""
    if targets.dtype.kind != "f":
        return None
    if architecture.target_scaling:
        return targets.dtype
    return _narrowest(targets, architecture.dtype) if is_validation else architecture.dtype


def _narrowest(data: Any, dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return a dtype if it holds all these numbers, else that which they have."""
    with np.errstate(over="ignore"):
        pieces = (_piece(data, rows) for rows in _pieces(data, _dtype_of(data)))
        fits = all(bool((piece == piece.astype(dtype)).all()) for piece in pieces)
    return dtype if fits else _dtype_of(data)


def digests_of(samples: Samples) -> dict[str, str]:
    """Return a digest of each array of the samples as it is, by the name of the argument that it came from."""
    return {name: _digest(data) for name, data in _named(samples).items()}


def _named(samples: Samples, of: str = "") -> dict[str, Any]:
    return {f"X{of}": samples.X, f"y{of}": samples.targets, f"sample_weight{of}": samples.sample_weight}


def _dtype_of(array: Any) -> np.dtype[Any]:
    dtype: np.dtype[Any] = array.parts[0].dtype if isinstance(array, IndexedRows) else array.dtype
    return dtype


def _pieces(array: Any, kind: np.dtype[Any]) -> list[slice]:
    """Return the rows that are looked at together, in this dtype."""
    size = max(1, PIECE_BYTES // max(1, kind.itemsize * math.prod(array.shape[1:])))
    return [slice(start, start + size) for start in range(0, len(array), size)]


def _piece(array: Any, rows: slice) -> Array:
    piece: Array = array.dense(rows) if isinstance(array, IndexedRows) else array[rows]
    return piece


def _digest(data: Any, dtype: np.dtype[Any] | None = None) -> str:
    """Return the digest of data, of a dtype or as they are: of the digests of pieces, which threads share.

    One of them hashes about a gigabyte a second.
    """
    if data is None:
        return "none"
    blake2b, futures = imported("hashlib").blake2b, imported("concurrent.futures")
    digest = blake2b(digest_size=DIGEST_BYTES)
    for array in (data,) if isinstance(data, np.ndarray | IndexedRows) else data.parts:
        kind = _dtype_of(array) if dtype is None else dtype
        digest.update(f"{kind.str} {array.shape} ".encode())

        def digest_of(rows: slice, array: Any = array, kind: np.dtype[Any] = kind) -> bytes:
            piece = np.ascontiguousarray(_piece(array, rows), kind)
            found: bytes = blake2b(piece.reshape(-1).view(np.uint8).data, digest_size=DIGEST_BYTES).digest()
            return found

        pieces = _pieces(array, kind)
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


def text_of_all(callbacks: Sequence[Any]) -> str:
    """Return the text of the callbacks of a fit."""
    return "; ".join(map(text_of, callbacks)) or "none"


def text_of(given: Any) -> str:
    """Return the text of an optimizer or a callback: as it shows itself, but for addresses, else its kind."""
    kind: Any = type(given)
    if kind.__repr__ is object.__repr__:
        return f"{kind.__module__}.{kind.__qualname__}"
    return ADDRESS.sub("", repr(given))
