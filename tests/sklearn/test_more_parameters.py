"""What these estimators take beyond scikit-learn's, each seen to act.

What could go wrong: a parameter that is taken and forgotten, that reaches the wrong layer (activations, dropout), that
is applied twice or not in all solvers (class_weight, scale), or that a second fit keeps from the first (changes between
fits). That the network computes right with them is tested in tests/core and tests/python.
"""

import warnings

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingClassifier
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import fastmlp as fm
from fastmlp.sklearn import MLPClassifier, MLPRegressor, TabularRegressor

# fits are cut short on purpose
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(3)
X = RNG.normal(size=(90, 4))
CLASSES = np.digitize(X[:, 0], [-0.3, 1.0])  # of 34, 42 and 14 samples or so
NAMES = np.array(["a", "b", "c"])[CLASSES]
VALUE = X[:, 0] * X[:, 1]
SMALL = {"hidden_layer_sizes": (6, 5), "max_iter": 5, "random_state": 0}


def weights_of(model):
    return np.concatenate([part.ravel() for part in (*model.coefs_, *model.intercepts_)])


def differ(one, two):
    return not np.array_equal(weights_of(one), weights_of(two))


def test_an_activation_for_each_layer():
    model = MLPClassifier(**SMALL | {"activation": ["tanh", "x*sigmoid(1.7*x)"]}).fit(X, CLASSES)
    assert [type(layer.activation).__name__ for layer in model.network_.layers] == ["Tanh", "Formula", "Softmax"]
    first = np.tanh(X @ model.coefs_[0] + model.intercepts_[0])
    z = first @ model.coefs_[1] + model.intercepts_[1]
    second = z / (1 + np.exp(-1.7 * z))
    logits = second @ model.coefs_[2] + model.intercepts_[2]
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict_proba(X), shares, rtol=1e-12)  # some hundred roundings of 1e-16


@pytest.mark.parametrize("activation", ["gelu", fm.activations.LeakyReLU(0.3), "max(x, 0.1*x)"])
def test_an_activation_of_the_library(activation):
    model = MLPRegressor(**SMALL | {"activation": activation}).fit(X, VALUE)
    hidden = model.network_.layers[0].activation
    assert hidden == model.network_.layers[1].activation == fm.activations.resolve_activation(activation)
    # with the library's own initial weights: biases of 0 before the first step, whatever the seed
    untrained = MLPRegressor(**SMALL | {"activation": activation, "max_iter": 1, "learning_rate_init": 1e-12})
    assert np.abs(untrained.fit(X, VALUE).intercepts_[0]).max() < 1e-10


def test_dropout_for_all_layers_or_for_each():
    plain = MLPClassifier(**SMALL).fit(X, CLASSES)
    one = MLPClassifier(**SMALL, dropout=0.5).fit(X, CLASSES)
    assert (plain.network_.dropout, one.network_.dropout) == ((0, 0, 0), (0, 0.5, 0.5))
    assert differ(plain, one)
    assert MLPClassifier(**SMALL, dropout=[0, 0.25]).fit(X, CLASSES).network_.dropout == (0, 0, 0.25)
    # in training only
    np.testing.assert_array_equal(one.predict_proba(X), one.predict_proba(X))


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_class_weight_is_the_sample_weight_of_each_class(solver):
    settings = SMALL | {"solver": solver}
    factors = {"a": 0.5, "c": 4.0}
    expected = MLPClassifier(**settings).fit(X, NAMES, np.array([0.5, 1.0, 4.0])[CLASSES])
    assert not differ(MLPClassifier(**settings, class_weight=factors).fit(X, NAMES), expected)
    assert differ(MLPClassifier(**settings).fit(X, NAMES), expected)
    # times that of the sample
    both = MLPClassifier(**settings, class_weight=factors).fit(X, NAMES, np.linspace(0, 1, 90))
    product = np.array([0.5, 1.0, 4.0])[CLASSES] * np.linspace(0, 1, 90)
    assert not differ(both, MLPClassifier(**settings).fit(X, NAMES, product))


def test_balanced_classes_weigh_the_same():
    counts = np.bincount(CLASSES)
    balanced = MLPClassifier(**SMALL, class_weight="balanced").fit(X, NAMES)
    assert not differ(balanced, MLPClassifier(**SMALL).fit(X, NAMES, (90 / (3 * counts))[CLASSES]))


def test_class_weight_does_not_need_every_class_in_a_batch():
    model = MLPClassifier(**SMALL, class_weight={"a": 2.0, "c": 3.0})
    rows = NAMES != "c"
    model.partial_fit(X[rows], NAMES[rows], classes=["a", "b", "c"])
    plain = MLPClassifier(**SMALL).partial_fit(
        X[rows], NAMES[rows], np.array([2.0, 1.0])[CLASSES[rows]], classes=["a", "b", "c"]
    )
    assert not differ(model, plain)


def test_class_weight_counts_in_validation():
    # the share of right labels, of which those of "c" count ten times
    model = MLPClassifier(**SMALL, class_weight={"c": 10.0}).fit(X, NAMES, X_val=X, y_val=NAMES)
    expected = np.average(model.predict(X) == NAMES, weights=np.array([1.0, 1.0, 10.0])[CLASSES])
    assert model.validation_scores_[-1] == pytest.approx(expected, rel=1e-12)


def test_losses_of_a_classifier():
    smooth = MLPClassifier(**SMALL, loss=fm.losses.CrossEntropy(label_smoothing=0.2)).fit(X, CLASSES)
    assert differ(smooth, MLPClassifier(**SMALL).fit(X, CLASSES))
    for y in (CLASSES, CLASSES > 0, np.column_stack([CLASSES > 0, CLASSES > 1]).astype(int)):
        model = MLPClassifier((20,), loss="hinge", solver="lbfgs", max_iter=300, random_state=0).fit(X, y)
        assert not hasattr(model, "predict_proba")
        assert not hasattr(model, "predict_log_proba")
        scores = model.decision_function(X)
        chosen = scores.argmax(axis=1) if y is CLASSES else scores > 0
        np.testing.assert_array_equal(model.predict(X), chosen)
        assert model.score(X, y) > 0.9
    assert not hasattr(MLPClassifier(**SMALL).fit(X, CLASSES), "decision_function")
    # the border is 0, not the half of a probability
    model = MLPClassifier(**SMALL, loss="hinge").fit(X, CLASSES > 0)
    scores = model.decision_function(X)
    assert ((scores > 0) & (scores < 0.5)).any()
    np.testing.assert_array_equal(model.predict(X), scores > 0)


def test_a_changed_loss_does_not_change_what_was_learned():
    model = MLPClassifier(**SMALL).fit(X, CLASSES > 0)
    before = model.predict(X)
    model.set_params(loss="hinge")
    np.testing.assert_array_equal(model.predict(X), before)
    assert hasattr(model, "predict_proba")


def test_losses_of_a_regressor():
    # the median and the upper quartile of the same values, by a network that is a constant
    y = np.arange(101.0)
    constant = {"hidden_layer_sizes": (), "alpha": 0.0, "max_iter": 600, "random_state": 0, "tol": 0.0}
    for loss, expected in (("mae", 50), (fm.losses.Quantile(0.75), 75)):
        model = MLPRegressor(loss, **constant, optimizer=fm.Adam(0.5)).fit(np.zeros((101, 1)), y)
        # a step of 0.5 around the edge of a sample's loss
        assert model.predict([[0.0]])[0] == pytest.approx(expected, abs=2)


@pytest.mark.parametrize("optimizer", ["rmsprop", fm.AdamW(0.02, weight_decay=0.1), fm.SGD(0.1, clip_norm=0.01)])
def test_an_optimizer_takes_the_place_of_the_solver(optimizer):
    model = MLPRegressor(**SMALL, optimizer=optimizer, solver="ignored").fit(X, VALUE)
    assert differ(model, MLPRegressor(**SMALL).fit(X, VALUE))
    # as the network is trained by it
    same = MLPRegressor(**SMALL | {"max_iter": 1, "alpha": 0.0}, optimizer=optimizer, shuffle=False)
    other = MLPRegressor(**SMALL | {"max_iter": 1, "alpha": 0.0}, optimizer=fm.SGD(1e-300), shuffle=False).fit(X, VALUE)
    other.network_.fit(X, VALUE, epochs=1, batch_size=200, optimizer=optimizer, shuffle=False)
    np.testing.assert_allclose(weights_of(same.fit(X, VALUE)), weights_of(other), rtol=1e-12)


def test_an_optimizer_that_needs_all_samples_gets_them():
    X, y = np.tile(globals()["X"], (3, 1)), np.tile(CLASSES, 3)  # more than the 200 of a batch
    model = MLPClassifier(**SMALL, optimizer="rprop").fit(X, y)
    assert model.n_iter_ == 5
    iterations = MLPClassifier(**SMALL, optimizer=fm.LBFGS(max_iterations=3)).fit(X, y)
    assert iterations.n_iter_ == 3


def test_a_schedule_of_the_optimizer():
    rates = []
    optimizer = fm.SGD(fm.schedules.Step(0.1, 0.5, every_epochs=1))
    record = lambda network, epoch: rates.append(epoch["learning_rate"])  # noqa: E731
    MLPClassifier(**SMALL, optimizer=optimizer, batch_size=90).fit(X, CLASSES, callbacks=[record])
    assert rates == pytest.approx([0.1 * 0.5**step for step in range(5)])


def test_standard_scale_is_part_of_the_model():
    columns = X * [1, 100, 0.01, 5] + [0, 1000, 3, -7]
    settings = SMALL | {"solver": "lbfgs", "max_iter": 15}
    model = MLPClassifier(**settings, scale="standard").fit(columns, CLASSES)
    outside = MLPClassifier(**settings).fit((columns - columns.mean(axis=0)) / columns.std(axis=0), CLASSES)
    inside = model.predict_proba(columns)
    scaled = outside.predict_proba((columns - columns.mean(axis=0)) / columns.std(axis=0))
    np.testing.assert_allclose(inside, scaled, atol=1e-7)  # 15 iterations that divide by differences
    assert np.abs(inside - MLPClassifier(**settings).fit(columns, CLASSES).predict_proba(columns)).max() > 0.1


def test_robust_scale_is_that_of_the_network():
    columns = X * [1, 100, 0.01, 5] + [0, 1000, 3, -7]
    model = MLPClassifier(**SMALL, scale="robust").fit(columns, CLASSES)
    np.testing.assert_allclose(model.network_.scaling.median, np.median(columns, axis=0), rtol=0.1)  # of an even number
    far = model.predict_proba(columns + 1e6)
    np.testing.assert_allclose(
        far, model.predict_proba(columns + 1e7), atol=1e-3
    )  # clipped at 3: hardly any difference


def test_validation_samples_of_ones_own():
    model = MLPClassifier(**SMALL).fit(X[:60], NAMES[:60], X_val=X[60:], y_val=NAMES[60:])
    assert len(model.validation_scores_) == 5
    assert model.validation_scores_[-1] == model.score(X[60:], NAMES[60:])
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.best_loss_ == min(model.loss_curve_)
    # they are not trained on, and without early stopping they decide nothing
    assert not differ(model, MLPClassifier(**SMALL).fit(X[:60], NAMES[:60]))
    values = MLPRegressor(**SMALL).fit(X[:60], VALUE[:60], X_val=X[60:], y_val=VALUE[60:])
    assert values.validation_scores_[-1] == values.score(X[60:], VALUE[60:])


def test_validation_samples_decide_early_stopping():
    settings = SMALL | {"max_iter": 300, "early_stopping": True, "n_iter_no_change": 3}
    # labels that have nothing to do with the inputs: the score soon falls
    model = MLPClassifier(**settings).fit(X[:60], NAMES[:60], X_val=X[60:], y_val=NAMES[59:-1])
    assert model.n_iter_ == len(model.validation_scores_) < 300
    assert model.score(X[60:], NAMES[59:-1]) == model.best_validation_score_
    assert model.t_ == 60 * model.n_iter_  # nothing was set aside


def test_validation_samples_with_lbfgs():
    model = MLPClassifier(**SMALL, solver="lbfgs", early_stopping=True).fit(X, NAMES, X_val=X, y_val=NAMES)
    assert len(model.validation_scores_) == model.n_iter_ == 5
    assert not differ(model, MLPClassifier(**SMALL, solver="lbfgs").fit(X, NAMES))


def test_changes_between_fits_take_effect():
    model = MLPClassifier(**SMALL, warm_start=True).fit(X, CLASSES)
    model.set_params(activation="tanh", dropout=0.5, alpha=9.0, loss="hinge").fit(X, CLASSES)
    network = model.network_
    assert [layer.activation.name for layer in network.layers] == ["tanh", "tanh", "identity"]
    assert network.dropout == (0, 0.5, 0.5)
    assert (network.layers[0].l2, network.loss_function.name) == (9.0 / 90, "hinge")
    model.set_params(dtype="float32").partial_fit(X, CLASSES)
    assert model.coefs_[0].dtype == np.float32


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({"early_stopping": True}, {"early_stopping": False}),
        ({}, {"early_stopping": True}),
        ({"solver": "lbfgs"}, {"solver": "adam"}),
        ({"solver": "adam"}, {"solver": "lbfgs"}),
        ({"solver": "lbfgs"}, {"solver": "sgd", "early_stopping": True}),
    ],
)
def test_another_way_to_train_between_fits(first, then):
    model = MLPClassifier(**SMALL, warm_start=True, **first).fit(X, CLASSES)
    model.set_params(**then).fit(X, CLASSES)
    assert model.n_iter_ == 5
    assert (model.best_loss_ is None) == (then.get("early_stopping", False) is True) or then == {"solver": "lbfgs"}


def test_a_minimum_that_is_there_already():
    # a gradient below tol before the first iteration
    model = MLPRegressor(**SMALL | {"solver": "lbfgs", "tol": 1e9}).fit(X, VALUE)
    assert model.n_iter_ == 0
    assert model.loss_ == pytest.approx(0.5 * np.mean((model.predict(X) - VALUE) ** 2), rel=1e-2)  # and the penalty


@pytest.mark.parametrize("several", [False, True])
def test_a_weight_of_two_is_the_sample_twice_for_balanced_classes_too(several):
    weight = np.random.default_rng(1).integers(0, 3, len(X))
    y = np.column_stack([CLASSES == 0, CLASSES > 0, X[:, 0] > 0]).astype(int) if several else NAMES
    settings = {"solver": "lbfgs", "max_iter": 20, "random_state": 0, "class_weight": "balanced", "tol": 0.0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        weighted = MLPClassifier((4,), **settings).fit(X, y, weight)
        repeated = MLPClassifier((4,), **settings).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight, axis=0))
    # sums of the same terms in another order, over some iterations
    np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), rtol=1e-5)


def test_logarithms_of_probabilities_come_from_the_logits():
    """What was reported: minus infinity 619 times for two classes that are easy to tell apart, in float32."""
    x = np.linspace(-30, 30, 600).reshape(-1, 1)
    for y in ((x[:, 0] > 0).astype(int), np.digitize(x[:, 0], [-10.0, 10.0])):
        model = MLPClassifier((3,), max_iter=1, random_state=0, dtype="float32").fit(x, y)
        for weights, bias in zip(model.coefs_, model.intercepts_, strict=True):
            weights[:] = np.sign(weights) * 3
            bias[:] = 0
        logs, probabilities = model.predict_log_proba(x.astype("f4")), model.predict_proba(x.astype("f4"))
        assert np.isfinite(logs).all()
        assert logs.min() < -200
        assert logs.dtype == probabilities.dtype == np.float32
        np.testing.assert_allclose(np.exp(logs), probabilities, atol=1e-5)  # of logits up to hundreds in float32
        hidden = np.maximum(x @ model.coefs_[0], 0)
        z = hidden.astype(np.float64) @ model.coefs_[1]
        z = np.column_stack([np.zeros(len(z)), z[:, 0]]) if z.shape[1] == 1 else z
        expected = (
            z
            - np.log(np.exp(z - z.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True))
            - z.max(axis=1, keepdims=True)
        )
        np.testing.assert_allclose(logs, expected, rtol=1e-5, atol=1e-6)


def test_a_warm_start_goes_on_with_all_of_its_classes():
    """As in scikit-learn; a part of the data may lack some."""
    model = MLPClassifier(**SMALL, warm_start=True).fit(X, NAMES)
    before = [weights.copy() for weights in model.coefs_]
    some = NAMES != "c"
    with pytest.raises(
        ValueError, match=r"^warm_start goes on with the classes 'a', 'b', 'c', but y has only 'a', 'b': "
    ):
        model.fit(X[some], NAMES[some])
    assert all((old == new).all() for old, new in zip(before, model.coefs_, strict=True))
    model.partial_fit(X[some], NAMES[some])


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_warning_points_at_the_line_of_the_caller(method):
    model = MLPClassifier((3,), batch_size=500, max_iter=1)
    arguments = {"classes": [0, 1, 2]} if method == "partial_fit" else {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        getattr(model, method)(X, CLASSES, **arguments)
    assert {str(warning.message).split()[0] for warning in caught} >= {"batch_size"}
    assert {warning.filename for warning in caught} == {__file__}


@pytest.mark.parametrize(
    "fit",
    [
        lambda: MLPClassifier(**SMALL).fit(X, NAMES),
        lambda: MLPRegressor(**SMALL).fit(X, VALUE[:, np.newaxis]),
        lambda: MLPClassifier(**SMALL, solver="lbfgs", max_fun=1).fit(X, NAMES[:, np.newaxis]),
        lambda: TabularRegressor(n_estimators=1, max_iter=1).fit(X, VALUE[:, np.newaxis]),
        lambda: make_pipeline(StandardScaler(), MLPClassifier(**SMALL)).fit(X, NAMES),
        lambda: cross_val_score(MLPClassifier(**SMALL), X, NAMES, cv=2),
        lambda: TransformedTargetRegressor(MLPRegressor(**SMALL)).fit(X, VALUE),
        lambda: BaggingClassifier(MLPClassifier(**SMALL), 1).fit(X, NAMES),
    ],
    ids=range(8),
)
def test_warnings_of_a_fit_point_at_the_line_of_the_caller_whoever_called_the_fit(fit):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit()
    assert {warning.category for warning in caught} & {ConvergenceWarning, DataConversionWarning}
    assert {warning.filename for warning in caught} == {__file__}
