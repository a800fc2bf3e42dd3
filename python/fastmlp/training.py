"""The loop of ``fit``: everything that happens between two slices of steps.

The core makes n steps and returns; n is chosen for about 50 ms, so that Ctrl-C (raised by Python between slices), the
progress bar, validation and callbacks come in time and cost nothing. A slice ends with the epoch only where something
must happen there (_watch.py); else the core crosses epochs by itself. Batches that come one by one are trained on in
streams.py, single rows in online.py. What the core does in a step: cpp/core/trainer.hpp.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from fastmlp import _core
from fastmlp._split import split
from fastmlp._validation import check_flag, check_integer, check_one_validation
from fastmlp._watch import Checked, Watch
from fastmlp.activations import has_no_slope
from fastmlp.callbacks import Callback
from fastmlp.history import Epoch, History
from fastmlp.metrics import Metric
from fastmlp.optimizers import Optimizer, resolve_optimizer
from fastmlp.runtime import thread_limit

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
    columns = ["epoch", "loss", "seconds", "samples_per_second"]
    _warn_of_layers_that_do_not_learn(network)
    watch.begin(network, columns)
    network._learn_scaling(data[0], data[2])

    n_samples = len(data[0])
    batch = n_samples if batch_size is None else min(batch_size, n_samples)
    history = History()
    trainer = new_trainer(network, data, batch, settings, shuffle=shuffle)
    with trainer, ProgressBar(progress, epochs, n_samples, batch) as bar:
        for report in _slices(trainer, epochs, whole_epochs_apart=watch.is_needed):
            for record in report.epochs:
                network._epochs_trained += 1
                history.epochs.append(_row(len(history.epochs) + 1, record, n_samples))
            bar.show(report.steps, history, report.last_loss)
            if report.diverged:
                raise FloatingPointError(_divergence(report, bar.steps, len(history.epochs), settings))
            if report.epochs and watch.after_epoch(network, history.epochs[-1]):
                break
    watch.end(network)
    return history


def _warn_of_layers_that_do_not_learn(network: Network) -> None:
    """Say which layer has a derivative of 0, unless it is the last and its loss does not use the derivative."""
    last = len(network.layers) - 1
    for index in range(last, -1, -1):
        activation = network.layers[index].activation
        if has_no_slope(activation) and not (index == last and network.loss_function.name == "perceptron"):
            warnings.warn(
                f"layers[{index}] has {activation.name!r}, whose derivative is 0, so that neither this layer nor those "
                "before it learn: use 'sigmoid' or 'tanh' there to train them.",
                UserWarning,
                stacklevel=4,
            )
            return


def new_trainer(
    network: Network, data: Checked, batch_size: int, settings: Optimizer, *, shuffle: bool
) -> _core.Trainer32:
    """Return the core's trainer of these samples, which goes on where the network's training stands."""
    kind = _core.Trainer32 if network.dtype == np.float32 else _core.Trainer64
    return kind(
        network._core,
        *data,
        batch_size,
        shuffle,
        network.seed,
        # the core counts them in 32 bits, which steps of single rows may exceed
        network._epochs_trained % 2**32,
        settings.name,
        {name: float(value) for name, value in asdict(settings).items()},
    )


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


def _row(number: int, record: _core.EpochRecord, n_samples: int) -> Epoch:
    # a clock that stands still over a tiny epoch shall not give an infinite rate
    rate = n_samples / max(record.seconds, 1e-9)
    return {"epoch": number, "loss": record.loss, "seconds": record.seconds, "samples_per_second": rate}


def _divergence(report: _core.RunReport, step: int, finished: int, settings: Optimizer) -> str:
    kept = f"of epoch {finished}" if finished else "from before the fit"
    return divergence(report, f" at epoch {finished + 1}, step {step}", kept, settings)


def divergence(report: _core.RunReport, where: str, kept: str, settings: Optimizer) -> str:
    """Return the sentence about a loss or weight that is no number; ``kept`` says which weights are there now."""
    loss = report.last_loss
    if np.isfinite(loss):
        what = "a weight became NaN or infinite"
    else:
        what = f"loss became {'NaN' if np.isnan(loss) else 'infinite'}"
    return (
        f"{what}{where} (learning rate {settings.learning_rate:g}): the weights {kept} were kept; "
        "lower the learning rate."
    )


class ProgressBar:
    """A bar of samples with epoch and loss, or nothing; counts the steps in both cases.

    Samples 0: their number is not known, and ``add`` counts them.
    """

    def __init__(self, wanted: bool | None, epochs: int, n_samples: int = 0, batch_size: int = 1) -> None:
        self.steps = 0
        self._epochs, self._n_samples, self._batch_size = epochs, n_samples, batch_size
        # stderr is None in programs without a console
        self._wanted = sys.stderr is not None and sys.stderr.isatty() if wanted is None else wanted
        self._bar: Any = None

    def __enter__(self) -> ProgressBar:
        if self._wanted:
            # here, so that importing fastmlp does not import tqdm
            from tqdm import tqdm

            self._bar = tqdm(total=self._epochs * self._n_samples or None, unit=" samples", unit_scale=True)
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
        samples = finished * self._n_samples + rest * self._batch_size - self._bar.n
        self.add(samples, finished + 1, history, last_loss)

    def add(self, samples: int, epoch: int, history: History, last_loss: float) -> None:
        """Count samples of an epoch."""
        if self._bar is None:
            return
        self._bar.set_description_str(f"epoch {min(epoch, self._epochs)}/{self._epochs}", refresh=False)
        # one step's loss is noisy: it serves only until the first epoch has a mean
        loss = history.epochs[-1]["loss"] if history.epochs else last_loss
        self._bar.set_postfix(loss=f"{loss:.4g}", refresh=False)
        self._bar.update(samples)
