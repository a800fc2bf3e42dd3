"""A fleet on an executor of ``concurrent.futures``: each member is a task of one thread, wherever it is done.

The task takes a copy of the network with it and its own rows; what it brings back is written into the network that was
given. So the bits are those of any other way.
"""

from __future__ import annotations

import math
import pickle
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastmlp._training.arguments import FitArguments
from fastmlp._training.crew import LONGEST_WAIT
from fastmlp._training.fleet import Fleet, TimeLimit
from fastmlp._training.members import Member
from fastmlp.history import History
from fastmlp.network import Network, model_of
from fastmlp.runtime import imported, own_limit

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future


@dataclass(frozen=True)
class Task:
    """A member; after its deadline, by the clock on the wall, which machines share, no epoch shall end."""

    network: Network
    X: Any
    y: Any
    arguments: FitArguments
    planned: int | None
    deadline: float


@dataclass(frozen=True)
class Outcome:
    """What came of a task: the state of the model, its history, and after which epoch it was ended."""

    state: dict[str, Any]
    history: History
    plan: int | None


def perform(task: Task) -> Outcome:
    """Train the member of a task, by one thread: how many tasks run at once is the executor's to say."""
    model = model_of(task.network)
    limit = TimeLimit(None if task.deadline == math.inf else task.deadline - time.time())
    member = Member(model, task.network, task.X, task.y, task.arguments)
    with own_limit(1), Fleet([member], [task.planned], limit) as fleet:
        fleet.train()
    return Outcome(model.state(), fleet.histories[0], fleet.last_epochs[0].plan)


def train_elsewhere(fleet: Fleet, networks: Sequence[Network], members: Sequence[Member], executor: Executor) -> None:
    """Have all members of a fleet trained that shall begin; their networks have what came of it as it comes."""
    deadline = time.time() + fleet.limit.left
    concurrent_futures = imported("concurrent.futures")
    futures: dict[Future[Outcome], int] = {}
    try:
        for index, (network, member, last) in enumerate(zip(networks, members, fleet.last_epochs, strict=True)):
            if last.plan != 0:
                task = Task(network.copy(), member.X, member.y, member.arguments, last.plan, deadline)
                with _that_can_be_sent(index):
                    futures[executor.submit(perform, task)] = index
        waiting = set(futures)
        while waiting:
            done, waiting = concurrent_futures.wait(waiting, LONGEST_WAIT, concurrent_futures.FIRST_COMPLETED)
            for future in done:
                index = futures[future]
                with _that_can_be_sent(index):
                    outcome = future.result()
                # who holds the model would put names of classes back
                fleet.trainings[index].close()
                members[index].model.take_state(outcome.state)
                fleet.histories[index] = outcome.history
                fleet.last_epochs[index].plan = outcome.plan
                fleet.shown.after_end(index)
    finally:
        for future in futures:
            future.cancel()


@contextmanager
def _that_can_be_sent(index: int) -> Iterator[None]:
    """Say which member has what cannot be pickled."""
    try:
        yield
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        # as CPython says it up to 3.12, and from 3.13 on; other errors are those of a callback
        if not any(words in str(error) for words in ("pickle", "Can't get local object")):
            raise
        raise ValueError(
            f"settings[{index}] cannot be sent to another process: {str(error).rstrip('.')}; give callbacks and "
            "metrics that are functions or classes of a module."
        ) from None
