"""Several trainings at once, each in a thread of its own: for models of many networks, each too small to share out.

What a training is, its caller knows; here it is a function. The first failure, or Ctrl-C, ends all of them, and none
outlives the call. Which threads ran what never changes what a training computes (runtime.py limits them).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

from fastmlp.runtime import get_num_threads, own_limit

Result = TypeVar("Result")
IsGivenUp: TypeAlias = Callable[[], bool]

# seconds between two looks at whether Ctrl-C was pressed: a signal that comes just before a wait wakes nobody
LONGEST_WAIT = 0.1


def run_side_by_side(trainings: Sequence[Callable[[IsGivenUp], Result]], limit: int | None) -> list[Result]:
    """Run the trainings, as many at once as there are threads, at most ``limit``, and return what each returns.

    Parameters
    ----------
    trainings : sequence of callables
        Each is called with a function that says whether it shall give up, which it asks from time to time.
    limit : int or None
        Threads at most; None: as many as fastmlp may use. Where there are more of them than trainings, each training
        may use its share.

    Returns
    -------
    list
        In the order of ``trainings``.

    Raises
    ------
    BaseException
        What the first of those that failed raised, in the order of ``trainings``.
    """
    with own_limit(limit):
        threads = get_num_threads()
    workers = min(len(trainings), threads)
    if workers == 1:
        with own_limit(threads):
            return [training(lambda: False) for training in trainings]
    results: dict[int, Result] = {}
    failures: dict[int, BaseException] = {}
    waiting = list(range(len(trainings)))
    running: set[int] = set()
    changed = threading.Condition()
    given_up = threading.Event()

    def work() -> None:
        while True:
            with changed:
                if given_up.is_set() or not waiting:
                    return
                index = waiting.pop(0)
                running.add(index)
            try:
                with own_limit(threads // workers):
                    results[index] = trainings[index](given_up.is_set)
            except BaseException as failure:
                failures[index] = failure
                given_up.set()
            finally:
                with changed:
                    running.remove(index)
                    changed.notify_all()

    def wait_until(is_over: Callable[[], bool]) -> None:
        with changed:
            while not is_over():
                changed.wait(LONGEST_WAIT)

    try:
        for _ in range(workers):
            threading.Thread(target=work, daemon=True).start()
        wait_until(lambda: not running and (not waiting or given_up.is_set()))
    finally:
        given_up.set()
        wait_until(lambda: not running)
    if failures:
        raise failures[min(failures)]
    return [results[index] for index in range(len(trainings))]
