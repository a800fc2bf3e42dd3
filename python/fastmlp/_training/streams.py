"""Training on batches as they come: ``fit`` on an iterable of batches, and ``partial_fit``.

Every batch is one run of the core, with a trainer of its own: so its rows are checked and its memory held only while it
is trained on, and a batch whose loss is no number leaves the weights as they were before it. What follows an epoch is
the same as for arrays (watch.py); single rows, where a microsecond counts, are in online.py.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from fastmlp._checks.arguments import check_batch, check_batches, check_flag, check_integer
from fastmlp._training.fit import constant_rate, divergence, new_trainer
from fastmlp._training.learning_rate import LearningRate
from fastmlp._training.progress import ProgressBar
from fastmlp._training.watch import Checked, Watch
from fastmlp.history import History
from fastmlp.optimizers import Optimizer, StepOptimizer, resolve_optimizer
from fastmlp.runtime import thread_limit

if TYPE_CHECKING:
    from fastmlp import _core
    from fastmlp.callbacks import Callback
    from fastmlp.metrics import Metric
    from fastmlp.network import Network

Rated: TypeAlias = tuple[StepOptimizer, LearningRate]


def fit(
    network: Network,
    batches: Any,
    *,
    epochs: int,
    optimizer: str | Optimizer,
    sample_weight: Any,
    validation_data: Any,
    validation_fraction: Any,
    metrics: Iterable[Metric] | None,
    callbacks: Iterable[Callback],
    progress: bool | None,
) -> History:
    """Train on an iterable of batches; described at ``Network.fit``."""
    epochs = check_integer(epochs, "epochs", minimum=1)
    batches = check_batches(batches, epochs)
    settings, rate = constant_rate(resolve_optimizer(optimizer))
    if progress is not None:
        progress = check_flag(progress, "progress")
    for name, value in (("sample_weight", sample_weight), ("validation_fraction", validation_fraction)):
        if value is not None:
            mend = "give batches (X, y, sample_weight)" if name == "sample_weight" else "give validation_data"
            raise ValueError(f"{name} needs arrays X and y, but X is an iterable of batches: {mend}.")
    watch = Watch.of(network, validation_data, None, metrics, callbacks)
    watch.begin(network, ["epoch", "loss", "seconds", "samples_per_second"])

    history = History()
    with ProgressBar(progress, epochs) as bar:
        for epoch in range(1, epochs + 1):
            history.epochs.append(_epoch(network, batches, epoch, (settings, rate), bar, history))
            if watch.after_epoch(network, history.epochs[-1]):
                break
    watch.end(network)
    return history


def _epoch(
    network: Network, batches: Iterable[Any], epoch: int, optimizer: Rated, bar: ProgressBar, history: History
) -> dict[str, float]:
    """Make one step with each batch, and return the epoch's row."""
    loss_sum = weight_sum = seconds = 0.0
    samples = 0
    for index, batch in enumerate(batches):
        name = f"batch {index} of epoch {epoch}"
        X, y, sample_weight = check_batch(batch, name)
        data = network._architecture.check(X, y, sample_weight, names=(f"X of {name}", f"y of {name}"))
        rows = len(data[0])
        began = time.perf_counter()
        report = _one_pass(network, data, rows, optimizer)
        seconds += time.perf_counter() - began
        if report.diverged:
            where = f" at epoch {epoch}, step {index + 1}"
            raise FloatingPointError(divergence(report, where, "from before this batch", optimizer[1].base))
        weight = rows if data[2] is None else float(data[2].sum())
        loss_sum += weight * report.last_loss
        weight_sum += weight
        samples += rows
        bar.add(rows, epoch, history, report.last_loss)
    if samples == 0:
        raise ValueError(f"there is no batch in epoch {epoch}: give an iterable that starts anew for each epoch.")
    rate = samples / max(seconds, 1e-9)
    return {"epoch": epoch, "loss": loss_sum / weight_sum, "seconds": seconds, "samples_per_second": rate}


def partial_fit(
    network: Network, X: Any, y: Any, *, optimizer: str | Optimizer, batch_size: int | None, sample_weight: Any
) -> float:
    """Train once on these rows; described at ``Network.partial_fit``."""
    settings, rate = constant_rate(resolve_optimizer(optimizer))
    if batch_size is not None:
        batch_size = check_integer(batch_size, "batch_size", minimum=1)
    data = network._architecture.check(X, y, sample_weight)
    rows = len(data[0])
    report = _one_pass(network, data, rows if batch_size is None else min(batch_size, rows), (settings, rate))
    if report.diverged:
        where = "" if report.steps == 1 else f" at step {report.steps}"
        raise FloatingPointError(divergence(report, where, "from before this call", rate.base))
    return report.epochs[0].loss


def _one_pass(network: Network, data: Checked, batch_size: int, optimizer: Rated) -> _core.RunReport:
    """Take the rows once, in their order."""
    network._check_scaling_is_known()
    settings, rate = optimizer
    with new_trainer(network, data, batch_size, settings, shuffle=False, rate=rate) as trainer:
        report = trainer.run(n_steps=trainer.steps_per_epoch, threads=thread_limit())
    # to the core every run is an epoch of its own: what it draws for one, it shall not draw for the next
    network._epochs_trained += len(report.epochs)
    return report
