"""What a fit of TabularClassifier and TabularRegressor leaves: the members, and how tables become what they take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from fastmlp.network import Network
from fastmlp.sklearn._results import FitResult
from fastmlp.sklearn._tabular.encoder import TableEncoder
from fastmlp.sklearn._tabular.units import Units


@dataclass(init=False, repr=False, eq=False)
class TabularResult(FitResult):
    """As for ``TabularClassifier``; ``units`` is of a regressor, the rest of a classifier.

    ``has_many``: whether a row may have several labels, which are then the columns of y.
    """

    networks_: list[Network]
    best_iterations_: list[int]
    repeats_: list[int]
    plan_: int
    classes_: npt.NDArray[Any]
    has_many: bool
    encoder: TableEncoder
    units: Units
