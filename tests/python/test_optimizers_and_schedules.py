"""Optimizers and schedules in fit: what could go wrong, and which test sees it.

A schedule that begins anew with every slice or epoch or is not the one that is plotted (fits with callbacks, the column
of the History), a plateau that is noticed late or never, numbers out of range that come to the core (bad settings),
momentum of an earlier fit that comes back (stale velocity), L-BFGS that loses what it found (interruption, callbacks)
or holds its network for ever, and definitions that are not PyTorch's (recorded trajectories).
"""

import itertools
import sys

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import schedules

RNG = np.random.default_rng(4)
X = RNG.normal(size=(53, 4))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)


def network(**arguments):
    return fm.Network(4, [fm.Dense(8, "tanh"), fm.Dense(2, "softmax")], **{"seed": 5, **arguments})


def fitted(optimizer, **arguments):
    net = network()
    history = net.fit(X, Y, **{"epochs": 6, "batch_size": 10, "optimizer": optimizer, **arguments})
    return net.get_parameters(), history


# Weights (2, 1) and bias of linear regression on three samples in full batches, after 50 steps from (0.5, -0.3), 0.1,
# with the mean squared error, in float64: printed by PyTorch 2.13 (torch.optim with the settings beside them, weights
# and bias as two parameter groups for the weight decay; torch.nn.utils.clip_grad_*; torch.optim.lr_scheduler).
SAMPLES = np.array([[1.0, 2.0], [-0.5, 0.25], [0.75, -1.5]])
TARGETS = np.array([1.0, 0.5, -2.0])
FROM_PYTORCH = [
    (fm.AdamW(0.01, weight_decay=0.3), [0.022172841582446763, 0.18049350404142786, -0.23872083764775087]),
    (fm.RMSProp(0.01), [-0.026652703004547793, 0.2544331667626249, -0.22356163565796094]),
    (fm.RMSProp(0.01, alpha=0.8, momentum=0.5), [-0.42991001952702207, 0.6525583440092318, -0.15115530769230737]),
    (fm.Adagrad(0.1), [-0.3940355595480592, 0.648842850339442, -0.17296694162696083]),
    (fm.Rprop(0.1), [-0.7272913016135353, 0.9090734130599034, -0.09088670076174339]),
    (fm.SGD(0.05, momentum=0.9, clip_value=0.1), [-0.7809795647390989, 0.86616066146871, -0.0280502326084591]),
    (fm.SGD(0.05, momentum=0.9, clip_norm=0.2), [-0.8216616038643662, 0.8883526008277626, -0.04407825626224245]),
    (fm.SGD(schedules.Cosine(0.05)), [-0.34219647079624477, 0.8693640722371098, -0.2653933711087666]),
    (fm.SGD(schedules.OneCycle(0.05)), [-0.3312245857277509, 0.866965462325315, -0.26685151347166186]),
    (
        fm.SGD(schedules.Step(0.05, 0.5, every_steps=20)),
        [-0.43331110749893276, 0.8852746358461048, -0.24377267188410476],
    ),
    (fm.SGD(schedules.Exponential(0.05, 0.9)), [0.03708125062124068, 0.6833635868759589, -0.1949069183624478]),
]


@pytest.mark.parametrize(("optimizer", "expected"), FROM_PYTORCH, ids=lambda value: getattr(value, "name", ""))
def test_fifty_steps_end_where_those_of_pytorch_end(optimizer, expected):
    net = fm.Network(2, [fm.Dense(1)], dtype="float64", seed=0)
    net.set_parameters([0.5, -0.3, 0.1])
    net.fit(SAMPLES, TARGETS, epochs=50, batch_size=None, optimizer=optimizer, shuffle=False)
    # fifty steps of a few roundings each, and expected values that were printed with 17 digits
    np.testing.assert_allclose(net.get_parameters(), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["constant", "step", "exponential", "inverse_scaling", "cosine", "one_cycle"])
def test_a_schedule_by_name_starts_from_the_rate_of_its_optimizer(name):
    assert fm.SGD(name).learning_rate == schedules.SCHEDULES[name](0.01)
    assert fm.Adam(name).learning_rate == schedules.SCHEDULES[name](0.001)


def test_a_constant_schedule_is_the_number():
    assert np.array_equal(fitted(fm.SGD(schedules.Constant(0.1)))[0], fitted(fm.SGD(0.1))[0])


def test_the_rate_of_an_epochs_last_step_is_in_the_history_and_comes_from_rate():
    schedule = schedules.Warmup(schedules.Cosine(0.3, final=0.01), fraction=0.2)
    seen = []
    history = fitted(fm.SGD(schedule), callbacks=[lambda net, epoch: seen.append(epoch["learning_rate"])])[1]
    # 6 steps an epoch, the last of 3 samples
    assert history["learning_rate"] == seen == [schedule.rate(6 * e - 1, 36, 6) for e in range(1, 7)]
    assert "learning_rate" not in fitted("sgd")[1]


def test_callbacks_and_slices_do_not_disturb_a_schedule():
    optimizer = fm.Adam(schedules.OneCycle(0.05))
    assert np.array_equal(fitted(optimizer)[0], fitted(optimizer, callbacks=[lambda net, epoch: None])[0])


def test_every_fit_begins_its_schedule():
    net = network()
    optimizer = fm.SGD(schedules.Cosine(0.1))
    assert (
        net.fit(X, Y, epochs=3, optimizer=optimizer)["learning_rate"]
        == (net.fit(X, Y, epochs=3, optimizer=optimizer)["learning_rate"])
    )


def test_a_plateau_lowers_the_rate_after_patience_and_then_waits_anew():
    # a step of 1e-12 changes the loss by less than min_delta: the first epoch is the best
    schedule = schedules.ReduceOnPlateau(1e-12, factor=0.5, patience=1)
    parts = np.array(fitted(fm.SGD(schedule))[1]["learning_rate"]) / 1e-12
    assert parts.tolist() == [1, 1, 1, 0.5, 0.5, 0.25]


def test_no_plateau_no_reduction_and_accuracies_may_be_watched():
    schedule = schedules.ReduceOnPlateau(0.1, patience=0, min_delta=0.0)
    net = fm.Network(1, [fm.Dense(1)], seed=0)
    rates = net.fit([[0.0], [1.0]], [1.0, 3.0], epochs=20, optimizer=fm.SGD(schedule))["learning_rate"]
    assert rates == [0.1] * 20
    schedule = schedules.ReduceOnPlateau(1e-12, 0.5, patience=0, monitor="validation_accuracy")
    rates = fitted(fm.SGD(schedule), validation_data=(X, Y))[1]["learning_rate"]
    assert rates[-1] == 1e-12 / 16


def test_the_lowered_rate_is_the_one_that_is_used():
    net = network()
    schedule = schedules.ReduceOnPlateau(0.1, factor=1e-9, patience=0, min_delta=100.0)
    seen = []
    net.fit(X, Y, epochs=4, optimizer=fm.SGD(schedule), callbacks=[lambda n, e: seen.append(n.get_parameters())])
    # the first epoch is the best; the second is one too many
    assert [np.abs(b - a).max() > 1e-6 for a, b in itertools.pairwise(seen)] == [True, False, False]


def test_a_divergence_names_the_rate_of_its_step():
    net = fm.Network(1, [fm.Dense(1)], seed=0)
    # weights of about 1e21 after the first step; their loss is beyond float32
    optimizer = fm.SGD(schedules.Step(1e20, 0.5, every_steps=1))
    with pytest.raises(FloatingPointError, match=r"step 2 \(learning rate 5e\+19\)"):
        net.fit([[1.0], [2.0]], [1.0, 5.0], epochs=5, optimizer=optimizer)


def test_momentum_that_was_switched_off_comes_back_at_rest():
    def after_plain(first):
        net = network()
        net.fit(X, Y, epochs=2, optimizer=first)
        net.set_parameters(network().get_parameters())
        net.fit(X, Y, epochs=1, optimizer=fm.SGD(0.1))
        net.set_parameters(network().get_parameters())
        net.fit(X, Y, epochs=1, optimizer=fm.SGD(0.1, momentum=0.9), shuffle=False)
        return net.get_parameters()

    assert np.array_equal(after_plain(fm.SGD(0.1, momentum=0.9)), after_plain(fm.SGD(0.1)))


BAD = [
    (lambda: fm.SGD("linear"), ValueError, "schedule 'linear' does not exist: use one of 'constant', 'step', "),
    (lambda: fm.SGD(-1.0), ValueError, "learning_rate must be above 0.0, got -1.0."),
    (lambda: fm.Adam(clip_norm=0.0), ValueError, "clip_norm must be above 0.0, got 0.0."),
    (lambda: fm.Adam(clip_value="1"), TypeError, "clip_value must be a number (above 0.0), got '1'."),
    (lambda: fm.AdamW(weight_decay=-0.1), ValueError, "weight_decay must be at least 0.0, got -0.1."),
    (lambda: fm.RMSProp(alpha=1.0), ValueError, "alpha must be at least 0.0 and below 1.0, got 1.0."),
    (lambda: fm.Rprop("cosine"), TypeError, "learning_rate of Rprop must be a number (its first step), got 'cosine'."),
    (lambda: fm.Rprop(eta_plus=1.0), ValueError, "eta_plus must be above 1.0, got 1.0."),
    (lambda: fm.Rprop(min_step=2.0, max_step=1.0), ValueError, "min_step must be at most max_step (1.0), got 2.0."),
    (lambda: fm.LBFGS(history=0), ValueError, "history must be an integer of at least 1, got 0."),
    (lambda: schedules.Step(0.1, 1.5), ValueError, "factor must be above 0.0 and below 1.0, got 1.5."),
    (
        lambda: schedules.Step(0.1, every_steps=0),
        ValueError,
        "every_steps must be an integer from 1 to 9007199254740992, got 0.",
    ),
    (lambda: schedules.Cosine(0.0), ValueError, "initial must be above 0.0, got 0.0."),
    (lambda: schedules.Cosine(0.1).rate(-1, 5), ValueError, "step must be an integer of at least 0, got -1."),
    (lambda: schedules.Warmup(0.1), ValueError, "Warmup needs steps or fraction, but not both, got None and None: "),
    (lambda: schedules.Warmup(schedules.Warmup(0.1, steps=1), steps=1), TypeError, "must not be a Warmup"),
    (lambda: schedules.ReduceOnPlateau(0.1).rate(0, 1), TypeError, "read history['learning_rate'] after it."),
    (lambda: schedules.ReduceOnPlateau(0.1, monitor=3), TypeError, "monitor must be the name of a column or None"),
    (
        lambda: fitted(fm.SGD(schedules.ReduceOnPlateau(0.1, monitor="validation_mae"))),
        ValueError,
        "ReduceOnPlateau monitors 'validation_mae', which this fit does not have: give validation_data or monitor one",
    ),
    (lambda: fitted(fm.LBFGS()), ValueError, "lbfgs needs all 53 samples in every step, got batch_size=10: use "),
]


@pytest.mark.parametrize(("call", "kind", "sentence"), BAD, ids=[sentence for *_, sentence in BAD])
def test_bad_settings_give_their_sentence(call, kind, sentence):
    with pytest.raises(kind) as caught:
        call()
    assert sentence in str(caught.value)


# ---- L-BFGS ----


def lbfgs(net, **arguments):
    pytest.importorskip("scipy")
    return net.fit(X, Y, **{"batch_size": None, "epochs": 30, "optimizer": "lbfgs", **arguments})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_lbfgs_goes_down_in_every_iteration_and_reports_what_it_has(dtype):
    net = network(dtype=dtype, l2=1e-3)
    history = lbfgs(net, validation_data=(X, Y))
    assert history["epoch"] == list(range(1, 31))
    assert (np.diff(history["loss"]) < 0).all()
    assert history["loss"][-1] < 0.3 * history["loss"][0]
    assert net.loss(X, Y) == history["validation_loss"][-1]
    # the network's own losses are those of weights rounded to its dtype
    np.testing.assert_allclose(history["validation_loss"], history["loss"], rtol=1e-5 if dtype == "float32" else 1e-14)


def test_lbfgs_ends_by_its_tolerance_or_its_own_limit():
    converged = lbfgs(network(l2=0.1), optimizer=fm.LBFGS(tolerance=0.01))
    assert len(converged.epochs) < 30
    assert converged.converged is True
    for limit in ({"max_iterations": 4}, {"max_evaluations": 4}):
        ended = lbfgs(network(), optimizer=fm.LBFGS(**limit))
        assert len(ended.epochs) <= 4
        assert ended.converged is False
    assert lbfgs(network(), optimizer="adam").converged is None


def test_a_callback_ends_lbfgs_and_early_stopping_works_with_it():
    net, seen = network(), []
    ended = lbfgs(net, callbacks=[lambda n, epoch: seen.append(n.get_parameters()) or len(seen) == 3])
    assert ended.converged is None
    assert len(seen) == 3
    assert np.array_equal(net.get_parameters(), seen[-1])
    stopping = fm.EarlyStopping(patience=2, monitor="validation_loss")
    history = lbfgs(net, validation_data=(X, 1 - Y), callbacks=[stopping])
    assert len(history.epochs) == stopping.best_epoch + 2


def test_an_interruption_keeps_the_best_weights_so_far_and_frees_the_network():
    net, seen = network(), []

    def interrupt(n, epoch):
        seen.append(n.get_parameters())
        if len(seen) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lbfgs(net, callbacks=[interrupt])
    assert np.array_equal(net.get_parameters(), seen[-1])
    net.fit(X, Y, epochs=1)


def test_lbfgs_leaves_a_network_alone_whose_loss_is_no_number():
    net = fm.Network(1, [fm.Dense(1)], dtype="float64", seed=0)
    net.set_parameters([1e200, 0.0])
    pytest.importorskip("scipy")
    with pytest.raises(FloatingPointError, match=r"^loss became inf in iteration 1: the weights from before the fit"):
        net.fit([[1.0], [2.0]], [0.0, 1.0], batch_size=None, optimizer="lbfgs")
    assert net.get_parameters().tolist() == [1e200, 0.0]
    net.reset()


def test_without_scipy_lbfgs_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(ImportError, match=r'^the optimizer lbfgs needs SciPy: pip install "scipy>=1\.8"\.$'):
        network().fit(X, Y, batch_size=None, optimizer="lbfgs")


@pytest.mark.parametrize("array", [np.array([0.5]), np.array([[1]])])
def test_an_array_of_one_element_is_no_number(array):
    with pytest.raises(TypeError, match=r"^l2 must be a number \(at least 0\.0\), got array\("):
        fm.Dense(3, l2=array)
    assert fm.Dense(3, l2=np.array(0.5)).l2 == 0.5
