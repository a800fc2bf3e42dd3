"""The same interface as scikit-learn's classes: parameters, attributes, methods, and the lines of ``verbose``.

What could go wrong: a parameter at another place or with another default, so that an argument or a clone means
something else (signatures); an attribute that is missing, there before a fit or of another kind (attributes); a line of
another form, which a log parser would miss (verbose). Numbers are compared in test_same_numbers.py.
"""

import inspect

import numpy as np
import pytest
import sklearn.neural_network as theirs

import fastmlp.sklearn as ours

NAMES = ("MLPClassifier", "MLPRegressor")
each_name = pytest.mark.parametrize("name", NAMES)
# fits are cut short on purpose
pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore:.*iprint:DeprecationWarning"
)

RNG = np.random.default_rng(1)
X = RNG.normal(size=(60, 4))
CLASSES = np.digitize(X[:, 0], [-0.5, 0.5])
SMALL = {"hidden_layer_sizes": (5,), "max_iter": 4, "random_state": 0}
SOLVERS = {
    "lbfgs": {"solver": "lbfgs"},
    "adam": {},
    "sgd": {"solver": "sgd"},
    "early stopping": {"early_stopping": True},
}


def parameters(kind, method="__init__"):
    return [p for p in inspect.signature(getattr(kind, method)).parameters.values() if p.name != "self"]


@each_name
def test_parameters_have_the_same_order_and_defaults(name):
    mine = {p.name: p for p in parameters(getattr(ours, name))}
    other = {p.name: p for p in parameters(getattr(theirs, name))}
    # those that this version of scikit-learn lacks, such as the loss of a regressor before 1.7, are left out
    shared = [key for key in mine if key in other]
    assert shared == list(other)
    for key in shared:
        assert (mine[key].default, mine[key].kind) == (other[key].default, other[key].kind), key
    # what is more can be given by name only
    more = [p for p in mine.values() if p.name not in other and p.name != "loss"]
    assert more
    assert all(p.kind is p.KEYWORD_ONLY for p in more)


METHODS = ["fit", "partial_fit", "predict", "score"]
CALLS = [("MLPRegressor", method) for method in METHODS] + [
    ("MLPClassifier", method) for method in [*METHODS, "predict_proba", "predict_log_proba"]
]


@pytest.mark.parametrize(("name", "method"), CALLS)
def test_methods_take_the_same_arguments(name, method):
    mine, other = (parameters(getattr(package, name), method) for package in (ours, theirs))
    # an older scikit-learn has no sample_weight yet
    known = {p.name for p in other} | {"sample_weight"}
    positional = [p.name for p in mine if p.name in known and p.kind is p.POSITIONAL_OR_KEYWORD]
    assert [p for p in positional if p in {q.name for q in other}] == [p.name for p in other]
    assert all(p.kind is p.KEYWORD_ONLY for p in mine if p.name not in known)


@each_name
@pytest.mark.parametrize("solver", SOLVERS)
def test_attributes_after_a_fit(name, solver):
    y = CLASSES if name == "MLPClassifier" else X[:, 0]
    mine, other = (getattr(package, name)(**SMALL, **SOLVERS[solver]) for package in (ours, theirs))
    # a regressor of scikit-learn's has a partial_fit that it refuses when called
    before = {key for key in dir(other) if not key.startswith("_")} - ({"partial_fit"} if solver == "lbfgs" else set())
    assert before <= {key for key in dir(mine) if not key.startswith("_")}
    after = {key for key in dir(other.fit(X, y)) if not key.startswith("_")} - before - {"partial_fit"}
    assert after <= {key for key in dir(mine.fit(X, y)) if not key.startswith("_")}
    for key in after:
        expected = getattr(other, key)
        # numbers of NumPy and of Python are one kind
        kind = next((k for k in (bool, int, float, str, list, np.ndarray, type(None)) if isinstance(expected, k)), None)
        assert kind is not None, key
        assert isinstance(getattr(mine, key), (kind, np.floating) if kind is float else kind), key
    # nothing that scikit-learn has not: a curve without iterations over batches, say
    assert {key for key in ("loss_curve_", "validation_scores_", "best_loss_") if hasattr(mine, key)} == {
        key for key in ("loss_curve_", "validation_scores_", "best_loss_") if hasattr(other, key)
    }


@each_name
def test_there_are_no_results_before_a_fit(name):
    estimator = getattr(ours, name)()
    for key in ("coefs_", "intercepts_", "n_layers_", "out_activation_", "loss_", "n_iter_"):
        assert not hasattr(estimator, key)


def test_shapes_and_names():
    model = ours.MLPClassifier((6, 5), max_iter=2, random_state=0).fit(X, CLASSES)
    assert [w.shape for w in model.coefs_] == [(4, 6), (6, 5), (5, 3)]
    assert [b.shape for b in model.intercepts_] == [(6,), (5,), (3,)]
    assert (model.n_layers_, model.n_outputs_, model.n_features_in_, model.n_iter_, model.t_) == (4, 3, 4, 2, 120)
    assert model.classes_.tolist() == [0, 1, 2]
    # views: what is written there is predicted with
    model.coefs_[2][:] = 0
    model.intercepts_[2][:] = [0, 1, 0]
    assert set(model.predict(X)) == {1}


def test_names_of_the_last_activation():
    many = (RNG.random((60, 2)) > 0.5).astype(int)
    for y, expected in ((CLASSES, "softmax"), (CLASSES > 0, "logistic"), (many, "logistic")):
        names = [package.MLPClassifier(**SMALL).fit(X, y).out_activation_ for package in (ours, theirs)]
        assert names == [expected] * 2
    assert ours.MLPRegressor(**SMALL).fit(X, X[:, 0]).out_activation_ == "identity"
    assert ours.MLPRegressor("poisson", **SMALL).fit(X, CLASSES).out_activation_ == "exp"


def test_partial_fit_is_there_for_solvers_that_make_iterations():
    for kind in (ours.MLPClassifier, ours.MLPRegressor):
        assert hasattr(kind(), "partial_fit")
        assert hasattr(kind(solver="sgd"), "partial_fit")
        assert not hasattr(kind(solver="lbfgs"), "partial_fit")


@pytest.mark.parametrize(
    "settings",
    [
        {"solver": "sgd", "learning_rate": "adaptive", "max_iter": 200},
        {"solver": "sgd", "learning_rate_init": 0.01, "early_stopping": True},
        {"solver": "sgd", "learning_rate_init": 0.01},
    ],
)
def test_verbose_prints_the_same_lines(settings, capsys):
    lines = []
    for package in (ours, theirs):
        shared = {"random_state": 0, "shuffle": False, "momentum": 0.0, "alpha": 0.0, "verbose": True, "tol": 0.05}
        package.MLPClassifier(**{"max_iter": 60, "n_iter_no_change": 2, **shared, **settings}).fit(X, CLASSES)
        lines.append(capsys.readouterr().out.splitlines())
    assert lines[0] == lines[1]
    assert lines[0][0].startswith("Iteration 1, loss = ")
    assert "Stopping." in lines[0][-1]


def test_partial_fit_prints_its_line(capsys):
    ours.MLPClassifier(**SMALL, verbose=2).partial_fit(X, CLASSES, classes=[0, 1, 2])
    assert capsys.readouterr().out.startswith("Iteration 1, loss = ")
    ours.MLPClassifier(**SMALL, verbose=0).fit(X, CLASSES)
    assert capsys.readouterr().out == ""
