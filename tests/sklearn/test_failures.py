"""What goes wrong says so in one sentence, and leaves an estimator as it was: with its last fit, or with none.

What could go wrong: labels, columns or counters of a fit that failed beside the network of the one before (states), a
sentence about something else (sentences), what a mask hides is learned (mask), a model that Ctrl-C leaves in pieces,
and numbers that are no numbers.
"""

import copy
import re
import signal
from inspect import signature

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn import neural_network
from sklearn.exceptions import ConvergenceWarning, NotFittedError

import fastmlp as fm
from fastmlp.sklearn import MLPClassifier, MLPRegressor, TabularClassifier

RNG = np.random.default_rng(8)
X = RNG.normal(size=(60, 4))
CLASSES = np.digitize(X[:, 0], [-0.5, 0.5])
MANY = (X[:, :3] > 0).astype(int)
VALUE = X[:, 0] * 1.0
SMALL = {"hidden_layer_sizes": (5,), "max_iter": 4, "random_state": 0}
PREDICTIONS = ("predict", "predict_proba", "predict_log_proba")
# fits are cut short on purpose
cut_short = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def classifier(**settings):
    return MLPClassifier(**SMALL | settings)


def regressor(**settings):
    return MLPRegressor(**SMALL | settings)


def state(model):
    """Return everything that a fit leaves, as it is now."""
    names = [name for name in dir(model) if name.endswith("_") and not name.startswith("_") and name != "network_"]
    results = {name: getattr(model, name) for name in names if hasattr(model, name)}
    results |= {name: value for name, value in vars(model).items() if name.startswith("_")}
    if hasattr(model, "network_"):
        results["outputs"] = model.network_.forward(X)
    return copy.deepcopy(results)


# what a fit is given, and what it says
WRONG = {
    "columns": (classifier(), {"X": X[:, :3], "y": CLASSES[:5]}, "inconsistent numbers of samples"),
    "missing": (classifier(), {"X": np.where(X > 1, np.nan, X)}, "Input X contains NaN"),
    "labels": (classifier(), {"y": np.arange(60) % 5, "sample_weight": np.full(60, -1.0)}, "must not be negative"),
    "weights": (classifier(), {"y": CLASSES + 7, "sample_weight": np.zeros(60)}, "non-zero|adds up to 0.0"),
    "lengths": (classifier(), {"y": CLASSES + 7, "sample_weight": np.ones(59)}, r"sample_weight.shape == \(59,\)"),
    "class": (classifier(class_weight={9: 1.0}), {"y": CLASSES > 0}, "class_weight has the label 9, which is none of"),
    "negative": (classifier(class_weight={1: -1.0}), {}, r"class_weight\[1\] must be at least 0.0"),
    "list": (classifier(class_weight=[1, 2, 3]), {}, "must be None, 'balanced' or a dict"),
    "values": (classifier(), {"y": VALUE}, "Unknown label type"),
    "columns of classes": (classifier(), {"y": np.column_stack([CLASSES, CLASSES])}, "1d array"),
    "no y": (classifier(), {"y": None}, "requires y to be passed"),
    "only X_val": (classifier(), {"y": CLASSES > 0, "X_val": X}, "X_val and y_val belong together: give both."),
    "only y_val": (classifier(), {"y": CLASSES > 0, "y_val": CLASSES}, "X_val and y_val belong together: give both."),
    "y_val": (
        classifier(),
        {"y": np.array(["a", "b", "c"])[CLASSES], "X_val": X[:1], "y_val": ["z"]},
        "y_val has the label 'z', which is none of classes_: 'a', 'b', 'c'.",
    ),
    "y_val numbers": (
        classifier(),
        {"y": np.array(["a", "b", "c"], dtype=object)[CLASSES], "X_val": X[:1], "y_val": [1]},
        "y_val has the label 1, which is none of classes_",
    ),
    "weight of y_val": (
        classifier(class_weight={2: 0.0}),
        {"X_val": X[:1], "y_val": [2]},
        "the weight of the validation samples adds up to 0.0, but must add up to a positive finite number.",
    ),
    "X_val": (classifier(), {"X_val": X[:, :2], "y_val": CLASSES}, "X has 2 features"),
    "y_val many": (
        classifier(),
        {"X_val": X, "y_val": np.eye(3, dtype=int)[CLASSES] | 1},
        "y_val has several labels for each sample, but the model has one label for each sample.",
    ),
    "y_val outputs": (regressor(), {"X_val": X, "y_val": X[:, :2]}, "y_val has 2 outputs, but y has 1."),
    "sparse y": (regressor(), {"y": sp.csr_matrix(X[:, :2])}, "y is sparse"),
    "counts": (regressor(loss="poisson"), {}, "the counts of loss 'poisson' must not be negative"),
    "callbacks": (classifier(), {"callbacks": [print, 3]}, r"callbacks\[1\] must be callable"),
    "no list": (classifier(), {"callbacks": print}, "callbacks must be a list of callables"),
    "split": (
        classifier(early_stopping=True, validation_fraction=0.001),
        {},
        r"sets 1 of 60|least populated|should be",
    ),
    "broken callback": (classifier(), {"callbacks": [lambda network, epoch: 1 / 0]}, "division by zero"),
    "divergence": (
        regressor(solver="sgd", learning_rate_init=1e10, max_iter=50),
        {},
        r"^loss became \w+ at epoch \d+, step \d+ \(learning rate 1e\+10\): the estimator is as before the call; "
        r"lower the learning rate, or scale the data\.$",
    ),
    "solver": (classifier(solver="newton"), {}, "solver must be one of 'lbfgs', 'sgd', 'adam', got 'newton'."),
    "rule": (classifier(learning_rate=0.1), {}, "learning_rate must be one of 'constant', .*, got 0.1."),
    "hidden": (classifier(hidden_layer_sizes=(3, 0)), {}, r"hidden_layer_sizes\[1\] must be an integer of at least 1"),
    "bytes": (classifier(hidden_layer_sizes=b"ab"), {}, "must be an integer of at least 1, got b'ab'"),
    "activation of none": (classifier(hidden_layer_sizes=(), activation="rel"), {}, "activation 'rel'"),
    "momentum": (classifier(solver="adam", momentum="x"), {}, "momentum must be a number"),
    "weight of two": (
        classifier(class_weight={(0, 1): 7.0}),
        {},
        r"class_weight has the label \(0, 1\), which is none of classes_",
    ),
    "dropout of lbfgs": (
        classifier(solver="lbfgs", dropout=0.5),
        {},
        "lbfgs needs the same loss in every evaluation, but layers have dropout",
    ),
    "y_val labels": (
        classifier(),
        {"y": MANY, "X_val": X, "y_val": MANY[:, :2]},
        "y_val has 2 columns, but the model has 3 labels",
    ),
    "patience of two": (classifier(n_iter_no_change=np.array([1, 2])), {}, "n_iter_no_change must be an integer"),
    "losses": (classifier(loss=np.array(["hinge", "mse"])), {}, "loss must be one of the names"),
    "loss of probabilities": (regressor(loss="cross_entropy"), {}, "loss 'cross_entropy' is for classes"),
    "iterator": (classifier(hidden_layer_sizes=iter([3])), {}, "each entry of a sequence"),
    "activation": (classifier(activation="rel"), {}, "activation 'rel'"),
    "activations": (classifier(activation=["relu"] * 2), {}, "activation has 2 entries, but hidden_layer_sizes has 1"),
    "dropout": (classifier(dropout=1.0), {}, "dropout must be at least 0.0 and below 1.0"),
    "scale": (classifier(scale="log"), {}, "scale must be one of 'standard'"),
    "loss": (classifier(loss="poisson"), {}, "loss 'poisson' is for counts: use MLPRegressor."),
    "loss name": (classifier(loss="squared_error"), {}, "loss 'squared_error' does not exist"),
    "loss of classes": (regressor(loss="hinge"), {}, "loss 'hinge' is for classes: use MLPClassifier."),
    "weight of loss": (
        classifier(loss=fm.losses.CrossEntropy(class_weight="balanced")),
        {},
        "class_weight belongs to the estimator here",
    ),
    "alpha": (classifier(alpha=-1.0), {}, "alpha must be at least 0.0, got -1.0."),
    "verbose": (classifier(verbose="yes"), {}, "verbose must be an integer"),
    "shuffle": (classifier(shuffle="no"), {}, "shuffle must be True or False, got 'no'."),
    "patience": (classifier(n_iter_no_change=0), {}, "n_iter_no_change must be an integer of at least 1"),
    "iterations": (classifier(max_iter=0), {}, "max_iter must be an integer of at least 1"),
    "batch": (classifier(batch_size=0), {}, "batch_size must be an integer of at least 1"),
    "rate": (classifier(learning_rate_init=0.0), {}, "learning_rate_init must be above 0.0"),
    "seed": (classifier(random_state="x"), {}, "cannot be used to seed"),
    "threads": (classifier(n_threads=0), {}, "n_threads must be an integer of at least 1"),
    "dtype": (classifier(dtype="float16"), {}, "dtype must be 'float32' or 'float64'"),
    "optimizer": (classifier(optimizer="adan"), {}, "optimizer 'adan' does not exist"),
}


@cut_short
@pytest.mark.filterwarnings("ignore:A column-vector y")
@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_and_changes_nothing(case):
    wrong, given, sentence = WRONG[case]
    y = CLASSES if isinstance(wrong, MLPClassifier) else VALUE
    arguments = {"X": X, "y": y} | given
    # before any fit
    model = type(wrong)(**wrong.get_params())
    with pytest.raises((ValueError, TypeError, ZeroDivisionError), match=sentence):
        model.fit(**arguments)
    with pytest.raises(NotFittedError):
        model.predict(X)
    assert state(model) == {}
    # and after one, also if it is to go on from there
    for warm_start in (False, True):
        model = type(wrong)(**SMALL, early_stopping=warm_start).fit(X, y)
        expected = state(model)
        model.set_params(**wrong.get_params() | {"warm_start": warm_start})
        with pytest.raises((ValueError, TypeError, ZeroDivisionError)):
            model.fit(**arguments)
        np.testing.assert_equal(state(model), expected)


@cut_short
@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        (["a", "b", None, "a"], "None"),
        (np.array(["a", "b", np.nan, "a"], object), "nan"),
        (pd.Series(["a", "b", None, "a"], dtype="string"), "<NA>"),
        (pd.Series(["a", "b", None, "a"], dtype="category"), "nan"),
        (pd.Series([1, 2, None, 1], dtype="Int64"), "<NA>"),
        (pd.Series([True, False, None, True], dtype="boolean"), "<NA>"),
        (pl.Series(["a", "b", None, "a"]), "None"),
        (np.array([[1, 0], [0, 1], [1, None], [0, 0]], object), "None"),
    ],
    ids=range(8),
)
def test_a_label_that_is_missing_is_named_by_its_row(labels, shown):
    for call in (
        lambda: classifier().fit(X[:4], labels),
        lambda: classifier().partial_fit(X[:4], labels, classes=[0, 1]),
        lambda: classifier().fit(X, CLASSES).score(X[:4], labels),
        lambda: regressor().fit(X[:4], labels),
        lambda: TabularClassifier(n_estimators=1, max_iter=1).fit(X[:4], labels),
    ):
        with pytest.raises(ValueError, match=f"^y holds {shown} in row 2: leave such rows out\\.$"):
            call()


def test_labels_that_have_no_order_are_refused_in_a_sentence():
    with pytest.raises(
        ValueError, match=r"^y holds labels that cannot be sorted: make all of them text, or all numbers\.$"
    ):
        classifier().fit(X, np.array([*["a", 1] * 30], object))


BIG = (X * 100).astype(np.int64) + 2**60
DAYS = np.datetime64("2020-01-01") + (X * 9).astype("m8[D]")
HIDDEN = np.ma.masked_greater(X, 1.5)


@cut_short
@pytest.mark.parametrize(
    ("refused", "sentence", "mended"),
    [
        ({"X": BIG}, "X holds the integer .*, which float64 would round", {"X": BIG - BIG.min(axis=0)}),
        ({"y": BIG[:, 0]}, "y holds the integer .*, which float64 would round", {"y": BIG[:, 0].astype("float64")}),
        ({"X": DAYS}, "X must be an array of real numbers", {"X": (DAYS - DAYS.min()) / np.timedelta64(1, "D")}),
        ({"X": X.astype(str)}, "not compatible with arrays of bytes/strings", {"X": X.astype(str).astype("float64")}),
        ({"X": HIDDEN}, "X has masked values", {"X": HIDDEN.filled(1.5)}),
        ({"sample_weight": VALUE}, "weights must not be negative", {"sample_weight": np.maximum(VALUE, 0)}),
    ],
    ids=["integers", "integers of y", "dates", "text", "masked", "weights"],
)
def test_what_scikit_learn_takes_and_this_refuses_has_the_mend_of_the_documentation(refused, sentence, mended):
    given = {"X": X, "y": VALUE}
    theirs = neural_network.MLPRegressor(hidden_layer_sizes=(2,), max_iter=1)
    if "sample_weight" not in refused or "sample_weight" in signature(theirs.fit).parameters:
        theirs.fit(**given | refused)
    with pytest.raises((ValueError, TypeError), match=sentence):
        regressor().fit(**given | refused)
    regressor().fit(**given | mended)


def masked(values):
    """Return an array that looks whole where its mask is not asked: every method would take it."""
    return np.ma.array(values, mask=np.arange(np.size(values)).reshape(np.shape(values)) == 7)


@cut_short
@pytest.mark.parametrize("kind", [classifier, regressor])
def test_no_method_reads_through_a_mask(kind):
    y = np.where(CLASSES > 0, "yes", "no") if kind is classifier else VALUE
    first = {"classes": ["no", "yes"]} if kind is classifier else {}
    weights, model = np.ones(60), kind().fit(X, y)
    before = state(model)
    calls = {
        "X": [lambda X, m=method: getattr(model, m)(X) for method in PREDICTIONS if hasattr(model, method)],
        "y": [],
        "sample_weight": [],
        "classes": [lambda classes: kind().partial_fit(X, y, classes=classes)] if first else [],
        "X_val": [lambda X_val: model.fit(X, y, X_val=X_val, y_val=y)],
        "y_val": [lambda y_val: model.fit(X, y, X_val=X, y_val=y_val)],
    }
    for call in (model.fit, model.partial_fit, model.score, lambda *given: kind().partial_fit(*given, **first)):
        calls["X"].append(lambda X, call=call: call(X, y))
        calls["y"].append(lambda y, call=call: call(X, y))
        calls["sample_weight"].append(lambda weights, call=call: call(X, y, weights))
    whole = {
        "X": X,
        "y": y,
        "sample_weight": weights,
        "classes": np.array(["no"] * 7 + ["yes"]),
        "X_val": X,
        "y_val": y,
    }
    for name, asked in calls.items():
        for call in asked:
            for array in (masked(whole[name]), list(masked(whole[name]))):
                with pytest.raises(ValueError, match=rf"^{name} has masked values: remove or fill them first\.$"):
                    call(array)
    np.testing.assert_equal(state(model), before)
    # one that hides nothing is an array like any other
    unmasked = kind().fit(np.ma.array(X, mask=False), np.ma.array(y), np.ma.array(weights, mask=False))
    np.testing.assert_equal(state(unmasked), state(kind().fit(X, y, weights)))


@cut_short
def test_partial_fit_that_fails_changes_nothing():
    for classes, y, sentence in (
        (None, CLASSES, "classes must be passed on the first call"),
        ([0, 1], CLASSES, r"y has the label 2, which is none of classes_: 0, 1\."),
        (["a", "b"], CLASSES, "y has the label"),
        ([0, 1, 2], CLASSES[:5], "inconsistent numbers of samples"),
    ):
        model = classifier()
        with pytest.raises(ValueError, match=sentence):
            model.partial_fit(X, y, classes=classes)
        # so that other labels may come now
        assert not hasattr(model, "classes_")
        model.fit(X, np.array(["x", "y", "z"])[CLASSES])
        assert model.classes_.tolist() == ["x", "y", "z"]
        expected = state(model)
        for rows, labels, said in (
            (X, CLASSES, "y has the label 0, which is none of classes_: 'x', 'y', 'z'"),
            (X[:, :2], model.predict(X), "X has 2 features, but MLPClassifier is expecting 4"),
            (X, np.eye(3, dtype=int)[CLASSES] | 1, "y has several labels for each sample"),
        ):
            with pytest.raises(ValueError, match=said):
                model.partial_fit(rows, labels)
            np.testing.assert_equal(state(model), expected)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"early_stopping": True}, "partial_fit does not stop"),
        ({"optimizer": fm.SGD(fm.schedules.Cosine(0.1))}, "the optimizer's schedule needs to know of all"),
        ({"class_weight": "balanced"}, "class_weight 'balanced' counts all samples"),
    ],
)
def test_what_one_iteration_cannot_do(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        classifier(**settings).partial_fit(X, CLASSES, classes=[0, 1, 2])


@pytest.mark.parametrize("settings", [{"solver": "lbfgs"}, {"optimizer": "lbfgs"}, {"optimizer": fm.LBFGS()}])
def test_partial_fit_is_not_there_for_lbfgs(settings):
    assert not hasattr(classifier(**settings), "partial_fit")


@pytest.mark.parametrize(
    ("y", "classes", "sentence"),
    [
        (CLASSES, [], "classes is empty: give all labels that will ever come."),
        (MANY, ["a"], r"classes is 'a', but y has several labels .* give range\(3\)\."),
    ],
)
def test_classes_of_a_first_partial_fit(y, classes, sentence):
    model = classifier()
    with pytest.raises(ValueError, match=sentence):
        model.partial_fit(X, y, classes=classes)
    assert not hasattr(model, "classes_")
    assert model.partial_fit(X, MANY, classes=[2, 0, 1]).predict(X).shape == (60, 3)


@cut_short
def test_iterations_and_powers_without_end():
    model = classifier(max_iter=2**63, tol=1.0, batch_size=1).fit(X, CLASSES)
    assert model.n_iter_ < 100
    rule = {"solver": "sgd", "learning_rate": "invscaling", "power_t": 400.0}
    weights = [classifier(**rule, max_iter=n).fit(X, CLASSES).coefs_[0] for n in (1, 3)]
    np.testing.assert_array_equal(*weights)  # the rate is 0 from the second iteration on


@cut_short
def test_divergence_of_partial_fit_leaves_the_optimizer_too():
    models = [regressor(solver="sgd").fit(X, VALUE) for _ in range(2)]
    with pytest.raises(ValueError, match="became"):
        models[0].partial_fit(X * 1e200, VALUE)
    for model in models:
        model.partial_fit(X, VALUE)
    np.testing.assert_array_equal(models[0].coefs_[0], models[1].coefs_[0])
    assert models[0].loss_curve_ == models[1].loss_curve_


@cut_short
@pytest.mark.parametrize("batch_size", [60, 7])
def test_what_fails_after_a_step_of_partial_fit_takes_it_back(batch_size, monkeypatch):
    models = [classifier(batch_size=batch_size).fit(X, CLASSES) for _ in range(2)]
    network, expected = models[0].network_, state(models[0])

    def broken(line):
        raise BrokenPipeError(line)

    with monkeypatch.context() as patch:
        patch.setattr("builtins.print", broken)
        with pytest.raises(BrokenPipeError, match="Iteration 1"):
            models[0].set_params(verbose=True).partial_fit(X, CLASSES)
    np.testing.assert_equal(state(models[0]), expected)
    # in the object that others may hold, and with the optimizer's state
    assert models[0].network_ is network
    for model in models:
        model.set_params(verbose=False).partial_fit(X, CLASSES)
    np.testing.assert_array_equal(models[0].coefs_[0], models[1].coefs_[0])
    assert models[0].network_ is network


@cut_short
@pytest.mark.parametrize("warm_start", [False, True])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_fit_that_is_left_leaves_the_very_objects_of_the_one_before(solver, warm_start):
    model = classifier(solver=solver, warm_start=warm_start).fit(X, CLASSES)
    before, expected = dict(vars(model)), state(model)

    def leave(network, epoch):
        # as if the fit had ended here: with two columns, and the iterations so far
        assert (model.network_, model.n_iter_) == (network, epoch["epoch"])
        assert model.n_features_in_ == columns.shape[1]
        if epoch["epoch"] == 2:
            raise SystemExit

    for columns in (X, X[:, :2])[: 1 if warm_start else 2]:
        with pytest.raises(SystemExit):
            model.fit(columns, CLASSES, callbacks=[leave])
        assert vars(model).keys() == before.keys()
        assert all(value is before[name] for name, value in vars(model).items())
        np.testing.assert_equal(state(model), expected)


class Unreadable:
    """Data over which Ctrl-C is pressed."""

    def __array__(self, *arguments, **settings):
        raise KeyboardInterrupt


@cut_short
@pytest.mark.parametrize("kind", [MLPClassifier, TabularClassifier])
def test_ctrl_c_before_the_training_changes_nothing(kind):
    model = kind((4,), max_iter=2, random_state=0).fit(X, CLASSES)
    before = dict(vars(model))
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, CLASSES, X_val=Unreadable(), y_val=CLASSES)
    assert vars(model) == before


@cut_short
def test_a_warm_start_of_another_shape():
    model = classifier(warm_start=True).fit(X, CLASSES)
    expected = state(model)
    for settings, given, sentence in (
        ({"hidden_layer_sizes": (6,)}, {}, r"has layers of \[4, 5, 3\] units, but .* ask for \[4, 6, 3\]"),
        ({}, {"X": X[:, :2]}, "X has 2 features, but MLPClassifier is expecting 4"),
        ({}, {"y": CLASSES + 1}, "y has the label 3, which is none of classes_: 0, 1, 2."),
    ):
        with pytest.raises(ValueError, match=sentence):
            model.set_params(**settings).fit(**{"X": X, "y": CLASSES} | given)
        np.testing.assert_equal(state(model.set_params(hidden_layer_sizes=(5,))), expected)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_ctrl_c_keeps_what_was_learned(solver):
    def press(network, epoch):
        if epoch["epoch"] == 3:
            signal.raise_signal(signal.SIGINT)

    model = classifier(solver=solver, max_iter=100)
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        model.fit(X, CLASSES, callbacks=[press])
    assert model.n_iter_ == 3
    assert model.predict(X).shape == (60,)


def test_ctrl_c_puts_the_best_weights_back():
    def press(network, epoch):
        if epoch["epoch"] == 2:
            network.set_parameters(np.zeros(network.n_parameters))
            raise KeyboardInterrupt

    model = classifier(early_stopping=True, tol=0.0)
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        model.fit(X, CLASSES, callbacks=[press])
    assert model.coefs_[0].any()


def test_warnings():
    with pytest.warns(ConvergenceWarning, match="the fit made max_iter=4 iterations and has not converged"):
        classifier().fit(X, CLASSES)
    with pytest.warns(ConvergenceWarning, match=r"L-BFGS ended after \d+ iterations without .* limits \(max_fun\)"):
        classifier(solver="lbfgs", max_iter=200, max_fun=5).fit(X, CLASSES)
    with pytest.warns(UserWarning, match="batch_size is 61, but there are 60 samples: all of them make one batch"):
        classifier(batch_size=61, max_iter=500, tol=1.0).fit(X, CLASSES)
    # L-BFGS takes all samples anyway, and nothing is said where it has converged
    MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", batch_size=61).fit(X, VALUE)
    # nor where a callback ended the fit
    for solver in ("adam", "lbfgs"):
        model = classifier(solver=solver, max_iter=9).fit(X, CLASSES, callbacks=[lambda network, epoch: True])
        assert model.n_iter_ == 1


@cut_short
def test_little_data():
    for model, y in ((classifier(), CLASSES), (classifier(solver="lbfgs"), CLASSES), (regressor(), VALUE)):
        assert model.fit(X[:1], y[:1]).predict(X[:2]).shape == (2,)
    # samples of weight 0 do not count, and may fill a whole batch
    weights = np.r_[np.ones(20), np.zeros(40)]
    model = classifier(shuffle=False, alpha=0.0, batch_size=20, solver="sgd", momentum=0.0).fit(X, CLASSES, weights)
    few = classifier(shuffle=False, alpha=0.0, batch_size=20, solver="sgd", momentum=0.0).fit(X[:20], CLASSES[:20])
    np.testing.assert_array_equal(model.coefs_[0], few.coefs_[0])
    classifier(n_iter_no_change=np.inf, tol=1e9, max_iter=30).fit(X, CLASSES)


@cut_short
@pytest.mark.parametrize(
    "settings",
    [{"early_stopping": True, "learning_rate_init": 1.0}, {"learning_rate_init": 1.0}, {"solver": "lbfgs"}],
    ids=["early stopping", "scored", "lbfgs"],
)
def test_validation_samples_whose_outputs_overflow_end_the_fit_at_an_iteration_that_is_named(settings):
    model = regressor(hidden_layer_sizes=(50,), activation="identity", **settings)
    y = 1000 * VALUE  # for large weights
    model.fit(X, y)
    before = state(model)
    too_large = np.full((3, 4), np.finfo(np.float64).max)
    finished = []
    sentence = (
        r"^the outputs hold (nan|-?inf) in row 0, column 0 of the validation samples after iteration (\d): "
        "the estimator is as before the call; lower the learning rate, or scale the data.$"
    )
    with pytest.raises(ValueError, match=sentence) as failure:
        model.fit(X, y, X_val=too_large, y_val=y[:3], callbacks=[lambda _, epoch: finished.append(epoch)])
    assert int(re.match(sentence, str(failure.value)).group(2)) == len(finished) + 1
    np.testing.assert_equal(state(model), before)
