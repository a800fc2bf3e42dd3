"""What a fit of MLPClassifier and MLPRegressor leaves: network, labels, curves, and where the rules of stopping stand.

training.py and iterations.py fill it; a warm start and partial_fit go on from that of the fit before.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
from sklearn.preprocessing import LabelBinarizer

from fastmlp.network import Network
from fastmlp.sklearn._results import FitResult


@dataclass(init=False, repr=False, eq=False)
class MLPResult(FitResult):
    """As for ``MLPClassifier``, and what the next fit needs to go on.

    Attributes
    ----------
    best_loss_ : float or None
        None where a score decides.
    validation_scores_, best_validation_score_ : optional
        None where there is no score.
    classes_ : array
        Of a classifier only, as the next.
    binarizer : LabelBinarizer or None
        Where samples have several labels.
    no_improvement_count : int
        Iterations since the last improvement.
    rate : float
        Of the next iteration, where a rule of ``learning_rate`` sets it.
    """

    network_: Network
    n_outputs_: int
    t_: int
    loss_: float
    loss_curve_: list[float]
    best_loss_: float | None
    validation_scores_: list[float] | None
    best_validation_score_: float | None
    classes_: npt.NDArray[Any]
    binarizer: LabelBinarizer | None
    no_improvement_count: int
    rate: float

    def copied(self) -> dict[str, Any]:
        """Return the attributes of an estimator that predicts as one with this result would now, whatever follows."""
        lists = {name: value.copy() for name, value in self.values().items() if isinstance(value, list)}
        return self.values() | lists | {"network_": copy(self.network_)}
