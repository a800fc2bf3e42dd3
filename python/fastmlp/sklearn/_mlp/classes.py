"""Classes as the goal of a fit: labels of any kind, or several for a sample, and their weights.

Which outputs a label becomes, and which label outputs mean, is said by ``Labels`` alone; looking labels up is
_labels.py's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from fastmlp._checks.text import listed
from fastmlp._model.class_weight import balanced
from fastmlp.activations import resolve_activation
from fastmlp.losses import CrossEntropy, Loss, kind_of_loss, resolve_loss
from fastmlp.network import Network
from fastmlp.sklearn._labels import one_column, places_of
from fastmlp.sklearn._mlp.data import outputs_of
from fastmlp.sklearn._mlp.goal import Goal
from fastmlp.sklearn._weights import weight_of_each

Array = npt.NDArray[Any]


class Labels(NamedTuple):
    """What outputs stand for: one label of each sample, or with a binarizer several."""

    classes: Array
    binarizer: LabelBinarizer | None

    @classmethod
    def of(cls, y: Array, *, has_many: bool) -> Labels:
        """Learn the labels of targets."""
        if has_many:
            binarizer = LabelBinarizer().fit(y)
            return cls(binarizer.classes_, binarizer)
        return cls(np.unique(y), None)

    @classmethod
    def of_first_part(cls, y: Array, classes: npt.ArrayLike, *, has_many: bool) -> Labels:
        """Learn all labels that will ever come from ``classes``; several of a sample are the columns of y."""
        classes = np.asarray(classes)
        if len(classes) == 0:
            raise ValueError("classes is empty: give all labels that will ever come.")
        if not has_many:
            return cls.of(classes, has_many=False)
        columns = np.arange(y.shape[1])
        if not np.array_equal(np.sort(classes), columns):
            raise ValueError(
                f"classes is {listed(classes.tolist())}, but y has several labels for each sample, which are its "
                f"columns: give range({len(columns)})."
            )
        return cls.of(y, has_many=True)

    def check_complete(self, y: Array) -> None:
        """Refuse targets of a warm start that lack a label, as scikit-learn does: they are of another problem."""
        if self.binarizer is None and len(np.unique(y)) < len(self.classes):
            raise ValueError(
                f"warm_start goes on with the classes {listed(self.classes.tolist())}, but y has only "
                f"{listed(np.unique(y).tolist())}: give samples of all of them, or fit with warm_start=False."
            )

    def encode(self, y: Array, name: str, *, has_many: bool) -> Array:
        """Return the place of each label, or rows of 0 and 1."""
        if has_many != (self.binarizer is not None):
            one, several = "one label for each sample", "several labels for each sample"
            came, were = (several, one) if has_many else (one, several)
            raise ValueError(f"{name} has {came}, but the model has {were}.")
        if self.binarizer is None:
            return places_of(y, self.classes, name)
        if y.shape[1] != len(self.classes):
            raise ValueError(
                f"{name} has {y.shape[1]} columns, but the model has {len(self.classes)} labels: "
                "give a column of 0 and 1 for each."
            )
        return self.binarizer.transform(y).astype(np.uint8)

    def chosen(self, outputs: Array, loss: Loss) -> Array:
        """Return the places of the labels that outputs speak for, or rows of 0 and 1."""
        if outputs.shape[1] > 1 and self.binarizer is None:
            return outputs.argmax(axis=1)
        above = outputs > (0.0 if is_scoring(loss) else 0.5)
        if self.binarizer is not None:
            return above.astype(np.int64)
        # a model that saw one class has an output for the second of two, which does not exist
        return np.minimum(above[:, 0].astype(np.intp), len(self.classes) - 1)

    def decode(self, chosen: Array) -> Array:
        """Return what ``chosen`` returned as users gave it."""
        if self.binarizer is not None:
            return self.binarizer.inverse_transform(chosen)
        return self.classes[chosen]


class ClassGoal(Goal):
    """Classes, whose weights are as for ``MLPClassifier``."""

    def __init__(self, loss: Loss, labels: Labels, class_weight: str | Mapping[Any, float] | None) -> None:
        self.loss, self._labels, self._class_weight = loss, labels, class_weight
        if is_scoring(loss):
            self.last_activation = "identity"
        else:
            is_one_of_several = labels.binarizer is None and len(labels.classes) > 2
            self.last_activation = "softmax" if is_one_of_several else "sigmoid"

    def encode(self, y: Array, name: str) -> Array:
        """Check labels, and return their places or rows of 0 and 1."""
        y, has_many = checked_labels(y)
        return self._labels.encode(y, name, has_many=has_many)

    def n_outputs(self, targets: Array) -> int:
        """Return one for each class, but one for two classes."""
        if self._labels.binarizer is not None:
            return targets.shape[1]
        return 1 if len(self._labels.classes) <= 2 else len(self._labels.classes)

    def stratifies(self, targets: Array) -> bool:
        """Whether there are two classes: one of several may have a single sample, which no split can share."""
        return self.n_outputs(targets) == 1

    def weights(self, y: Array, targets: Array, sample_weight: Array | None) -> Array | None:
        """Return the weight of each sample times that of its class."""
        if self._class_weight is None:
            return sample_weight
        if self._class_weight == "balanced":
            # a sample counts by its weight, so that weight 2 is the sample twice
            counted = np.ones(len(targets)) if sample_weight is None else sample_weight
            columns = targets[:, np.newaxis] if targets.ndim == 1 else targets
            weights = np.prod([balanced(column, counted) for column in columns.T], axis=0)
        elif self._labels.binarizer is None and not isinstance(self._class_weight, str):
            weights = weight_of_each(self._labels.classes, self._class_weight)[targets]
        else:
            weights = compute_sample_weight(self._class_weight, y)
        return weights if sample_weight is None else weights * sample_weight

    def score(self, network: Network, X: Any, targets: Array, sample_weight: Array | None) -> float:
        """Return the accuracy."""
        chosen = self._labels.chosen(outputs_of(network.forward, X), self.loss)
        return float(accuracy_score(targets, chosen, sample_weight=sample_weight))


def checked_labels(y: Array) -> tuple[Array, bool]:
    """Return targets and whether each sample has several labels; what is no label is an error."""
    try:
        check_classification_targets(y)
        has_many = type_of_target(y).startswith("multilabel")
    except TypeError:
        raise ValueError("y holds labels that cannot be sorted: make all of them text, or all numbers.") from None
    if has_many:
        return y, True
    return one_column(y), False


def loss_of_classes(loss: str | Loss) -> Loss:
    """Return the loss that ``loss`` of a classifier stands for."""
    if isinstance(loss, str) and loss == "log_loss":
        return CrossEntropy()
    if isinstance(loss, Loss) and loss.class_weight is not None:
        raise ValueError("class_weight belongs to the estimator here: leave that of the loss out.")
    kind = kind_of_loss(loss)
    if kind is not None and kind.takes == "counts":
        raise ValueError(f"loss {kind.name!r} is for counts: use MLPRegressor.")
    return resolve_loss(loss, resolve_activation("identity" if is_scoring(loss) else "sigmoid"))


def is_scoring(loss: str | Loss) -> bool:
    """Whether a loss asks for scores, not for probabilities."""
    kind = kind_of_loss(loss)
    return kind is not None and kind.meaning == "scores"
