"""Many trainings at once, each on a thread of its own: for networks that are too small to share out.

The trainings are the generators of fit.py, or others that yield what those do. The calling thread prepares them, makes
what lies between their slices, callbacks included, and finishes them; the slices are made by the core's crew
(cpp/core/crew.hpp), to which the calling thread belongs. A few trainings are under way at a time, so that memory is
that of a few. What a training computes does not depend on the others, nor on which threads there are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from typing import TypeAlias, TypeVar

import fastmlp._core as _core
from fastmlp._training.fit import Plan, Slice
from fastmlp.runtime import get_num_threads, own_limit

Result = TypeVar("Result")
SomeTraining: TypeAlias = Generator[Plan | Slice, _core.RunReport | None, Result]

# between two looks at whether Ctrl-C was pressed, where all work is done by others
LONGEST_WAIT = 0.05


def train_together(
    trainings: Sequence[SomeTraining[Result]],
    *,
    may_begin: Callable[[], bool] = lambda: True,
    after_slice: Callable[[int, _core.RunReport], None] = lambda index, report: None,
) -> dict[int, Result]:
    """Run the trainings, as many at once as there are threads, and return what each returns, by its index.

    The first failure, or Ctrl-C, ends all of them.

    Parameters
    ----------
    trainings : sequence of generators
        Of which some may be prepared already.
    may_begin : callable
        Whether another one may still begin.
    after_slice : callable
        Told the index of a training and what was done for it.
    """
    threads = get_num_threads()
    waiting = deque(range(len(trainings)))
    under_way: set[int] = set()
    results: dict[int, Result] = {}

    def go_on(crew: _core.Crew, index: int, report: _core.RunReport | None) -> None:
        """Let a training say what it wants next, and give that to the crew."""
        under_way.add(index)
        # the last ones have the threads of those that have ended
        share = max(1, threads // (len(waiting) + len(under_way)))
        try:
            with own_limit(share):
                wanted = trainings[index].send(report)
                while not isinstance(wanted, Slice):
                    wanted = trainings[index].send(None)
        except StopIteration as end:
            results[index] = end.value
            under_way.remove(index)
            return
        crew.give(key=index, trainer=wanted.trainer, guard=wanted.model.guard, n_steps=wanted.steps, threads=share)

    try:
        workers = max(1, min(threads, len(trainings)))
        # two more than there are threads, for a thread that has made its slice while the caller is in its own, or in a
        # callback (one more: 3 % slower with 64 networks of 20-64-64-2, none: 5 %)
        at_once = workers + 2 * (workers > 1)
        with _core.Crew(workers) as crew:
            while waiting or under_way:
                while waiting and len(under_way) < at_once:
                    if not may_begin():
                        waiting.clear()
                        break
                    go_on(crew, waiting.popleft(), None)
                for index, report in crew.take(LONGEST_WAIT):
                    after_slice(index, report)
                    go_on(crew, index, report)
    finally:
        for training in trainings:
            training.close()
    return results
