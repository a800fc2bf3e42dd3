"""Steps from derivatives or gradients that the caller has: ``step`` and ``apply_gradients``.

The core's trainer makes them, one that is kept from call to call as batches.py keeps its own; the pass forward, the
caller's function and the way back are three calls, between which the network is the caller's to read and nobody's to
train.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

import fastmlp._core as _core
from fastmlp._checks.arguments import check_choice
from fastmlp._checks.arrays import check_data, check_outputs, check_parameters
from fastmlp._model.derivatives import PLACES, Derivatives, check_dropout, check_given, for_core
from fastmlp._model.model import Model
from fastmlp._training.batches import most_kept_rows
from fastmlp._training.trainer import SettledOptimizer, divergence, epoch_number, new_trainer
from fastmlp.gradients import Gradients
from fastmlp.optimizers import Optimizer
from fastmlp.runtime import thread_limit

Array = npt.NDArray[Any]


class OwnSteps:
    """The trainer of a model's own steps; one object for each model, which ``reset`` replaces."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._settled = SettledOptimizer()
        self._trainer: _core.Trainer32 | None = None
        self._most_rows = 0
        self._drops = any(part.dropout for part in model.architecture.placed)
        self._most_kept_rows = most_kept_rows(model.architecture)

    def step(
        self, X: npt.ArrayLike, d_outputs: Derivatives, optimizer: str | Optimizer, at: str, dropout: int | None
    ) -> Array:
        """Make one step, and return the outputs that it began with; described at ``Network.step``."""
        model = self._model
        with model.guard.hold():
            self._settled.take(optimizer, self._forget_trainer)
            at = check_choice(at, "at", PLACES)
            dropout = check_dropout(dropout)
            if self._drops and dropout is None and not callable(d_outputs):
                raise ValueError(
                    "the network has Dropout, and derivatives belong to outputs of the same draw: give dropout=, the "
                    "seed that forward was given, or a function of the outputs."
                )
            model.check_scaling_is_known()
            try:
                outputs, report = self._halves(X, d_outputs, at, dropout)
            except BaseException:
                self._trainer = None
                raise
            self._finish(report)
            return outputs

    def _halves(
        self, X: npt.ArrayLike, d_outputs: Derivatives, at: str, dropout: int | None
    ) -> tuple[Array, _core.RunReport]:
        """Go forward and back. The core looks at ordinary arrays itself; all others are checked here."""
        model, threads = self._model, thread_limit()
        seed, epoch = (model.architecture.seed, epoch_number(model)) if dropout is None else (dropout, 0)
        found = None
        if type(X) is np.ndarray and X.ndim == 2 and X.shape[1] == model.architecture.n_inputs and len(X):
            trainer = self._trainer_for(len(X))
            found = trainer.forward(X, seed, epoch, threads)
        if found is None:
            data = check_data(X, model.architecture.n_inputs, model.architecture.dtype)
            trainer = self._trainer_for(len(data))
            found = trainer.forward(data, seed, epoch, threads)
            assert found is not None
        outputs = model.for_user(found)
        value: Any = d_outputs
        if callable(d_outputs):
            check_outputs(outputs)
            # no way back through other weights than those that the outputs are of
            with model.core.hold_reading():
                # a copy, for the function may keep and change what it gets
                value = d_outputs(outputs.copy())
        report = None
        if model.units is None and type(value) is np.ndarray:
            report = trainer.run_from(value, at, threads)
        if report is None:
            given = check_given(model, value, len(outputs), is_returned=callable(d_outputs))
            report = trainer.run_from(for_core(model, given, at), at, threads)
            assert report is not None
        return outputs, report

    def apply(self, gradients: Gradients | npt.ArrayLike, optimizer: str | Optimizer) -> None:
        """Make one step with gradients of all parameters; described at ``Network.apply_gradients``."""
        model = self._model
        with model.guard.hold():
            self._settled.take(optimizer, self._forget_trainer)
            values = gradients.ravel() if isinstance(gradients, Gradients) else gradients
            dtype = model.architecture.dtype
            flat = check_parameters(values, model.n_parameters, dtype, "gradients").astype(dtype, copy=False)
            try:
                report = self._trainer_for(1).apply(gradients=flat, threads=thread_limit())
            except BaseException:
                self._trainer = None
                raise
            self._finish(report)

    def _trainer_for(self, rows: int) -> _core.Trainer32:
        """Return a trainer with room for so many rows, and keep it where that is not much."""
        trainer = self._trainer
        if trainer is None or rows > self._most_rows:
            settled = self._settled
            trainer = new_trainer(self._model, None, rows, settled.optimizer, shuffle=False, rate=settled.rate)
            self._trainer, self._most_rows = trainer if rows <= self._most_kept_rows else None, rows
        return trainer

    def _finish(self, report: _core.RunReport) -> None:
        if report.diverged:
            rate = self._settled.rate.base
            raise FloatingPointError(divergence(report, "", "from before this step", rate).sentence())
        # what is drawn for this step is not drawn again
        self._model.count_epochs(1)
        self._model.end_record("a step of the caller's own was made")

    def _forget_trainer(self) -> None:
        self._trainer = None
