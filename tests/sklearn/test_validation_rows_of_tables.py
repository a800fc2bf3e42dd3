"""The rows that choose the epochs of a model for tables: groups, the order of time, and sets under other names.

What could go wrong: a group on both sides of a split, or all of the members with the same groups (groups); rows that
are later than some that are set aside, learned from (time); a set that is taken for another (names); what contradicts
each other, or has no group, taken silently (refused).
"""

from itertools import islice

import numpy as np
import pandas as pd
import pytest

from fastmlp.sklearn import TabularClassifier, TabularRegressor
from fastmlp.sklearn._tabular.aside import group_rows
from fastmlp.sklearn._tabular.members import train

RNG = np.random.default_rng(0)
N = 200
X = RNG.normal(size=(N, 3))
GROUPS = RNG.integers(0, 23, N)
SMALL = {"hidden_layer_sizes": (8,), "n_estimators": 5, "max_iter": 4, "random_state": 0}
EACH = pytest.mark.parametrize(("kind", "y"), [(TabularClassifier, X[:, 0] > 0), (TabularRegressor, X[:, 0])])


def asides_of(model, y, **arguments):
    """Return the rows that each member sets aside in a fit."""
    seen = []

    def spy(network, samples, aside, settings, **others):
        seen.append(aside)
        return train(network, samples, aside, settings, **others)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fastmlp.sklearn._tabular.fitting.train", spy)
        model.fit(X[: len(y)], y, **arguments)
    return seen


@EACH
@pytest.mark.parametrize("names", [GROUPS, [f"shop {g}" for g in GROUPS], pd.Series(GROUPS).astype("category")])
def test_no_group_is_on_both_sides(kind, y, names):
    parts = asides_of(kind(**SMALL), y, groups=names)
    assert len(parts) == 5
    for rows in parts:
        assert not set(GROUPS[rows]) & set(np.delete(GROUPS, rows))
        # a fifth of the rows, within half of the largest group
        assert abs(len(rows) - N / 5) <= np.bincount(GROUPS).max() / 2


def test_members_set_each_group_aside_in_turn():
    parts = asides_of(TabularRegressor(**SMALL), X[:, 0], groups=GROUPS)
    times = np.bincount(np.concatenate([np.unique(GROUPS[rows]) for rows in parts]), minlength=23)
    # in five parts of about a fifth each, a few come again or not at all
    assert times.max() <= 2
    assert (times == 0).sum() <= 2
    equal = np.repeat(np.arange(10), 20)
    parts = list(islice(group_rows(equal, 0.2, np.random.RandomState(0)), 5))
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(N))


@pytest.mark.parametrize("fraction", [0.01, 0.5, 0.99])
@pytest.mark.parametrize("groups", [[0, 1], [0, 0, 0, 0, 1], [5, 5, 5, 5, 5, 5, 2, 9], list(range(7))])
def test_some_groups_are_set_aside_and_some_are_not(groups, fraction):
    groups = np.array(groups)
    for rows in islice(group_rows(groups, fraction, np.random.RandomState(0)), 9):
        assert 0 < len(rows) < len(groups)
        assert not set(groups[rows]) & set(np.delete(groups, rows))


def test_what_is_left_out_by_its_weight_has_no_group():
    weights = (GROUPS != 3).astype(float)
    parts = asides_of(TabularRegressor(**SMALL), X[:, 0], groups=GROUPS, sample_weight=weights)
    left = GROUPS[weights > 0]
    for rows in parts:
        assert not set(left[rows]) & set(np.delete(left, rows))


@EACH
def test_the_last_rows_are_set_aside(kind, y):
    for rows in asides_of(kind(**SMALL, validation="last"), y):
        np.testing.assert_array_equal(rows, np.arange(160, 200))
    model = kind(**SMALL, validation="last", validation_fraction=0.999)
    assert [len(rows) for rows in asides_of(model, y[:20])] == [19] * 5


@EACH
def test_a_set_under_the_name_of_others_is_the_same(kind, y):
    weights = np.arange(50.0)
    ours = kind(**SMALL).fit(X, y, X_val=X[:50], y_val=y[:50], sample_weight_val=weights)
    theirs = kind(**SMALL).fit(X, y, eval_set=[(X[:50], y[:50])], sample_weight_val=weights)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    assert ours.best_iterations_ == theirs.best_iterations_


@EACH
def test_what_contradicts_itself_is_refused(kind, y):
    def refused(sentence, error=ValueError, y=y, **arguments):
        model = kind(**SMALL, validation=arguments.pop("validation", "random"))
        with pytest.raises(error, match=sentence):
            model.fit(X[: len(y)], y, **arguments)
        assert not hasattr(model, "networks_")

    pair = (X, y)
    refused(r"^groups has shape \(3,\), but y has 200 rows: give the group of each\.$", groups=[1, 2, 3])
    refused(r"^groups has one group, but needs one to learn from", groups=np.zeros(N))
    refused(r"^groups holds nan in row 7: ", groups=np.where(np.arange(N) == 7, np.nan, 0.0))
    refused(r"^groups holds None in row 1: leave such rows out", groups=["a", None] * 100)
    refused(r"^groups holds what is no name of a group", TypeError, groups=as_objects([[1], [2]] * 100))
    refused(r"^groups and validation='last' both say which rows", groups=GROUPS, validation="last")
    refused(r"^groups say which rows are set aside, but there are rows of X_val", groups=GROUPS, eval_set=[pair])
    refused(r"^validation must be one of 'random', 'last', got 'time'\.$", validation="time")
    refused(r"^eval_set and X_val both say", eval_set=[pair], X_val=X, y_val=y)
    refused(r"^eval_set has 2 pairs, but one chooses the epoch: give \[\(X, y\)\]\.$", eval_set=[pair, pair])
    refused(r"^eval_set must be \[\(X, y\)\], got ", TypeError, eval_set=pair)
    refused(r"^eval_set must be \[\(X, y\)\], got None", eval_set=[(X, None)])
    refused(r"^X_val and y_val belong together", X_val=X)
    refused(r"^X has one sample, but needs one to learn from", y=y[:1], validation="last")


def as_objects(values):
    """Return an array of lists."""
    array = np.empty(len(values), object)
    array[:] = values
    return array
