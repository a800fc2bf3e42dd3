"""Tables as numbers: categories, missing values, DataFrames of both kinds, what changes between fit and predict.

Text that is no category is in test_text_in_tables.py, what a table takes in memory in test_memory_of_tables.py.
"""

from __future__ import annotations

import pickle
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from pandas.tests.extension.decimal import DecimalArray
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import estimator_checks_generator
from sklearn.utils.fixes import parse_version

from fastmlp.sklearn import MLPClassifier, TabularClassifier, TabularRegressor
from fastmlp.sklearn._tabular.columns import as_table
from fastmlp.sklearn._tabular.encoder import MOST_CATEGORIES, TableEncoder

NAN = float("nan")


def table_of_objects() -> np.ndarray:
    return np.array([[1, "a", None], [2, "b", True], [NAN, "a", False], [6, None, True]], dtype=object)


# numbers first, with the median 2 for what is missing; then a, b, missing; then False, True, missing
EXPECTED = [
    [1, 1, 0, 0, 0, 0, 1],
    [2, 0, 1, 0, 0, 1, 0],
    [2, 1, 0, 0, 1, 0, 0],
    [6, 0, 0, 1, 0, 1, 0],
]


def encoded(table):
    return TableEncoder().fit(table).transform(table)


def test_numbers_keep_their_columns_and_categories_get_one_each():
    encoder = TableEncoder().fit(table_of_objects())
    assert encoder.is_category == [False, True, True]
    np.testing.assert_array_equal(encoder.transform(table_of_objects()), EXPECTED)


def frames() -> list[object]:
    columns = {
        "size": [1.0, 2.0, None, 6.0],
        "kind": ["a", "b", "a", None],
        "paid": [None, True, False, True],
    }
    with_categories = pd.DataFrame(columns).astype({"kind": "category", "paid": "boolean", "size": "Float64"})
    whole = pd.DataFrame(columns).astype({"size": "Int64", "kind": "string"})
    categorical = pl.DataFrame(columns).with_columns(pl.col("kind").cast(pl.Categorical))
    return [pd.DataFrame(columns), with_categories, whole, pl.DataFrame(columns), categorical]


@pytest.mark.parametrize("frame", frames(), ids=["pandas", "categories", "nullable", "polars", "polars-categories"])
def test_a_data_frame_of_any_kind_is_the_same_table(frame):
    np.testing.assert_array_equal(TableEncoder().fit(frame).transform(frame), EXPECTED)
    # what was learned from one kind is understood of the other
    np.testing.assert_array_equal(TableEncoder().fit(table_of_objects()).transform(frame), EXPECTED)


def test_an_unknown_category_has_no_column_and_a_missing_number_the_median():
    encoder = TableEncoder().fit(table_of_objects())
    row = np.array([[None, "never seen", False]], dtype=object)
    np.testing.assert_array_equal(encoder.transform(row), [[2, 0, 0, 0, 1, 0, 0]])


def test_a_number_is_the_same_category_whatever_its_type():
    encoder = TableEncoder().fit(pd.DataFrame({"grade": pd.Categorical([1, 2, 3])}))
    np.testing.assert_array_equal(encoder.transform(pd.DataFrame({"grade": [3.0, 1.0]})), [[0, 0, 1], [1, 0, 0]])


def test_a_column_of_numbers_that_is_missing_altogether_stays_one_of_numbers():
    encoder = TableEncoder().fit(pd.DataFrame({"a": [1.0, 3.0], "b": [NAN, NAN]}))
    np.testing.assert_array_equal(encoder.transform(pd.DataFrame({"a": [None], "b": [5.0]})), [[2, 5]])


def test_many_categories_share_the_last_column():
    names = np.array([f"c{i}" for i in range(3 * MOST_CATEGORIES)], dtype=object)
    assert TableEncoder().fit(names[:, np.newaxis]).transform(names[:, np.newaxis]).shape[1] == MOST_CATEGORIES


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        (pd.DataFrame({"a": ["x", "y"]}), "column 0 held numbers when the model was fitted and holds 'x' now."),
        (pd.DataFrame({"a": pd.to_datetime(["2020-01-01"])}), "column 'a' is of datetime64.*: turn it into numbers"),
    ],
)
def test_a_column_that_is_no_number_any_more_is_named(frame, sentence):
    with pytest.raises(ValueError, match=sentence):
        TableEncoder().fit(pd.DataFrame({"a": [1.0, 2.0]})).transform(frame)


def test_numbers_of_a_type_that_numpy_has_not_are_numbers():
    values = [Decimal("0.25"), Decimal("1e3"), Decimal("-7")]
    # as a column of pyarrow's decimals: of a type that says it is of objects
    extension = pd.DataFrame({"x": DecimalArray(values)})
    assert extension["x"].dtype.kind == "O"
    np.testing.assert_array_equal(encoded(extension), [[0.25], [1000], [-7]])
    wide = pl.DataFrame({"x": [5, None, -1]})
    for dtype in (getattr(pl, "Int128", pl.Int64), pl.Decimal(20, 2), pl.Int8):  # Int128: from polars 1.18
        np.testing.assert_array_equal(encoded(wide.cast({"x": dtype})), [[5], [2], [-1]])
    sparse = pd.DataFrame({"x": pd.arrays.SparseArray([0.0, np.nan, 3.0])})
    np.testing.assert_array_equal(encoded(sparse), [[0], [1.5], [3]])
    many = pd.DataFrame({"x": [10**30, 1]}, dtype=object)  # beyond all integers of NumPy
    np.testing.assert_array_equal(encoded(many), [[1e30], [1]])


@pytest.mark.parametrize("dtype", [float, int, object])
def test_what_is_masked_is_missing_and_no_target(dtype):
    X = np.ma.masked_array(np.arange(40, dtype=dtype).reshape(20, 2))
    X[3, 0] = 10**6
    X[3, 0] = np.ma.masked
    y = np.arange(20) % 2
    plain = X.data.astype(float)
    plain[3, 0] = np.nan
    model, expected = small().fit(X, y), small().fit(plain, y)
    np.testing.assert_array_equal(model.predict_proba(X), expected.predict_proba(plain))
    hidden = np.ma.masked_array(y, y * 0)
    np.testing.assert_array_equal(small().fit(X, hidden).predict_proba(X), expected.predict_proba(plain))
    hidden[5] = np.ma.masked
    with pytest.raises(ValueError, match="y has masked values: remove or fill them first"):
        small().fit(X, hidden)
    with pytest.raises(ValueError, match="y_val has masked values: remove or fill them first"):
        small().fit(X, y, X_val=X, y_val=hidden)


def test_bools_among_numbers_are_numbers():
    np.testing.assert_array_equal(encoded(pd.DataFrame({"x": [True, 2.5, False]}, dtype=object)), [[1], [2.5], [0]])


@pytest.mark.filterwarnings("error")
def test_a_query_of_polars_is_run():
    X, value = persons()
    frame = pl.DataFrame({name: X[name].to_list() for name in X})
    model, lazy = small().fit(frame, value > 100), small().fit(frame.lazy(), value > 100)
    np.testing.assert_array_equal(lazy.predict_proba(frame.lazy()), model.predict_proba(frame))
    assert vars(lazy).keys() == vars(model).keys()  # names of columns where scikit-learn learns those of polars


class Foreign:
    """An array of a library that scikit-learn leaves as it is where it is told to dispatch."""

    def __init__(self, array):
        self.array, self.shape, self.ndim, self.dtype = array, array.shape, array.ndim, f"foreign.{array.dtype}"

    def __array__(self, dtype=None, copy=None):
        return np.array(self.array, dtype)

    def __array_namespace__(self, api_version=None):
        raise AssertionError("tables are NumPy's")

    def __len__(self):
        return len(self.array)


@pytest.mark.parametrize("kind", [TabularClassifier, TabularRegressor])
def test_arrays_of_other_libraries_are_taken_where_scikit_learn_dispatches(kind, monkeypatch):
    X = np.random.default_rng(0).normal(size=(60, 2))
    y = (X[:, 0] > 0).astype(int)
    expected = small(kind).fit(X, y, X_val=X[:20], y_val=y[:20]).predict(X)
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")  # scikit-learn asks for it, and before 1.7 for this
    if parse_version(sklearn.__version__) < parse_version("1.7"):
        pytest.importorskip("array_api_compat")
    with config_context(array_api_dispatch=True):
        rows, labels = (Foreign(X), Foreign(X[:20])), (Foreign(y), Foreign(y[:20]))
        model = small(kind).fit(rows[0], labels[0], X_val=rows[1], y_val=labels[1])
        np.testing.assert_array_equal(model.predict(rows[0]), expected)


def mixed(n=120):
    rng = np.random.default_rng(1)
    return pd.DataFrame({"a": rng.normal(size=n), "k": rng.choice(list("xyz"), n)})


def test_numbers_are_numbers_in_columns_of_objects_and_in_lists():
    frame = mixed()
    expected = TableEncoder().fit(frame).transform(frame)
    assert expected.shape == (120, 4)
    objects = frame.astype({"a": object})
    decimals = frame.assign(a=[Decimal(value) for value in frame["a"]])
    rows = as_table(frame.to_numpy(object).tolist())
    for same in (objects, decimals, rows):
        np.testing.assert_array_equal(TableEncoder().fit(same).transform(same), expected)
        np.testing.assert_array_equal(TableEncoder().fit(frame).transform(same), expected)
    objects.loc[3, "a"] = pd.NA
    assert TableEncoder().fit(objects).transform(objects)[3, 0] == np.median(np.delete(expected[:, 0], 3))
    one = frame.iloc[3].to_frame().T  # a column of objects each
    np.testing.assert_array_equal(TableEncoder().fit(frame).transform(one), expected[3:4])
    array = frame.to_numpy(object)
    model = small(TabularRegressor).fit(array.tolist(), expected[:, 0])
    np.testing.assert_array_equal(model.predict(array.tolist()), model.predict(array))
    assert model.score(array, expected[:, 0]) > 0.9


def test_bools_are_the_same_categories_and_numbers_as_0_and_1():
    bools, numbers = pd.DataFrame({"b": [True, False, True]}), pd.DataFrame({"b": [1.0, 0.0, 1.0]})
    for fitted in (bools, numbers):
        encoder = TableEncoder().fit(fitted)
        for table in (bools, numbers, bools.astype(int), bools.astype("Int64"), bools.to_numpy()):
            np.testing.assert_array_equal(encoder.transform(table), encoder.transform(fitted))


def test_categories_of_pandas_are_told_apart_by_their_text():
    codes = pd.Categorical(["b", None, "a", "b"], categories=["b", "unused", "a"])
    as_text = TableEncoder().fit(pd.DataFrame({"c": ["b", None, "a", "b"]}))
    frame = pd.DataFrame({"c": codes})
    np.testing.assert_array_equal(as_text.transform(frame), TableEncoder().fit(frame).transform(frame))
    numbers = pd.DataFrame({"c": pd.Categorical([3, 1, 3])})
    np.testing.assert_array_equal(TableEncoder().fit(numbers).transform(numbers), [[0, 1], [1, 0], [0, 1]])


def test_columns_go_by_place_where_names_do_not_tell_them_apart():
    frame = pd.DataFrame([[1.0, "x"], [2.0, "y"]], columns=[np.nan, np.nan])
    np.testing.assert_array_equal(TableEncoder().fit(frame).transform(frame), [[1, 1, 0], [2, 0, 1]])


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        ([date(2020, 1, 1), None], "column 'c' holds datetime.date.*: turn it into numbers"),
        (pd.Categorical(pd.to_datetime(["2020-01-01", None])), "column 'c' holds Timestamp.*: turn it into numbers"),
        ([1j, 2.0], r"column 'c' holds \(?1j\)?"),
        ([[1, 2], [3]], r"a column holds \[1, 2\]: give one number or one text in each cell"),
        ([1.0, np.inf], "column 1 holds inf, which float32 cannot hold: scale it."),
        ([1.0, 1e39], r"column 1 holds 1e\+39, which float32 cannot hold: scale it."),
        # of objects already: pandas before 3 would look for floats in an array of them
        (pd.Series([10**400, 1], dtype=object), "column 'c' holds a number beyond all floats: scale it."),
        (pd.Series([10**400, "?"], dtype=object), "column 'c' holds a number beyond all floats: scale it."),
    ],
)
def test_cells_that_are_no_value_are_named(column, sentence):
    frame = pd.DataFrame({"k": ["u", "v"], "c": column})
    with pytest.raises(ValueError, match=sentence):
        small().fit(frame, [0, 1])


def small(kind=TabularClassifier, **settings):
    return kind((16,), n_estimators=2, max_iter=80, random_state=0, **settings)


def persons(n=240):
    rng = np.random.default_rng(0)
    age, job = rng.uniform(20, 60, n), rng.choice(["cook", "clerk", "pilot"], n)
    frame = pd.DataFrame({"age": np.where(rng.random(n) < 0.1, NAN, age), "job": job})
    return frame, 2.0 * age + 50.0 * (job == "pilot")


def test_a_classifier_learns_from_categories_and_missing_numbers():
    X, value = persons()
    y = np.where(value > 100, "high", "low")
    model = small().fit(X[:180], y[:180])
    assert model.score(X[180:], y[180:]) > 0.85  # 0.62 is what the more frequent class gives
    assert list(model.classes_) == ["high", "low"]
    probabilities = model.predict_proba(X[180:])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-6)  # float32
    np.testing.assert_array_equal(model.classes_[probabilities.argmax(axis=1)], model.predict(X[180:]))


def test_a_regressor_learns_in_the_units_of_its_targets():
    X, value = persons()
    model = small(TabularRegressor).fit(X[:180], 1e6 + 1e3 * value[:180])
    assert model.score(X[180:], 1e6 + 1e3 * value[180:]) > 0.7  # a tenth of the ages is missing


def test_pandas_polars_and_arrays_give_the_same_bits():
    X, value = persons()
    y = value > 100
    by_pandas = small().fit(X, y).predict_proba(X)
    polars = pl.DataFrame({name: X[name].to_list() for name in X})
    by_polars = small().fit(polars, y).predict_proba(polars)
    by_array = small().fit(X.to_numpy(object), y).predict_proba(X.to_numpy(object))
    np.testing.assert_array_equal(by_pandas, by_polars)
    np.testing.assert_array_equal(by_pandas, by_array)


def test_large_tables_are_predicted_in_blocks(monkeypatch):
    X, value = persons()
    tables = [X, pl.DataFrame({name: X[name].to_list() for name in X}), X.to_numpy(object)]
    models = [small().fit(table, value > 100) for table in tables]
    expected = models[0].predict_proba(X)
    # so that the last block is a short one
    monkeypatch.setattr("fastmlp.sklearn._tabular.prediction.ROWS", 7)
    for model, table in zip(models, tables, strict=True):
        np.testing.assert_array_equal(model.predict_proba(table), expected)


def test_no_rows_have_no_predictions():
    X, value = persons()
    model = small().fit(X, value > 100)
    with pytest.raises(ValueError, match="Found array with 0 sample"):
        model.predict(X[:0])


def test_members_differ_and_are_averaged():
    X, value = persons()
    model = small().fit(X, value > 100)
    first, second = (network.forward(model._encoder.transform(X)) for network in model.networks_)
    assert (first != second).any()
    np.testing.assert_array_equal(model._forward(X), np.mean([first, second], axis=0))
    assert all(1 <= epoch <= 80 for epoch in model.best_iterations_)


def test_probabilities_are_freed_of_label_smoothing():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 3))
    truth = 1 / (1 + np.exp(4 - 1.5 * X[:, 0]))  # 4 % of the second class
    y = (rng.random(3000) < truth).astype(int)
    model = TabularClassifier((16,), n_estimators=2, max_iter=30, random_state=0).fit(X[:2000], y[:2000])
    probabilities = model.predict_proba(X[2000:])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-6)  # float32
    # with it, no probability is below 0.05, and the mean is 0.09
    assert abs(probabilities[:, 1].mean() - truth[2000:].mean()) < 0.015  # the mean of 1000 draws: 0.006
    assert 0.0005 < probabilities.min() < 0.01
    np.testing.assert_array_equal(probabilities.argmax(axis=1), model.predict(X[2000:]))
    without = small(label_smoothing=0.0).fit(X[:500], y[:500])
    np.testing.assert_allclose(without.predict_proba(X), without._forward(X), rtol=1e-6)


@pytest.mark.parametrize("label_smoothing", [0.1, 0.0])
def test_logarithms_of_probabilities_are_finite(label_smoothing):
    X = np.repeat([[-1.0], [1.0]], 40, axis=0)
    y = np.repeat(["low", "high"], 40)
    model = small(label_smoothing=label_smoothing, learning_rate=0.3).fit(X, y)
    far = np.array([[-99.0], [0.0], [99.0]])
    logarithms = model.predict_log_proba(far)
    assert np.isfinite(logarithms).all()
    np.testing.assert_allclose(np.exp(logarithms), model.predict_proba(far), rtol=1e-5, atol=1e-30)  # float32
    np.testing.assert_array_equal(model.classes_[logarithms.argmax(axis=1)], model.predict(far))
    if not label_smoothing:
        assert model.predict_proba(far).min() == 0.0  # whose logarithm would be infinite
    with pytest.raises(NotFittedError):
        small().predict_log_proba(far)


def bools_of_every_type(n):
    labels = [row % 3 == 0 for row in range(n)]
    objects = np.array(labels, dtype=object)
    return [objects, pd.Series(labels, dtype=object), pd.Series(labels, dtype="boolean"), pl.Series(labels)]


@pytest.mark.parametrize("place", range(4), ids=["objects", "pandas", "nullable", "polars"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_labels_are_bools_whatever_holds_them(place):
    X, _ = persons(60)
    expected = small().fit(X, bools_of_every_type(60)[0].astype(bool))
    y = bools_of_every_type(60)[place]
    model = small().fit(X, y)
    assert model.classes_.dtype == bool
    np.testing.assert_array_equal(model.predict_proba(X), expected.predict_proba(X))
    small().fit(X, y, X_val=X, y_val=y)
    network = MLPClassifier((4,), max_iter=2).fit(X[["age"]].fillna(0.0), bools_of_every_type(60)[0])
    assert network.classes_.dtype == bool


def test_labels_that_have_no_order_are_refused():
    with pytest.raises(ValueError, match="y holds labels that cannot be sorted: make all of them text, or all numbers"):
        small().fit(ROWS, np.array(["a", 1, "a", 1], dtype=object))


def test_given_validation_rows_choose_the_epoch():
    X, value = persons()
    y = value > 100
    right = small().fit(X[:180], y[:180], X_val=X[180:], y_val=y[180:])
    wrong = small().fit(X[:180], y[:180], X_val=X[180:], y_val=~y[180:])
    # the more is learned, the worse the wrong labels are met
    assert max(wrong.best_iterations_) < min(right.best_iterations_)


def test_columns_are_known_by_their_names():
    X, value = persons()
    model = small(TabularRegressor).fit(X, value)
    assert list(model.feature_names_in_) == ["age", "job"]
    with pytest.raises(ValueError, match="feature names"):
        model.predict(X[["job", "age"]])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"n_estimators": 0}, "n_estimators must be an integer of at least 1, got 0."),
        ({"batch_size": "big"}, "batch_size must be 'auto' or an integer of at least 1, got 'big'."),
        ({"max_iter": 2.5}, "max_iter must be an integer of at least 1, got 2.5."),
        ({"learning_rate": 0.0}, "learning_rate must be above 0"),
        ({"validation_fraction": 1.0}, "validation_fraction must be above 0"),
        ({"label_smoothing": -0.1}, "label_smoothing must be at least 0"),
        ({"hidden_layer_sizes": (0,)}, r"hidden_layer_sizes\[0\] must be an integer of at least 1, got 0."),
    ],
)
def test_a_wrong_parameter_is_said_and_the_model_stays_as_it_was(change, sentence):
    X, value = persons()
    model = small().fit(X, value > 100)
    before = model.predict_proba(X)
    with pytest.raises((ValueError, TypeError), match=sentence):
        model.set_params(**change).fit(X[:50], value[:50] > 90)
    np.testing.assert_array_equal(model.predict_proba(X), before)


ROWS = [[1.0], [2.0], [3.0], [4.0]]
LABELS = ["a", "b", "a", "b"]


@pytest.mark.parametrize(
    ("X", "y", "validation", "sentence"),
    [
        (
            ROWS,
            LABELS,
            {"X_val": [[1.0]], "y_val": ["c"]},
            "y_val has the label 'c', which is none of classes_: 'a', 'b'.",
        ),
        (ROWS, LABELS, {"X_val": [[1.0]]}, "X_val and y_val belong together: give both."),
        (ROWS, LABELS, {"y_val": ["a"]}, "X_val and y_val belong together: give both."),
        ([[np.inf], *ROWS[1:]], LABELS, {}, "infinity"),
        (ROWS[:1], LABELS[:1], {}, "X has one sample, but needs one to learn from and one for validation"),
        (pd.DataFrame(index=range(4)), LABELS, {}, "X has no columns: give at least one."),
        (np.array(ROWS).astype("M8[D]"), LABELS, {}, "X is of datetime64.*: turn it into numbers"),
    ],
)
def test_wrong_data_is_said_and_an_earlier_fit_stays(X, y, validation, sentence):
    table, value = persons()
    model = small().fit(table, value > 100)
    before, attributes = model.predict_proba(table), set(vars(model))
    with pytest.raises(ValueError, match=sentence):
        model.fit(X, y, **validation)
    assert set(vars(model)) == attributes
    np.testing.assert_array_equal(model.predict_proba(table), before)


def test_targets_beyond_their_squares_are_refused():
    with pytest.raises(ValueError, match=r"y goes up to 4e\+300, whose square no number holds: divide it\."):
        small(TabularRegressor).fit(ROWS, [1e300, 2e300, 3e300, 4e300])


@pytest.mark.parametrize(
    ("y", "sentence"),
    [
        ([1.0, None, 2.0, 3.0], "y holds None in row 1: leave such rows out"),
        (np.array([1, 2, 3, 4], "M8[D]"), r"y is of datetime64\[D\], but values must be numbers"),
        (["0.1", "2", "3", "4"], "y is of .*, but values must be numbers"),
        (np.array([1j, 2, 3, 4]), "y is of complex128|Complex data not supported"),
    ],
)
def test_values_that_are_no_numbers_are_refused(y, sentence):
    with pytest.raises(ValueError, match=sentence):
        small(TabularRegressor).fit(ROWS, y)
    if np.asarray(y).dtype != object:
        with pytest.raises(ValueError, match=sentence.replace("y is", "y_val is")):
            small(TabularRegressor).fit(ROWS, [1.0, 2.0, 3.0, 4.0], X_val=ROWS, y_val=y)


def test_validation_labels_may_come_as_a_column():
    labels = np.array(LABELS)
    with pytest.warns(DataConversionWarning):
        model = small().fit(ROWS, LABELS, X_val=ROWS, y_val=labels[:, np.newaxis])
    expected = small().fit(ROWS, LABELS, X_val=ROWS, y_val=labels)
    np.testing.assert_array_equal(model.predict_proba(ROWS), expected.predict_proba(ROWS))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        small().fit(ROWS, LABELS, X_val=ROWS, y_val=LABELS[:3])


def test_a_fit_that_diverges_is_a_value_error():
    X, value = persons()
    with pytest.raises(ValueError, match="lower the learning rate"):
        small(TabularRegressor, learning_rate=1e30).fit(X, value)


def test_pickled_cloned_and_searched():
    X, value = persons()
    y = value > 100
    model = small().fit(X, y)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(clone(model).fit(X, y).predict_proba(X), model.predict_proba(X))
    search = GridSearchCV(small(), {"hidden_layer_sizes": [(4, 4), (8, 8)]}, cv=2, n_jobs=2).fit(X, y)
    assert len(search.best_estimator_.networks_) == 2


# It holds a row of weight 2 against the row given twice, of which one may be set aside for validation while the other
# is learned: docs/scikit-learn.md. What weights do is tested in test_weights_of_tables.py.
NOT_KEPT = {"check_sample_weight_equivalence_on_dense_data"}


# parametrize_with_checks of scikit-learn 1.6 does not go with pytest 9
@pytest.mark.parametrize(
    ("estimator", "check"),
    [
        pytest.param(estimator, check, id=f"{type(model).__name__}-{getattr(check, 'func', check).__name__}")
        for model in (
            TabularClassifier((32,), n_estimators=2, max_iter=256),
            TabularRegressor((16,), n_estimators=2, max_iter=30),
        )
        for estimator, check in estimator_checks_generator(model)
        if getattr(check, "func", check).__name__ not in NOT_KEPT
    ],
)
@pytest.mark.filterwarnings("ignore")  # the checks look at warnings where they matter
def test_the_estimators_keep_scikit_learns_rules(estimator, check):
    check(estimator)
