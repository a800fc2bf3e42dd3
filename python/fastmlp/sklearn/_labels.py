"""Labels of any kind as the integers that a network takes. What labels a model has is settled by its estimator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import column_or_1d

from fastmlp._checks.arrays import check_unmasked
from fastmlp._checks.caller import warn_caller
from fastmlp._checks.frames import from_objects
from fastmlp._checks.text import brief, listed

Array = npt.NDArray[Any]


def plain_targets(y: Any, name: str = "y") -> Any:
    """Return targets as scikit-learn takes them; one that is masked or missing is an error, which names its row.

    Bools and numbers that came as objects, or of a type that has missing ones, become NumPy's, and its own kind of
    strings text.
    """
    check_unmasked(y, name)
    dtype = getattr(y, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind != "O":
        return np.array(y.tolist(), dtype=str) if dtype.kind == "T" else y
    if isinstance(y, list | tuple):
        _check_none_missing(y, len(y), name)
        return y
    if dtype is None:
        return y
    objects = np.asarray(y, dtype=object)
    _check_none_missing(objects.ravel().tolist(), len(objects) if objects.ndim else 1, name)
    found = from_objects(objects, name)
    return y if found.dtype.kind == "O" else found


def one_column(y: Array) -> Array:
    """Return targets (samples,) also of a column of them, with scikit-learn's warning, at the caller's line."""
    if y.ndim == 2 and y.shape[1] == 1:
        warn_caller("A column-vector y was passed when a 1d array was expected: use y.ravel().", DataConversionWarning)
    return column_or_1d(y)


def _check_none_missing(values: Sequence[Any], rows: int, name: str) -> None:
    for index, value in enumerate(values):
        if _is_missing(value):
            row = index * rows // len(values)
            raise ValueError(f"{name} holds {value} in row {row}: leave such rows out.")


def _is_missing(value: Any) -> bool:
    # pandas, which is not imported here, has an object of its own
    return value is None or type(value).__name__ == "NAType" or (isinstance(value, float) and value != value)


def places_of(y: Array, classes: Array, name: str = "y") -> npt.NDArray[np.int32]:
    """Return the place of each label among the sorted classes; one that is not there is an error."""
    kinds = {classes.dtype.kind, y.dtype.kind}
    try:
        places = np.minimum(np.searchsorted(classes, y), len(classes) - 1)
        differ = "U" in kinds and kinds & set("biuf")  # text and numbers, of whose comparison NumPy before 1.25 warns
        known = np.zeros(len(y), bool) if differ else classes[places] == y
    except TypeError:  # labels of a kind that cannot be compared with those before
        known = np.zeros(len(y), bool)
    if not known.all():
        refuse_label(y[np.argmin(known) :][:1].tolist()[0], classes, name)
    return places.astype(np.int32)


def refuse_label(label: object, classes: Array, name: str) -> NoReturn:
    """Say that a label is none of those that are known."""
    raise ValueError(f"{name} has the label {brief(label)}, which is none of classes_: {listed(classes.tolist())}.")
