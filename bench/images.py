"""Data as users have them, which arithmetic may take another time for than random numbers: images, real or made.

Real ones are MNIST's, read from a folder. The twin is made to be like them where time is concerned: four of five pixels
are 0, some are 0 in nearly all images, and classes can be told apart, so that probabilities become tiny. A fifth of the
units dies after the first epoch, with moments that then decay: on MNIST some do so by themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.cells import Cell
from bench.peers import Model

SIDE, CLASSES, SAMPLES = 28, 10, 20_000
ZEROS = 0.8
RARE = 7  # every so many pixels one that is 0 in nearly all images
DEAD = 0.2
NEVER = -1e3  # a bias that no image makes up for


def twin() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Return (samples, pixels) from 0 to 1, and labels."""
    random = np.random.default_rng(0)
    strokes = random.random((CLASSES, SIDE * SIDE)) ** 3
    labels = random.integers(0, CLASSES, SAMPLES)
    pixels = strokes[labels] * random.random((SAMPLES, SIDE * SIDE))
    pixels[pixels < np.quantile(pixels[:1000], ZEROS)] = 0.0
    pixels[:, ::RARE] = 0.0
    rare = random.integers(0, SAMPLES, SAMPLES // 20), RARE * random.integers(0, SIDE * SIDE // RARE, SAMPLES // 20)
    pixels[rare] = 0.5
    return np.round(np.clip(pixels * 2, 0, 1) * 255).astype(np.float32) / np.float32(255), labels


@dataclass(frozen=True)
class ImageCell(Cell):
    """A training on images: of a folder with MNIST's files, or the twin where that is None."""

    folder: Path | None = None

    def kill_units(self, model: Model) -> None:
        """Let units of the first layer die, of a model that has been trained for an epoch; on MNIST, none."""
        if self.folder is None and model.set_bias is not None:
            model.set_bias(int(DEAD * self.sizes[1]), NEVER)

    def work(self, prepare: Callable[[Cell, int], Model], threads: int) -> Callable[[int], None]:
        """Return what is timed: a training that goes on after its first epoch."""
        model = prepare(self, threads)
        model.train(1)
        self.kill_units(model)
        return model.train

    def data(self) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.int64]]:
        """Return X (samples, 784) in float32 and labels."""
        if self.folder is None:
            return twin()
        import fastmlp as fm

        images, labels, _, _ = fm.datasets.load_mnist(self.folder)
        return np.divide(images, 255, dtype=np.float32), labels.astype(np.int64)


def image_cells(folder: Path | None) -> dict[str, Any]:
    """Return the cells on the twin, and on MNIST where its folder is given, by name."""
    cells = []
    for optimizer, rate in (("momentum", 0.1), ("adam", 1e-3)):
        network = {"sizes": (784, 100, 10), "batch": 50, "optimizer": optimizer, "learning_rate": rate}
        suffix = "" if optimizer == "momentum" else "-adam"
        cells.append(ImageCell(name=f"mnist100-twin{suffix}", samples=SAMPLES, **network))
        if folder is not None:
            cells.append(ImageCell(name=f"mnist100-real{suffix}", samples=60_000, folder=folder, **network))
    return {cell.name: cell for cell in cells}
