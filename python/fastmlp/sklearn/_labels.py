"""Labels of any kind as the integers that a network takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def places_of(y: Array, classes: Array) -> npt.NDArray[np.int32]:
    """Return the place of each label among the sorted classes; one that is not there is an error."""
    places = np.minimum(np.searchsorted(classes, y), len(classes) - 1)
    known = classes[places] == y
    if not known.all():
        label = y[[np.argmin(known)]].tolist()[0]
        raise ValueError(f"y has the label {label!r}, which is none of classes_: {classes.tolist()!r}.")
    return places.astype(np.int32)
