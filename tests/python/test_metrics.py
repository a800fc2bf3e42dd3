"""Metrics are those of scikit-learn, weighted, and suit the network.

What could go wrong: a formula that differs at ties, for constant values or weights (comparison with scikit-learn), a
weight that is not so many samples (repetition), a metric of classes for values or the other way round (sentences), a
user's function that gets something else than documented, columns that are called otherwise.
"""

import functools
import re

import numpy as np
import pytest
from sklearn import metrics as peer

import fastmlp as fm

RNG = np.random.default_rng(11)
ROWS = 60
LABELS = np.r_[np.arange(4), RNG.integers(0, 4, ROWS - 4)]
BINARY = np.r_[0, 1, RNG.integers(0, 2, ROWS - 2)]
# rounded, so that many are equal
SCORES = RNG.random((ROWS, 4)).round(1) + 0.01
SHARES = SCORES / SCORES.sum(axis=1, keepdims=True)
ONE_SHARE = RNG.random(ROWS).round(1)
VALUES, ANSWERS = RNG.normal(size=(2, ROWS, 3))
WEIGHTS = RNG.integers(0, 4, ROWS)
INDICATORS = RNG.integers(0, 2, (ROWS, 4))

# sums in another order: a few units of the last place of float64 for each of 60 terms
CLOSE = {"rel": 1e-13, "abs": 1e-13}


def roots(y, outputs, sample_weight):
    # the mean of the roots, which is called root_mean_squared_error in newer versions only
    return np.sqrt(peer.mean_squared_error(y, outputs, sample_weight=sample_weight, multioutput="raw_values")).mean()


# scikit-learn takes the last of equal scores, fastmlp the first: none are equal here
UNEQUAL = RNG.normal(size=(ROWS, 4))
TWO_SHARES = np.c_[1 - ONE_SHARE, ONE_SHARE]


def largest(y, a, **weight):
    return peer.accuracy_score(y, a.argmax(axis=1), **weight)


def one_side(y, a, **weight):
    return peer.accuracy_score(y, a >= 0.5, **weight)


def of_class_1(y, a, **weight):
    return peer.roc_auc_score(y, a[:, 1], **weight)


COMPARED = {
    "accuracy": (fm.metrics.accuracy, largest, LABELS, SCORES),
    "accuracy of one": (fm.metrics.accuracy, one_side, BINARY, ONE_SHARE),
    "top 2": (fm.metrics.TopK(2), functools.partial(peer.top_k_accuracy_score, k=2), LABELS, UNEQUAL),
    "auc": (fm.metrics.auc, peer.roc_auc_score, BINARY, ONE_SHARE),
    "auc of two": (fm.metrics.auc, of_class_1, BINARY, TWO_SHARES),
    "auc of indicators": (fm.metrics.auc, peer.roc_auc_score, INDICATORS, SCORES),
    "log loss": (fm.metrics.log_loss, peer.log_loss, LABELS, SHARES),
    "log loss of one": (fm.metrics.log_loss, peer.log_loss, BINARY, ONE_SHARE),
    "r2": (fm.metrics.r2, peer.r2_score, VALUES, ANSWERS),
    "r2 of one": (fm.metrics.r2, peer.r2_score, VALUES[:, 0], ANSWERS[:, 0]),
    "r2 of constants": (fm.metrics.r2, peer.r2_score, VALUES * [1, 0, 0], ANSWERS * [1, 0, 1]),
    "mae": (fm.metrics.mae, peer.mean_absolute_error, VALUES, ANSWERS),
    "rmse": (fm.metrics.rmse, roots, VALUES, ANSWERS),
}


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("name", COMPARED)
def test_a_metric_is_that_of_scikit_learn(name, weights):
    ours, theirs, y, outputs = COMPARED[name]
    expected = theirs(y, outputs, sample_weight=weights)
    found = ours(y, outputs, sample_weight=weights)
    assert type(found) is float
    assert found == pytest.approx(expected, **CLOSE)


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["unweighted", "weighted"])
def test_auc_of_many_classes_is_the_mean_of_each_against_the_rest(weights):
    # written out, because scikit-learn wants rows that add up to exactly 1 here
    each = [peer.roc_auc_score(k == LABELS, SCORES[:, k], sample_weight=weights) for k in range(4)]
    assert fm.metrics.auc(LABELS, SCORES, weights) == pytest.approx(np.mean(each), **CLOSE)
    assert fm.metrics.auc(np.eye(4)[LABELS], SCORES, weights) == fm.metrics.auc(LABELS, SCORES, weights)


@pytest.mark.parametrize("name", COMPARED)
def test_a_weight_is_so_many_samples(name):
    metric, _, y, outputs = COMPARED[name]
    repeated = np.repeat(np.arange(ROWS), WEIGHTS)
    assert metric(y, outputs, WEIGHTS) == pytest.approx(metric(y[repeated], outputs[repeated]), **CLOSE)


def test_classes_without_a_pair_are_left_out_of_the_auc():
    assert np.isnan(fm.metrics.auc([1, 1], [0.2, 0.3]))
    assert np.isnan(fm.metrics.auc([0, 1], [0.2, 0.3], sample_weight=[1, 0]))
    # class 2 does not occur
    scores = np.array([[0.6, 0.3, 0.1], [0.3, 0.6, 0.1], [0.5, 0.2, 0.3]])
    assert fm.metrics.auc([0, 1, 0], scores) == 1.0
    assert np.isnan(fm.metrics.auc([0, 1], [np.nan, 0.3]))


def test_top_1_is_the_accuracy_and_no_number_is_no_hit():
    assert fm.metrics.top_k(LABELS, SCORES, WEIGHTS, k=1) == fm.metrics.accuracy(LABELS, SCORES, WEIGHTS)
    assert fm.metrics.top_k(np.eye(4)[LABELS], SCORES, k=2) == fm.metrics.top_k(LABELS, SCORES, k=2)
    assert fm.metrics.top_k([0], [[np.nan, 1.0]], k=2) == 0.0


def test_log_loss_of_wanted_probabilities_is_the_cross_entropy():
    net = fm.Network(4, [fm.Dense(4, "softmax")], dtype="float64", seed=0)
    found = net.evaluate(VALUES[:, [0, 1, 2, 0]], SHARES, metrics=["log_loss"])
    assert found["log_loss"] == pytest.approx(found["loss"], rel=1e-12)
    for y, shares in (([0, 0], [[0.0, 1.0], [1.0, 0.0]]), ([0, 1], [1.0, 0.0])):
        assert fm.metrics.log_loss(y, shares) == pytest.approx(peer.log_loss(y, shares, labels=[0, 1]), rel=1e-13)


X = RNG.normal(size=(ROWS, 5))


def classifier(outputs=4, activation="softmax", **arguments):
    return fm.Network(5, [fm.Dense(6, "tanh"), fm.Dense(outputs, activation)], seed=3, **arguments)


NETWORKS = {
    "softmax": (classifier(), LABELS, ["accuracy", fm.metrics.TopK(2), "auc", "log_loss"]),
    "softmax, rows": (classifier(), np.eye(4)[LABELS], ["accuracy", fm.metrics.TopK(3), "auc", "log_loss"]),
    "one-versus-all": (classifier(4, "sigmoid"), INDICATORS, ["accuracy", "auc"]),
    "one sigmoid": (classifier(1, "sigmoid"), BINARY, ["accuracy", "auc", "log_loss"]),
    "labels for values": (classifier(4, "identity"), LABELS, ["accuracy", "auc", fm.metrics.TopK(2)]),
    "values": (classifier(3, "identity"), VALUES, ["r2", "mae", "rmse"]),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_measured_by_its_outputs(name):
    net, y, metrics = NETWORKS[name]
    found = net.evaluate(X, y, WEIGHTS, metrics=metrics)
    names = [metric if isinstance(metric, str) else f"top_{metric.k}" for metric in metrics]
    assert list(found) == ["loss", *names]
    for metric, column in zip(metrics, names, strict=True):
        function = getattr(fm.metrics, metric) if isinstance(metric, str) else metric
        # mae of the network stays in float32 for the differences
        assert found[column] == pytest.approx(function(y, net.forward(X), WEIGHTS), rel=1e-6)
    history = net.fit(X, y, epochs=2, validation_data=(X, y), metrics=metrics)
    assert list(history)[4:] == [f"validation_{column}" for column in ("loss", *names)]
    assert history.epochs[-1]["validation_" + names[-1]] == net.evaluate(X, y, metrics=metrics)[names[-1]]


def test_the_default_metrics_stay_and_the_public_functions_are_their_names():
    net = classifier()
    assert list(net.evaluate(X, LABELS)) == ["loss", "accuracy"]
    assert net.evaluate(X, LABELS, metrics=[fm.metrics.auc]) == net.evaluate(X, LABELS, metrics=["auc"])
    assert list(net.evaluate(X, LABELS, metrics=[])) == ["loss"]
    assert "top_k" in fm.Network(2, [fm.Dense(7, "softmax")]).evaluate([[1, 2]], [3], metrics=["top_k"])


def test_a_function_of_ones_own_gets_labels_or_rows_and_outputs_and_weights_if_it_wants_them():
    seen = []

    def plain(y_true, outputs):
        seen.append((y_true, outputs))
        return np.float32(1.5)

    def weighted(y_true, outputs, sample_weight=None):
        return sample_weight.sum()

    net = classifier()
    found = net.evaluate(X, LABELS, WEIGHTS, metrics=[plain, weighted, peer.log_loss])
    assert found["plain"] == 1.5
    assert found["weighted"] == WEIGHTS.sum()
    # one of another library, by its own name
    assert found["log_loss"] == pytest.approx(net.evaluate(X, LABELS, WEIGHTS, metrics=["log_loss"])["log_loss"])
    assert np.array_equal(seen[0][0], LABELS)
    assert np.array_equal(seen[0][1], net.forward(X))
    single = classifier(1, "identity")
    single.evaluate(X, VALUES[:, 0], metrics=[plain])
    assert seen[1][0].shape == seen[1][1].shape == (ROWS, 1)
    history = net.fit(X, LABELS, epochs=1, validation_data=(X, LABELS), metrics=[functools.partial(plain)])
    assert history["validation_partial"] == [1.5]


BAD = [
    (classifier, "auc", TypeError, "metrics must be a list of names and functions, got 'auc': put it into a list."),
    (classifier, 3, TypeError, "metrics must be a list of names and functions, got 3: put it into a list."),
    (classifier, ["f1"], ValueError, "metric 'f1' does not exist: use one of 'accuracy', 'top_k', 'auc', 'log_loss', "),
    (classifier, ["auc", 3], TypeError, "metrics[1] must be one of the names 'accuracy', "),
    (classifier, [fm.metrics.TopK], TypeError, "metrics[0] must be one of the names 'accuracy', "),
    (classifier, ["auc", "auc"], ValueError, "metrics[1] is called 'auc', as another column: give each its own name."),
    (classifier, ["rmse"], ValueError, "metric 'rmse' is of values, but these targets are classes: use one of"),
    (classifier, [fm.metrics.TopK(4)], ValueError, "metric 'top_4' looks at 4 outputs, but the network has 4: "),
    (classifier, ["top_k"], ValueError, "metric 'top_k' looks at 5 outputs, but the network has 4: "),
    (
        lambda: classifier(4, "sigmoid"), ["log_loss"], ValueError,
        "metric 'log_loss' needs probabilities that add up to 1, from softmax or one sigmoid in the last layer, "
        "which has 4 of 'sigmoid': use 'accuracy' or 'auc'.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("make", "metrics", "kind", "sentence"), BAD, ids=[sentence for *_, sentence in BAD])
def test_a_metric_that_does_not_suit_gives_its_sentence_before_the_first_step(make, metrics, kind, sentence):
    net = make()
    before = net.get_parameters()
    for call in (net.evaluate, functools.partial(net.fit, validation_data=(X, LABELS))):
        with pytest.raises(kind) as caught:
            call(X, LABELS, metrics=metrics)
        assert str(caught.value).startswith(sentence)
    assert np.array_equal(net.get_parameters(), before)


def test_metrics_of_classes_are_not_for_values_and_need_validation_samples():
    net = classifier(3, "identity")
    for metric in ("auc", "accuracy", fm.metrics.TopK(2)):
        with pytest.raises(ValueError, match=r"is of classes, but these targets are values: use one of 'r2', 'mae'"):
            net.evaluate(X, VALUES, metrics=[metric])
    with pytest.raises(ValueError, match=r"^metrics are measured on validation samples: give validation_data or"):
        net.fit(X, VALUES, metrics=["r2"])


def test_a_function_must_return_one_number():
    with pytest.raises(
        ValueError, match=r"^the value of metric '<lambda>' has shape \(60,\), but must be one number\."
    ):
        classifier().evaluate(X, LABELS, metrics=[lambda y, outputs: y])
    with pytest.raises(TypeError, match=r"^the value of metric '<lambda>' must be an array of real numbers, got None"):
        classifier().evaluate(X, LABELS, metrics=[lambda y, outputs: None])


def test_arrays_that_do_not_fit_each_other_give_their_sentence():
    for y, outputs, sentence in (
        ([0, 1, 2], np.ones((2, 3)), "y_true has shape (3,), but outputs (2, 3): give labels of shape (2,) or rows of"),
        ([0, 4], np.ones((2, 3)), "y_true[1] is 4, but the network has 3 classes: labels must be 0 to 2."),
        ([0.0, 1.0], np.ones((2, 3)), "y_true is a vector of float64, but labels are integers"),
        ([], [], "outputs has shape (0, 1), but must be (samples, outputs) with at least one sample."),
    ):
        with pytest.raises((ValueError, TypeError), match=f"^{re.escape(sentence)}"):
            fm.metrics.auc(y, outputs)
    with pytest.raises(ValueError, match=r"^y_true has shape \(2,\), but outputs \(2, 3\): give rows of the outputs'"):
        fm.metrics.r2([0, 1], np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"^k must be an integer of at least 1, got 0\."):
        fm.metrics.TopK(0)


@pytest.mark.parametrize("power", [-1000, -600, 500, 1000])
@pytest.mark.parametrize("name", ["r2", "rmse", "mae"])
def test_metrics_of_values_of_any_size_are_those_of_ordinary_ones_times_the_size(name, power):
    # a power of two, so that no digit is lost; NumPy's warnings of an overflow would be errors here
    y, outputs = np.array([1.5, -2.0, 0.25, 3.0]), np.array([1.0, -1.0, 0.5, 3.5])
    metric, weight = getattr(fm.metrics, name), [1.0, 2.0, 0.5, 1.0]
    expected = metric(y, outputs, weight) * (1.0 if name == "r2" else 2.0**power)
    assert metric(y * 2.0**power, outputs * 2.0**power, weight) == expected


@pytest.mark.parametrize("power", [-1000, 1000])
@pytest.mark.parametrize("name", ["accuracy", "auc", "log_loss", "r2", "rmse", "mae"])
def test_weights_of_any_size_weigh_by_their_ratios(name, power):
    y, outputs, weight = np.array([0, 1, 1, 0]), np.array([0.3, 0.6, 0.4, 0.5]), np.array([1.0, 2.0, 0.5, 1.0])
    metric = getattr(fm.metrics, name)
    assert metric(y, outputs, weight * 2.0**power) == pytest.approx(metric(y, outputs, weight), rel=1e-15)


def test_an_error_that_no_number_holds_is_infinite_and_of_infinite_outputs_r2_is_no_number():
    assert fm.metrics.mae([1.5e308], [-1.5e308]) == np.inf
    assert fm.metrics.rmse([1.0, 2.0], [np.inf, 2.0]) == np.inf
    assert np.isnan(fm.metrics.r2([1.0, np.inf], [np.inf, np.inf]))
