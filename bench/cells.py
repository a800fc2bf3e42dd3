"""The named problems: network, batch, optimizer, samples; and how many floating-point operations a step of each takes.

All are classifiers with ReLU hidden layers and softmax cross-entropy on shuffled mini-batches, unless they say other.
Data are random: the arithmetic does not depend on the values, and every library gets the same arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Cell:
    """A training problem.

    ``sizes`` are inputs, hidden units, outputs; ``samples`` is chosen so that an epoch has at least a hundred steps
    where memory allows.
    """

    name: str
    sizes: tuple[int, ...]
    batch: int
    optimizer: str  # "adam" (1e-3) or "momentum" (SGD 0.01, Nesterov momentum 0.9)
    samples: int
    dtype: str = "float32"
    activation: str = "relu"

    @property
    def steps_per_epoch(self) -> int:
        """Steps of one pass over the data; the samples are a multiple of the batch."""
        return self.samples // self.batch

    @property
    def flop_per_step(self) -> int:
        """Multiplications and additions of the three products: 2 B (3 S - n0 n1), S the sum of n_l n_(l+1)."""
        products = [a * b for a, b in zip(self.sizes, self.sizes[1:], strict=False)]
        return 2 * self.batch * (3 * sum(products) - products[0])

    def data(self) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.int64]]:
        """Return X (samples, inputs) and integer labels."""
        random = np.random.default_rng(0)
        X = random.standard_normal((self.samples, self.sizes[0]), dtype=np.dtype(self.dtype).type)
        return X, random.integers(0, self.sizes[-1], self.samples)


CELLS = {
    cell.name: cell
    for cell in (
        Cell("tiny", (2, 16, 2), 32, "adam", 32 * 400),
        Cell("policy", (64, 64, 64, 8), 64, "adam", 64 * 200),
        Cell("mnist50", (784, 50, 10), 200, "momentum", 200 * 100),
        Cell("mnist100", (784, 100, 10), 50, "momentum", 50 * 400),
        Cell("deep512", (784, 512, 512, 10), 128, "adam", 128 * 100),
        Cell("wide4096", (4096, 4096, 4096), 512, "momentum", 512 * 8),
        Cell("mnist100-f64", (784, 100, 10), 50, "momentum", 50 * 400, "float64"),
        Cell("deep512-f64", (784, 512, 512, 10), 128, "adam", 128 * 100, "float64"),
        Cell("fullbatch", (4, 32, 16, 4), 10_000, "adam", 10_000, activation="tanh"),
        *(Cell(f"width{w}", (10, w, w, 10), 128, "adam", 128 * 200) for w in (32, 45, 46, 64, 128, 256, 512)),
    )
}
# What runs when no cell is named.
MAIN = ("tiny", "policy", "mnist50", "mnist100", "deep512", "wide4096")
