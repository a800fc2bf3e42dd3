"""``from_sklearn``: the fitted model of scikit-learn's as one of ours.

What could go wrong: probabilities in another order, a label that is not told any more, a float32 model that grows, a
parameter or attribute that is lost, and a model that cannot be trained on from there.
"""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn import neural_network as theirs
from sklearn.exceptions import NotFittedError

from fastmlp.sklearn import MLPClassifier, MLPRegressor, from_sklearn

pytestmark = [
    # fits are cut short on purpose
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    # of scikit-learn 1.6 with SciPy 1.16
    pytest.mark.filterwarnings("ignore:.*iprint:DeprecationWarning"),
]

RNG = np.random.default_rng(7)
X = RNG.normal(size=(80, 4))
BINS = np.digitize(X[:, 0], [-0.5, 0.5])
MANY = (X[:, :3] > 0).astype(int)
SMALL = {"hidden_layer_sizes": (6, 5), "max_iter": 15, "random_state": 0}
CLASSIFIED = {
    "two": np.where(BINS > 0, "yes", "no"),
    "three": BINS * 10,
    "one": np.full(80, "only"),
    "labels": MANY,
    "sparse labels": sp.csr_matrix(MANY),
}
VALUES = {"value": X[:, 0] * X[:, 1], "values": X[:, :2] ** 2}


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("target", CLASSIFIED)
def test_classifiers(target, activation):
    fitted = theirs.MLPClassifier(**SMALL, activation=activation).fit(X, CLASSIFIED[target])
    model = from_sklearn(fitted)
    assert type(model) is MLPClassifier
    # the same sums in another order
    np.testing.assert_allclose(model.predict_proba(X), fitted.predict_proba(X), rtol=0, atol=1e-12)
    mine, other = model.predict(X), fitted.predict(X)
    assert sp.issparse(mine) == sp.issparse(other)
    np.testing.assert_array_equal(*(p.toarray() if sp.issparse(p) else p for p in (mine, other)))
    np.testing.assert_array_equal(model.classes_, fitted.classes_)
    assert model.out_activation_ == fitted.out_activation_


@pytest.mark.parametrize("target", VALUES)
def test_regressors(target):
    fitted = theirs.MLPRegressor(**SMALL).fit(X, VALUES[target])
    model = from_sklearn(fitted)
    assert type(model) is MLPRegressor
    np.testing.assert_allclose(model.predict(X), fitted.predict(X), rtol=0, atol=1e-12)


@pytest.mark.skipif("loss" not in theirs.MLPRegressor().get_params(), reason="scikit-learn has counts since 1.7")
def test_counts():
    fitted = theirs.MLPRegressor("poisson", **SMALL).fit(X, BINS)
    model = from_sklearn(fitted)
    assert (model.loss, model.out_activation_) == ("poisson", "exp")
    np.testing.assert_allclose(model.predict(X), fitted.predict(X), rtol=1e-12)


def test_float32_stays_float32():
    fitted = theirs.MLPClassifier(**SMALL).fit(X.astype("float32"), BINS)
    model = from_sklearn(fitted)
    assert model.coefs_[0].dtype == np.float32
    expected = fitted.predict_proba(X.astype("float32"))
    np.testing.assert_allclose(model.predict_proba(X.astype("float32")), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "settings", [{"solver": "lbfgs"}, {"solver": "sgd", "learning_rate": "adaptive"}, {"early_stopping": True}]
)
def test_parameters_and_attributes_come_along(settings):
    pandas = pytest.importorskip("pandas", reason="pandas comes with the extra 'test'")
    fitted = theirs.MLPClassifier(**SMALL, **settings).fit(pandas.DataFrame(X, columns=list("abcd")), BINS)
    model = from_sklearn(fitted)
    assert model.get_params().items() >= fitted.get_params().items()
    for name in dir(fitted):
        if name.endswith("_") and not name.startswith("_"):
            assert np.array_equal(getattr(model, name), getattr(fitted, name)) or name in ("coefs_", "intercepts_"), (
                name
            )
    # and are its own
    model.coefs_[0][:] = 0
    if hasattr(model, "loss_curve_"):
        model.loss_curve_.clear()
        assert fitted.loss_curve_
    assert fitted.coefs_[0].any()


@pytest.mark.parametrize("target", CLASSIFIED)
def test_training_goes_on(target):
    settings = SMALL | {"solver": "sgd", "momentum": 0.0, "alpha": 0.0, "shuffle": False, "warm_start": True}
    fitted = theirs.MLPClassifier(**settings).fit(X, CLASSIFIED[target])
    model = from_sklearn(fitted)
    # without momentum an optimizer has no state: both go on alike, within rounding
    for estimator in (model, fitted):
        estimator.partial_fit(X, CLASSIFIED[target])
        estimator.fit(X, CLASSIFIED[target])
    np.testing.assert_allclose(model.coefs_[0], fitted.coefs_[0], rtol=0, atol=1e-9)
    assert model.t_ == fitted.t_
    np.testing.assert_allclose(model.loss_curve_, fitted.loss_curve_, rtol=0, atol=1e-9)


def test_a_subclass_is_taken_too():
    class Own(theirs.MLPClassifier):
        pass

    assert type(from_sklearn(Own(**SMALL).fit(X, BINS))) is MLPClassifier

    class Tanh(theirs.MLPClassifier):
        def __init__(self, max_iter=20):
            super().__init__((5,), activation="tanh", max_iter=max_iter)

    fitted = Tanh().fit(X, BINS)
    assert from_sklearn(fitted).activation == "tanh"
    np.testing.assert_allclose(from_sklearn(fitted).predict_proba(X), fitted.predict_proba(X), rtol=0, atol=1e-12)


def test_parameters_set_after_the_fit_do_not_count():
    fitted = theirs.MLPRegressor(hidden_layer_sizes=(5,), max_iter=20).fit(X, X[:, 0])
    fitted.set_params(hidden_layer_sizes=(7, 7), **({"loss": "poisson"} if "loss" in fitted.get_params() else {}))
    model = from_sklearn(fitted)
    assert model.hidden_layer_sizes == (5,)
    np.testing.assert_allclose(model.predict(X), fitted.predict(X), rtol=0, atol=1e-12)


@pytest.mark.parametrize("wrong", [None, theirs.MLPClassifier, MLPClassifier(), "MLPClassifier"])
def test_other_things_are_refused(wrong):
    with pytest.raises(TypeError, match="from_sklearn takes a fitted MLPClassifier or MLPRegressor of scikit-learn's"):
        from_sklearn(wrong)


def test_a_model_before_its_fit_is_refused():
    with pytest.raises(NotFittedError):
        from_sklearn(theirs.MLPClassifier())
