"""These estimators in scikit-learn's house: its checks of estimators, and what people put estimators into.

What could go wrong: a rule of estimators that a new version of scikit-learn begins to check (checks), parameters that
do not survive clone, a search or pickle (copies), a subclass with a constructor of its own (subclasses), arguments of
fit that a pipeline does not pass on (routing), and a page in a notebook that fails to show (HTML).
"""

import copy
import inspect
import io
import pickle

import joblib
import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

import fastmlp as fm
from fastmlp.sklearn import MLPClassifier, MLPRegressor

RNG = np.random.default_rng(6)
X = RNG.normal(size=(90, 4))
CLASSES = np.array(["a", "b", "c"])[np.digitize(X[:, 0], [-0.5, 0.5])]
VALUE = X[:, 0] - X[:, 1] ** 2
SMALL = {"hidden_layer_sizes": (8,), "solver": "lbfgs", "max_iter": 30, "random_state": 0}
cut_short = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


CHECKED = [MLPClassifier(max_iter=100), MLPRegressor(max_iter=100), MLPClassifier(loss="hinge", max_iter=100)]


# parametrize_with_checks of scikit-learn 1.6 does not go with pytest 9
@pytest.mark.parametrize(
    ("estimator", "check"),
    [
        pytest.param(estimator, check, id=f"{model}-{getattr(check, 'func', check).__name__}")
        for model in CHECKED
        for estimator, check in estimator_checks_generator(model)
    ],
)
@pytest.mark.filterwarnings("ignore")  # the checks look at warnings where they matter
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


@cut_short
def test_searches_and_cross_validation():
    grid = {"mlpclassifier__alpha": [1e-4, 1.0], "mlpclassifier__activation": ["tanh", "x*sigmoid(x)"]}
    pipeline = make_pipeline(StandardScaler(), MLPClassifier(**SMALL))
    search = GridSearchCV(pipeline, grid, cv=3, n_jobs=2).fit(X, CLASSES)
    assert search.best_score_ > 0.6
    assert search.predict(X[:3]).shape == (3,)
    assert cross_val_predict(pipeline, X, CLASSES, method="predict_proba", cv=3).shape == (90, 3)
    assert cross_val_score(MLPRegressor(**SMALL), X, VALUE, cv=3).shape == (3,)


@cut_short
def test_estimators_made_of_estimators():
    for loss in ("log_loss", "hinge"):
        calibrated = CalibratedClassifierCV(MLPClassifier(**SMALL, loss=loss), cv=3).fit(X, CLASSES)
        np.testing.assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1, rtol=1e-12)
    model = MLPClassifier(**SMALL)
    assert BaggingClassifier(model, 2, random_state=0).fit(X, CLASSES).score(X, CLASSES) > 0.6
    voting = VotingClassifier([("one", model), ("two", MLPClassifier((3,), max_iter=50))], voting="soft")
    assert voting.fit(X, CLASSES).score(X, CLASSES) > 0.6
    assert MultiOutputRegressor(MLPRegressor(**SMALL)).fit(X, X[:, :2]).predict(X).shape == (90, 2)
    scaled = TransformedTargetRegressor(MLPRegressor(**SMALL), transformer=StandardScaler()).fit(X, 1e3 * VALUE)
    assert scaled.score(X, 1e3 * VALUE) > 0.8
    importance = permutation_importance(model.fit(X, CLASSES), X, CLASSES, n_repeats=3, random_state=0)
    assert importance.importances_mean.argmax() == 0


@cut_short
def test_data_frames_come_through_a_pipeline():
    pandas = pytest.importorskip("pandas", reason="pandas comes with the extra 'test'")
    frame = pandas.DataFrame(X, columns=list("pqrs"))
    pipeline = make_pipeline(StandardScaler(), MLPClassifier(**SMALL)).set_output(transform="pandas")
    pipeline.fit(frame, CLASSES)
    assert pipeline[-1].feature_names_in_.tolist() == list("pqrs")
    assert (pipeline.predict(frame) == CLASSES).mean() > 0.8


@cut_short
def test_metadata_is_routed_through_a_pipeline():
    weights = np.linspace(0.5, 1.5, 90)
    scaler = StandardScaler().fit(X)
    expected = MLPClassifier(**SMALL).fit(
        scaler.transform(X), CLASSES, weights, X_val=scaler.transform(X[:30]), y_val=CLASSES[:30]
    )
    with config_context(enable_metadata_routing=True):
        model = MLPClassifier(**SMALL).set_fit_request(sample_weight=True, X_val=True, y_val=True)
        model.set_score_request(sample_weight=True).set_partial_fit_request(sample_weight=True, classes=True)
        pipeline = Pipeline(
            [("scale", StandardScaler().set_fit_request(sample_weight=False)), ("model", model)],
            transform_input=["X_val"],
        )
        pipeline.fit(X, CLASSES, sample_weight=weights, X_val=X[:30], y_val=CLASSES[:30])
        scores = cross_val_score(model, X, CLASSES, cv=3, params={"sample_weight": weights})
    np.testing.assert_array_equal(pipeline[-1].coefs_[0], expected.coefs_[0])
    assert pipeline[-1].validation_scores_ == expected.validation_scores_
    assert scores.shape == (3,)


MODELS = [
    MLPClassifier((4,), "max(x, 0.1*x)", class_weight={"a": 2.0}, optimizer=fm.Adam(0.01, clip_norm=1.0), max_iter=3),
    MLPRegressor("huber", (4, 3), ["tanh", fm.activations.GELU()], dropout=[0.1, 0], scale="standard", max_iter=3),
    MLPRegressor("poisson", (4,), solver="sgd", learning_rate="adaptive", learning_rate_init=1e-3, max_iter=3),
]


@pytest.mark.parametrize("model", MODELS, ids=["classifier", "regressor", "counts"])
def test_clones_have_the_parameters_and_nothing_else(model):
    same = clone(model)
    assert same.get_params() == model.get_params()
    assert vars(same).keys() == set(inspect.signature(type(model).__init__).parameters) - {"self"}
    assert repr(same) == repr(model)
    # what a constructor took stays what it was
    assert same.set_params(hidden_layer_sizes=[3]).hidden_layer_sizes == [3]


def by_pickle(model):
    return pickle.loads(pickle.dumps(model))


def by_joblib(model):
    buffer = io.BytesIO()
    joblib.dump(model, buffer)
    buffer.seek(0)
    return joblib.load(buffer)


@cut_short
@pytest.mark.parametrize("copied", [by_pickle, by_joblib, copy.deepcopy])
@pytest.mark.parametrize("model", MODELS, ids=["classifier", "regressor", "counts"])
def test_copies_predict_and_go_on_like_the_original(model, copied):
    y = CLASSES if isinstance(model, MLPClassifier) else np.abs(VALUE)
    model = clone(model).set_params(random_state=0).fit(X, y)
    twin = copied(model)
    np.testing.assert_array_equal(twin.predict(X), model.predict(X))
    before = twin.predict(X)
    model.partial_fit(X, y)
    # the copy shares nothing
    np.testing.assert_array_equal(twin.predict(X), before)
    # and has the optimizer's state with it
    np.testing.assert_array_equal(twin.partial_fit(X, y).coefs_[0], model.coefs_[0])
    assert twin.loss_curve_ == model.loss_curve_


class Fixed(MLPClassifier):
    """A subclass with fewer parameters."""

    def __init__(self, width=4, alpha=0.1):
        super().__init__((width,), solver="lbfgs", max_iter=30, random_state=0, alpha=alpha)
        self.width = width

    def predict(self, X):
        return super().predict(X).astype(object)


@cut_short
def test_subclasses():
    model = clone(Fixed(width=6)).fit(X, CLASSES)
    assert model.get_params() == {"width": 6, "alpha": 0.1}
    assert model.predict(X).dtype == object
    assert by_pickle(model).score(X, CLASSES) == model.score(X, CLASSES)


@cut_short
def test_what_a_subclass_learns_besides_stays():
    class Named(MLPClassifier):
        def fit(self, X, y):
            self.name_, self._secret = "something", 7
            return super().fit(X, y)

    model = Named(**SMALL).fit(X, CLASSES)
    assert (model.name_, model._secret) == ("something", 7)


@cut_short
def test_pages_in_notebooks():
    for model in (MLPClassifier(alpha=0.5), MLPRegressor((3,))):
        for fitted in (False, True):
            page = model._repr_html_()
            assert type(model).__name__ in page
            if not fitted:
                model.set_params(hidden_layer_sizes=(3,), loss="hinge" if isinstance(model, MLPClassifier) else "mae")
                model.set_params(max_iter=2).fit(X, CLASSES if isinstance(model, MLPClassifier) else VALUE)
    assert repr(MLPClassifier(alpha=0.5)) == "MLPClassifier(alpha=0.5)"


def test_what_the_estimators_say_of_themselves():
    from sklearn.base import is_classifier, is_regressor
    from sklearn.utils import get_tags

    classifier, regressor = get_tags(MLPClassifier()), get_tags(MLPRegressor())
    assert is_classifier(MLPClassifier())
    assert is_regressor(MLPRegressor())
    assert classifier.input_tags.sparse
    assert regressor.input_tags.sparse
    assert classifier.classifier_tags.multi_label
    assert regressor.target_tags.multi_output
    assert classifier.target_tags.required
