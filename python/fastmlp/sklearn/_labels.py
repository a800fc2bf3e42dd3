"""Labels of any kind as the integers that a network takes. What labels a model has is settled by its estimator."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from fastmlp._checks.text import brief, listed

Array = npt.NDArray[Any]


def with_plain_bools(y: Any) -> Any:
    """Return labels as they are, but bools that came as objects, or of a type that has missing ones, as NumPy's."""
    if str(getattr(y, "dtype", "")).lower() not in ("object", "boolean", "bool[pyarrow]"):
        return y
    objects = np.asarray(y, dtype=object)
    is_bool = objects.size and all(isinstance(label, bool | np.bool_) for label in objects.flat)
    return objects.astype(bool) if is_bool else y


def places_of(y: Array, classes: Array, name: str = "y") -> npt.NDArray[np.int32]:
    """Return the place of each label among the sorted classes; one that is not there is an error."""
    try:
        places = np.minimum(np.searchsorted(classes, y), len(classes) - 1)
        known = classes[places] == y
    except TypeError:  # labels of a kind that cannot be compared with those before
        known = np.zeros(len(y), bool)
    if not known.all():
        refuse_label(y[np.argmin(known) :][:1].tolist()[0], classes, name)
    return places.astype(np.int32)


def refuse_label(label: object, classes: Array, name: str) -> NoReturn:
    """Say that a label is none of those that are known."""
    raise ValueError(f"{name} has the label {brief(label)}, which is none of classes_: {listed(classes.tolist())}.")
