"""The networks of one fit of a table: members of the same settings, or the ensemble of a search (best.py).

What is learned from, and what targets stand for, estimator.py has settled.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastmlp._training.checkpoint import Checkpoint
from fastmlp._training.crew import SomeTraining
from fastmlp._training.watch import Callback
from fastmlp.losses import Loss
from fastmlp.network import Network
from fastmlp.scalings import RobustScale
from fastmlp.sklearn._tabular.best import Ensemble, Outputs, Search, cost_of, pick, portfolio, try_settings
from fastmlp.sklearn._tabular.members import Member, Rows, Samples, train
from fastmlp.sklearn._tabular.prediction import of_rows
from fastmlp.sklearn._tabular.recipe import build, scaling_of
from fastmlp.sklearn._tabular.settings import Settled


class Watched(NamedTuple):
    """What follows the training of one network."""

    checkpoint: Checkpoint | None
    callbacks: list[Callback]


@dataclass(frozen=True)
class Fitting:
    """What all networks of a fit share.

    ``columns`` is how many of the table's are put in bins, ``asides`` what chooses the epoch of one network after
    another.
    """

    samples: Samples
    columns: int
    n_outputs: int
    last_activation: str
    loss: Loss
    batch_size: int
    asides: Iterator[Rows | Samples]
    random_state: np.random.RandomState

    def members(
        self,
        settled: Settled,
        watches: Sequence[Watched],
        run: Callable[[list[SomeTraining[Member]]], dict[int, Member]],
    ) -> tuple[Ensemble, list[Rows | Samples]]:
        """Train networks of these settings by ``run``, one for each watch; what chose their epochs is returned, too."""
        scaling = scaling_of(settled, self.samples.table, self.columns)
        networks = [self._network(settled, scaling) for _ in watches]
        judged = list(islice(self.asides, len(networks)))
        trained = run(
            [
                self._training(network, settled, aside, watched)
                for network, aside, watched in zip(networks, judged, watches, strict=True)
            ]
        )
        return Ensemble([trained[index] for index in range(len(networks))], [1] * len(networks), 1), judged

    def search(
        self,
        search: Search,
        settled: Settled,
        fraction: float,
        loss_of: Callable[[Outputs, npt.NDArray[np.generic], npt.NDArray[np.float64] | None], float],
    ) -> Ensemble:
        """Try other settings, too, and pick an ensemble."""
        rows = self.samples.table
        # so many that each row is set aside
        networks = math.ceil(1.0 / fraction - 1e-9)
        first = list(islice(self.asides, networks))
        judges = first[0] if isinstance(first[0], Samples) else self.samples
        # groups, and the last rows, do not set every row aside: then all settings are judged by the same ones
        seen = np.zeros(len(judges.targets), bool)
        for aside in first:
            seen[slice(None) if isinstance(aside, Samples) else aside] = True
        waiting = [first]

        def asides() -> list[Rows | Samples]:
            if waiting:
                return waiting.pop()
            return list(islice(self.asides, networks)) if seen.all() else first

        def training(own: Settled, aside: Rows | Samples) -> SomeTraining[Member]:
            network = self._network(own, scaling_of(own, rows, self.columns))
            return self._training(network, own, aside, Watched(None, []))

        def outputs_of(member: Member, aside: Rows | Samples) -> Outputs:
            table = aside.table if isinstance(aside, Samples) else rows.taken(aside)
            return of_rows(member.network.forward, table)

        candidates = try_settings(
            search,
            portfolio(settled),
            lambda own: cost_of(own, rows.width, self.columns),
            asides,
            training,
            outputs_of,
            len(judges.targets),
        )
        targets, weights = judges.targets[seen], None if judges.weights is None else judges.weights[seen]
        return pick(list(candidates), lambda outputs: loss_of(outputs[seen], targets, weights))

    def _network(self, own: Settled, scaling: RobustScale) -> Network:
        sizes = self.samples.table.width, self.n_outputs
        return build(own, scaling, self.columns, *sizes, self.last_activation, self.loss, self.random_state)

    def _training(
        self, network: Network, own: Settled, aside: Rows | Samples, watched: Watched
    ) -> SomeTraining[Member]:
        return train(
            network,
            self.samples,
            aside,
            {
                "epochs": own.epochs,
                "batch_size": self.batch_size,
                "optimizer": own.optimizer,
                "checkpoint": watched.checkpoint,
                "callbacks": watched.callbacks,
            },
            ends_early=own.ends_early,
        )
