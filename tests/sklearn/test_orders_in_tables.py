"""Categories in order in tables, and cells that are missing in a prediction only.

What could go wrong: an order that is that of the alphabet, or of the rows (order); categories that had no row in the
fit, or are not of the order, taken for others (unseen); an order that a file or a header of C does not keep (files); a
cell that was never missing in the fit, and is an error or another category in a prediction (missing).
"""

import numpy as np
import pandas as pd
import pytest

import fastmlp.sklearn
from fastmlp.sklearn import TabularClassifier, TabularRegressor

SIZES = ["tiny", "small", "middle", "large", "huge"]
RNG = np.random.default_rng(0)
N = 200
RANKS = RNG.integers(0, 5, N)
RANKS[RANKS == 1] = 0  # no row is small
SMALL = {"hidden_layer_sizes": (16,), "n_estimators": 2, "max_iter": 40, "random_state": 0}


def frame(ranks, ordered=True, categories=SIZES):
    return pd.DataFrame({"size": pd.Categorical.from_codes(ranks, categories, ordered=ordered)})


@pytest.fixture(scope="module")
def model():
    return TabularRegressor(**SMALL).fit(frame(RANKS), RANKS * 10.0)


def test_a_category_is_its_place_in_the_order(model):
    assert model.networks_[0].n_inputs == 1
    numbers = TabularRegressor(**SMALL).fit(RANKS[:, np.newaxis], RANKS * 10.0)
    np.testing.assert_array_equal(model.predict(frame(RANKS)), numbers.predict(RANKS[:, np.newaxis]))
    # one that no row had lies between its neighbours
    tiny, small, middle = model.predict(frame([0, 1, 2]))
    assert tiny < small < middle
    assert TabularRegressor(**SMALL).fit(frame(RANKS, ordered=False), RANKS).networks_[0].n_inputs == 4


def test_a_prediction_knows_categories_by_their_names(model):
    expected = model.predict(frame([0, 4, 2]))
    names = ["tiny", "huge", "middle"]
    for dtype in (object, "category", pd.CategoricalDtype(SIZES[::-1], ordered=True)):
        np.testing.assert_array_equal(model.predict(pd.DataFrame({"size": pd.Series(names, dtype=dtype)})), expected)


def test_what_is_missing_or_not_in_the_order_is_the_median(model):
    median = SIZES[int(np.median(RANKS))]
    for cell in (None, np.nan, "gigantic", 3):
        found = model.predict(pd.DataFrame({"size": pd.Series([cell], dtype=object)}))
        np.testing.assert_array_equal(found, model.predict(pd.DataFrame({"size": [median]})))
    some = frame(np.where(np.arange(N) % 7 == 0, -1, RANKS))
    assert TabularRegressor(**SMALL).fit(some, RANKS).score(frame(RANKS), RANKS) > 0.9
    assert TabularRegressor(**SMALL).fit(frame(np.full(N, -1)), RANKS).networks_[0].n_inputs == 1


def test_bins_of_numbers_are_in_order():
    values = RNG.normal(size=N)
    bins = pd.DataFrame({"bin": pd.cut(values, 6)})
    model = TabularRegressor(**SMALL).fit(bins, values)
    assert model.networks_[0].n_inputs == 1
    assert model.score(bins, values) > 0.8


def test_files_and_headers_of_c_keep_the_order(tmp_path, model):
    model.save(tmp_path / "model.safetensors")
    again = fastmlp.sklearn.load(tmp_path / "model.safetensors")
    rows = frame([0, 1, 2, 3, 4, -1])
    np.testing.assert_array_equal(again.predict(rows), model.predict(rows))
    again.save(tmp_path / "again.safetensors")
    assert (tmp_path / "model.safetensors").read_bytes() == (tmp_path / "again.safetensors").read_bytes()
    model.to_c(tmp_path / "model.h")
    assert "#define MODEL_INPUTS 1" in " ".join((tmp_path / "model.h").read_text().split())


@pytest.mark.parametrize("kind", [TabularClassifier, TabularRegressor])
def test_cells_may_be_missing_in_a_prediction_only(kind):
    table = pd.DataFrame(
        {
            "number": RNG.normal(size=N),
            "text of numbers": [f"{value:.2f}" for value in RNG.normal(size=N)],
            "kind": RNG.choice(["a", "b", "c"], N),
            "is_new": RNG.random(N) > 0.5,
            "size": pd.Categorical.from_codes(RANKS, SIZES, ordered=True),
        }
    )
    model = kind(**SMALL).fit(table, table["number"] > 0)
    plain = model.predict(table)
    for column in table.columns:
        for cell in (None, np.nan, pd.NA):
            gaps = table.astype({column: object})
            gaps.loc[:9, column] = cell
            found = model.predict(gaps)
            np.testing.assert_array_equal(found[10:], plain[10:])
            assert pd.notna(found).all()
    empty = pd.DataFrame({column: [None] for column in table.columns})
    assert model.predict(empty).shape == (1,)
