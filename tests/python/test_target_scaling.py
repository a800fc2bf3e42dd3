"""Targets in units of their own deviation (``scale_targets``): what could go wrong, and which test sees it.

The network learns something else than the same network on targets scaled by hand (by hand, every loss); digits of a
large target are lost on the way in or out (large offset); a loss, a metric or a gradient is in the core's units (the
plain loss, gradients); the numbers are forgotten, or kept where they should not be (file, pickle, reset, batches, one
row); what cannot be scaled is scaled (refused); nobody is told of targets that a network does not learn (warning).
"""

import pickle
import warnings

import numpy as np
import pytest

import fastmlp as fm

RNG = np.random.default_rng(12)
X = RNG.normal(size=(300, 3))
SHAPE = X[:, 0] + np.sin(2 * X[:, 1])
ONE = 250.0 + 40.0 * SHAPE
TWO = np.column_stack([ONE, -0.02 * X[:, 2]])


def network(units=1, **settings):
    return fm.Network(3, [fm.Dense(16, "tanh"), fm.Dense(units)], seed=3, **settings)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("loss", "by_hand", "degree"),
    [
        ("mse", "mse", 2),
        ("half_squared_error", "half_squared_error", 2),
        ("mae", "mae", 1),
        (fm.losses.Quantile(0.9), fm.losses.Quantile(0.9), 1),
        # delta is in the units of the targets
        (fm.losses.Huber(20.0), lambda deviation: fm.losses.Huber(20.0 / deviation), 2),
    ],
)
def test_it_learns_what_a_network_learns_of_targets_that_were_scaled_by_hand(dtype, loss, by_hand, degree):
    mean, deviation = ONE.mean(), ONE.std()
    net = network(loss=loss, dtype=dtype, scale_targets=True)
    history = net.fit(X, ONE, epochs=5)
    plain = network(loss=by_hand if isinstance(by_hand, str | fm.losses.Loss) else by_hand(deviation), dtype=dtype)
    expected = plain.fit(X, ((ONE - mean) / deviation).astype(dtype), epochs=5)
    # NumPy sums up by other blocks, so that mean and deviation may differ in the last digits
    close = {"rtol": 1e-5 if dtype == "float32" else 1e-10}
    np.testing.assert_allclose(net.get_parameters(), plain.get_parameters(), **close, atol=1e-6)
    np.testing.assert_allclose(net.predict(X), mean + deviation * plain.predict(X).astype(float), **close)
    np.testing.assert_allclose(history["loss"], np.array(expected["loss"]) * deviation**degree, **close)
    assert net.predict(X).dtype == np.float64


def test_a_target_with_a_large_offset_keeps_its_digits():
    y = 1.7e9 + 100 * SHAPE
    net = network(scale_targets=True)
    history = net.fit(X, y, epochs=200, optimizer=fm.Adam(0.01), validation_data=(X, y), metrics=["r2", "rmse"])
    predicted = net.predict(X)
    # float32 has a grid of 128 there, which would be 4 values
    assert len(np.unique(predicted)) == len(X)
    assert 1 - ((predicted - y) ** 2).sum() / ((y - y.mean()) ** 2).sum() > 0.98
    errors = predicted - y
    found = net.evaluate(X, y, metrics=["rmse", "r2"])
    # what float64 keeps of a number of 1.7e9 is 2e-7, and errors are some units; losses are summed up in float32
    np.testing.assert_allclose(found["rmse"], np.sqrt((errors**2).mean()), rtol=1e-6)
    np.testing.assert_allclose(found["loss"], (errors**2).mean(), rtol=1e-5)
    assert history["validation_loss"][-1] == found["loss"]
    assert history["validation_r2"][-1] == found["r2"] > 0.98
    np.testing.assert_allclose(net.activations(X)[-1][:, 0], predicted)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_losses_of_all_ways_of_training_are_in_the_units_of_the_targets(optimizer):
    net = network(dtype="float64", scale_targets=True, l2=0.01)
    net.fit(X, ONE, epochs=1, optimizer=optimizer, batch_size=None)
    before = net.loss(X, ONE)
    again = pickle.loads(pickle.dumps(net)).fit(X, ONE, epochs=1, batch_size=None, optimizer=fm.SGD(0.1))
    assert again["loss"] == [pytest.approx(before, rel=1e-12)]
    again = pickle.loads(pickle.dumps(net)).fit([(X, ONE)], epochs=1, optimizer=fm.SGD(0.1))
    assert again["loss"] == [pytest.approx(before, rel=1e-12)]
    assert net.partial_fit(X, ONE, optimizer=fm.SGD(1e-9)) == pytest.approx(before, rel=1e-12)
    row_loss = net.loss(X[:1], ONE[:1])
    assert net.learn(X[0], ONE[0], optimizer=fm.SGD(1e-6)) == pytest.approx(row_loss, rel=1e-12)
    assert net.gradients(X, ONE).loss == net.loss(X, ONE)


def test_every_column_is_learned_whatever_its_unit():
    net = network(2, scale_targets=True)
    net.fit(X, TWO, epochs=300, optimizer=fm.Adam(0.01))
    residue = ((net.predict(X) - TWO) ** 2).sum(axis=0) / ((TWO - TWO.mean(axis=0)) ** 2).sum(axis=0)
    assert (residue < 0.02).all()
    assert net.target_scaling.mean == pytest.approx(TWO.mean(axis=0))
    assert net.target_scaling.deviation == pytest.approx(TWO.std(axis=0))


def test_columns_known_equally_well_have_the_plain_loss():
    net = network(2, dtype="float64", scale_targets=True)
    net.fit(X, TWO, epochs=1)
    # wrong by a tenth of each deviation
    net.layers[1].weights[:] = 0
    net.layers[1].bias[:] = 0.1
    y = np.tile(TWO.mean(axis=0), (300, 1))
    assert net.loss(X, y) == pytest.approx(((net.predict(X) - y) ** 2).mean(), rel=1e-12)


@pytest.mark.parametrize(("loss", "units"), [("mse", 1), ("mse", 2), (fm.losses.Huber(3.0), 2), ("mae", 2)])
def test_gradients_are_those_of_the_loss_in_the_units_of_the_targets(loss, units):
    y = ONE if units == 1 else TWO
    net = network(units, loss=loss, dtype="float64", scale_targets=True, l2=0.1)
    net.fit(X, y, epochs=2)
    assert net.check_gradients(X[:20], y[:20]).passed
    gradients, parameters = net.gradients(X, y), net.get_parameters()
    direction = np.random.default_rng(0).normal(size=parameters.size)
    # short enough for the kinks of mae to be far, long enough for a loss of some thousands
    h = 1e-6
    net.set_parameters(parameters + h * direction)
    above = net.loss(X, y)
    net.set_parameters(parameters - h * direction)
    slope = (above - net.loss(X, y)) / (2 * h)
    assert gradients.ravel() @ direction == pytest.approx(slope, rel=1e-6)


def test_a_weight_is_a_repetition():
    weight = RNG.integers(0, 3, len(X))
    weighted, repeated = network(scale_targets=True), network(scale_targets=True)
    weighted.fit(X, ONE, sample_weight=weight, epochs=2, batch_size=None)
    repeated.fit(np.repeat(X, weight, axis=0), np.repeat(ONE, weight), epochs=2, batch_size=None)
    # sums of other orders
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-5)
    assert weighted.target_scaling.mean == pytest.approx(repeated.target_scaling.mean)


def test_it_is_learned_from_the_samples_that_are_trained_on():
    net = network(scale_targets=True)
    net.fit(X, np.where(np.arange(300) < 200, 5.0, 7.0), epochs=1, validation_fraction=0.3, shuffle=False)
    trained = net.target_scaling.mean[0]
    assert trained != pytest.approx((200 * 5 + 100 * 7) / 300)
    net.fit(X, ONE, epochs=1)
    assert net.target_scaling.mean == (trained,)


@pytest.mark.parametrize("is_trained", [False, True])
def test_files_pickles_and_copies_keep_it(tmp_path, is_trained):
    net = network(2, loss=fm.losses.Huber(5.0), scale_targets=True)
    if is_trained:
        net.fit(X, TWO, epochs=2)
    net.save(tmp_path / "model.safetensors")
    for again in (fm.load(tmp_path / "model.safetensors"), pickle.loads(pickle.dumps(net))):
        assert again.target_scaling == net.target_scaling
        assert repr(again) == repr(net)
        assert again.summary() == net.summary()
        if is_trained:
            np.testing.assert_array_equal(again.predict(X), net.predict(X))
            assert again.loss(X, TWO) == net.loss(X, TWO)


def test_reset_forgets_it_also_for_single_rows():
    net = network(scale_targets=True)
    first = net.fit(X, ONE, epochs=2)["loss"]
    net.learn(X[0], ONE[0])
    net.reset()
    assert net.target_scaling == fm.Standardize()
    with pytest.raises(ValueError, match="fit on arrays first"):
        net.learn(X[0], ONE[0])
    assert net.fit(X, ONE, epochs=2)["loss"] == first


def test_reset_forgets_the_scaling_of_inputs_for_single_rows():
    net = fm.Network(3, [fm.Standardize(), fm.Dense(1)], seed=0)
    net.fit(X, SHAPE, epochs=1)
    net.learn(X[0], 1.0)
    net.reset()
    with pytest.raises(ValueError, match="Standardize has not learned"):
        net.learn(X[0], 1.0)


def test_what_needs_the_numbers_before_they_are_known_says_so():
    net = network(scale_targets=True)
    calls = [
        lambda: net.predict(X),
        lambda: net.forward(X),
        lambda: net.activations(X),
        lambda: net.loss(X, ONE),
        lambda: net.evaluate(X, ONE),
        lambda: net.gradients(X, ONE),
        lambda: net.check_gradients(X, ONE),
        lambda: net.partial_fit(X, ONE),
        lambda: net.learn(X[0], ONE[0]),
        lambda: net.fit([(X, ONE)], epochs=1),
    ]
    before = net.get_parameters()
    for call in calls:
        with pytest.raises(ValueError, match="scale_targets has not learned its numbers yet: fit on arrays first"):
            call()
    np.testing.assert_array_equal(net.get_parameters(), before)


def test_numbers_that_are_given_serve_batches_and_single_rows():
    given = fm.Standardize(mean=[ONE.mean()], deviation=[ONE.std()])
    net = network(scale_targets=given)
    for _ in range(200):
        net.fit([(X, ONE)], epochs=1, optimizer=fm.Adam(0.01))
    net.partial_fit(X, ONE)
    net.learn(X[0], ONE[0])
    assert net.target_scaling == given
    assert net.evaluate(X, ONE, metrics=["r2"])["r2"] > 0.9


@pytest.mark.parametrize(
    ("layers", "settings", "sentence"),
    [
        ([fm.Dense(3, "softmax")], {}, "for losses of values, but the loss is 'cross_entropy'"),
        ([fm.Dense(1)], {"loss": "poisson"}, "for losses of values, but the loss is 'poisson'"),
        ([fm.Dense(1)], {"loss": "hinge"}, "for losses of values, but the loss is 'hinge'"),
        ([fm.Dense(1, "relu")], {}, "needs 'identity' in the last layer, which has 'relu'"),
        ([fm.Dense(1)], {"scale_targets": "yes"}, "must be True or False, or Standardize"),
        ([fm.Dense(1)], {"scale_targets": fm.Standardize([1, 2], [1, 1])}, "numbers for 2 columns"),
    ],
)
def test_what_cannot_be_scaled_is_refused(layers, settings, sentence):
    with pytest.raises((ValueError, TypeError), match=sentence):
        fm.Network(3, layers, **({"scale_targets": True} | settings))


def test_targets_that_cannot_be_scaled_are_refused():
    net = network(2, scale_targets=True)
    with pytest.raises(ValueError, match="y holds labels, but scale_targets is for values"):
        net.fit(X, np.arange(300) % 2)
    with pytest.raises(ValueError, match="y cannot be standardized: the values of column 0 are too large"):
        net.fit(X, TWO * [1e200, 1.0])
    assert net.target_scaling == fm.Standardize()


def test_a_constant_column_is_predicted():
    net = network(scale_targets=True)
    net.fit(X, np.full(300, 1e6), epochs=100, optimizer=fm.Adam(0.01))
    np.testing.assert_allclose(net.predict(X), 1e6, atol=0.1)


@pytest.mark.parametrize("y", [2e5 + 8e4 * SHAPE, 1e-4 * SHAPE, 300 + SHAPE, 500 * SHAPE])
def test_targets_far_from_what_a_network_learns_are_warned_of_where_it_is_off(y):
    with pytest.warns(UserWarning, match="build it with scale_targets=True") as caught:
        network().fit(X, y, epochs=1)
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="scale_targets=True"):
        network().partial_fit(X, y)
    with pytest.warns(UserWarning, match="scale_targets=True"):
        network().fit([(X, y)], epochs=1)
    with pytest.warns(UserWarning, match="column 1 of y"):
        network(2).fit(X, np.column_stack([SHAPE, y]), epochs=1)


def test_other_targets_are_not_warned_of():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        network(scale_targets=True).fit(X, ONE, epochs=1)
        network().fit(X, 20 * SHAPE + 5, epochs=1)
        network().fit(X, np.zeros(300), epochs=1)
        network(loss="poisson").fit(X, RNG.poisson(200, 300), epochs=1)
        network(2, loss="mse").fit(X, np.arange(300) % 2, epochs=1)
        net = network()
        net.layers[1].bias[:] = ONE.mean()
        net.fit(X, ONE, epochs=1)
