"""Training on single samples as they come: ``learn``, for uses in which the step itself takes a few microseconds.

So nothing is made anew: the row lies in a buffer that a trainer of the core reads again and again, and what ordinary
rows and labels cannot get wrong is not checked. All else goes through _checks/, for the same sentences as in
``fit``. The trainer holds no state of the network: that may be trained, written and reset in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastmlp import _core
from fastmlp._checks.arrays import check_row, check_targets
from fastmlp._training.fit import constant_rate, divergence, new_trainer
from fastmlp._training.learning_rate import LearningRate
from fastmlp.optimizers import Optimizer, StepOptimizer, resolve_optimizer
from fastmlp.runtime import thread_limit

if TYPE_CHECKING:
    from fastmlp.network import Network

Array = npt.NDArray[Any]

# losses for which every number is a target
OF_ANY_NUMBER = ("mse", "half_squared_error")


class Online:
    """A row, its target, and the trainers that read them; one object for each network that learns online."""

    def __init__(self, network: Network) -> None:
        self._architecture = architecture = network._architecture
        self._row: Array = np.zeros((1, network.n_inputs), network.dtype)
        self._label: Array = np.zeros(1, np.int32)
        self._values: Array = np.zeros((1, network.n_outputs), network.dtype)
        is_any_number = network.n_outputs == 1 and architecture.core_loss in OF_ANY_NUMBER
        self._largest = float(np.finfo(network.dtype).max) if is_any_number else -1.0
        # the checked target of each label met so far, where labels are of classes and so are few
        self._targets: dict[Any, Array] = {}
        self._has_classes = network.n_outputs > 1 or architecture.meaning == "binary"
        self._asked: str | Optimizer = ""
        self._settings: StepOptimizer
        self._rate: LearningRate
        self._trainers: dict[bool, _core.Trainer32] = {}

    def learn(self, network: Network, x: Any, y: Any, optimizer: str | Optimizer) -> float:
        """Make one step; described at ``Network.learn``."""
        if optimizer is not self._asked and optimizer != self._asked:
            self._settings, self._rate = constant_rate(resolve_optimizer(optimizer))
            self._asked = optimizer
            self._trainers = {}
        self._take_row(x)
        is_label = self._take_target(y)
        trainer = self._trainers.get(is_label)
        if trainer is None:
            network._check_scaling_is_known()
            data = (self._row, self._label if is_label else self._values, None)
            trainer = new_trainer(network, data, 1, self._settings, shuffle=False, rate=self._rate)
            self._trainers[is_label] = trainer
        with trainer:
            report = trainer.run(n_steps=1, threads=thread_limit())
        if report.diverged:
            raise FloatingPointError(divergence(report, "", "from before this step", self._rate.base))
        network._epochs_trained += 1
        return report.last_loss

    def _take_row(self, x: Any) -> None:
        row = self._row
        if type(x) is np.ndarray and x.shape == row.shape[1:] and x.dtype.char in "fd":
            if x.dtype.itemsize <= row.itemsize:
                row[0] = x
            else:  # what float32 cannot hold becomes infinite, and its sentence is said below
                with np.errstate(over="ignore"):
                    row[0] = x
            if _core.first_nonfinite(row) < 0:
                return
        row[0] = check_row(x, self._architecture.n_inputs, row.dtype)[0]

    def _take_target(self, y: Any) -> bool:
        """Write the target into its buffer, and return whether that is the one of labels."""
        if isinstance(y, float) and -self._largest <= y <= self._largest:
            self._values[0, 0] = y
            return False
        is_integer = isinstance(y, int | np.integer)
        target = self._targets.get(y) if is_integer else None
        if target is None:
            architecture = self._architecture
            target = check_targets(
                [y], 1, architecture.n_outputs, architecture.core_loss, architecture.dtype, names=("x", "y")
            )
            if is_integer and self._has_classes:
                self._targets[y] = target
        is_label = target.ndim == 1
        (self._label if is_label else self._values)[...] = target
        return is_label
