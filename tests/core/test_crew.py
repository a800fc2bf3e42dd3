"""Runs of several trainers at once: what could go wrong, and which test sees it.

A network is read or written while another thread trains it, by the thread that will train it on (nobody's while it is
lent), it stays locked after the crew has ended (given back), a run that has begun does not end when the crew does
(paused), a trainer is run twice at once (one run of each key), the bits depend on the crew (same bits).
"""

import numpy as np
import pytest

from fastmlp import _core
from small_network import X, bits_of, small_network, small_trainer


def run(crew, key, trainer, guard, n_steps):
    crew.give(key=key, trainer=trainer, guard=guard, n_steps=n_steps, threads=1)


def reports_of(crew, count):
    found = []
    while len(found) < count:
        found += crew.take(1.0)
    return dict(found)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_a_crew_gives_the_bits_of_runs_one_by_one(threads):
    networks, left = [small_network() for _ in range(5)], dict.fromkeys(range(5), 40)
    trainers = [small_trainer(network).__enter__() for network in networks]
    with _core.Crew(threads) as crew:
        while left:
            for key, steps in left.items():
                run(crew, key, trainers[key], _core.FitGuard(), min(15, steps))
            for key, report in reports_of(crew, len(left)).items():
                assert report.seconds > 0
                left[key] -= report.steps  # fewer where the caller's run was paused
            left = {key: steps for key, steps in left.items() if steps}
    alone = small_network()
    with small_trainer(alone) as trainer:
        trainer.run(n_steps=40, threads=1)
    assert {bits_of(network) for network in networks} == {bits_of(alone)}


def test_a_network_that_is_lent_is_nobodys():
    network, guard = small_network(), _core.FitGuard()
    with guard.hold(), small_trainer(network) as trainer, _core.Crew(1) as crew:
        network.forward(X=X, threads=1)
        guard.check_access()
        run(crew, 0, trainer, guard, 3)  # which nobody makes before the caller takes part
        for use in (
            lambda: network.forward(X=X, threads=1),
            lambda: network.set_optimizer_state(None),
            lambda: trainer.run(n_steps=1, threads=1),
            lambda: trainer.set_learning_rate(0.1),
            guard.check_access,
        ):
            with pytest.raises(RuntimeError, match=r"in (use by|fit in) another thread"):
                use()
        with pytest.raises(ValueError, match="one run of each key"):
            run(crew, 0, trainer, guard, 3)
        assert reports_of(crew, 1)[0].steps == 3
        network.forward(X=X, threads=1)
        guard.check_access()
        trainer.run(n_steps=1, threads=1)


@pytest.mark.parametrize("threads", [1, 3])
def test_the_end_of_a_crew_pauses_its_runs_and_gives_networks_back(threads):
    networks, guard = [small_network() for _ in range(4)], _core.FitGuard()
    with guard.hold():
        trainers = [small_trainer(network).__enter__() for network in networks]
        with _core.Crew(threads) as crew:
            for key, trainer in enumerate(trainers):
                run(crew, key, trainer, guard, 2**40)  # which would take years
        guard.check_access()
        for trainer in trainers:
            assert trainer.run(n_steps=2, threads=1).steps == 2


def test_a_crew_without_work_says_so_at_once():
    with _core.Crew(2) as crew:
        assert crew.take(3600.0) == []


def test_a_crew_has_a_thread_and_takes_no_run_of_a_trainer_that_is_not_entered():
    with pytest.raises(ValueError, match="at least one thread"):
        _core.Crew(0)
    with _core.Crew(1) as crew, pytest.raises(RuntimeError, match="inside its with statement only"):
        run(crew, 0, small_trainer(small_network()), _core.FitGuard(), 1)


def test_places_that_are_no_rows_are_refused():
    network = small_network()
    for places in (np.array([0, len(X)]), np.array([-1, 0])):
        with pytest.raises(ValueError, match="a place is no row of the array"):
            network.forward(X=(X, places), threads=1)
    places = np.array([4, 0, 4])
    np.testing.assert_array_equal(network.forward(X=(X, places), threads=1), network.forward(X=X[places], threads=1))
