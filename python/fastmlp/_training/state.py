"""All that the next step of a fit depends on, and what its end tells: taken between two slices, and put back.

What of it the core has (the optimizer, the place in the shuffled epoch, what a divergence puts back) it gives and takes
itself. Dropout and shuffling are numbers of an epoch and a place in it, so that they need nothing more.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import fastmlp._core as _core
from fastmlp._checks.text import brief
from fastmlp._model.model import Model
from fastmlp._training.fingerprint import text_of_all
from fastmlp._training.learning_rate import LearningRate
from fastmlp._training.trainer import divergence
from fastmlp._training.watch import Watch
from fastmlp.history import Epoch, History, epoch_row

# that the core counts
MOST_STEPS = 2**62
# what a state in a file must have
KINDS: dict[str, type | tuple[type, ...]] = {
    "place": list, "slots": list, "epoch_start": list, "n_epochs": int, "epochs_trained": int, "is_over": bool,
    "last_loss": float, "rate": dict, "history": dict, "callbacks": list, "parameters": (np.ndarray, type(None)),
}  # fmt: skip


def check_state(state: dict[str, Any], dtype: np.dtype[Any]) -> None:
    """Refuse in a clause what no fit has written; that arrays are of the network's size, the core looks at."""
    for name, kind in KINDS.items():
        if name not in state or not isinstance(state[name], kind):
            raise ValueError(f"its {name} is {brief(state.get(name))}")
    vectors = [*state["slots"], *state["epoch_start"], *([] if state["parameters"] is None else [state["parameters"]])]
    if any(not isinstance(vector, np.ndarray) or vector.dtype != dtype or vector.ndim != 1 for vector in vectors):
        raise ValueError(f"its vectors are not all of {dtype}")
    rate = state["rate"]
    if rate.keys() != {"base", "follows"} or type(rate["base"]) is not float or not 0.0 <= rate["base"] < math.inf:
        raise ValueError(f"its rate is {brief(rate)}")
    place = state["place"]
    are_numbers = [type(number) for number in place] == [int, int, int, float, float, float]
    if not are_numbers or not all(0 <= number < MOST_STEPS for number in place[:3]):
        raise ValueError(f"its place is {brief(place)}")
    epochs = state["n_epochs"]
    lengths = {values.shape if isinstance(values, np.ndarray) else None for values in state["history"].values()}
    if lengths != ({(epochs,)} if epochs else set()) or state["epochs_trained"] < epochs:
        raise ValueError("its history is of other epochs")


class State:
    """A fit under way.

    Attributes
    ----------
    n_steps, n_epochs : int
        Made so far.
    is_over : bool
        Whether a callback has ended it.
    last_loss : float
        Of the last step.
    """

    def __init__(
        self, model: Model, trainer: _core.Trainer32, rows: int, rate: LearningRate, watch: Watch, history: History
    ) -> None:
        self.n_steps = self.n_epochs = 0
        self.is_over = False
        self.last_loss = float("nan")
        self._model, self._trainer, self._rows = model, trainer, rows
        self._rate, self._watch, self._history = rate, watch, history

    @property
    def is_between_epochs(self) -> bool:
        """Whether an epoch has ended, and no other begun."""
        return self.n_epochs > 0 and self.n_steps == self.n_epochs * self._trainer.steps_per_epoch

    def take(self, report: _core.RunReport) -> list[Epoch]:
        """Count a slice, and return the rows of the epochs that have ended in it; a divergence is raised."""
        self._model.count_epochs(len(report.epochs))
        unit = self._model.loss_unit
        self.n_steps += report.steps
        self.last_loss = unit * report.last_loss
        rows = []
        for record in report.epochs:
            self.n_epochs += 1
            rows.append(epoch_row(self.n_epochs, unit * record.loss, record.seconds, self._rows))
            self._rate.record(rows[-1])
        if report.diverged:
            kept = f"of epoch {self.n_epochs}" if self.n_epochs else "from before the fit"
            where = f" at epoch {self.n_epochs + 1}, step {self.n_steps}"
            raise divergence(report, where, kept, self._rate.of(self.n_steps - 1))
        return rows

    def finish_epochs(self, rows: list[Epoch]) -> None:
        """Do what follows epochs, of which there is one where anything does; fill the history."""
        if rows:
            self.is_over = self._watch.after_epoch(self._model, rows[-1])
            self._rate.after(rows[-1], self._trainer)
        for row in rows:
            self._history.append(row)

    def state(self) -> dict[str, Any]:
        """Return it as plain values and arrays; parameters and scalings are the network's."""
        place, slots, start = self._trainer.state()
        return {
            "place": list(place),
            "slots": slots,
            "epoch_start": start,
            "n_epochs": self.n_epochs,
            "epochs_trained": self._model.epochs_trained,
            "is_over": self.is_over,
            "last_loss": float(self.last_loss),
            "rate": self._rate.state(),
            "history": {name: np.array(values) for name, values in self._history.items()},
            "callbacks": self._watch.state(),
            # beside what they were at the begin: what has changed since is no setting
            "shown": text_of_all(self._watch.callbacks),
            "parameters": None,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Become what ``state`` returned of the same fit."""
        self.n_epochs, self.is_over, self.last_loss = state["n_epochs"], state["is_over"], state["last_loss"]
        steps, made, position, *epoch = state["place"]
        self.n_steps = made
        self._trainer.resume(place=(steps, made, position, *epoch), slots=state["slots"], start=state["epoch_start"])
        self._rate.restore(state["rate"], self._trainer)
        self._watch.restore(state["callbacks"])
        for name, values in state["history"].items():
            self._history[name] = values.tolist()
