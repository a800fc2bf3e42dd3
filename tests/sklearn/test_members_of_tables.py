"""The members of a model for tables: the rows that choose their epochs, and training several at once.

What could go wrong: rows that no member learns from, a class that is never set aside, threads that change a result, a
member that learns from others than its rows, a failure that leaves a model half fitted. That a failure or Ctrl-C ends
all of them is in tests/python/test_fleets.py.
"""

from itertools import islice

import numpy as np
import pytest
from joblib import Parallel, delayed

import fastmlp as fm
from fastmlp import _core
from fastmlp.sklearn import TabularClassifier, TabularRegressor
from fastmlp.sklearn._models import training_of
from fastmlp.sklearn._tabular import members
from fastmlp.sklearn._tabular.members import train, validation_rows

RNG = np.random.default_rng(3)
X = RNG.normal(size=(120, 4))
Y = X[:, 0] * X[:, 1] > 0


def rows_of(n, fraction, members, classes=None, seed=0):
    return list(islice(validation_rows(n, fraction, classes, np.random.RandomState(seed)), members))


@pytest.mark.parametrize(("n", "fraction", "members"), [(100, 0.2, 5), (12, 0.25, 4), (10, 0.1, 10)])
def test_members_set_every_row_aside_once(n, fraction, members):
    parts = rows_of(n, fraction, members)
    assert {len(rows) for rows in parts} == {n // members}
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(n))


@pytest.mark.parametrize("n", [2, 3, 7, 133])
@pytest.mark.parametrize("fraction", [0.001, 0.2, 0.5, 0.999])
def test_some_rows_are_set_aside_and_some_are_not(n, fraction):
    for rows in rows_of(n, fraction, 7):
        assert 1 <= len(set(rows)) == len(rows) <= n - 1
        assert len(rows) in (1, n - 1) or n * fraction <= len(rows) < n * fraction + 1


def test_after_all_rows_the_order_is_another():
    first, second = rows_of(20, 0.5, 2), rows_of(20, 0.5, 4)[2:]
    assert sorted(np.concatenate(second)) == list(range(20))
    assert set(first[0]) not in (set(second[0]), set(second[1]))


def test_each_class_is_set_aside_by_its_share():
    classes = np.repeat([0, 1, 2], [50, 30, 20])
    for rows in rows_of(100, 0.2, 5, classes):
        counts = np.bincount(classes[rows])
        # a stretch of an even sequence has one more or less than its share at most
        assert (np.abs(counts - [10, 6, 4]) <= 1).all()
    # where each class has one row, any may come first
    assert len({rows_of(50, 0.2, 1, np.arange(50), seed)[0].tobytes() for seed in range(4)}) == 4
    lone = np.array([0] * 9 + [1])
    assert sum(9 in rows for rows in rows_of(10, 0.2, 5, lone)) == 1


@pytest.mark.parametrize("kind", [TabularClassifier, TabularRegressor])
def test_threads_do_not_change_the_members(kind):
    y = Y if kind is TabularClassifier else X[:, 0]
    fits = [kind((8,), n_estimators=3, max_iter=5, random_state=0, n_threads=n).fit(X, y) for n in (1, 2, 8)]
    for model in fits[1:]:
        assert model.best_iterations_ == fits[0].best_iterations_
        for own, other in zip(model.networks_, fits[0].networks_, strict=True):
            np.testing.assert_array_equal(own.get_parameters(), other.get_parameters())


def test_workers_of_joblib_take_one_thread_each_unless_told():
    def threads_in_predict(n_threads):
        model = TabularClassifier((4,), n_estimators=1, max_iter=1, n_threads=n_threads).fit(X, Y)
        seen, forward = [], model.networks_[0].forward
        model.networks_[0].forward = lambda rows: (seen.append(fm.get_num_threads()), forward(rows))[1]
        model.predict(X)
        return seen

    def threads_in_fit(n_threads):
        crews = []

        class Crew(_core.Crew):
            def __init__(self, threads):
                super().__init__(threads)
                crews.append(threads)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_core, "Crew", Crew)
            TabularClassifier((4,), n_estimators=2, max_iter=1, n_threads=n_threads).fit(X, Y)
        return crews

    if fm.get_num_threads() < 2:
        pytest.skip("one processor cannot show a limit of one")
    run = Parallel(n_jobs=2, backend="threading")
    assert run(delayed(threads_in_predict)(n) for n in (None, 2)) == [[1], [2]]
    # patches of both would meet in threads: one after the other, inside a worker
    assert run(delayed(threads_in_fit)(n) for n in (None,)) == [[1]]
    assert run(delayed(threads_in_fit)(n) for n in (2,)) == [[2]]


@pytest.mark.parametrize("n_threads", [1, 2])
def test_a_member_that_fails_leaves_the_model_as_it_was(n_threads, monkeypatch):
    model = TabularClassifier((8,), n_estimators=3, max_iter=5, random_state=0, n_threads=n_threads).fit(X, Y)
    before, calls = model.predict_proba(X), []

    def fails_once(network, *arguments, **settings):
        calls.append(network)
        if len(calls) == 2:
            raise MemoryError("no more")
        return training_of(network, *arguments, **settings)

    monkeypatch.setattr(members, "training_of", fails_once)
    with pytest.raises(MemoryError, match="no more"):
        model.fit(X[:60], Y[:60])
    np.testing.assert_array_equal(model.predict_proba(X), before)


@pytest.mark.parametrize("sparse", [False, True])
def test_a_member_is_the_fit_of_its_network_to_its_rows(sparse):
    table = np.array([f"kind {number % 40}" for number in range(120)], dtype=object)[:, np.newaxis] if sparse else X
    seen = []

    def spy(network, samples, aside, settings, **others):
        seen.append((network.copy(), samples, aside, settings))
        return train(network, samples, aside, settings, **others)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fastmlp.sklearn._tabular.fitting.train", spy)
        model = TabularClassifier((8,), n_estimators=3, max_iter=6, random_state=0).fit(table, Y)
    for member, (network, samples, aside, settings) in zip(model.networks_, seen, strict=True):
        assert samples.table.is_mostly_zero == sparse
        rows, targets = samples.table.dense(), samples.targets
        judged = (rows[aside], targets[aside])
        others = np.setdiff1d(np.arange(len(rows)), aside)
        best = members.BestEpoch(6, ends_early=False)
        fixed = {"validation_data": judged, "metrics": [], "callbacks": [best]}
        network.fit(rows[others], targets[others], **(settings | fixed))
        np.testing.assert_allclose(network.predict_proba(rows), member.predict_proba(rows), atol=1e-5 if sparse else 0)


@pytest.mark.parametrize(("n", "size"), [(120, 32), (6400, 100), (20_000, 256)])
def test_batches_grow_with_the_table(n, size, monkeypatch):
    seen = []

    def spy(network, samples, aside, settings, **others):
        seen.append(settings["batch_size"])
        return (yield from train(network, samples, aside, settings | {"epochs": 1}))

    monkeypatch.setattr("fastmlp.sklearn._tabular.fitting.train", spy)
    TabularRegressor((4,), n_estimators=1).fit(np.arange(n, dtype=float).reshape(-1, 1), np.arange(n))
    assert seen == [size]


@pytest.mark.parametrize(
    ("losses", "ends"),
    [
        # of 20 epochs: a quarter is the fifth, and the third fall of the rate ends with the tenth
        ([9, 8, 7, 6, 5, 6, 6, 6, 6, 5.1], 10),
        ([9, 8, 7, 6, 5, 6, 6, 6, 6, 4.9], None),
        ([9, 8, 7, 6, 5, 4.9, 6, 6, 6, 6], None),
        ([1] + 9 * [2], 10),
    ],
)
def test_a_member_ends_where_the_third_fall_of_the_rate_was_no_better_than_the_second(losses, ends):
    net = fm.Network(1, [fm.Dense(1)], seed=0)
    for early in (True, False):
        best = members.BestEpoch(20, ends_early=early)
        seen = [best(net, {"epoch": index, "validation_loss": loss}) for index, loss in enumerate(losses + 10 * [9], 1)]
        assert [index for index, end in enumerate(seen, 1) if end] == ([ends] if early and ends else [])


def test_early_ends_are_those_of_many_rows_whose_members_learn_nothing_more():
    random = np.random.default_rng(0)
    noise = random.normal(size=(2200, 2))
    model = TabularRegressor((8,), n_estimators=2, random_state=0)
    model.fit(noise, random.normal(size=2200))
    assert max(model.best_iterations_) <= 12  # a quarter of 48
    assert model.n_iter_ == 24  # where the rate has fallen to 0 for the third time


def test_predicted_values_stay_within_those_learned_from():
    x = np.linspace(0.0, 1.0, 60).reshape(-1, 1)
    model = TabularRegressor((8,), n_estimators=2, max_iter=40, random_state=0).fit(x, 10 + 5 * x[:, 0])
    far = model.predict([[-1e6], [1e6]])
    np.testing.assert_array_equal(far, [10.0, 15.0])
