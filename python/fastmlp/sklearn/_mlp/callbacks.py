"""scikit-learn's own protocol of callbacks, where it has one (1.9): progress bars and monitors of whole pipelines.

A fit is a task, each of its iterations a task below it. Without registered callbacks nothing is done and nothing is
spent. fastmlp's callbacks are another matter: ``fit(callbacks=...)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

try:
    from sklearn.callback import CallbackSupportMixin as CallbackSupport
    from sklearn.callback import with_callbacks
except ImportError:  # before 1.9

    class CallbackSupport:  # type: ignore[no-redef]
        """Nothing to support."""

    def with_callbacks(method: Any) -> Any:
        """Return the method as it is."""
        return method


if TYPE_CHECKING:
    from fastmlp.sklearn._mlp.estimator import BaseMLP

__all__ = ["CallbackSupport", "Tasks", "with_callbacks"]


class Tasks:
    """The tasks of one fit, told to the callbacks of scikit-learn that were set on the estimator or come from above."""

    def __init__(self, estimator: BaseMLP, X: Any, y: Any, sample_weight: Any, n_iterations: int) -> None:
        self._estimator = estimator
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self._data = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
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
        wants_end = self._iteration.call_on_fit_task_end(
            **self._data, reconstruction_attributes=self._estimator._fitted_copy
        )
        self._iteration = None
        if not wants_end and not is_last:
            self._begin_iteration()
        return bool(wants_end)

    def end(self) -> None:
        """Tell that the fit has ended."""
        if self._fit is None:
            return
        if self._iteration is not None:
            # begun, but the optimizer or another callback ended the fit
            self._iteration.call_on_fit_task_end(estimator=self._estimator)
        self._fit.call_on_fit_task_end(**self._data, reconstruction_attributes=self._estimator._fitted_copy)

    def _begin_iteration(self) -> None:
        self._iteration = self._fit.subcontext(task_name="iteration")
        self._iteration.call_on_fit_task_begin(**self._data)
