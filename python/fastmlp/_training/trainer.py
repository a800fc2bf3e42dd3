"""The core's trainer of some samples: how it is made of an optimizer's settings, run, and what divergence is called.

Who needs steps runs it: fit.py, streams.py by batches.py, online.py; lbfgs.py needs none. What a step is:
cpp/core/trainer.hpp.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

import fastmlp._core as _core
from fastmlp._model.model import Model
from fastmlp._model.samples import Samples
from fastmlp._training.learning_rate import LearningRate
from fastmlp.optimizers import Optimizer, StepOptimizer, resolve_optimizer
from fastmlp.schedules import Schedule


class SettledOptimizer:
    """The optimizer of steps that come one by one, resolved again only where another one is asked for.

    Attributes
    ----------
    optimizer : StepOptimizer
    rate : LearningRate
    """

    def __init__(self) -> None:
        # at first something that nobody asks for
        self._asked: object = object()
        self.optimizer: StepOptimizer
        self.rate: LearningRate

    def take(self, optimizer: str | Optimizer, forget_trainers: Callable[[], None]) -> None:
        """Take what is asked for, or refuse it; trainers of the one before are forgotten."""
        asked = self._asked
        if optimizer is not asked and (type(optimizer) is not type(asked) or optimizer != asked):
            settled = constant_rate(resolve_optimizer(optimizer))
            # without trainers first, for Ctrl-C may come between
            forget_trainers()
            self.optimizer, self.rate = settled
            self._asked = optimizer


def new_trainer(
    model: Model,
    samples: Samples | None,
    batch_size: int,
    optimizer: StepOptimizer,
    *,
    shuffle: bool,
    rate: LearningRate,
    total_steps: int = 0,
) -> _core.Trainer32:
    """Return the core's trainer of these samples, which goes on where the model's training stands.

    Without samples it makes steps from what comes later.
    """
    kind = _core.Trainer32 if model.architecture.dtype == np.float32 else _core.Trainer64
    return kind(
        network=model.core,
        X=None if samples is None else samples.inputs,
        targets=None if samples is None else samples.targets,
        sample_weight=None if samples is None else samples.sample_weight,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=model.architecture.seed,
        first_epoch=epoch_number(model),
        optimizer=optimizer.name,
        hyperparameters=optimizer.numbers() | {"learning_rate": rate.base},
        schedule=rate.for_core,
        total_steps=min(total_steps, 2**62),  # which nobody sees the end of
    )


def epoch_number(model: Model) -> int:
    """Return the number of the next epoch; the core counts in 32 bits, which steps of single rows may exceed."""
    return model.epochs_trained % 2**32


def constant_rate(optimizer: Optimizer) -> tuple[StepOptimizer, LearningRate]:
    """Return an optimizer for rows as they come, with its rate; one that needs to know all of them is refused."""
    if optimizer.needs_all_samples or not isinstance(optimizer, StepOptimizer):
        raise ValueError(f"{optimizer.name} needs all samples in every step: fit on arrays, or use 'adam' or 'sgd'.")
    if isinstance(optimizer.learning_rate, Schedule):
        raise ValueError(
            "a schedule needs to know the number of steps: fit on arrays, or give learning_rate a number, in each call "
            "another one if it shall change."
        )
    return optimizer, LearningRate.constant(optimizer.learning_rate)


class Divergence(Exception):  # noqa: N818
    """A loss or a weight is no number, on the way to the sentence that says which weights are there now.

    Parameters
    ----------
    what : str
        "loss became NaN at epoch 3", for example.
    kept : str
        The weights that are there: "of epoch 2". A callback may put others back after that.
    mend : str
    """

    def __init__(self, what: str, kept: str, mend: str) -> None:
        super().__init__(what)
        self._what, self._kept, self._mend = what, kept, mend

    def sentence(self, best_epoch: int | None = None) -> str:
        """Return the sentence; ``best_epoch`` is that whose weights a callback has put back."""
        kept = self._kept if best_epoch is None else f"of epoch {best_epoch}, the best,"
        return f"{self._what}: the weights {kept} were kept; {self._mend}."


def divergence(report: _core.RunReport, where: str, kept: str, rate: float) -> Divergence:
    """Return what to raise after a run that ended so, at this learning rate."""
    loss = report.last_loss
    if math.isfinite(loss):
        what = "a weight became NaN or infinite"
    else:
        what = f"loss became {'NaN' if math.isnan(loss) else 'infinite'}"
    return Divergence(f"{what}{where} (learning rate {rate:g})", kept, "lower the learning rate")
