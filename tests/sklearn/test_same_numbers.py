"""The same numbers as scikit-learn, whose estimators are the oracle here: same data, same seed, float64, rows in order.

What could go wrong: initial weights drawn in another order or range (every test, and without hidden layers the last
layer's own), alpha divided by something else (alpha is large here), momentum or Nesterov's step by another rule, a rate
that falls too early, another split for early stopping, other gradients for several labels, outputs or counts, weights
of samples that are not divided out, a dropped last batch. Where scikit-learn computes something else, the test says so.

Both do the same sums in float64 in another order, some hundred rounding errors of 1e-16 on numbers near 1; TOLERANCE
leaves room for them to grow, and is far below what any wrong rule would change. The line search of L-BFGS tries weights
so large that some probability is below 2e-16, where scikit-learn cuts the logarithm off and the loss here goes on: the
seeds of its tests are such that no trial does.
"""

import warnings

import numpy as np
import pytest
import sklearn.neural_network as theirs

import fastmlp.sklearn as ours

TOLERANCE = 1e-9
since_17 = pytest.mark.skipif(
    "loss" not in theirs.MLPRegressor().get_params(), reason="scikit-learn has weights and counts since 1.7"
)
pytestmark = [
    # fits are cut short on purpose
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    # of scikit-learn 1.6 with SciPy 1.16
    pytest.mark.filterwarnings("ignore:.*iprint:DeprecationWarning"),
]

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 5))
TWO = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)
THREE = np.digitize(X[:, 0] + 0.3 * RNG.normal(size=120), [-0.5, 0.5])
LABELS = (X[:, :3] > 0).astype(int)
VALUE = np.sin(X[:, 0]) + X[:, 1]
VALUES = np.column_stack([VALUE, X[:, 2]])
COUNTS = RNG.poisson(np.exp(0.5 * X[:, 0]))
PAIRS = np.column_stack([COUNTS, RNG.poisson(np.exp(0.3 * X[:, 1]))])
WEIGHTS = RNG.uniform(0.5, 2.0, 120)

TARGETS = {"two": TWO, "three": THREE, "labels": LABELS, "value": VALUE, "values": VALUES}
each_target = pytest.mark.parametrize("target", TARGETS)
SETTINGS = {"hidden_layer_sizes": (7, 4), "batch_size": 30, "shuffle": False, "max_iter": 20, "random_state": 3}


def pair(target, weights=None, **settings):
    """Fit both estimators with these settings."""
    y = (TARGETS | {"counts": COUNTS, "pairs": PAIRS})[target]
    name = "MLPClassifier" if target in ("two", "three", "labels") else "MLPRegressor"
    settings = SETTINGS | {"alpha": 1e-2} | settings
    weighted = {} if weights is None else {"sample_weight": weights}
    return [getattr(package, name)(**settings).fit(X, y, **weighted) for package in (ours, theirs)]


def assert_same(mine, other, *, loss=True):
    for name in ("coefs_", "intercepts_"):
        for a, b in zip(getattr(mine, name), getattr(other, name), strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=TOLERANCE, err_msg=name)
    assert (mine.n_iter_, mine.t_) == (other.n_iter_, other.t_)
    if loss:
        assert mine.loss_ == pytest.approx(other.loss_, rel=0, abs=TOLERANCE)
    if loss and hasattr(other, "loss_curve_"):
        np.testing.assert_allclose(mine.loss_curve_, other.loss_curve_, rtol=0, atol=TOLERANCE)
        assert mine.best_loss_ == pytest.approx(other.best_loss_, rel=0, abs=TOLERANCE)
    if getattr(other, "validation_scores_", None) is not None:
        np.testing.assert_allclose(mine.validation_scores_, other.validation_scores_, rtol=0, atol=TOLERANCE)
        assert mine.best_validation_score_ == pytest.approx(other.best_validation_score_, rel=0, abs=TOLERANCE)
    if hasattr(other, "classes_"):
        np.testing.assert_array_equal(mine.predict(X), other.predict(X))
    else:
        np.testing.assert_allclose(mine.predict(X), other.predict(X), rtol=0, atol=1e-7)  # of outputs up to 100


@each_target
@pytest.mark.parametrize("momentum", [{}, {"nesterovs_momentum": False}, {"momentum": 0.0}])
def test_sgd(target, momentum):
    # the loss that scikit-learn tells of several outputs adds the whole penalty to the mean over the outputs; what both
    # minimize is the sum over outputs and the penalty, and here the mean of that is told
    one_loss = target != "values"
    assert_same(*pair(target, solver="sgd", learning_rate_init=0.05, **momentum), loss=one_loss)
    assert_same(*pair(target, solver="sgd", learning_rate_init=0.05, alpha=0.0, **momentum))


@each_target
def test_a_rate_that_falls_with_the_samples_seen(target):
    # without momentum: scikit-learn's velocity has the rate of past steps in it, here the rate of the step applies
    settings = {"solver": "sgd", "learning_rate": "invscaling", "power_t": 0.4, "momentum": 0.0, "alpha": 0.0}
    assert_same(*pair(target, learning_rate_init=0.5, **settings))


@each_target
def test_a_rate_that_falls_when_training_stands_still(target):
    settings = {"solver": "sgd", "learning_rate": "adaptive", "momentum": 0.0, "alpha": 0.0}
    mine, other = pair(target, learning_rate_init=0.5, max_iter=300, tol=1e-2, n_iter_no_change=2, **settings)
    assert_same(mine, other)
    # it has fallen, and ended the fit
    assert mine._rate < 1e-6 * 5
    assert mine.n_iter_ < 300


# not for several values: scikit-learn's line search sees the mean over them, and its gradient is that of the sum
@pytest.mark.parametrize("target", ["two", "three", "labels", "value"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic"])
def test_lbfgs(target, activation):
    # iterations lose digits, since they divide by differences of gradients: up to 5 of 16 in these 20
    assert_same(*pair(target, solver="lbfgs", activation=activation, random_state=0))


def test_lbfgs_ends_by_evaluations_and_sets_nothing_aside():
    # 9 evaluations are not enough for 20 iterations
    mine, other = pair("three", solver="lbfgs", max_fun=9, early_stopping=True, random_state=0)
    assert_same(mine, other)
    assert mine.n_iter_ < 20


@pytest.mark.parametrize("activation", ["identity", "logistic"])
def test_no_hidden_layer(activation):
    assert_same(*pair("three", solver="lbfgs", hidden_layer_sizes=(), activation=activation))
    assert_same(*pair("two", solver="sgd", hidden_layer_sizes=[], activation=activation))


@each_target
def test_early_stopping_on_the_same_split(target):
    settings = {"solver": "sgd", "early_stopping": True, "validation_fraction": 0.25, "learning_rate_init": 0.05}
    mine, other = pair(target, max_iter=60, alpha=0.0, **settings)
    assert mine.best_loss_ is None
    assert_same(mine, other, loss=False)
    np.testing.assert_allclose(mine.loss_curve_, other.loss_curve_, rtol=0, atol=TOLERANCE)
    # accuracies are often equal, which is as good as better for a tol of 0, and worse for another
    if target != "value":
        settings |= {"n_iter_no_change": 2, "max_iter": 40, "alpha": 0.0}
        assert_same(*pair(target, tol=0.0, **settings), loss=False)
        assert_same(*pair(target, tol=1e-9, **settings), loss=False)


@each_target
def test_adam_where_epsilon_does_not_matter(target):
    assert_same(*pair(target, epsilon=1e-30, alpha=0.0))


@each_target
def test_adam_adds_epsilon_after_the_correction(target):
    """Ours: m^ / (sqrt(v^) + eps), as in the paper; there: m^ / (sqrt(v^) + eps / sqrt(1 - beta_2^t)).

    In the first step, t = 1, an epsilon divided by sqrt(1 - beta_2) makes ours theirs.
    """
    one_step = {"max_iter": 1, "batch_size": 120, "alpha": 0.0}
    mine, _ = pair(target, epsilon=1e-3 / np.sqrt(1 - 0.999), **one_step)
    unlike, other = pair(target, epsilon=1e-3, **one_step)
    assert_same(mine, other)
    assert np.abs(unlike.coefs_[0] - other.coefs_[0]).max() > 1e-6


@each_target
def test_a_short_last_batch(target):
    # without penalty: scikit-learn divides alpha by the rows of each batch, here by those of a whole one
    settings = {"solver": "sgd", "learning_rate_init": 0.05, "batch_size": 50}
    assert_same(*pair(target, alpha=0.0, **settings))
    mine, other = pair(target, **settings)
    # rate x alpha x (1/20 - 1/50) / (1 - momentum) a step and unit of weight, 20 times, is 3e-3
    assert 1e-5 < np.abs(mine.coefs_[0] - other.coefs_[0]).max() < 1e-1


@since_17
@each_target
def test_sample_weight(target):
    full = {"solver": "sgd", "learning_rate_init": 0.05, "batch_size": 120}
    assert_same(*pair(target, WEIGHTS, **full), loss=target != "values")
    if target in ("two", "three", "value"):
        assert_same(*pair(target, WEIGHTS, solver="lbfgs", random_state=0))
    # of several batches, scikit-learn tells the mean by samples, here it is the mean by weights
    assert_same(*pair(target, WEIGHTS, alpha=0.0, **full | {"batch_size": 30}), loss=False)


@since_17
def test_counts():
    assert_same(*pair("counts", loss="poisson", solver="sgd", learning_rate_init=0.01))
    assert_same(*pair("counts", loss="poisson", solver="lbfgs"))
    mine, other = pair("counts", WEIGHTS, loss="poisson", solver="sgd", learning_rate_init=0.01, batch_size=120)
    assert_same(mine, other)
    np.testing.assert_allclose(mine.predict(X), other.predict(X), rtol=TOLERANCE)
    # of several counts, the network's loss is the mean, and scikit-learn's the sum
    assert_same(*pair("pairs", loss="poisson", epsilon=1e-30))
    assert_same(*pair("pairs", loss="poisson", solver="sgd", learning_rate_init=0.01))
    rule = {"learning_rate": "invscaling", "momentum": 0.0}
    assert_same(*pair("pairs", loss="poisson", solver="sgd", learning_rate_init=0.01, **rule))
    assert_same(*pair("pairs", loss="poisson", solver="lbfgs"))


def test_the_penalty_counts_whole_in_the_mean_over_outputs():
    mine, _ = pair("pairs", solver="lbfgs", alpha=10.0)
    data = np.mean((mine.predict(X) - PAIRS) ** 2) / 2
    penalty = 10.0 / 2 / len(X) * sum((weights**2).sum() for weights in mine.coefs_)
    assert mine.loss_ == pytest.approx(data + penalty, rel=1e-9, abs=0)


@pytest.mark.parametrize(
    ("target", "solver"), [*((target, "sgd") for target in TARGETS), ("three", "lbfgs"), ("value", "lbfgs")]
)
def test_a_second_fit_goes_on(target, solver):
    mine, other = pair(target, solver=solver, warm_start=True, max_iter=5, alpha=0.0)
    for estimator in (mine, other):
        estimator.fit(X[:90], TARGETS[target][:90])
    assert_same(mine, other)


@each_target
def test_a_second_fit_starts_over(target):
    mine, other = pair(target, solver="sgd", alpha=0.0, max_iter=5)
    for estimator in (mine, other):
        estimator.set_params(early_stopping=True, validation_fraction=0.25).fit(X, TARGETS[target])
        estimator.set_params(early_stopping=False).fit(X, TARGETS[target])
    assert_same(mine, other)
    # of an earlier fit there is nothing left; scikit-learn leaves the curve
    assert not hasattr(mine.set_params(solver="lbfgs").fit(X, TARGETS[target]), "loss_curve_")


@each_target
def test_partial_fit_goes_on(target):
    pairs = pair(target, solver="sgd", max_iter=3, learning_rate_init=0.05, learning_rate="adaptive", alpha=0.0)
    for estimator in pairs:
        for rows in (slice(0, 60), slice(60, 120)):
            estimator.partial_fit(X[rows], TARGETS[target][rows])
    assert_same(*pairs)


@each_target
def test_partial_fit_from_the_start(target):
    settings = SETTINGS | {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.5, "momentum": 0.0}
    name = "MLPClassifier" if target in ("two", "three", "labels") else "MLPRegressor"
    known = {"two": {"classes": [0, 1]}, "three": {"classes": [0, 1, 2]}, "labels": {"classes": [0, 1, 2]}}
    pairs = [getattr(package, name)(**settings, alpha=0.0) for package in (ours, theirs)]
    for estimator in pairs:
        estimator.partial_fit(X[:30], TARGETS[target][:30], **known.get(target, {}))
        estimator.partial_fit(X[30:], TARGETS[target][30:])
    assert_same(*pairs)


def test_one_class():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mine, other = (
            package.MLPClassifier(**SETTINGS, solver="sgd", alpha=0.0).fit(X, np.full(120, "b"))
            for package in (ours, theirs)
        )
    assert_same(mine, other)
    assert mine.predict_proba(X[:1]).shape == other.predict_proba(X[:1]).shape
    # whatever the output is
    mine.intercepts_[-1][:] = 100.0
    assert mine.predict(X[:2]).tolist() == ["b", "b"]
