"""Who follows a fit: scikit-learn's own callbacks, where it has them (1.9), and fastmlp's, which ``fit`` is given.

For scikit-learn's (progress bars and monitors of whole pipelines) a fit is a task, and each of its iterations a task
below it; without registered callbacks nothing is done. Both kinds may look at the estimator, which is shown to them as
if the fit had ended at that iteration. What an iteration changes is iterations.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator

from fastmlp.sklearn._callbacks import CallbackSupport, with_callbacks
from fastmlp.sklearn._mlp.results import MLPResult

if TYPE_CHECKING:
    from fastmlp._training.watch import Callback
    from fastmlp.history import Epoch
    from fastmlp.network import Network

__all__ = ["CallbackSupport", "ShownTo", "Tasks", "with_callbacks"]


class Tasks:
    """The tasks of one fit, told to the callbacks of scikit-learn that were set on the estimator or come from above.

    Parameters
    ----------
    estimator : estimator
        With the names that scikit-learn's protocol reads, private ones among them.
    result : MLPResult
        What the fit fills.
    X, y, sample_weight
        As the callbacks are to see them.
    n_iterations : int
        At most; 0: this is no fit.
    """

    def __init__(
        self, estimator: BaseEstimator, result: MLPResult, X: Any, y: Any, sample_weight: Any, n_iterations: int
    ) -> None:
        self._estimator, self._result = estimator, result
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self._data = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        # contexts of scikit-learn's, whose type is private
        self._fit: Any = None
        self._iteration: Any = None
        if n_iterations and getattr(estimator, "_skl_callbacks", None):
            self._fit = estimator._init_callback_context(max_subtasks=n_iterations)
            self._fit.call_on_fit_task_begin(**self._data)
            self._begin_iteration()

    def after_iteration(self, is_last: bool) -> bool:
        """Tell of an iteration; True: a callback wants to end the fit."""
        if self._iteration is None:
            return False
        with self._result.shown(self._estimator):
            wants_end = self._iteration.call_on_fit_task_end(
                **self._data, reconstruction_attributes=self._result.copied
            )
            self._iteration = None
            if not wants_end and not is_last:
                self._begin_iteration()
        return bool(wants_end)

    def end(self) -> None:
        """Tell that the fit has ended."""
        if self._fit is None:
            return
        with self._result.shown(self._estimator):
            if self._iteration is not None:
                # it began, but the optimizer or another callback ended the fit
                self._iteration.call_on_fit_task_end(estimator=self._estimator)
            self._fit.call_on_fit_task_end(**self._data, reconstruction_attributes=self._result.copied)

    def _begin_iteration(self) -> None:
        self._iteration = self._fit.subcontext(task_name="iteration")
        self._iteration.call_on_fit_task_begin(**self._data)


class ShownTo:
    """A callback of fastmlp's to which the estimator is shown when it is called, at the begin and the end, too."""

    def __init__(self, callback: Callback, show: Callable[[], AbstractContextManager[None]]) -> None:
        self._callback, self._show = callback, show

    def __repr__(self) -> str:
        return repr(self._callback)

    def __getattr__(self, name: str) -> Any:
        # what a checkpoint asks for, where the callback has it
        if name in ("state_dict", "load_state_dict", "path"):
            return getattr(self._callback, name)
        raise AttributeError(name)

    def begin(self, network: Network, columns: list[str]) -> None:
        """Pass the begin on, where the callback wants to know."""
        if hasattr(self._callback, "begin"):
            with self._show():
                self._callback.begin(network, columns)

    def __call__(self, network: Network, epoch: Epoch) -> bool | None:
        """Pass the epoch on."""
        with self._show():
            return self._callback(network, epoch)

    def end(self, network: Network) -> None:
        """Pass the end on, where the callback wants to know."""
        if hasattr(self._callback, "end"):
            with self._show():
                self._callback.end(network)

    def interrupted(self, network: Network) -> int | None:
        """Pass an end by an error on, where the callback wants to know."""
        if not hasattr(self._callback, "interrupted"):
            return None
        with self._show():
            put_back: int | None = self._callback.interrupted(network)
            return put_back
