"""RobustScale: its numbers, the clip, and that every way into the network goes through both.

What could go wrong: quantiles of another definition, of the wrong rows or of rows without their weights (compared with
NumPy's, and with repeated rows), a column whose middle half is constant or that is constant altogether, a path that
forgets the clip (forward, loss, fit, one row, batches, gradients by the inputs, gradient checks), values so large that
they are refused in one path and clipped in another. What all scalings share is in test_scaling.py, the clip's error and
bits in tests/core/test_bits_of_scaling.py.
"""

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import reference

ROWS, INPUTS = 41, 5


def samples():
    """Return columns with outliers, far from zero, most of them equal, of few values, and constant."""
    random = np.random.default_rng(2)
    X = random.normal([0, -300, 7, 0, 7], [1, 50, 0, 0, 0], (ROWS, INPUTS))
    X[3, 0] = 1e4
    X[5, 2], X[6, 2] = 5, 8
    X[:, 3] = random.integers(0, 4, ROWS)
    return X, random.integers(0, 3, ROWS)


def layers():
    return [fm.Dense(6, "tanh"), fm.Dense(3, "softmax")]


def learned_from(X, y, sample_weight=None, **settings):
    net = fm.Network(X.shape[1], [fm.RobustScale(**settings), *layers()], seed=1)
    net.fit(X, y, epochs=1, sample_weight=sample_weight)
    return net.scaling


def expected_of(X):
    """Return median and deviation as the class describes them."""
    lower, median, upper = np.quantile(X.astype(np.float64), [0.25, 0.5, 0.75], axis=0, method="averaged_inverted_cdf")
    half = (X.max(axis=0).astype(np.float64) - X.min(axis=0)) / 2
    return median, np.where(upper > lower, upper - lower, half)


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 6, 7, 8, 41])
def test_it_learns_medians_and_ranges_of_the_middle_half(rows):
    X, y = samples()
    X, y = X[-rows:], y[-rows:]
    for data in (X, X.astype(np.float32), np.abs(X).astype(np.uint8)):
        scaling = learned_from(data, y)
        median, deviation = expected_of(data)
        np.testing.assert_array_equal(scaling.median, np.median(data.astype(np.float64), axis=0))
        np.testing.assert_array_equal(scaling.median, median)
        # both are differences of the same numbers, halved in another order
        np.testing.assert_allclose(scaling.deviation, deviation, rtol=1e-15)


def test_a_constant_middle_half_leaves_half_the_range_and_a_constant_column_zero():
    X, y = samples()
    scaling = learned_from(X, y)
    assert (scaling.median[2], scaling.deviation[2]) == (7.0, 1.5)
    assert (scaling.median[4], scaling.deviation[4]) == (7.0, 0.0)
    net = fm.Network(INPUTS, [scaling, fm.Dense(1)], dtype="float64", seed=1)
    moved = X.copy()
    moved[:, 4] = np.arange(ROWS)
    np.testing.assert_array_equal(net.forward(moved), net.forward(X))
    assert (net.gradients(moved, X[:, 0]).inputs[:, 4] == 0).all()


def test_many_columns_are_learned_like_one():
    random = np.random.default_rng(5)
    X, y = random.normal(size=(50, 37)), random.integers(0, 3, 50)
    together = learned_from(X, y)
    for column in (0, 15, 16, 31, 32, 36):
        alone = learned_from(X[:, [column]], y)
        assert (together.median[column], together.deviation[column]) == (alone.median[0], alone.deviation[0])


def test_weights_count_as_repetitions_and_only_by_their_ratios():
    X, y = samples()
    for divisor in (2, 3, 5):
        weight = np.arange(ROWS) % divisor
        expected = learned_from(np.repeat(X, weight, axis=0), np.repeat(y, weight))
        # of tenths and thirds no sum is exact, and where two are to be equal their roundings must not decide
        for factor in (1.0, 0.1, 1 / 3, 1e6):
            assert learned_from(X, y, sample_weight=weight * factor) == expected


def test_a_second_fit_learns_nothing_anew():
    X, y = samples()
    net = fm.Network(INPUTS, [fm.RobustScale(), *layers()], seed=1)
    net.fit(X, y, epochs=1)
    kept = net.scaling
    net.fit(X + 100, y, epochs=1)
    assert net.scaling == kept


@pytest.mark.parametrize("limit", [3.0, 0.5, None])
def test_every_way_into_the_network_is_scaled_and_clipped(limit):
    X, y = samples()
    given = fm.RobustScale(*expected_of(X), limit=limit)
    net, plain = (fm.Network(INPUTS, [*first, *layers()], dtype="float64", seed=1) for first in ([given], []))
    deviation = np.array(given.deviation)
    scale = np.divide(1.0, deviation, out=np.zeros(INPUTS), where=deviation > 0)
    z = (X - given.median) * scale
    root = np.sqrt(1 + (z / limit) ** 2) if limit else np.ones(z.shape)
    Z = z / root
    # clips and their derivatives are rounded a little differently, which the network passes on
    close = {"rtol": 0, "atol": 1e-13}
    np.testing.assert_allclose(net.forward(X), plain.forward(Z), **close)
    np.testing.assert_allclose(net.activations(X)[0], plain.activations(Z)[0], **close)
    np.testing.assert_array_equal(net.forward(X[:1]), net.forward(X)[:1])
    np.testing.assert_array_equal(net.forward(X[:1].tolist()), net.forward(X)[:1])
    assert abs(net.loss(X, y) - plain.loss(Z, y)) < 1e-13
    assert (net.predict(X) == plain.predict(Z)).all()
    outer, inner = net.gradients(X, y), plain.gradients(Z, y)
    np.testing.assert_allclose(outer.weights[0], inner.weights[0], rtol=0, atol=1e-13 * np.abs(Z).max())
    np.testing.assert_allclose(outer.inputs, inner.inputs * scale / root**3, **close)
    for network, data in ((net, X), (plain, Z)):
        network.fit(data, y, epochs=3, batch_size=10)
        network.fit([(data[:9], y[:9]), (data[9:], y[9:])], epochs=2)
        network.partial_fit(data, y, batch_size=7)
        for row, label in zip(data, y, strict=True):
            network.learn(row, label)
    np.testing.assert_allclose(net.get_parameters(), plain.get_parameters(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("limit", [3.0, 0.5])
def test_gradients_agree_with_differences_also_at_outliers(limit):
    X, y = samples()
    X[:, 1] *= 1e8  # the steps of weights must suit what enters the layer, not this
    net = fm.Network(INPUTS, [fm.RobustScale(limit=limit), fm.Dense(6, "relu"), fm.Dense(3, "softmax")], seed=4)
    net.fit(X, y, epochs=1)
    X[:, 0] = np.linspace(-9, 9, ROWS)
    report = net.check_gradients(X, y)
    assert report.passed, report
    assert {probe.where for probe in report.worst} == {"layer 1", "layer 2", "inputs"}


def test_a_sample_is_left_out_of_a_gradient_check_where_the_clipped_input_meets_a_kink():
    net = fm.Network(1, [fm.RobustScale([2.0], [4.0], limit=1.0), fm.Dense(1, "relu"), fm.Dense(1)], dtype="float64")
    net.set_parameters([1.0, -np.sqrt(0.5), 1.0, 0.0])
    report = net.check_gradients([[6.0], [7.0]], [0.0, 1.0])  # z = 1 is clipped to sqrt(0.5)
    assert report.passed
    assert (report.n_samples, report.n_samples_left_out) == (1, 1)


def test_without_a_limit_it_is_a_standardize_of_other_numbers():
    X, y = samples()
    median, deviation = X.mean(axis=0), np.where(np.arange(INPUTS) == 4, 1.0, X.std(axis=0) + 1)
    robust, standard = (
        fm.Network(INPUTS, [first, *layers()], seed=1)
        for first in (fm.RobustScale(median, deviation, limit=None), fm.Standardize(median, deviation))
    )
    for net in (robust, standard):
        net.fit(X, y, epochs=2)
    np.testing.assert_array_equal(robust.get_parameters(), standard.get_parameters())
    np.testing.assert_array_equal(robust.gradients(X, y).inputs, standard.gradients(X, y).inputs)


@pytest.mark.parametrize("limit", [3.0, 0.5, None])
def test_the_reference_scales_and_clips_alike(limit):
    X, y = samples()
    scaling = fm.RobustScale(*expected_of(X), limit=limit)
    net = fm.Network(INPUTS, [scaling, *layers()], dtype="float64", seed=1)
    oracle = reference.Network(INPUTS, [scaling, *layers()])
    oracle.set_parameters(net.get_parameters().tolist())
    theirs = oracle.gradients(X.tolist(), y.tolist())
    np.testing.assert_allclose(net.loss(X, y), theirs.loss, rtol=1e-10)
    np.testing.assert_allclose(net.gradients(X, y).inputs, theirs.inputs, rtol=0, atol=1e-10)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_cannot_be_an_input_is_refused_by_every_path_and_not_clipped(dtype):
    net = fm.Network(1, [fm.RobustScale([0.0], [1.0]), fm.Dense(2, "softmax")], dtype=dtype, seed=1)
    for value, what in ((np.inf, "infinity"), (-np.inf, "infinity"), (np.nan, "NaN"), (1e300, "1e\\+300")):
        X = np.array([[1.0], [value]])
        if value == 1e300 and dtype == "float64":
            assert np.isfinite(net.forward(X)).all()
            continue
        for path in (net.forward, net.predict, lambda X: net.fit(X, [0, 1]), lambda X: net.learn(X[1], 1)):
            with pytest.raises(ValueError, match=rf"^[Xx] holds {what} in row"):
                path(X)


def test_columns_too_wide_or_too_narrow_for_their_numbers_are_refused_before_anything_changes():
    y = [0, 1, 0, 1]
    for column, sentence in (
        ([-1.7e308, -1.7e308, 1.7e308, 1.7e308], "^X cannot be scaled: the values of column 0 are too large"),
        (
            [0.0, 0.0, 5e-324, 1e-323],
            "^RobustScale cannot scale column 0: its values are too large or too close for float64",
        ),
    ):
        net = fm.Network(1, [fm.RobustScale(), *layers()], dtype="float64", seed=1)
        before = net.get_parameters()
        with pytest.raises(ValueError, match=sentence):
            net.fit(np.array(column)[:, np.newaxis], y)
        assert net.scaling == fm.RobustScale()
        np.testing.assert_array_equal(net.get_parameters(), before)


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: fm.RobustScale(median=[1.0]), ValueError, "median and deviation must be given together"),
        (lambda: fm.RobustScale([1.0], [-1.0]), ValueError, r"deviation\[0\] must be at least 0"),
        (lambda: fm.RobustScale([1.0], [np.inf]), ValueError, r"deviation\[0\] must be finite"),
        (lambda: fm.RobustScale([1.0], [1.0, 2.0]), ValueError, "median has 1 numbers and deviation 2"),
        (lambda: fm.RobustScale(1.0, 2.0), TypeError, "median must hold one number for each input"),
        (lambda: fm.RobustScale(limit=0), ValueError, "limit must be at least 1e-30 and below 1e"),
        (lambda: fm.RobustScale(limit=-3.0), ValueError, "limit must be at least"),
        (lambda: fm.RobustScale(limit=1e30), ValueError, "limit must be at least"),
        (lambda: fm.RobustScale(limit="3"), TypeError, "limit must be a number"),
        (lambda: fm.Network(2, [fm.RobustScale([1.0], [1.0]), fm.Dense(1)]), ValueError, "is for 1 inputs, but the"),
        (lambda: fm.Network(2, [fm.Dense(1), fm.RobustScale()]), ValueError, r"layers\[1\] is RobustScale, which"),
    ],
)
def test_bad_arguments_give_their_sentence(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()
