"""The toy sets and scikit-learn's digits: what could go wrong, and which test sees it.

Shapes, types or labels are off (any number of points), a seed gives other points the second time (seed decides), noise
is not of the size asked for (standard deviations), the geometry is wrong (exclusive or, published, interlocked), bad
parameters pass (get a sentence), a missing extra gives a traceback (without scikit-learn).
"""

from __future__ import annotations

import builtins

import numpy as np
import pytest

from fastmlp import datasets


@pytest.mark.parametrize("n", [2, 3, 7, 100])
@pytest.mark.parametrize("make", [datasets.two_spirals, datasets.blobs, datasets.moons])
def test_any_number_of_points_comes_with_balanced_labels(make, n):
    X, y = make(n)
    assert X.shape == (n, 2)
    assert X.dtype == np.float64
    assert y.shape == (n,)
    assert y.dtype == np.int64
    counts = np.bincount(y)
    assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("make", [datasets.two_spirals, datasets.blobs, datasets.moons])
def test_the_seed_decides_the_points(make):
    noise = {"spread": 1.0} if make is datasets.blobs else {"noise": 0.3}
    np.testing.assert_array_equal(make(50, seed=3, **noise)[0], make(50, seed=3, **noise)[0])
    assert (make(50, seed=3, **noise)[0] != make(50, seed=4, **noise)[0]).any()


def test_xor_is_exclusive_or():
    X, y = datasets.xor()
    np.testing.assert_array_equal(y, X[:, 0].astype(int) ^ X[:, 1].astype(int))
    assert len(np.unique(X, axis=0)) == 4


def test_194_spiral_points_are_the_published_ones():
    X, y = datasets.two_spirals()
    i = np.arange(97)
    radius, angle = 6.5 * (104 - i) / 104, i * np.pi / 16
    published = np.column_stack([radius * np.sin(angle), radius * np.cos(angle)])
    # two evaluations of the same formula differ by a few roundings of numbers up to 6.5
    np.testing.assert_allclose(X[y == 0], published, atol=1e-14)
    np.testing.assert_allclose(X[y == 1], -published, atol=1e-14)


def test_moons_lie_on_two_interlocked_half_circles():
    X, y = datasets.moons(101, noise=0.0)
    upper, lower = X[y == 0], X[y == 1]
    np.testing.assert_allclose(np.hypot(*upper.T), 1.0, atol=1e-15)
    np.testing.assert_allclose(np.hypot(lower[:, 0] - 1.0, lower[:, 1] - 0.5), 1.0, atol=1e-15)
    assert upper[:, 1].min() >= -1e-15
    assert lower[:, 1].max() <= 0.5 + 1e-15
    # each reaches into the other: no vertical line separates them
    assert lower[:, 0].min() < upper[:, 0].max()


def test_noise_and_spread_are_standard_deviations():
    clean, _ = datasets.moons(4000, noise=0.0)
    noisy, _ = datasets.moons(4000, noise=0.2)
    # the deviation of 8000 samples is known to 1/sqrt(16000) = 0.8 %; five times that
    assert np.std(noisy - clean) == pytest.approx(0.2, rel=0.04)
    X, y = datasets.blobs(4000, centers=2, spread=0.5)
    assert np.std(X[y == 1] - X[y == 1].mean(axis=0)) == pytest.approx(0.5, rel=0.04)


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: datasets.moons(1), ValueError, "n must be an integer of at least 2, got 1"),
        (lambda: datasets.moons(10, noise=-1), ValueError, "noise must be at least 0.0"),
        (lambda: datasets.blobs(10, centers=0), ValueError, "centers must be an integer of at least 1"),
        (lambda: datasets.blobs(2.5), TypeError, "n must be an integer"),
        (lambda: datasets.blobs(10, spread=float("nan")), ValueError, "spread must be"),
        (lambda: datasets.two_spirals(10, seed=-1), ValueError, "seed must be an integer of at least 0"),
    ],
)
def test_bad_parameters_get_a_sentence(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()


def test_digits_are_small_images_with_labels():
    pytest.importorskip("sklearn")
    X, y = datasets.load_digits()
    assert X.shape == (1797, 64)
    assert X.dtype == y.dtype == np.uint8
    assert X.max() == 16
    np.testing.assert_array_equal(np.unique(y), np.arange(10))


def test_without_scikit_learn_digits_say_how_to_get_it(monkeypatch):
    true_import = builtins.__import__

    def no_sklearn(name, *rest):
        if name.partition(".")[0] == "sklearn":
            raise ImportError(name)
        return true_import(name, *rest)

    monkeypatch.setattr(builtins, "__import__", no_sklearn)
    with pytest.raises(ImportError, match=r'pip install "scikit-learn>=1\.3"\.$'):
        datasets.load_digits()


def test_handwriting_is_the_small_digits_where_there_is_no_mnist(monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.delenv("FASTMLP_MNIST", raising=False)
    digits = datasets.load_handwriting()
    assert digits.name == "8x8 digits"
    assert [len(part) for part in digits[1:]] == [1400, 1400, 397, 397]
    assert digits.X_train.dtype == digits.y_train.dtype == np.uint8
    X, y = datasets.load_digits()
    assert (digits.X_test == X[1400:].astype(int) * 255 // 16).all()
    assert (digits.y_test == y[1400:]).all()


def test_handwriting_is_mnist_where_a_folder_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("FASTMLP_MNIST", str(tmp_path))
    with pytest.raises((OSError, ValueError), match="train-images"):
        datasets.load_handwriting()
