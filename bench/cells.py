"""The named problems: network, batch, optimizer, samples; and how many floating-point operations a step of each takes.

All are classifiers with ReLU hidden layers and softmax cross-entropy on shuffled mini-batches, unless they say other.
Data are random: the arithmetic does not depend on the values, and every library gets the same arrays. Where time may
depend on the values, the cells of images.py show it. What a library does with a cell is in peers/.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bench.peers import ESTIMATORS, PREDICTING, TRAINING, Model


@dataclass(frozen=True)
class Cell:
    """A training problem.

    ``sizes`` are inputs, hidden units, outputs; ``samples`` is chosen so that an epoch has at least a hundred steps
    where memory allows.
    """

    name: str
    sizes: tuple[int, ...]
    batch: int
    optimizer: str  # "adam" or "momentum" (SGD, Nesterov momentum 0.9)
    samples: int
    dtype: str = "float32"
    activation: str = "relu"
    learning_rate: float = 1e-3
    peers: tuple[str, ...] = TRAINING

    @property
    def steps_per_epoch(self) -> int:
        """Steps of one pass over the data; the samples are a multiple of the batch."""
        return self.samples // self.batch

    @property
    def products(self) -> list[int]:
        """Multiplications of one row by each layer's weights."""
        return [a * b for a, b in zip(self.sizes, self.sizes[1:], strict=False)]

    @property
    def flop_per_step(self) -> int:
        """Multiplications and additions of the three products: 2 B (3 S - n0 n1), S the sum of n_l n_(l+1)."""
        return 2 * self.batch * (3 * sum(self.products) - self.products[0])

    def data(self) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.int64]]:
        """Return X (samples, inputs) and integer labels."""
        random = np.random.default_rng(0)
        X = random.standard_normal((self.samples, self.sizes[0]), dtype=np.dtype(self.dtype).type)
        return X, random.integers(0, self.sizes[-1], self.samples)

    def work(self, prepare: Callable[[Cell, int], Model], threads: int) -> Callable[[int], None]:
        """Return what is timed: a function that trains so many epochs with the peer that has this ``prepare``."""
        return prepare(self, threads).train


@dataclass(frozen=True, eq=False)
class DataCell(Cell):
    """A training problem on given arrays; X may be of another dtype than the arithmetic."""

    X: npt.NDArray[np.generic] | None = None
    y: npt.NDArray[np.int64] | None = None

    def data(self) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.int64]]:
        """Return the arrays themselves."""
        assert self.X is not None
        assert self.y is not None
        return self.X, self.y


@dataclass(frozen=True)
class InferenceCell:
    """Class probabilities of ``rows`` rows, NumPy array in and NumPy array out, by the network of a training cell.

    It has the interface of a training cell: its step is one call, and so is its epoch.
    """

    name: str
    network: Cell
    rows: int
    peers: tuple[str, ...] = PREDICTING

    steps_per_epoch = 1

    @property
    def dtype(self) -> str:
        """Of the data and of the arithmetic."""
        return self.network.dtype

    @property
    def flop_per_step(self) -> int:
        """Multiplications and additions of the products of one call."""
        return 2 * self.rows * sum(self.network.products)

    def work(self, prepare: Callable[[Cell, int], Model], threads: int) -> Callable[[int], None]:
        """Return what is timed: a function that makes so many calls with the peer that has this ``prepare``."""
        model = prepare(replace(self.network, samples=self.network.batch), threads)
        model.train(1)  # one step: scikit-learn predicts only after a fit
        X, _ = replace(self.network, samples=self.rows).data()
        outputs = model.predict(X)
        if (outputs.shape, outputs.dtype) != ((self.rows, self.network.sizes[-1]), X.dtype):
            raise ValueError(f"it returns {outputs.dtype} of shape {outputs.shape} for {self.name}.")

        def run(calls: int) -> None:
            for _ in range(calls):
                model.predict(X)

        return run


def _estimator_cells(dtype: str, suffix: str) -> tuple[Cell, ...]:
    """Return what users of scikit-learn train: MNIST's size, and a table."""
    return (
        Cell(f"skl-mnist{suffix}", (784, 100, 10), 200, "adam", 200 * 100, dtype, peers=ESTIMATORS),
        Cell(f"skl-table{suffix}", (20, 64, 64, 3), 200, "adam", 200 * 50, dtype, peers=ESTIMATORS),
    )


AnyCell = Cell | InferenceCell

_WIDTHS = (32, 45, 46, 64, 128, 256, 512)
_TRAINING = {
    cell.name: cell
    for cell in (
        Cell("tiny", (2, 16, 2), 32, "adam", 32 * 400),
        Cell("policy", (64, 64, 64, 8), 64, "adam", 64 * 200),
        Cell("mnist50", (784, 50, 10), 200, "momentum", 200 * 100, learning_rate=0.01),
        Cell("mnist100", (784, 100, 10), 50, "momentum", 50 * 400, learning_rate=0.01),
        Cell("deep512", (784, 512, 512, 10), 128, "adam", 128 * 100),
        Cell("wide4096", (4096, 4096, 4096), 512, "momentum", 512 * 8, learning_rate=0.01),
        Cell("mnist100-f64", (784, 100, 10), 50, "momentum", 50 * 400, "float64", learning_rate=0.01),
        Cell("deep512-f64", (784, 512, 512, 10), 128, "adam", 128 * 100, "float64"),
        Cell("fullbatch", (4, 32, 16, 4), 10_000, "adam", 10_000, activation="tanh"),
        *(Cell(f"width{w}", (10, w, w, 10), 128, "adam", 128 * 200) for w in _WIDTHS),
        *_estimator_cells("float32", ""),
        *_estimator_cells("float64", "-f64"),
    )
}
_INFERENCE = {
    cell.name: cell
    for cell in (
        InferenceCell(f"infer{rows}-{name}", _TRAINING[name], rows)
        for name in ("policy", "deep512")
        for rows in (1, 10_000)
    )
}
_ROW = InferenceCell("skl-row", _TRAINING["skl-table-f64"], 1, ESTIMATORS)
_INFERENCE[_ROW.name] = _ROW
CELLS: dict[str, AnyCell] = {**_TRAINING, **_INFERENCE}
GROUPS = {
    "main": ("tiny", "policy", "mnist50", "mnist100", "deep512", "wide4096"),
    "inference": tuple(name for name in _INFERENCE if name != _ROW.name),
    "float64": ("mnist100-f64", "deep512-f64"),
    "estimators": tuple(name for name in (*_TRAINING, _ROW.name) if name.startswith("skl-")),
    "sweep": tuple(f"width{w}" for w in _WIDTHS),
    "all": tuple(CELLS),
}


def training_cell(name: str) -> Cell:
    """Return the training cell of that name."""
    return _TRAINING[name]


def label(name: str) -> str:
    """Return a cell's name for those who do not know the names: the network and the batch, where it trains one."""
    cell = _TRAINING.get(name)
    if cell is None:
        return name
    dtype = "" if cell.dtype == "float32" else f", {cell.dtype}"
    return f"{'-'.join(map(str, cell.sizes))}\nbatch {cell.batch}{dtype}"


def cells_named(names: str, images: dict[str, AnyCell]) -> list[AnyCell]:
    """Return the cells of a comma-separated list of cells and groups, each once; ``images``: those of images.py.

    Raises
    ------
    ValueError
        A name is neither.
    """
    groups, cells = {**GROUPS, "images": tuple(images)}, {**CELLS, **images}
    chosen: dict[str, AnyCell] = {}
    for name in names.split(","):
        if name not in groups and name not in cells:
            raise ValueError(f"{name!r} is neither a group ({', '.join(groups)}) nor a cell ({', '.join(cells)})")
        chosen |= {cell: cells[cell] for cell in groups.get(name, (name,))}
    return list(chosen.values())
