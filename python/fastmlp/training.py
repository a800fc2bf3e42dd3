"""The loop of ``fit``: everything that happens between two slices of steps.

The core makes n steps and returns; n is chosen for about 50 ms, so that Ctrl-C (raised by Python between slices), the
progress bar, validation and callbacks come in time and cost nothing. A slice ends with the epoch only where something
must happen there; else the core crosses epochs by itself. What the core does in a step: cpp/core/trainer.hpp.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from fastmlp import _core, _lbfgs
from fastmlp._learning_rate import LearningRate
from fastmlp._outputs import metric_name
from fastmlp._validation import (
    check_callables,
    check_flag,
    check_full_batch,
    check_integer,
    check_pair,
    check_verdict,
)
from fastmlp.callbacks import Callback
from fastmlp.history import Epoch, History
from fastmlp.optimizers import FULL_BATCH, LBFGS, Optimizer, StepOptimizer, resolve_optimizer
from fastmlp.runtime import thread_limit

if TYPE_CHECKING:
    from fastmlp.network import Network

# X, targets and weights of the samples as the core takes them
Checked: TypeAlias = tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any] | None]

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
    called = check_callables(callbacks, "callbacks")
    data = network._architecture.check(X, y, sample_weight)
    validation = None
    columns = ["epoch", "loss", "seconds", "samples_per_second"]
    if validation_data is not None:
        pair = check_pair(validation_data, "validation_data")
        validation = network._architecture.check(*pair, names=("validation_data[0]", "validation_data[1]"))
        columns += ["validation_loss", f"validation_{metric_name(validation[1], network._architecture.meaning)}"]
    n_samples = len(data[0])
    batch = n_samples if batch_size is None else min(batch_size, n_samples)
    check_full_batch(settings.name, FULL_BATCH, batch, n_samples)
    per_epoch = -(-n_samples // batch)
    if isinstance(settings, LBFGS):
        limit = epochs if settings.max_iterations is None else settings.max_iterations
        return _fit_by_lbfgs(network, data, settings, limit, validation, called, columns, progress)
    rate = LearningRate(settings.learning_rate, epochs * per_epoch, per_epoch, columns)
    if rate.for_core is not None:
        columns.append("learning_rate")
    _begin(called, network, columns)
    history = History()
    kind = _core.Trainer32 if network.dtype == np.float32 else _core.Trainer64
    trainer = kind(
        network._core,
        *data,
        batch,
        shuffle,
        network.seed,
        network._epochs_trained,
        settings.name,
        _hyperparameters(settings, rate.base),
        rate.for_core,
        epochs * per_epoch,
    )
    whole_epochs_apart = validation is not None or bool(called) or rate.changes_between_epochs
    with trainer, _ProgressBar(progress, epochs, n_samples, batch) as bar:
        for report in _slices(trainer, epochs, whole_epochs_apart=whole_epochs_apart):
            for record in report.epochs:
                network._epochs_trained += 1
                history.epochs.append(_row(len(history.epochs) + 1, record.loss, record.seconds, n_samples))
                rate.record(history.epochs[-1])
            bar.show(report.steps, history, report.last_loss)
            if report.diverged:
                raise FloatingPointError(_divergence(report, bar.steps, len(history.epochs), rate.of(bar.steps - 1)))
            if report.epochs:
                _validate(network, validation, history.epochs[-1])
                rate.after(history.epochs[-1], trainer)
                if _call(called, network, history.epochs[-1]):
                    break
    _end(called, network)
    return history


def _fit_by_lbfgs(
    network: Network,
    data: Checked,
    settings: LBFGS,
    limit: int,
    validation: Checked | None,
    called: list[Any],
    columns: list[str],
    progress: bool | None,
) -> History:
    """Train by iterations over all samples, which count as epochs."""
    minimize = _lbfgs.import_minimize()
    _begin(called, network, columns)
    history = History()
    n_samples = len(data[0])
    with _ProgressBar(progress, limit, n_samples, n_samples) as bar:

        def after_iteration(loss: float, seconds: float) -> bool:
            network._epochs_trained += 1
            history.epochs.append(_row(len(history.epochs) + 1, loss, seconds, n_samples))
            bar.show(1, history, loss)
            _validate(network, validation, history.epochs[-1])
            return _call(called, network, history.epochs[-1])

        _lbfgs.search(minimize, network, data, settings, limit, after_iteration)
    _end(called, network)
    return history


def _begin(callbacks: list[Any], network: Network, columns: list[str]) -> None:
    for callback in callbacks:
        if hasattr(callback, "begin"):
            callback.begin(network, columns)


def _end(callbacks: list[Any], network: Network) -> None:
    for callback in callbacks:
        if hasattr(callback, "end"):
            callback.end(network)


def _validate(network: Network, validation: Checked | None, epoch: Epoch) -> None:
    if validation is not None:
        epoch.update({f"validation_{name}": value for name, value in network._evaluate(*validation).items()})


def _call(callbacks: list[Callback], network: Network, epoch: Epoch) -> bool:
    """Show every callback a copy of the epoch, and return whether one of them wants to end the fit."""
    verdicts = [check_verdict(callback(network, dict(epoch))) for callback in callbacks]
    return any(verdicts)


def _slices(trainer: _core.Trainer32, epochs: int, *, whole_epochs_apart: bool) -> Iterator[_core.RunReport]:
    """Run all steps, and yield what each slice of them did."""
    per_epoch = trainer.steps_per_epoch
    left = epochs * per_epoch
    size = 1
    while left:
        # what is left of this epoch, or of the fit
        most = (left - 1) % per_epoch + 1 if whole_epochs_apart else left
        began = time.perf_counter()
        report = trainer.run(min(size, most), thread_limit())
        seconds = time.perf_counter() - began
        left -= report.steps
        yield report
        in_time = int(report.steps * SLICE_SECONDS / max(seconds, 1e-9))
        size = max(1, min(in_time, SLICE_GROWTH * size))


def _row(number: int, loss: float, seconds: float, n_samples: int) -> Epoch:
    # a clock that stands still over a tiny epoch shall not give an infinite rate
    rate = n_samples / max(seconds, 1e-9)
    return {"epoch": number, "loss": loss, "seconds": seconds, "samples_per_second": rate}


def _hyperparameters(settings: StepOptimizer, rate: float) -> dict[str, float]:
    """Return all numbers of an optimizer; what is None is none for the core too."""
    values = {field.name: getattr(settings, field.name) for field in fields(settings)} | {"learning_rate": rate}
    return {name: float(value) for name, value in values.items() if value is not None}


def _divergence(report: _core.RunReport, step: int, finished: int, rate: float) -> str:
    loss = report.last_loss
    if np.isfinite(loss):
        what = "a weight became NaN or infinite"
    else:
        what = f"loss became {'NaN' if np.isnan(loss) else 'infinite'}"
    kept = f"of epoch {finished}" if finished else "from before the fit"
    return (
        f"{what} at epoch {finished + 1}, step {step} (learning rate {rate:g}): "
        f"the weights {kept} were kept; lower the learning rate."
    )


class _ProgressBar:
    """A bar of samples with epoch and loss, or nothing; counts the steps in both cases."""

    def __init__(self, wanted: bool | None, epochs: int, n_samples: int, batch_size: int) -> None:
        self.steps = 0
        self._epochs, self._n_samples, self._batch_size = epochs, n_samples, batch_size
        # stderr is None in programs without a console
        self._wanted = sys.stderr is not None and sys.stderr.isatty() if wanted is None else wanted
        self._bar: Any = None

    def __enter__(self) -> _ProgressBar:
        if self._wanted:
            # here, so that importing fastmlp does not import tqdm
            from tqdm import tqdm

            self._bar = tqdm(total=self._epochs * self._n_samples, unit=" samples", unit_scale=True)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, steps: int, history: History, last_loss: float) -> None:
        """Count the steps of a slice, and show them where tqdm finds it is time."""
        self.steps += steps
        if self._bar is None:
            return
        finished, rest = divmod(self.steps, -(-self._n_samples // self._batch_size))
        self._bar.set_description(f"epoch {min(finished + 1, self._epochs)}/{self._epochs}", refresh=False)
        # one step's loss is noisy: it serves only until the first epoch has a mean
        loss = history.epochs[-1]["loss"] if history.epochs else last_loss
        self._bar.set_postfix(loss=f"{loss:.4g}", refresh=False)
        self._bar.update(finished * self._n_samples + rest * self._batch_size - self._bar.n)
