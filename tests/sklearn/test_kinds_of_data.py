"""What X and y may be: dtypes, sparse matrices, data frames, labels of any kind; and what comes out of which.

What could go wrong: a float32 that becomes float64 on the way (dtypes), or the digits of float64 that are lost because
the arithmetic was in float32 (whatever the arithmetic, digits of x, both sides), a sparse matrix that is read by
columns (sparse), a data frame whose columns came in another order (names), labels that are numbered in another order
than they are named, or that lose their dtype (labels), and a short way for one row that checks less than the long one
(rows).
"""

import tracemalloc
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
import sklearn.neural_network as theirs
from sklearn.compose import TransformedTargetRegressor
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler

from fastmlp.sklearn import MLPClassifier, MLPRegressor

# fits are cut short on purpose
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(2)
X = RNG.normal(size=(80, 4))
X[np.abs(X) < 0.5] = 0  # something for a sparse matrix to leave out
CLASSES = np.digitize(X[:, 0], [-0.6, 0.6])
NAMES = np.array(["ant", "bee", "cow"])[CLASSES]
MANY = (X[:, :3] > 0).astype(int)
VALUE = X[:, 0] - X[:, 1]
SMALL = {"hidden_layer_sizes": (5,), "max_iter": 5, "random_state": 0}
FORMATS = ("csr_matrix", "csc_matrix", "coo_matrix", "csr_array", "csc_array", "coo_array")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_floats_keep_their_dtype(dtype):
    model = MLPClassifier(**SMALL).fit(X.astype(dtype), CLASSES)
    values = MLPRegressor(**SMALL).fit(X.astype(dtype), VALUE.astype(dtype))
    for array in (*model.coefs_, *model.intercepts_, *values.coefs_, model.predict_proba(X.astype(dtype))):
        assert array.dtype == dtype
    assert model.predict_log_proba(X.astype(dtype)).dtype == dtype
    assert values.predict(X.astype(dtype)).dtype == dtype
    assert model.predict(X.astype(dtype)).dtype == CLASSES.dtype


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int64", "bool", "float16", ">f8", "object"])
def test_other_numbers_are_computed_in_float64(dtype):
    data = (np.abs(X) * 3).astype(dtype)
    model = MLPClassifier(**SMALL).fit(data, CLASSES)
    assert model.coefs_[0].dtype == np.float64
    expected = MLPClassifier(**SMALL).fit(data.astype(float), CLASSES)
    np.testing.assert_array_equal(model.predict_proba(data), expected.predict_proba(data.astype(float)))


@pytest.mark.parametrize(("rows", "solver", "dtype"), [(4999, "sgd", "f8"), (5000, "sgd", "f4"), (5000, "lbfgs", "f8")])
def test_many_rows_are_computed_in_float32_except_by_lbfgs(rows, solver, dtype):
    X = np.linspace(-1.0, 1.0, rows)[:, np.newaxis]
    model = MLPClassifier((2,), solver=solver, max_iter=1, random_state=0)
    assert model.fit(X, X[:, 0] > 0).coefs_[0].dtype == dtype
    kept = MLPClassifier((2,), solver=solver, max_iter=1, random_state=0, dtype="float64")
    assert kept.fit(X, X[:, 0] > 0).coefs_[0].dtype == np.float64


def test_the_dtype_that_is_asked_for():
    for dtype in ("float32", np.float64):
        model = MLPClassifier(**SMALL, dtype=dtype).fit(X, CLASSES)
        assert model.coefs_[0].dtype == dtype
        assert model.predict_proba(X).dtype == np.float64


@pytest.mark.parametrize("arithmetic", ["float32", "float64"])
@pytest.mark.parametrize(
    ("kind", "y", "settings"),
    [
        (MLPClassifier, CLASSES, {}),
        (MLPClassifier, CLASSES > 0, {}),
        (MLPClassifier, MANY, {}),
        (MLPClassifier, CLASSES, {"loss": "hinge"}),
        (MLPRegressor, VALUE, {}),
        (MLPRegressor, MANY, {"loss": "poisson"}),
    ],
    ids=["classes", "two classes", "labels", "scores", "values", "counts"],
)
def test_outputs_have_the_dtype_of_x_whatever_the_arithmetic_was(kind, y, settings, arithmetic):
    model = kind(**SMALL | settings, dtype=arithmetic).fit(X, y)
    model.partial_fit(X, y)
    given = [X, X.astype(">f8"), np.rint(X).astype(int), X.astype("f2"), X.tolist(), sp.csr_matrix(X), X[:1]]
    narrow = [
        X.astype("f4"),
        X.astype(">f4"),
        np.asfortranarray(X, "f4"),
        sp.csc_array(X.astype("f4")),
        X[:1].astype("f4"),
    ]
    names = ["predict_proba", "predict_log_proba", "decision_function"] if kind is MLPClassifier else ["predict"]
    asked = [getattr(model, name) for name in names if hasattr(model, name)]
    assert asked
    for outputs in asked:
        assert {outputs(data).dtype for data in given} == {np.dtype("f8")}
        # as NumPy has it for weights of that dtype: no narrower than the arithmetic
        assert {outputs(data).dtype for data in narrow} == {np.dtype(arithmetic)}


def test_a_scaling_of_targets_is_undone_in_the_digits_of_x():
    """What was reported: of 6000 rows 19 different values, where float32 has a number for every 128."""
    x = np.linspace(-1, 1, 6000)[:, np.newaxis]
    y = 1.7e9 + 100 * x[:, 0]
    model = MLPRegressor(hidden_layer_sizes=(), learning_rate_init=0.1, max_iter=5, random_state=0)
    scaled = TransformedTargetRegressor(model, transformer=StandardScaler()).fit(x, y)
    assert scaled.regressor_.coefs_[0].dtype == np.float32
    predicted = scaled.predict(x)
    # as many as float32 has of them before the scale is undone
    assert len(np.unique(predicted)) == len(np.unique(scaled.regressor_.predict(x))) > 5000
    assert scaled.score(x, y) > 0.9


def test_probabilities_in_float64_are_those_of_the_logits_on_both_sides():
    """For X of float64 ``1 - p`` of a p in float32 would be 0, and rows would add up to 1 in seven digits."""
    x = np.linspace(-9, 9, 600)[:, np.newaxis]
    labels = np.column_stack([x[:, 0] > 0, x[:, 0] > 1])
    for y in (x[:, 0] > 0, np.digitize(x[:, 0], [-1, 0, 1]), labels):
        model = MLPClassifier((), max_iter=1, random_state=0, dtype="float32").fit(x, y)
        model.coefs_[0][:] = [[4.0, 3.0, -1.0, -4.0][: model.n_outputs_]]
        model.intercepts_[0][:] = 0.25
        logits = x.astype(np.float64) @ model.coefs_[0].astype(np.float64) + 0.25
        found = model.predict_proba(x)
        if y.ndim == 1:
            logits = np.column_stack([np.zeros(600), logits[:, 0]]) if logits.shape[1] == 1 else logits
            expected = np.exp(logits - logits.max(axis=1, keepdims=True))
            expected /= expected.sum(axis=1, keepdims=True)
            assert abs(found.sum(axis=1) - 1).max() <= 4 * np.finfo(np.float64).eps
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                log_loss(y, found)
        else:
            expected = 1 / (1 + np.exp(-logits))
        # of logits below 64 in float32; 2^-12 where 1 - p comes of p; in softmax, less than 2^-100 counts as 0
        np.testing.assert_allclose(found, expected, rtol=2**-11, atol=1e-30)
        assert (found < 1).all()
        for rows in (slice(0, 1), slice(300, 301), slice(590, 600)):
            np.testing.assert_array_equal(model.predict_proba(x[rows]), found[rows])
        np.testing.assert_allclose(np.exp(model.predict_log_proba(x)), found, rtol=2**-11, atol=1e-30)


@pytest.mark.parametrize("kind", FORMATS)
def test_sparse_data_give_what_dense_ones_do(kind):
    sparse = getattr(sp, kind)(X)
    model = MLPClassifier(**SMALL).fit(sparse, CLASSES)
    dense = MLPClassifier(**SMALL).fit(X, CLASSES)
    np.testing.assert_array_equal(model.coefs_[0], dense.coefs_[0])
    np.testing.assert_array_equal(model.predict_proba(sparse), dense.predict_proba(X))
    np.testing.assert_array_equal(model.partial_fit(sparse, CLASSES).coefs_[0], dense.partial_fit(X, CLASSES).coefs_[0])
    values = MLPRegressor(**SMALL).fit(sparse, VALUE)
    np.testing.assert_array_equal(values.predict(sparse), MLPRegressor(**SMALL).fit(X, VALUE).predict(X))


def test_sparse_data_take_no_memory_for_zeros():
    wide = sp.random(3000, 5000, density=0.001, format="csr", random_state=0)
    wide.indices[:3] = [4999, 0, 2500]  # the ends of a row, and not in order
    y = np.asarray(wide.sum(axis=1)).ravel() > 2.5
    settings = {"hidden_layer_sizes": (2,), "max_iter": 1, "early_stopping": True, "solver": "sgd", "random_state": 0}
    tracemalloc.start()
    try:
        model = MLPClassifier(**settings).fit(wide, y)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # a fifth of the dense rows, which NumPy would have asked for; those set aside, a tenth, are predicted on
    assert peak < 3000 * 5000 * 8 / 5
    np.testing.assert_array_equal(model.coefs_[0], MLPClassifier(**settings).fit(wide.toarray(), y).coefs_[0])


@pytest.mark.parametrize(
    "settings", [{"scale": "standard"}, {"solver": "lbfgs"}, {"early_stopping": True}, {"dtype": "float32"}]
)
def test_sparse_data_are_no_others_whatever_is_done_with_them(settings):
    sparse = sp.csr_matrix(X)
    model = MLPClassifier(**SMALL | settings).fit(sparse, CLASSES)
    dense = MLPClassifier(**SMALL | settings).fit(X, CLASSES)
    np.testing.assert_array_equal(model.coefs_[0], dense.coefs_[0])
    settings = SMALL | settings | {"early_stopping": False}
    values = MLPRegressor(**settings).fit(sparse, VALUE, X_val=X[:20], y_val=VALUE[:20])
    again = MLPRegressor(**settings).fit(X, VALUE, X_val=sp.coo_matrix(X[:20]), y_val=VALUE[:20])
    np.testing.assert_array_equal(values.coefs_[0], again.coefs_[0])
    assert values.validation_scores_ == again.validation_scores_


def test_sparse_data_follow_a_change_of_dtype():
    settings = SMALL | {"warm_start": True, "dtype": "float32"}
    models = [MLPClassifier(**settings).fit(data, CLASSES) for data in (sp.csr_matrix(X), X)]
    for model, data in zip(models, (sp.csr_matrix(X), X), strict=True):
        model.set_params(dtype="float64").fit(data, CLASSES)
    assert models[0].coefs_[0].dtype == np.float64
    np.testing.assert_array_equal(models[0].coefs_[0], models[1].coefs_[0])


def test_entries_of_one_place_add_up_and_the_matrix_stays_as_it_is():
    twice = sp.csr_matrix((np.ones(80 * 2), np.tile([3, 3], 80), np.arange(0, 161, 2)), shape=(80, 4))
    dense = twice.toarray()
    assert dense.max() == 2
    model = MLPClassifier(**SMALL).fit(twice, CLASSES)
    np.testing.assert_array_equal(model.coefs_[0], MLPClassifier(**SMALL).fit(dense, CLASSES).coefs_[0])
    assert twice.nnz == 160


def test_what_float32_does_not_hold_is_said_of_the_number_that_came():
    large = sp.csr_matrix(X)
    large.data[5] = 1e300
    with pytest.raises(ValueError, match=r"1e\+300"):
        MLPClassifier(**SMALL, dtype="float32").fit(large, CLASSES)


def test_large_sparse_data_are_predicted_in_blocks(monkeypatch):
    model = MLPClassifier(**SMALL).fit(X, CLASSES)
    # 7 rows of 4 doubles, so that the last block is a short one
    monkeypatch.setattr("fastmlp.sklearn._mlp.data.DENSE_BYTES", 7 * 4 * 8)
    np.testing.assert_array_equal(model.predict_proba(sp.csr_matrix(X)), model.predict_proba(X))


def test_a_sparse_float32_matrix_keeps_its_dtype():
    model = MLPClassifier(**SMALL).fit(sp.csr_matrix(X.astype("float32")), CLASSES)
    assert model.coefs_[0].dtype == np.float32


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_names_of_columns(library):
    frames = pytest.importorskip(library, reason=f"{library} comes with the extra 'test'")
    names = ["a", "b", "c", "d"]
    frame = frames.DataFrame({name: X[:, i] for i, name in enumerate(names)})
    if not hasattr(theirs.MLPClassifier(**SMALL).fit(frame, CLASSES), "feature_names_in_"):
        pytest.skip(f"this version of scikit-learn reads no names from this version of {library}")
    for model in (MLPClassifier(**SMALL).fit(frame, CLASSES), MLPRegressor(**SMALL).fit(frame, VALUE)):
        assert model.feature_names_in_.tolist() == names
        array = type(model)(**SMALL).fit(X, CLASSES if isinstance(model, MLPClassifier) else VALUE)
        assert not hasattr(array, "feature_names_in_")
        np.testing.assert_array_equal(model.predict(frame), array.predict(X))
        with pytest.raises(ValueError, match="feature names should match"):
            model.predict(frame[["b", "a", "c", "d"]])
        with pytest.warns(UserWarning, match="does not have valid feature names"):
            model.predict(X)
        # a fit without names forgets them
        assert not hasattr(model.fit(X, model.predict(frame)), "feature_names_in_")


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_labels_in_a_column(library):
    frames = pytest.importorskip(library, reason=f"{library} comes with the extra 'test'")
    names = np.array(["low", "middle", "high"])
    model = MLPClassifier(**SMALL).fit(X, frames.Series(names[CLASSES]))
    assert model.classes_.tolist() == ["high", "low", "middle"]
    assert set(model.predict(X)) <= set(names)
    weights = frames.Series(np.ones(80))
    same = MLPClassifier(**SMALL).fit(X, names[CLASSES], weights)
    np.testing.assert_array_equal(same.predict(X), model.predict(X))


@pytest.mark.parametrize(
    "names",
    [
        np.array(["b", "c", "a"]),
        np.array(["b", "cc", "aaa"], dtype=object),
        np.array([10, -3, 7]),
        np.array([2.0, 0.0, 1.0]),
    ],
)
def test_labels_keep_their_kind(names):
    y = names[CLASSES]
    mine, other = (kind(**SMALL, solver="sgd").fit(X, y) for kind in (MLPClassifier, theirs.MLPClassifier))
    np.testing.assert_array_equal(mine.classes_, other.classes_)
    # there, objects become strings
    assert mine.classes_.dtype == mine.predict(X).dtype == names.dtype
    # the column of a label is at its place in classes_: what is learned by heart is named right
    heart = MLPClassifier((20,), solver="lbfgs", random_state=0, max_iter=500).fit(X, y)
    np.testing.assert_array_equal(heart.predict(X), y)
    np.testing.assert_array_equal(heart.classes_[heart.predict_proba(X).argmax(axis=1)], y)


@pytest.mark.parametrize(
    "y",
    [
        (CLASSES > 0).astype(object),
        np.array(list(CLASSES > 0), object),
        CLASSES.astype(object),
        pd.Series(CLASSES > 0, dtype="boolean"),
        pd.Series(CLASSES, dtype="Int64"),
        pl.Series(list(CLASSES)),
        pytest.param(
            lambda: np.array(NAMES, np.dtypes.StringDType()),
            marks=pytest.mark.skipif(np.__version__ < "2", reason="came with NumPy 2"),
        ),
    ],
    ids=range(7),
)
def test_labels_are_what_they_are_whatever_holds_them(y):
    y = y() if callable(y) else y
    plain = NAMES if str(y.dtype) == "StringDType()" else np.array(list(y))
    labels = np.unique(plain)
    expected = MLPClassifier(**SMALL).fit(X, plain)
    model = MLPClassifier(**SMALL).fit(X, y, X_val=X, y_val=y)
    np.testing.assert_array_equal(model.coefs_[0], expected.coefs_[0])
    assert model.classes_.tolist() == labels.tolist()
    assert model.score(X, y) == expected.score(X, plain)
    part = MLPClassifier(**SMALL).partial_fit(X, y, classes=y)
    np.testing.assert_array_equal(
        part.predict(X), MLPClassifier(**SMALL).partial_fit(X, plain, classes=labels).predict(X)
    )


def test_two_labels():
    y = np.where(CLASSES > 0, "up", "down")
    model = MLPClassifier((20,), solver="lbfgs", random_state=0, max_iter=500).fit(X, y)
    assert (model.n_outputs_, model.coefs_[-1].shape[1]) == (1, 1)
    np.testing.assert_array_equal(model.predict(X), y)
    probabilities = model.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-15)
    np.testing.assert_array_equal(probabilities[:, 1] > 0.5, y == "up")
    np.testing.assert_array_equal(MLPClassifier(**SMALL).fit(X, CLASSES > 0).classes_, [False, True])


@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix])
def test_several_labels_for_a_sample(form):
    model = MLPClassifier((20,), solver="lbfgs", random_state=0, max_iter=500).fit(X, form(MANY))
    predicted = model.predict(X)
    assert sp.issparse(predicted) == sp.issparse(form(MANY))
    np.testing.assert_array_equal(predicted.toarray() if sp.issparse(predicted) else predicted, MANY)
    np.testing.assert_array_equal(model.predict_proba(X) > 0.5, MANY)
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.score(X, MANY) == 1.0


def test_several_values_for_a_sample():
    model = MLPRegressor(**SMALL).fit(X, np.column_stack([VALUE, X[:, 2], X[:, 3]]))
    assert model.predict(X).shape == (80, 3)
    assert model.predict(X[:1]).shape == (1, 3)
    assert MLPRegressor(**SMALL).fit(X, VALUE).predict(X[:1]).shape == (1,)
    with pytest.warns(UserWarning, match="column-vector"):
        assert MLPRegressor(**SMALL).fit(X, VALUE[:, None]).predict(X).shape == (80,)


def test_counts_are_predicted_as_counts():
    counts = RNG.poisson(np.exp(X[:, 0]))
    model = MLPRegressor("poisson", (20,), solver="lbfgs", random_state=0, max_iter=20).fit(X, counts)
    assert model.predict(X).min() > 0
    np.testing.assert_allclose(model.predict(X), np.exp(model.network_.forward(X)[:, 0]), rtol=1e-14)


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_one_row_is_checked_like_many(odd):
    model = MLPClassifier(**SMALL).fit(X, CLASSES)
    np.testing.assert_array_equal(model.predict_proba(X[3:4])[0], model.predict_proba(X)[3])
    for rows in (X[:1], X):
        broken = rows.copy()
        broken[0, 2] = odd
        with pytest.raises(ValueError, match="Input X contains"):
            model.predict_proba(broken)
        with pytest.raises(ValueError, match="X has 3 features, but MLPClassifier is expecting 4"):
            model.predict(rows[:, :3])
    for nothing in (X[:0], X[0]):
        with pytest.raises(ValueError, match=r"0 sample|Expected 2D array"):
            model.predict(nothing)
