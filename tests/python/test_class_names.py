"""Labels that are text: what could go wrong, and which test sees it.

Another network is learned than with numbers (same bits); a kind of array is refused, or predicted as numbers (kinds);
one of the ways of training or asking does not know the names (all ways); the names are lost on the way to a file, or a
file of numbers predicts names (files); a failed fit leaves names behind, or an unknown or missing label gets a class
(refused).
"""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest

import fastmlp as fm

RNG = np.random.default_rng(4)
X = RNG.normal(size=(120, 2))
NUMBERS = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)
NAMES = ["ant", "bee", "cow"]
TEXT = [NAMES[number] for number in NUMBERS]


def network(units=3, last="softmax", **settings):
    return fm.Network(2, [fm.Dense(8, "tanh"), fm.Dense(units, last)], seed=1, **settings)


@pytest.mark.parametrize(
    "labels",
    [
        TEXT,
        tuple(TEXT),
        np.array(TEXT),
        np.array(TEXT, object),
        list(np.array(TEXT)),
        pd.Series(TEXT),
        pd.Series(TEXT, index=range(500, 620)),
        pd.Series(TEXT, dtype="category"),
        pd.Series(TEXT, dtype="string"),
        pl.Series(TEXT),
        pl.Series(TEXT, dtype=pl.Categorical),
    ],
    ids=lambda labels: f"{type(labels).__module__}.{type(labels).__name__}",
)
def test_a_fit_on_text_is_that_on_numbers_and_predicts_text(labels):
    net, plain = network(), network()
    net.fit(X, labels, epochs=5)
    plain.fit(X, NUMBERS, epochs=5)
    assert net.classes == NAMES
    assert all(type(name) is str for name in net.classes)
    np.testing.assert_array_equal(net.get_parameters(), plain.get_parameters())
    assert net.predict(X).tolist() == [NAMES[number] for number in plain.predict(X)]
    assert plain.classes is None


@pytest.mark.parametrize(
    ("units", "last", "loss"), [(1, "sigmoid", None), (1, "identity", "hinge"), (2, "softmax", None)]
)
def test_two_classes_have_two_names(units, last, loss):
    net = network(units, last, loss=loss)
    net.fit(X, np.where(X[:, 0] > 0, "yes", "no"), epochs=200, optimizer=fm.Adam(0.05))
    assert net.classes == ["no", "yes"]
    assert net.predict([[2.0, 0.0], [-2.0, 0.0]]).tolist() == ["yes", "no"]


def test_all_ways_of_training_and_asking_know_the_names():
    net, plain = network(), network()
    net.classes = NAMES
    for one, labels in ((net, TEXT), (plain, NUMBERS)):
        one.fit([(X, labels)], epochs=1)
        one.fit(X, labels, epochs=1, validation_data=(X[:10], labels[:10]), callbacks=[fm.EarlyStopping()])
        one.fit(X, labels, epochs=1, validation_fraction=0.2, optimizer="lbfgs", batch_size=None)
        one.partial_fit(X, labels)
        for row in range(5):
            one.learn(X[row], labels[row])
    np.testing.assert_array_equal(net.get_parameters(), plain.get_parameters())
    assert net.loss(X, TEXT) == plain.loss(X, NUMBERS)
    assert net.evaluate(X, TEXT, metrics=["accuracy", "auc"]) == plain.evaluate(X, NUMBERS, metrics=["accuracy", "auc"])
    assert net.gradients(X, TEXT).loss == plain.gradients(X, NUMBERS).loss
    assert net.check_gradients(X[:10], TEXT[:10]).passed
    # numbers are still labels
    assert net.loss(X, NUMBERS) == plain.loss(X, NUMBERS)


def test_names_that_are_set_are_in_the_order_of_the_outputs():
    net = network()
    net.classes = ["cow", "bee", "ant"]
    net.fit(X, TEXT, epochs=100, optimizer=fm.Adam(0.05))
    assert net.classes == ["cow", "bee", "ant"]
    assert (net.predict(X) == np.array(TEXT)).mean() > 0.9


def test_names_beside_numbers_leave_predictions_numbers():
    net = network()
    net.classes = NAMES
    net.fit(X, NUMBERS, epochs=1)
    assert net.predict(X).dtype.kind == "i"


@pytest.mark.parametrize("are_text", [True, False])
def test_files_and_pickles_keep_names_and_what_is_predicted(tmp_path, are_text):
    net = network()
    net.classes = NAMES
    net.fit(X, TEXT if are_text else NUMBERS, epochs=1)
    net.save(tmp_path / "model.safetensors")
    for again in (fm.load(tmp_path / "model.safetensors"), pickle.loads(pickle.dumps(net))):
        assert again.classes == NAMES
        np.testing.assert_array_equal(again.predict(X), net.predict(X))
        assert again.predict(X).dtype == net.predict(X).dtype
        again.partial_fit(X, TEXT)


@pytest.mark.parametrize(
    ("labels", "kind", "sentence"),
    [
        (["ant", "bee"] * 60, ValueError, "y holds 2 classes, 'ant', 'bee', but the network has 3"),
        ([*TEXT[:-1], None], TypeError, r"y\[119\] is None, but y\[0\] is text"),
        ([*TEXT[:-1], np.nan], TypeError, r"y\[119\] is nan, but y\[0\] is text"),
        (np.array(TEXT)[:, np.newaxis], ValueError, r"labels that are text must be \(samples,\)"),
        (TEXT[:-1], ValueError, "y has 119 rows, but X has 120"),
    ],
)
def test_labels_that_name_no_class_are_refused_and_no_names_are_learned(labels, kind, sentence):
    net = network()
    before = net.get_parameters()
    with pytest.raises(kind, match=sentence):
        net.fit(X, labels)
    assert net.classes is None
    np.testing.assert_array_equal(net.get_parameters(), before)
    with pytest.raises(ValueError, match=r"validation_data\[1\]\[0\] is 'dog', but the network's classes are 'ant'"):
        net.fit(X, TEXT, validation_data=(X[:1], ["dog"]))
    assert net.classes is None


def test_unknown_names_and_text_without_names_are_refused():
    net = network()
    for call in (lambda: net.partial_fit(X, TEXT), lambda: net.learn(X[0], "ant"), lambda: net.loss(X, TEXT)):
        with pytest.raises(ValueError, match="y holds text, but the network's classes have no names yet"):
            call()
    net.fit(X, TEXT, epochs=1)
    for call in (lambda: net.learn(X[0], "dog"), lambda: net.evaluate(X[:1], ["dog"]), lambda: net.fit(X[:1], ["dog"])):
        with pytest.raises(ValueError, match=r"y\[0\] is 'dog', but the network's classes are 'ant', 'bee', 'cow'"):
            call()


def test_a_network_of_values_takes_no_text():
    with pytest.raises(TypeError, match="y must be an array of real numbers"):
        network(3, "identity").fit(X, TEXT)


def test_regions_are_drawn_for_names():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    net = network()
    net.fit(X, TEXT, epochs=5)
    legend = fm.plots.decision_regions(net, X, TEXT).get_legend()
    assert [text.get_text() for text in legend.get_texts()] == NAMES
