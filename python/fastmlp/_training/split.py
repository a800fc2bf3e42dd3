"""Which samples ``validation_fraction`` sets aside: drawn from the seed, and of classes in proportion.

So every fit of a network on the same data sets the same ones aside. The draw is the raw stream of NumPy's Philox, which
NumPy promises to keep; that of its permutations it does not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._model.outputs import Meaning, metric_name, predictions
from fastmlp._model.samples import Samples
from fastmlp.runtime import imported

Array = npt.NDArray[Any]


def split(samples: Samples, fraction: float, seed: int, meaning: Meaning) -> tuple[Samples, Samples]:
    """Return training and validation samples, both in their old order."""
    targets = samples.targets
    if metric_name(targets, meaning) == "mae":
        classes = np.zeros(samples.rows, np.intp)
    else:
        # of indicator rows for a network of values, too, the largest entry is the class
        classes = targets if targets.ndim == 1 else predictions(targets, "many" if meaning == "values" else meaning)
    aside = _drawn(classes, fraction, seed)
    if not aside.any():
        raise ValueError(
            f"validation_fraction sets no sample aside: each of {samples.rows} is the only one of its class."
        )
    parts = samples.taken(~aside), samples.taken(aside)
    for part, name in zip(parts, ("training", "validation"), strict=True):
        if part.sample_weight is not None and part.sample_weight.sum() == 0:
            raise ValueError(f"validation_fraction leaves {name} samples of weight 0 only: give validation_data.")
    return parts


def _drawn(classes: Array, fraction: float, seed: int) -> Array:
    """Return which rows are set aside: of each class its share, at least one row, never all."""
    order = np.argsort(imported("numpy.random").Philox(key=seed).random_raw(len(classes)), kind="stable")
    aside = np.zeros(len(classes), bool)
    # not by np.unique, which imports numpy.ma in its first call
    names = np.sort(classes)
    for name in names[np.append(True, names[1:] != names[:-1])]:
        rows = order[classes[order] == name]
        if len(rows) > 1:
            share = min(max(int(len(rows) * fraction + 0.5), 1), len(rows) - 1)
            aside[rows[:share]] = True
    return aside
