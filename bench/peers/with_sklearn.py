"""scikit-learn's MLPClassifier: ``fit`` with a given number of epochs, in the precision that it takes X in.

A second fit goes on from the weights of the first (warm start), but its optimizer starts again from nothing. Another
class with the same parameters is measured by the same lines (with_estimator.py).
"""

from __future__ import annotations

import warnings
from importlib.metadata import version
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from bench.cells import Cell
from bench.peers import Model


def VERSION() -> str:  # noqa: N802
    return f"scikit-learn {version('scikit-learn')}"


def prepare(cell: Cell, threads: int, kind: Any = MLPClassifier) -> Model:
    X, y = cell.data()
    warnings.simplefilter("ignore", ConvergenceWarning)
    threadpool_limits(threads)  # for good: as a context it would look for libraries in every call
    solver = {"solver": "adam"}
    if cell.optimizer == "momentum":
        solver = {"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": True}
    model = kind(
        cell.sizes[1:-1],
        activation=cell.activation,
        batch_size=cell.batch,
        learning_rate_init=cell.learning_rate,
        warm_start=True,
        tol=0.0,
        n_iter_no_change=10**9,  # counted across fits, and never a reason to stop
        alpha=0.0,
        # a generator, since an integer would bring the same order of samples in every fit
        random_state=np.random.RandomState(0),
        **solver,
    )

    def train(epochs: int) -> None:
        model.set_params(max_iter=epochs).fit(X, y)

    def set_bias(units: int, value: float) -> None:
        model.intercepts_[0][:units] = value  # warm start goes on from it

    return Model(train, model.predict_proba, set_bias)
