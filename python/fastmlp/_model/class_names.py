"""Labels that are text: which names a network's classes have, and the numbers that the core knows them by.

A first fit on text learns the names in order; a network that has names knows text by them, and one that was trained on
text predicts text. Labels that are numbers pass through untouched.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arrays import check_unmasked, count, element
from fastmlp._checks.text import LONGEST_NAME, brief, listed, shortened

Array = npt.NDArray[Any]


class ClassNames(NamedTuple):
    """Names of a network's classes, and whether it was trained by them and so predicts them."""

    names: list[str] | None = None
    are_predicted: bool = False

    def learned(self, y: Any, n_classes: int, name: str = "y") -> ClassNames:
        """Return these, or the ones that text holds where there are none yet."""
        texts = as_text(y, name)
        if texts is None:
            return self
        if self.names is not None:
            return ClassNames(self.names, are_predicted=True)
        found = sorted(set(texts))
        if len(found) != n_classes:
            raise ValueError(
                f"{name} holds {count(len(found), 'class', 'classes')}, {shortened(listed(found), 200)}, but the "
                f"network has {n_classes}: change the units of the last layer, or set net.classes to all names."
            )
        return ClassNames(found, are_predicted=True)

    def numbers(self, y: Any, name: str = "y") -> Any:
        """Return the labels as numbers where they are text, and anything else as it is."""
        texts = as_text(y, name)
        if texts is None:
            return y
        if self.names is None:
            raise ValueError(
                f"{name} holds text, but the network's classes have no names yet: fit on arrays first, "
                "or set net.classes to all names."
            )
        numbers = {text: number for number, text in enumerate(self.names)}
        try:
            return np.array([numbers[text] for text in texts], np.int64)
        except KeyError as unknown:
            row, shown = texts.index(unknown.args[0]), shortened(repr(unknown.args[0]), LONGEST_NAME)
            raise ValueError(
                f"{element(name, row)} is {shown}, but the network's classes are {shortened(listed(self.names), 200)}: "
                "leave such samples out, or build a network with a class for them."
            ) from None

    def texts(self, labels: Array) -> Array:
        """Return what ``predict`` answers."""
        return np.array(self.names)[labels] if self.are_predicted else labels


def check_class_names(value: Any, n_outputs: int) -> list[str] | None:
    """Return the names of a network's classes as they are, if there is a different one for each."""
    # one output tells two classes apart
    n_classes = max(n_outputs, 2)
    if value is None:
        return None
    if (
        not isinstance(value, list)
        or any(not isinstance(name, str) for name in value)
        or len(value) != n_classes
        or len(set(value)) != n_classes
    ):
        raise ValueError(f"classes must be None or a list of {n_classes} different names, got {brief(value)}.")
    return value


def as_text(y: Any, name: str) -> list[str] | None:
    """Return labels that are text as a list; None: they are none."""
    check_unmasked(y, name)
    if isinstance(y, list | tuple):
        if not (y and isinstance(y[0], str)):
            return None
        values = list(y)
    else:
        # what has no dtype is not looked into; that of a polars series has no kind, but says whether it is of numbers
        if not hasattr(y, "dtype") or getattr(y.dtype, "kind", "O") not in "OUT":
            return None
        if hasattr(y.dtype, "is_numeric") and y.dtype.is_numeric():
            return None
        array = np.asarray(y)
        if not (array.dtype.kind in "OUT" and array.size and isinstance(array.flat[0], str)):
            return None
        if array.ndim != 1:
            raise ValueError(f"{name} has shape {array.shape}, but labels that are text must be (samples,).")
        values = array.tolist()
    for row, value in enumerate(values):
        if not isinstance(value, str):
            shown = shortened(repr(value), LONGEST_NAME)
            raise TypeError(
                f"{element(name, row)} is {shown}, but {element(name, 0)} is text: give all labels as text, and leave "
                "out samples whose label is missing."
            )
    # NumPy's strings show their type where they are printed
    return [str(value) for value in values]
