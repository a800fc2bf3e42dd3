"""Data to try a network on: MNIST from its files, scikit-learn's 8x8 digits, and toy sets in the plane.

Nothing is downloaded. One file of MNIST's format is read in _files/idx.py. A catalogue, an example in each entry: a
long file.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import check_integer, check_real
from fastmlp._checks.text import brief, shortened
from fastmlp._files.idx import by, find_idx, read_idx
from fastmlp._files.names import check_path

__all__ = ["Handwriting", "blobs", "load_digits", "load_handwriting", "load_mnist", "moons", "two_spirals", "xor"]

# of the 1797 small digits: a multiple of 50 and of 200, so that no batch is shorter
N_SMALL_TRAINING = 1400
Bytes = npt.NDArray[np.uint8]
# beyond it NumPy has errors of its own, which name no argument
MOST = 10**9
Points = tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]


def load_mnist(folder: str | os.PathLike[str]) -> tuple[Bytes, Bytes, Bytes, Bytes]:
    """Read the four IDX files of MNIST, or of a set in the same format (Fashion-MNIST, KMNIST, ...).

    The files are ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``, ``t10k-images-idx3-ubyte`` and
    ``t10k-labels-idx1-ubyte``, each with or without ``.gz``; ``train-images.idx3-ubyte`` and so on are found too.

    Parameters
    ----------
    folder : path
        Where the files lie.

    Returns
    -------
    tuple of uint8 arrays
        X_train, y_train, X_test, y_test: images as rows of pixels from 0 to 255 and their labels; for MNIST of shape
        (60000, 784), (60000,), (10000, 784) and (10000,).

    Raises
    ------
    FileNotFoundError
        The folder or a file is missing.
    ValueError
        A file is damaged, truncated or of another kind, or images and labels do not go together.

    See Also
    --------
    load_handwriting : What is at hand.
    load_digits : Small ones, without a file.

    Notes
    -----
    Y. LeCun, C. Cortes and C. J. C. Burges, The MNIST database of handwritten digits, 1998.

    Examples
    --------
    >>> import fastmlp as fm
    >>> X_train, y_train, X_test, y_test = fm.datasets.load_mnist("data/mnist")  # doctest: +SKIP
    >>> X_train.shape, y_test.shape  # doctest: +SKIP
    ((60000, 784), (10000,))
    """
    place = Path(check_path(folder, "folder", "folder"))
    if not place.is_dir():
        name = shortened(str(place))
        raise FileNotFoundError(f"{name} is not a folder: give the one that holds the four MNIST files.")
    paths = [find_idx(place, part, rank) for part in ("train", "t10k") for rank in (3, 1)]
    train_images, train_labels, test_images, test_labels = (
        read_idx(path, rank) for path, rank in zip(paths, (3, 1, 3, 1), strict=True)
    )
    for images, labels, image_path, label_path in (
        (train_images, train_labels, paths[0], paths[1]),
        (test_images, test_labels, paths[2], paths[3]),
    ):
        if len(images) != len(labels):
            raise ValueError(
                f"{shortened(str(image_path))} holds {len(images)} images, "
                f"but {label_path.name} holds {len(labels)} labels: "
                "take both from the same set."
            )
    if train_images.shape[1:] != test_images.shape[1:]:
        raise ValueError(
            f"{shortened(str(paths[0]))} holds images of {by(train_images.shape[1:])} pixels, but {paths[2].name} of "
            f"{by(test_images.shape[1:])}: take both from the same set."
        )
    return (
        train_images.reshape(len(train_images), -1),
        train_labels,
        test_images.reshape(len(test_images), -1),
        test_labels,
    )


def load_digits() -> tuple[Bytes, Bytes]:
    """Return the 1797 handwritten digits of 8x8 pixels that scikit-learn carries.

    Returns
    -------
    X : uint8 array of shape (1797, 64)
        Rows of pixels from 0 to 16.
    y : uint8 array of shape (1797,)
        The digit, 0 to 9.

    Raises
    ------
    ImportError
        scikit-learn is not installed.

    See Also
    --------
    load_mnist : From its files.
    load_handwriting : What is at hand.

    Notes
    -----
    E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits (its test set), UCI repository, 1998.

    Examples
    --------
    >>> import fastmlp as fm
    >>> X, y = fm.datasets.load_digits()
    >>> X.shape, int(X.max()), y[:5]
    ((1797, 64), 16, array([0, 1, 2, 3, 4], dtype=uint8))
    """
    try:
        from sklearn import datasets
    except ImportError:
        raise ImportError(
            'load_digits needs scikit-learn, which carries the data: pip install "scikit-learn>=1.3".'
        ) from None
    X, y = datasets.load_digits(return_X_y=True)
    return X.astype(np.uint8), y.astype(np.uint8)


class Handwriting(NamedTuple):
    """Pictures of handwritten digits, to learn from and to test with.

    Attributes
    ----------
    name : str
        "MNIST" or "8x8 digits".
    X_train, X_test : uint8 arrays (pictures, pixels)
        0 for paper, 255 for ink, row by row.
    y_train, y_test : uint8 arrays (pictures,)
        The digits.

    See Also
    --------
    load_handwriting : What is at hand.

    Examples
    --------
    >>> import fastmlp as fm
    >>> digits = fm.datasets.Handwriting(*fm.datasets.load_handwriting())
    >>> len(digits.X_train) > len(digits.X_test) > 0
    True
    """

    name: str
    X_train: Bytes
    y_train: Bytes
    X_test: Bytes
    y_test: Bytes


def load_handwriting() -> Handwriting:
    """Return MNIST if it is at hand, else the digits that scikit-learn carries, split and with pixels up to 255.

    MNIST is read from the folder that the environment variable FASTMLP_MNIST names (see ``load_mnist``). The small
    digits are 1400 to learn from, and 397 by other writers to test with, in their order.

    Returns
    -------
    Handwriting
        A tuple of name, X_train, y_train, X_test, y_test.

    Raises
    ------
    ImportError
        FASTMLP_MNIST is not set, and scikit-learn is not installed.
    OSError, ValueError
        There is no MNIST in the folder.

    See Also
    --------
    load_mnist : From its files.
    load_digits : Small ones, without a file.

    Examples
    --------
    >>> import fastmlp as fm
    >>> name, X_train, y_train, X_test, y_test = fm.datasets.load_handwriting()
    >>> X_train.dtype, int(X_train.max())
    (dtype('uint8'), 255)
    """
    folder = os.environ.get("FASTMLP_MNIST")
    if folder:
        return Handwriting("MNIST", *load_mnist(folder))
    X, y = load_digits()
    # from 0 .. 16
    X = (X.astype(np.uint16) * 255 // 16).astype(np.uint8)
    n = N_SMALL_TRAINING
    return Handwriting("8x8 digits", X[:n], y[:n], X[n:], y[n:])


def xor() -> Points:
    """Return the four points of the exclusive or, the smallest problem that needs a hidden layer.

    Returns
    -------
    X : float64 array of shape (4, 2)
        The points, of 0 and 1.
    y : int64 array of shape (4,)
        1 where exactly one input is 1.

    See Also
    --------
    two_spirals : Harder to tell apart.

    Examples
    --------
    >>> import fastmlp as fm
    >>> X, y = fm.datasets.xor()
    >>> y
    array([0, 1, 1, 0])
    """
    return np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0, 1, 1, 0])


def two_spirals(n: int = 194, noise: float = 0.0, seed: int = 0) -> Points:
    """Return two spirals of three turns each, wound into one another.

    Parameters
    ----------
    n : int, default 194
        Number of points, at least 2; 194 without noise are the original ones.
    noise : float, default 0.0
        Standard deviation of the Gaussian noise added to both coordinates (the outer radius is 6.5).
    seed : int, default 0
        Of the noise.

    Returns
    -------
    X : float64 array of shape (n, 2)
        The points.
    y : int64 array of shape (n,)
        The spiral, 0 or 1, in turn.

    See Also
    --------
    moons : Two half circles.

    Notes
    -----
    K. J. Lang and M. J. Witbrock, Learning to tell two spirals apart, Connectionist Models Summer School, 1988.

    Examples
    --------
    >>> import fastmlp as fm
    >>> X, y = fm.datasets.two_spirals(6)
    >>> X.shape, y
    ((6, 2), array([0, 1, 0, 1, 0, 1]))
    """
    n = _number(n, "n", minimum=2)
    y = np.arange(n) % 2
    step = 96.0 * (np.arange(n) // 2) / max((n + 1) // 2 - 1, 1)
    radius = 6.5 * (104.0 - step) / 104.0 * np.where(y == 0, 1.0, -1.0)
    angle = step * math.pi / 16.0
    return _with_noise(np.column_stack([radius * np.sin(angle), radius * np.cos(angle)]), noise, seed), y


def blobs(n: int = 300, centers: int = 3, spread: float = 1.0, seed: int = 0) -> Points:
    """Return Gaussian clouds around points drawn uniformly from the square [-10, 10] x [-10, 10].

    Parameters
    ----------
    n : int, default 300
        Number of points, at least 1.
    centers : int, default 3
        Number of clouds, at least 1.
    spread : float, default 1.0
        Standard deviation of each cloud.
    seed : int, default 0
        Of the centers and the points.

    Returns
    -------
    X : float64 array of shape (n, 2)
        The points.
    y : int64 array of shape (n,)
        The cloud, 0 to centers - 1, in turn.

    See Also
    --------
    moons : Two half circles.

    Examples
    --------
    >>> import fastmlp as fm
    >>> X, y = fm.datasets.blobs(5, centers=2)
    >>> X.shape, y
    ((5, 2), array([0, 1, 0, 1, 0]))
    """
    n = _number(n, "n", minimum=1)
    centers = _number(centers, "centers", minimum=1)
    spread = check_real(spread, "spread", minimum=0.0)
    generator = _generator(seed)
    middles = generator.uniform(-10.0, 10.0, size=(centers, 2))
    y = np.arange(n) % centers
    return middles[y] + spread * generator.standard_normal((n, 2)), y


def moons(n: int = 200, noise: float = 0.1, seed: int = 0) -> Points:
    """Return two half circles of radius 1 that reach into one another.

    Parameters
    ----------
    n : int, default 200
        Number of points, at least 2.
    noise : float, default 0.1
        Standard deviation of the Gaussian noise added to both coordinates.
    seed : int, default 0
        Of the noise.

    Returns
    -------
    X : float64 array of shape (n, 2)
        The points.
    y : int64 array of shape (n,)
        The half circle, 0 (upper) or 1 (lower), in turn.

    See Also
    --------
    two_spirals : Harder to tell apart.
    blobs : Clouds.

    Examples
    --------
    >>> import fastmlp as fm
    >>> X, y = fm.datasets.moons(4, noise=0.0)
    >>> X.round(1) + 0.0
    array([[ 1. ,  0. ],
           [ 0. ,  0.5],
           [-1. ,  0. ],
           [ 2. ,  0.5]])
    """
    n = _number(n, "n", minimum=2)
    y = np.arange(n) % 2
    angle = math.pi * (np.arange(n) // 2) / max((n + 1) // 2 - 1, 1)
    x = np.where(y == 0, np.cos(angle), 1.0 - np.cos(angle))
    height = np.where(y == 0, np.sin(angle), 0.5 - np.sin(angle))
    return _with_noise(np.column_stack([x, height]), noise, seed), y


def _with_noise(X: npt.NDArray[np.float64], noise: float, seed: int) -> npt.NDArray[np.float64]:
    noise = check_real(noise, "noise", minimum=0.0)
    moved: npt.NDArray[np.float64] = X + noise * _generator(seed).standard_normal(X.shape)
    return moved


def _number(value: int, name: str, minimum: int) -> int:
    number = check_integer(value, name, minimum=minimum)
    if number > MOST:
        raise ValueError(f"{name} must be at most {MOST}, got {brief(number)}: a toy set is small.")
    return number


def _generator(seed: int) -> np.random.Generator:
    return np.random.default_rng(check_integer(seed, "seed", minimum=0))
