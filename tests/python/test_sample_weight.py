"""A weight of 2 is the sample twice, in a full batch: for the loss, its gradients, a step and every metric.

What could go wrong: a mean that divides by the number of samples instead of their weights, penalties that are scaled
with them, a metric that forgets weights. Sums have other orders here than there, hence the tolerances.
"""

import numpy as np
import pytest

import fastmlp as fm

RNG = np.random.default_rng(12)
X = RNG.normal(size=(30, 4))
LABELS, VALUES = RNG.integers(0, 3, 30), RNG.normal(size=(30, 2))
WEIGHTS = RNG.integers(0, 4, 30)
REPEATED = np.repeat(np.arange(30), WEIGHTS)

NETWORKS = {
    "classes": (fm.Dense(3, "softmax"), LABELS, ["accuracy", "auc", "log_loss", fm.metrics.TopK(2)]),
    "one-versus-all": (fm.Dense(3, "sigmoid"), np.eye(3)[LABELS], ["accuracy", "auc"]),
    "two classes": (fm.Dense(1, "sigmoid"), LABELS > 0, ["accuracy", "auc", "log_loss"]),
    "values": (fm.Dense(2), VALUES, ["r2", "mae", "rmse"]),
}
each_network = pytest.mark.parametrize("name", NETWORKS)

# sums of 30 terms in another order, in float64
CLOSE = {"rtol": 1e-12, "atol": 1e-14}


def network(name):
    return fm.Network(4, [fm.Dense(5, "tanh"), NETWORKS[name][0]], dtype="float64", seed=3, l1=0.01, l2=0.1)


@each_network
def test_loss_and_gradients(name):
    net, y = network(name), NETWORKS[name][1]
    weighted, repeated = net.gradients(X, y, WEIGHTS), net.gradients(X[REPEATED], y[REPEATED])
    assert weighted.loss == net.loss(X, y, WEIGHTS)
    np.testing.assert_allclose(weighted.loss, repeated.loss, **CLOSE)
    np.testing.assert_allclose(weighted.ravel(), repeated.ravel(), **CLOSE)
    # the gradient by an input is that of all its copies together
    total = np.zeros_like(weighted.inputs)
    np.add.at(total, REPEATED, repeated.inputs)
    np.testing.assert_allclose(weighted.inputs, total, **CLOSE)


@each_network
def test_a_full_batch_step(name):
    y = NETWORKS[name][1]
    weighted, repeated = network(name), network(name)
    found = weighted.fit(X, y, epochs=3, batch_size=None, sample_weight=WEIGHTS, optimizer=fm.SGD(0.1))
    expected = repeated.fit(X[REPEATED], y[REPEATED], epochs=3, batch_size=None, optimizer=fm.SGD(0.1))
    np.testing.assert_allclose(found["loss"], expected["loss"], **CLOSE)
    np.testing.assert_allclose(weighted.get_parameters(), repeated.get_parameters(), **CLOSE)
    # one more by partial_fit
    np.testing.assert_allclose(
        weighted.partial_fit(X, y, sample_weight=WEIGHTS), repeated.partial_fit(X[REPEATED], y[REPEATED]), **CLOSE
    )


@each_network
def test_metrics(name):
    net, (_, y, metrics) = network(name), NETWORKS[name]
    weighted = net.evaluate(X, y, WEIGHTS, metrics=metrics)
    repeated = net.evaluate(X[REPEATED], y[REPEATED], metrics=metrics)
    assert weighted == pytest.approx(repeated, rel=1e-12)
    assert net.evaluate(X, y, metrics=metrics) != pytest.approx(weighted, rel=1e-6)
