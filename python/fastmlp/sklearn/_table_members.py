"""The members of a model for tables: which rows choose the epoch of each, and how several are trained at once.

Members share nothing but the table, so each has a thread of its own where there are threads: a network for a table is
too small to share one. What a member is, is settled before (_table_estimator.py); no result depends on the threads.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastmlp.runtime import get_num_threads, own_limit

if TYPE_CHECKING:
    from fastmlp.history import Epoch
    from fastmlp.network import Network

Rows = npt.NDArray[np.intp]
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

    Each takes the next ones of a random order, so that together they set every row aside equally often. Where there are
    classes, any stretch of the order has of each its share, as near as whole rows go.
    """
    size = min(max(1, math.ceil(n * fraction)), n - 1)
    while True:
        order = random_state.permutation(n)
        if classes is not None:
            order = _interleaved(order, classes)
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

    Each is called with a function that says whether it shall give up. The first failure ends all.
    """
    given_up = threading.Event()
    with own_limit(limit):
        threads = get_num_threads()
    workers = min(len(trainings), threads)

    def run(training: Callable[[Callable[[], bool]], int]) -> int:
        with own_limit(threads // workers):
            return training(given_up.is_set)

    if workers == 1:
        return [run(training) for training in trainings]
    pool = ThreadPoolExecutor(workers)
    try:
        tasks = [pool.submit(run, training) for training in trainings]
        wait(tasks, return_when=FIRST_EXCEPTION)
    finally:
        given_up.set()
        pool.shutdown(cancel_futures=True)
    # what was cancelled comes after the failure
    return [task.result() for task in tasks]
