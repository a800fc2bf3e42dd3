"""``to_sklearn``: a fitted model of ours as scikit-learn's own.

What could go wrong: probabilities in another order, a scaling that is left out, a model that cannot be trained on, and
a setting that scikit-learn has not and that is lost without a word.
"""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn import neural_network as theirs
from sklearn.exceptions import NotFittedError

import fastmlp as fm
from fastmlp.sklearn import MLPClassifier, MLPRegressor, from_sklearn

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning"
)  # fits are cut short on purpose

RNG = np.random.default_rng(7)
X = RNG.normal(size=(80, 4)) * [1.0, 10.0, 0.1, 1.0] + [0.0, 1000.0, 0.0, 1.0]
BINS = np.digitize(X[:, 0], [-0.5, 0.5])
MANY = np.column_stack([X[:, 0] > 0, X[:, 2] > 0, X[:, 3] > 1]).astype(int)
SMALL = {"hidden_layer_sizes": (6, 5), "max_iter": 15, "random_state": 0}
TARGETS = {
    "two": np.where(BINS > 0, "yes", "no"),
    "three": BINS * 10,
    "one": np.full(80, "only"),
    "labels": MANY,
    "sparse labels": sp.csr_matrix(MANY),
}
# the same sums in another order, in units of a probability or of a value of the size 1
TOLERANCE = {"float64": 1e-12, "float32": 1e-5}


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("scale", [None, "standard"])
@pytest.mark.parametrize("target", TARGETS)
def test_classifiers(target, scale, dtype):
    model = MLPClassifier(**SMALL, scale=scale, dtype=dtype).fit(X, TARGETS[target])
    other = model.to_sklearn()
    last = other if scale is None else other[-1]
    assert type(last) is theirs.MLPClassifier
    np.testing.assert_allclose(other.predict_proba(X), model.predict_proba(X), rtol=0, atol=TOLERANCE[dtype])
    found, expected = other.predict(X), model.predict(X)
    assert sp.issparse(found) == sp.issparse(expected)
    np.testing.assert_array_equal(*(p.toarray() if sp.issparse(p) else p for p in (found, expected)))
    assert last.out_activation_ == model.out_activation_
    assert last.coefs_[0].dtype == dtype
    assert not np.shares_memory(last.coefs_[0], model.coefs_[0])


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu", fm.activations.Sigmoid()])
@pytest.mark.parametrize("y", [X[:, 0], X[:, [0, 2]]], ids=["value", "values"])
def test_regressors(y, activation):
    model = MLPRegressor(**SMALL, activation=activation).fit(X, y)
    other = model.to_sklearn()
    np.testing.assert_allclose(other.predict(X), model.predict(X), rtol=1e-12, atol=1e-12)
    assert other.activation == ("logistic" if isinstance(activation, fm.activations.Sigmoid) else activation)


def test_counts():
    model = MLPRegressor(**SMALL, loss="poisson", scale="standard").fit(X, BINS)
    if "loss" in theirs.MLPRegressor().get_params():
        np.testing.assert_allclose(model.to_sklearn().predict(X), model.predict(X), rtol=1e-12)
    else:  # scikit-learn has counts since 1.7
        with pytest.raises(ValueError, match="loss is 'poisson'"):
            model.to_sklearn()


def test_there_and_back_again():
    model = MLPClassifier(**SMALL, solver="sgd", early_stopping=True).fit(X, BINS)
    again = from_sklearn(model.to_sklearn())
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert again.get_params() == model.get_params()
    assert again.validation_scores_ == model.validation_scores_


def test_training_goes_on():
    settings = SMALL | {"solver": "sgd", "momentum": 0.0, "alpha": 0.0, "shuffle": False, "warm_start": True}
    model = MLPClassifier(**settings).fit(X / 1000, BINS)
    other = model.to_sklearn()
    for estimator in (model, other):
        estimator.partial_fit(X / 1000, BINS)
        estimator.fit(X / 1000, BINS)
    # without momentum an optimizer has no state: both go on alike, within rounding
    np.testing.assert_allclose(other.coefs_[0], model.coefs_[0], rtol=0, atol=1e-9)
    assert other.t_ == model.t_


def test_names_of_columns_come_along():
    pandas = pytest.importorskip("pandas", reason="pandas comes with the extra 'test'")
    table = pandas.DataFrame(X, columns=list("abcd"))
    for scale in (None, "standard"):
        other = MLPRegressor(**SMALL, scale=scale).fit(table, X[:, 0]).to_sklearn()
        assert list(other.feature_names_in_) == list("abcd")
        with pytest.raises(ValueError, match="feature names"):
            other.predict(table[list("badc")])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert other.predict(table).shape == (80,)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_model_that_is_not_finite_is_refused(value):
    model = MLPRegressor(**SMALL).fit(X, X[:, 0])
    model.coefs_[1][0, 0] = value
    with pytest.raises(ValueError, match=r"^layers\[1\]\.weights holds NaN or infinity, .* was not exported"):
        model.to_sklearn()


def test_parameters_set_after_the_fit_do_not_count():
    model = MLPRegressor(**SMALL).fit(X, X[:, 0])
    model.set_params(hidden_layer_sizes=(9,), activation="tanh", dropout=0.5, scale="standard")
    other = model.to_sklearn()
    assert (other.hidden_layer_sizes, other.activation) == ((6, 5), "relu")
    np.testing.assert_allclose(other.predict(X), model.predict(X), rtol=1e-12)


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (
            MLPRegressor,
            {"dropout": 0.2},
            "^dropout is 0.2, which MLPRegressor of scikit-learn's has not: fit without it",
        ),
        (MLPRegressor, {"activation": ["relu", "tanh"]}, "has one for all hidden layers"),
        (MLPRegressor, {"activation": "gelu"}, "^activation is 'gelu', but MLPRegressor of scikit-learn's has"),
        (MLPRegressor, {"activation": "x * tanh(x)"}, "^activation is 'x "),
        (MLPRegressor, {"loss": "mae"}, "^loss is 'mae'"),
        (MLPRegressor, {"optimizer": "rmsprop"}, "^optimizer is 'rmsprop'"),
        (MLPRegressor, {"scale": "robust"}, "^scale is 'robust'"),
        (MLPClassifier, {"loss": "hinge"}, "^loss is 'hinge'"),
        (MLPClassifier, {"class_weight": "balanced"}, "^class_weight is 'balanced'"),
    ],
)
def test_what_scikit_learn_has_not_is_refused_by_name(kind, settings, message):
    model = kind(**SMALL, **settings).fit(X, BINS)
    with pytest.raises(ValueError, match=message):
        model.to_sklearn()


def test_a_model_before_its_fit_is_refused():
    with pytest.raises(NotFittedError):
        MLPClassifier().to_sklearn()
