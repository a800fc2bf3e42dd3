"""Both protocols of callbacks: fastmlp's, given to ``fit``, and scikit-learn's (1.9), set on the estimator or above.

What could go wrong: a callback that sees the iteration before the estimator does (order), one whose wish to stop is
lost (stop), one that begins another fit inside the first (nesting), one that fails and leaves the estimator as it was
shown, half fitted (broken); for scikit-learn's a task that is begun and never ended, an iteration too many, callbacks
that stay set up after a fit (tasks), a score of other weights than those of the iteration (monitor), or weights of
samples that it is not told of.
"""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import fastmlp as fm
from fastmlp.sklearn import MLPClassifier, MLPRegressor

# fits are cut short on purpose
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(4)
X = RNG.normal(size=(60, 3))
Y = np.digitize(X[:, 0], [-0.5, 0.5])
SMALL = {"hidden_layer_sizes": (5,), "max_iter": 6, "random_state": 0, "learning_rate_init": 0.05}
KINDS = [MLPClassifier(**SMALL), MLPClassifier(**SMALL, solver="lbfgs"), MLPRegressor(**SMALL, solver="sgd")]
each_kind = pytest.mark.parametrize("estimator", KINDS, ids=["adam", "lbfgs", "sgd"])


@each_kind
def test_a_callback_sees_each_iteration(estimator):
    seen = []

    def callback(network, epoch):
        assert network is estimator.network_
        # the estimator is as if the fit had ended here
        seen.append((epoch["epoch"], estimator.n_iter_, estimator.loss_, estimator.predict(X[:1]).shape))

    estimator.fit(X, Y, callbacks=(c for c in [callback]))
    assert [(a, b, shape) for a, b, _, shape in seen] == [(i, i, (1,)) for i in range(1, 7)]
    if hasattr(estimator, "loss_curve_"):
        assert [loss for _, _, loss, _ in seen] == estimator.loss_curve_


def test_the_estimator_is_shown_to_begin_and_end_and_may_be_changed():
    seen = []

    class Looking:
        def begin(self, network, columns):
            seen.append((model.network_ is network, model.n_iter_, model.n_features_in_))

        def __call__(self, network, epoch):
            model.set_params(alpha=0.5)

        def end(self, network):
            self.begin(network, [])

    model = MLPClassifier(**SMALL).fit(X[:, :2], Y)
    model.fit(X, Y, callbacks=[Looking()])
    assert seen == [(True, 0, 3), (True, 6, 3)]
    assert model.alpha == 0.5


@each_kind
def test_a_callback_ends_the_fit(estimator):
    estimator.fit(X, Y, callbacks=[lambda network, epoch: epoch["epoch"] == 2])
    assert estimator.n_iter_ == 2


def test_the_ready_callbacks(tmp_path):
    history = []
    callbacks = [
        fm.EarlyStopping(patience=1, monitor="loss", min_delta=100.0),
        fm.ModelCheckpoint(tmp_path / "best.safetensors", monitor="loss"),
        fm.LambdaCallback(epoch=lambda network, epoch: history.append(epoch["loss"])),
    ]
    model = MLPClassifier(**SMALL).fit(X, Y, callbacks=callbacks)
    assert model.n_iter_ == len(history) == 2
    assert (fm.load(tmp_path / "best.safetensors").predict(X) < 3).all()


def test_a_fit_inside_a_fit_is_refused():
    model = MLPClassifier(**SMALL).fit(X, Y)
    before = model.predict_proba(X)
    for inner in (model.fit, model.partial_fit):
        with pytest.raises(RuntimeError, match="the network is in fit"):
            model.fit(X, Y, callbacks=[lambda network, epoch, inner=inner: inner(X, Y) and None])
        np.testing.assert_array_equal(model.predict_proba(X), before)
        assert model.n_iter_ == len(model.loss_curve_) == 6
    # another estimator may be fitted there
    model.fit(X, Y, callbacks=[lambda network, epoch: MLPRegressor(**SMALL).fit(X, Y) and None])


class Recorder:
    """Follows scikit-learn's protocol, and writes down all that is told."""

    def __init__(self, stop_at=None):
        self.events = []
        self.stop_at = stop_at

    def setup(self, estimator, context):
        self.events.append("setup")

    def teardown(self, estimator, context):
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None):
        self.events.append(("begin", context.task_name, context.task_id))
        self.metadata = metadata

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator=None):
        self.events.append(("end", context.task_name, context.task_id))
        if context.task_name == "iteration" and fitted_estimator is not None:
            assert fitted_estimator.network_ is not estimator.network_
            np.testing.assert_array_equal(fitted_estimator.predict(X), estimator.predict(X))
        return self.stop_at is not None and context.task_id == self.stop_at


def callback_module():
    return pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks since 1.9")


@each_kind
@pytest.mark.parametrize("stop_at", [None, 1])
def test_tasks_begin_and_end(estimator, stop_at):
    callback_module()
    recorder = Recorder(stop_at)
    estimator.set_callbacks(recorder).fit(X, Y)
    n = 6 if stop_at is None else 2
    assert estimator.n_iter_ == n
    iterations = [(what, "iteration", i) for i in range(n) for what in ("begin", "end")]
    assert recorder.events == ["setup", ("begin", "fit", 0), *iterations, ("end", "fit", 0), "teardown"]
    estimator.set_callbacks()


def test_tasks_end_when_something_else_ends_the_fit():
    callback_module()
    recorder = Recorder()
    easy = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs").set_callbacks(recorder)
    easy.fit(X, X[:, 0])
    assert easy.n_iter_ < 200
    easy.fit(X, X[:, 0], callbacks=[lambda network, epoch: True])
    model = MLPClassifier(**SMALL).set_callbacks(recorder)
    with pytest.raises(ZeroDivisionError):
        model.fit(X, Y, callbacks=[lambda network, epoch: 1 / 0])
    tasks = [event[1:] for event in recorder.events if isinstance(event, tuple)]
    # the broken fit leaves its iteration and itself open
    assert sum(event[0] == "begin" for event in recorder.events) == len(tasks) / 2 + 1
    assert recorder.events.count("setup") == recorder.events.count("teardown") == 3
    assert not hasattr(model, "_callback_fit_ctx")
    # partial_fit is no fit
    n = len(recorder.events)
    model.partial_fit(X, Y, classes=[0, 1, 2])
    assert len(recorder.events) == n


def test_a_broken_callback_leaves_the_fit_before():
    callback_module()

    class Broken(Recorder):
        def on_fit_task_end(self, estimator, context, **told):
            if context.task_name == self.task_name:
                assert estimator.network_ is not before["network_"]
                raise ZeroDivisionError

    model = MLPClassifier(**SMALL).fit(X, Y)
    before = dict(vars(model))
    for name in ("iteration", "fit"):
        broken = Broken()
        broken.task_name = name
        with pytest.raises(ZeroDivisionError):
            model.set_callbacks(broken).fit(X, Y)
        model.set_callbacks()
        assert vars(model) == before


def test_callbacks_are_told_of_sample_weight():
    callback_module()
    recorder = Recorder()
    weights = np.linspace(0.5, 1.5, 60)
    MLPClassifier(**SMALL).set_callbacks(recorder).fit(X, Y, weights)
    assert recorder.metadata["sample_weight"] is weights
    MLPClassifier(**SMALL).set_callbacks(recorder).fit(X, Y)
    assert recorder.metadata is None


@each_kind
def test_scoring_monitor(estimator):
    name = "accuracy" if isinstance(estimator, MLPClassifier) else "r2"
    monitor = callback_module().ScoringMonitor(scoring=name)
    estimator.set_callbacks(monitor).fit(X, Y)
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "iteration"]
    assert len(rows) == 6
    assert rows[-1][name] == pytest.approx(estimator.score(X, Y), rel=1e-12)
    assert len({row[name] for row in rows}) > 1
    estimator.set_callbacks()


def test_callbacks_through_a_pipeline_and_a_search():
    callback = callback_module()
    pytest.importorskip("rich", reason="the progress bar needs rich, which comes with the extra 'test'")
    pipeline = make_pipeline(StandardScaler(), MLPClassifier(**SMALL))
    monitor = callback.ScoringMonitor(scoring="accuracy")
    pipeline[-1].set_callbacks(monitor)
    pipeline.set_callbacks(callback.ProgressBar()).fit(X, Y)
    assert len([row for row in monitor.get_logs().data if row["task_name"] == "iteration"]) == 6
    search = GridSearchCV(pipeline, {"mlpclassifier__alpha": [0.0, 1.0]}, cv=2, n_jobs=2)
    pipeline.set_callbacks()
    search.set_callbacks(callback.ProgressBar()).fit(X, Y)
    logged = [row for row in monitor.get_logs().data if row["task_name"] == "iteration"]
    assert len(logged) == 6 * (2 * 2 + 1)
