"""Weights of rows and classes in TabularClassifier and TabularRegressor.

What could go wrong: a row of weight 0 that still counts, for columns, units or the rows that are set aside; weights
that reach the loss and not the choice of the epoch; weights of classes that are those of other labels; weights that no
model can have, passed on to a network in words of its own.
"""

import numpy as np
import pandas as pd
import pytest

import fastmlp.sklearn
from fastmlp.sklearn import TabularClassifier, TabularRegressor

RNG = np.random.default_rng(0)
N = 120
KINDS, SIZES = RNG.choice(["a", "b", "c"], N), RNG.normal(size=N)
TABLE = pd.DataFrame({"size": SIZES, "kind": KINDS, "is_new": RNG.random(N) < 0.5})
VALUES = SIZES * 3 + (KINDS == "a") * 2 + RNG.normal(size=N)
LABELS = np.where(VALUES > 1, "high", "low")
SMALL = {"hidden_layer_sizes": (8,), "n_estimators": 2, "max_iter": 8, "random_state": 0}
EACH = pytest.mark.parametrize(("kind", "y"), [(TabularClassifier, LABELS), (TabularRegressor, VALUES)])


def outputs(model, X):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


def constant(labels_or_values, weights, kind, **settings):
    """Return a model of a table that says nothing, whose predictions are what the weights make of y."""
    X = np.zeros((len(labels_or_values), 1))
    model = kind(hidden_layer_sizes=(4,), max_iter=60, random_state=0, **settings)
    return model.fit(X, labels_or_values, sample_weight=weights)


@EACH
@pytest.mark.parametrize("as_frame", [True, False])
def test_a_row_of_weight_0_is_not_there(kind, y, as_frame):
    weights = RNG.integers(1, 4, N).astype(float)
    left_out = RNG.random(N) < 0.3
    table = TABLE.copy()
    # what would change columns and units, were it there
    table.loc[left_out, "size"] = 1e6
    table.loc[left_out, "kind"] = "d"
    X = table if as_frame else table.to_numpy(dtype=object)
    changed = y.copy()
    changed[left_out] = "low" if kind is TabularClassifier else 1e9
    weighed = kind(**SMALL).fit(X, changed, sample_weight=np.where(left_out, 0, weights))
    bare = kind(**SMALL).fit(X[~left_out], y[~left_out], sample_weight=weights[~left_out])
    np.testing.assert_array_equal(outputs(weighed, X[~left_out]), outputs(bare, X[~left_out]))


@EACH
def test_equal_weights_change_nothing(kind, y):
    # their mean is a division by another number, which rounds
    plain, weighed = kind(**SMALL).fit(TABLE, y), kind(**SMALL).fit(TABLE, y, sample_weight=np.full(N, 3.0))
    np.testing.assert_allclose(outputs(weighed, TABLE), outputs(plain, TABLE), rtol=2e-3, atol=2e-3)


def test_a_weight_counts_as_often_as_it_says():
    labels, weights = np.array(["no", "yes"] * 100), np.array([1.0, 3.0] * 100)
    assert constant(labels, weights, TabularClassifier).predict_proba([[0.0]])[0, 1] == pytest.approx(0.75, abs=0.02)
    values = np.array([0.0, 1.0] * 100)
    assert constant(values, weights, TabularRegressor).predict([[0.0]])[0] == pytest.approx(0.75, abs=0.02)


def test_balanced_classes_weigh_the_same():
    labels = np.array(["rare"] + ["often"] * 9)[RNG.integers(0, 10, 400)]
    alone = constant(labels, None, TabularClassifier).predict_proba([[0.0]])[0, 1]
    assert alone == pytest.approx((labels == "rare").mean(), abs=0.03)
    balanced = constant(labels, None, TabularClassifier, class_weight="balanced").predict_proba([[0.0]])[0, 1]
    assert balanced == pytest.approx(0.5, abs=0.03)
    # a class counts by the weights of its rows
    weights = np.where(labels == "rare", 9.0, 1.0)
    both = constant(labels, weights, TabularClassifier, class_weight="balanced").predict_proba([[0.0]])[0, 1]
    assert both == pytest.approx(0.5, abs=0.03)


def test_weights_of_classes_are_by_label():
    labels = np.array([3, 7] * 100)
    model = constant(labels, None, TabularClassifier, class_weight={7: 3.0})
    assert model.predict_proba([[0.0]])[0, 1] == pytest.approx(0.75, abs=0.02)
    # of weight 0 is as not there
    alone = constant(labels, None, TabularClassifier, class_weight={7: 0.0})
    assert alone.predict_proba([[0.0]])[0, 0] > 0.95
    with pytest.raises(ValueError, match=r"^class_weight has the label 8, which is none of classes_: 3, 7\.$"):
        constant(labels, None, TabularClassifier, class_weight={8: 1.0})
    with pytest.raises(TypeError, match=r"^class_weight must be None, 'balanced' or a dict"):
        constant(labels, None, TabularClassifier, class_weight="even")


@EACH
def test_weights_of_the_validation_rows_choose_the_epoch(kind, y):
    learned, judged = slice(0, 80), slice(80, N)
    weights = (RNG.random(N) < 0.5)[judged]
    noisy = y.copy()
    noisy[judged][~weights] = RNG.permutation(y)[: (~weights).sum()]
    settings = {**SMALL, "max_iter": 30}
    fit = kind(**settings).fit
    weighed = fit(TABLE[learned], y[learned], X_val=TABLE[judged], y_val=noisy[judged], sample_weight_val=weights)
    fit = kind(**settings).fit
    bare = fit(TABLE[learned], y[learned], X_val=TABLE[judged][weights], y_val=y[judged][weights])
    assert weighed.best_iterations_ == bare.best_iterations_
    np.testing.assert_array_equal(outputs(weighed, TABLE), outputs(bare, TABLE))


def test_a_file_keeps_weights_of_classes(tmp_path):
    model = TabularClassifier(**SMALL, class_weight={"high": 2.0, "low": 0.5}).fit(TABLE, LABELS)
    model.save(tmp_path / "model.safetensors")
    assert fastmlp.sklearn.load(tmp_path / "model.safetensors").get_params() == model.get_params()


@EACH
def test_weights_that_cannot_be_are_refused(kind, y):
    model = kind(**SMALL)
    with pytest.raises(ValueError, match=r"^sample_weight holds -1.0, but weights must not be negative\.$"):
        model.fit(TABLE, y, sample_weight=-np.ones(N))
    # scikit-learn's own sentence where it has one, which is new in 1.8
    with pytest.raises(ValueError, match=r"at least one non-zero number|^sample_weight adds up to 0\.0, but must"):
        model.fit(TABLE, y, sample_weight=np.zeros(N))
    with pytest.raises(ValueError, match=r"sample_weight\.shape == "):
        model.fit(TABLE, y, sample_weight=np.ones(3))
    with pytest.raises(ValueError, match="sample_weight contains NaN"):
        model.fit(TABLE, y, sample_weight=np.full(N, np.nan))
    with pytest.raises(ValueError, match=r"^sample_weight_val is of X_val and y_val: give these, too\.$"):
        model.fit(TABLE, y, sample_weight_val=np.ones(N))
    with pytest.raises(ValueError, match=r"^sample_weight_val holds -1.0, but weights must not be negative\.$"):
        model.fit(TABLE, y, X_val=TABLE, y_val=y, sample_weight_val=-np.ones(N))
    assert not hasattr(model, "networks_")
