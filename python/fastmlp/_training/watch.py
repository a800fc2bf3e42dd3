"""What follows an epoch, of arrays (fit.py) or of batches (streams.py): validation, then callbacks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fastmlp._checks.arguments import check_callables, check_validation, check_verdict
from fastmlp._checks.monitor import Columns
from fastmlp._checks.text import brief
from fastmlp._files.checkpoint_file import copied
from fastmlp._files.names import is_written
from fastmlp._model.model import Model
from fastmlp._model.samples import Samples, Validation
from fastmlp._training.measures import Measure, measured, resolve_measures, validation_columns
from fastmlp._training.trainer import Divergence
from fastmlp.history import Epoch
from fastmlp.metrics import Metric

# Called with the owner of the model, whatever that is (to users, their Network), and with the epoch's row of the
# History; True ends the fit.
Callback: TypeAlias = Callable[[Any, Epoch], bool | None]

# of every fit; others are those of validation, and the learning rate of a schedule
COLUMNS = Columns(["epoch", "loss", "seconds", "samples_per_second"], {"loss": "min"})


@dataclass(frozen=True)
class Watch:
    """The validation samples of a fit, if there are any, what is measured on them, and who is told."""

    owner: object
    validation: Samples | None
    measures: dict[str, Measure]
    callbacks: list[Callback]
    # of a fleet, which may end a training without a word to its callbacks or its checkpoint
    ends: list[Callable[[Epoch], bool]] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        owner: object,
        model: Model,
        validation_data: Validation | None,
        set_aside: Samples | None,
        metrics: Iterable[Metric] | None,
        callbacks: Iterable[Callback],
    ) -> Watch:
        """Check what a fit was given; ``set_aside`` are samples of its own data."""
        called = check_callables(callbacks, "callbacks")
        validation = set_aside
        if validation_data is not None:
            given = check_validation(validation_data, "validation_data")
            validation = model.check(*given, names=("validation_data[0]", "validation_data[1]", "validation_data[2]"))
        if validation is None:
            if metrics is not None:
                raise ValueError(
                    "metrics are measured on validation samples: give validation_data or validation_fraction, too."
                )
            return cls(owner, None, {}, called)
        return cls(owner, validation, resolve_measures(metrics, model.architecture, validation.targets), called)

    @property
    def is_needed(self) -> bool:
        """Whether anything happens after an epoch."""
        return self.validation is not None or bool(self.callbacks) or bool(self.ends)

    def columns(self, columns: Columns) -> Columns:
        """Return these columns and those of validation."""
        return columns if self.validation is None else columns.extended(*validation_columns(self.measures))

    @contextmanager
    def over(self, columns: Columns) -> Iterator[None]:
        """Tell the callbacks of the training in a with block, whose rows have these columns and those of validation.

        Those that have a ``begin`` are told before the first step, those that have an ``end`` after the last one, and
        those that have an ``interrupted`` in its place where an error or Ctrl-C ended the training.
        """
        for callback in self.callbacks:
            if hasattr(callback, "begin"):
                # each its own, which it may change
                callback.begin(self.owner, self.columns(columns).extended(()))
        try:
            yield
            for callback in self.callbacks:
                if hasattr(callback, "end"):
                    callback.end(self.owner)
        except Divergence as divergence:
            raise FloatingPointError(divergence.sentence(self._interrupted())) from None
        except BaseException:
            self._interrupted()
            raise

    def after_epoch(self, model: Model, epoch: Epoch) -> bool:
        """Add the validation to the epoch, show every callback a copy, and return whether one wants to end the fit."""
        if self.validation is not None:
            found = measured(model, self.validation, self.measures)
            epoch.update({f"validation_{name}": value for name, value in found.items()})
        verdicts = [check_verdict(callback(self.owner, dict(epoch))) for callback in self.callbacks]
        return any(verdicts)

    def is_ended(self, epoch: Epoch) -> bool:
        """Whether the training shall end after this epoch whatever its callbacks say."""
        ended = [end(epoch) for end in self.ends]
        return any(ended)

    def check_kept(self, target: str) -> None:
        """Refuse callbacks that a checkpoint cannot keep, and those that write where it is written."""
        for callback in self.callbacks:
            path = getattr(callback, "path", None)
            if isinstance(path, str | os.PathLike) and is_written(str(os.fspath(path)), target):
                raise ValueError(
                    f"the callback {brief(callback)} writes to the file of the checkpoint, which would be lost: give "
                    "one of them another path."
                )
            if not callable(getattr(callback, "state_dict", None)) or not callable(
                getattr(callback, "load_state_dict", None)
            ):
                raise ValueError(
                    f"the callback {brief(callback)} has no state_dict and load_state_dict, by which a "
                    "checkpoint keeps what a callback knows: give it both (an empty dict where it knows nothing)."
                )

    def state(self) -> list[Any]:
        """Return what the callbacks know."""
        # copies, for callbacks go on while they are written
        return [
            copied(callback.state_dict(), f"the state_dict of the callback {brief(callback)}")
            for callback in map(_as_any, self.callbacks)
        ]

    def restore(self, states: list[Any]) -> None:
        """Let the callbacks know it again."""
        for callback, state in zip(map(_as_any, self.callbacks), states, strict=True):
            callback.load_state_dict(state)

    def _interrupted(self) -> int | None:
        """Tell the callbacks, and return the epoch whose weights one of them has put back, if one has."""
        epoch = None
        for callback in self.callbacks:
            if hasattr(callback, "interrupted"):
                put_back = callback.interrupted(self.owner)
                epoch = epoch if put_back is None else put_back
        return epoch


def _as_any(callback: Callback) -> Any:
    return callback
