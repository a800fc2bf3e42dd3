"""Callbacks and progress of a fit for tables, fastmlp's and scikit-learn's.

What could go wrong: members that share what a callback keeps (copies); a callback that sees another network than the
member, one without its scaling for sparse tables, say (shown); weights that a callback puts back, in the place of those
of the best epoch (best); an end that is not of one member alone (stop); a task of scikit-learn's that is begun and
never ended (tasks); progress that shows nothing, or something unasked (progress).
"""

import numpy as np
import pytest

import fastmlp as fm
from fastmlp.sklearn import TabularClassifier, TabularRegressor

RNG = np.random.default_rng(0)
N = 120
X = RNG.normal(size=(N, 3))
SPARSE = np.array([f"kind {number % 40}" for number in range(N)], dtype=object)[:, np.newaxis]
LABELS = X[:, 0] > 0
SMALL = {"hidden_layer_sizes": (8,), "n_estimators": 3, "max_iter": 6, "random_state": 0}
TABLES = pytest.mark.parametrize("table", [X, SPARSE], ids=["dense", "sparse"])


@TABLES
def test_a_callback_is_shown_each_member_after_each_epoch(table):
    seen = {}

    def look(network, epoch):
        numbers = np.zeros((2, network.n_inputs))
        seen.setdefault(id(network), []).append((epoch["epoch"], network.get_parameters(), network.forward(numbers)))

    model = TabularClassifier(**SMALL).fit(table, LABELS, callbacks=[look])
    assert set(seen) == {id(network) for network in model.networks_}
    for network, best in zip(model.networks_, model.best_iterations_, strict=True):
        epochs = seen[id(network)]
        assert [number for number, *_ in epochs] == [1, 2, 3, 4, 5, 6]
        np.testing.assert_array_equal(network.get_parameters(), epochs[best - 1][1])
        np.testing.assert_array_equal(network.forward(np.zeros((2, network.n_inputs))), epochs[best - 1][2])
    without = TabularClassifier(**SMALL).fit(table, LABELS)
    np.testing.assert_array_equal(without.predict_proba(table), model.predict_proba(table))


@TABLES
def test_a_callback_ends_the_training_of_its_member_alone(table):
    first = []

    def end_first(network, epoch):
        first[:] = first or [network]
        return network is first[0] and epoch["epoch"] == 2

    model = TabularRegressor(**SMALL).fit(table, X[:, 0], callbacks=[end_first])
    assert model.n_iter_ == 6
    assert sorted(model.best_iterations_)[0] <= 2
    assert TabularRegressor(**SMALL).fit(table, X[:, 0], callbacks=[lambda *_: True]).n_iter_ == 1


@TABLES
def test_members_have_copies_of_what_keeps_something(table):
    stopping = fm.EarlyStopping(patience=1, min_delta=1e9)
    model = TabularClassifier(**SMALL).fit(table, LABELS, callbacks=[stopping])
    assert (model.n_iter_, stopping.best_epoch) == (2, 0)
    # of one member it is the user's own
    model = TabularClassifier(**SMALL | {"n_estimators": 1}).fit(table, LABELS, callbacks=[stopping])
    assert (model.n_iter_, stopping.best_epoch) == (2, 1)


@TABLES
def test_the_best_epoch_stays_whatever_a_callback_puts_back(table):
    class Spoiler:
        def __call__(self, network, epoch):
            pass

        def end(self, network):
            network.set_parameters(np.zeros(len(network.get_parameters())))

    plain = TabularRegressor(**SMALL).fit(table, X[:, 0])
    spoiled = TabularRegressor(**SMALL).fit(table, X[:, 0], callbacks=[Spoiler()])
    np.testing.assert_array_equal(plain.predict(table), spoiled.predict(table))


@TABLES
def test_a_checkpoint_goes_on_with_callbacks(tmp_path, table):
    def fit(**more):
        callbacks = [fm.EarlyStopping(patience=3), *more.pop("callbacks", [])]
        model = TabularClassifier(**SMALL | {"max_iter": 12})
        return model.fit(table, LABELS, callbacks=callbacks, **more)

    class Failing(fm.LogEvaluation):
        def __call__(self, network, epoch):
            if epoch["epoch"] == 4 and not go_on:
                raise RuntimeError("power cut")

    go_on = False
    checkpoint = fm.Checkpoint(tmp_path / "run-{network}.ckpt", epochs=1)
    with pytest.raises(RuntimeError, match="power cut"):
        fit(checkpoint=checkpoint, callbacks=[Failing()])
    go_on = True
    model, plain = fit(checkpoint=checkpoint, callbacks=[Failing()]), fit()
    np.testing.assert_array_equal(model.predict_proba(table), plain.predict_proba(table))
    assert (model.best_iterations_, model.n_iter_) == (plain.best_iterations_, plain.n_iter_)


def test_what_no_member_can_have_is_refused(tmp_path):
    class Locked:
        def begin(self, network, columns):
            pass

        def __call__(self, network, epoch):
            pass

        def __deepcopy__(self, memo):
            raise TypeError("a lock")

    def refused(error, sentence, callbacks):
        with pytest.raises(error, match=sentence):
            TabularClassifier(**SMALL).fit(X, LABELS, callbacks=callbacks)

    file = fm.ModelCheckpoint(tmp_path / "best.safetensors")
    refused(ValueError, r"^callbacks\[0\] writes to .*, which 3 networks would all write: save the model", [file])
    refused(
        TypeError, r"^callbacks\[1\] cannot be copied \(a lock\), but each network needs its own", [print, Locked()]
    )
    refused(TypeError, r"^callbacks", [3])
    TabularClassifier(**SMALL | {"n_estimators": 1}).fit(X, LABELS, callbacks=[file, Locked()])
    assert fm.load(tmp_path / "best.safetensors").n_inputs == 3


def test_progress_is_shown_where_it_is_asked_for(capfd):
    TabularClassifier(**SMALL).fit(X, LABELS)
    assert capfd.readouterr().err == ""
    TabularClassifier(**SMALL, verbose=True).fit(X, LABELS)
    assert "/3 networks, loss " in capfd.readouterr().err


def test_scikit_learns_callbacks_see_the_fit_and_its_networks():
    pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks from 1.9 on")

    class Recorder:
        def __init__(self):
            self.seen = []

        def setup(self, estimator, context):
            self.seen.append("setup")

        def on_fit_task_begin(self, estimator, context):
            self.seen.append(("begin", context.task_name, context.task_id))

        def on_fit_task_end(self, estimator, context, *, fitted_estimator):
            predicted = None if fitted_estimator is None else fitted_estimator.predict(X)
            self.seen.append(("end", context.task_name, context.task_id))
            self.predicted = predicted

        def teardown(self, estimator, context):
            self.seen.append("teardown")

    recorder = Recorder()
    model = TabularClassifier(**SMALL).set_callbacks(recorder).fit(X, LABELS)
    assert (recorder.seen[0], recorder.seen[1]) == ("setup", ("begin", "fit", 0))
    assert recorder.seen[-2:] == [("end", "fit", 0), "teardown"]
    tasks = {(what, "network", index) for what in ("begin", "end") for index in range(3)}
    assert set(recorder.seen[2:-2]) == tasks
    np.testing.assert_array_equal(recorder.predicted, model.predict(X))
