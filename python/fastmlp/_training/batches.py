"""Steps on batches as they come, for ``partial_fit`` and ``fit`` on an iterable: what is the same for all is made once.

That is the optimizer, the core's trainer with its memory, and what it has measured of threads; it holds no state of the
network and no batch, so the network may be trained, written and reset in between. Plain arrays with nothing wrong in
them go to the core at once; all others through the checks, which have the sentences.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import fastmlp._core as _core
from fastmlp._model.architecture import Architecture
from fastmlp._model.model import Model
from fastmlp._model.samples import NAMES
from fastmlp._training.advice import warn_of_far_targets
from fastmlp._training.trainer import SettledOptimizer, epoch_number, new_trainer
from fastmlp.optimizers import Optimizer
from fastmlp.runtime import thread_limit

# of a trainer between two batches; larger ones take a step long enough to make them anew
MOST_KEPT_BYTES = 1 << 24


def most_kept_rows(architecture: Architecture) -> int:
    """Return how many rows a step may have whose trainer is kept."""
    # activations, and of each layer the derivatives that become deltas
    row = architecture.n_inputs + 2 * sum(shape[0] for _, shape in architecture.shapes)
    if architecture.embedding is not None:  # what leaves it and the deltas there, and a cosine and a sine for each wave
        row += 2 * architecture.n_inputs * (architecture.embedding.width + architecture.embedding.n_parameters)
    return MOST_KEPT_BYTES // (row * architecture.dtype.itemsize)


class Diverged(Exception):  # noqa: N818
    """A step on a batch was taken back; whoever knows which batch that was says so."""

    def __init__(self, report: _core.RunReport) -> None:
        super().__init__("a loss or a weight is no number")
        self.report = report


class Batches:
    """The trainer of a model's batches; one object for each model, which ``reset`` replaces."""

    def __init__(self, model: Model) -> None:
        self._model = model
        architecture = model.architecture
        self._settled = SettledOptimizer()
        self._trainer: _core.Trainer32 | None = None
        self._batch_size = 0
        self._most_rows = most_kept_rows(architecture)
        # of labels; 0: values; None: targets that the core does not take as they are
        self._plain_classes: int | None = None
        if architecture.loss.class_weight is None and architecture.target_scaling is None:
            if architecture.loss.takes == "values":
                self._plain_classes = 0
            elif architecture.meaning in ("many", "binary"):
                self._plain_classes = max(architecture.n_outputs, 2)

    def settle(self, optimizer: str | Optimizer) -> None:
        """Take the optimizer of the next steps, or refuse it."""
        self._settled.take(optimizer, self._forget_trainer)

    @property
    def rate(self) -> float:
        """The learning rate."""
        return self._settled.rate.base

    def _forget_trainer(self) -> None:
        self._trainer = None

    def step(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        *,
        batch_size: int | None = None,
        names: tuple[str, str, str] = NAMES,
    ) -> tuple[float, float, int]:
        """Train once on these rows, in steps of ``batch_size``; return their loss, weight and number.

        Raises
        ------
        Diverged
            A loss or weight is no number; the network is as before.
        """
        try:
            return self._step(X, y, sample_weight, batch_size, names)
        except BaseException:
            # Ctrl-C may have come where the trainer was about to change
            self._trainer = None
            raise

    def _step(
        self, X: Any, y: Any, sample_weight: Any, batch_size: int | None, names: tuple[str, str, str]
    ) -> tuple[float, float, int]:
        model, trainer, classes = self._model, self._trainer, self._plain_classes
        is_plain = type(X) is np.ndarray and X.ndim == 2 and sample_weight is None
        if classes == 0 and not model.layers[-1].bias.any():
            # its targets may be far from what it starts with, which is to be said
            is_plain = False
        if is_plain and classes is not None and trainer is not None and self._suits(batch_size, len(X)):
            done = trainer.run_on_plain(X, y, classes, epoch_number(model), thread_limit())
            if type(done) is float:
                # to the core it is an epoch
                model.count_epochs(1)
                return done, float(len(X)), len(X)
            if done is not None:
                assert isinstance(done, _core.RunReport)
                raise Diverged(done)
        data = model.check(X, y, sample_weight, names)
        weight = float(data.rows) if data.sample_weight is None else float(data.sample_weight.sum())
        model.check_scaling_is_known()
        warn_of_far_targets(model, data)
        samples = model.for_core(data)
        if trainer is None or not self._suits(batch_size, data.rows):
            settled = self._settled
            size = data.rows if batch_size is None else min(batch_size, data.rows)
            trainer = new_trainer(model, samples, size, settled.optimizer, shuffle=False, rate=settled.rate)
            self._trainer, self._batch_size = trainer if size <= self._most_rows else None, size
        report = trainer.run_on(
            X=samples.inputs,
            targets=samples.targets,
            sample_weight=samples.sample_weight,
            epoch=epoch_number(model),
            threads=thread_limit(),
        )
        if report.diverged:
            raise Diverged(report)
        model.count_epochs(1)
        return model.loss_unit * report.epochs[0].loss, weight, data.rows

    def _suits(self, batch_size: int | None, rows: int) -> bool:
        """Whether the trainer makes steps of this size: one of all rows has room for as many."""
        if batch_size is None or batch_size >= rows:
            return rows <= self._batch_size
        return batch_size == self._batch_size
