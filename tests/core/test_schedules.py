"""Rates of the schedules: what could go wrong, and which test sees it.

A cosine, logarithm or power of the core's own that is wrong somewhere (compared with the C library over their range), a
formula that differs from its definition or at its ends (compared with the reference at every step of fits of all small
sizes, where divisions by zero would be), a rate that is not what the steps use (a network whose weight adds up rates).
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from bits import chain, new_trainer, sgd
from fastmlp import _core, schedules
from fastmlp._core import _testing
from fastmlp.reference.schedules import rate_of

RANDOM = np.random.default_rng(0)
# A power 2^y has the absolute error of y as its relative one: |y| < 34 here, so some 34 x 0.7 x 2^-53 = 3e-15 from one
# rounding of y, and two are made; the rest is below.
TOLERANCE = 1e-14

SCHEDULES = [
    schedules.Constant(0.3),
    schedules.Step(0.3, 0.7, every_epochs=1),
    schedules.Step(0.3, 0.5, every_steps=2),
    schedules.Exponential(0.3, 0.9),
    schedules.InverseScaling(0.3, 0.7),
    schedules.InverseScaling(0.3, 0.0),
    schedules.Cosine(0.3),
    schedules.Cosine(0.3, final=0.5),
    schedules.OneCycle(0.3),
    schedules.OneCycle(0.3, rise=0.9, first_divisor=2.0, last_divisor=0.5),
    schedules.Coslog4(0.3),
    schedules.Warmup(schedules.OneCycle(0.3), steps=1),
    schedules.Warmup(schedules.Cosine(0.3), steps=5),
    schedules.Warmup(0.3, fraction=0.3),
]


def test_cosine_logarithm_and_power_agree_with_the_c_library():
    # the argument of the library's cosine must be small: pi x is rounded
    for x in RANDOM.uniform(-0.5, 0.5, 5000):
        turns = float(RANDOM.integers(1, 2**20))
        x = float(x + turns) - turns  # what the sum leaves of x
        expected = math.cos(math.pi * x) * (1.0 if turns % 2 == 0 else -1.0)
        assert abs(_testing.cos_pi(turns + x) - expected) <= 1e-15
    for x in np.exp(RANDOM.uniform(-300, 300, 5000)):
        assert math.isclose(_testing.log2(x), math.log2(x), rel_tol=1e-15)
    for x in RANDOM.uniform(0.9, 1.1, 5000):
        assert math.isclose(_testing.log2(x), math.log2(x), rel_tol=1e-15)
    for base, exponent in zip(RANDOM.uniform(0.1, 10, 5000), RANDOM.uniform(-10, 10, 5000), strict=True):
        assert math.isclose(_testing.power(base, exponent), base**exponent, rel_tol=TOLERANCE)


def test_what_is_exact_is_exact():
    assert [_testing.cos_pi(x) for x in (0.0, 0.5, 1.0, 1.5, 2.0)] == [1, 0, -1, 0, 1]
    assert [_testing.log2(2.0**n) for n in (-1000, -1, 0, 1, 1000)] == [-1000, -1, 0, 1, 1000]
    assert [_testing.power(4.0, x) for x in (-1.0, 0.0, 0.5, 2.0)] == [0.25, 1, 2, 16]
    assert _testing.power(0.5, 1e6) == 0.0


@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
def test_every_rate_is_that_of_the_reference(schedule):
    for total in [*range(1, 13), 1000]:
        for step in range(total):
            expected = rate_of(schedule, step, total, 3)
            # near the zeros of a cosine only the error of the sum counts, which is as large as the highest rate's
            assert abs(schedule.rate(step, total, 3) - expected) <= TOLERANCE * max(schedule.initial, expected)


def test_every_schedule_that_has_a_formula_is_compared():
    assert {type(schedule) for schedule in SCHEDULES} == set(schedules.SCHEDULES.values()) - {schedules.ReduceOnPlateau}


def one_bias():
    return _core.Network64(n_inputs=1, layers=chain((1, "identity")), loss="half_squared_error")


@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
def test_the_steps_use_the_rates_that_are_shown(schedule):
    # inputs 0, targets 1 and half the squared error: from a bias of 0 the gradient is -1, and the step is the rate
    network = one_bias()
    total, per_epoch = 12, 3
    X, y = np.zeros((per_epoch, 1)), np.ones((per_epoch, 1))
    known = {"schedule": schedule.for_core(total, per_epoch), "total_steps": total}
    with new_trainer(network, X, y, sgd(schedule.initial), batch_size=1, seed=0, **known) as trainer:
        for step in range(total):
            trainer.run(n_steps=1, threads=1)
            assert network.bias(0)[0] == schedule.rate(step, total, per_epoch)
            network.bias(0)[0] = 0.0


def test_the_rate_of_later_steps_can_be_set():
    network = one_bias()
    with new_trainer(network, np.zeros((1, 1)), np.ones((1, 1)), sgd(0.25), batch_size=1, seed=0) as trainer:
        trainer.run(n_steps=1, threads=1)
        assert network.bias(0)[0] == 0.25
        trainer.set_learning_rate(0.5)
        trainer.run(n_steps=1, threads=1)
        assert network.bias(0)[0] == 0.25 + 0.5 * 0.75


@pytest.mark.parametrize(
    "schedule", [("linear", [], 0), ("cosine", [0.0] * 4, 0), ("cosine", [0.0], -1), ("step", [0.5, 0.0], 0)]
)
def test_what_is_no_schedule_is_refused(schedule):
    with pytest.raises(ValueError, match=r"schedule|does not know"):
        _core.learning_rate(schedule=schedule, base=0.1, step=0, total=10)


@pytest.mark.parametrize(("rise", "total"), [(0.25, 4), (0.5, 2), (0.1, 10)])
def test_one_cycle_may_have_its_peak_in_the_first_step(rise, total):
    schedule = schedules.OneCycle(1.0, rise=rise)
    assert schedule.rate(0, total) == rate_of(schedule, 0, total, 1) == 1.0
    assert schedule.rate(total - 1, total) == pytest.approx(1.0 / 25 / 1e4)  # the last rate, to rounding


def test_settings_beyond_all_use_give_rates_that_are_numbers():
    assert schedules.InverseScaling(1.0, power=200.0).rate(63, 100) == 0.0
    assert schedules.InverseScaling(1.0, power=1e308).rate(63, 100) == 0.0
    assert schedules.Warmup(schedules.Constant(0.1), steps=2**53).rate(0, 10) == pytest.approx(0.1 / 2**53)
    for wrong in (lambda: schedules.Warmup(0.1, steps=2**53 + 1), lambda: schedules.Step(0.1, every_steps=2**63)):
        with pytest.raises(ValueError, match="from 1 to 9007199254740992"):
            wrong()
