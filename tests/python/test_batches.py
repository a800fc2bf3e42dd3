"""Batches that come one by one: the trainer kept between them changes no bit, holds no data and forgets nothing.

What could go wrong: plain arrays, which skip the checks, give other bits than those that need converting; a label out
of range or NaN gets through; the trainer keeps a batch alive, makes steps of a size or with an optimizer that an
earlier call asked for, or draws dropout's masks of an earlier epoch again.
"""

import gc
import weakref

import numpy as np
import pytest

import fastmlp as fm
from fastmlp._core import _testing

ROWS, INPUTS = 30, 5
RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((ROWS, INPUTS)).astype(np.float32)
# network's last layer, loss, targets that are plain and the same in a form that is not
KINDS = {
    "softmax": (fm.Dense(3, "softmax"), "cross_entropy", RANDOM.integers(0, 3, ROWS)),
    "one-versus-all": (fm.Dense(3, "sigmoid"), "cross_entropy", RANDOM.integers(0, 3, ROWS).astype(np.int32)),
    "binary": (fm.Dense(1, "sigmoid"), "cross_entropy", RANDOM.integers(0, 2, ROWS)),
    "values": (fm.Dense(2), "mse", RANDOM.standard_normal((ROWS, 2))),
    "a value": (fm.Dense(1), "huber", RANDOM.standard_normal(ROWS).astype(np.float32)),
    "counts": (fm.Dense(1), "poisson", RANDOM.integers(0, 5, ROWS)),
}


def network(kind, dtype="float32", **settings):
    last, loss, _ = KINDS[kind]
    return fm.Network(INPUTS, [fm.Dense(7, "tanh"), fm.Dropout(0.2), last], loss=loss, seed=1, dtype=dtype, **settings)


def trained(kind, convert, dtype="float32"):
    net, y = network(kind, dtype), KINDS[kind][2]
    losses = []
    for size in (ROWS, 10, ROWS, 1, 20):
        losses.append(net.partial_fit(convert(X[:size]), convert(y[:size]), optimizer="adam"))
    losses.append(net.partial_fit(convert(X), convert(y), optimizer="adam", batch_size=8))
    losses.append(net.partial_fit(convert(X), convert(y), optimizer=fm.SGD(0.1)))
    return losses, net.get_parameters()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_plain_arrays_give_the_bits_of_others(kind, dtype):
    losses, parameters = trained(kind, lambda array: array, dtype)
    by_checks, others = trained(kind, lambda array: np.asfortranarray(np.stack([array, array], 1))[:, 0], dtype)
    lists, again = trained(kind, lambda array: array.tolist(), dtype)
    assert losses == by_checks == lists
    np.testing.assert_array_equal(parameters, others)
    np.testing.assert_array_equal(parameters, again)


@pytest.mark.parametrize("kind", KINDS)
def test_every_batch_is_one_step_of_fit(kind):
    by_call, by_stream, y = network(kind), network(kind), KINDS[kind][2]
    batches = [(X[i : i + 6], y[i : i + 6]) for i in range(0, ROWS, 6)]
    losses = [by_call.partial_fit(*batch) for batch in batches]
    history = by_stream.fit(batches, epochs=1, progress=False)
    np.testing.assert_array_equal(by_call.get_parameters(), by_stream.get_parameters())
    # the mean of the same numbers, added in another order
    assert history["loss"][0] == pytest.approx(np.mean(losses), rel=1e-12)


def bad(array, value):
    array = array.copy()
    array[-1] = value
    return array


@pytest.mark.parametrize(
    ("kind", "X_given", "y_given", "sentence"),
    [
        ("softmax", X, bad(KINDS["softmax"][2], 3), r"y\[29\] is 3, but the network has 3 classes"),
        ("softmax", X, bad(KINDS["softmax"][2], -1), r"y\[29\] is -1, but the network has 3 classes"),
        ("binary", X, bad(KINDS["binary"][2], 2), r"y\[29\] is 2, but the network has 2 classes"),
        ("softmax", bad(X, np.nan), KINDS["softmax"][2], "X holds NaN in row 29, column 0"),
        ("softmax", bad(X.astype(np.float64), 1e300), KINDS["softmax"][2], "which float32 cannot hold"),
        ("softmax", X[:, :4].copy(), KINDS["softmax"][2], "X has 4 columns, but the network expects 5 inputs"),
        ("softmax", X, KINDS["softmax"][2][:-1], "y has 29 rows, but X has 30"),
        ("softmax", X[0], KINDS["softmax"][2][:1], r"X has shape \(5,\)"),
        ("values", X, bad(KINDS["values"][2], np.inf), "y holds infinity in row 29"),
        ("a value", X, bad(KINDS["a value"][2].astype(np.float64), -1e300), "which float32 cannot hold"),
        ("counts", X, bad(KINDS["counts"][2], -1), "must not be negative"),
    ],
)
def test_a_bad_batch_after_good_ones_is_refused_and_changes_nothing(kind, X_given, y_given, sentence):
    net = network(kind)
    net.partial_fit(X, KINDS[kind][2])
    before = net.get_parameters()
    with pytest.raises(ValueError, match=sentence):
        net.partial_fit(X_given, y_given)
    np.testing.assert_array_equal(net.get_parameters(), before)
    net.partial_fit(X, KINDS[kind][2])
    assert not np.array_equal(net.get_parameters(), before)


@pytest.mark.parametrize("as_array", [np.ascontiguousarray, np.asfortranarray])
def test_no_batch_is_kept_alive(as_array):
    class Watched(np.ndarray):
        """One that can be watched."""

    net = network("softmax")
    for _ in range(2):
        batch = as_array(X.copy())
        given = batch.view(Watched) if as_array is np.asfortranarray else batch
        owner = weakref.ref(given)
        net.partial_fit(given, KINDS["softmax"][2])
        del batch, given
        gc.collect()
        assert owner() is None


def test_only_what_is_small_is_kept_between_batches():
    def allocations_of_a_call(rows):
        net = fm.Network(INPUTS, [fm.Dense(3, "softmax")], seed=1)
        many, labels = np.ones((rows, INPUTS), np.float32), np.zeros(rows, np.int64)
        for _ in range(2):
            net.partial_fit(many, labels)
        before = _testing.allocation_count()
        net.partial_fit(many, labels)
        return _testing.allocation_count() - before

    assert allocations_of_a_call(ROWS) == 0
    assert allocations_of_a_call(500_000) > 0


def test_a_batch_that_diverges_is_taken_back_and_named():
    net = network("a value")
    y = KINDS["a value"][2]
    net.partial_fit(X, y, optimizer=fm.SGD(1e-9))
    net.layers[-1].weights[...] = np.float32(3e38)
    before = net.get_parameters()
    with pytest.raises(FloatingPointError, match="the weights from before this call were kept"):
        net.partial_fit(X, y, optimizer=fm.SGD(1e-9))
    np.testing.assert_array_equal(net.get_parameters(), before)


def test_training_between_batches_and_reset_are_seen():
    net, other = network("softmax"), network("softmax")
    y = KINDS["softmax"][2]
    first = net.partial_fit(X, y)
    net.fit(X, y, epochs=2, batch_size=8)
    net.layers[0].weights[...] = 0.5
    after = net.partial_fit(X, y)
    other.partial_fit(X.tolist(), y)
    other.fit(X, y, epochs=2, batch_size=8)
    other.layers[0].weights[...] = 0.5
    assert other.partial_fit(X.tolist(), y) == after
    net.reset()
    assert net.partial_fit(X, y) == first


@pytest.mark.parametrize("as_given", [np.asarray, np.ndarray.tolist])
def test_far_targets_are_warned_of_as_long_as_the_network_is_new(as_given):
    y = KINDS["a value"][2]
    net = fm.Network(INPUTS, [fm.Dense(1)], seed=1)
    start = net.get_parameters()
    net.partial_fit(X, y)
    net.set_parameters(start)
    with pytest.warns(UserWarning, match="scale_targets=True"):
        net.partial_fit(as_given(X), as_given(y * np.float32(1e4)))


@pytest.mark.parametrize("loss", ["mae", "huber", "quantile"])
def test_a_few_far_targets_are_no_hindrance_to_a_loss_of_bounded_slope(loss):
    y = KINDS["a value"][2].copy()
    y[0] = 1e6
    fm.Network(INPUTS, [fm.Dense(1)], seed=1, loss=loss).partial_fit(X, y)
    with pytest.warns(UserWarning, match="y has a median of"):
        fm.Network(INPUTS, [fm.Dense(1)], seed=1, loss=loss).partial_fit(X, y + np.float32(1e4))


def test_a_batch_size_beyond_the_rows_is_one_step_and_keeps_the_trainer():
    by_size, by_default = network("softmax"), network("softmax")
    y = KINDS["softmax"][2]
    for _ in range(2):
        assert by_size.partial_fit(X, y, batch_size=10 * ROWS) == by_default.partial_fit(X, y)
    before = _testing.allocation_count()
    by_size.partial_fit(X, y, batch_size=10 * ROWS)
    assert _testing.allocation_count() == before


def test_class_weights_and_learned_scalings_are_not_passed_by():
    y = KINDS["softmax"][2]
    weighted = fm.Network(INPUTS, [fm.Dense(3, "softmax")], loss=fm.losses.CrossEntropy(class_weight={0: 9.0}), seed=1)
    plain = fm.Network(INPUTS, [fm.Dense(3, "softmax")], seed=1)
    assert [weighted.partial_fit(X, y) for _ in range(2)][1] != [plain.partial_fit(X, y) for _ in range(2)][1]
    scaled = fm.Network(INPUTS, [fm.Standardize(), fm.Dense(3, "softmax")], seed=1)
    with pytest.raises(ValueError, match="Standardize has not learned its numbers yet"):
        scaled.partial_fit(X, y)
