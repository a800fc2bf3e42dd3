"""A member of a model for tables: the rows that choose its epoch, its network, and its training.

What stands in the table and what comes of several members is estimator.py's; running them at once is
_training/crew.py's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypedDict

import numpy as np
import numpy.typing as npt

from fastmlp._checks.monitor import Monitor
from fastmlp._model.embedding import learned_bins
from fastmlp._model.scaling import ColumnScaling, columns_of
from fastmlp._training.crew import SomeTraining
from fastmlp._training.members import SharedRows
from fastmlp.embeddings import PiecewiseLinear
from fastmlp.network import Network, model_of
from fastmlp.scalings import RobustScale
from fastmlp.sklearn._models import training_of, with_embedding, with_scaling
from fastmlp.sklearn._tabular.encoded import Encoded
from fastmlp.sklearn._tabular.following import Mirror

if TYPE_CHECKING:
    from fastmlp._training.checkpoint import Checkpoint
    from fastmlp._training.watch import Callback
    from fastmlp.history import Epoch
    from fastmlp.optimizers import Optimizer

Rows: TypeAlias = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Samples:
    """A table, targets as a network takes them, and weights."""

    table: Encoded
    targets: npt.NDArray[Any]
    weights: npt.NDArray[np.float64] | None

    def taken(self, aside: Rows | Samples) -> Samples:
        """Return those of these rows, or others."""
        if isinstance(aside, Samples):
            return aside
        return Samples(self.table.taken(aside), self.targets[aside], _taken(self.weights, aside))

    @cached_property
    def shared(self) -> SharedRows:
        """One array of them, of which members take their rows."""
        return SharedRows(self.table.dense(), self.targets)


class Settings(TypedDict):
    """How a member is trained, all alike but for their checkpoints: arguments of ``Network.fit``."""

    epochs: int
    batch_size: int
    optimizer: Optimizer
    checkpoint: Checkpoint | None
    callbacks: list[Callback]


class BestEpoch:
    """Keeps the weights of the epoch with the least validation loss, the last of equals, and puts them back.

    The rate falls to 0 four times, in the schedule coslog4 at 1/15, 3/15, 7/15 and the end of the epochs. Where it ends
    early, it does so after the third time if that was no better than the second.
    """

    def __init__(self, epochs: int, *, ends_early: bool) -> None:
        # a little after 7/15, and after 3/15
        self._ends = math.ceil(0.48 * epochs) if ends_early else None
        self._since = 0.25 * epochs
        self._monitor = Monitor("validation_loss", "min", counts_equal=True)
        self.epoch = 0
        self._weights: npt.NDArray[Any] | None = None

    def __call__(self, network: Network, epoch: Epoch) -> bool:
        """Look at an epoch; True ends the fit."""
        if self._monitor.improves(epoch[self._monitor.column]):
            self.epoch = int(epoch["epoch"])
            self._weights = network.get_parameters()
        return epoch["epoch"] == self._ends and self.epoch <= self._since

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps of it."""
        return {"best": self._monitor.best, "epoch": self.epoch, "weights": self._weights}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what ``state_dict`` returned."""
        self._monitor.best, self.epoch, self._weights = state["best"], state["epoch"], state["weights"]

    def end(self, network: Network) -> None:
        """Put the best weights back."""
        if self._weights is not None:
            network.set_parameters(self._weights)


def validation_rows(
    n: int, fraction: float, classes: Rows | None, random_state: np.random.RandomState
) -> Iterator[Rows]:
    """Yield for one member after another the rows to set aside, without end.

    Each takes the next ones of a random order, beginning anew where it ends, so that together they set every row aside
    equally often, as near as whole members go. Where there are classes, any stretch of the order has of each its share,
    as near as whole rows go.
    """
    size = min(max(1, math.ceil(n * fraction)), n - 1)
    while True:
        order = random_state.permutation(n)
        if classes is not None:
            # where two classes are due at the same place of the order, chance decides which comes first
            order = _interleaved(order, random_state.permutation(classes.max() + 1)[classes])
        for start in range(0, n, size):
            yield order[np.arange(start, start + size) % n]


def _interleaved(order: Rows, classes: Rows) -> Rows:
    """Return the rows in an order in which those of each class are evenly apart."""
    counts = np.bincount(classes)
    by_class = order[np.argsort(classes[order], kind="stable")]
    rank = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    return by_class[np.argsort((rank + 0.5) / np.repeat(counts, counts), kind="stable")]


class Member(NamedTuple):
    """A network that was trained, its best epoch, and how many it has made."""

    network: Network
    best_epoch: int
    epochs: int


def train(
    network: Network, samples: Samples, aside: Rows | Samples, settings: Settings, *, ends_early: bool = False
) -> SomeTraining[Member]:
    """Train a member; ``aside`` says which samples choose its epoch, or gives others."""
    learned: Rows | None = None
    judged: Rows | None = None
    others = samples
    if isinstance(aside, Samples):
        others = aside
    else:
        learned, judged = np.delete(np.arange(len(samples.targets)), aside), aside
    best = BestEpoch(settings["epochs"], ends_early=ends_early)
    # the best one at last: whatever weights other callbacks put back, the epoch that was chosen stays
    called: list[Any] = [*settings["callbacks"], best]
    fixed: dict[str, Any] = {**settings, "metrics": [], "callbacks": called, "progress": False}
    fixed["sample_weight"] = _taken(samples.weights, learned)
    judged_weights = _taken(others.weights, judged)
    weights_of_validation = () if judged_weights is None else (judged_weights,)
    if not samples.table.is_mostly_zero:
        model = model_of(network)
        X, y = samples.shared.of(model, learned, "rows")
        validation = *others.shared.of(model, judged, "rows"), *weights_of_validation
        history = yield from training_of(network, X, y, validation_data=validation, **fixed)
        return Member(network, best.epoch, len(history["epoch"]))
    # the core takes sparse rows as they are: what scales the inputs stands beside the network while it is trained
    own = _taken(samples.table, learned)
    scaling, columns, rows = _scaled_apart(own, network)
    bare = _with_bins(with_scaling(network, None), own, columns)
    judged_rows = _taken(others.table, judged).scaled(columns)
    validation = judged_rows, _taken(others.targets, judged), *weights_of_validation
    # what callbacks are shown, and what is left in the end, is the network for tables
    whole = with_scaling(bare, scaling)
    fixed["callbacks"] = [Mirror(bare, whole), *called]
    targets = _taken(samples.targets, learned)
    history = yield from training_of(bare, rows, targets, owner=whole, validation_data=validation, **fixed)
    return Member(whole, best.epoch, len(history["epoch"]))


def _taken(values: Any, rows: Rows | None) -> Any:
    """Return these rows, or all."""
    if rows is None or values is None:
        return values
    return values.taken(rows) if isinstance(values, Encoded) else values[rows]


def _with_bins(network: Network, X: Encoded, columns: ColumnScaling) -> Network:
    """Return the network with the bins of these rows, if it has some: it does not learn them from sparse rows."""
    embedding = network.embedding
    if not isinstance(embedding, PiecewiseLinear):
        return network
    numbers = np.column_stack(X.numbers[: embedding.columns])
    assert embedding.columns is not None
    return with_embedding(network, learned_bins(embedding, columns.first(embedding.columns), numbers, None, np.float32))


def _scaled_apart(X: Encoded, network: Network) -> tuple[RobustScale, ColumnScaling, Any]:
    """Return what the network's scaling learns of these rows, and the rows; ``Network.fit`` has no type for them."""
    assert isinstance(network.scaling, RobustScale)
    scaling = network.scaling if network.scaling.median is not None else X.learned(network.scaling)
    columns = columns_of(scaling, X.width, np.float32)
    assert columns is not None
    return scaling, columns, X.sparse(columns)
