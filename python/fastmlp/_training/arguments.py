"""The arguments of a fit beside its data, as given; described at ``Network.fit``, checked where they are used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from fastmlp._checks.arguments import ProgressKind
from fastmlp._model.samples import Validation
from fastmlp._training.checkpoint import Checkpoint
from fastmlp._training.watch import Callback
from fastmlp.metrics import Metric
from fastmlp.optimizers import Optimizer


@dataclass(frozen=True)
class FitArguments:
    """Whatever ``Network.fit`` takes by keyword, with its defaults."""

    epochs: int = 10
    batch_size: int | None = 128
    optimizer: str | Optimizer = "adam"
    shuffle: bool = True
    sample_weight: npt.ArrayLike | None = None
    validation_data: Validation | None = None
    validation_fraction: float | None = None
    metrics: Iterable[Metric] | None = None
    callbacks: Iterable[Callback] = ()
    progress: ProgressKind = None
    checkpoint: Checkpoint | None = None
    record: bool | int = False
    # not an argument of a user's: what the network keeps with it, for the file
    metadata: Mapping[str, Any] = field(default_factory=dict)
