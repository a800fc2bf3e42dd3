"""y and sample_weight: the forms that mean the same give the same loss, and everything else one clear sentence.

What could go wrong: labels, indicator rows and probabilities taken for one another (the equivalences, and the losses
worked out here with NumPy), values that are no labels or no probabilities passing the checks (the table of bad y),
weights applied as counts or not at all (a weight of two against the row twice).
"""

import numpy as np
import pytest

import fastmlp as fm

RNG = np.random.default_rng(1)
X = RNG.normal(size=(20, 4))
LABELS = RNG.integers(0, 3, 20)
VALUES = RNG.normal(size=(20, 3))
# float64 throughout: the two ways of a comparison differ by a few roundings of sums of 20 terms
CLOSE = 1e-12


def network(n_outputs=3, last="softmax", loss=None):
    return fm.Network(4, [fm.Dense(5, "tanh"), fm.Dense(n_outputs, last)], loss=loss, dtype="float64", seed=2)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "uint64", ">i4", ">i8"])
@pytest.mark.parametrize(("last", "loss"), [("softmax", None), ("sigmoid", None), ("identity", "mse")])
def test_labels_of_any_integer_type_are_indicator_rows(last, loss, dtype):
    net = network(last=last, loss=loss)
    rows = np.eye(3)[LABELS]
    wanted = net.loss(X, rows)
    assert net.loss(X, LABELS.astype(dtype)) == wanted
    assert net.loss(X, LABELS.tolist()) == wanted
    assert net.loss(X, rows.astype(dtype)) == wanted
    assert net.loss(X, rows.astype(bool)) == wanted


def test_losses_are_their_formulas():
    a = network().forward(X)
    assert network().loss(X, LABELS) == pytest.approx(-np.log(a[np.arange(20), LABELS]).mean(), rel=CLOSE)
    soft = np.full((20, 3), 1 / 3)
    assert network().loss(X, soft) == pytest.approx(-(soft * np.log(a)).sum(axis=1).mean(), rel=CLOSE)
    a, y = network(last="sigmoid").forward(X), np.eye(3)[LABELS]
    by_row = -(y * np.log(a) + (1 - y) * np.log(1 - a)).sum(axis=1)
    assert network(last="sigmoid").loss(X, LABELS) == pytest.approx(by_row.mean(), rel=CLOSE)
    square = ((network(last="identity").forward(X) - VALUES) ** 2).sum(axis=1)
    assert network(last="identity").loss(X, VALUES) == pytest.approx(square.mean() / 3, rel=CLOSE)
    half = network(last="identity", loss="half_squared_error")
    assert half.loss(X, VALUES) == pytest.approx(square.mean() / 2, rel=CLOSE)


def test_penalties_of_a_layer_take_the_place_of_those_of_the_network():
    layers = [fm.Dense(5, "tanh", l1=0.0), fm.Dense(3, "softmax", l2=0.5)]
    plain = fm.Network(4, [layers[0], fm.Dense(3, "softmax")], dtype="float64", seed=2)
    net = fm.Network(4, layers, dtype="float64", seed=2, l1=0.1, l2=0.2)
    W = [layer.weights for layer in net.layers]
    penalty = 0.2 / 2 * (W[0] ** 2).sum() + 0.1 * np.abs(W[1]).sum() + 0.5 / 2 * (W[1] ** 2).sum()
    assert net.loss(X, LABELS) == pytest.approx(plain.loss(X, LABELS) + penalty, rel=CLOSE)
    assert [(layer.l1, layer.l2) for layer in net.layers] == [(0.0, 0.2), (0.1, 0.5)]


def test_two_classes_with_one_sigmoid_take_labels_and_probabilities():
    net, y = network(1, "sigmoid"), LABELS % 2
    wanted = net.loss(X, y)
    for same in (y.astype(bool), y.astype(float), y[:, None], y[:, None].astype(np.float32), y.astype(np.int8)):
        assert net.loss(X, same) == wanted
    assert network(1, "sigmoid").loss(X, np.full(20, 0.25)) > 0


@pytest.mark.parametrize("loss", ["mse", "half_squared_error"])
def test_values_for_one_output_are_a_vector_or_a_column_and_integers_are_values(loss):
    net = network(1, "identity", loss)
    values = RNG.integers(-1000, 1000, 20)
    wanted = net.loss(X, values.astype(float)[:, None])
    for same in (values, values[:, None], values.astype(np.float32), values.astype(">i2"), values[::-1][::-1]):
        assert net.loss(X, same) == wanted
    assert net.loss(X, values > 0) == net.loss(X, (values > 0).astype(np.uint8))


def test_a_weight_of_two_is_the_row_twice_and_a_weight_of_zero_is_no_row():
    weight = np.ones(20)
    weight[3], weight[5] = 2, 0
    rows = [i for i in [*range(20), 3] if i != 5]
    net = network()
    assert net.loss(X, LABELS, weight) == pytest.approx(net.loss(X[rows], LABELS[rows]), rel=CLOSE)
    assert net.evaluate(X, LABELS, weight)["loss"] == net.loss(X, LABELS, weight)
    right = net.predict(X) == LABELS
    assert 0 < right.sum() < 20
    # nearly all the weight on the samples that are right
    assert net.evaluate(X, LABELS, np.where(right, 1, 1e-9))["accuracy"] == pytest.approx(1.0)
    weighted, plain = net.gradients(X, LABELS, weight), net.gradients(X[rows], LABELS[rows])
    assert np.allclose(weighted.ravel(), plain.ravel(), rtol=0, atol=CLOSE)
    assert not weighted.inputs[5].any()


def test_a_common_factor_of_the_weights_does_not_matter():
    once, thrice = network(), network()
    once.fit(X, LABELS, sample_weight=np.ones(20, np.int8), epochs=3)
    thrice.fit(X, LABELS, sample_weight=[4] * 20, epochs=3)
    assert np.allclose(once.get_parameters(), thrice.get_parameters(), rtol=0, atol=CLOSE)


def labels_with(row, value):
    y = LABELS.copy()
    y[row] = value
    return y


def rows_with(row, column, value):
    y = np.eye(3)[LABELS]
    y[row, column] = value
    return y


SOFTMAX, BINARY, SIGMOIDS, REGRESSION, SINGLE = (
    lambda: network(),
    lambda: network(1, "sigmoid"),
    lambda: network(3, "sigmoid"),
    lambda: network(3, "identity"),
    lambda: network(1, "identity"),
)
BAD = [
    (SOFTMAX, labels_with(17, 10), ValueError, "y[17] is 10, but the network has 3 classes: labels must be 0 to 2."),
    (SOFTMAX, labels_with(2, 3), ValueError, "y[2] is 3, but the network has 3 classes: labels must be 0 to 2."),
    (SOFTMAX, labels_with(2, -1), ValueError, "y[2] is -1, but the network has 3 classes: labels must be 0 to 2."),
    (SOFTMAX, labels_with(2, 2**40), ValueError, f"y[2] is {2**40}, but the network has 3 classes"),
    (SIGMOIDS, labels_with(0, 3), ValueError, "y[0] is 3, but the network has 3 classes: labels must be 0 to 2."),
    (REGRESSION, labels_with(0, 3), ValueError, "y[0] is 3, but the network has 3 classes: labels must be 0 to 2."),
    (BINARY, LABELS * 0 + 2, ValueError, "y[0] is 2, but the network has 2 classes: labels must be 0 to 1."),
    (BINARY, LABELS * 0 - 1, ValueError, "y[0] is -1, but the network has 2 classes: labels must be 0 to 1."),
    (
        SOFTMAX,
        LABELS.astype(float),
        TypeError,
        "y is a vector of float64, but the network has 3 outputs: give integer labels, y.astype(int), "
        "or rows of shape (20, 3).",
    ),
    (REGRESSION, LABELS.astype(float), TypeError, "y is a vector of float64, but the network has 3 outputs"),
    (SOFTMAX, LABELS[:-1], ValueError, "y has 19 rows, but X has 20: give one label or row for each sample."),
    (SOFTMAX, np.eye(3)[LABELS][:-1], ValueError, "y has 19 rows, but X has 20"),
    (
        SOFTMAX,
        LABELS[:, None],
        ValueError,
        "y has shape (20, 1), but the network has 3 outputs: give labels of shape (20,)",
    ),
    (SOFTMAX, np.eye(4)[LABELS], ValueError, "y has shape (20, 4), but the network has 3 outputs"),
    (SINGLE, VALUES, ValueError, "y has shape (20, 3), but the network has 1 output: give labels of shape (20,)"),
    (SOFTMAX, np.zeros((20, 3, 1)), ValueError, "y has shape (20, 3, 1), but must be labels (samples,) or rows"),
    (SOFTMAX, 5, ValueError, "y has shape (), but must be labels (samples,) or rows (samples, outputs)."),
    (SOFTMAX, rows_with(4, 1, 1.5), ValueError, "y holds 1.5 in row 4, but probabilities must be 0 to 1."),
    (SOFTMAX, rows_with(4, 1, -0.25), ValueError, "y holds -0.25 in row 4, but probabilities must be 0 to 1."),
    (SOFTMAX, np.full((20, 3), 0.25), ValueError, "row 0 of y adds up to 0.75, but probabilities must add up to 1"),
    (SIGMOIDS, rows_with(4, 1, 2.0), ValueError, "y holds 2.0 in row 4, but probabilities must be 0 to 1."),
    (BINARY, np.full(20, 1.5), ValueError, "y holds 1.5 in row 0, but probabilities must be 0 to 1."),
    (
        SOFTMAX,
        rows_with(4, 1, np.nan),
        ValueError,
        "y holds NaN in row 4, column 1: remove or fill missing values first.",
    ),
    (REGRESSION, rows_with(4, 1, np.inf), ValueError, "y holds infinity in row 4, column 1: remove or fill infinite"),
    (SINGLE, np.full(20, np.nan), ValueError, "y holds NaN in row 0"),
    (
        REGRESSION,  # names are of classes
        np.array(list("abcd" * 5)),
        TypeError,
        "y must be an array of real numbers, got ndarray of dtype <U1: code",
    ),
    (SOFTMAX, None, TypeError, "y must be an array of real numbers, got None"),
    (SOFTMAX, LABELS.astype(complex), TypeError, "y must be an array of real numbers, got ndarray of dtype complex128"),
]


@pytest.mark.parametrize(("make", "y", "kind", "sentence"), BAD, ids=[sentence for *_, sentence in BAD])
def test_bad_targets_give_their_sentence_and_change_nothing(make, y, kind, sentence):
    net = make()
    before = net.get_parameters()
    for call in (net.loss, net.evaluate, net.gradients, net.check_gradients, net.fit):
        with pytest.raises(kind) as caught:
            call(X, y)
        assert str(caught.value).startswith(sentence)
    assert np.array_equal(net.get_parameters(), before)


def test_targets_beyond_float32_are_refused_by_a_network_of_float32():
    net = fm.Network(4, [fm.Dense(1)], seed=0)
    with pytest.raises(ValueError, match=r"^y holds 1e\+300 in row 0, column 0, which float32 cannot hold"):
        net.fit(X, np.full(20, 1e300))


def weights_with(value):
    weight = np.ones(20)
    weight[7] = value
    return weight


BAD_WEIGHTS = [
    (np.ones(19), ValueError, "sample_weight has shape (19,), but must have one number for each row of X: (20,)."),
    (np.ones((20, 1)), ValueError, "sample_weight has shape (20, 1), but must have one number for each row"),
    (weights_with(-0.5), ValueError, "sample_weight[7] is -0.5, but weights must not be negative."),
    (weights_with(np.nan), ValueError, "sample_weight holds NaN in row 7"),
    (weights_with(np.inf), ValueError, "sample_weight holds infinity in row 7"),
    (np.zeros(20), ValueError, "sample_weight adds up to 0.0, but must add up to a positive finite number."),
    (np.full(20, 1e308), ValueError, "sample_weight adds up to inf"),
    (["a"] * 20, TypeError, "sample_weight must be an array of real numbers"),
]


@pytest.mark.parametrize(("weight", "kind", "sentence"), BAD_WEIGHTS, ids=[row[2] for row in BAD_WEIGHTS])
def test_bad_weights_give_their_sentence(weight, kind, sentence):
    net = network()
    before = net.get_parameters()
    for call in (net.loss, net.evaluate, net.gradients):
        with pytest.raises(kind) as caught:
            call(X, LABELS, weight)
        assert str(caught.value).startswith(sentence)
    with pytest.raises(kind):
        net.fit(X, LABELS, sample_weight=weight)
    assert np.array_equal(net.get_parameters(), before)
