"""Which samples ``validation_fraction`` sets aside: drawn from the seed, and of classes in proportion.

So every fit of a network on the same data sets the same ones aside. The draw is the raw stream of NumPy's Philox, which
NumPy promises to keep; that of its permutations it does not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._model.outputs import Meaning, metric_name, predictions

Array = npt.NDArray[Any]
Checked = tuple[Array, Array, "Array | None"]


def split(data: Checked, fraction: float, seed: int, meaning: Meaning) -> tuple[Checked, Checked]:
    """Return training and validation samples, both in their old order."""
    X, targets, sample_weight = data
    if metric_name(targets, meaning) == "mae":
        classes = np.zeros(len(X), np.intp)
    else:
        # of indicator rows for a network of values, too, the largest entry is the class
        classes = targets if targets.ndim == 1 else predictions(targets, "many" if meaning == "values" else meaning)
    aside = _drawn(classes, fraction, seed)
    if not aside.any():
        raise ValueError(f"validation_fraction sets no sample aside: each of {len(X)} is the only one of its class.")
    parts = []
    for rows, name in ((~aside, "training"), (aside, "validation")):
        weight = None if sample_weight is None else sample_weight[rows]
        if weight is not None and weight.sum() == 0:
            raise ValueError(f"validation_fraction leaves {name} samples of weight 0 only: give validation_data.")
        parts.append((X[rows], targets[rows], weight))
    return parts[0], parts[1]


def _drawn(classes: Array, fraction: float, seed: int) -> Array:
    """Return which rows are set aside: of each class its share, at least one row, never all."""
    order = np.argsort(np.random.Philox(key=seed).random_raw(len(classes)), kind="stable")
    aside = np.zeros(len(classes), bool)
    for name in np.unique(classes):
        rows = order[classes[order] == name]
        if len(rows) > 1:
            share = min(max(int(len(rows) * fraction + 0.5), 1), len(rows) - 1)
            aside[rows[:share]] = True
    return aside
