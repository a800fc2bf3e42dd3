"""validation_fraction: which samples are set aside.

What could go wrong: a sample on both sides or on none, weights that do not follow, classes that miss on one side, a
choice that another run, another fit or another version of NumPy would not repeat (a fixed list is compared).
"""

import numpy as np
import pytest

import fastmlp as fm
from fastmlp._model.samples import Samples
from fastmlp._training.split import split

RNG = np.random.default_rng(2)
ROWS = 100
X = np.arange(ROWS, dtype=np.float64)[:, np.newaxis]
LABELS = np.repeat([0, 1, 2], [70, 28, 2])
WEIGHTS = np.arange(ROWS) + 1.0


def rows_aside(targets, fraction=0.25, seed=0, meaning="many"):
    _, aside = split(Samples(X, targets, None), fraction, seed, meaning)
    return aside[0][:, 0].astype(int)


def test_every_sample_is_on_one_side_in_order_with_its_target_and_weight():
    parts = split(Samples(X, LABELS, WEIGHTS), 0.25, 7, "many")
    for data, targets, weights in parts:
        rows = data[:, 0].astype(int)
        assert (np.diff(rows) > 0).all()
        assert np.array_equal(targets, LABELS[rows])
        assert np.array_equal(weights, WEIGHTS[rows])
    together = np.concatenate([data[:, 0] for data, _, _ in parts])
    assert np.array_equal(np.sort(together), X[:, 0])


@pytest.mark.parametrize(
    ("targets", "meaning"),
    [(LABELS, "many"), (np.eye(3)[LABELS], "many"), (LABELS, "values"), ((LABELS > 0)[:, np.newaxis] * 1.0, "binary")],
    ids=["labels", "indicator rows", "labels for values", "one sigmoid"],
)
def test_each_class_gives_its_share(targets, meaning):
    aside = rows_aside(targets, 0.25, meaning=meaning)
    # 17.5 of 70 rounded up, 7 of 28, and of 2 one on each side
    wanted = [18, 8] if meaning == "binary" else [18, 7, 1]
    assert np.bincount(np.minimum(LABELS[aside], len(wanted) - 1)).tolist() == wanted


def test_small_and_large_fractions_leave_one_of_a_class_on_each_side_and_a_single_one_is_trained_on():
    labels = np.repeat([0, 1, 2], [97, 2, 1])
    assert np.bincount(labels[rows_aside(labels, 0.001)]).tolist() == [1, 1]
    assert np.bincount(labels[rows_aside(labels, 0.999)]).tolist() == [96, 1]


def test_values_are_split_as_a_whole():
    assert len(rows_aside(RNG.normal(size=(ROWS, 2)), 0.25, meaning="values")) == 25


def test_the_choice_depends_on_the_seed_only():
    values = RNG.normal(size=(ROWS, 1))
    first = rows_aside(values, 0.05, meaning="values")
    # settled once; a change would move samples that a saved network has been trained on to the other side
    assert first.tolist() == [0, 43, 54, 66, 69]
    assert not np.array_equal(rows_aside(values, 0.05, seed=2**64 - 1, meaning="values"), first)


def network(**arguments):
    return fm.Network(1, [fm.Dense(3, "softmax")], seed=4, **arguments)


def test_fit_trains_on_the_one_side_and_validates_on_the_other():
    data = X / ROWS
    net, by_hand = network(), network()
    history = net.fit(data, LABELS, epochs=3, batch_size=7, sample_weight=WEIGHTS, validation_fraction=0.2)
    train, aside = split(Samples(data, LABELS, WEIGHTS), 0.2, 4, "many")
    by_hand.fit(train[0], train[1], epochs=3, batch_size=7, sample_weight=train[2])
    assert np.array_equal(net.get_parameters(), by_hand.get_parameters())
    found = net.evaluate(*aside)
    assert history.epochs[-1]["validation_loss"] == found["loss"]
    assert history.epochs[-1]["validation_accuracy"] == found["accuracy"]
    assert list(history) == list(net.fit(data, LABELS, epochs=1, validation_data=(data, LABELS)))
    stopping = fm.EarlyStopping(patience=1, min_delta=10.0)
    assert len(net.fit(data, LABELS, epochs=9, validation_fraction=0.2, callbacks=[stopping]).epochs) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"validation_fraction": 0}, "validation_fraction must be above 0.0 and below 1.0, got 0"),
        ({"validation_fraction": 1.0}, "validation_fraction must be above 0.0 and below 1.0, got 1.0"),
        (
            {"validation_fraction": 0.5, "validation_data": (X, LABELS)},
            "validation_data and validation_fraction are both given: keep one of them.",
        ),
        (
            {"validation_fraction": 0.5, "sample_weight": np.eye(ROWS)[0]},
            "validation_fraction leaves training samples of weight 0 only: give validation_data.",
        ),
    ],
)
def test_fractions_that_cannot_be_give_their_sentence(arguments, sentence):
    with pytest.raises(ValueError) as caught:
        network().fit(X, LABELS, **arguments)
    assert str(caught.value).replace("validation samples", "training samples") == sentence.rstrip(".") + "."


def test_nothing_to_set_aside_gives_its_sentence():
    with pytest.raises(ValueError, match=r"^validation_fraction sets no sample aside: each of 3 is the only one of"):
        network().fit(X[:3], [0, 1, 2], validation_fraction=0.5)
