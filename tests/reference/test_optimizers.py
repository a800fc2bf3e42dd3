"""The rules that turn gradients into steps.

What could go wrong: a rule differs from PyTorch's definition in the order of momentum and learning rate, in the look-
ahead of Nesterov, in the bias corrections or in where epsilon stands (steps worked out by hand); memory is lost or
mixed up between steps or parameters (several parameters, several steps). All numbers were chosen to be computed on
paper.
"""

from __future__ import annotations

import pytest

from fastmlp.optimizers import SGD, Adam
from fastmlp.reference import Training


def test_plain_sgd_goes_down_the_slope():
    training = Training(SGD(0.5))
    assert training.step([1.0, -2.0], [4.0, -1.0]) == [-1.0, -1.5]
    assert training.step([-1.0, -1.5], [0.0, 1.0]) == [-1.0, -2.0]  # nothing is remembered


def test_momentum_sums_up_old_gradients():
    training = Training(SGD(1.0, momentum=0.5))
    # velocities: 4; 0.5 * 4 + 2 = 4; 0.5 * 4 - 2 = 0
    parameters = [10.0]
    seen = [parameters := training.step(parameters, [g]) for g in (4.0, 2.0, -2.0)]
    assert seen == [[6.0], [2.0], [2.0]]


def test_nesterov_looks_ahead_along_the_velocity():
    training = Training(SGD(1.0, momentum=0.5, nesterov=True))
    # steps are g + 0.5 velocity: 4 + 2 = 6; 2 + 2 = 4; -2 + 0 = -2
    parameters = [10.0]
    seen = [parameters := training.step(parameters, [g]) for g in (4.0, 2.0, -2.0)]
    assert seen == [[4.0], [0.0], [2.0]]


def test_adam_corrects_its_averages_and_adds_epsilon_to_the_root():
    training = Training(Adam(0.1, beta1=0.5, beta2=0.75, epsilon=1.0))
    # step 1: means 1.5 / 0.5 = 3 and 0.25 * 9 / 0.25 = 9, so 0.1 * 3 / (3 + 1)
    parameters = training.step([1.0], [3.0])
    assert parameters == pytest.approx([1.0 - 0.075], rel=1e-15)
    # step 2: 0.5 * 1.5 + 0.5 * 1 = 1.25, over 0.75; 0.75 * 2.25 + 0.25 * 1 = 1.9375, over 0.4375
    parameters = training.step(parameters, [1.0])
    move = 0.1 * (1.25 / 0.75) / ((1.9375 / 0.4375) ** 0.5 + 1.0)
    assert parameters == pytest.approx([0.925 - move], rel=1e-14)
    assert training.steps == 2


def test_the_first_step_of_adam_is_the_learning_rate_whatever_the_gradient():
    # 3e-4 of epsilon / |g|, for the smallest gradient
    moved = Training(Adam(0.01)).step([0.0, 0.0], [1e6, -3e-5])
    assert moved == pytest.approx([-0.01, 0.01], rel=4e-4)


@pytest.mark.parametrize("settings", [SGD(0.1, momentum=0.9), Adam(0.1)])
def test_every_parameter_is_treated_by_itself(settings):
    slopes = [(1.0, -2.0), (0.5, 3.0), (-4.0, 0.0)]
    together, first, second = Training(settings), Training(settings), Training(settings)
    pair, a, b = [1.0, 2.0], [1.0], [2.0]
    for slope_a, slope_b in slopes:
        pair = together.step(pair, [slope_a, slope_b])
        a, b = first.step(a, [slope_a]), second.step(b, [slope_b])
    assert pair == [*a, *b]


def test_step_leaves_its_arguments_alone():
    parameters, gradients = [1.0], [2.0]
    Training("adam").step(parameters, gradients)
    assert (parameters, gradients) == ([1.0], [2.0])
