"""How many threads a fit takes: what it is told, else one inside a worker of joblib and all outside.

What could go wrong: workers that take all processors each (oversubscription), a limit that stays behind after a fit or
reaches other threads, a limit that changes a result, and estimators that several threads use at once.
"""

import threading

import numpy as np
import pytest
from joblib import Parallel, delayed

import fastmlp as fm
from fastmlp.sklearn import MLPClassifier

# fits are cut short on purpose
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(5)
X = RNG.normal(size=(60, 3))
Y = (X[:, 0] > 0).astype(int)
SMALL = {"hidden_layer_sizes": (5,), "max_iter": 2, "random_state": 0}


def probes():
    """Return functions that say how many threads a fit and a prediction may take.

    Local ones, since they are sent to the processes of loky by value: those cannot import the tests.
    """

    def threads_in_fit(n_threads=None):
        """Return the number seen from inside of a fit and after it."""
        seen = []
        model = MLPClassifier(**SMALL, n_threads=n_threads)
        model.fit(X, Y, callbacks=[lambda network, epoch: seen.append(fm.get_num_threads())])
        model.partial_fit(X, Y)
        return seen[0], seen[-1]

    def threads_in_predict(n_threads=None):
        model = MLPClassifier(**SMALL, n_threads=n_threads).fit(X, Y)
        seen = []
        forward = model.network_.forward
        model.network_.forward = lambda rows: (seen.append(fm.get_num_threads()), forward(rows))[1]
        model.predict(X.tolist())  # a list takes the long way
        return seen[0]

    return threads_in_fit, threads_in_predict


threads_in_fit, threads_in_predict = probes()


@pytest.fixture
def all_threads():
    allowed = fm.get_num_threads()
    if allowed < 2:
        pytest.skip("one processor cannot show a limit of one")
    return allowed


def test_outside_of_workers_all_are_taken(all_threads):
    assert threads_in_fit() == (all_threads, all_threads)
    assert Parallel(n_jobs=1)(delayed(threads_in_fit)() for _ in range(1)) == [(all_threads, all_threads)]
    assert threads_in_predict() == all_threads


# loky limits OpenMP in its processes by itself; threads have nobody else to do so
@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_a_worker_takes_one_thread(backend, all_threads):
    run = Parallel(n_jobs=2, backend=backend)
    assert run(delayed(threads_in_fit)() for _ in range(2)) == [(1, 1)] * 2
    assert run(delayed(threads_in_predict)() for _ in range(2)) == [1] * 2


def test_a_worker_takes_what_it_is_told(all_threads):
    assert Parallel(n_jobs=2, backend="threading")(delayed(threads_in_fit)(2) for _ in range(2)) == [(2, 2)] * 2


def test_a_limit_ends_with_the_fit(all_threads):
    assert threads_in_fit(1) == (1, 1)
    assert threads_in_predict(1) == 1
    assert fm.get_num_threads() == all_threads
    with pytest.raises(ZeroDivisionError):
        MLPClassifier(**SMALL, n_threads=1).fit(X, Y, callbacks=[lambda network, epoch: 1 / 0])
    assert fm.get_num_threads() == all_threads


def test_no_result_depends_on_threads(planner_off):
    models = [MLPClassifier(**SMALL | {"max_iter": 20}, n_threads=n).fit(X, Y) for n in (1, 2, None)]
    for model in models[1:]:
        np.testing.assert_array_equal(model.coefs_[0], models[0].coefs_[0])
        np.testing.assert_array_equal(model.predict_proba(X), models[0].predict_proba(X))


def test_threads_may_predict_at_once():
    model = MLPClassifier(**SMALL).fit(X, Y)
    expected = model.predict_proba(X)
    barrier = threading.Barrier(8)
    outputs = []

    def work():
        barrier.wait()
        outputs.extend(model.predict_proba(X) for _ in range(20))

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(outputs) == 160
    for output in outputs:
        np.testing.assert_array_equal(output, expected)


def test_another_thread_waits_for_the_fit():
    model = MLPClassifier(**SMALL).fit(X, Y)
    refused = []

    def intrude(network, epoch):
        def call(method, *arguments):
            try:
                method(*arguments)
            except RuntimeError as error:
                refused.append(str(error))

        for call_arguments in ((model.fit, X, Y), (model.predict, X)):
            thread = threading.Thread(target=call, args=call_arguments)
            thread.start()
            thread.join()

    model.set_params(max_iter=1).fit(X, Y, callbacks=[intrude])
    assert len(refused) == 2
    assert all(sentence.startswith("the network is in ") for sentence in refused)
    assert model.n_iter_ == len(model.loss_curve_) == 1
