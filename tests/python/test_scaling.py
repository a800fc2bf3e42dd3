"""Scalings of inputs: their numbers, where they come from, and that every way into the network goes through them.

What could go wrong: numbers learned from the wrong rows, unweighted or again at a second fit (compared with NumPy), a
column that is constant or far from zero (digits lost in float32), a path that forgets the scaling (forward, loss, fit,
gradients by the inputs, gradient checks, files, pickles, a reset). What only RobustScale does is in
test_robust_scale.py.
"""

import pickle

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import reference

ROWS, INPUTS = 41, 5


def samples(dtype=np.float64):
    random = np.random.default_rng(2)
    X = random.normal([0, 5, -300, 0.01, 7], [1, 2, 50, 0.001, 3], (ROWS, INPUTS))
    X[:, 4] = 7.0  # constant
    return X.astype(dtype), random.integers(0, 3, ROWS)


def layers():
    return [fm.Dense(6, "tanh"), fm.Dense(3, "softmax")]


def twins(scaling):
    """Return a network with the scaling and one without, of the same weights."""
    scaled, plain = (fm.Network(INPUTS, [*first, *layers()], dtype="float64", seed=1) for first in ([scaling], []))
    plain.set_parameters(scaled.get_parameters())
    return scaled, plain


def test_standardize_learns_mean_and_deviation_of_the_training_data():
    X, y = samples()
    net = fm.Network(INPUTS, [fm.Standardize(), *layers()], seed=1)
    net.fit(X, y, epochs=1)
    # a sum of 41 terms in another order
    np.testing.assert_allclose(net.scaling.mean, X.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(net.scaling.deviation[:4], X[:, :4].std(axis=0), rtol=1e-12)
    assert net.scaling.deviation[4] == 1.0
    kept = net.scaling
    net.fit(X + 100, y, epochs=1)
    assert net.scaling == kept


def test_weights_count_as_repetitions_and_zero_as_absence():
    X, y = samples()
    weight = np.arange(ROWS) % 3
    repeated = np.repeat(X, weight, axis=0)
    for scaling in (fm.Standardize(), fm.Rescale()):
        net = fm.Network(INPUTS, [scaling, *layers()], seed=1)
        net.fit(X, y, epochs=1, sample_weight=weight)
        twin = fm.Network(INPUTS, [scaling, *layers()], seed=1)
        twin.fit(repeated, np.repeat(y, weight), epochs=1)
        for one, other in zip(vars(net.scaling).values(), vars(twin.scaling).values(), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)


def test_every_way_into_the_network_is_scaled():
    X, y = samples()
    given = fm.Standardize(X.mean(axis=0), np.where(np.arange(INPUTS) == 4, 1.0, X.std(axis=0)))
    net, plain = twins(given)
    Z = (X - np.array(given.mean)) / np.array(given.deviation)
    # x / s and x (1 / s) differ by a rounding, which the network passes on
    close = {"rtol": 0, "atol": 1e-13}
    np.testing.assert_allclose(net.forward(X), plain.forward(Z), **close)
    np.testing.assert_allclose(net.forward(X[:1]), plain.forward(Z[:1]), **close)
    np.testing.assert_allclose(net.activations(X)[0], plain.activations(Z)[0], **close)
    assert abs(net.loss(X, y) - plain.loss(Z, y)) < 1e-13
    assert (net.predict(X) == plain.predict(Z)).all()
    inner = plain.gradients(Z, y)
    np.testing.assert_allclose(net.gradients(X, y).weights[0], inner.weights[0], **close)
    np.testing.assert_allclose(net.gradients(X, y).inputs * given.deviation, inner.inputs, **close)
    assert net.check_gradients(X, y).passed
    net.fit(X, y, epochs=3, batch_size=10)
    plain.fit(Z, y, epochs=3, batch_size=10)
    np.testing.assert_allclose(net.get_parameters(), plain.get_parameters(), rtol=0, atol=1e-11)


def test_rescale_maps_the_range():
    X, _ = samples()
    net = fm.Network(INPUTS, [fm.Rescale(to=(-1, 1)), fm.Dense(INPUTS)], dtype="float64", seed=1)
    net.fit(X, np.zeros_like(X), epochs=1)
    net.layers[0].weights[:] = np.eye(INPUTS)
    net.layers[0].bias[:] = 0
    Z = net.forward(X)
    np.testing.assert_allclose(Z[:, :4].min(axis=0), -1, atol=1e-13)
    np.testing.assert_allclose(Z[:, :4].max(axis=0), 1, atol=1e-13)
    np.testing.assert_allclose(Z[:, 4], -1, atol=1e-13)  # constant: shifted to low


def test_bytes_are_divided_by_255():
    net = fm.Network(2, [fm.Rescale(minimum=0, maximum=255), fm.Dense(2)], seed=1)
    net.set_parameters([1, 0, 0, 1, 0, 0])
    X = np.array([[0, 255], [51, 102]], dtype=np.uint8)
    np.testing.assert_allclose(net.forward(X), [[0, 1], [0.2, 0.4]], rtol=1e-7)


def test_a_column_far_from_zero_keeps_its_digits_in_float32():
    X = 1e6 + np.array([[0.0], [0.25], [0.5]])  # float32 has steps of 1/16 there
    net = fm.Network(1, [fm.Standardize([1e6], [0.5]), fm.Dense(1)], dtype="float32")
    net.set_parameters([1.0, 0.0])
    np.testing.assert_array_equal(net.predict(X), np.float32([0.0, 0.5, 1.0]))


@pytest.mark.parametrize("scaling", [fm.Standardize([1, 2, 3, 4, 5], [1, 2, 0.5, 4, 1]), fm.Rescale((-2, 2), 0, 10)])
def test_the_reference_scales_alike(scaling):
    X, y = samples()
    net = fm.Network(INPUTS, [scaling, *layers()], dtype="float64", seed=1)
    oracle = reference.Network(INPUTS, [scaling, *layers()])
    oracle.set_parameters(net.get_parameters().tolist())
    theirs = oracle.gradients(X.tolist(), y.tolist())
    np.testing.assert_allclose(net.loss(X, y), theirs.loss, rtol=1e-10)
    np.testing.assert_allclose(net.gradients(X, y).inputs, theirs.inputs, rtol=0, atol=1e-10)


def test_models_keep_what_was_learned_and_a_reset_forgets_it(tmp_path):
    X, y = samples()
    given = fm.RobustScale([1] * INPUTS, [2, 0, 1, 1, 0], limit=None)
    for scaling in (
        fm.Standardize(),
        fm.Rescale(),
        fm.Rescale((-1, 1), 0, 255),
        fm.RobustScale(),
        fm.RobustScale(limit=0.5),
        given,
    ):
        net = fm.Network(INPUTS, [scaling, *layers()], seed=1)
        before = net.forward(X)
        net.fit(X, y, epochs=1)
        net.save(tmp_path / "model.safetensors")
        loaded, unpickled = fm.load(tmp_path / "model.safetensors"), pickle.loads(pickle.dumps(net))
        assert loaded.scaling == unpickled.scaling == net.scaling
        for other in (loaded, unpickled):
            np.testing.assert_array_equal(other.forward(X), net.forward(X))
        net.reset()
        assert net.scaling == scaling
        np.testing.assert_array_equal(net.forward(X), before)
        assert type(scaling).__name__.lower() in net.summary()
        assert type(scaling).__name__ in repr(net)


def test_batches_and_rows_do_not_teach_a_scaling():
    X, y = samples()
    for scaling in (fm.Standardize(), fm.RobustScale()):
        for train in (
            lambda net: net.fit(iter([(X, y)]), epochs=1),
            lambda net: net.partial_fit(X, y),
            lambda net: net.learn(X[0], y[0]),
        ):
            net = fm.Network(INPUTS, [scaling, *layers()], seed=1)
            with pytest.raises(ValueError, match=rf"^{type(scaling).__name__} has not learned its numbers yet"):
                train(net)


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: fm.Standardize(mean=[1.0]), ValueError, "mean and deviation must be given together"),
        (lambda: fm.Standardize([1.0], [0.0]), ValueError, r"deviation\[0\] must be above 0"),
        (lambda: fm.Standardize([1.0], [1.0, 2.0]), ValueError, "mean has 1 numbers and deviation 2"),
        (lambda: fm.Standardize(1.0, 2.0), TypeError, "mean must hold one number for each input"),
        (lambda: fm.Standardize([1.0], ["a"]), TypeError, r"deviation\[0\] must be"),
        (lambda: fm.Rescale(to=(1, 0)), ValueError, "low < high"),
        (lambda: fm.Rescale(to=3), ValueError, "to must be a pair"),
        (lambda: fm.Rescale(minimum=2, maximum=1), ValueError, "minimum must nowhere be above maximum"),
        (lambda: fm.Network(2, [fm.Standardize([1.0], [1.0]), fm.Dense(1)]), ValueError, "is for 1 inputs, but the"),
        (lambda: fm.Network(2, [fm.Dense(1), fm.Standardize()]), ValueError, r"layers\[1\] is Standardize, which"),
        (lambda: fm.Network(2, [fm.Rescale()]), ValueError, "layers has no Dense"),
    ],
)
def test_bad_arguments_give_their_sentence(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()


@pytest.mark.parametrize("layer", [fm.Standardize, fm.RobustScale, fm.Rescale])
@pytest.mark.parametrize(("dtype", "tiny"), [("float32", 1e-40), ("float64", 1e-310)])
def test_a_column_too_narrow_for_the_dtype_is_refused_before_anything_changes(layer, dtype, tiny):
    X = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [3.0, 4.0]]) * [1.0, tiny]
    net = fm.Network(2, [layer(), fm.Dense(1)], dtype=dtype, seed=0)
    before = net.get_parameters()
    with pytest.raises(ValueError, match=r"(cannot scale|the values of) column 1.* too (large or too )?close"):
        net.fit(X.astype(dtype), [0.0, 1.0, 2.0, 3.0], epochs=1)
    assert net.scaling == layer()
    np.testing.assert_array_equal(net.get_parameters(), before)
