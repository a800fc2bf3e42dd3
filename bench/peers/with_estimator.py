"""fastmlp's own MLPClassifier, with the parameters that scikit-learn's gets, by the same lines."""

from __future__ import annotations

import fastmlp as fm
from bench.cells import Cell
from bench.peers import Model, with_sklearn
from fastmlp.sklearn import MLPClassifier


def VERSION() -> str:  # noqa: N802
    return f"fastmlp.sklearn {fm.__version__} ({fm.active_target()})"


def prepare(cell: Cell, threads: int) -> Model:
    fm.set_num_threads(threads)
    return with_sklearn.prepare(cell, threads, MLPClassifier)
