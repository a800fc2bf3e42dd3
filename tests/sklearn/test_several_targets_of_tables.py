"""Several values, or several labels, for each row of a table.

What could go wrong: columns that are mixed up or learned in one unit (values); labels taken for classes that exclude
each other, or probabilities that still have the label smoothing in them (labels); a row's other columns lost in files,
frames or validation sets; columns of something else than 0 and 1 learned as if they were.
"""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score

import fastmlp.sklearn
from fastmlp.sklearn import TabularClassifier, TabularRegressor

RNG = np.random.default_rng(0)
N = 300
TABLE = pd.DataFrame({"size": RNG.normal(size=N), "kind": RNG.choice(["a", "b"], N)})
FIRST, SECOND = TABLE["size"] * 3 + (TABLE["kind"] == "a"), 1e6 - 1e5 * TABLE["size"]
VALUES = np.column_stack([FIRST, SECOND])
LABELS = np.column_stack([TABLE["size"] > 0, TABLE["kind"] == "a", TABLE["size"] > -0.5]).astype(int)
SMALL = {"hidden_layer_sizes": (16,), "n_estimators": 2, "max_iter": 30, "random_state": 0}


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "poisson", "quantile"])
def test_each_column_is_learned_in_its_own_unit(loss):
    y = VALUES - VALUES.min(axis=0)
    model = TabularRegressor(**SMALL, loss=loss).fit(TABLE, y)
    assert model.predict(TABLE).shape == (N, 2)
    errors = np.abs(model.predict(TABLE) - y).mean(axis=0) / y.std(axis=0)
    assert (errors < 0.3).all(), errors
    each = [r2_score(y[:, column], model.predict(TABLE)[:, column]) for column in (0, 1)]
    assert model.score(TABLE, y) == pytest.approx(np.mean(each))


def test_a_column_of_constants_is_no_hindrance():
    y = np.column_stack([np.full(N, 4.0), FIRST])
    model = TabularRegressor(**SMALL).fit(TABLE, y)
    np.testing.assert_array_equal(model.predict(TABLE)[:, 0], 4.0)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_labels_do_not_exclude_each_other(smoothing):
    model = TabularClassifier(**SMALL, label_smoothing=smoothing).fit(TABLE, LABELS)
    assert model.score(TABLE, LABELS) > 0.9
    probabilities = model.predict_proba(TABLE)
    assert probabilities.shape == (N, 3)
    assert probabilities.sum(axis=1).max() > 2
    np.testing.assert_array_equal(model.predict(TABLE), probabilities > 0.5)
    np.testing.assert_array_equal(model.classes_, [0, 1, 2])
    # float32
    np.testing.assert_allclose(model.predict_log_proba(TABLE), np.log(probabilities), atol=1e-5)
    assert ((probabilities > 0) & (probabilities < 1)).all() or not smoothing


def test_probabilities_of_labels_are_their_shares():
    # of a table that says nothing: without undoing the smoothing they would be 0.275 and 0.905
    y = np.column_stack([np.arange(400) % 4 == 0, np.arange(400) % 20 != 0])
    model = TabularClassifier((4,), max_iter=60, random_state=0).fit(np.zeros((400, 1)), y)
    np.testing.assert_allclose(model.predict_proba([[0.0]])[0], [0.25, 0.95], atol=0.02)


@pytest.mark.parametrize(("kind", "y"), [(TabularRegressor, VALUES), (TabularClassifier, LABELS)])
def test_files_frames_and_validation_sets_have_all_columns(tmp_path, kind, y):
    weights = np.arange(N) % 3
    model = kind(**SMALL).fit(TABLE, y, X_val=TABLE, y_val=y, sample_weight=weights)
    model.save(tmp_path / "model.safetensors")
    again = fastmlp.sklearn.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(TABLE), model.predict(TABLE))
    assert vars(again).keys() == vars(model).keys()
    frame = pd.DataFrame(y)
    framed = kind(**SMALL).fit(TABLE, frame, X_val=TABLE, y_val=frame, sample_weight=weights)
    np.testing.assert_array_equal(framed.predict(TABLE), model.predict(TABLE))
    what = "one label for each row" if kind is TabularClassifier else "one value for each row, but y had 2"
    with pytest.raises(ValueError, match=f"^an exported file has {what}"):
        model.to_c(tmp_path / "model.h")


def test_what_is_no_column_of_a_target_is_refused():
    def refused(sentence, model, y, y_val=None):
        with pytest.raises(ValueError, match=sentence):
            model.fit(TABLE, y, X_val=None if y_val is None else TABLE, y_val=y_val)
        assert not hasattr(model, "networks_")

    refused(r"^y has 3 columns and holds 2, but several labels .* columns of 0 and 1", TabularClassifier(), LABELS * 2)
    refused(r"^y has 3 columns and holds '1', but several", TabularClassifier(), LABELS.astype(str))
    refused(r"^y_val has another shape than y, which has 3 columns", TabularClassifier(), LABELS, LABELS[:, :2])
    refused(r"^y_val has another shape than y, which has 3 columns", TabularClassifier(), LABELS, LABELS[:, 0])
    refused(r"^y_val has 3 columns, but y has one label for each row", TabularClassifier(), LABELS[:, 0], LABELS)
    refused(r"^class_weight is for one label", TabularClassifier(class_weight="balanced"), LABELS)
    refused(r"^y_val has 1 value for each row, but y has 2\.$", TabularRegressor(), VALUES, VALUES[:, 0])
    refused(r"^y_val has 2 values for each row, but y has 1\.$", TabularRegressor(), VALUES[:, 0], VALUES)
    refused(r"contains NaN", TabularRegressor(), np.where(VALUES > 1e6, np.nan, VALUES))
