"""What a table takes in memory on its way to the networks, and that the way makes no other model of it.

What could go wrong: 0 and 1 become floats because one column is of numbers, a copy is made of all rows for each split,
rows become numbers all at once in a prediction; and sparse rows, which only training knows, are scaled in another way
than the rows of a prediction.
"""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from fastmlp.sklearn import TabularClassifier, TabularRegressor
from fastmlp.sklearn._tabular.encoder import TableEncoder

RNG = np.random.default_rng(5)
ROWS, COLUMNS, CATEGORIES = 8000, 5, 50
PLACES = RNG.integers(0, CATEGORIES, (ROWS, COLUMNS))


def categories():
    names = np.array([f"k{place}" for place in range(CATEGORIES)])
    return pd.DataFrame({f"c{column}": pd.Categorical(names[PLACES[:, column]]) for column in range(COLUMNS)})


def indicators(dtype):
    ones = PLACES[:, :, np.newaxis] == np.arange(CATEGORIES)
    return pd.DataFrame(ones.reshape(ROWS, -1).astype(dtype)).rename(columns=str)


def tables():
    numbers = RNG.normal(size=ROWS)
    return {
        "categories": categories().assign(x=numbers),
        "bytes": indicators(np.uint8).assign(x=numbers),
        "bools": indicators(bool).iloc[:, ::2].assign(x=numbers),
        "floats": indicators(float).assign(x=numbers),
        "no number": categories(),
    }


def peak_of(call):
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", tables())
def test_columns_of_0_and_1_stay_bytes(name, monkeypatch):
    monkeypatch.setattr("fastmlp.sklearn._tabular.prediction.ENTRIES", 2**16)
    table, y = tables()[name], RNG.normal(size=ROWS)
    model = TabularRegressor((4,), n_estimators=1, max_iter=1, random_state=0)
    model.fit(table[:50], y[:50])  # what is made once
    entries = ROWS * TableEncoder().fit(table).transform(table[:1]).shape[1]
    # 3 bytes: as many as 120 MB are for 40 000 rows of 1000 columns; half a megabyte does not grow with the rows
    assert peak_of(lambda: model.fit(table, y)) < 3 * entries + 2**19
    assert peak_of(lambda: model.predict(table)) < 2 * entries + 2**19


def test_a_table_that_is_not_mostly_zero_stays_an_array():
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "y": [5.0, 6.0, 7.0, 9.0], "k": list("abca")})
    assert not TableEncoder().fit_encode(frame).is_mostly_zero
    assert TableEncoder().fit_encode(categories()).is_mostly_zero


@pytest.mark.parametrize("kind", [TabularClassifier, TabularRegressor])
@pytest.mark.parametrize("is_given", [False, True], ids=["set aside", "given"])
def test_sparse_rows_make_the_same_model(kind, is_given, monkeypatch):
    n = 400
    frame = categories()[:n].assign(
        x=RNG.normal(size=n), often=np.where(RNG.random(n) < 0.9, "usual", "rare"), flag=RNG.integers(0, 2, n)
    )
    frame.loc[frame.index[::7], "x"] = np.nan
    y = (frame["x"].fillna(0) + (PLACES[:n, 0] % 3) > 1).to_numpy()
    validation = {"X_val": frame[:100], "y_val": y[:100]} if is_given else {}

    def outputs(full):
        monkeypatch.setattr("fastmlp.sklearn._tabular.encoded.FULL", full)
        model = kind((8,), n_estimators=2, max_iter=10, random_state=0).fit(frame, y, **validation)
        for network in model.networks_:
            assert len(network.scaling.median) == model._encoder.transform(frame[:1]).shape[1]
        return model, model._forward(frame)

    as_array, expected = outputs(0.0)
    sparse, found = outputs(1.0)
    assert sparse.best_iterations_ == as_array.best_iterations_
    # inputs differ by roundings of float32 (1e-7), which ten epochs of steps carry on
    np.testing.assert_allclose(found, expected, atol=2e-4)
    assert np.ptp(expected) > 0.1
    for one, other in zip(sparse.networks_, as_array.networks_, strict=True):
        assert one.scaling == other.scaling


def test_threads_do_not_change_what_is_learned_from_sparse_rows():
    frame, y = categories()[:500], PLACES[:500, 0] % 2
    fits = [
        TabularClassifier((8,), n_estimators=3, max_iter=3, random_state=0, n_threads=n)
        .fit(frame, y)
        .predict_proba(frame)
        for n in (1, 2)
    ]
    np.testing.assert_array_equal(*fits)
