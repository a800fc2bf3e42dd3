"""Trains again what a record tells of, and finds the first epoch that comes out otherwise.

The record says what the core was told, so that none of fit.py's loop is gone through again: neither callbacks nor
validation are needed, and what they decided is taken as it is recorded. Epochs, and the states that the record keeps
after some of them, are compared as they are made: the first that differs is where the comparison stops, and nothing
after it is trained. The whole begins with the seed; a segment begins with a state, and ends with the next one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import fastmlp._core as _core
from fastmlp._checks.text import LONGEST_VALUE, listed, shortened
from fastmlp._files.model_file import begun, network_described
from fastmlp._files.record_file import optimizer_of
from fastmlp._model.description import described
from fastmlp._model.model import Array, Model
from fastmlp._model.record import KeptState, Record, RecordedFit, digest_of
from fastmlp._model.samples import Samples
from fastmlp._training.fingerprint import DataFingerprint
from fastmlp._training.learning_rate import LearningRate
from fastmlp._training.slices import SliceSizes
from fastmlp._training.split import split
from fastmlp._training.trainer import new_trainer
from fastmlp.runtime import thread_limit


class Place(NamedTuple):
    """An epoch of a record: its fit and its number there, both from 1; epoch 0 is what the fit begins with."""

    fit: int
    epoch: int


class Segment(NamedTuple):
    """Epochs of one fit, by its number from 1, after ``first`` up to ``last``, and the state that they begin from."""

    fit: int
    first: int
    last: int
    begin: KeptState | None


class OtherwiseError(Exception):
    """Training again came out otherwise; says what, in a clause, and where."""

    def __init__(self, clause: str, place: Place | None) -> None:
        super().__init__(clause)
        self.place = place


def segments_of(record: Record) -> list[Segment]:
    """Return the segments between the states of a record: all its epochs, or none where it keeps no states."""
    segments: list[Segment] = []
    before: KeptState | None = None
    for number, fit in enumerate(record.fits, 1):
        first = 0
        for state in fit.states:
            segments.append(Segment(number, first, state.epoch, before))
            first, before = state.epoch, state
        if first != len(fit.digests):
            return []
    return segments


class Retraining:
    """A model that is trained as a record says.

    Parameters
    ----------
    model : Model
        That has the record.
    record : Record
        Whole.
    data : callable
        Returns the checked samples of a fit, by its index.
    after_slice : callable
        Told how many samples were trained on.
    """

    def __init__(self, model: Model, record: Record, after_slice: Callable[[int], None]) -> None:
        self._target, self._record, self._after_slice = model, record, after_slice
        with _believed("the record begins with no network"):
            self._model = begun(record.network, record.seed, model.n_parameters)
        self._model.names = model.names
        self._samples: list[Samples] = []
        if self._model.digest() != record.initial:
            raise OtherwiseError(f"seed {record.seed} gives other initial weights than the record has", Place(1, 0))

    def take_data(self, given: list[tuple[Any, Any, Any]]) -> None:
        """Take X, y and sample_weight of each fit, and compare them with what the record knows of them."""
        model = self._model
        checked: dict[tuple[int, float | None], tuple[Samples, DataFingerprint]] = {}
        for number, (fit, one) in enumerate(zip(self._record.fits, given, strict=True), 1):
            key = id(one), fit.arguments["validation_fraction"]
            if key not in checked:
                samples = _samples_of(model, fit, one)
                checked[key] = samples, DataFingerprint(samples, model.architecture)
            samples, fingerprint = checked[key]
            if fit.rates and fit.rates[0] != fit.arguments["settings"]["learning_rate"]:
                raise OtherwiseError(f"the first rate of fit {number} is not that of its arguments", None)
            for name in fingerprint.digests:
                if not fingerprint.is_of(name, fit.data[name]) or samples.rows != fit.rows:
                    raise OtherwiseError(f"{_difference(name, fit, samples, fingerprint)} in fit {number}", None)
            self._samples.append(samples)
        names, recorded = self._target.names.names, self._record.fits[-1].classes
        if recorded is not None and names != recorded:
            raise OtherwiseError(f"the classes are {_listed(names)} here and {_listed(recorded)} in the record", None)
        model.learn_scaling(self._samples[0])
        for name, here in _description(self._target).items():
            if here != _description(model)[name]:
                raise OtherwiseError(f"{name} of the network differ from what the record begins with", None)

    def train_whole(self) -> None:
        """Train from the seed to the end."""
        for number, fit in enumerate(self._record.fits, 1):
            if fit.is_restart:
                self._become(self._model.parameters(), 0)
            self._train(Segment(number, 0, len(fit.digests), None))

    def train_segment(self, segment: Segment) -> None:
        """Train from one state to the next one."""
        number, begin = segment.fit, segment.begin
        fit = self._record.fits[number - 1]
        epochs = self._record.epochs_before(number)
        if begin is None:
            self._model.reset()
            self._model.learn_scaling(self._samples[0])
        elif segment.first:
            self._check_state(begin, number)
            self._become(begin.parameters, epochs + segment.first)
        else:
            self._check_state(begin, number - 1)
            self._become(begin.parameters if begin.put_back is None else begin.put_back, epochs)
            if not fit.is_restart:
                # what that fit has left of its optimizer stays with the network
                self._resumed(number - 1, begin)
        self._train(segment)

    def _check_state(self, state: KeptState, number: int) -> None:
        """Compare the weights of a state with the chain."""
        fit = self._record.fits[number - 1]
        others_follow = state.epoch == len(fit.digests) != fit.weights_of
        if (state.put_back is not None) != others_follow:
            what = "keeps no" if others_follow else "keeps"
            raise OtherwiseError(
                f"the record {what} weights that were put back after epoch {state.epoch} of fit {number}",
                Place(number, state.epoch),
            )
        for vector, epoch in ((state.parameters, state.epoch), (state.put_back, fit.weights_of)):
            if vector is not None and (epoch is None or digest_of(vector) != fit.digests[epoch - 1]):
                raise OtherwiseError(
                    f"the weights that the record keeps of epoch {epoch} of fit {number} are not those of its chain",
                    Place(number, epoch or 0),
                )

    def _become(self, parameters: Array, epochs: int) -> None:
        """Take weights, and forget the optimizer's state."""
        now = {"parameters": parameters, "optimizer_state": None, "epochs_trained": epochs}
        self._model.take_state(self._model.state() | now)

    def _trainer(self, number: int, first: int) -> _core.Trainer32:
        """Return the trainer of a fit that goes on after its first so many epochs."""
        fit = self._record.fits[number - 1]
        arguments, optimizer = fit.arguments, optimizer_of(fit.arguments)
        schedule = None if arguments["schedule"] is None else tuple(arguments["schedule"])
        with _believed(f"the arguments of fit {number} are none of a training"):
            return new_trainer(
                self._model,
                self._model.for_core(self._samples[number - 1]),
                arguments["batch_size"],
                optimizer,
                shuffle=arguments["shuffle"],
                rate=LearningRate.told(
                    fit.rates[first] if fit.rates else arguments["settings"]["learning_rate"], schedule
                ),
                total_steps=arguments["total_steps"],
            )

    def _resumed(self, number: int, state: KeptState) -> _core.Trainer32:
        """Return the trainer of a fit where a state of it was kept."""
        fit = self._record.fits[number - 1]
        trainer = self._trainer(number, state.epoch - 1)
        place = state.steps, state.epoch * fit.steps_per_epoch, 0, 0.0, 0.0, 0.0
        with _believed(f"the state after epoch {state.epoch} of fit {number} is none of its optimizer"):
            trainer.resume(place=place, slots=state.slots, start=[])
        return trainer

    def _train(self, segment: Segment) -> None:
        """Make the epochs of a segment."""
        number, first, last, begin = segment
        model, fit = self._model, self._record.fits[number - 1]
        per_epoch, put_back = fit.steps_per_epoch, None
        trainer = self._resumed(number, begin) if first and begin is not None else self._trainer(number, 0)
        kept = {state.epoch: state for state in fit.states}
        slices = SliceSizes((last - first) * per_epoch, per_epoch, whole_epochs_apart=True)
        with trainer:
            for epoch in range(first + 1, last + 1):
                if fit.rates is not None:
                    trainer.set_learning_rate(fit.rates[epoch - 1])
                while slices.left > (last - epoch) * per_epoch:
                    report = trainer.run(n_steps=slices.next(), threads=thread_limit())
                    slices.record(report)
                    self._after_slice(report.steps * int(fit.arguments["batch_size"]))
                    if report.diverged:
                        raise _other_epoch(number, epoch)
                model.count_epochs(1)
                if model.digest() != fit.digests[epoch - 1]:
                    raise _other_epoch(number, epoch)
                if epoch in kept:
                    self._check_state(kept[epoch], number)
                    _compare(trainer, kept[epoch], Place(number, epoch))
                if epoch == fit.weights_of != last:
                    put_back = model.parameters()
        if put_back is not None:
            model.write(put_back)


@contextmanager
def _believed(clause: str) -> Iterator[None]:
    """Say of what the record claims, and nothing of it can be made, that this is so."""
    try:
        yield
    except (ValueError, TypeError) as error:
        raise OtherwiseError(f"{clause} ({str(error).rstrip('.')})", None) from None


def _compare(trainer: _core.Trainer32, state: KeptState, place: Place) -> None:
    """Compare what a trainer leaves of its optimizer with a state; the weights are compared already."""
    (steps, *_), slots, _ = trainer.state()
    if steps != state.steps or [mine.tobytes() for mine in slots] != [its.tobytes() for its in state.slots]:
        raise OtherwiseError(
            f"epoch {place.epoch} of fit {place.fit} leaves the optimizer in another state than the record has", place
        )


def _samples_of(model: Model, fit: RecordedFit, given: tuple[Any, Any, Any]) -> Samples:
    """Return the samples of a fit as the network saw them."""
    samples = model.check(*given)
    fraction = fit.arguments["validation_fraction"]
    if fraction is None:
        return samples
    architecture = model.architecture
    return split(samples, fraction, architecture.seed, architecture.meaning)[0]


def _difference(name: str, fit: RecordedFit, samples: Samples, fingerprint: DataFingerprint) -> str:
    if samples.rows != fit.rows:
        return f"there are {samples.rows} rows here and {fit.rows} in the record,"
    if "none" in (fingerprint.digests[name], fit.data[name]):
        where = "here" if fit.data[name] == "none" else "in the record"
        return f"there is {name} {where} only,"
    clause = fingerprint.of_other_kind(name, fit.data[name], "in the record")
    return f"{clause or f'{name} has other values here than in the record'},"


def _description(model: Model) -> dict[str, str]:
    """Return what a network is, with what its scalings have learned, as text."""
    layers = [layer for layer, _, _ in described(model)]
    network = network_described(model.architecture, layers, model.target_scaling)
    return {name: json.dumps(value) for name, value in [*network.items(), ("seed", model.architecture.seed)]}


def _listed(names: list[str] | None) -> str:
    return "without names" if names is None else shortened(listed(names), LONGEST_VALUE)


def _other_epoch(number: int, epoch: int) -> OtherwiseError:
    clause = f"epoch {epoch} of fit {number} gives other weights than the record has"
    return OtherwiseError(clause, Place(number, epoch))
