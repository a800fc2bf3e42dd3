"""No training step and no evaluation meets a subnormal number, counted by the flags that the processor keeps.

What could go wrong: a moment of a unit that has died, a fading weight, the probability of a class that is out of the
question, a derivative of a saturated unit or a product of two of these becomes subnormal. On many processors such an
operation takes over 100 cycles, and a training slows down by half from its second epoch on; on others nothing is seen.
So the flags are counted, not the time.

The counts are of steps and threads; one in a thousand may be flagged, where a sum cancels to nearly nothing.
"""

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp._core import _testing

pytestmark = pytest.mark.skipif(not _testing.can_count_subnormals(), reason="this processor keeps no such flags")

ROWS, INPUTS, CLASSES, BATCH, EPOCHS = 2000, 196, 10, 20, 20
MOST_FLAGGED = 1e-3
OPTIMIZERS = {
    "sgd": fm.SGD(0.1),
    "momentum": fm.SGD(0.1, momentum=0.9),
    "nesterov": fm.SGD(0.05, momentum=0.9, nesterov=True),
    "adam": fm.Adam(1e-3),
    "adam-clipped": fm.Adam(1e-3, clip_norm=0.1),
    "adamw": fm.AdamW(1e-2, weight_decay=0.5),
    "rmsprop": fm.RMSProp(1e-3),
    "rmsprop-momentum": fm.RMSProp(1e-3, momentum=0.9),
    "adagrad": fm.Adagrad(1e-2),
    "rprop": fm.Rprop(),
}
# hidden activation, the last one, loss, l2, dropout
NETWORKS = {
    "relu-softmax": ("relu", "softmax", "cross_entropy", 0.0, 0.0),
    "tanh-softmax-l2": ("tanh", "softmax", "cross_entropy", 1e-3, 0.0),
    "sigmoid-one-versus-all": ("sigmoid", "sigmoid", "cross_entropy", 0.0, 0.0),
    "sigmoid-mse-dropout": ("sigmoid", "sigmoid", "mse", 0.0, 0.2),
    "relu-one-versus-all-l2-dropout": ("relu", "sigmoid", "cross_entropy", 1e-2, 0.3),
    "tanh-fading": ("tanh", "softmax", "cross_entropy", 0.5, 0.0),
    "gelu-fading": ("gelu", "softmax", "cross_entropy", 0.5, 0.0),
    "softmax-mse": ("relu", "softmax", "mse", 0.0, 0.0),
}


def images() -> tuple[np.ndarray, np.ndarray]:
    """Pixels of which most are 0, and every seventh in nearly all images; among them a few that are subnormal."""
    random = np.random.default_rng(0)
    prototypes = random.random((CLASSES, INPUTS)) ** 4
    labels = random.integers(0, CLASSES, ROWS)
    pixels = prototypes[labels] * random.random((ROWS, INPUTS))
    pixels[pixels < 0.2] = 0.0
    pixels[:, ::7] = 0.0
    rare = random.integers(0, ROWS, 60), 7 * random.integers(0, INPUTS // 7, 60)
    pixels[rare] = 1 / 255
    X = (np.round(pixels * 255) / 255).astype(np.float32)
    X[random.integers(0, ROWS, 60), random.integers(0, INPUTS, 60)] = 1e-41
    return X, labels


X, LABELS = images()
ONE_HOT = np.eye(CLASSES, dtype=np.float32)[LABELS]


def network_with_dead_units(name: str, dtype: str = "float32") -> fm.Network:
    hidden, last, loss, l2, dropout = NETWORKS[name]
    layers: list[Any] = [fm.Dense(40, hidden, l2=l2), fm.Dense(20, hidden, l2=l2)]
    if dropout:
        layers.insert(1, fm.Dropout(dropout))
    net = fm.Network(INPUTS, [*layers, fm.Dense(CLASSES, last)], loss=loss, seed=0, dtype=dtype)
    for layer in net.layers[:-1]:
        layer.bias[:3] = -30.0
    return net


class Counted:
    """The looks at the flags within a with statement, and how many of them saw one."""

    def __enter__(self) -> "Counted":
        _testing.count_subnormals(True)
        return self

    def __exit__(self, *_: object) -> None:
        counts = _testing.subnormal_counts()
        _testing.count_subnormals(False)
        self.looks = counts["looks"]
        self.flagged = max(counts["operands"], counts["results"])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", NETWORKS)
def test_no_step_after_the_first_epoch_meets_subnormal_numbers(optimizer, name):
    net = network_with_dead_units(name)
    y = ONE_HOT if "mse" in name else LABELS
    settings = {"optimizer": OPTIMIZERS[optimizer], "batch_size": None if optimizer == "rprop" else BATCH}
    net.fit(X, y, epochs=1, **settings)
    epochs = 300 if optimizer == "rprop" else EPOCHS - 1
    steps = epochs * (1 if optimizer == "rprop" else ROWS // BATCH)
    with Counted() as training:
        net.fit(X, y, epochs=epochs, **settings)
    assert training.looks >= steps
    assert training.flagged <= MOST_FLAGGED * training.looks
    with Counted() as evaluation:
        net.predict(X)
        net.evaluate(X, LABELS)
    assert evaluation.looks > 0
    assert evaluation.flagged == 0


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
@pytest.mark.parametrize("embedding", [fm.PiecewiseLinear(8), fm.Periodic()], ids=lambda embedding: embedding.name)
def test_no_step_behind_an_embedding_meets_subnormal_numbers(embedding, optimizer):
    few = X[:, :8] * np.array([1, 1, 1, 1e-12, 1, 1, 1, 1], np.float32)  # some subnormal, and mostly 0
    net = fm.Network(8, [embedding, fm.Dense(40, "relu"), fm.Dense(CLASSES, "softmax")], seed=0)
    net.layers[0].bias[:3] = -30.0
    with Counted() as training:
        net.fit(few, LABELS, epochs=4, batch_size=BATCH, optimizer=OPTIMIZERS[optimizer])
    assert training.looks >= 4 * ROWS // BATCH
    assert training.flagged <= MOST_FLAGGED * training.looks
    with Counted() as evaluation:
        net.predict(few)
    assert evaluation.flagged == 0


@pytest.mark.parametrize("name", ["relu-softmax", "sigmoid-mse-dropout"])
def test_the_count_sees_subnormal_numbers(name):
    net = network_with_dead_units(name)
    net.layers[0].weights[...] = 1e-41
    with Counted() as evaluation:
        net.predict(X)
    assert evaluation.flagged > 0


def test_nothing_is_counted_unless_it_is_asked_for():
    before = _testing.subnormal_counts()
    network_with_dead_units("relu-softmax").predict(X)
    assert _testing.subnormal_counts() == before
