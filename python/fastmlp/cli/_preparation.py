"""What the columns of a table mean to a network, decided on the training data and kept with the model.

Classes are numbered, and keep the names that the table writes: 007 is not 7. Inputs, and the values of a regression, go
to the network as they are: the scalings of both are a part of it, so that a model file takes raw rows. Reading the
table is in _tables.py; the names are kept in the model file's metadata.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.text import listed
from fastmlp._model.outputs import is_classifier, meaning_of_outputs
from fastmlp.cli._cells import Table, is_code, is_number, name_of_number, number_written, quoted

if TYPE_CHECKING:
    from fastmlp.network import Network

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

# a target of whole numbers with no more different values than this is taken for a class, unless the user says otherwise
MAX_INTEGER_CLASSES = 20


@dataclass(frozen=True)
class ScalingBeside:
    """What fastmlp 0.1.0 kept beside the network: means and deviations of inputs and target, with 0 and 1 for none."""

    mean: Floats
    scale: Floats
    target_mean: float
    target_scale: float

    @classmethod
    def of(cls, kept: Mapping[str, Any], n_inputs: int) -> ScalingBeside:
        """Return what a model's metadata hold."""
        mean, scale = (np.array(kept[key], dtype=np.float64) for key in ("mean", "scale"))
        if not (mean.shape == scale.shape == (n_inputs,)) or not (scale > 0).all():
            raise ValueError("there must be a mean and a positive scale for each input.")
        return cls(mean, scale, float(kept["target_mean"]), float(kept["target_scale"]))


@dataclass(frozen=True)
class Preparation:
    """What the columns of a table mean to one model.

    ``classes`` is None for a regression. A network that was not trained on a table has no names of columns.

    Examples
    --------
    >>> import numpy as np
    >>> from fastmlp.cli._preparation import Preparation
    >>> from fastmlp.cli._cells import Table
    >>> table = Table(np.array([[1.0], [3.0]]), ["length"], np.array(["b", "a"]), "kind")
    >>> preparation = Preparation.learn(table)
    >>> preparation.classes, preparation.targets(table).tolist()
    (['a', 'b'], [1, 0])
    """

    feature_names: list[str] | None
    target_name: str | None
    classes: list[str] | None
    beside: ScalingBeside | None = None

    @classmethod
    def learn(cls, table: Table, task: str | None = None) -> Preparation:
        """Return the preparation that suits a table.

        ``task`` is "classification", "regression" or None: what the target looks like.
        """
        if table.target is None or table.target_name is None:
            raise ValueError("the table has no target to learn.")
        labels, numbers = _labels(table.target), _numbers(table.target)
        if task is None:
            task = "classification" if numbers is None or _are_classes(labels, numbers) else "regression"
        if task == "classification":
            names = sorted(set(labels))
            if numbers is not None:
                names.sort(key=float)
            if len(names) < 2:
                raise ValueError(
                    f"the target {quoted(table.target_name)} has a single class, {quoted(names[0])}: nothing to learn."
                )
            return cls(table.feature_names, table.target_name, names)
        if numbers is None:
            text = next(label for label in labels if not is_number(label))
            raise ValueError(
                f"the target {quoted(table.target_name)} holds text: a regression needs numbers, not {quoted(text)}."
            )
        return cls(table.feature_names, table.target_name, None)

    def inputs(self, table: Table, network: Network) -> Floats:
        """Return the features as this network takes them."""
        features = table.features
        if features.shape[1] != network.n_inputs:
            raise ValueError(f"the table has {features.shape[1]} features, but the model needs {network.n_inputs}.")
        if self.beside is not None:
            prepared: Floats = (features - self.beside.mean) / self.beside.scale
            return prepared
        check_range(table, network.dtype)
        return features

    def targets(self, table: Table) -> npt.NDArray[Any]:
        """Return class numbers (rows,), or values (rows,) for a regression."""
        if table.target is None:
            raise ValueError("the table has no target.")
        if self.classes is None:
            numbers = _numbers(table.target)
            if numbers is None:
                raise ValueError(
                    f"the target {quoted(table.target_name or '')} holds text, but this model is a regression."
                )
            return numbers if self.beside is None else (numbers - self.beside.target_mean) / self.beside.target_scale
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
        """Return predictions of a regression in the target's own unit."""
        if self.beside is None:
            return outputs
        return outputs.astype(np.float64) * self.beside.target_scale + self.beside.target_mean

    def store(self, network: Network) -> None:
        """Keep this with a network, and so in its model file."""
        network.classes = self.classes
        network.metadata["preparation"] = {"feature_names": self.feature_names, "target_name": self.target_name}

    @classmethod
    def of(cls, network: Network) -> Preparation:
        """Return what was kept with a network, or what suits one that was trained without a table."""
        kept = network.metadata.get("preparation")
        classes = _classes(network)
        if kept is None:
            return cls(None, None, classes)
        try:
            names = [str(name) for name in kept["feature_names"]]
            if len(names) != network.n_inputs:
                raise ValueError
            beside = ScalingBeside.of(kept, network.n_inputs) if len(kept) > 2 else None
            return cls(names, str(kept["target_name"]), classes, beside)
        except (KeyError, TypeError, ValueError, OverflowError):
            raise ValueError("the model's metadata 'preparation' is not what fastmlp train writes.") from None


def check_range(table: Table, dtype: np.dtype[Any]) -> None:
    """Refuse numbers that a network of this dtype cannot hold."""
    wild = np.argwhere(np.abs(table.features) > np.finfo(dtype).max)
    if len(wild):
        row, column = wild[0]
        raise ValueError(
            f"column {quoted(table.feature_names[column])} holds {table.features[row, column]}, which {dtype} cannot "
            "hold: train with --dtype float64."
        )


def split(n_rows: int, share: float, seed: int) -> tuple[Rows, Rows]:
    """Return the rows to train on and those to validate on, drawn at random."""
    order = np.random.default_rng(seed).permutation(n_rows)
    n_valid = round(share * n_rows)
    if (share and not n_valid) or n_valid == n_rows:
        raise ValueError(f"--validation {share} takes {n_valid} of {n_rows} rows: both parts need at least one row.")
    return order[n_valid:], order[:n_valid]


def _classes(network: Network) -> list[str] | None:
    """Return the names of a classifier's classes, or their numbers, and None for a regression."""
    meaning = meaning_of_outputs(network.layers[-1].activation, network.loss_function, network.n_outputs)
    if not is_classifier(meaning):
        return None
    return network.classes or [str(label) for label in range(max(network.n_outputs, 2))]


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
        raise ValueError(
            f"the target of row {row + 1}, {quoted(str(cells[row]))}, is not finite: remove the row first."
        )
    return numbers
