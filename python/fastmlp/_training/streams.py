"""Training on batches as they come: ``fit`` on an iterable of batches, and ``partial_fit``.

Every batch is one run of the core, with a trainer of its own: so its rows are checked and its memory held only while it
is trained on, and a batch whose loss is no number leaves the weights as they were before it. What follows an epoch is
the same as for arrays (watch.py); single rows, where a microsecond counts, are in online.py.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TypeAlias

import numpy.typing as npt

import fastmlp._core as _core
from fastmlp._checks.arguments import check_batch, check_batches, check_flag, check_integer
from fastmlp._model.model import Model
from fastmlp._model.samples import Batch, Data, Samples
from fastmlp._training.advice import warn_of_far_targets
from fastmlp._training.arguments import FitArguments
from fastmlp._training.learning_rate import LearningRate
from fastmlp._training.progress import ProgressBar
from fastmlp._training.trainer import constant_rate, divergence, new_trainer, run
from fastmlp._training.watch import COLUMNS, Watch
from fastmlp.history import Epoch, History, epoch_row
from fastmlp.optimizers import Optimizer, StepOptimizer, resolve_optimizer

Rated: TypeAlias = tuple[StepOptimizer, LearningRate]

# what comes with every batch, or needs to know all of them, and the mend
NOT_OF_BATCHES = {
    "sample_weight": "give batches (X, y, sample_weight)",
    "validation_fraction": "give validation_data",
}


def fit(model: Model, owner: object, batches: Data | Iterable[Batch], arguments: FitArguments) -> History:
    """Train on an iterable of batches, and call callbacks with the owner; described at ``Network.fit``."""
    epochs = check_integer(arguments.epochs, "epochs", minimum=1)
    given: Iterable[Batch] = check_batches(batches, epochs)
    optimizer = constant_rate(resolve_optimizer(arguments.optimizer))
    progress = None if arguments.progress is None else check_flag(arguments.progress, "progress")
    for name, mend in NOT_OF_BATCHES.items():
        if getattr(arguments, name) is not None:
            raise ValueError(f"{name} needs arrays X and y, but X is an iterable of batches: {mend}.")
    watch = Watch.of(owner, model, arguments.validation_data, None, arguments.metrics, arguments.callbacks)
    history = History()
    watch.over(lambda: _epochs(model, given, epochs, optimizer, watch, progress, history), COLUMNS)
    return history


def _epochs(
    model: Model,
    batches: Iterable[Batch],
    epochs: int,
    optimizer: Rated,
    watch: Watch,
    progress: bool | None,
    history: History,
) -> None:
    """Go through the batches, and fill the history."""
    with ProgressBar(progress, epochs) as bar:
        for epoch in range(1, epochs + 1):
            history.epochs.append(_epoch(model, batches, epoch, optimizer, bar, history))
            if watch.after_epoch(model, history.epochs[-1]):
                return


def _epoch(
    model: Model, batches: Iterable[Batch], epoch: int, optimizer: Rated, bar: ProgressBar, history: History
) -> Epoch:
    """Make one step with each batch, and return the epoch's row."""
    loss_sum = weight_sum = seconds = 0.0
    samples = 0
    for index, batch in enumerate(batches):
        name = f"batch {index} of epoch {epoch}"
        X, y, sample_weight = check_batch(batch, name)
        data = model.check(X, y, sample_weight, names=(f"X of {name}", f"y of {name}"))
        rows = data.rows
        began = time.perf_counter()
        report = _one_pass(model, data, rows, optimizer)
        seconds += time.perf_counter() - began
        if report.diverged:
            where = f" at epoch {epoch}, step {index + 1}"
            raise divergence(report, where, "from before this batch", optimizer[1].base)
        weight = rows if data.sample_weight is None else float(data.sample_weight.sum())
        loss = model.loss_unit * report.last_loss
        loss_sum += weight * loss
        weight_sum += weight
        samples += rows
        bar.add(rows, epoch, history, loss)
    if samples == 0:
        raise ValueError(f"there is no batch in epoch {epoch}: give an iterable that starts anew for each epoch.")
    return epoch_row(epoch, loss_sum / weight_sum, seconds, samples)


def partial_fit(
    model: Model,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    optimizer: str | Optimizer,
    batch_size: int | None,
    sample_weight: npt.ArrayLike | None,
) -> float:
    """Train once on these rows; described at ``Network.partial_fit``."""
    with model.guard.hold():
        settled = constant_rate(resolve_optimizer(optimizer))
        if batch_size is not None:
            batch_size = check_integer(batch_size, "batch_size", minimum=1)
        data = model.check(X, y, sample_weight)
        batch = data.rows if batch_size is None else min(batch_size, data.rows)
        report = _one_pass(model, data, batch, settled)
        if report.diverged:
            where = "" if report.steps == 1 else f" at step {report.steps}"
            raise FloatingPointError(divergence(report, where, "from before this call", settled[1].base).sentence())
        return model.loss_unit * report.epochs[0].loss


def _one_pass(model: Model, data: Samples, batch_size: int, optimizer: Rated) -> _core.RunReport:
    """Take the rows once, in their order; to the core every such pass is an epoch of its own."""
    model.check_scaling_is_known()
    warn_of_far_targets(model, data)
    settled, rate = optimizer
    with new_trainer(model, model.for_core(data), batch_size, settled, shuffle=False, rate=rate) as trainer:
        return run(model, trainer, trainer.steps_per_epoch)
