"""Who follows the training of the members: callbacks, each member with its own, progress, and scikit-learn's callbacks.

For scikit-learn's a fit is a task, and each member's training a task below it; the members run side by side, so no
fitted estimator is shown before the end.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator

from fastmlp._checks.arguments import check_callables
from fastmlp._checks.text import brief
from fastmlp._training.crew import Result, SomeTraining
from fastmlp._training.members import STATEFUL
from fastmlp._training.progress import Progress
from fastmlp._training.watch import Callback
from fastmlp.network import Network
from fastmlp.sklearn._tabular.results import TabularResult

if TYPE_CHECKING:
    import fastmlp._core as _core
    from fastmlp.history import Epoch


def callbacks_of(callbacks: Iterable[Callback], n: int) -> list[list[Callback]]:
    """Return the callbacks of each of n members: copies of those that keep something from epoch to epoch."""
    called = check_callables(callbacks, "callbacks")
    if n == 1:
        return [called]
    for index, callback in enumerate(called):
        path = getattr(callback, "path", None)
        if path is not None:
            raise ValueError(
                f"callbacks[{index}] writes to {brief(path)}, which {n} networks would all write: save the model after "
                "the fit, or give n_estimators=1."
            )
    return [[_own(callback, index) for index, callback in enumerate(called)] for _ in range(n)]


def _own(callback: Callback, index: int) -> Callback:
    if not any(hasattr(callback, name) for name in (*STATEFUL, "state_dict")):
        return callback
    try:
        return deepcopy(callback)
    except TypeError as error:
        raise TypeError(
            f"callbacks[{index}] cannot be copied ({error}), but each network needs its own: give it a __deepcopy__, "
            "or n_estimators=1."
        ) from None


class Mirror:
    """Gives a network, to whom the callbacks look, the weights of another one that is trained in its place."""

    def __init__(self, trained: Network, shown: Network) -> None:
        self._trained, self._shown = trained, shown

    def __repr__(self) -> str:
        return "Mirror()"

    def begin(self, network: Network, columns: list[str]) -> None:
        """Copy the weights at the begin, too."""
        self._copy()

    def __call__(self, network: Network, epoch: Epoch) -> None:
        """Copy the weights."""
        self._copy()

    def end(self, network: Network) -> None:
        """Copy the weights: a checkpoint may have ended the training before any epoch."""
        self._copy()

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: the weights are in the checkpoint."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Copy the weights that came with a checkpoint."""
        self._copy()

    def _copy(self) -> None:
        self._shown.set_parameters(self._trained.get_parameters())


class Shown:
    """Progress of all members, in samples, and how many have ended."""

    def __init__(self, bar: Progress, batch_size: int, n: int) -> None:
        self._bar, self._batch_size, self._n = bar, batch_size, n
        self._ended = 0

    def after_slice(self, index: int, report: _core.RunReport) -> None:
        """Count a slice."""
        words = f"{self._ended}/{self._n} networks, loss {report.last_loss:#.4g}"
        self._bar.advance(report.steps * self._batch_size, words)

    def until_end(self, training: SomeTraining[Result]) -> SomeTraining[Result]:
        """Run a training, and count its end."""
        member = yield from training
        self._ended += 1
        return member


@contextmanager
def progress_of(wanted: bool, n: int, n_samples: int, batch_size: int) -> Iterator[Shown]:
    """Show the progress of n members inside a with block, where it is wanted."""
    with Progress(wanted, 1, n_samples) as bar:
        yield Shown(bar, batch_size, n)


class Tasks:
    """The tasks of one fit, told to the callbacks of scikit-learn that were set on the estimator or come from above."""

    def __init__(self, estimator: BaseEstimator, X: Any, y: Any, sample_weight: Any, n: int) -> None:
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self._data = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        # contexts of scikit-learn's, whose type is private
        self._fit: Any = None
        if getattr(estimator, "_skl_callbacks", None):
            self._fit = estimator._init_callback_context(max_subtasks=n, sequential_subtasks=False)
            self._fit.call_on_fit_task_begin(**self._data)

    def around(self, training: SomeTraining[Result], index: int) -> SomeTraining[Result]:
        """Run the training of a member as a task."""
        return training if self._fit is None else self._task(training, index)

    def _task(self, training: SomeTraining[Result], index: int) -> Generator[Any, Any, Result]:
        task = self._fit.subcontext(task_name="network", task_id=index)
        task.call_on_fit_task_begin(**self._data)
        member = yield from training
        task.call_on_fit_task_end(estimator=self._data["estimator"])
        return member

    def end(self) -> None:
        """Tell that the fit has ended; the estimator is fitted by now."""
        if self._fit is not None:
            left = TabularResult.of(self._data["estimator"]).values
            self._fit.call_on_fit_task_end(**self._data, reconstruction_attributes=left)
