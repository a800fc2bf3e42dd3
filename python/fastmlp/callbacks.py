"""What may happen after an epoch of fit: the protocol of callbacks, and the ready ones.

A callback is any callable ``callback(network, epoch)``; ``epoch`` is the epoch's row of the History, and returning
True ends the fit. One that has ``begin(network, columns)`` and ``end(network)`` gets these called too: before the first
step, with the names that the rows will have, and after the last one, if nothing was raised between. If something was
raised, be it by Ctrl-C, one that has ``interrupted(network)`` gets this called in the place of ``end``; it may return
the number of the epoch whose weights it has put back. One that has ``state_dict()`` and ``load_state_dict(state)``
takes part in a ``Checkpoint``: the first returns what it knows (plain values and arrays), the second gets that, after
``begin``, where a fit goes on.

The names are those that users of LightGBM know. Its ``record_evaluation`` has no twin: ``fit`` returns all rows as a
History. Documentation makes this file a long one.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import check_flag, check_integer, check_real
from fastmlp._checks.monitor import Mode, Monitor, check_monitor, check_state, resolve_monitor
from fastmlp._checks.text import brief
from fastmlp._files.atomic import check_destination
from fastmlp._files.names import check_model_name
from fastmlp._training.checkpoint import Checkpoint
from fastmlp._training.measures import with_modes
from fastmlp._training.watch import Callback
from fastmlp.history import Epoch
from fastmlp.network import Network

__all__ = ["Callback", "Checkpoint", "EarlyStopping", "LambdaCallback", "LogEvaluation", "ModelCheckpoint"]


@dataclass(slots=True)
class EarlyStopping:
    """End a fit when ``monitor`` has not improved by more than ``min_delta`` for ``patience`` epochs.

    Parameters
    ----------
    patience : int, default 5
        Epochs without improvement after which the fit ends, at least 1.
    monitor : str, optional
        A column of the History; default: "validation_loss" if there are validation samples, else "loss".
    min_delta : float, default 0.0
        What counts as an improvement, not negative.
    restore_best : bool, default True
        Put the weights of the best epoch back at the end, whatever ended the fit: also Ctrl-C, or a loss that became
        infinite. The optimizer's state stays that of the last one.
    mode : "min" or "max", optional
        Whether less or more is better; default: as the column's name says, more for accuracy, top_k, auc and r2, less
        for loss, log_loss, mae and rmse. For a metric of one's own it must be said.

    Attributes
    ----------
    best_epoch : int
        Epoch of the fit with the best value, 0 before the first.
    best : float
        That value.

    See Also
    --------
    ModelCheckpoint : Keep the best in a file.
    LambdaCallback : Functions of your own.

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
    mode: Mode | None = None
    best_epoch: int = field(default=0, init=False, repr=False)
    best: float = field(default=math.inf, init=False, repr=False)
    _monitor: Monitor | None = field(default=None, init=False, repr=False, compare=False)
    _kept: npt.NDArray[Any] | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.patience = check_integer(self.patience, "patience", minimum=1)
        self.min_delta = check_real(self.min_delta, "min_delta", minimum=0.0)
        self.restore_best = check_flag(self.restore_best, "restore_best")
        check_monitor(self.monitor, self.mode)

    def begin(self, network: Network, columns: list[str]) -> None:
        """Forget an earlier fit, and settle what is looked at."""
        columns = with_modes(columns)
        self._monitor = resolve_monitor("EarlyStopping", self.monitor, self.mode, columns, self.min_delta)
        self._kept = None
        self.best_epoch, self.best = 0, self._monitor.best

    def __call__(self, network: Network, epoch: Epoch) -> bool:
        """Compare the epoch with the best one; True ends the fit."""
        if self._monitor is None:  # called by a loop of a user's own
            self.begin(network, list(epoch))
        assert self._monitor is not None
        if self._monitor.improves(epoch[self._monitor.column]):
            self.best, self.best_epoch = self._monitor.best, int(epoch["epoch"])
            if self.restore_best:
                self._kept = network.get_parameters()
        return epoch["epoch"] - self.best_epoch >= self.patience

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps of it.

        Returns
        -------
        dict
            Numbers, and the weights of the best epoch.
        """
        return {"best_epoch": self.best_epoch, "best": self.best, "weights": self._kept}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what ``state_dict`` returned, after ``begin``.

        Parameters
        ----------
        state : dict
            Of a callback with the same settings.
        """
        assert self._monitor is not None
        check_state(state, best_epoch=int, best=float, weights=(np.ndarray, type(None)))
        self.best_epoch, self._kept = state["best_epoch"], state["weights"]
        self.best = self._monitor.best = state["best"]

    def end(self, network: Network) -> None:
        """Put the best weights back."""
        self.interrupted(network)

    def interrupted(self, network: Network) -> int | None:
        """Put the best weights back, and return their epoch."""
        if self._kept is None:
            return None
        network.set_parameters(self._kept)
        self._kept = None
        return self.best_epoch


@dataclass(slots=True)
class LogEvaluation:
    """Print one line with loss and validation every ``period`` epochs.

    Parameters
    ----------
    period : int, default 1
        At least 1.

    See Also
    --------
    History : What all epochs were.
    EarlyStopping : End when nothing becomes better.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1)])
    >>> net.set_parameters([2.0, 0.0])
    >>> X, y = [[1.0], [2.0]], [2.0, 4.0]  # learned already
    >>> history = net.fit(X, y, epochs=4, validation_data=(X, y), callbacks=[fm.LogEvaluation(period=2)])
    epoch 2: loss 0, validation_loss 0, validation_mae 0
    epoch 4: loss 0, validation_loss 0, validation_mae 0
    """

    period: int = 1

    def __post_init__(self) -> None:
        self.period = check_integer(self.period, "period", minimum=1)

    def __call__(self, network: Network, epoch: Epoch) -> None:
        """Print the epoch if it is its turn."""
        if epoch["epoch"] % self.period == 0:
            shown = [f"{name} {epoch[name]:.6g}" for name in epoch if name == "loss" or name.startswith("validation_")]
            print(f"epoch {epoch['epoch']}: {', '.join(shown)}")

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps of it: nothing.

        Returns
        -------
        dict
            Empty.
        """
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint.

        Parameters
        ----------
        state : dict
            Empty.
        """


@dataclass(slots=True)
class ModelCheckpoint:
    """Write the network to a model file after the best epoch so far, or after each.

    Parameters
    ----------
    path : path
        The file, ``*.safetensors``; "{epoch}" in it stands for the epoch's number, "{epoch:03d}" for three digits of
        it. It appears whole or not at all, and a file of this name is replaced.
    monitor : str, optional
        A column of the History; default: "validation_loss" if there are validation samples, else "loss".
    best_only : bool, default True
        Write only when ``monitor`` is better than in all epochs of the fit before.
    mode : "min" or "max", optional
        As for EarlyStopping.

    Attributes
    ----------
    best_epoch : int
        Epoch of the fit with the best value, 0 before the first.
    best : float
        That value.
    last_path : str or None
        The file that was written last.

    See Also
    --------
    EarlyStopping : End when nothing becomes better.
    load : Read one.

    Examples
    --------
    >>> import os, tempfile
    >>> import fastmlp as fm
    >>> X, y = [[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0]
    >>> net = fm.Network(1, [fm.Dense(1)], seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     checkpoint = fm.ModelCheckpoint(os.path.join(folder, "best-{epoch}.safetensors"))
    ...     history = net.fit(X, y, epochs=5, optimizer=fm.SGD(0.1), callbacks=[checkpoint])
    ...     fm.load(checkpoint.last_path).loss(X, y) == net.loss(X, y)
    True
    """

    path: str | os.PathLike[str]
    monitor: str | None = None
    best_only: bool = True
    mode: Mode | None = None
    best_epoch: int = field(default=0, init=False, repr=False)
    best: float = field(default=math.inf, init=False, repr=False)
    last_path: str | None = field(default=None, init=False, repr=False)
    _monitor: Monitor | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.path, str | os.PathLike):
            raise TypeError(f"path must be the path of a file, got {brief(self.path)}.")
        try:
            self._file(1)
        except (LookupError, ValueError, AttributeError):
            raise ValueError(
                f"path may have {{epoch}} in braces and nothing else, got {brief(str(self.path))}."
            ) from None
        # a Path and its text are the same file, and the same callback to a checkpoint
        self.path = os.fspath(self.path)
        self.best_only = check_flag(self.best_only, "best_only")
        check_monitor(self.monitor, self.mode)

    def begin(self, network: Network, columns: list[str]) -> None:
        """Forget an earlier fit, settle what is looked at, and see that files can be written there."""
        self._monitor = None
        if self.best_only or self.monitor is not None:
            self._monitor = resolve_monitor("ModelCheckpoint", self.monitor, self.mode, with_modes(columns), 0.0)
        check_model_name(self._file(1), "a model")
        check_destination(self._file(1))
        self.best_epoch, self.best = 0, math.inf if self._monitor is None else self._monitor.best

    def __call__(self, network: Network, epoch: Epoch) -> None:
        """Write the network if it is to be kept."""
        if self.best_only and self._monitor is None:  # called by a loop of a user's own
            self.begin(network, list(epoch))
        number = int(epoch["epoch"])
        is_best = False
        if self._monitor is not None and self._monitor.improves(epoch[self._monitor.column]):
            is_best, self.best, self.best_epoch = True, self._monitor.best, number
        if is_best or not self.best_only:
            path = self._file(number)
            network.save(path)
            self.last_path = path

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps of it.

        Returns
        -------
        dict
            Numbers, and the name of the last file.
        """
        return {"best_epoch": self.best_epoch, "best": self.best, "last_path": self.last_path}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what ``state_dict`` returned, after ``begin``.

        Parameters
        ----------
        state : dict
            Of a callback with the same settings.
        """
        check_state(state, best_epoch=int, best=float, last_path=(str, type(None)))
        self.best_epoch, self.best, self.last_path = state["best_epoch"], state["best"], state["last_path"]
        if self._monitor is not None:
            self._monitor.best = self.best

    def _file(self, epoch: int) -> str:
        return os.fspath(self.path).format(epoch=epoch)


class LambdaCallback:
    """A callback of functions: before the first step, after each epoch, after the last one.

    Parameters
    ----------
    begin : callable (network, columns), optional
        Gets the names of the columns that the epochs will have.
    epoch : callable (network, epoch), optional
        Gets the epoch's row of the History; returning True ends the fit.
    end : callable (network), optional
        Is not called where an error ended the fit.
    interrupted : callable (network), optional
        Is called where an error or Ctrl-C ended the fit.

    See Also
    --------
    EarlyStopping : End when nothing becomes better.
    LogEvaluation : Print from time to time.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(1, [fm.Dense(1)], seed=0)
    >>> stop = fm.LambdaCallback(epoch=lambda net, epoch: epoch["loss"] < 1e-3, end=lambda net: print("done"))
    >>> history = net.fit([[1.0]], [2.0], epochs=1000, optimizer=fm.SGD(0.1), callbacks=[stop])
    done
    >>> len(history.epochs) < 100
    True
    """

    __slots__ = ("_begin", "_end", "_epoch", "_interrupted")

    def __init__(
        self,
        begin: Callable[[Network, list[str]], object] | None = None,
        epoch: Callback | None = None,
        end: Callable[[Network], object] | None = None,
        interrupted: Callable[[Network], int | None] | None = None,
    ) -> None:
        for name, function in (("begin", begin), ("epoch", epoch), ("end", end), ("interrupted", interrupted)):
            if function is not None and not callable(function):
                raise TypeError(f"{name} must be a function or None, got {brief(function)}.")
        self._begin, self._epoch, self._end, self._interrupted = begin, epoch, end, interrupted

    def begin(self, network: Network, columns: list[str]) -> None:
        """Call the function for the beginning."""
        if self._begin is not None:
            self._begin(network, columns)

    def __call__(self, network: Network, epoch: Epoch) -> bool | None:
        """Call the function for an epoch."""
        return None if self._epoch is None else self._epoch(network, epoch)

    def end(self, network: Network) -> None:
        """Call the function for the end."""
        if self._end is not None:
            self._end(network)

    def interrupted(self, network: Network) -> int | None:
        """Call the function for an end by an error."""
        return None if self._interrupted is None else self._interrupted(network)
