"""fastmlp as a user calls it: ``Network.fit``, everything included."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

import fastmlp as fm
from bench.cells import Cell


def VERSION() -> str:  # noqa: N802
    return f"fastmlp {version('fastmlp')} ({fm.active_target()})"


def prepare(cell: Cell, threads: int) -> Callable[[int], None]:
    X, y = cell.data()
    *hidden, last = cell.sizes[1:]
    layers = [*(fm.Dense(units, cell.activation) for units in hidden), fm.Dense(last, "softmax")]
    net = fm.Network(cell.sizes[0], layers, dtype=cell.dtype, seed=0)
    optimizer = fm.Adam(1e-3) if cell.optimizer == "adam" else fm.SGD(0.01, momentum=0.9, nesterov=True)
    fm.set_num_threads(threads)

    def run(epochs: int) -> None:
        net.fit(X, y, epochs=epochs, batch_size=cell.batch, optimizer=optimizer, progress=False)

    return run
