"""Writes the record of one fit: what it was given, a digest of the weights after each epoch, and states to begin from.

What a record is, is in _model/record.py. All that callbacks decide is recorded as it came out: how many epochs were
made, the rates that followed what epochs measured, and of which epoch the weights were put back. So training again
(retraining.py) needs neither callbacks nor validation data. Whatever else changes the weights ends the record.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from itertools import pairwise
from typing import Any, cast

import numpy as np

import fastmlp._core as _core
from fastmlp._checks.arguments import check_integer
from fastmlp._checks.text import brief
from fastmlp._files.model_file import begun, network_described
from fastmlp._model.model import Model
from fastmlp._model.record import KeptState, Record, RecordedFit
from fastmlp._training.keeper import Keeper
from fastmlp._training.learning_rate import LearningRate
from fastmlp.optimizers import StepOptimizer

# that differ from those before them: each takes room in the header of a file
MOST_KINDS = 1000
_VERSION: str = _core.build_info()["version"]


def check_record(value: Any) -> int | None:
    """Return after how many epochs a state is kept, 0 for never; None: there is no record."""
    if isinstance(value, bool | np.bool_):
        return 0 if value else None
    try:
        return check_integer(value, "record", minimum=1)
    except TypeError:
        raise TypeError(
            f"record must be True or False, or a number of epochs after which states are kept, got {brief(value)}."
        ) from None


def told_of(
    optimizer: StepOptimizer, rate: LearningRate, batch_size: int, shuffle: bool, fraction: float | None, total: int
) -> dict[str, Any]:
    """Return the arguments of a fit as a record has them: what the core is told."""
    settings = {field.name: getattr(optimizer, field.name) for field in fields(cast(Any, optimizer))}
    schedule = None
    if rate.for_core is not None:
        name, numbers, warmup = rate.for_core
        schedule = [name, [float(number) for number in numbers], int(warmup)]
    return {
        "optimizer": optimizer.name,
        "settings": settings | {"learning_rate": float(rate.base)},
        "schedule": schedule,
        "total_steps": min(total, 2**62),
        "batch_size": batch_size,
        "shuffle": shuffle,
        "validation_fraction": fraction,
    }


class Recorder:
    """Writes the record of a fit of one model, every so many epochs with a state (0: never)."""

    def __init__(self, model: Model, every: int) -> None:
        self._model, self._every = model, every
        self._given: tuple[dict[str, Any], dict[str, str], int] = {}, {}, 0
        self._classes: list[str] | None = None
        self._record: Record
        self._fit: RecordedFit
        self._goes_on = False

    def check(self, arguments: dict[str, Any], data: Mapping[str, str], rows: int, keeper: Keeper | None) -> None:
        """Take what the fit was given, or refuse a network whose weights no record leads to."""
        self._given = arguments, dict(data), rows
        self._classes = self._model.names.names
        self._goes_on = keeper is not None and keeper.goes_on
        if self._goes_on:
            return
        record = self._model.checked_record()
        if record is None:
            self._record = self._begun()
        elif record.end is not None:
            raise ValueError(
                f"the record of this network {record.end}; leave record out, or call reset() and train from the seed."
            )
        else:
            self._record = record
            self._check_room(
                RecordedFit(_VERSION, arguments, self._given[1], rows, is_restart=False, classes=self._classes)
            )

    def _check_room(self, fit: RecordedFit) -> None:
        """Refuse one more fit than the header of a file has room for; the same fit again takes none."""
        fits = self._record.fits
        if len(fits) < MOST_KINDS:
            return
        changes = sum(one.about() != other.about() for one, other in pairwise(fits))
        if changes + 1 >= MOST_KINDS and fit.about() != fits[-1].about():
            raise ValueError(
                f"a record holds at most {MOST_KINDS} fits in a row that differ in data or arguments, and this is one "
                "more: leave record out, or train on more in each fit."
            )

    def _begun(self) -> Record:
        """Return the record of a network that is as its seed makes it, or say that it is not."""
        model, architecture = self._model, self._model.architecture
        network = network_described(architecture, architecture.layers, architecture.target_scaling)
        # as a file gives it back
        network = json.loads(json.dumps(network))
        as_begun = begun(network, architecture.seed, model.n_parameters)
        initial = as_begun.digest()
        # a fit that diverged at once leaves the weights, but not what scalings have learned
        learned = [(one.scaling, one.embedding_settings, one.target_scaling) for one in (model, as_begun)]
        if model.epochs_trained or model.digest() != initial or learned[0] != learned[1]:
            raise ValueError(
                "a record tells of all trainings from the seed on, but the weights of this network are not those that "
                f"seed {architecture.seed} gives: call reset() first, or leave record out."
            )
        return Record(network, architecture.seed, initial)

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record the fit inside a with block; what raises, ends the record."""
        model = self._model
        try:
            yield
        except BaseException as error:
            if model.is_recorded:
                self._record.finish(f"the fit was ended by {type(error).__name__}")
            raise
        finally:
            model.is_recorded = False

    def begin(self, rate: LearningRate) -> None:
        """Add the fit to the record, or open it again where a checkpoint has it."""
        model = self._model
        arguments, data, rows = self._given
        rates: list[float] | None = [] if rate.changes_between_epochs else None
        if self._goes_on:
            assert model.record is not None
            self._record = model.record
            self._fit = self._record.fits[-1]
            self._fit.arguments, self._fit.weights_of = arguments, None
            if not self._fit.digests:
                # before the first epoch ends a file has no rates of it, and does not say that there will be some
                self._fit.rates = rates
            states = self._fit.states
            if states:
                # where the fit had ended there, and has more epochs now
                last = replace(states.pop(), put_back=None)
                states += [last] if last.epoch % self._every == 0 else []
        else:
            record = self._record
            expected, before = record.epochs_before(len(record.fits) + 1), record.last
            self._fit = RecordedFit(_VERSION, arguments, data, rows, model.epochs_trained != expected, rates=rates)
            self._fit.classes = self._classes
            record.fits.append(self._fit)
            model.record = record
            self._end_unless_same(before, "a callback changed the weights")
        model.is_recorded = True

    def _end_unless_same(self, digest: bytes, reason: str) -> None:
        if self._record.ending is None and self._model.digest() != digest:
            self._record.finish(reason)

    def after_epoch(self, rate: LearningRate, trainer: _core.Trainer32) -> None:
        """Add an epoch, before callbacks see it."""
        if self._record.ending is not None:
            return
        self._fit.digests.append(self._model.digest())
        if self._fit.rates is not None:
            self._fit.rates.append(float(rate.base))
        if self._every and len(self._fit.digests) % self._every == 0:
            self._keep(trainer)

    def _keep(self, trainer: _core.Trainer32) -> None:
        (steps, *_), slots, _ = trainer.state()
        self._fit.states.append(KeptState(len(self._fit.digests), steps, slots, self._model.parameters()))

    def after_callbacks(self, who: str) -> None:
        """End the record where they, or metrics, have changed the weights."""
        if self._fit.digests:
            self._end_unless_same(self._fit.digests[-1], f"{who} changed the weights")

    def at_end(self, trainer: _core.Trainer32) -> None:
        """Keep what the last step has left, before callbacks put other weights back."""
        states, made = self._fit.states, len(self._fit.digests)
        if self._every and self._record.ending is None and made and (not states or states[-1].epoch != made):
            self._keep(trainer)

    def finish(self) -> None:
        """Say of which epoch the weights are with which the callbacks have left the network."""
        fit, digest = self._fit, self._model.digest()
        if self._record.ending is not None:
            return
        if digest not in fit.digests:
            self._record.finish("a callback changed the weights")
            return
        made = len(fit.digests)
        # the last of them, where several are the same
        fit.weights_of = made - fit.digests[::-1].index(digest)
        if fit.states and fit.weights_of != made:
            fit.states[-1] = replace(fit.states[-1], put_back=self._model.parameters())
