"""``preset="best"``: networks of many settings, of which an ensemble is picked by rows that they did not learn from.

The portfolio is fixed: the settings that a table's size decides (settings.py), then others. Each is trained so often
that every row is set aside once, so that all are judged on all rows. How many are tried is all that the clock decides;
that number is kept, and gives the same bits again. The ensemble is picked greedily, with repetition: R. Caruana, A.
Niculescu-Mizil, G. Crew and A. Ksikes, Ensemble selection from libraries of models, ICML 2004.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import check_integer, check_real
from fastmlp._checks.text import brief
from fastmlp._training.crew import SomeTraining, train_together
from fastmlp.sklearn._tabular.members import Member, Rows, Samples
from fastmlp.sklearn._tabular.settings import Settled

Outputs = npt.NDArray[np.float64]

# rounds of the choice, each of which adds a setting, perhaps once more
ROUNDS = 40
# bins of a setting that sees numbers dimly
COARSE = 16
# a weight that a step learns is like a product of each so many rows
STEPS = 16
# what a unit of a layer costs beside its products, in products
BESIDE = 50


@dataclass(frozen=True)
class Search:
    """How long settings are tried: until the time is over, so many of them, or all."""

    time_limit: float | None
    plan: int | None

    @classmethod
    def wanted_of(cls, estimator: Any) -> Search | None:
        """Return what the arguments of an estimator ask for, checked; None: no search."""
        preset, limit, plan = estimator.preset, estimator.time_limit, estimator.plan
        if preset is None:
            for name, value in (("time_limit", limit), ("plan", plan)):
                if value is not None:
                    raise ValueError(f"{name} is {brief(value)} without a preset: add preset='best', or leave it out.")
            return None
        if preset != "best":
            raise ValueError(f"preset must be None or 'best', got {brief(preset)}.")
        if limit is not None and plan is not None:
            raise ValueError("time_limit and plan both say how many settings are tried: give one of them.")
        return cls(
            None if limit is None else check_real(limit, "time_limit", above=0.0),
            None if plan is None else check_integer(plan, "plan", minimum=1),
        )


def check_not_watched(estimator: Any, checkpoint: object, callbacks: Sequence[object]) -> None:
    """Refuse what follows one training where many are made, of which some are left out in the end."""
    if checkpoint is not None:
        raise ValueError("a checkpoint is of one training, not of the many of preset='best': give one of both.")
    if callbacks:
        raise ValueError("callbacks follow n_estimators networks, not the many of preset='best': give one of both.")
    for name in ("verbose", "calibrate"):
        if getattr(estimator, name, False):
            raise ValueError(f"{name} is of n_estimators networks, not of the many of preset='best': leave it out.")


@dataclass(frozen=True)
class Tried:
    """The networks of one setting, and what they say of rows that they did not learn from."""

    members: list[Member]
    outputs: Outputs


@dataclass(frozen=True)
class Ensemble:
    """Networks, how often each counts in the average, and how many settings were tried for it."""

    members: list[Member]
    repeats: list[int]
    plan: int


def portfolio(first: Settled) -> list[Settled]:
    """Return the settings to try, in order."""
    rate, other = first.learning_rate, "mish" if first.activation == "selu" else "selu"
    if first.sharpness < 1.0:
        # as fine and as long as helps
        longer, finer, finest, blunt = first.epochs, first.bins, first.bins, first.sharpness
    else:
        longer, blunt = 3 * first.epochs // 2, first.sharpness / 2
        finer, finest = (max(4 * first.bins // 3, bins) if first.bins else 0 for bins in (64, 96))
    deep = (128, 128, 128)
    return [
        first,
        replace(first, hidden=deep, bins=finer, dropout=0.1, epochs=longer, sharpness=blunt),
        replace(first, hidden=deep, bins=finer, dropout=0.1, epochs=longer, sharpness=blunt, activation=other),
        replace(first, hidden=(128, 128), bins=finest, dropout=0.1, learning_rate=rate / 2),
        replace(first, bins=COARSE if first.bins else 0, activation=other),
        replace(first, hidden=(256, 256), dropout=0.3, epochs=longer),
        replace(first, hidden=(64, 64), bins=finest, dropout=0.0, sharpness=1.0),
        replace(first, hidden=(128, 128), activation="relu", dropout=0.2, epochs=longer),
        replace(first, hidden=deep, bins=0, dropout=0.1, epochs=longer),
        replace(first, hidden=(256,), bins=finest, activation=other, dropout=0.2),
        replace(first, hidden=(128, 128, 128, 128), bins=finer, dropout=0.15, epochs=longer, sharpness=blunt),
        replace(first, hidden=(256, 128), activation=other, dropout=0.4, epochs=2 * first.epochs),
    ]


def cost_of(own: Settled, n_inputs: int, columns: int) -> float:
    """Return how much work a setting is beside others."""
    embedding = own.embedding_of(columns)
    # of the bins of a number a row meets two, but a step learns all
    width = n_inputs if embedding is None else n_inputs + columns + embedding.width_of(n_inputs) // STEPS
    sizes = [width, *own.hidden]
    return own.epochs * (sum(n_in * n_out for n_in, n_out in pairwise(sizes)) + BESIDE * sum(own.hidden))


def try_settings(
    search: Search,
    settings: Sequence[Settled],
    cost: Callable[[Settled], float],
    asides: Callable[[], Sequence[Rows | Samples]],
    training: Callable[[Settled, Rows | Samples], SomeTraining[Member]],
    outputs_of: Callable[[Member, Rows | Samples], Outputs],
    n_rows: int,
) -> Iterator[Tried]:
    """Train one setting after another, the first one always; ``asides``: what the networks of one are judged by."""
    began, done = time.monotonic(), 0.0
    for index, own in enumerate(settings[: search.plan]):
        if search.time_limit is not None and index:
            elapsed = time.monotonic() - began
            # a later one may be quicker, but one number shall say which were tried
            if elapsed * (1.0 + cost(own) / done) > search.time_limit:
                return
        judged = asides()
        trained = train_together([training(own, aside) for aside in judged])
        members = [trained[number] for number in range(len(judged))]
        outputs = [outputs_of(member, aside) for member, aside in zip(members, judged, strict=True)]
        total, times = np.zeros((n_rows, outputs[0].shape[1])), np.zeros((n_rows, 1))
        for aside, own_outputs in zip(judged, outputs, strict=True):
            rows = slice(None) if isinstance(aside, Samples) else aside
            total[rows] += own_outputs
            times[rows] += 1
        done += cost(own)
        # 0 for rows that nothing set aside, by which nobody judges
        yield Tried(members, total / np.maximum(times, 1.0))


def pick(candidates: Sequence[Tried], loss_of: Callable[[Outputs], float]) -> Ensemble:
    """Return the ensemble with the least loss of those that come of adding, again and again, what helps most."""
    counts = [0] * len(candidates)
    total = np.zeros_like(candidates[0].outputs)
    least, best = math.inf, counts
    for size in range(1, ROUNDS + 1):
        losses = [loss_of((total + candidate.outputs) / size) for candidate in candidates]
        index = int(np.argmin(losses))
        counts[index] += 1
        total += candidates[index].outputs
        if losses[index] < least:
            least, best = losses[index], counts.copy()
    divisor = math.gcd(*best)
    needed = [(candidate, count // divisor) for candidate, count in zip(candidates, best, strict=True) if count]
    return Ensemble(
        [member for candidate, _ in needed for member in candidate.members],
        [count for candidate, count in needed for _ in candidate.members],
        len(candidates),
    )
