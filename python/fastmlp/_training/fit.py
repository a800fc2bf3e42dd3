"""The loop of ``fit``: everything that happens between two slices of steps.

The core makes n steps and returns; n is chosen for about 50 ms, so that Ctrl-C (raised by Python between slices), the
progress bar, validation and callbacks come in time and cost nothing. A slice ends with the epoch only where something
must happen there (watch.py); else the core crosses epochs by itself. The loop is a generator, which says what slice it
wants: ``fit`` runs it, for many of them at once fleet.py lets a crew do so. Batches that come one by one are trained on
in streams.py, single rows in online.py, all samples at once by L-BFGS in lbfgs.py.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing, nullcontext
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, cast

import numpy.typing as npt

import fastmlp._core as _core
from fastmlp._checks.arguments import (
    ProgressKind,
    check_flag,
    check_full_batch,
    check_integer,
    check_one_validation,
    check_progress,
)
from fastmlp._model.architecture import Architecture
from fastmlp._model.model import Model
from fastmlp._model.samples import Batch, Data, Samples
from fastmlp._training import lbfgs, streams
from fastmlp._training.advice import warn_of_far_targets, warn_of_layers_that_do_not_learn
from fastmlp._training.arguments import FitArguments
from fastmlp._training.checkpoint import check_checkpoint
from fastmlp._training.fingerprint import DataFingerprint, text_of, text_of_all
from fastmlp._training.keeper import Keeper, keeping
from fastmlp._training.learning_rate import LearningRate
from fastmlp._training.progress import Progress
from fastmlp._training.recorder import Recorder, check_record, told_of
from fastmlp._training.slices import SliceSizes
from fastmlp._training.split import split
from fastmlp._training.state import State
from fastmlp._training.trainer import new_trainer
from fastmlp._training.watch import COLUMNS, Watch
from fastmlp.history import History
from fastmlp.optimizers import LBFGS, Optimizer, StepOptimizer, resolve_optimizer
from fastmlp.runtime import thread_limit


class Slice(NamedTuple):
    """Steps that a training wants made next."""

    model: Model
    trainer: _core.Trainer32
    steps: int


@dataclass(frozen=True)
class Plan:
    """A fit whose arguments are checked, before anything has changed."""

    architecture: Architecture
    samples: Samples
    optimizer: Optimizer
    epochs: int
    batch_size: int
    shuffle: bool
    progress: ProgressKind
    watch: Watch
    keeper: Keeper | None
    recorder: Recorder | None

    @property
    def steps_per_epoch(self) -> int:
        """Steps that go once over the samples; the last may be of fewer."""
        return -(-self.samples.rows // self.batch_size)

    @property
    def total(self) -> int:
        """Steps of all epochs."""
        return self.epochs * self.steps_per_epoch

    @property
    def n_samples(self) -> int:
        """How many samples all epochs take."""
        return self.epochs * self.samples.rows

    def samples_in(self, steps: int) -> int:
        """Return how many samples the first so many steps take."""
        epochs, rest = divmod(steps, self.steps_per_epoch)
        return epochs * self.samples.rows + rest * self.batch_size


# What a training says between its slices, and is told of them: first its plan, when nothing has changed yet, then
# slices, each answered by the report of its run, which may have made fewer steps; at last it returns its history.
Training: TypeAlias = Generator[Plan | Slice, _core.RunReport | None, History]


def fit(
    model: Model, owner: object, X: Data | Iterable[Batch], y: npt.ArrayLike | None, arguments: FitArguments
) -> History:
    """Train the model, and call callbacks with its owner; described at ``Network.fit``."""
    if y is None:
        with model.guard.hold():
            return streams.fit(model, owner, X, arguments)
    with closing(training(model, owner, cast(Data, X), y, arguments)) as own:
        report = None
        while True:
            try:
                wanted = own.send(report)
            except StopIteration as end:
                history: History = end.value
                return history
            if isinstance(wanted, Slice):
                report = wanted.trainer.run(n_steps=wanted.steps, threads=thread_limit())


def training(
    model: Model, owner: object, X: Data, y: npt.ArrayLike, arguments: FitArguments, history: History | None = None
) -> Training:
    """Prepare a fit on arrays, train and finish; the slices of its steps are made by whoever drives it.

    The history, if one is given, has the epochs also where the training fails.
    """
    checkpoint = check_checkpoint(arguments.checkpoint)
    with model.guard.hold(), keeping(checkpoint, model, arguments.metadata) as keeper:
        with model.learning_names(y):
            plan = prepare(model, owner, X, y, arguments, keeper)
            yield plan
        if plan.recorder is None:
            model.end_record("fit was called without record")
        history = History() if history is None else history
        if isinstance(plan.optimizer, LBFGS):  # whose steps are as long as they need to be
            warn_of_layers_that_do_not_learn(model)
            lbfgs.fit(model, plan.samples, plan.optimizer, plan.epochs, plan.watch, plan.progress, history)
        else:
            warn_of_far_targets(model, plan.samples)
            warn_of_layers_that_do_not_learn(model)
            yield from train(model, plan, history)
        return history


def prepare(
    model: Model, owner: object, X: Data, y: npt.ArrayLike, arguments: FitArguments, keeper: Keeper | None
) -> Plan:
    """Check what a fit on arrays was given."""
    epochs = check_integer(arguments.epochs, "epochs", minimum=1)
    batch_size = arguments.batch_size
    if batch_size is not None:
        batch_size = check_integer(batch_size, "batch_size", minimum=1)
    optimizer = resolve_optimizer(arguments.optimizer)
    shuffle = check_flag(arguments.shuffle, "shuffle")
    progress = check_progress(arguments.progress)
    validation_data = arguments.validation_data
    fraction = check_one_validation(validation_data, arguments.validation_fraction)
    architecture = model.architecture
    samples = model.check(X, y, arguments.sample_weight)
    set_aside = None
    if fraction is not None:
        seed = architecture.seed if keeper is None else keeper.seed
        samples, set_aside = split(samples, fraction, seed, architecture.meaning)
    watch = Watch.of(owner, model, validation_data, set_aside, arguments.metrics, arguments.callbacks)
    batch = samples.rows if batch_size is None else min(batch_size, samples.rows)
    check_full_batch(optimizer.name, batch, samples.rows, needs_all_samples=optimizer.needs_all_samples)
    if isinstance(optimizer, LBFGS):
        lbfgs.check(optimizer, architecture)
    every = check_record(arguments.record)
    recorder = None if every is None else Recorder(model, every)
    plan = Plan(architecture, samples, optimizer, epochs, batch, shuffle, progress, watch, keeper, recorder)
    if keeper is not None or recorder is not None:
        _check_kept(plan, arguments, fraction)
    return plan


def _check_kept(plan: Plan, given: FitArguments, fraction: float | None) -> None:
    """Refuse what cannot be kept or recorded, or is another training than that of the file."""
    optimizer, keeper, recorder = plan.optimizer, plan.keeper, plan.recorder
    if not isinstance(optimizer, StepOptimizer):
        name = "checkpoint" if keeper is not None else "record"
        raise ValueError(
            f"{optimizer.name} searches by itself, and what it knows cannot be kept in a {name}: take {name} away, or "
            "use another optimizer."
        )
    data = DataFingerprint(plan.samples, plan.architecture)
    rate = _rate(plan, optimizer)
    if keeper is not None:
        _check_checkpoint(plan, keeper, rate, data, given, fraction)
    if recorder is not None:
        told = told_of(optimizer, rate, plan.batch_size, plan.shuffle, fraction, plan.total)
        recorder.check(told, data.digests, plan.samples.rows, keeper)


def _check_checkpoint(
    plan: Plan, keeper: Keeper, rate: LearningRate, data: DataFingerprint, given: FitArguments, fraction: float | None
) -> None:
    watch = plan.watch
    watch.check_kept(keeper.target)
    rate.check_kept()
    fingerprints = [data]
    if watch.validation is not None:
        fingerprints.append(DataFingerprint(watch.validation, plan.architecture, " of the validation"))
    arguments = {
        "validation_data": "none" if given.validation_data is None else "given",
        "batch_size": str(plan.batch_size),
        "optimizer": text_of(plan.optimizer),
        "shuffle": str(plan.shuffle),
        "validation_fraction": str(fraction),
        "metrics": ", ".join(watch.measures) or "none",
        "callbacks": text_of_all(watch.callbacks),
        "record": str(given.record),
    }
    keeper.check(arguments, fingerprints, plan.total, rate)


def _rate(plan: Plan, optimizer: StepOptimizer) -> LearningRate:
    return LearningRate(optimizer.learning_rate, plan.total, plan.steps_per_epoch, plan.watch.columns(COLUMNS))


def train(model: Model, plan: Plan, history: History) -> Generator[Slice, _core.RunReport, None]:
    """Make the steps of a plan, in slices, and what lies between them; fill the history."""
    optimizer, watch = plan.optimizer, plan.watch
    assert isinstance(optimizer, StepOptimizer)
    if plan.keeper is not None:
        plan.keeper.restore_model()
    rate = _rate(plan, optimizer)
    columns = COLUMNS if rate.for_core is None else COLUMNS.extended(["learning_rate"])
    recorder = plan.recorder
    with nullcontext() if recorder is None else recorder.recording():
        with watch.over(columns):
            yield from _steps(model, plan, optimizer, rate, history)
        if recorder is not None:
            recorder.finish()
    if plan.keeper is not None:
        plan.keeper.finish()


def _steps(
    model: Model, plan: Plan, optimizer: StepOptimizer, rate: LearningRate, history: History
) -> Generator[Slice, _core.RunReport, None]:
    watch, samples, keeper, recorder = plan.watch, plan.samples, plan.keeper, plan.recorder
    if recorder is not None:
        recorder.begin(rate)
    model.learn_scaling(samples)
    seen = model.for_core(samples)
    trainer = new_trainer(
        model, seen, plan.batch_size, optimizer, shuffle=plan.shuffle, rate=rate, total_steps=plan.total
    )
    state = State(model, trainer, samples.rows, rate, watch, history)
    if keeper is not None:
        keeper.begin(state)
    slices = SliceSizes(
        plan.total - state.n_steps,
        plan.steps_per_epoch,
        whole_epochs_apart=watch.is_needed
        or rate.changes_between_epochs
        or recorder is not None
        or (keeper is not None and keeper.by_epochs),
    )
    with trainer, Progress(plan.progress, plan.epochs, samples.rows, plan.batch_size) as bar:
        if state.n_steps:
            bar.show(state.n_steps, history, state.last_loss)
        is_ended = state.is_between_epochs and watch.is_ended(history.epochs[-1])
        while slices.left and not state.is_over and not is_ended:
            steps = slices.next() if keeper is None else min(slices.next(), keeper.most_steps(state))
            report = yield Slice(model, trainer, steps)
            slices.record(report)
            rows = state.take(report)
            if recorder is not None and rows:
                recorder.after_epoch(rate, trainer)
            state.finish_epochs(rows)
            if recorder is not None and rows and watch.is_needed:
                recorder.after_callbacks("a callback" if watch.callbacks else "a metric")
            is_ended = bool(rows) and watch.is_ended(rows[-1])
            bar.show(report.steps, history, state.last_loss)
            if keeper is not None:
                keeper.after_slice(state)
        if keeper is not None:
            keeper.at_end(state)
        if recorder is not None:
            recorder.at_end(trainer)
