"""scikit-learn's MLPClassifier: ``fit`` with a given number of epochs, in the data's own precision."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib.metadata import version

from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from bench.cells import Cell


def VERSION() -> str:  # noqa: N802
    return f"scikit-learn {version('scikit-learn')}"


def prepare(cell: Cell, threads: int) -> Callable[[int], None]:
    X, y = cell.data()
    warnings.simplefilter("ignore", ConvergenceWarning)
    solver = {"solver": "adam"}
    if cell.optimizer == "momentum":
        solver = {"solver": "sgd", "learning_rate_init": 0.01, "momentum": 0.9, "nesterovs_momentum": True}

    def run(epochs: int) -> None:
        model = MLPClassifier(
            cell.sizes[1:-1],
            activation=cell.activation,
            batch_size=cell.batch,
            max_iter=epochs,
            tol=0.0,
            n_iter_no_change=epochs + 1,
            alpha=0.0,
            random_state=0,
            **solver,
        )
        with threadpool_limits(threads):
            model.fit(X, y)

    return run
