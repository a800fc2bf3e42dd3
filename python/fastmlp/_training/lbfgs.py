"""L-BFGS: SciPy's minimizer, with the core for the loss and its gradient, and the network for the result.

The search works on a copy of the network in float64, since a line search compares losses that differ by less than
float32 resolves. The network itself is written when an iteration has ended, so that whatever interrupts the search
(Ctrl-C, a callback that raises) leaves the best weights so far.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import ProgressKind, check_no_rate_factors
from fastmlp._model.architecture import Architecture
from fastmlp._model.evaluation import core_gradients
from fastmlp._model.model import Model
from fastmlp._model.samples import Samples
from fastmlp._training.progress import Progress
from fastmlp._training.trainer import Divergence
from fastmlp._training.watch import COLUMNS, Watch
from fastmlp.gradients import flat_vector
from fastmlp.history import History, epoch_row
from fastmlp.optimizers import LBFGS
from fastmlp.runtime import imported

Vector = npt.NDArray[np.float64]

# evaluations of the loss: the iterations are what is limited
MOST_EVALUATIONS = sys.maxsize // 2


class _Ended(Exception):  # noqa: N818
    """Carries the wish to end out of SciPy, whose older versions know no other way."""


def check(optimizer: LBFGS, architecture: Architecture) -> None:
    """Refuse what L-BFGS cannot do, or a computer without SciPy."""
    check_no_rate_factors(optimizer.name, architecture.rate_factors)
    if any(part.dropout for part in architecture.placed):
        raise ValueError(
            f"{optimizer.name} needs the same loss in every evaluation, but layers have dropout: "
            "take it away, or use another optimizer."
        )
    _imported_minimize()


def _imported_minimize() -> Callable[..., Any]:
    """Return SciPy's ``minimize``, or say in one sentence how to get it."""
    try:
        minimize: Callable[..., Any] = imported("scipy.optimize").minimize
    except ImportError:
        raise ImportError('the optimizer lbfgs needs SciPy: pip install "scipy>=1.8".') from None
    return minimize


def fit(
    model: Model,
    samples: Samples,
    optimizer: LBFGS,
    epochs: int,
    watch: Watch,
    progress: ProgressKind,
    history: History,
) -> None:
    """Train by iterations over all samples, which count as epochs: as many, unless the optimizer has its own limit."""
    limit = epochs if optimizer.max_iterations is None else optimizer.max_iterations
    with watch.over(COLUMNS):
        _iterations(model, samples, optimizer, limit, watch, progress, history)


def _iterations(
    model: Model,
    samples: Samples,
    optimizer: LBFGS,
    limit: int,
    watch: Watch,
    progress: ProgressKind,
    history: History,
) -> None:
    """Make the iterations, and fill the history."""
    model.learn_scaling(samples)
    unit = model.loss_unit
    n_epochs = 0
    with Progress(progress, limit, samples.rows, samples.rows) as bar:

        def after_iteration(loss: float, seconds: float) -> bool:
            nonlocal n_epochs
            n_epochs += 1
            model.count_epochs(1)
            row = epoch_row(n_epochs, unit * loss, seconds, samples.rows)
            is_enough = watch.after_epoch(model, row)
            history.append(row)
            bar.show(1, history, unit * loss)
            return is_enough

        seen = model.for_core(samples, np.float64)
        history.converged = _search(model, seen, optimizer, limit, after_iteration)


def _search(
    model: Model,
    samples: Samples,
    optimizer: LBFGS,
    limit: int,
    after_iteration: Callable[[float, float], bool],
) -> bool | None:
    """Minimize the loss of the model; ``after_iteration(loss, seconds)`` ends it by True.

    Returns whether a tolerance was met; None where it was ended.
    """
    double = model.double()
    parts = [part(index) for index in range(len(model.layers)) for part in (double.weights, double.bias)]
    embedding = double.embedding()
    parts += [] if embedding is None else [embedding]
    ends = np.cumsum([part.size for part in parts])
    last_x: Vector = np.empty(0)
    last_loss = np.nan
    finished = 0
    began = time.perf_counter()

    def loss_and_gradient(x: Vector) -> tuple[float, Vector]:
        nonlocal last_x, last_loss
        for part, values in zip(parts, np.split(x, ends[:-1]), strict=True):
            part[...] = values.reshape(part.shape)
        last_loss, weights, biases, of_embedding = core_gradients(double, samples)
        last_x = x.copy()
        if not finished and not np.isfinite(last_loss):
            raise _divergence(last_loss, 0)
        return last_loss, flat_vector(zip(weights, biases, strict=True), of_embedding)

    def iteration(x: Vector) -> None:
        nonlocal finished, began
        if not np.array_equal(x, last_x):
            loss_and_gradient(x)
        if not (np.isfinite(last_loss) and np.isfinite(x).all()):
            raise _divergence(last_loss, finished)
        model.write(x)
        finished += 1
        if after_iteration(last_loss, time.perf_counter() - began):
            raise _Ended
        began = time.perf_counter()

    options = {
        "maxiter": limit,
        "maxfun": optimizer.max_evaluations or MOST_EVALUATIONS,
        "maxcor": optimizer.history,
        "gtol": optimizer.tolerance,
        "ftol": optimizer.loss_tolerance,
    }
    start = model.parameters().astype(np.float64)
    with model.core.hold_training():
        try:
            found = _imported_minimize()(
                loss_and_gradient, start, method="L-BFGS-B", jac=True, callback=iteration, options=options
            )
            return bool(found.success)
        except _Ended:
            return None


def _divergence(loss: float, finished: int) -> Divergence:
    kept = f"of iteration {finished}" if finished else "from before the fit"
    return Divergence(f"loss became {loss} in iteration {finished + 1}", kept, "scale the inputs")
