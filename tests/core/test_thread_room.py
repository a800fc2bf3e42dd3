"""How many threads have a processor to themselves: what the rule says of looks, and what the system says of itself.

What could go wrong: a training that leaves a processor idle for ever after one moment in which something else ran, one
that takes its own waiting threads for strangers, one that joins a crowd.
"""

import sys

import pytest

from fastmlp._core import _testing

UNKNOWN = 2**31 - 1


@pytest.mark.parametrize(
    ("looks", "rooms"),
    [
        ([(1.0, 1, 0)], [2]),  # two processors, nothing else runs
        ([(1.0, 0, 0)], [1]),  # another thread spins: once is enough at the beginning
        ([(1.0, -5, 0)], [1]),
        ([(1.0, 0, 1)], [2]),  # it is one of our own, waiting for the next team
        ([(1.0, 1, 0), (1.01, 0, 0), (1.02, 1, 0)], [2, 2, 2]),  # something ran for a moment
        ([(1.0, 1, 0), (1.01, 0, 0), (1.02, 0, 0)], [2, 2, 1]),  # it stayed
        ([(1.0, 0, 0), (1.01, 0, 0), (1.02, 1, 0)], [1, 1, 2]),  # it is gone: at once
        ([(1.0, 1, 0), (9.0, 0, 0)], [2, 1]),  # what was seen long ago says nothing
        ([(1.0, 3, 0), (1.01, 2, 0), (1.02, 1, 0)], [4, 4, 3]),
        ([(1.0, UNKNOWN, 0)], [UNKNOWN]),  # the planner alone decides
    ],
)
def test_room_is_what_is_idle_twice(looks, rooms):
    assert _testing.simulate_room(looks) == rooms


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not say what runs")
def test_the_system_says_what_runs():
    idle = _testing.idle_processors()
    assert idle == UNKNOWN or idle < 100_000
