"""What a fit leaves on an estimator: filled beside it, and taken over whole when the fit has come to its end.

A fit that fails, or is interrupted, has touched nothing: there is nothing to roll back. Which attributes there are is
said by a dataclass in each of the two folders: _mlp/results.py and _tabular/results.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Kind = TypeVar("Kind", bound="FitResult")


@dataclass(init=False, repr=False, eq=False)
class FitResult:
    """The attributes that a fit leaves.

    A field whose name ends with "_", as scikit-learn wants it, is the estimator's attribute of that name; any other is
    private there, with "_" in front. A field that was not set is an attribute that the estimator does not have.
    """

    n_features_in_: int
    feature_names_in_: npt.NDArray[np.object_]
    n_iter_: int

    @classmethod
    def of(cls: type[Kind], estimator: object) -> Kind:
        """Return what the last fit left, for one that goes on from there; lists are copies, to be appended to."""
        result, present = cls(), vars(estimator)
        for name, attribute in cls.attributes().items():
            if attribute in present:
                value = present[attribute]
                setattr(result, name, value.copy() if isinstance(value, list) else value)
        return result

    @classmethod
    def attributes(cls) -> dict[str, str]:
        """Return the estimator's attribute of each field."""
        return {field.name: field.name if field.name.endswith("_") else f"_{field.name}" for field in fields(cls)}

    def values(self) -> dict[str, Any]:
        """Return the attributes that the estimator will have."""
        attributes = self.attributes()
        return {attributes[name]: value for name, value in vars(self).items()}

    def take_columns(self, stand_in: object) -> None:
        """Take what scikit-learn's ``validate_data`` set on a copy of the estimator: number and names of columns."""
        for name in ("n_features_in_", "feature_names_in_"):
            if name in vars(stand_in):
                setattr(self, name, vars(stand_in)[name])

    def hand_over(self, estimator: object) -> None:
        """Make this what the estimator has, in the place of what the fit before left."""
        _replace(estimator, set(self.attributes().values()), self.values())

    @contextmanager
    def shown(self, estimator: object) -> Iterator[None]:
        """Let the estimator be, inside the block, as if the fit had ended here: callbacks may look at it."""
        names = set(self.attributes().values())
        earlier = {name: value for name, value in dict(vars(estimator)).items() if name in names}
        self.hand_over(estimator)
        try:
            yield
        finally:
            _replace(estimator, names, earlier)


def _replace(estimator: object, names: Collection[str], values: Mapping[str, Any]) -> None:
    """Replace attributes, by one assignment: no other thread sees half of them."""
    # of a copy, which is made at one go: another thread may set a parameter meanwhile
    others = {name: value for name, value in dict(vars(estimator)).items() if name not in names}
    estimator.__dict__ = {**others, **values}
