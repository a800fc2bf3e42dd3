"""What follows an epoch, of arrays (fit.py) or of batches (streams.py): validation, then callbacks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from fastmlp._checks.arguments import check_callables, check_pair, check_verdict
from fastmlp.metrics import Measure, Metric, resolve_metrics

if TYPE_CHECKING:
    from fastmlp.callbacks import Callback
    from fastmlp.history import Epoch
    from fastmlp.network import Network

Checked = tuple[Any, npt.NDArray[Any], "npt.NDArray[Any] | None"]


@dataclass(frozen=True)
class Watch:
    """The validation samples of a fit, if there are any, what is measured on them, and who is told."""

    validation: Checked | None
    measures: dict[str, Measure]
    callbacks: list[Callback]

    @classmethod
    def of(
        cls,
        network: Network,
        validation_data: Any,
        set_aside: Checked | None,
        metrics: Iterable[Metric] | None,
        callbacks: Iterable[Callback],
    ) -> Watch:
        """Check what a fit was given; ``set_aside`` are samples of its own data."""
        called = check_callables(callbacks, "callbacks")
        validation = set_aside
        if validation_data is not None:
            pair = check_pair(validation_data, "validation_data")
            validation = network._architecture.check(*pair, names=("validation_data[0]", "validation_data[1]"))
        if validation is None:
            if metrics is not None:
                raise ValueError(
                    "metrics are measured on validation samples: give validation_data or validation_fraction, too."
                )
            return cls(None, {}, called)
        return cls(validation, resolve_metrics(metrics, network._architecture, validation[1]), called)

    @property
    def is_needed(self) -> bool:
        """Whether anything happens after an epoch."""
        return self.validation is not None or bool(self.callbacks)

    def columns(self, columns: list[str]) -> list[str]:
        """Return these columns and those of validation."""
        if self.validation is None:
            return columns
        return columns + [f"validation_{name}" for name in ("loss", *self.measures)]

    def begin(self, network: Network, columns: list[str]) -> None:
        """Tell the callbacks that have a ``begin`` which columns, besides those of validation, the rows will have."""
        columns = self.columns(columns)
        for callback in self.callbacks:
            if hasattr(callback, "begin"):
                callback.begin(network, columns)

    def after_epoch(self, network: Network, epoch: Epoch) -> bool:
        """Add the validation to the epoch, show every callback a copy, and return whether one wants to end the fit."""
        if self.validation is not None:
            measured = network._evaluate(*self.validation, self.measures)
            epoch.update({f"validation_{name}": value for name, value in measured.items()})
        verdicts = [check_verdict(callback(network, dict(epoch))) for callback in self.callbacks]
        return any(verdicts)

    def end(self, network: Network) -> None:
        """Tell the callbacks that have an ``end``."""
        for callback in self.callbacks:
            if hasattr(callback, "end"):
                callback.end(network)
