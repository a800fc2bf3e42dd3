"""The choice of the number of threads from measured steps.

What could go wrong: a slower number that is kept, trials that cost more than they may, a number that is never tried
again when the machine's load changes. The planner is fed with made-up times: nothing here depends on the machine.
"""

import pytest

from fastmlp._core import _testing

STEPS = 200_000


def shares(seconds, guess, limit, preemptions=0.0):
    """Return the share of steps made on each number of threads, for each phase of seconds per step."""
    phases = _testing.simulate_planner(guess, limit, seconds, STEPS, preemptions)
    assert all(sum(steps) == STEPS for steps in phases)
    return [[made / STEPS for made in steps] for steps in phases]


@pytest.mark.parametrize("guess", [1, 2])
def test_the_faster_number_of_threads_makes_nearly_all_steps(guess):
    assert shares([[25e-6, 15e-6]], guess, 2)[0][1] > 0.96
    assert shares([[15e-6, 25e-6]], guess, 2)[0][0] > 0.96


def test_a_busy_machine_is_noticed_and_so_is_its_end():
    idle, busy = [25e-6, 15e-6], [30e-6, 3000e-6]
    first, second, third = shares([idle, busy, idle], 2, 2)
    assert first[1] > 0.96
    assert second[0] > 0.96
    # The longest wait for a trial is half a second, 20 000 of the steps on one thread.
    assert third[1] > 0.88


def test_a_moment_of_business_is_forgotten_soon():
    busy_for_a_moment, idle = [[250e-6, 8e-3]], [[250e-6, 130e-6]] * 20
    phases = _testing.simulate_planner(2, 2, busy_for_a_moment + idle, 200)  # phases of 26 to 50 ms
    assert phases[0][0] > 190
    back = next(i for i, steps in enumerate(phases[1:], 1) if steps[1] > 180)
    assert back <= 3


@pytest.mark.parametrize("slow", [1.1, 3.0, 100.0])
def test_trials_of_a_slower_number_cost_a_fiftieth_of_the_time_at_most(slow):
    fast_steps, slow_steps = (share * STEPS for share in shares([[20e-6, slow * 20e-6]], 1, 2)[0])
    spent = fast_steps * 20e-6 + slow_steps * slow * 20e-6
    # The first trial, of 0.1 ms if the other number were as fast, comes before anything is known.
    assert slow_steps * slow * 20e-6 <= 0.02 * spent + slow * 1e-4


def test_many_threads_are_reached_by_doubling():
    times = [80e-6 / threads + 2e-6 * threads for threads in range(1, 9)]  # best at 6 and 8: 25.3 and 26 us
    best = shares([times], 1, 8)[0]
    assert best[7] + best[5] > 0.9


def test_a_difference_within_the_noise_changes_nothing():
    assert shares([[20e-6, 19.8e-6]], 1, 2)[0][0] > 0.96


def test_one_thread_is_never_exceeded_when_it_is_the_limit():
    assert shares([[20e-6]], 4, 1) == [[1.0]]


def test_threads_are_given_back_where_processes_take_processors_from_each_other():
    greedy = [[200e-6, 150e-6]]  # faster for this process, at the others' cost
    assert shares(greedy, 2, 2, preemptions=100.0)[0][1] > 0.96
    # Of some 40 s it watches 0.1 s after each wait; the waits double from 0.5 to 4 s.
    assert shares(greedy, 2, 2, preemptions=500.0)[0][0] > 0.9


def test_long_steps_are_not_crowded_by_what_every_machine_does():
    phases = _testing.simulate_planner(2, 2, [[0.8, 0.45]], 100, 60.0)  # 27 preemptions a step
    assert phases[0][1] >= 95


def test_crowding_is_counted_for_each_thread():
    times = [[200e-6, 150e-6, 120e-6, 100e-6]]
    # 300 a second are too many for two threads, not for four.
    assert shares(times, 4, 4, preemptions=300.0)[0][3] > 0.9
    assert shares(times, 4, 4, preemptions=1000.0)[0][0] > 0.8


def test_a_trial_that_costs_much_is_made_rarely():
    _, slow = (share * STEPS for share in shares([[20e-6, 20e-3]], 1, 2)[0])
    # The waits double from 10 ms to fifty times the 40 ms of a trial and its opening: some ten trials in 4 s of work.
    assert slow <= 24
    assert slow * 20e-3 < 0.5
