"""The checkpoint of one fit: what its file says at the begin, and what is written while the fit goes on.

The state is copied between two slices of steps and written by a thread of its own, so that the training waits for no
disk. What of a fit is its state, state.py knows; the file is _files/checkpoint_file.py's, and by what a training is
known again is fingerprint.py's.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import IO, Any

import numpy as np

from fastmlp._checks.caller import warn_caller
from fastmlp._checks.text import shortened
from fastmlp._files import checkpoint_file
from fastmlp._files.atomic import check_destination
from fastmlp._files.lock import locked
from fastmlp._files.model_file import Content, description_of, recorded
from fastmlp._files.opening import ModelFileError, OtherKindError, read_file
from fastmlp._files.safetensors import of_type
from fastmlp._model.model import Model
from fastmlp._training.checkpoint import Checkpoint
from fastmlp._training.differences import callbacks_apart, first_difference, named_differences, names_learned
from fastmlp._training.fingerprint import DataFingerprint, described_texts, texts_of_network
from fastmlp._training.learning_rate import LearningRate
from fastmlp._training.state import State, check_state

# as the writer of another version might mean something else by the same names
FORMAT = 1


class Keeper:
    """Reads the checkpoint of a fit, if there is one, and writes it.

    Attributes
    ----------
    seed : int
        Of the training: the network's own if it was given, else that of the file.
    target : str
        The file, links followed.
    """

    def __init__(self, checkpoint: Checkpoint, target: str, model: Model, metadata: Mapping[str, Any]) -> None:
        self._checkpoint, self.target, self._name = checkpoint, target, shortened(os.fspath(checkpoint.path))
        self._model, self._metadata = model, dict(metadata)
        self._kept = read_file(checkpoint.path, read) if os.path.exists(target) else None
        self._fingerprint: dict[str, Any] = {}
        self._written = time.monotonic()
        self._seen = 0
        self._writer: threading.Thread | None = None
        self._failure: Exception | None = None
        self._told: str | None = None
        # what the last step has left, and after how many the file has an end already
        self._last: dict[str, Any] = {}
        self._last_steps = 0
        self._ended_at: int | None = None
        architecture = model.architecture
        self.seed = architecture.seed
        if self._kept is not None and architecture.seed_is_drawn:
            self.seed = self._kept.content.model.architecture.seed

    @property
    def goes_on(self) -> bool:
        """Whether there is a file to go on from."""
        return self._kept is not None

    @property
    def by_epochs(self) -> bool:
        """Whether it is written when epochs end."""
        return self._checkpoint.epochs is not None

    def check(
        self, arguments: Mapping[str, str], fingerprints: list[DataFingerprint], total: int, rate: LearningRate
    ) -> None:
        """Refuse a training that is another one than that of the file, and one that could not be written."""
        network, given = texts_of_network(self._model.architecture), dict(self._checkpoint.told_by)
        self._fingerprint = {
            "network": network,
            "arguments": dict(arguments),
            "data": {name: digest for one in fingerprints for name, digest in one.digests.items()},
            "total": total,
            **({"given": given} if given else {}),
        }
        # raises what a checkpoint would
        description_of(self._content())
        if self._kept is None:
            return
        what = self._difference(network, dict(arguments), fingerprints)
        if what is not None:
            # the words of whoever calls the fit, where these say why
            what = named_differences(given, self._kept.state.get("given", {})) or what
            raise ValueError(
                f"{self._name} is of another training: {what}; give what it was begun with, or another path."
            )
        rate.check_length(self._kept.state["total"], self._name)
        self.check_made(total, "these epochs: give more epochs")

    def _difference(
        self, network: dict[str, str], arguments: dict[str, str], fingerprints: list[DataFingerprint]
    ) -> str | None:
        """Return in a clause what is not as in the file, None for nothing."""
        assert self._kept is not None
        state, content = self._kept.state, self._kept.content
        found = None
        # a network that was itself read from the checkpoint has what its scalings have learned
        if network != described_texts(self._kept.description):
            found = first_difference(network, state["network"])
        there = dict(state["arguments"])
        has_validation = "X of the validation" in state["data"] and there.get("validation_fraction") == "None"
        # files of before these were kept
        there = {"record": "False", "validation_data": "given" if has_validation else "none"} | there
        texts = [str(one.pop("callbacks", "none")) for one in (arguments, there)]
        learned = names_learned(texts[1], str(state.get("shown", texts[1])), state["callbacks"])
        callbacks = [callbacks_apart(text, learned) for text in texts]
        return (
            found
            or first_difference(
                {"seed": str(self.seed), "classes": str(self._model.names.names), **arguments, **callbacks[0]},
                {
                    "seed": str(content.model.architecture.seed),
                    "classes": str(content.classes),
                    **there,
                    **callbacks[1],
                },
            )
            or _difference_of_data(fingerprints, state["data"])
        )

    def check_made(self, most: int, of: str) -> None:
        """Refuse a file of a training that has made more steps than this one shall; ``of`` what, and the mend."""
        made = 0 if self._kept is None else self._kept.state["place"][1]
        if made > most:
            raise ValueError(f"{self._name} has made {made} steps, more than the {most} of {of}, or another path.")

    def _content(self) -> Content:
        return Content(self._model, self._model.names.names, self._metadata)

    def restore_model(self) -> None:
        """Make the network that of the file, if there is one."""
        if self._kept is None:
            return
        model, kept, state = self._model, self._kept.content.model, self._kept.state
        parameters = state["parameters"]
        model.architecture = replace(model.architecture, seed=self.seed)
        model.take_state(
            kept.state()
            | {"epochs_trained": state["epochs_trained"]}
            | ({} if parameters is None else {"parameters": parameters})
        )

    def begin(self, training: State) -> None:
        """Let a training go on from the file, if there is one."""
        if self._kept is not None:
            try:
                training.restore(self._kept.state)
            except (TypeError, ValueError, LookupError, AttributeError) as error:
                # of a callback of the user's own perhaps: its traceback stays
                raise ModelFileError(
                    f"{self._name} keeps of the optimizer, the rate or the callbacks what these do not take "
                    f"({type(error).__name__}: {shortened(str(error).rstrip('.'))}): give another path."
                ) from error
            if self._kept.state["parameters"] is not None:
                self._ended_at = training.n_steps
        self._seen = self._count(training)
        # its arrays are copied
        self._kept = None

    def most_steps(self, training: State) -> int:
        """How many steps may be made until it is time to write; by seconds or epochs: any number."""
        every = self._checkpoint.steps
        return 2**62 if every is None else every - training.n_steps % every

    def after_slice(self, training: State) -> None:
        """Write if it is time, and the last one is written; say what could not be written."""
        if self._is_due(training) and (self._writer is None or not self._writer.is_alive()):
            self._tell()
            if np.isfinite(self._model.parameters()).all():
                job = self._job(training.state())
                self._written, self._seen = time.monotonic(), self._count(training)
                self._writer = threading.Thread(target=self._write, args=(job,), name="fastmlp-checkpoint")
                self._writer.start()

    def _is_due(self, training: State) -> bool:
        if self._checkpoint.seconds is not None:
            return time.monotonic() - self._written >= self._checkpoint.seconds
        every = self._checkpoint.steps or self._checkpoint.epochs
        assert every is not None
        return self._count(training) // every > self._seen // every

    def _count(self, training: State) -> int:
        return training.n_steps if self._checkpoint.steps is not None else training.n_epochs

    def _job(self, state: dict[str, Any]) -> Callable[[], None]:
        """Return what writes this state with the network as it is now."""
        network = description_of(self._content())
        record = self._model.checked_record()
        record = None if record is None else record.copy()
        complete = {"format": FORMAT, **self._fingerprint, **state}
        # what a record takes grows with its states
        return lambda: checkpoint_file.write(*recorded(*network, record), complete, self.target)

    def at_end(self, training: State) -> None:
        """Keep the state that the last step has left, before callbacks put other weights back."""
        self._last, self._last_steps = training.state() | {"parameters": self._model.parameters()}, training.n_steps

    def finish(self) -> None:
        """Write the training that has ended, with the network as its callbacks have left it."""
        self.join()
        if self._ended_at == self._last_steps:
            return
        self._write(self._job(self._last))
        self._tell()

    def _write(self, job: Callable[[], None]) -> None:
        try:
            job()
        except Exception as error:
            self._failure = error

    def _tell(self) -> None:
        """Warn once of each reason why nothing was written."""
        failure, self._failure = self._failure, None
        if failure is None:
            return
        reason = failure.strerror if isinstance(failure, OSError) and failure.strerror else str(failure).rstrip(".")
        if reason != self._told:
            self._told = reason
            warn_caller(
                f"{self._name} could not be written ({reason}): the training goes on, and what the file "
                "held before is still there."
            )

    def join(self) -> None:
        """Wait until nothing is being written."""
        if self._writer is not None:
            self._writer.join()
        self._writer = None


def _difference_of_data(fingerprints: list[DataFingerprint], there: Mapping[str, Any]) -> str | None:
    """Return in which of the data two trainings differ, in a clause."""
    here: dict[str, str] = {}
    for fingerprint in fingerprints:
        for name, digest in fingerprint.digests.items():
            if fingerprint.is_of(name, there.get(name)):
                there = {**there, name: digest}
            elif clause := fingerprint.of_other_kind(name, there.get(name), "there"):
                return clause
        here |= fingerprint.digests
    return first_difference(here, there, lambda name: False)


def read(file: IO[bytes], size: int) -> checkpoint_file.Kept:
    """Return what a file holds; an error (ValueError, TypeError) says in a clause what is wrong with it."""
    kept = checkpoint_file.read(file, size)
    if kept.state.get("format") != FORMAT:
        raise OtherKindError("is a checkpoint of another version of fastmlp: go on with that one, or give another path")
    for name, kind in (("network", dict), ("arguments", dict), ("data", dict), ("total", int)):
        of_type(kept.state.get(name), kind, f"its {name}")
    of_type(kept.state.get("given", {}), dict, "its given")
    if kept.state["arguments"].get("record", "False") != "False" and kept.content.model.record is None:
        raise ValueError("it lacks the record of its training")
    check_state(kept.state, kept.content.model.architecture.dtype)
    return kept


@contextmanager
def keeping(checkpoint: Checkpoint | None, model: Model, metadata: Mapping[str, Any]) -> Iterator[Keeper | None]:
    """Hold the checkpoint of a fit, if it has one, in a with block."""
    if checkpoint is None:
        yield None
        return
    target = check_destination(checkpoint.path)
    with locked(target, checkpoint.path):
        keeper = Keeper(checkpoint, target, model, metadata)
        try:
            yield keeper
        finally:
            keeper.join()
