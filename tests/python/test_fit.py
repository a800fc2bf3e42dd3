"""fit: what it learns, what it keeps, and what happens between its slices.

What could go wrong: epochs or batches that are cut short by the slices (a fit with callbacks is compared with one
without, and two fits with one), state that is lost or left over (going on, reset), an error that comes after the first
step or leaves a broken network (divergence, bad arguments, raising callbacks). What a fit shows: test_progress.py.
"""

import re

import numpy as np
import pytest

import fastmlp as fm

RNG = np.random.default_rng(4)
X = RNG.normal(size=(53, 4))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
X_VALID, Y_VALID = RNG.normal(size=(20, 4)), RNG.integers(0, 2, 20)


def network(**arguments):
    return fm.Network(4, [fm.Dense(8, "tanh"), fm.Dense(2, "softmax")], **{"seed": 5, **arguments})


def parameters_after(net=None, **arguments):
    net = network() if net is None else net
    net.fit(X, Y, **{"epochs": 6, "batch_size": 10, **arguments})
    return net.get_parameters()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_xor_is_learned(dtype):
    corners, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    learned = 0
    for seed in range(20):
        net = fm.Network(2, [fm.Dense(4, "tanh"), fm.Dense(1, "sigmoid")], dtype=dtype, seed=seed)
        net.fit(corners, y, epochs=1000, batch_size=None, optimizer=fm.Adam(0.05))
        learned += net.predict(corners).tolist() == y
    assert learned >= 19


@pytest.mark.parametrize("optimizer", ["sgd", "adam", fm.SGD(0.05, momentum=0.9, nesterov=True)])
def test_a_second_fit_goes_on_where_the_first_ended(optimizer):
    net = network()
    parameters_after(net, epochs=2, optimizer=optimizer)
    assert np.array_equal(parameters_after(net, epochs=4, optimizer=optimizer), parameters_after(optimizer=optimizer))


def test_reset_starts_over():
    net = network()
    first = parameters_after(net)
    net.reset()
    assert np.array_equal(net.get_parameters(), network().get_parameters())
    assert np.array_equal(parameters_after(net), first)


def test_callbacks_and_validation_change_no_bit():
    seen = []
    watched = parameters_after(
        callbacks=[lambda net, epoch: seen.append(net.loss(X, Y))], validation_data=(X_VALID, Y_VALID)
    )
    assert len(seen) == 6
    assert np.array_equal(watched, parameters_after())


def test_the_order_of_samples_depends_on_seed_and_epoch_only_or_is_theirs():
    assert not np.array_equal(parameters_after(), parameters_after(shuffle=False))
    one_by_one = network(seed=1)
    two_epochs = network(seed=1)
    for net, epochs in ((one_by_one, (1, 1)), (two_epochs, (2,))):
        for n in epochs:
            net.fit(X, Y, epochs=n, batch_size=1)
    assert np.array_equal(one_by_one.get_parameters(), two_epochs.get_parameters())


def test_batch_size_none_is_the_whole_data_and_larger_ones_are_cut_to_it():
    whole = parameters_after(batch_size=None)
    assert np.array_equal(whole, parameters_after(batch_size=53))
    assert np.array_equal(whole, parameters_after(batch_size=10**6))


def test_the_last_short_batch_is_trained_on():
    net = fm.Network(1, [fm.Dense(1)], dtype="float64")
    net.set_parameters([0, 0])
    # batches (1, 2) and (3): mean gradients of (a - y)^2 at a = 0 are -2 y, then -2 (y - a) with a the bias so far
    net.fit([[0], [0], [0]], [1, 2, 3], epochs=1, batch_size=2, shuffle=False, optimizer=fm.SGD(0.1))
    first = 0.1 * 2 * 1.5
    assert net.layers[0].bias[0] == pytest.approx(first + 0.1 * 2 * (3 - first))


def test_the_loss_of_an_epoch_is_the_mean_over_its_samples():
    net = network(dtype="float64")
    history = net.fit(X, Y, epochs=1, batch_size=20, optimizer=fm.SGD(1e-12))
    # with steps of about 1e-12 each batch is measured with nearly the same weights
    assert history["loss"][0] == pytest.approx(net.loss(X, Y), rel=1e-10)


def test_history_has_rows_and_columns():
    net = network()
    history = net.fit(X, Y, epochs=3, validation_data=(X_VALID, Y_VALID))
    assert history["epoch"] == [1, 2, 3]
    assert list(history) == [
        "epoch", "loss", "seconds", "samples_per_second", "validation_loss", "validation_accuracy",
    ]  # fmt: skip
    assert len(history) == 6
    assert dict(history)["loss"] == [epoch["loss"] for epoch in history.epochs]
    assert history["validation_loss"][-1] == net.loss(X_VALID, Y_VALID)
    assert history["validation_accuracy"][-1] == net.evaluate(X_VALID, Y_VALID)["accuracy"]
    assert min(history["seconds"]) > 0
    assert history["samples_per_second"][0] == pytest.approx(53 / history["seconds"][0])
    assert re.fullmatch(
        r"History\(3 epochs, last: loss=\S+, validation_loss=\S+, validation_accuracy=\S+\)", repr(history)
    )
    with pytest.raises(KeyError, match="'speed' is not a column of this history: it has epoch, loss"):
        history["speed"]
    assert net.fit(X, Y, epochs=1)["epoch"] == [1]
    assert (len(fm.History()), list(fm.History()), repr(fm.History())) == (0, [], "History(0 epochs)")


def test_regression_is_validated_by_its_mean_absolute_error():
    net = fm.Network(4, [fm.Dense(1)], seed=0)
    history = net.fit(X, X[:, 0], epochs=1, validation_data=(X, X[:, 0]))
    assert history["validation_mae"] == [net.evaluate(X, X[:, 0])["mae"]]


def test_history_can_be_drawn():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    ax = network().fit(X, Y, epochs=3, validation_data=(X_VALID, Y_VALID)).plot()
    assert [line.get_label() for line in ax.lines] == ["training", "validation"]
    assert network().fit(X, Y, epochs=3).plot(ax) is ax
    matplotlib.pyplot.close(ax.figure)


def test_a_callback_ends_the_fit_by_returning_true_and_sees_each_epoch():
    seen = []

    def until_third(net, epoch):
        seen.append((net.get_parameters().sum(), dict(epoch)))
        epoch.clear()
        return epoch == {} and len(seen) == 3

    history = network().fit(X, Y, epochs=10, callbacks=[lambda net, epoch: None, until_third])
    assert len(history.epochs) == 3
    assert [epoch for _, epoch in seen] == history.epochs
    assert len({total for total, _ in seen}) == 3


def test_callbacks_with_a_begin_and_an_end_get_them():
    calls = []

    class Recorder:
        def begin(self, net, columns):
            calls.append(("begin", columns))

        def end(self, net):
            calls.append("end")

        def __call__(self, net, epoch):
            calls.append(epoch["epoch"])

    network().fit(X, Y, epochs=2, callbacks=[Recorder()])
    assert calls == [("begin", ["epoch", "loss", "seconds", "samples_per_second"]), 1, 2, "end"]


def test_a_callback_that_raises_leaves_a_valid_network():
    net = network()

    def fail(net, epoch):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match=r"^enough$"):
        net.fit(X, Y, epochs=5, batch_size=10, callbacks=[fail])
    assert np.array_equal(net.get_parameters(), parameters_after(epochs=1))
    assert np.array_equal(parameters_after(net, epochs=5), parameters_after())


@pytest.mark.parametrize("call", ["fit", "reset"])
def test_a_callback_cannot_fit_or_reset_its_network(call):
    net = network()

    def meddle(net, epoch):
        net.reset() if call == "reset" else net.fit(X, Y, optimizer="sgd")

    with pytest.raises(RuntimeError, match=r"^the network is in fit: fit and reset must wait until it ends"):
        net.fit(X, Y, epochs=2, batch_size=10, callbacks=[meddle])
    assert np.array_equal(net.get_parameters(), parameters_after(epochs=1))


def test_early_stopping_ends_after_patience_and_restores_the_best_weights():
    # the labels of the validation data are noise, so that its loss soon grows
    stopping = fm.EarlyStopping(patience=4)
    net, kept = network(), []
    history = net.fit(
        X, Y, epochs=2000, optimizer=fm.Adam(0.05), validation_data=(X_VALID, Y_VALID),
        callbacks=[stopping, lambda net, epoch: kept.append(net.get_parameters())],
    )  # fmt: skip
    losses = history["validation_loss"]
    assert stopping.best == min(losses)
    assert stopping.best_epoch == losses.index(min(losses)) + 1
    assert len(losses) == stopping.best_epoch + 4
    assert np.array_equal(net.get_parameters(), kept[stopping.best_epoch - 1])
    last = network()
    last.fit(
        X, Y, epochs=2000, optimizer=fm.Adam(0.05), validation_data=(X_VALID, Y_VALID),
        callbacks=[fm.EarlyStopping(4, restore_best=False)],
    )  # fmt: skip
    assert np.array_equal(last.get_parameters(), kept[-1])


def test_early_stopping_watches_what_it_is_told_to():
    stopping = fm.EarlyStopping(patience=2, monitor="validation_accuracy", min_delta=2.0)
    history = network().fit(X, Y, epochs=50, validation_data=(X_VALID, Y_VALID), callbacks=[stopping])
    # the first epoch counts, and no accuracy is 2 better than another
    assert len(history.epochs) == 3
    stopping = fm.EarlyStopping(patience=2, min_delta=100.0)
    assert len(network().fit(X, Y, epochs=50, callbacks=[stopping]).epochs) == 3
    assert len(network().fit(X, Y, epochs=50, callbacks=[stopping]).epochs) == 3


DIVERGED = (
    r"^(loss became (NaN|infinite)|a weight became NaN or infinite) at epoch (\d+), step (\d+) "
    r"\(learning rate (\S+)\): the weights (of epoch \d+|from before the fit) were kept; lower the learning rate\.$"
)


def test_a_loss_that_is_no_number_stops_the_fit_and_keeps_the_last_good_epoch():
    net = fm.Network(4, [fm.Dense(8, "relu"), fm.Dense(1)], seed=0)
    before = net.get_parameters()
    with pytest.raises(FloatingPointError, match=DIVERGED) as caught:
        net.fit(X, X[:, 0], epochs=5, batch_size=10, optimizer=fm.SGD(1e30))
    match = re.match(DIVERGED, str(caught.value))
    assert match.group(3) == "1"
    assert 2 <= int(match.group(4)) <= 6
    assert match.group(5, 6) == ("1e+30", "from before the fit")
    assert np.array_equal(net.get_parameters(), before)
    assert np.isfinite(net.fit(X, X[:, 0], epochs=1, optimizer=fm.SGD(1e-3))["loss"][0])


def test_a_later_divergence_names_its_epoch_and_counts_steps_over_the_fit():
    net, kept = fm.Network(4, [fm.Dense(1)], seed=0), []
    # the error grows by a factor in every step: some epochs are good before float32 ends
    with pytest.raises(FloatingPointError, match=DIVERGED) as caught:
        net.fit(
            X, X[:, 0], epochs=1000, batch_size=53, optimizer=fm.SGD(5.0),
            callbacks=[lambda net, epoch: kept.append(net.get_parameters())],
        )  # fmt: skip
    match = re.match(DIVERGED, str(caught.value))
    assert int(match.group(3)) == int(match.group(4)) == len(kept) + 1 > 2
    assert match.group(5, 6) == ("5", f"of epoch {len(kept)}")
    assert np.array_equal(net.get_parameters(), kept[-1])


def test_a_weight_that_is_no_number_is_an_error_at_once():
    net = network()
    net.layers[0].weights[0, 0] = np.nan
    with pytest.raises(FloatingPointError, match=r"^loss became NaN at epoch 1, step 1 "):
        net.fit(X, Y)


BAD = [
    ({"epochs": 0}, ValueError, "epochs must be an integer of at least 1, got 0."),
    ({"epochs": 2.5}, TypeError, "epochs must be an integer of at least 1, got 2.5."),
    ({"batch_size": 0}, ValueError, "batch_size must be an integer of at least 1, got 0."),
    ({"batch_size": "auto"}, TypeError, "batch_size must be an integer of at least 1, got 'auto'."),
    ({"optimizer": "adadelta"}, ValueError, "optimizer 'adadelta' does not exist: use one of 'sgd', 'adam', 'adamw', "),
    ({"optimizer": fm.SGD}, TypeError, "optimizer must be one of the names 'sgd', 'adam', 'adamw', "),
    (
        {"optimizer": "rprop", "batch_size": 52},
        ValueError,
        "rprop needs all 53 samples in every step, got ",
    ),
    ({"shuffle": 1}, TypeError, "shuffle must be True or False, got 1."),
    ({"progress": "yes"}, TypeError, "progress must be True or False, 'lines' or None, got 'yes'."),
    ({"callbacks": fm.EarlyStopping()}, TypeError, "callbacks must be a list of callables, got EarlyStopping("),
    ({"callbacks": [3]}, TypeError, "callbacks[0] must be callable with (network, epoch), got 3."),
    (
        {"callbacks": [fm.EarlyStopping(monitor="validation_loss")]},
        ValueError,
        "EarlyStopping monitors 'validation_loss', which this fit does not have: give validation_data or monitor one "
        "of epoch, loss, seconds, samples_per_second.",
    ),
]


@pytest.mark.parametrize(("arguments", "kind", "sentence"), BAD, ids=[sentence for *_, sentence in BAD])
def test_bad_arguments_give_their_sentence_before_the_first_step(arguments, kind, sentence):
    net = network()
    before = net.get_parameters()
    with pytest.raises(kind) as caught:
        net.fit(X, Y, **arguments)
    assert str(caught.value).startswith(sentence)
    assert np.array_equal(net.get_parameters(), before)


def test_bad_verdicts_and_bad_settings_of_early_stopping_give_their_sentence():
    with pytest.raises(TypeError, match=r"^a callback must return True \(end the fit\), False or None, got 'stop'\.$"):
        network().fit(X, Y, callbacks=[lambda net, epoch: "stop"])
    for arguments, sentence in (
        ({"patience": 0}, "patience must be an integer of at least 1, got 0"),
        ({"min_delta": -1}, "min_delta must be at least 0.0, got -1"),
        ({"restore_best": None}, "restore_best must be True or False, got None"),
        ({"monitor": 3}, "monitor must be the name of a column or None, got 3"),
    ):
        with pytest.raises((TypeError, ValueError), match=f"^{re.escape(sentence)}"):
            fm.EarlyStopping(**arguments)
