"""The members of a model for tables: which rows choose the epoch of each, and how several are trained at once.

Members share nothing but the table, so each has a thread of its own where there are threads: a network for a table is
too small to share one. What a member is, is settled before (estimator.py); no result depends on the threads.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastmlp.runtime import get_num_threads, own_limit

if TYPE_CHECKING:
    from fastmlp.history import Epoch
    from fastmlp.network import Network

Rows = npt.NDArray[np.intp]
LONGEST_WAIT = 0.1  # seconds
Pair = tuple[npt.NDArray[Any], npt.NDArray[Any]]


class BestEpoch:
    """Keeps the weights of the epoch with the least validation loss, the last of equals, and puts them back.

    Parameters
    ----------
    is_given_up : callable
        Whether the fit shall end now: another member's failed, or all were interrupted.
    """

    def __init__(self, is_given_up: Callable[[], bool]) -> None:
        self._is_given_up = is_given_up
        self.loss, self.epoch = math.inf, 0

    def __call__(self, network: Network, epoch: Epoch) -> bool:
        """Look at an epoch."""
        if epoch["validation_loss"] <= self.loss:
            self.loss, self.epoch = epoch["validation_loss"], int(epoch["epoch"])
            self._weights = network.get_parameters()
        return self._is_given_up()

    def end(self, network: Network) -> None:
        """Put the best weights back."""
        if self.epoch:
            network.set_parameters(self._weights)


def validation_rows(n: int, fraction: float, classes: Rows | None, random_state: Any) -> Iterator[Rows]:
    """Yield for one member after another the rows to set aside, without end.

    Each takes the next ones of a random order, beginning anew where it ends, so that together they set every row aside
    equally often, as near as whole members go. Where there are classes, any stretch of the order has of each its share,
    as near as whole rows go.
    """
    size = min(max(1, math.ceil(n * fraction)), n - 1)
    while True:
        order = random_state.permutation(n)
        if classes is not None:
            # no class comes first for being the first
            order = _interleaved(order, random_state.permutation(classes.max() + 1)[classes])
        for start in range(0, n, size):
            yield order[np.arange(start, start + size) % n]


def _interleaved(order: Rows, classes: Rows) -> Rows:
    """Return the rows in an order in which those of each class are evenly apart."""
    counts = np.bincount(classes)
    by_class = order[np.argsort(classes[order], kind="stable")]
    rank = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    return by_class[np.argsort((rank + 0.5) / np.repeat(counts, counts), kind="stable")]


def train(
    network: Network, table: Pair, aside: Rows | Pair, settings: dict[str, Any], is_given_up: Callable[[], bool]
) -> int:
    """Train a member and return its best epoch; ``aside`` are rows of the table, or samples besides it."""
    X, y = table
    if isinstance(aside, tuple):
        validation = aside
    else:
        validation = X[aside], y[aside]
        X, y = np.delete(X, aside, axis=0), np.delete(y, aside)
    best = BestEpoch(is_given_up)
    network.fit(X, y, validation_data=validation, metrics=[], callbacks=[best], progress=False, **settings)
    return best.epoch


def train_all(trainings: Sequence[Callable[[Callable[[], bool]], int]], limit: int | None) -> list[int]:
    """Run the trainings, as many at once as there are threads, at most ``limit``, and return what each returns.

    Each is called with a function that says whether it shall give up. The first failure, or Ctrl-C, ends all, and
    nothing runs any more when this function is left.
    """
    with own_limit(limit):
        threads = get_num_threads()
    workers = min(len(trainings), threads)
    if workers == 1:
        with own_limit(threads):
            return [training(lambda: False) for training in trainings]
    results = [0] * len(trainings)
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
                # a signal that comes just before a wait without end would wake nobody
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
    return results
