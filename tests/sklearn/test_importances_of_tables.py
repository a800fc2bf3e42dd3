"""Importances of the columns of a table.

What could go wrong: parts that do not add up to what outputs change by (integral); a column's categories counted apart,
or for another column (columns); units of the network in the place of those of predictions (units); a threads or row
count that changes more than it says (rows). scikit-learn's permutation_importance must agree on what matters.
"""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.inspection import permutation_importance

from fastmlp.sklearn import TabularClassifier, TabularRegressor
from fastmlp.sklearn._tabular.importances import columns_of_inputs, parts

RNG = np.random.default_rng(0)
N = 300
TABLE = pd.DataFrame(
    {
        "kind": RNG.choice(["a", "b", "c"], N),
        "size": RNG.uniform(size=N),
        "idle": RNG.normal(size=N),
        "new": RNG.random(N) < 0.5,
    }
)
VALUES = 100 * (TABLE["size"] + 2 * (TABLE["kind"] == "a"))
SMALL = {"hidden_layer_sizes": (16,), "n_estimators": 2, "max_iter": 40, "random_state": 0}


@pytest.fixture(scope="module")
def regressor():
    return TabularRegressor(**SMALL).fit(TABLE, VALUES)


def test_parts_add_up_to_the_change_of_the_outputs(regressor):
    numbers = regressor._encoder.transform(TABLE).astype(float)
    columns = columns_of_inputs(regressor._encoder)
    np.testing.assert_array_equal(columns, [1, 2, 0, 0, 0, 3, 3])
    rows, others = numbers[:50], numbers[50:100]
    found = parts(regressor.networks_, regressor.repeats_, rows, others, columns)
    assert found.shape == (50, 1, 4)
    outputs = [np.mean([one.forward(X) for one in regressor.networks_], axis=0) for X in (rows, others)]
    # of eight points on the line; outputs have a deviation of 1
    np.testing.assert_allclose(found.sum(axis=2), outputs[0] - outputs[1], atol=1e-3)


def test_they_are_in_units_of_the_values(regressor):
    kind, size, idle, new = regressor.importances(TABLE)
    # of two values from 0 to 1 the mean difference is 1 / 3; rows differ in whether they are of kind a in 4 of 9 pairs
    assert size == pytest.approx(100 / 3, rel=0.15)
    assert kind == pytest.approx(200 * 4 / 9, rel=0.15)
    assert max(idle, new) < 5
    several = TabularRegressor(**SMALL).fit(TABLE, np.column_stack([VALUES, -VALUES])).importances(TABLE)
    assert several.shape == (2, 4)
    np.testing.assert_allclose(several[0], several[1], rtol=0.2, atol=3)


def test_they_are_probabilities_of_classes():
    model = TabularClassifier(**SMALL).fit(TABLE, np.where(TABLE["kind"] == "a", "yes", "no"))
    found = model.importances(TABLE)
    # between two kinds the probability goes from 0 to 1
    assert found[0] == pytest.approx(4 / 9, abs=0.06)
    assert found[1:].max() < 0.05
    labels = np.column_stack([TABLE["kind"] == "a", TABLE["new"]])
    several = TabularClassifier(**SMALL).fit(TABLE, labels).importances(TABLE)
    np.testing.assert_array_equal(several.argmax(axis=1), [0, 3])


def test_rows_are_drawn_and_threads_change_nothing(regressor):
    few = regressor.importances(TABLE, max_rows=60)
    # of 60 pairs a share of 4 / 9 has a standard error of a seventh of it
    np.testing.assert_allclose(few, regressor.importances(TABLE), rtol=0.45, atol=2)
    np.testing.assert_array_equal(few, regressor.importances(TABLE, max_rows=60))
    np.testing.assert_array_equal(few, regressor.set_params(n_threads=1).importances(TABLE, max_rows=60))
    assert (few != regressor.importances(TABLE, max_rows=60, random_state=1)).any()


def test_permutations_agree(regressor):
    found = permutation_importance(regressor, TABLE, VALUES, n_repeats=2, random_state=0).importances_mean
    assert found.argsort()[-2:].tolist() == regressor.importances(TABLE).argsort()[-2:].tolist()


def test_what_says_nothing_of_columns_is_refused(regressor):
    with pytest.raises(NotFittedError):
        TabularRegressor().importances(TABLE)
    with pytest.raises(ValueError, match=r"^X has one row, but importances compare rows with each other"):
        regressor.importances(TABLE[:1])
    with pytest.raises(ValueError, match=r"^max_rows must be .*at least 2"):
        regressor.importances(TABLE, max_rows=1)
