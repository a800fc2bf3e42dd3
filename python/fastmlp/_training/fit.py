"""The loop of ``fit``: everything that happens between two slices of steps.

The core makes n steps and returns; n is chosen for about 50 ms, so that Ctrl-C (raised by Python between slices), the
progress bar, validation and callbacks come in time and cost nothing. A slice ends with the epoch only where something
must happen there (watch.py); else the core crosses epochs by itself. Batches that come one by one are trained on in
streams.py, single rows in online.py. What the core does in a step: cpp/core/trainer.hpp.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from fastmlp import _core
from fastmlp._checks.arguments import (
    check_flag,
    check_full_batch,
    check_integer,
    check_no_rate_factors,
    check_one_validation,
)
from fastmlp._model.sparse_rows import SparseRows
from fastmlp._training import lbfgs as _lbfgs
from fastmlp._training.learning_rate import LearningRate
from fastmlp._training.progress import ProgressBar
from fastmlp._training.split import split
from fastmlp._training.watch import Checked, Watch
from fastmlp.activations import has_no_slope
from fastmlp.callbacks import Callback
from fastmlp.history import Epoch, History
from fastmlp.metrics import Metric
from fastmlp.optimizers import FULL_BATCH, LBFGS, Optimizer, StepOptimizer, resolve_optimizer
from fastmlp.runtime import thread_limit
from fastmlp.schedules import Schedule

if TYPE_CHECKING:
    from fastmlp.network import Network

# short enough for Ctrl-C to feel immediate, long enough that entering the core is free
SLICE_SECONDS = 0.05
# a slice grows by no more than this: the first steps of a fit may be faster than the later ones
SLICE_GROWTH = 8


def fit(
    network: Network,
    X: Any,
    y: Any,
    *,
    epochs: int,
    batch_size: int | None,
    optimizer: str | Optimizer,
    shuffle: bool,
    sample_weight: Any,
    validation_data: Any,
    validation_fraction: float | None,
    metrics: Iterable[Metric] | None,
    callbacks: Iterable[Callback],
    progress: bool | None,
) -> History:
    """Train the network; described at ``Network.fit``."""
    epochs = check_integer(epochs, "epochs", minimum=1)
    if batch_size is not None:
        batch_size = check_integer(batch_size, "batch_size", minimum=1)
    settings = resolve_optimizer(optimizer)
    shuffle = check_flag(shuffle, "shuffle")
    if progress is not None:
        progress = check_flag(progress, "progress")
    fraction = check_one_validation(validation_data, validation_fraction)
    data = network._architecture.check(X, y, sample_weight)
    set_aside = None
    if fraction is not None:
        data, set_aside = split(data, fraction, network.seed, network._architecture.meaning)
    watch = Watch.of(network, validation_data, set_aside, metrics, callbacks)
    n_samples = len(data[0])
    batch = n_samples if batch_size is None else min(batch_size, n_samples)
    check_full_batch(settings.name, FULL_BATCH, batch, n_samples)
    columns = ["epoch", "loss", "seconds", "samples_per_second"]
    if isinstance(settings, LBFGS):
        check_no_rate_factors(settings.name, network._architecture.rate_factors)
        limit = epochs if settings.max_iterations is None else settings.max_iterations
        return _fit_by_lbfgs(network, data, settings, limit, watch, columns, progress)
    per_epoch = -(-n_samples // batch)
    rate = LearningRate(settings.learning_rate, epochs * per_epoch, per_epoch, watch.columns(columns))
    if rate.for_core is not None:
        columns.append("learning_rate")
    _warn_of_layers_that_do_not_learn(network)
    watch.begin(network, columns)
    network._learn_scaling(data[0], data[2])
    history = History()
    trainer = new_trainer(network, data, batch, settings, shuffle=shuffle, rate=rate, total_steps=epochs * per_epoch)
    whole_epochs_apart = watch.is_needed or rate.changes_between_epochs
    with trainer, ProgressBar(progress, epochs, n_samples, batch) as bar:
        for report in _slices(trainer, epochs, whole_epochs_apart=whole_epochs_apart):
            for record in report.epochs:
                network._epochs_trained += 1
                history.epochs.append(_row(len(history.epochs) + 1, record.loss, record.seconds, n_samples))
                rate.record(history.epochs[-1])
            bar.show(report.steps, history, report.last_loss)
            if report.diverged:
                raise FloatingPointError(_divergence(report, bar.steps, len(history.epochs), rate.of(bar.steps - 1)))
            if report.epochs:
                is_enough = watch.after_epoch(network, history.epochs[-1])
                rate.after(history.epochs[-1], trainer)
                if is_enough:
                    break
    watch.end(network)
    return history


def _fit_by_lbfgs(
    network: Network,
    data: Checked,
    settings: LBFGS,
    limit: int,
    watch: Watch,
    columns: list[str],
    progress: bool | None,
) -> History:
    """Train by iterations over all samples, which count as epochs."""
    if any(network._architecture.dropout):
        raise ValueError(
            f"{settings.name} needs the same loss in every evaluation, but layers have dropout: "
            "take it away, or use another optimizer."
        )
    minimize = _lbfgs.import_minimize()
    _warn_of_layers_that_do_not_learn(network)
    watch.begin(network, columns)
    network._learn_scaling(data[0], data[2])
    history = History()
    n_samples = len(data[0])
    with ProgressBar(progress, limit, n_samples, n_samples) as bar:

        def after_iteration(loss: float, seconds: float) -> bool:
            network._epochs_trained += 1
            history.epochs.append(_row(len(history.epochs) + 1, loss, seconds, n_samples))
            bar.show(1, history, loss)
            return watch.after_epoch(network, history.epochs[-1])

        history.converged = _lbfgs.search(minimize, network, data, settings, limit, after_iteration)
    watch.end(network)
    return history


def _warn_of_layers_that_do_not_learn(network: Network) -> None:
    """Say which layer has a derivative of 0, unless its loss does not use the derivative or there is none to learn."""
    last = len(network.layers) - 1
    for index in range(last, -1, -1):
        activation = network.layers[index].activation
        is_used = index < last or network.loss_function.name != "perceptron"
        learns = any(any(factors) for factors in network._architecture.rate_factors[: index + 1])
        if has_no_slope(activation) and is_used and learns:
            warnings.warn(
                f"layers[{index}] has {activation.name!r}, whose derivative is 0, so that neither this layer nor those "
                "before it learn: use 'sigmoid' or 'tanh' there to train them.",
                UserWarning,
                stacklevel=4,
            )
            return


def new_trainer(
    network: Network,
    data: Checked,
    batch_size: int,
    settings: StepOptimizer,
    *,
    shuffle: bool,
    rate: LearningRate,
    total_steps: int = 0,
) -> _core.Trainer32:
    """Return the core's trainer of these samples, which goes on where the network's training stands."""
    X, targets, sample_weight = data
    kind = _core.Trainer32 if network.dtype == np.float32 else _core.Trainer64
    # what is None is none for the core too
    values = {field.name: getattr(settings, field.name) for field in fields(settings)} | {"learning_rate": rate.base}
    return kind(
        network=network._core,
        X=X.parts if isinstance(X, SparseRows) else X,
        targets=targets,
        sample_weight=sample_weight,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=network.seed,
        # the core counts them in 32 bits, which steps of single rows may exceed
        first_epoch=network._epochs_trained % 2**32,
        optimizer=settings.name,
        hyperparameters={name: float(value) for name, value in values.items() if value is not None},
        schedule=rate.for_core,
        total_steps=min(total_steps, 2**62),  # which nobody sees the end of
    )


def constant_rate(settings: Optimizer) -> tuple[StepOptimizer, LearningRate]:
    """Return an optimizer for rows as they come, with its rate; one that needs to know all of them is refused."""
    if settings.name in FULL_BATCH or isinstance(settings, LBFGS):
        raise ValueError(f"{settings.name} needs all samples in every step: fit on arrays, or use 'adam' or 'sgd'.")
    if isinstance(settings.learning_rate, Schedule):
        raise ValueError("a schedule needs to know the number of steps: fit on arrays, or give learning_rate a number.")
    return settings, LearningRate(settings.learning_rate, 0, 1, [])


def _slices(trainer: _core.Trainer32, epochs: int, *, whole_epochs_apart: bool) -> Iterator[_core.RunReport]:
    """Run all steps, and yield what each slice of them did."""
    per_epoch = trainer.steps_per_epoch
    left = epochs * per_epoch
    size = 1
    while left:
        # what is left of this epoch, or of the fit
        most = (left - 1) % per_epoch + 1 if whole_epochs_apart else left
        began = time.perf_counter()
        report = trainer.run(n_steps=min(size, most), threads=thread_limit())
        seconds = time.perf_counter() - began
        left -= report.steps
        yield report
        in_time = int(report.steps * SLICE_SECONDS / max(seconds, 1e-9))
        size = max(1, min(in_time, SLICE_GROWTH * size))


def _row(number: int, loss: float, seconds: float, n_samples: int) -> Epoch:
    # a clock that stands still over a tiny epoch shall not give an infinite rate
    rate = n_samples / max(seconds, 1e-9)
    return {"epoch": number, "loss": loss, "seconds": seconds, "samples_per_second": rate}


def _divergence(report: _core.RunReport, step: int, finished: int, rate: float) -> str:
    kept = f"of epoch {finished}" if finished else "from before the fit"
    return divergence(report, f" at epoch {finished + 1}, step {step}", kept, rate)


def divergence(report: _core.RunReport, where: str, kept: str, rate: float) -> str:
    """Return the sentence about a loss or weight that is no number; ``kept`` says which weights are there now."""
    loss = report.last_loss
    if np.isfinite(loss):
        what = "a weight became NaN or infinite"
    else:
        what = f"loss became {'NaN' if np.isnan(loss) else 'infinite'}"
    return f"{what}{where} (learning rate {rate:g}): the weights {kept} were kept; lower the learning rate."
