"""The one Monitor: what could go wrong, and which test sees it.

A schedule, a callback or an estimator takes a falling number for a better one where it is not (directions), an epoch
without a number counts as the best (NaN), the two rules of equality are mixed up (equality), a metric of a user's own
is followed in a direction that nobody said (unknown), a column of a plain list is not known (lists).
"""

from __future__ import annotations

import math

import numpy as np
import pytest

import fastmlp as fm
from fastmlp._checks.monitor import Columns, Monitor, resolve_monitor
from fastmlp._training.measures import with_modes
from fastmlp.metrics import METRICS

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
VALUES = X @ [1.0, -2.0, 0.5]
LABELS = (VALUES > 0).astype(int)


@pytest.mark.parametrize(("mode", "values", "verdicts", "best"), [
    ("min", [3.0, 2.0, 2.0, 2.5, 1.0], [True, True, False, False, True], 1.0),
    ("max", [3.0, 2.0, 3.0, 3.5], [True, False, False, True], 3.5),
    ("min", [math.nan, 5.0, math.nan, 4.0], [False, True, False, True], 4.0),
    ("max", [math.nan, -5.0, math.nan], [False, True, False], -5.0),
    ("min", [math.inf, 1.0], [False, True], 1.0),
])  # fmt: skip
def test_what_is_better_than_the_best_counts_in_its_direction(mode, values, verdicts, best):
    monitor = Monitor("column", mode)
    assert [monitor.improves(value) for value in values] == verdicts
    assert monitor.best == best


def test_a_gain_of_just_min_delta_counts_by_its_rounded_difference():
    """As EarlyStopping always took it: 4/10 - 3/10 is more than 0.1 in float64."""
    monitor = Monitor("validation_accuracy", "max", min_delta=0.1)
    assert [monitor.improves(value) for value in (0.3, 0.4)] == [True, 0.4 - 0.3 > 0.1]


def test_small_gains_add_up_until_they_count():
    monitor = Monitor("loss", "min", min_delta=0.25)
    assert [monitor.improves(value) for value in (1.0, 0.875, 0.75, 0.625)] == [True, False, False, True]
    assert monitor.best == 0.625


def test_by_the_rule_of_tol_a_gain_of_just_as_much_counts_and_every_gain_moves_the_best():
    monitor = Monitor("loss", "min", min_delta=0.25, counts_equal=True)
    assert [monitor.improves(value) for value in (1.0, 0.75, 0.625, 0.5)] == [True, True, False, False]
    assert monitor.best == 0.5
    last_of_equals = Monitor("loss", "min", counts_equal=True)
    assert [last_of_equals.improves(value) for value in (1.0, 1.0, 2.0)] == [True, True, False]


@pytest.mark.parametrize(
    ("metric", "rising"),
    [("r2", True), ("auc", True), ("accuracy", True), (fm.metrics.TopK(1), True), ("mae", False), ("rmse", False)],
)
def test_every_metric_brings_its_direction_to_the_rate(metric, rising):
    """What was reported: the rate was halved while r2 and auc rose."""
    is_class = metric in ("auc", "accuracy") or isinstance(metric, fm.metrics.TopK)
    layers = [fm.Dense(2, "softmax")] if is_class else [fm.Dense(1)]
    targets = LABELS if is_class else VALUES
    name = f"validation_{metric if isinstance(metric, str) else metric.__name__}"
    schedule = fm.schedules.ReduceOnPlateau(0.05, factor=0.5, patience=1, min_delta=0.0, monitor=name)
    net = fm.Network(3, layers, seed=0)
    history = net.fit(X, targets, epochs=12, optimizer=fm.SGD(schedule), validation_data=(X, targets), metrics=[metric])
    monitor = Monitor(name, "max" if rising else "min")
    waited, rate, rates = 0, 0.05, []
    for value in history[name]:
        rates.append(rate)
        waited = 0 if monitor.improves(value) else waited + 1
        if waited > 1:
            waited, rate = 0, rate / 2
    assert history["learning_rate"] == pytest.approx(rates)
    assert history[name][-1] > history[name][0] if rising else history[name][-1] < history[name][0]


def test_a_rising_score_leaves_the_rate_as_it_is():
    schedule = fm.schedules.ReduceOnPlateau(0.01, patience=0, min_delta=0.0, monitor="validation_r2")
    history = fm.Network(3, [fm.Dense(1)], seed=0).fit(
        X, VALUES, epochs=10, optimizer=fm.SGD(schedule), validation_data=(X, VALUES), metrics=["r2"]
    )
    assert np.all(np.diff(history["validation_r2"]) > 0)
    assert history["learning_rate"] == [0.01] * 10


def test_a_metric_of_ones_own_must_be_given_a_mode():
    def own(y_true, outputs):
        return float(np.mean(outputs))

    def train(**settings):
        schedule = fm.schedules.ReduceOnPlateau(0.01, monitor="validation_own", **settings)
        net = fm.Network(3, [fm.Dense(1)], seed=0)
        return net.fit(X, VALUES, optimizer=fm.SGD(schedule), validation_data=(X, VALUES), metrics=[own], epochs=2)

    with pytest.raises(ValueError) as caught:
        train()
    assert str(caught.value) == (
        "ReduceOnPlateau cannot know whether more or less of 'validation_own' is better: give mode='min' or mode='max'."
    )
    assert len(train(mode="max").epochs) == 2
    with pytest.raises(ValueError, match="mode must be 'min', 'max' or None, got 'up'"):
        fm.schedules.ReduceOnPlateau(0.01, mode="up")


def test_a_metric_of_ones_own_with_a_known_name_goes_its_way():
    def r2(y_true, outputs):
        return float(np.mean(outputs))

    stopping = fm.EarlyStopping(monitor="validation_r2")
    net = fm.Network(3, [fm.Dense(1)], seed=0)
    history = net.fit(X, VALUES, validation_data=(X, VALUES), metrics=[r2], epochs=3, callbacks=[stopping])
    assert stopping.best == max(history["validation_r2"])


def test_columns_know_their_directions_and_stay_a_list():
    columns = Columns(["epoch", "loss"], {"loss": "min"}).extended(["validation_r2"], {"validation_r2": "max"})
    assert columns == ["epoch", "loss", "validation_r2"]
    assert resolve_monitor("X", "validation_r2", None, columns, 0.0).mode == "max"
    assert resolve_monitor("X", None, None, columns, 0.0).column == "loss"
    assert resolve_monitor("X", "validation_r2", "min", columns, 0.0).mode == "min"
    with pytest.raises(ValueError, match="cannot know whether more or less of 'epoch' is better"):
        resolve_monitor("X", "epoch", None, columns, 0.0)


@pytest.mark.parametrize("name", [*METRICS, "loss", "top_3"])
def test_a_plain_list_knows_the_directions_of_named_metrics(name):
    expected = "min" if name == "loss" else METRICS["top_k" if name == "top_3" else name].mode
    assert with_modes([f"validation_{name}"]).modes == {f"validation_{name}": expected}
    assert with_modes(["validation_own"]).modes == {}


def test_a_callback_in_a_loop_of_ones_own_begins_by_itself(tmp_path):
    net = fm.Network(1, [fm.Dense(1)], seed=0)
    stopping, checkpoint = fm.EarlyStopping(patience=2), fm.ModelCheckpoint(tmp_path / "best.safetensors")
    verdicts = []
    for epoch, loss in enumerate((1.0, 0.5, 0.7, 0.6), 1):
        row = {"epoch": epoch, "loss": loss}
        checkpoint(net, row)
        verdicts.append(stopping(net, row))
    assert verdicts == [False, False, False, True]
    assert (stopping.best_epoch, checkpoint.best_epoch) == (2, 2)
    assert (tmp_path / "best.safetensors").is_file()
