"""What may happen after an epoch of fit: the protocol of callbacks, and EarlyStopping.

A callback is any callable ``callback(network, epoch)``; ``epoch`` is the epoch's row of the History, and returning
True ends the fit. One that has ``begin(network, columns)`` and ``end(network)`` gets these called too: before the first
step, with the names that the rows will have, and after the last one, if nothing was raised between.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy.typing as npt

from fastmlp._validation import check_flag, check_integer, check_real

if TYPE_CHECKING:
    from fastmlp.history import Epoch
    from fastmlp.network import Network

Callback: TypeAlias = "Callable[[Network, Epoch], bool | None]"


@dataclass
class EarlyStopping:
    """End a fit when ``monitor`` has not improved by more than ``min_delta`` for ``patience`` epochs.

    Parameters
    ----------
    patience : int, default 5
        Epochs without improvement after which the fit ends, at least 1.
    monitor : str, optional
        A column of the History; default: "validation_loss" if there are validation data, else "loss". Less is better,
        except for accuracies.
    min_delta : float, default 0.0
        What counts as an improvement, not negative.
    restore_best : bool, default True
        Put the weights of the best epoch back at the end. The optimizer's state stays that of the last one.

    Attributes
    ----------
    best_epoch : int
        Epoch of the fit with the best value, 0 before the first.
    best : float
        That value.

    Notes
    -----
    L. Prechelt, Early stopping - but when?, Neural Networks: Tricks of the Trade, 1998.

    Examples
    --------
    >>> import fastmlp as fm
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0.0, 1.0, 2.0, 3.0]
    >>> net = fm.Network(1, [fm.Dense(1)], seed=0)
    >>> stopping = fm.EarlyStopping(patience=3, monitor="loss", min_delta=1e-3)
    >>> history = net.fit(X, y, epochs=1000, optimizer=fm.SGD(0.1), callbacks=[stopping])
    >>> len(history.epochs) < 1000
    True
    """

    patience: int = 5
    monitor: str | None = None
    min_delta: float = 0.0
    restore_best: bool = True
    best_epoch: int = field(default=0, init=False, repr=False)
    best: float = field(default=math.inf, init=False, repr=False)

    def __post_init__(self) -> None:
        self.patience = check_integer(self.patience, "patience", minimum=1)
        self.min_delta = check_real(self.min_delta, "min_delta", minimum=0.0)
        self.restore_best = check_flag(self.restore_best, "restore_best")
        if self.monitor is not None and not isinstance(self.monitor, str):
            raise TypeError(f"monitor must be the name of a column or None, got {self.monitor!r}.")
        self._column = ""
        self._kept: npt.NDArray[Any] | None = None

    def begin(self, network: Network, columns: list[str]) -> None:
        """Forget an earlier fit, and settle what is looked at."""
        default = "validation_loss" if "validation_loss" in columns else "loss"
        column = default if self.monitor is None else self.monitor
        if column not in columns:
            hint = "give validation_data or monitor" if column.startswith("validation") else "monitor"
            raise ValueError(
                f"EarlyStopping monitors {column!r}, which this fit does not have: {hint} one of {', '.join(columns)}."
            )
        self._column = column
        self._kept = None
        self.best_epoch = 0
        self.best = -math.inf if self._more_is_better else math.inf

    def __call__(self, network: Network, epoch: Epoch) -> bool:
        """Compare the epoch with the best one; True ends the fit."""
        value = epoch[self._column]
        gain = value - self.best if self._more_is_better else self.best - value
        # a comparison with NaN is false: an epoch without a number is no improvement
        if gain > self.min_delta:
            self.best, self.best_epoch = value, int(epoch["epoch"])
            if self.restore_best:
                self._kept = network.get_parameters()
        return epoch["epoch"] - self.best_epoch >= self.patience

    def end(self, network: Network) -> None:
        """Put the best weights back."""
        if self._kept is not None:
            network.set_parameters(self._kept)
            self._kept = None

    @property
    def _more_is_better(self) -> bool:
        return self._column.endswith("accuracy")
