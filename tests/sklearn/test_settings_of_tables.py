"""What tables are trained with where the user leaves it "auto", and numbers in bins.

What could go wrong: settings that do not follow the rows, or override what was asked for; columns of 0 and 1 in bins,
or numbers behind them; columns in another order when a model predicts, is saved or loaded than when it was trained;
sparse rows whose bins or scaling are others than those of an array; sharp bins that are no more than a larger rate.
"""

import numpy as np
import pytest

import fastmlp as fm
import fastmlp.sklearn
from fastmlp.sklearn import TabularClassifier, TabularRegressor
from fastmlp.sklearn._tabular.encoder import TableEncoder
from fastmlp.sklearn._tabular.recipe import build, scaling_of
from fastmlp.sklearn._tabular.settings import Settled, wanted_of

ROWS = 2500


def table(rows=ROWS, categories=2):
    """Return a column of 0 and 1, a category, a number with gaps, one of a few values; and values of all of them."""
    random = np.random.default_rng(0)
    X = np.empty((rows, 4), dtype=object)
    X[:, 0] = random.integers(0, 2, rows)
    X[:, 1] = [f"kind {number}" for number in random.integers(0, categories, rows)]
    X[:, 2] = random.exponential(100, rows).round(3)
    X[:, 3] = random.integers(0, 6, rows)
    wave = np.sin(X[:, 2].astype(float) / 30)
    X[::9, 2] = None
    return X, X[:, 0].astype(float) + wave * (X[:, 1] == "kind 0") + (X[:, 3] == 3)


def small(kind, **settings):
    return kind((8,), n_estimators=2, random_state=0, **{"max_iter": 3, **settings})


@pytest.mark.parametrize(
    ("kind", "rows", "settled"),
    [
        (TabularClassifier, 1999, Settled((64, 64, 64), "selu", 0, 0.0, 0.01, 112, 4.0)),
        (TabularClassifier, 2000, Settled((128, 128), "selu", 32, 0.2, 0.04, 48, 4.0, ends_early=True)),
        (TabularClassifier, 8000, Settled((128, 128), "selu", 32, 0.2, 0.04, 32, 4.0, ends_early=True)),
        (TabularRegressor, 1999, Settled((64, 64, 64), "mish", 0, 0.0, 0.07, 112)),
        (TabularRegressor, 2000, Settled((64, 64, 64), "mish", 48, 0.0, 0.07, 48, ends_early=True)),
        (TabularRegressor, 7999, Settled((64, 64, 64), "mish", 48, 0.0, 0.07, 48, ends_early=True)),
        (TabularRegressor, 8000, Settled((64, 64, 64), "mish", 128, 0.0, 0.07, 48, 0.42, ends_early=True)),
        (TabularRegressor, 29_999, Settled((64, 64, 64), "mish", 128, 0.0, 0.07, 48, 0.42, ends_early=True)),
        (TabularRegressor, 30_000, Settled((64, 64, 64), "mish", 48, 0.0, 0.07, 24, ends_early=True)),
    ],
)
def test_the_rows_decide_what_is_left_open(kind, rows, settled):
    is_classifier = kind is TabularClassifier
    assert wanted_of(kind()).fitting(rows, settled.activation, is_classifier=is_classifier) == settled
    asked = kind((5, 4), bins=7, dropout=0.3, learning_rate=0.5, max_iter=9)
    # blunt are fine bins alone
    sharpness = max(settled.sharpness, 1.0)
    expected = Settled((5, 4), settled.activation, 7, 0.3, 0.5, 9, sharpness, settled.ends_early)
    assert wanted_of(asked).fitting(rows, settled.activation, is_classifier=is_classifier) == expected


def test_beside_many_columns_bins_are_coarser():
    settled = Settled((8,), "selu", 48, 0.0, 0.1, 3)
    bins = [settled.embedding_of(columns) for columns in (1, 10, 11, 100, 512, 5000)]
    assert [one.bins for one in bins] == [48, 48, 43, 4, 1, 1]
    assert settled.embedding_of(0) is None
    assert Settled((8,), "selu", 0, 0.0, 0.1, 3).embedding_of(3) is None


@pytest.mark.parametrize("kind", [TabularClassifier, TabularRegressor])
@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"bins": "many"}, "bins must be 'auto' or a number, got 'many'."),
        ({"bins": -1}, "bins must be an integer from 0 to 65536, got -1"),
        ({"dropout": 1.0}, "dropout must be at least 0.0 and below 1.0, got 1.0"),
        ({"dropout": "some"}, "dropout must be 'auto' or a number"),
        ({"learning_rate": "fast"}, "learning_rate must be 'auto' or a number"),
        ({"max_iter": "long"}, "max_iter must be 'auto' or a number"),
        ({"hidden_layer_sizes": "wide"}, "hidden_layer_sizes must be 'auto' or a number"),
    ],
)
def test_what_makes_no_sense_is_refused(kind, settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        kind(**settings).fit([[0.0], [1.0]] * 10, [0, 1] * 10)


def test_numbers_that_are_not_0_and_1_come_first_and_are_put_in_bins():
    X, y = table()
    model = small(TabularRegressor, bins=5).fit(X, y)
    net = model.networks_[0]
    assert net.embedding.columns == 2
    assert [len(edges) for edges in net.embedding.edges] == [6, 6]
    assert net.layers[0].weights.shape == (2 * 5 + 1 + 2, 8)
    encoded = model._encoder.transform(X)
    np.testing.assert_array_equal(encoded[:, 1], X[:, 3].astype(float))
    np.testing.assert_array_equal(encoded[:, 2], X[:, 0].astype(float))
    # without bins the columns stay in the order of the table, as in files of models that had none
    np.testing.assert_array_equal(TableEncoder().fit(X).transform(X)[:, 0], X[:, 0].astype(float))
    assert small(TabularRegressor, bins=0).fit(X, y).networks_[0].embedding is None
    # a table without numbers has nothing to put in bins
    assert small(TabularRegressor, bins=5).fit(X[:, :2], y).networks_[0].embedding is None


def test_bins_let_a_small_network_see_a_wave():
    X, y = table()
    train, test = slice(0, 2000), slice(2000, None)
    scores = [
        TabularRegressor((16,), n_estimators=2, max_iter=30, bins=bins, random_state=0)
        .fit(X[train], y[train])
        .score(X[test], y[test])
        for bins in (0, 48)
    ]
    # 0.79 and 0.88: a sine of several turns within the numbers of an exponential distribution
    assert scores[1] > scores[0] + 0.04


@pytest.mark.parametrize("kind", [TabularClassifier, TabularRegressor])
def test_a_file_gives_the_same_back(kind, tmp_path):
    X, y = table()
    model = small(kind, bins=5).fit(X, y > 0.5 if kind is TabularClassifier else y)
    model.save(tmp_path / "model.safetensors")
    again = fastmlp.sklearn.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert [vars(column) for column in again._encoder.columns] == [vars(column) for column in model._encoder.columns]
    again.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "model.safetensors").read_bytes()


@pytest.mark.parametrize("kind", [TabularClassifier, TabularRegressor])
def test_sparse_rows_are_trained_like_an_array(kind, monkeypatch):
    X, y = table(categories=40)
    y = y > 0.5 if kind is TabularClassifier else y
    sparse = small(kind, bins=5, dropout=0.0).fit(X, y)
    monkeypatch.setattr("fastmlp.sklearn._tabular.encoded.FULL", 0.0)
    dense = small(kind, bins=5, dropout=0.0).fit(X, y)
    for one, other in zip(sparse.networks_, dense.networks_, strict=True):
        assert one.embedding.columns == other.embedding.columns
        for mine, its in zip(one.embedding.edges, other.embedding.edges, strict=True):
            np.testing.assert_allclose(mine, its, rtol=1e-6)
        assert one.scaling == other.scaling
    # rows are scaled in float32 here and in float64 there: steps of Adam carry that on
    np.testing.assert_allclose(sparse._forward(X), dense._forward(X), rtol=0, atol=2e-3)


def test_sharp_bins_are_shares_that_are_larger():
    X, _ = table(300)
    encoder = TableEncoder()
    rows = encoder.fit_encode(X, with_bins=True)
    columns, loss = encoder.n_in_bins, fm.losses.MeanSquaredError()
    plain, sharp = (Settled((4,), "selu", 3, 0.0, 0.1, 2, sharpness) for sharpness in (1.0, 4.0))
    assert scaling_of(plain, rows, columns).median is None
    scaling = scaling_of(sharp, rows, columns)
    whole = rows.learned(fm.RobustScale())
    assert scaling.median == whole.median
    assert scaling.deviation == (*whole.deviation[:2], *(4 * size for size in whole.deviation[2:]))
    nets = [
        build(own, scaling_of(own, rows, columns), columns, rows.width, 1, "identity", loss, np.random.RandomState(0))
        for own in (plain, sharp)
    ]
    np.testing.assert_array_equal(nets[1].layers[0].weights, 4 * nets[0].layers[0].weights)
    factors = [net._model.architecture.rate_factors for net in nets]
    assert factors[1][0][0] == 4 * factors[0][0][0]
    assert factors[1][1:] == factors[0][1:]
