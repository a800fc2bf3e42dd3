"""Calibrated probabilities of TabularClassifier.

What could go wrong: a temperature that makes the validation rows' log-loss worse, or is that of other rows (choice);
one that changes labels, or is lost in files and headers of C (kept); probabilities that stay too sure of themselves.
"""

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.metrics import log_loss as theirs

import fastmlp.sklearn
from fastmlp.sklearn import TabularClassifier
from fastmlp.sklearn._tabular import one_label, several_labels
from fastmlp.sklearn._tabular.calibration import FACTORS, best_factor, log_loss

RNG = np.random.default_rng(0)
N = 400
X = RNG.normal(size=(N, 3))
Y = np.where(X[:, 0] + 2 * RNG.normal(size=N) > 0, "yes", "no")
SMALL = {"hidden_layer_sizes": (16,), "n_estimators": 1, "max_iter": 30, "random_state": 0, "label_smoothing": 0.0}


def test_the_temperature_with_the_least_log_loss_is_found():
    logits = RNG.normal(size=(5000, 3)) * 2
    targets = np.array([RNG.choice(3, p=p) for p in softmax(logits, axis=1)])
    # five thousand rows know it to a few percent; the factors are an eighth apart at most
    assert best_factor(logits, targets, None, lambda z: softmax(z, axis=1)) == pytest.approx(1.0, rel=0.13)
    assert best_factor(logits * 3, targets, None, lambda z: softmax(z, axis=1)) == pytest.approx(1 / 3, rel=0.13)
    labels = RNG.random(logits.shape) < expit(logits)
    assert best_factor(logits / 2, labels.astype(np.uint8), None, expit) == pytest.approx(2, rel=0.13)
    # what weighs nothing decides nothing
    weights = np.arange(5000) % 2
    assert best_factor(np.where(weights[:, None], logits, 9.0), targets, weights, lambda z: softmax(z, axis=1)) == (
        best_factor(logits[weights > 0], targets[weights > 0], None, lambda z: softmax(z, axis=1))
    )
    assert 1.0 in FACTORS


def test_log_losses_are_those_of_scikit_learn():
    probabilities = softmax(RNG.normal(size=(50, 3)), axis=1)
    targets, weights = RNG.integers(0, 3, 50), RNG.random(50)
    assert log_loss(probabilities, targets, weights) == pytest.approx(
        theirs(targets, probabilities, sample_weight=weights, labels=[0, 1, 2])
    )
    labels = RNG.integers(0, 2, (50, 3))
    each = [theirs(labels[:, column], probabilities[:, column], labels=[0, 1]) for column in range(3)]
    assert log_loss(probabilities, labels, None) == pytest.approx(sum(each))
    # finite, so that of two ensembles with such an error one can be better
    assert log_loss(np.array([[1.0, 0.0]]), np.array([1]), None) == pytest.approx(-np.log(np.finfo(float).tiny))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_probabilities_of_a_network_are_those_of_the_model(smoothing):
    logits = RNG.normal(size=(20, 3))
    for labels, activation in ((one_label, lambda z: softmax(z, axis=1)), (several_labels, expit)):
        np.testing.assert_array_equal(
            labels.probabilities(logits, smoothing), labels.without_smoothing(activation(logits), smoothing)
        )


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_model_is_never_worse_on_its_validation_rows_and_labels_stay(smoothing):
    settings = SMALL | {"label_smoothing": smoothing}
    given = {"X_val": X[200:300], "y_val": Y[200:300], "sample_weight_val": np.arange(100.0)}
    plain = TabularClassifier(**settings).fit(X[:200], Y[:200], **given)
    model = TabularClassifier(**settings, calibrate=True).fit(X[:200], Y[:200], **given)
    losses = [theirs(Y[200:300], one.predict_proba(X[200:300]), sample_weight=np.arange(100)) for one in (plain, model)]
    # with smoothing, no other temperature is better here
    assert losses[1] < losses[0] or (smoothing and losses[1] == losses[0])
    np.testing.assert_array_equal(model.predict(X), plain.predict(X))
    assert model.best_iterations_ == plain.best_iterations_
    # one factor for all members, one of a few exact numbers
    weights = [one.networks_[0].layers[-1].weights for one in (model, plain)]
    factor = weights[0][0, 0] / weights[1][0, 0]
    assert min(abs(factor - one) for one in FACTORS) < 1e-6


@pytest.mark.parametrize("several", [False, True])
def test_files_keep_it_and_a_clone_does_it_again(tmp_path, several):
    y = np.column_stack([X[:, 0] > 0, X[:, 1] + RNG.normal(size=N) > 0]) if several else Y
    model = TabularClassifier(**SMALL | {"n_estimators": 3}, calibrate=True).fit(X, y)
    model.save(tmp_path / "model.safetensors")
    again = fastmlp.sklearn.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(clone(model).fit(X, y).predict_proba(X), model.predict_proba(X))
    assert again.calibrate


def test_sparse_tables_are_calibrated_too():
    table = np.array([f"kind {number % 100}" for number in range(N)], dtype=object)[:, np.newaxis]
    plain, model = (TabularClassifier(**SMALL, calibrate=one).fit(table, Y) for one in (False, True))
    assert (plain.predict_proba(table) != model.predict_proba(table)).any()
