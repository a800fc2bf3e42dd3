"""``hidden_layer_sizes``, which both kinds of estimators take in the same forms. What the sizes become is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastmlp._checks.arguments import check_integer


def hidden_sizes(sizes: Any) -> tuple[int, ...]:
    """Return the units of each hidden layer, from a sequence or from one number."""
    if hasattr(sizes, "__array__") and np.ndim(sizes) == 1:
        sizes = np.asarray(sizes).tolist()
    if not isinstance(sizes, Sequence) or isinstance(sizes, str | bytes | bytearray | memoryview):
        # an iterator is refused here as no number: it would have nothing left for the next fit
        return (check_integer(sizes, "hidden_layer_sizes (or each entry of a sequence)", minimum=1),)
    return tuple(check_integer(size, f"hidden_layer_sizes[{index}]", minimum=1) for index, size in enumerate(sizes))
