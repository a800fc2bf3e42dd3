"""fastmlp as a user calls it: ``Network.fit`` and ``Network.predict_proba``, everything included."""

from __future__ import annotations

import fastmlp as fm
from bench.cells import Cell
from bench.peers import Model


def VERSION() -> str:  # noqa: N802
    return f"fastmlp {fm.__version__} ({fm.active_target()})"


def prepare(cell: Cell, threads: int) -> Model:
    X, y = cell.data()
    *hidden, last = cell.sizes[1:]
    layers = [*(fm.Dense(units, cell.activation) for units in hidden), fm.Dense(last, "softmax")]
    net = fm.Network(cell.sizes[0], layers, dtype=cell.dtype, seed=0)
    adam = cell.optimizer == "adam"
    optimizer = fm.Adam(cell.learning_rate) if adam else fm.SGD(cell.learning_rate, momentum=0.9, nesterov=True)
    fm.set_num_threads(threads)

    def train(epochs: int) -> None:
        net.fit(X, y, epochs=epochs, batch_size=cell.batch, optimizer=optimizer, progress=False)

    def set_bias(units: int, value: float) -> None:
        net.layers[0].bias[:units] = value

    return Model(train, net.predict_proba, set_bias)
