"""Batches as they come: fit on iterables, partial_fit and learn.

What could go wrong: a step that differs from the one that fit makes of the same rows (compared bit for bit), optimizer
state that is lost between calls, an iterator that is empty the second time, a bad batch that leaves a broken network,
a row or label of an earlier call that learn still sees (mixed calls), a check that its quick ways leave out.
"""

import copy
import pickle
import re

import numpy as np
import pytest

import fastmlp as fm
from fastmlp.network import model_of

RNG = np.random.default_rng(9)
X = RNG.normal(size=(50, 4))
Y = RNG.integers(0, 3, 50)
WEIGHTS = RNG.random(50)
SLICES = [slice(start, start + 8) for start in range(0, 50, 8)]
BATCHES = [(X[part], Y[part]) for part in SLICES]
VALUES = RNG.normal(size=50)


def network(**arguments):
    return fm.Network(4, [fm.Dense(6, "tanh"), fm.Dense(3, "softmax")], **{"seed": 2, "l2": 0.01, **arguments})


def regression(**arguments):
    return fm.Network(4, [fm.Dense(6, "relu"), fm.Dense(1)], seed=2, **arguments)


def same(one, other):
    return np.array_equal(one.get_parameters(), other.get_parameters())


OPTIMIZERS = ["adam", fm.SGD(0.01, momentum=0.5)]
each_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=["adam", "sgd"])


@each_optimizer
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_batches_give_the_steps_of_arrays(optimizer, dtype):
    whole, stream = network(dtype=dtype), network(dtype=dtype)
    expected = whole.fit(X, Y, epochs=3, batch_size=8, shuffle=False, optimizer=optimizer)
    history = stream.fit(BATCHES, epochs=3, optimizer=optimizer)
    assert same(whole, stream)
    # the core adds up the losses of an epoch in the same order, but not their products with the weights
    assert history["loss"] == pytest.approx(expected["loss"], rel=1e-12)
    assert list(history) == list(expected)
    assert history["epoch"] == [1, 2, 3]
    # what comes after goes on alike
    whole.fit(X, Y, epochs=1, optimizer=optimizer, shuffle=False)
    stream.fit(X, Y, epochs=1, optimizer=optimizer, shuffle=False)
    assert same(whole, stream)


def test_weights_come_with_their_batch():
    whole, stream = network(), network()
    expected = whole.fit(X, Y, epochs=1, batch_size=8, shuffle=False, sample_weight=WEIGHTS)
    history = stream.fit(((X[part], Y[part], WEIGHTS[part]) for part in SLICES), epochs=1)
    assert same(whole, stream)
    assert history["loss"] == pytest.approx(expected["loss"], rel=1e-12)


def test_each_batch_is_a_step_of_its_own_size():
    stream, by_hand = network(), network()
    sizes = [(0, 1), (1, 20), (20, 23)]
    stream.fit(iter([(X[a:b], Y[a:b]) for a, b in sizes]), epochs=1)
    for a, b in sizes:
        by_hand.fit(X[a:b], Y[a:b], epochs=1, batch_size=None, shuffle=False)
    assert same(stream, by_hand)


def test_validation_and_callbacks_come_after_each_epoch_of_batches():
    seen = []
    net = network()
    history = net.fit(
        BATCHES, epochs=9, validation_data=(X, Y), metrics=["auc"],
        callbacks=[lambda net, epoch: seen.append(net.evaluate(X, Y, metrics=["auc"])) or len(seen) == 3],
    )  # fmt: skip
    assert history["validation_auc"] == [row["auc"] for row in seen]
    assert history["validation_loss"] == [row["loss"] for row in seen]
    assert len(seen) == 3


BAD_STREAMS = [
    (lambda: iter(BATCHES), {}, ValueError, "epochs is 10, but an iterator of batches can be read once: give epochs=1"),
    (list, {}, ValueError, "there is no batch in epoch 1: give an iterable that starts anew for each epoch."),
    (lambda: [X], {}, TypeError, "batch 0 of epoch 1 must be (X, y) or (X, y, sample_weight), got ndarray."),
    (lambda: [(X,)], {}, TypeError, "batch 0 of epoch 1 must be (X, y) or (X, y, sample_weight), got tuple."),
    (lambda: [(X[:, :2], Y)], {}, ValueError, "X of batch 0 of epoch 1 has 2 columns, but the network expects 4"),
    (lambda: [(X, Y + 1)], {}, ValueError, "y[1] of batch 0 of epoch 1 is 3"),
    (lambda: X, {}, TypeError, "y must be an array of real numbers, got None: give the targets of X, or an iterable"),
    (lambda: 3, {}, TypeError, "y must be an array of real numbers, got None: give the targets of X, or an iterable"),
    (
        lambda: BATCHES, {"sample_weight": WEIGHTS}, ValueError,
        "sample_weight needs arrays X and y, but X is an iterable of batches: give batches (X, y, sample_weight).",
    ),
    (
        lambda: BATCHES, {"validation_fraction": 0.1}, ValueError,
        "validation_fraction needs arrays X and y, but X is an iterable of batches: give validation_data.",
    ),
    (lambda: BATCHES, {"epochs": 0}, ValueError, "epochs must be an integer of at least 1, got 0."),
    (lambda: BATCHES, {"optimizer": "sdg"}, ValueError, "optimizer 'sdg' does not exist"),
    (lambda: BATCHES, {"optimizer": "lbfgs"}, ValueError, "lbfgs needs all samples in every step: fit on arrays"),
    (lambda: BATCHES, {"optimizer": fm.Adam("cosine")}, ValueError, "a schedule needs to know the number of steps"),
    (lambda: BATCHES, {"metrics": ["auc"]}, ValueError, "metrics are measured on validation samples"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "arguments", "kind", "sentence"), BAD_STREAMS, ids=[bad[3] for bad in BAD_STREAMS])
def test_bad_batches_give_their_sentence_and_change_nothing(make, arguments, kind, sentence):
    net = network()
    with pytest.raises(kind) as caught:
        net.fit(make(), **arguments)
    assert str(caught.value).startswith(sentence)
    assert same(net, network())


def test_an_iterable_that_ends_for_good_is_noticed():
    class Once:
        def __init__(self):
            self.batches = iter(BATCHES)

        def __iter__(self):
            yield from self.batches

    with pytest.raises(ValueError, match=r"^there is no batch in epoch 2: give an iterable that starts anew"):
        network().fit(Once(), epochs=2)


def test_a_batch_without_a_finite_loss_leaves_the_weights_before_it():
    net, before = regression(), regression()
    before.partial_fit(X, VALUES, optimizer="sgd")
    with pytest.raises(FloatingPointError) as caught:
        net.fit([(X, VALUES), (X * 1e30, VALUES)], epochs=1, optimizer="sgd")
    assert re.fullmatch(
        r"loss became (NaN|infinite) at epoch 1, step 2 \(learning rate 0\.01\): the weights from before this batch "
        r"were kept; lower the learning rate\.",
        str(caught.value),
    )
    assert same(net, before)
    for call, where in (
        (lambda: net.partial_fit(X * 1e30, VALUES, optimizer="sgd"), "from before this call"),
        (lambda: net.learn(X[0] * 1e30, VALUES[0], optimizer="sgd"), "from before this step"),
    ):
        with pytest.raises(FloatingPointError, match=rf"^loss became \S+ \(learning rate 0\.01\): the weights {where}"):
            call()
        assert same(net, before)
    # and goes on
    for one in (net, before):
        one.learn(X[0], VALUES[0], optimizer="sgd")
    assert same(net, before)


@each_optimizer
def test_partial_fit_is_one_pass_of_fit_in_order(optimizer):
    net, by_hand = network(), network()
    for part, batch_size in ((slice(0, 30), None), (slice(30, 50), 7)):
        size = part.stop - part.start if batch_size is None else batch_size
        arguments = {"optimizer": optimizer, "sample_weight": WEIGHTS[part]}
        loss = net.partial_fit(X[part], Y[part], batch_size=batch_size, **arguments)
        history = by_hand.fit(X[part], Y[part], epochs=1, batch_size=size, shuffle=False, **arguments)
        assert type(loss) is float
        assert [loss] == history["loss"]
    net.fit(X, Y, epochs=1, optimizer=optimizer)
    by_hand.fit(X, Y, epochs=1, optimizer=optimizer)
    assert same(net, by_hand)


def test_partial_fit_checks_its_arguments():
    net = network()
    for arguments, sentence in (
        ({"y": Y[:3]}, "y has 3 rows, but X has 50"),
        ({"batch_size": 0}, "batch_size must be an integer of at least 1, got 0."),
        ({"optimizer": "newton"}, "optimizer 'newton' does not exist"),
        ({"sample_weight": -WEIGHTS}, "sample_weight[0] is -"),
    ):
        with pytest.raises(ValueError, match=f"^{re.escape(sentence)}"):
            net.partial_fit(X, **{"y": Y, **arguments})
    assert same(net, network())


KINDS = {
    "labels": (network, list(map(int, Y))),
    "labels of NumPy": (network, list(Y)),
    "rows": (network, list(np.eye(3)[Y])),
    "labels and rows in turn": (network, [np.eye(3)[y] if i % 2 else int(y) for i, y in enumerate(Y)]),
    "one sigmoid": (lambda **a: fm.Network(4, [fm.Dense(1, "sigmoid")], seed=2, **a), list(map(int, Y > 0))),
    "values": (regression, list(map(float, VALUES))),
    "whole values": (regression, list(map(int, Y))),
    "values of NumPy's float": (regression, list(VALUES)),
    "values of NumPy": (regression, list(VALUES.astype("f"))),
    "several values": (lambda **a: fm.Network(4, [fm.Dense(2)], seed=2, **a), list(RNG.normal(size=(50, 2)))),
}


@each_optimizer
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_learn_is_a_step_of_partial_fit(kind, dtype, optimizer):
    make, targets = KINDS[kind]
    net, by_hand = make(dtype=dtype), make(dtype=dtype)
    for x, y in zip(X, targets, strict=True):
        before = by_hand.loss(x[np.newaxis], [y])
        expected = by_hand.partial_fit(x[np.newaxis], [y], optimizer=optimizer)
        loss = net.learn(x, y, optimizer=optimizer)
        assert type(loss) is float
        assert loss == expected
        # one row's loss in the dtype of the network, and the penalties in another order
        assert loss == pytest.approx(before, rel=1e-6 if dtype == "float32" else 1e-14)
    assert same(net, by_hand)


@pytest.mark.parametrize("convert", [list, np.float32, lambda x: x.astype(">f8"), lambda x: np.repeat(x, 2)[::2]])
def test_learn_takes_rows_of_every_kind(convert):
    net, by_hand = network(), network()
    for x, y in zip(X[:5], Y, strict=False):
        net.learn(convert(x), y)
        by_hand.partial_fit([convert(x)], [y])
    assert same(net, by_hand)
    for row in (np.array([1, 0, 2, 3]), np.array([1, 0, 2, 3], np.uint8), [True, False, True, True]):
        net.learn(row, 1)
        by_hand.partial_fit([row], [1])
    assert same(net, by_hand)


def test_learn_and_everything_else_may_take_turns():
    net, by_hand = network(), network()
    sgd = fm.SGD(0.1, momentum=0.5)
    for i in range(4):
        for one, step in ((net, net.learn), (by_hand, lambda x, y, **a: by_hand.partial_fit([x], [y], **a))):
            step(X[i], Y[i], optimizer=sgd)
            one.fit(X, Y, epochs=1, shuffle=False, optimizer=sgd)
            step(X[i], Y[i], optimizer=fm.SGD(0.01, momentum=0.5))
            one.layers[0].weights[0, 0] = i
            step(X[i], Y[i], optimizer="adam")
        assert same(net, by_hand)
    net.reset()
    by_hand.reset()
    net.learn(X[0], Y[0])
    by_hand.partial_fit(X[:1], Y[:1])
    assert same(net, by_hand)


def test_learn_remembers_classes_but_not_values():
    for make, kept in ((network, 3), (regression, 0)):
        net = make()
        for y in range(50):
            net.learn(X[0] / 10, y % 3 if kept else y, optimizer=fm.SGD(1e-4))
        assert len(net._online._targets) == kept


def test_copies_learn_for_themselves():
    net = network()
    net.learn(X[0], Y[0])
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        before = net.get_parameters()
        twin.learn(X[1], Y[1])
        assert np.array_equal(net.get_parameters(), before)
        other = copy.deepcopy(net)
        other.partial_fit(X[1:2], Y[1:2])
        assert same(twin, other)


BAD_ROWS = [
    (network, [1, 2, 3], 0, ValueError, "x has shape (3,), but must be one sample of 4 inputs: (4,)."),
    (network, X[:1], 0, ValueError, "x has shape (1, 4), but must be one sample of 4 inputs: (4,)."),
    (network, np.array([0, np.nan, 0, 0]), 0, ValueError, "x holds NaN in row 0, column 1"),
    (network, np.array([0, 0, 0, np.inf], "f"), 0, ValueError, "x holds infinity in row 0, column 3"),
    (
        network,
        np.array([0, 0, 1e300, 0]),
        0,
        ValueError,
        "x holds 1e+300 in row 0, column 2, which float32 cannot hold",
    ),
    (network, ["a"] * 4, 0, TypeError, "x must be an array of real numbers"),
    (network, X[0], 3, ValueError, "y[0] is 3, but the network has 3 classes: labels must be 0 to 2."),
    (network, X[0], -1, ValueError, "y[0] is -1, but the network has 3 classes: labels must be 0 to 2."),
    (network, X[0], 1.0, TypeError, "y is a vector of float64, but the network has 3 outputs"),
    (network, X[0], [0.5, 0.5], ValueError, "y has shape (1, 2), but the network has 3 outputs"),
    (network, X[0], [0.5, 0.5, 0.5], ValueError, "row 0 of y adds up to 1.5"),
    (network, X[0], None, TypeError, "y must be an array of real numbers"),
    (regression, X[0], float("nan"), ValueError, "y holds NaN in row 0"),
    (regression, X[0], 1e39, ValueError, "y holds 1e+39 in row 0"),
    (regression, X[0], -float("inf"), ValueError, "y holds infinity in row 0"),
]


@pytest.mark.parametrize("used", [False, True], ids=["first", "later"])
@pytest.mark.parametrize(("make", "x", "y", "kind", "sentence"), BAD_ROWS, ids=[bad[4] for bad in BAD_ROWS])
def test_a_bad_sample_gives_its_sentence_and_changes_nothing(make, x, y, kind, sentence, used):
    net = make()
    if used:
        for label in range(3):
            net.learn(X[1], label)
    before = net.get_parameters()
    with pytest.raises(kind) as caught:
        net.learn(x, y)
    assert str(caught.value).startswith(sentence)
    assert np.array_equal(net.get_parameters(), before)
    # nothing of it is left in a buffer
    other = copy.deepcopy(net)
    assert net.learn(X[2], 1) == other.learn(X[2], 1)
    assert same(net, other)


def test_every_batch_and_row_counts_as_an_epoch_for_what_is_drawn_next():
    net = network()
    net.fit(BATCHES, epochs=2)
    net.partial_fit(X, Y, batch_size=8)
    net.learn(X[0], Y[0])
    model = model_of(net)
    assert model.epochs_trained == 2 * len(BATCHES) + 2
    # more of them than the core's counter holds
    model.count_epochs(2**32)
    net.partial_fit(X, Y)


def test_learn_waits_for_no_fit_and_knows_its_optimizers():
    net = network()
    with pytest.raises(ValueError, match=r"^optimizer 'newton' does not exist"):
        net.learn(X[0], 0, optimizer="newton")
    for call in (lambda net: net.learn(X[0], 0), lambda net: net.partial_fit(X, Y)):
        with pytest.raises(RuntimeError, match=r"^the network is in fit"):
            net.fit(X, Y, callbacks=[lambda net, epoch, call=call: call(net)])
    net.learn(X[0], 0)


@pytest.mark.parametrize("optimizer", ["", "adm", None, b"adam", np.array(["adam"]), object()])
def test_an_optimizer_that_is_none_is_refused_in_a_sentence_at_the_first_row_and_later(optimizer):
    sentence = "^optimizer (.* does not exist: use one|must be one of the names)"
    for met_one_before in (False, True):
        net = fm.Network(2, [fm.Dense(2, "softmax")])
        if met_one_before:
            net.learn([1.0, 2.0], 0)
        for call in (net.learn, net.partial_fit):
            with pytest.raises((ValueError, TypeError), match=sentence):
                call(
                    [1.0, 2.0] if call == net.learn else [[1.0, 2.0]],
                    0 if call == net.learn else [0],
                    optimizer=optimizer,
                )
        net.learn([1.0, 2.0], 0)
