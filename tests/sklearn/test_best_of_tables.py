"""The preset "best" of estimators for tables: what is tried, what is picked, and that the plan gives the bits again.

What could go wrong: a choice by rows that networks learned from, or of other rows than theirs; an ensemble that is
worse, by its own measure, than its best setting; counts that a prediction, a file or C leaves out; bits that depend on
threads or on the clock; a search that goes on after its time; arguments that are ignored without a word.
"""

import numpy as np
import pytest

import fastmlp.sklearn
from fastmlp.sklearn import TabularClassifier, TabularRegressor
from fastmlp.sklearn._tabular import best
from fastmlp.sklearn._tabular.best import Search, Tried, cost_of, pick, portfolio, try_settings
from fastmlp.sklearn._tabular.settings import Settled

RNG = np.random.default_rng(5)
X = RNG.normal(size=(150, 3))
VALUE = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2]
FIRST = Settled((8,), "mish", 0, 0.0, 0.07, 4)


def small(kind, **settings):
    return kind((8,), **{"max_iter": 4, "random_state": 0, "preset": "best", "plan": 3, **settings})


def squared(targets):
    return lambda outputs: float(np.mean((outputs[:, 0] - targets) ** 2))


def test_what_helps_most_is_added_again_and_again():
    targets = np.array([1.0, -1.0, 2.0, 0.0])
    error = np.array([0.3, -0.2, 0.1, 0.4])
    # -error of three parts of one and one of the other
    outputs = [targets + 7.0, targets + error, targets - 3 * error]
    picked = pick([Tried([index], values[:, np.newaxis]) for index, values in enumerate(outputs)], squared(targets))
    assert picked.members == [1, 2]
    assert picked.repeats == [3, 1]
    assert picked.plan == 3


def test_one_setting_that_is_best_alone_stays_alone():
    targets = np.zeros(3)
    outputs = [np.ones((3, 1)), 0.5 * np.ones((3, 1)), 2 * np.ones((3, 1))]
    picked = pick([Tried([index, -index], values) for index, values in enumerate(outputs)], squared(targets))
    assert (picked.members, picked.repeats) == ([1, -1], [1, 1])


@pytest.mark.parametrize("bins", [0, 48])
@pytest.mark.parametrize("activation", ["selu", "mish"])
def test_the_portfolio_begins_with_the_usual_settings_and_has_no_two_alike(bins, activation):
    first = Settled((64, 64, 64), activation, bins, 0.0, 0.07, 32)
    settings = portfolio(first)
    assert settings[0] == first
    assert len(set(settings)) == len(settings) == 12
    assert all(cost_of(one, 20, 5) > 0 for one in settings)
    assert cost_of(settings[5], 20, 5) > 4 * cost_of(first, 20, 0)  # 256-256, half as many epochs again


def tried(search, seconds, monkeypatch, n=6):
    """Return how many settings of equal cost are tried, each of which takes so many seconds."""
    clock = [0.0]
    monkeypatch.setattr(best.time, "monotonic", lambda: clock[0])

    def train_together(trainings):
        clock[0] += seconds
        return {0: "a member"}

    monkeypatch.setattr(best, "train_together", train_together)
    found = try_settings(
        search,
        [FIRST] * n,
        lambda own: 2.0,
        lambda: [np.arange(4)],
        lambda own, aside: None,
        lambda member, aside: np.zeros((4, 1)),
        4,
    )
    return len(list(found))


@pytest.mark.parametrize(
    ("limit", "seconds", "expected"), [(10.0, 3.0, 3), (9.0, 3.0, 3), (8.9, 3.0, 2), (0.1, 3.0, 1), (100.0, 3.0, 6)]
)
def test_no_setting_begins_that_would_end_after_the_time(limit, seconds, expected, monkeypatch):
    assert tried(Search(limit, None), seconds, monkeypatch) == expected


def test_a_plan_counts_settings_and_without_either_all_are_tried(monkeypatch):
    assert tried(Search(None, 2), 1e9, monkeypatch) == 2
    assert tried(Search(None, 99), 1e9, monkeypatch) == 6
    assert tried(Search(None, None), 1e9, monkeypatch) == 6


@pytest.mark.parametrize("kind", [TabularClassifier, TabularRegressor])
def test_networks_are_judged_by_rows_that_they_did_not_learn_from(kind, monkeypatch):
    seen = []
    real = best.train_together

    def spy(trainings):
        members = real(trainings)
        seen.append(members)
        return members

    monkeypatch.setattr(best, "train_together", spy)
    judged = []
    keep = best.pick

    def picked(candidates, loss_of):
        judged.extend(candidates)
        return keep(candidates, loss_of)

    monkeypatch.setattr("fastmlp.sklearn._tabular.fitting.pick", picked)
    targets = VALUE > 0 if kind is TabularClassifier else VALUE
    model = small(kind, plan=2).fit(X, targets)
    assert [len(members) for members in seen] == [5, 5]
    for members, candidate in zip(seen, judged, strict=True):
        outputs = np.array([member.network.forward(X) for member in members.values()])
        # each row is what one of them gives, and each network gave a fifth
        whose = (outputs == candidate.outputs.astype(np.float32)).all(axis=2)
        assert (whose.sum(axis=0) >= 1).all()
        assert (whose.sum(axis=1) >= 30).all()
    assert model.plan_ == 2


@pytest.mark.parametrize("kind", [TabularClassifier, TabularRegressor])
def test_the_plan_gives_the_bits_again_for_any_number_of_threads_and_a_file_keeps_them(kind, tmp_path):
    targets = VALUE > 0 if kind is TabularClassifier else VALUE
    model = small(kind, plan=None, time_limit=1e-3).fit(X, targets)
    assert model.plan_ == 1
    model = small(kind).fit(X, targets)
    again = small(kind, plan=model.plan_, n_threads=1).fit(X, targets)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.repeats_ == model.repeats_
    assert len(model.networks_) == len(model.best_iterations_) == len(model.repeats_)
    model.repeats_ = [index % 3 + 1 for index in range(len(model.networks_))]
    model.save(tmp_path / "model.safetensors")
    loaded = fastmlp.sklearn.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    assert (loaded.repeats_, loaded.plan_) == (model.repeats_, model.plan_)
    model.to_c(tmp_path / "model.h")


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_predictions_are_means_in_which_networks_count_as_often_as_picked(smoothing):
    model = small(TabularClassifier, plan=2, label_smoothing=smoothing).fit(X, VALUE > 0)
    networks = model.networks_[:2]
    model.networks_, model.repeats_ = networks, [3, 1]
    one, other = (network.forward(X).astype(np.float64) for network in networks)
    expected = (0.75 * one + 0.25 * other - smoothing / 2) / (1 - smoothing)
    inside = (expected > 0.02).all(axis=1)
    np.testing.assert_allclose(model.predict_proba(X)[inside], expected[inside], rtol=1e-5)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), model.predict_proba(X), rtol=1e-5)


def test_rows_that_were_given_for_validation_judge_all_networks():
    model = small(TabularRegressor).fit(X[:100], VALUE[:100], X_val=X[100:], y_val=VALUE[100:])
    assert np.isfinite(model.predict(X)).all()
    assert len(model.networks_) % 5 == 0


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"preset": "good"}, "preset must be None or 'best', got 'good'"),
        ({"preset": None}, "plan is 3 without a preset"),
        ({"preset": None, "plan": None, "time_limit": 5}, "time_limit is 5 without a preset"),
        ({"time_limit": 5}, "time_limit and plan both say how many settings are tried"),
        ({"plan": None, "time_limit": 0}, "time_limit must be above 0"),
        ({"plan": 0}, "plan must be an integer of at least 1, got 0"),
    ],
)
def test_what_makes_no_sense_is_refused(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        small(TabularRegressor, **settings).fit(X, VALUE)


def test_a_checkpoint_of_many_settings_is_refused(tmp_path):
    checkpoint = fastmlp.Checkpoint(tmp_path / "run-{network}.ckpt")
    with pytest.raises(ValueError, match="a checkpoint is of one training"):
        small(TabularRegressor).fit(X, VALUE, checkpoint=checkpoint)


def test_a_file_with_other_counts_than_networks_is_refused(tmp_path):
    model = small(TabularRegressor, plan=1).fit(X, VALUE)
    for repeats in ([2], [0, *[1] * (len(model.networks_) - 1)]):
        model.repeats_ = repeats
        model.save(tmp_path / "model.safetensors")
        with pytest.raises(fastmlp.ModelFileError, match="networks count"):
            fastmlp.sklearn.load(tmp_path / "model.safetensors")


@pytest.mark.parametrize(
    ("kind", "y", "settings"),
    [
        (TabularRegressor, VALUE, {"loss": "absolute_error"}),
        (TabularRegressor, VALUE, {"loss": "huber"}),
        (TabularRegressor, VALUE, {"loss": "quantile", "quantile": 0.8}),
        (TabularRegressor, np.round(VALUE**2), {"loss": "poisson"}),
        (TabularRegressor, np.column_stack([VALUE, -VALUE]), {}),
        (TabularClassifier, np.column_stack([VALUE > 0, X[:, 0] > 0]).astype(int), {}),
        (TabularClassifier, VALUE > 0, {"label_smoothing": 0.0}),
        (TabularClassifier, VALUE > 0, {"validation": "last"}),
    ],
)
def test_every_loss_and_kind_of_targets_has_a_best(kind, y, settings):
    model = small(kind, **settings).fit(X, y)
    again = small(kind, **settings).fit(X, y)
    outputs = model.predict_proba(X) if kind is TabularClassifier else model.predict(X)
    assert np.isfinite(outputs).all()
    assert outputs.shape == (y.shape if y.ndim == 2 else outputs.shape)
    assert model.repeats_ == again.repeats_
    # importances count networks as predictions do
    assert model.importances(X[:9], random_state=0).shape[-1] == 3


def test_rows_that_no_group_sets_aside_do_not_judge():
    groups = np.where(np.arange(150) < 80, 0, np.arange(150))  # of more than half the rows: always learned from
    judged = []

    class Own(TabularRegressor):
        def _loss_of(self, outputs, targets, weights):
            judged.append(len(targets))
            return super()._loss_of(outputs, targets, weights)

    small(Own).fit(X, VALUE, groups=groups)
    assert set(judged) == {70}


@pytest.mark.parametrize(
    ("settings", "fitted", "words"),
    [
        ({}, {"callbacks": [lambda network, epoch: None]}, "^callbacks follow n_estimators networks"),
        ({"verbose": True}, {}, "^verbose is of n_estimators networks"),
        ({"calibrate": True}, {}, "^calibrate is of n_estimators networks"),
    ],
)
def test_what_follows_one_training_is_refused(settings, fitted, words):
    with pytest.raises(ValueError, match=words):
        small(TabularClassifier, **settings).fit(X, VALUE > 0, **fitted)
