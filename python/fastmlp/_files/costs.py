"""What a model file from a stranger may cost, whatever it says: a second, and 64 MB beyond its own size, up to 16 MB.

Counted before anything is built. Larger files take time and memory in proportion. How much JSON may be: plain_json.py.
Errors (ValueError) are clauses. What a network holds is counted before it is saved, too, so that it can be read again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from fastmlp._files.safetensors import DTYPES

MAX_LAYERS = 5000
MAX_FORMULAS = 10_000  # characters; the parsing of one takes up to 40 us a character
MAX_PADDING = 64 * 2**20


def check_work(layers: list[Any]) -> None:
    """Refuse a list of layers that would take long to build: each takes some time, and formulas more."""
    if len(layers) > MAX_LAYERS:
        raise ValueError(f"it has {len(layers)} layers, more than {MAX_LAYERS}")
    activations = [entry.get("activation") for entry in layers if isinstance(entry, dict)]
    texts = {str(settings["text"]) for settings in activations if isinstance(settings, dict) and "text" in settings}
    length = sum(map(len, texts))
    if length > MAX_FORMULAS:
        raise ValueError(f"its formulas have {length} characters, more than {MAX_FORMULAS}")


def check_memory(shapes: Iterable[tuple[int, ...]], dtype: str) -> None:
    """Refuse a network that would take many times the memory of its weights: rows of few units are padded to 16."""
    held = padded = 0
    for shape in shapes:
        held += math.prod(shape)
        padded += math.prod(shape[:-1]) * -(-shape[-1] // 16) * 16
    item = DTYPES[dtype][1].itemsize
    if padded * item > MAX_PADDING + 4 * held * item:
        raise ValueError(
            f"its network would take {padded * item} bytes for {held * item} bytes of weights, since layers of few "
            "units with many inputs are padded to 16 units: give these more units"
        )
