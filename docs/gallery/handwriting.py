"""The handwritten digits of the gallery's pages: MNIST if it is at hand, else those that scikit-learn carries."""

from __future__ import annotations

import os

import numpy as np

import fastmlp as fm

N_TRAINING_DIGITS = 1400  # of the 1797 small ones: a multiple of 50 and of 200, so that no batch is shorter


def load() -> tuple[str, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the set's name, training pictures and labels, test pictures and labels; pixels are from 0 to 1.

    MNIST (60000 and 10000 pictures of 28x28 pixels) is read from the folder that the environment variable
    FASTMLP_MNIST names; without it these are the digits of 8x8 pixels (1400 and 397).
    """
    folder = os.environ.get("FASTMLP_MNIST")
    if folder:
        X_train, y_train, X_test, y_test = fm.datasets.load_mnist(folder)
        return "MNIST", X_train / np.float32(255), y_train, X_test / np.float32(255), y_test
    X, y = fm.datasets.load_digits()
    X = X / np.float32(16)
    n = N_TRAINING_DIGITS
    return "8x8 digits", X[:n], y[:n], X[n:], y[n:]


def load_bytes() -> tuple[str, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the same with pictures as they are stored: (samples, rows, columns) of bytes, up to 255."""
    folder = os.environ.get("FASTMLP_MNIST")
    if folder:
        X_train, y_train, X_test, y_test = fm.datasets.load_mnist(folder)
        return "MNIST", X_train.reshape(-1, 28, 28), y_train, X_test.reshape(-1, 28, 28), y_test
    X, y = fm.datasets.load_digits()
    pictures = (X / 16 * 255).astype(np.uint8).reshape(-1, 8, 8)
    n = N_TRAINING_DIGITS
    return "8x8 digits", pictures[:n], y[:n], pictures[n:], y[n:]
