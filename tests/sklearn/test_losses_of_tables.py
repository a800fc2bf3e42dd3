"""The losses of TabularRegressor.

What could go wrong: a loss that is another one's (constants, conditional quantiles); targets scaled so that the loss
means something else, or a scale that a few wild values decide (units); counts that are shifted, or of which none is
positive (counts); a loss that a file or a setting changed after the fit no longer knows (files); targets or settings
that no loss can have, passed on to a network in words of its own (refused).
"""

import numpy as np
import pytest
from sklearn.base import clone

import fastmlp.sklearn
from fastmlp.sklearn import TabularRegressor
from fastmlp.sklearn._tabular.value_losses import VALUE_LOSSES, mean_loss, value_loss_of

RNG = np.random.default_rng(0)
N = 400
X = RNG.uniform(0, 1, (N, 2))
EVENTS = RNG.poisson(np.exp(1 + 2 * X[:, 0]))
SMALL = {"hidden_layer_sizes": (16,), "n_estimators": 2, "max_iter": 40, "random_state": 0}
LOSSES = ["squared_error", "absolute_error", "huber", "poisson", "quantile"]


def constant(values, **settings):
    """Return what a model predicts whose table says nothing."""
    nothing = np.zeros((len(values), 1))
    model = TabularRegressor((4,), max_iter=60, random_state=0, **settings).fit(nothing, values)
    return model.predict([[0.0]])[0]


def test_each_loss_tends_to_its_own_constant():
    skewed = np.exp(RNG.normal(size=1000)) * 50
    spread = skewed.std() / np.sqrt(len(skewed))  # another seed moves a mean as far
    assert constant(skewed) == pytest.approx(skewed.mean(), abs=2 * spread)
    assert constant(skewed, loss="poisson") == pytest.approx(skewed.mean(), abs=2 * spread)
    for loss in ("absolute_error", "quantile"):
        assert constant(skewed, loss=loss) == pytest.approx(np.median(skewed), abs=2 * spread)
    above = (skewed > constant(skewed, loss="quantile", quantile=0.9)).mean()
    assert above == pytest.approx(0.1, abs=0.03)
    # between the median and the mean
    assert np.median(skewed) < constant(skewed, loss="huber") < skewed.mean()


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
def test_a_quantile_follows_the_noise(q):
    wide = X[:, 0] > 0.5
    y = np.where(wide, 10.0, 1.0) * RNG.normal(size=N)
    model = TabularRegressor(**SMALL, loss="quantile", quantile=q).fit(X, y)
    for half in (wide, ~wide):
        assert (y[half] < model.predict(X[half])).mean() == pytest.approx(q, abs=0.12)


@pytest.mark.parametrize("loss", ["absolute_error", "huber", "quantile"])
def test_wild_values_do_not_decide(loss):
    clean = 3 * X[:, 0] - X[:, 1]
    wild = clean.copy()
    wild[::20] = 1e4
    error = np.abs(TabularRegressor(**SMALL, loss=loss).fit(X, wild).predict(X) - clean).mean()
    assert error < 0.3
    assert np.abs(TabularRegressor(**SMALL).fit(X, wild).predict(X) - clean).mean() > 10


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("unit", [2.0**-60, 2.0**80])
def test_the_unit_of_targets_changes_nothing(loss, unit):
    # a power of two rounds nothing
    first, other = (TabularRegressor(**SMALL, loss=loss).fit(X, y).predict(X) for y in (EVENTS, EVENTS * unit))
    np.testing.assert_array_equal(first * unit, other)


@pytest.mark.parametrize("loss", ["absolute_error", "huber", "quantile", "squared_error"])
def test_the_origin_of_targets_changes_nothing(loss):
    y = EVENTS.astype(float)
    first, other = (TabularRegressor(**SMALL, loss=loss).fit(X, t).predict(X) for t in (y, y + 2.0**20))
    # only the mean may round, and float32 training enlarges that
    np.testing.assert_allclose(other - 2.0**20, first, atol=0.02)


def test_expected_counts_are_positive_and_those_of_members_are_averaged():
    y = np.where(X[:, 0] > 0.3, EVENTS, 0)
    model = TabularRegressor(**SMALL, loss="poisson").fit(X, y)
    rates = model.predict(X)
    assert (rates > 0).all()
    assert rates.max() <= y.max()
    assert model.score(X, y) > 0.5
    numbers = model._encoder.transform(X)
    means = np.mean([np.exp(one.forward(numbers).astype(float)) for one in model.networks_], axis=0)[:, 0] * y.mean()
    # float32
    np.testing.assert_allclose(rates, means, rtol=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_is_the_networks_and_stands_in_files(tmp_path, loss):
    model = TabularRegressor(**SMALL, loss=loss).fit(X, EVENTS)
    predicted = model.predict(X)
    model.save(tmp_path / "model.safetensors")
    again = fastmlp.sklearn.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(X), predicted)
    assert again.get_params() == model.get_params() == clone(model).get_params()
    assert again.networks_[0].loss_function == model.networks_[0].loss_function
    # what is set after the fit is for the next one
    np.testing.assert_array_equal(model.set_params(loss="squared_error").predict(X), predicted)


def test_targets_that_are_all_the_same_are_learned():
    for loss in LOSSES:
        assert constant(np.full(20, 7.0), loss=loss) == 7.0
    # more than half of them, too
    assert constant(np.array([7.0] * 30 + [8.0] * 3), loss="huber") == pytest.approx(7.0, abs=0.1)


def test_what_no_loss_can_have_is_refused(tmp_path):
    def refused(sentence, y=EVENTS, X_val=None, y_val=None, **settings):
        model = TabularRegressor(**SMALL, **settings)
        with pytest.raises(ValueError, match=sentence):
            model.fit(X, y, X_val=X_val, y_val=y_val)
        assert not hasattr(model, "networks_")

    refused(r"^loss must be one of 'squared_error', .*, 'poisson', 'quantile', got 'mae'\.$", loss="mae")
    refused(r"^quantile must be .*below 1", loss="quantile", quantile=1.0)
    refused(r"^quantile is 0\.9, but loss 'squared_error' has none: give loss='quantile', or leave", quantile=0.9)
    negative = EVENTS - 3.0
    refused(r"^y holds -\d, but loss 'poisson' is for counts: none is negative\.$", y=negative, loss="poisson")
    refused(r"^y is 0 in every row, but loss 'poisson' needs a count above 0", y=np.zeros(N), loss="poisson")
    refused(r"^y_val holds -\d, but loss 'poisson' is for counts", X_val=X, y_val=negative, loss="poisson")
    refused(r"^y goes up to 1e\+200, whose square no number holds: divide it\.$", y=np.where(X[:, 0] > 0.5, 1e200, 0))
    model = TabularRegressor(**SMALL, loss="poisson").fit(X, EVENTS, X_val=X, y_val=np.zeros(N))
    with pytest.raises(ValueError, match=r"^an exported file has no expected counts, which loss 'poisson' gives"):
        model.to_c(tmp_path / "model.h")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", VALUE_LOSSES)
def test_ensembles_are_judged_by_the_loss_itself(name):
    loss = value_loss_of(name, 0.8 if name == "quantile" else 0.5).loss
    random = np.random.default_rng(0)
    outputs, targets = random.normal(size=(50, 2)), random.poisson(2.0, size=(50, 2)).astype(float)
    assert mean_loss(loss, outputs, targets, None) == pytest.approx(loss(outputs, targets))
    weights = np.arange(50.0)
    repeated = np.repeat(np.arange(50), np.arange(50))
    expected = mean_loss(loss, outputs[repeated], targets[repeated], None)
    assert mean_loss(loss, outputs, targets, weights) == pytest.approx(expected)
