"""Losses as a user meets them: values, targets, weights, classes and predictions.

What could go wrong: a mean where a sum is meant (the formulas, worked out here with NumPy), targets of one meaning
taken for another (labels, 0 and 1, -1 and 1), a weight of a sample or of a class that is no count (the row twice), a
parameter that does not reach the core (losses with two of its values), a perceptron that is not Rosenblatt's, scores
given out as probabilities, a loss after an activation that makes no sense of it. Gradients are compared with the
reference in test_core_against_reference.py and with differences in test_gradient_check.py.
"""

import numpy as np
import pytest

import fastmlp as fm
from fastmlp.activations import ACTIVATIONS
from fastmlp.losses import (
    LOSSES,
    CrossEntropy,
    HalfSquaredError,
    Hinge,
    Huber,
    MeanAbsoluteError,
    MeanSquaredError,
    Perceptron,
    Poisson,
    Quantile,
)

RNG = np.random.default_rng(3)
X = RNG.normal(size=(24, 4))
LABELS = RNG.integers(0, 3, 24)
VALUES = RNG.normal(size=(24, 3))
WEIGHTS = RNG.uniform(0, 2, 24)
# float64 throughout: the two ways of a comparison differ by a few roundings of sums of 24 terms
CLOSE = 1e-12


def network(loss, last="identity", n_outputs=3, **arguments):
    layers = [fm.Dense(5, "tanh"), fm.Dense(n_outputs, last)]
    return fm.Network(4, layers, loss=loss, **{"dtype": "float64", "seed": 2, **arguments})


def sides(labels):
    return 2 * np.eye(3)[labels] - 1


# loss, targets, its value from outputs and targets: (rows, outputs) -> (rows,)
FORMULAS = [
    (MeanAbsoluteError(), VALUES, lambda a, y: np.abs(a - y).mean(axis=1)),
    (Huber(), 3 * VALUES, lambda a, y: np.where(abs(a - y) <= 1, (a - y) ** 2 / 2, abs(a - y) - 0.5).mean(axis=1)),
    (
        Huber(0.25),
        VALUES,
        lambda a, y: np.where(abs(a - y) <= 0.25, (a - y) ** 2 / 2, 0.25 * (abs(a - y) - 0.125)).mean(axis=1),
    ),
    (Poisson(), abs(VALUES), lambda a, y: (np.exp(a) - y * a).mean(axis=1)),
    (Quantile(), VALUES, lambda a, y: np.abs(a - y).mean(axis=1) / 2),
    (Quantile(0.9), VALUES, lambda a, y: np.maximum(0.9 * (y - a), -0.1 * (y - a)).mean(axis=1)),
    (Hinge(), sides(LABELS), lambda a, y: np.maximum(0, 1 - a * y).sum(axis=1)),
    (Perceptron(), sides(LABELS), lambda a, y: np.maximum(0, -a * y).sum(axis=1)),
]


@pytest.mark.parametrize(("loss", "y", "formula"), FORMULAS, ids=[str(loss) for loss, *_ in FORMULAS])
def test_a_loss_is_its_formula(loss, y, formula):
    net = network(loss)
    by_row = formula(net.forward(X), y)
    assert net.loss(X, y) == pytest.approx(by_row.mean(), rel=CLOSE)
    assert net.loss(X, y, WEIGHTS) == pytest.approx(np.average(by_row, weights=WEIGHTS), rel=CLOSE)
    assert network(loss, dtype="float32").loss(X, y) == pytest.approx(by_row.mean(), rel=1e-6)


def test_every_loss_without_parameters_is_known_by_its_name():
    for name, kind in LOSSES.items():
        last = (LOSSES[name].last_activations or ("identity",))[0]
        assert network(name, last).loss_function == kind()
        assert network(kind(), last).loss_function == kind()


# a loss, its last activation, and targets for it
WEIGHTED = [
    (CrossEntropy(), "softmax", LABELS),
    (CrossEntropy(0.1), "sigmoid", LABELS),
    (CrossEntropy(class_weight={0: 3.0, 2: 0.5}), "softmax", LABELS),
    (CrossEntropy(class_weight="balanced"), "sigmoid", LABELS),
    (MeanSquaredError(), "identity", VALUES),
    (HalfSquaredError(), "softmax", VALUES),
    (MeanAbsoluteError(), "tanh", VALUES),
    (Huber(0.5), "identity", VALUES),
    (Poisson(), "identity", LABELS[:, None] * np.ones(3)),
    (Quantile(0.2), "identity", VALUES),
    (Hinge(), "identity", LABELS),
    (Perceptron(), "identity", LABELS),
]


@pytest.mark.parametrize(("loss", "last", "y"), WEIGHTED, ids=[str(loss) for loss, *_ in WEIGHTED])
def test_a_weight_of_two_is_the_row_twice_and_a_weight_of_zero_is_no_row(loss, last, y):
    weight = np.ones(24, int)
    weight[[3, 8]], weight[5] = 2, 0
    rows = np.repeat(np.arange(24), weight)
    weighted, repeated = network(loss, last), network(loss, last)
    assert weighted.loss(X, y, weight) == pytest.approx(repeated.loss(X[rows], y[rows]), rel=CLOSE)
    for name, value in weighted.evaluate(X, y, weight).items():
        assert value == pytest.approx(repeated.evaluate(X[rows], y[rows])[name], rel=CLOSE)
    gradients = weighted.gradients(X, y, weight)
    assert np.allclose(gradients.ravel(), repeated.gradients(X[rows], y[rows]).ravel(), rtol=0, atol=CLOSE)
    assert not gradients.inputs[5].any()
    for net, data in ((weighted, (X, y)), (repeated, (X[rows], y[rows]))):
        net.fit(*data, sample_weight=weight if net is weighted else None, epochs=5, batch_size=None,
                optimizer=fm.SGD(0.1))  # fmt: skip
    assert np.allclose(weighted.get_parameters(), repeated.get_parameters(), rtol=0, atol=CLOSE)


def test_every_loss_is_weighted_above():
    assert {type(loss) for loss, *_ in WEIGHTED} == set(LOSSES.values())


@pytest.mark.parametrize(("loss", "last", "y"), WEIGHTED, ids=[str(loss) for loss, *_ in WEIGHTED])
def test_training_lowers_every_loss(loss, last, y):
    net = network(loss, last, dtype="float32")
    before = net.loss(X, y)
    net.fit(X, y, epochs=100, batch_size=8, optimizer=fm.Adam(0.02))
    assert net.loss(X, y) < 0.95 * before


# ---- the perceptron ----


def rosenblatt(samples, labels, rate, epochs):
    """Return weights and bias, from zero: what is on the wrong side, or on the boundary, is added."""
    w, b = np.zeros(samples.shape[1]), 0.0
    for _ in range(epochs):
        for x, label in zip(samples, labels, strict=True):
            t = 1 if label == 1 else -1
            if t * (x @ w + b) <= 0:
                w, b = w + rate * t * x, b + rate * t
    return [*w, b]


@pytest.mark.parametrize("last", [name for name in Perceptron.last_activations if name in ACTIVATIONS])
def test_online_training_of_a_perceptron_is_rosenblatts_rule(last):
    # integers and a rate of 1/2: no sum is rounded, so that a sample on the boundary is one on both sides
    samples = RNG.integers(-3, 4, (30, 4)).astype(float)
    labels = (samples @ [1, -2, 3, 1] > 1).astype(int)
    net = fm.Network(4, [fm.Dense(1, last)], loss="perceptron", dtype="float64", seed=0)
    net.set_parameters(np.zeros(5))
    net.fit(samples, labels, epochs=1, batch_size=1, optimizer=fm.SGD(0.5), shuffle=False)
    assert net.get_parameters().tolist() == rosenblatt(samples, labels, 0.5, 1)
    net.fit(samples, labels, epochs=200, batch_size=1, optimizer=fm.SGD(0.5), shuffle=False)
    # the perceptron's theorem: separable classes are separated after finitely many updates
    assert np.array_equal(net.predict(samples), labels)
    assert net.loss(samples, labels) == 0


def test_a_perceptron_with_weights_of_zero_learns_from_its_first_sample():
    net = fm.Network(2, [fm.Dense(1)], loss="perceptron", dtype="float64")
    net.set_parameters([0, 0, 0])
    assert net.loss([[2, 1]], [0]) == 0
    gradients = net.gradients([[2, 1]], [0])
    assert gradients.ravel().tolist() == [2, 1, 1]


# ---- targets ----


@pytest.mark.parametrize("loss", ["hinge", "perceptron"])
def test_labels_and_rows_of_zeros_or_of_minus_ones_are_the_same_sides(loss):
    net = network(loss)
    wanted = net.loss(X, LABELS)
    assert net.loss(X, np.eye(3, dtype=np.uint8)[LABELS]) == wanted
    assert net.loss(X, sides(LABELS)) == wanted
    accuracy = np.mean(net.predict(X) == LABELS)
    assert net.evaluate(X, LABELS)["accuracy"] == accuracy == net.evaluate(X, sides(LABELS))["accuracy"]
    single, y = network(loss, n_outputs=1), LABELS % 2
    wanted = single.loss(X, y)
    for same in (2 * y - 1, y.astype(bool), y.astype(float), y[:, None], (2.0 * y - 1)[:, None]):
        assert single.loss(X, same) == wanted
    accuracy = np.mean(single.predict(X) == y)
    assert single.evaluate(X, y)["accuracy"] == accuracy == single.evaluate(X, 2 * y - 1)["accuracy"]


AT_SEVEN = np.arange(24) == 7
BAD_TARGETS = [
    ("hinge", 3, np.where(AT_SEVEN, 3, LABELS), "y[7] is 3, but the network has 3 classes: labels must be 0 to 2."),
    ("hinge", 3, np.where(AT_SEVEN, -1, LABELS), "y[7] is -1, but the network has 3 classes: labels must be 0 to 2."),
    ("hinge", 3, np.full((24, 3), 2), "y holds 2.0 in row 0, column 0, but the targets of loss 'hinge' must be"),
    ("perceptron", 1, np.where(AT_SEVEN, 2, 1), "y holds 2.0 in row 7, column 0, but the targets of loss 'perceptron'"),
    (
        "perceptron",
        1,
        np.where(AT_SEVEN, 0, -1),
        "y holds 0.0 in row 7, column 0, but the targets of loss 'perceptron'",
    ),
    (
        "hinge",
        1,
        np.full(24, 0.5),
        "y holds 0.5 in row 0, column 0, but the targets of loss 'hinge' must be labels, al",
    ),
    ("poisson", 1, np.where(AT_SEVEN, -1, 2), "y holds -1.0 in row 7, column 0, but the counts of loss 'poisson' must"),
]


@pytest.mark.parametrize(("loss", "n_outputs", "y", "sentence"), BAD_TARGETS, ids=[row[3] for row in BAD_TARGETS])
def test_bad_targets_give_their_sentence(loss, n_outputs, y, sentence):
    net = network(loss, n_outputs=n_outputs)
    before = net.get_parameters()
    for call in (net.loss, net.fit):
        with pytest.raises(ValueError, match=r"^y") as caught:
            call(X, y)
        assert str(caught.value).startswith(sentence)
    assert np.array_equal(net.get_parameters(), before)


@pytest.mark.parametrize(
    ("loss", "last", "sentence"),
    [
        (
            "cross_entropy",
            "tanh",
            "loss 'cross_entropy' needs softmax or sigmoid in the last layer, which has 'tanh': ch",
        ),
        (
            "poisson",
            "relu",
            "loss 'poisson' needs identity in the last layer, which has 'relu': change that activation",
        ),
        ("hinge", "sigmoid", "loss 'hinge' needs identity or tanh in the last layer, which has 'sigmoid': change that"),
        (
            "perceptron",
            "tanh",
            "loss 'perceptron' needs identity, step or sign in the last layer, which has 'tanh': cha",
        ),
    ],
)
def test_a_last_activation_that_does_not_suit_gives_its_sentence(loss, last, sentence):
    with pytest.raises(ValueError, match="last layer") as caught:
        network(loss, last)
    assert str(caught.value).startswith(sentence)


BAD_ARGUMENTS = [
    (lambda: Huber(0), ValueError, "delta must be above 0.0, got 0."),
    (lambda: Huber("1"), TypeError, "delta must be a number (above 0.0), got '1'."),
    (lambda: Quantile(0), ValueError, "q must be above 0.0 and below 1.0, got 0."),
    (lambda: Quantile(1.0), ValueError, "q must be above 0.0 and below 1.0, got 1.0."),
    (lambda: CrossEntropy(-0.1), ValueError, "label_smoothing must be at least 0.0 and below 1.0, got -0.1."),
    (lambda: CrossEntropy(1), ValueError, "label_smoothing must be at least 0.0 and below 1.0, got 1."),
    (
        lambda: CrossEntropy(class_weight="equal"),
        TypeError,
        "class_weight must be None, 'balanced' or a dict of labels",
    ),
    (lambda: CrossEntropy(class_weight=[1, 2]), TypeError, "class_weight must be None, 'balanced' or a dict of labels"),
    (
        lambda: CrossEntropy(class_weight={"a": 1}),
        TypeError,
        "a label in class_weight must be an integer of at least 0",
    ),
    (
        lambda: CrossEntropy(class_weight={-1: 1}),
        ValueError,
        "a label in class_weight must be an integer of at least 0",
    ),
    (lambda: CrossEntropy(class_weight={2: -1}), ValueError, "class_weight[2] must be at least 0.0, got -1."),
    (
        lambda: network(CrossEntropy(class_weight={3: 1}), "softmax"),
        ValueError,
        "class_weight has the label 3, but the network has 3 classes: labels must be 0 to 2.",
    ),
    (
        lambda: network(CrossEntropy(class_weight={2: 1}), "sigmoid", 1),
        ValueError,
        "class_weight has the label 2, but the network has 2 classes: labels must be 0 to 1.",
    ),
]


@pytest.mark.parametrize(("call", "kind", "sentence"), BAD_ARGUMENTS, ids=[row[2] for row in BAD_ARGUMENTS])
def test_bad_parameters_give_their_sentence(call, kind, sentence):
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value).startswith(sentence)


# ---- predictions ----


@pytest.mark.parametrize("loss", ["hinge", "perceptron"])
def test_the_side_of_an_output_is_a_class_and_no_probability(loss):
    net = network(loss, n_outputs=1)
    assert net.is_classifier
    assert np.array_equal(net.predict(X), (net.forward(X)[:, 0] > 0).astype(int))
    assert len(set(net.predict(X))) == 2
    several = network(loss)
    assert np.array_equal(several.predict(X), several.forward(X).argmax(axis=1))
    for refused in (net, several):
        with pytest.raises(
            ValueError, match=r"^the outputs of this network are scores, not probabilities: use predict"
        ):
            refused.predict_proba(X)
    net.set_parameters(np.zeros(net.n_parameters))
    assert not net.predict(X).any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_predictions_of_poisson_are_expected_counts(dtype):
    net = network("poisson", dtype=dtype)
    assert not net.is_classifier
    counts = net.predict(X)
    assert counts.dtype == dtype
    # exp of both libraries errs by about one ULP
    assert np.allclose(counts, np.exp(net.forward(X)), rtol=4 * np.finfo(dtype).eps, atol=0)
    assert np.array_equal(net.predict(X[5:6])[0], counts[5])
    y = RNG.poisson(2.0, (24, 3))
    assert net.evaluate(X, y)["mae"] == pytest.approx(np.abs(counts - y).mean(), rel=1e-6)
    with pytest.raises(ValueError, match=r"^the outputs of this network are logarithms of expected counts, not prob"):
        net.predict_proba(X)
    net.layers[-1].bias[:] = 1000
    with pytest.raises(FloatingPointError, match=r"^the outputs hold inf in row 0, column 0"):
        net.predict(X)


def test_a_poisson_regression_finds_the_rates():
    samples = np.repeat([[0.0], [1.0]], 50, axis=0)
    y = RNG.poisson(np.where(samples[:, 0], 5.0, 0.5))
    net = fm.Network(1, [fm.Dense(1)], loss="poisson", dtype="float64", seed=0)
    net.fit(samples, y, epochs=3000, batch_size=None, optimizer=fm.SGD(0.1))
    # the maximum of the likelihood is the mean of each group
    assert net.predict([[0.0], [1.0]]) == pytest.approx([y[:50].mean(), y[50:].mean()], rel=1e-6)


def test_a_quantile_regression_finds_the_quantile():
    y = np.arange(101.0)
    net = fm.Network(1, [fm.Dense(1)], loss=Quantile(0.9), dtype="float64")
    net.set_parameters([0, 0])
    net.fit(np.zeros((101, 1)), y, epochs=2000, batch_size=None, optimizer=fm.SGD(1.0))
    # the step is at most one rate times 0.9, to either side
    assert net.predict([[0.0]])[0] == pytest.approx(90, abs=1)


# ---- smoothing and weights of classes ----


@pytest.mark.parametrize(("last", "answers"), [("softmax", 3), ("sigmoid", 2)])
def test_label_smoothing_is_a_change_of_the_targets(last, answers):
    smooth, plain = network(CrossEntropy(0.3), last), network(CrossEntropy(), last)
    rows = 0.7 * np.eye(3)[LABELS] + 0.3 / answers
    assert smooth.loss(X, LABELS) == pytest.approx(plain.loss(X, rows), rel=CLOSE)
    assert smooth.loss(X, np.eye(3)[LABELS]) == smooth.loss(X, LABELS)
    assert np.allclose(smooth.gradients(X, LABELS).ravel(), plain.gradients(X, rows).ravel(), rtol=0, atol=CLOSE)
    # what is right is not smoothed
    assert smooth.evaluate(X, LABELS)["accuracy"] == plain.evaluate(X, LABELS)["accuracy"]


@pytest.mark.parametrize(("last", "y"), [("softmax", LABELS), ("softmax", np.eye(3)[LABELS]), ("sigmoid", LABELS)])
def test_class_weights_are_weights_of_samples(last, y):
    by_class = {0: 3.0, 2: 0.5}
    classes, samples = network(CrossEntropy(class_weight=by_class), last), network(CrossEntropy(), last)
    weight = np.array([3.0, 1.0, 0.5])[LABELS]
    for given in (None, WEIGHTS):
        both = weight if given is None else weight * given
        assert classes.loss(X, y, given) == samples.loss(X, y, both)
        assert classes.evaluate(X, y, given) == samples.evaluate(X, y, both)
        assert np.array_equal(classes.gradients(X, y, given).ravel(), samples.gradients(X, y, both).ravel())
        assert classes.check_gradients(X, y, given).passed
    history = classes.fit(X, y, epochs=3, batch_size=7, validation_data=(X, y))
    samples.fit(X, y, epochs=3, batch_size=7, sample_weight=weight)
    assert np.array_equal(classes.get_parameters(), samples.get_parameters())
    assert history["validation_loss"][-1] == samples.loss(X, y, weight)


def test_balanced_is_the_count_of_scikit_learn_over_the_targets_of_the_call():
    y = np.array([0] * 6 + [1] * 3 + [2] * 1)
    data = X[:10]
    balanced, plain = network(CrossEntropy(class_weight="balanced"), "softmax"), network(CrossEntropy(), "softmax")
    # n / (classes * count)
    weight = (10 / (3 * np.array([6, 3, 1])))[y]
    assert balanced.loss(data, y) == pytest.approx(plain.loss(data, y, weight), rel=CLOSE)
    assert balanced.evaluate(data, y)["accuracy"] == pytest.approx(
        np.mean([np.mean(plain.predict(data)[y == label] == label) for label in range(3)]), rel=CLOSE
    )
    # of those that occur
    assert balanced.loss(data[:9], y[:9]) == pytest.approx(
        plain.loss(data[:9], y[:9], np.where(y[:9] == 0, 9 / 12, 9 / 6)), rel=CLOSE
    )


def test_balanced_takes_the_two_classes_of_one_sigmoid_apart():
    y = (LABELS == 2).astype(int)
    balanced, plain = network(CrossEntropy(class_weight="balanced"), "sigmoid", 1), network(None, "sigmoid", 1)
    weight = (24 / (2 * np.bincount(y)))[y]
    for same in (y, y.astype(float), y[:, None], y.astype(bool)):
        assert balanced.loss(X, same) == pytest.approx(plain.loss(X, y, weight), rel=CLOSE)


def test_a_class_weight_can_be_changed_by_nobody_and_compares_by_value():
    given = {0: 2, np.int64(1): 1}
    loss = CrossEntropy(class_weight=given)
    given[0] = 5
    assert loss == CrossEntropy(class_weight={0: 2.0, 1: 1.0}) != CrossEntropy()
    assert hash(loss) == hash(CrossEntropy(class_weight={0: 2.0, 1: 1.0}))


@pytest.mark.parametrize(
    ("y", "weight", "sentence"),
    [
        (
            np.full((24, 3), 1 / 3),
            None,
            "row 0 of y is neither a label nor an indicator row, which class_weight needs: gi",
        ),
        (LABELS * 0 + 1, None, "sample_weight times class_weight adds up to 0.0, but must add up to a positive finite"),
        (LABELS, np.where(LABELS == 1, 1, 0), "sample_weight times class_weight adds up to 0.0, but must add up"),
        (LABELS, -WEIGHTS, "sample_weight[0] is -"),
    ],
)
def test_targets_and_weights_that_class_weights_cannot_take_give_their_sentence(y, weight, sentence):
    net = network(CrossEntropy(class_weight={1: 0}), "softmax")
    with pytest.raises(ValueError, match=r"must|needs") as caught:
        net.loss(X, y, weight)
    assert str(caught.value).startswith(sentence)
