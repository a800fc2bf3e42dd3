"""Training on single samples as they come: ``learn``, for uses in which the step itself takes a few microseconds.

So nothing is made anew: the row lies in a buffer that a trainer of the core reads again and again, and what ordinary
rows and labels cannot get wrong is not checked. All else goes through _checks/, for the same sentences as in
``fit``. The trainer holds no state of the network: that may be trained, written and reset in between.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

import fastmlp._core as _core
from fastmlp._checks.arrays import check_row
from fastmlp._model.model import Model
from fastmlp._model.samples import Samples
from fastmlp._training.trainer import SettledOptimizer, divergence, new_trainer
from fastmlp.optimizers import Optimizer
from fastmlp.runtime import thread_limit

Array = npt.NDArray[Any]


class Online:
    """A row, its target, and the trainers that read them; one object for each model that learns online."""

    def __init__(self, model: Model) -> None:
        self._model = model
        architecture = model.architecture
        self._row: Array = np.zeros((1, architecture.n_inputs), architecture.dtype)
        self._label: Array = np.zeros(1, np.int32)
        self._values: Array = np.zeros((1, architecture.n_outputs), architecture.dtype)
        is_plain = architecture.loss.takes == "values" and architecture.target_scaling is None
        is_any_number = architecture.n_outputs == 1 and is_plain
        self._largest = float(np.finfo(architecture.dtype).max) if is_any_number else -1.0
        # the checked target of each label met so far, where labels are of classes and so are few
        self._targets: dict[Any, Array] = {}
        self._has_classes = architecture.n_outputs > 1 or architecture.meaning == "binary"
        self._settled = SettledOptimizer()
        self._trainers: dict[bool, _core.Trainer32] = {}

    def learn(self, x: npt.ArrayLike, y: Any, optimizer: str | Optimizer) -> float:
        """Make one step; described at ``Network.learn``."""
        with self._model.guard.hold():
            try:
                return self._learn(x, y, optimizer)
            except BaseException:
                # Ctrl-C may have come where a trainer holds the network and does not know that it must give it back
                self._trainers = {}
                raise

    def _learn(self, x: npt.ArrayLike, y: Any, optimizer: str | Optimizer) -> float:
        model = self._model
        settled = self._settled
        settled.take(optimizer, self._forget_trainers)
        self._take_row(x)
        is_label = self._take_target(y)
        trainer = self._trainers.get(is_label)
        if trainer is None:
            model.check_scaling_is_known()
            data = Samples(self._row, self._label if is_label else self._values, None)
            trainer = new_trainer(model, data, 1, settled.optimizer, shuffle=False, rate=settled.rate)
            self._trainers[is_label] = trainer
        with trainer:
            report = trainer.run(n_steps=1, threads=thread_limit())
        if report.diverged:
            raise FloatingPointError(divergence(report, "", "from before this step", settled.rate.base).sentence())
        # to the core a step is an epoch here; to ask the report takes longer than to know it
        model.count_epochs(1)
        if model.record is not None:
            model.end_record("learn was called")
        return report.last_loss if model.units is None else model.loss_unit * report.last_loss

    def _forget_trainers(self) -> None:
        self._trainers = {}

    def _take_row(self, x: npt.ArrayLike) -> None:
        row = self._row
        if type(x) is np.ndarray and x.shape == row.shape[1:] and x.dtype.char in "fd":
            if x.dtype.itemsize <= row.itemsize:
                row[0] = x
            else:  # what float32 cannot hold becomes infinite, and its sentence is said below
                with np.errstate(over="ignore"):
                    row[0] = x
            if _core.first_nonfinite(row) < 0:
                return
        row[0] = check_row(x, row.shape[1], row.dtype)[0]

    def _take_target(self, y: Any) -> bool:
        """Write the target into its buffer, and return whether that is the one of labels."""
        if isinstance(y, float) and -self._largest <= y <= self._largest:
            self._values[0, 0] = y
            return False
        is_integer = isinstance(y, int | np.integer)
        target = self._targets.get(y) if is_integer else None
        if target is None:
            model = self._model
            target = model.architecture.check_targets(model.numbers_of([y]), 1, names=("x", "y"))
            if model.architecture.target_scaling is not None:
                target = model.for_core(Samples(self._row, target, None)).targets
            if is_integer and self._has_classes:
                self._targets[y] = target
        is_label = target.ndim == 1
        (self._label if is_label else self._values)[...] = target
        return is_label
