"""What must happen to a table before a network sees it, decided on the training data and kept with the model.

Inputs, and the target of a regression, are standardized: (value - mean) / standard deviation, in float64. Classes are
numbered, and keep the names that the table writes: 007 is not 7. Reading the table is in _tables.py; the numbers are
kept in the model file's metadata.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import listed
from fastmlp._model.outputs import is_classifier, meaning_of_outputs
from fastmlp.cli._cells import Table, is_code, is_number, name_of_number, number_written, quoted

if TYPE_CHECKING:
    from fastmlp.network import Network

Floats = npt.NDArray[np.float64]

# a target of whole numbers with no more different values than this is taken for a class, unless the user says otherwise
MAX_INTEGER_CLASSES = 20


@dataclass(frozen=True)
class Preparation:
    """How features and target of one model are prepared.

    ``classes`` is None for a regression. A network that was not trained on a table has no names of columns, and a
    preparation that changes nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from fastmlp.cli._preparation import Preparation
    >>> from fastmlp.cli._cells import Table
    >>> table = Table(np.array([[1.0], [3.0]]), ["length"], np.array(["a", "b"]), "kind")
    >>> preparation = Preparation.learn(table)
    >>> preparation.classes, preparation.inputs(table.features).tolist(), preparation.targets(table).tolist()
    (['a', 'b'], [[-1.0], [1.0]], [0, 1])
    """

    feature_names: list[str] | None
    target_name: str | None
    mean: Floats
    scale: Floats
    classes: list[str] | None
    target_mean: float = 0.0
    target_scale: float = 1.0

    @classmethod
    def learn(
        cls, table: Table, task: str | None = None, rows: npt.NDArray[np.int64] | slice = slice(None)
    ) -> Preparation:
        """Return the preparation that suits a table whose ``rows`` are trained on.

        ``task`` is "classification", "regression" or None: what the target looks like.
        """
        if table.target is None or table.target_name is None:
            raise ValueError("the table has no target to learn.")
        labels, numbers = _labels(table.target), _numbers(table.target)
        if task is None:
            task = "classification" if numbers is None or _are_classes(labels, numbers) else "regression"
        mean, scale = _moments(table.features[rows], table.feature_names)
        if task == "classification":
            names = sorted(set(labels))
            if numbers is not None:
                names.sort(key=float)
            if len(names) < 2:
                raise ValueError(
                    f"the target {quoted(table.target_name)} has a single class, {quoted(names[0])}: nothing to learn."
                )
            return cls(table.feature_names, table.target_name, mean, scale, names)
        if numbers is None:
            text = next(label for label in labels if not is_number(label))
            raise ValueError(
                f"the target {quoted(table.target_name)} holds text: a regression needs numbers, not {quoted(text)}."
            )
        target_mean, target_scale = _moments(numbers[rows, None], [table.target_name])
        return cls(
            table.feature_names, table.target_name, mean, scale, None, float(target_mean[0]), float(target_scale[0])
        )

    def inputs(self, features: Floats) -> Floats:
        """Return standardized features, (rows, inputs)."""
        if features.shape[1] != len(self.mean):
            raise ValueError(f"the table has {features.shape[1]} features, but the model needs {len(self.mean)}.")
        prepared: Floats = (features - self.mean) / self.scale
        return prepared

    def targets(self, table: Table) -> npt.NDArray[Any]:
        """Return class numbers (rows,), or standardized values (rows,) for a regression."""
        if table.target is None:
            raise ValueError("the table has no target.")
        numbers = _numbers(table.target)
        if self.classes is None:
            if numbers is None:
                raise ValueError(f"the target {table.target_name!r} holds text, but this model is a regression.")
            return (numbers - self.target_mean) / self.target_scale
        labels = _labels(table.target)
        index = {name: position for position, name in enumerate(self.classes)}
        # 1.0 is the class 1, as it is the same number; 01 is not
        by_number = {number: index[name] for name in self.classes if (number := number_written(name)) is not None}
        for label in set(labels) - set(index):
            number = number_written(label)
            if number not in by_number:
                first = next(cell for cell in labels if cell not in index and number_written(cell) not in by_number)
                raise ValueError(
                    f"the target {quoted(table.target_name or '')} holds {quoted(first)}, but the model's classes are "
                    f"{listed(self.classes)}."
                )
            index[label] = by_number[number]
        return np.array([index[label] for label in labels], dtype=np.int64)

    def values(self, outputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return predictions of a regression in the target's own unit, in the shape and dtype of ``outputs``."""
        return (outputs.astype(np.float64) * self.target_scale + self.target_mean).astype(outputs.dtype)

    def store(self, network: Network) -> None:
        """Keep this with a network, and so in its model file."""
        network.classes = self.classes
        network.metadata["preparation"] = {
            "feature_names": self.feature_names,
            "target_name": self.target_name,
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
            "target_mean": self.target_mean,
            "target_scale": self.target_scale,
        }

    @classmethod
    def of(cls, network: Network) -> Preparation:
        """Return what was kept with a network, or what suits one that was trained without a table."""
        kept = network.metadata.get("preparation")
        classes = _classes(network)
        if kept is None:
            return cls(None, None, np.zeros(network.n_inputs), np.ones(network.n_inputs), classes)
        try:
            names = [str(name) for name in kept["feature_names"]]
            mean, scale = (np.array(kept[key], dtype=np.float64) for key in ("mean", "scale"))
            target_mean, target_scale = float(kept["target_mean"]), float(kept["target_scale"])
            if not (mean.shape == scale.shape == (len(names),) == (network.n_inputs,)) or not (scale > 0).all():
                raise ValueError
            return cls(names, str(kept["target_name"]), mean, scale, classes, target_mean, target_scale)
        except (KeyError, TypeError, ValueError, OverflowError):
            raise ValueError("the model's metadata 'preparation' is not what fastmlp train writes.") from None


def _classes(network: Network) -> list[str] | None:
    """Return the names of a classifier's classes, or their numbers, and None for a regression."""
    meaning = meaning_of_outputs(network.layers[-1].activation, network.loss_function, network.n_outputs)
    if not is_classifier(meaning):
        return None
    return network.classes or [str(label) for label in range(max(network.n_outputs, 2))]


def _moments(values: Floats, names: list[str]) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of each column, the latter 1 for a constant column."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean, scale = values.mean(axis=0), values.std(axis=0)
    # compared exactly: rounding gives a constant column a tiny deviation
    scale[values.min(axis=0) == values.max(axis=0)] = 1.0
    wild = np.flatnonzero(~(np.isfinite(mean) & np.isfinite(scale) & (scale > 0)))
    if len(wild):
        raise ValueError(f"column {names[wild[0]]!r} cannot be standardized: its values are too large or too close.")
    return mean, scale


def _labels(cells: npt.NDArray[Any]) -> list[str]:
    """Return each cell as it is written; numbers as they are named."""
    return [str(cell) if isinstance(cell, str) else name_of_number(cell) for cell in cells]


def _are_classes(labels: list[str], numbers: Floats) -> bool:
    """Whether numbers look like names of classes: few different whole ones, or codes such as 007."""
    few_integers = bool((numbers == np.rint(numbers)).all()) and len(np.unique(numbers)) <= MAX_INTEGER_CLASSES
    return few_integers or any(map(is_code, labels))


def _numbers(cells: npt.NDArray[Any]) -> Floats | None:
    """Return the cells as float64 if all are numbers."""
    if cells.dtype.kind in "UO" and not all(map(is_number, cells.tolist())):
        return None
    numbers = cells.astype(np.float64)
    if not np.isfinite(numbers).all():
        row = int(np.flatnonzero(~np.isfinite(numbers))[0])
        raise ValueError(f"the target of row {row + 1} is {cells[row]}: remove rows without a target first.")
    return numbers
