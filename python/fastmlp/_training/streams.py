"""Training on batches as they come: ``fit`` on an iterable of batches, and ``partial_fit``.

Every batch is one run of the core (batches.py): so its rows are checked and its memory held only while it is trained
on, and a batch whose loss is no number leaves the weights as they were before it. What follows an epoch is the same as
for arrays (watch.py); single rows, where a microsecond counts, are in online.py.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import numpy.typing as npt

from fastmlp._checks.arguments import ProgressKind, check_batch, check_batches, check_integer, check_progress
from fastmlp._model.model import Model
from fastmlp._model.samples import Batch, Data
from fastmlp._training.arguments import FitArguments
from fastmlp._training.batches import Batches, Diverged
from fastmlp._training.progress import Progress
from fastmlp._training.trainer import divergence
from fastmlp._training.watch import COLUMNS, Watch
from fastmlp.history import Epoch, History, epoch_row
from fastmlp.optimizers import Optimizer

# what comes with every batch, or needs to know all of them, and the mend
NOT_OF_BATCHES = {
    "sample_weight": "give batches (X, y, sample_weight)",
    "validation_fraction": "give validation_data",
    "checkpoint": "take it away, or give arrays",
    "record": "take it away, or give arrays",
}


def fit(model: Model, owner: object, given: Data | Iterable[Batch], arguments: FitArguments) -> History:
    """Train on an iterable of batches, and call callbacks with the owner; described at ``Network.fit``."""
    epochs = check_integer(arguments.epochs, "epochs", minimum=1)
    iterable: Iterable[Batch] = check_batches(given, epochs)
    batches = Batches(model)
    batches.settle(arguments.optimizer)
    progress = check_progress(arguments.progress)
    for name, mend in NOT_OF_BATCHES.items():
        given = getattr(arguments, name)
        if given is not None and given is not False:
            raise ValueError(f"{name} needs arrays X and y, but X is an iterable of batches: {mend}.")
    watch = Watch.of(owner, model, arguments.validation_data, None, arguments.metrics, arguments.callbacks)
    history = History()
    with watch.over(COLUMNS):
        _epochs(model, iterable, epochs, batches, watch, progress, history)
    return history


def _epochs(
    model: Model,
    iterable: Iterable[Batch],
    epochs: int,
    batches: Batches,
    watch: Watch,
    progress: ProgressKind,
    history: History,
) -> None:
    """Go through the batches, and fill the history."""
    with Progress(progress, epochs) as bar:
        for epoch in range(1, epochs + 1):
            row = _epoch(model, iterable, epoch, batches, bar, history)
            is_enough = watch.after_epoch(model, row)
            history.append(row)
            bar.add(0, epoch, history, row["loss"])
            if is_enough:
                return


def _epoch(
    model: Model, iterable: Iterable[Batch], epoch: int, batches: Batches, bar: Progress, history: History
) -> Epoch:
    """Make one step with each batch, and return the epoch's row."""
    loss_sum = weight_sum = seconds = 0.0
    samples = 0
    for index, batch in enumerate(iterable):
        name = f"batch {index} of epoch {epoch}"
        X, y, sample_weight = check_batch(batch, name)
        began = time.perf_counter()
        try:
            loss, weight, rows = batches.step(
                X, y, sample_weight, names=(f"X of {name}", f"y of {name}", f"sample_weight of {name}")
            )
        except Diverged as diverged:
            where = f" at epoch {epoch}, step {index + 1}"
            raise divergence(diverged.report, where, "from before this batch", batches.rate) from None
        seconds += time.perf_counter() - began
        model.end_record("fit was called on an iterable of batches")
        loss_sum += weight * loss
        weight_sum += weight
        samples += rows
        bar.add(rows, epoch, history, loss)
    if samples == 0:
        raise ValueError(f"there is no batch in epoch {epoch}: give an iterable that starts anew for each epoch.")
    return epoch_row(epoch, loss_sum / weight_sum, seconds, samples)


def partial_fit(
    model: Model,
    batches: Batches,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    optimizer: str | Optimizer,
    batch_size: int | None,
    sample_weight: npt.ArrayLike | None,
) -> float:
    """Train once on these rows; described at ``Network.partial_fit``."""
    with model.guard.hold():
        batches.settle(optimizer)
        if batch_size is not None:
            batch_size = check_integer(batch_size, "batch_size", minimum=1)
        try:
            loss = batches.step(X, y, sample_weight, batch_size=batch_size)[0]
            model.end_record("partial_fit was called")
            return loss
        except Diverged as diverged:
            report = diverged.report
        where = "" if report.steps == 1 else f" at step {report.steps}"
        raise FloatingPointError(divergence(report, where, "from before this call", batches.rate).sentence())
