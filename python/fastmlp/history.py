"""What a fit did, epoch by epoch: as columns (``history["loss"]``), as rows (``.epochs``) and as a picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from fastmlp._checks.text import brief, joined
from fastmlp._drawing.html import html_of
from fastmlp._drawing.learning_curves import learning_curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Epoch = dict[str, float]
# of a long fit, a notebook shows so many epochs from its beginning and as many from its end
SHOWN_AT_AN_END = 5


class History(dict[str, list[float]]):
    """The epochs of one fit: a dict from a column's name to its values, of which pandas makes a table.

    Columns: ``epoch`` (from 1), ``loss`` (mean over the samples of the epoch, each taken with the weights of its own
    step, penalties included), ``seconds`` (of training), ``samples_per_second``, and with validation samples
    ``validation_loss`` and ``validation_accuracy`` (classes), ``validation_mae`` (values) or ``validation_`` with the
    name of each of the ``metrics``, taken after the epoch; with a schedule ``learning_rate``, of the epoch's last step.
    So nothing else need record a fit.

    Parameters
    ----------
    epochs : iterable of dict, optional
        Rows, which all have the same columns.

    Attributes
    ----------
    epochs : list of dict
        One row for each finished epoch, made of the columns when it is asked for.
    converged : bool or None
        Of L-BFGS: whether it ended where a tolerance said so, not at a limit or for want of a lower loss. None for
        optimizers that do not look for an end, and where a callback ended the fit.
    error : FloatingPointError or None
        Of ``fit_many``: why this training ended where its loss or a weight became no number.

    See Also
    --------
    Network.fit : Returns one.
    LogEvaluation : Print from time to time.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(2, [fm.Dense(1)], seed=0)
    >>> history = net.fit([[0.0, 1.0], [1.0, 0.0]], [1.0, 2.0], epochs=3)
    >>> history["epoch"]
    [1, 2, 3]
    >>> sorted(history.epochs[0])
    ['epoch', 'loss', 'samples_per_second', 'seconds']

    In pandas:

    >>> import pandas as pd
    >>> pd.DataFrame(history).shape
    (3, 4)
    """

    # pandas takes a dict, and no other mapping, for columns; no more attributes: what is misspelled would be kept
    __slots__ = ("__weakref__", "converged", "error")

    def __init__(self, epochs: Iterable[Epoch] = ()) -> None:
        super().__init__()
        self.converged: bool | None = None
        self.error: FloatingPointError | None = None
        for epoch in epochs:
            self.append(epoch)

    @property
    def epochs(self) -> list[Epoch]:
        """One row for each finished epoch."""
        return [dict(zip(self, row, strict=True)) for row in zip(*self.values(), strict=True)]

    def append(self, epoch: Epoch) -> None:
        """Add the row of an epoch, as a loop of one's own does it.

        Parameters
        ----------
        epoch : dict
            With the columns of the epochs before.

        Raises
        ------
        ValueError, TypeError
            The columns are others, or it is no dict; nothing has changed then.

        Examples
        --------
        >>> import fastmlp as fm
        >>> history = fm.History()
        >>> history.append({"epoch": 1, "loss": 0.5})
        >>> history
        History(1 epochs, last: loss=0.5)
        """
        if not isinstance(epoch, Mapping):
            raise TypeError(f"an epoch of a history must be a dict of columns and values, got {brief(epoch)}.")
        if self and epoch.keys() != self.keys():
            raise ValueError(
                f"every epoch of a history must have the same columns, {joined(self)}, got {joined(epoch) or 'none'}."
            )
        for name, value in epoch.items():
            self.setdefault(name, []).append(value)

    def __getitem__(self, column: str) -> list[float]:
        # a list of columns, as pandas takes it, would be called unhashable
        if not isinstance(column, str) or column not in self:
            raise KeyError(f"{brief(column)} is not a column of this history: it has {joined(self) or 'none'}.")
        return super().__getitem__(column)

    def __repr__(self) -> str:
        if not self:
            return "History(0 epochs)"
        shown = {name: values[-1] for name, values in self.items() if name == "loss" or name.startswith("validation_")}
        last = ", ".join(f"{name}={value:.4g}" for name, value in shown.items())
        return f"History({self._n_epochs} epochs, last: {last})"

    def _repr_html_(self) -> str:
        n = self._n_epochs
        begin, end = (n, n) if n <= 2 * SHOWN_AT_AN_END + 1 else (SHOWN_AT_AN_END, n - SHOWN_AT_AN_END)
        rows = [[_cell(values[index]) for values in self.values()] for index in (*range(begin), *range(end, n))]
        if begin < end:
            rows.insert(begin, ["..."] * len(self))
        return html_of("History", f"{n} epochs", [list(self), *rows] if self else [], ">" * len(self))

    @property
    def _n_epochs(self) -> int:
        return len(next(iter(self.values()), ()))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the loss, and the validation loss if there is one, over the epochs: ``fastmlp.plots.learning_curves``.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; default: a new figure.

        Returns
        -------
        matplotlib Axes
            What was drawn into.

        Raises
        ------
        ImportError
            matplotlib is not installed.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(2, [fm.Dense(1)], seed=0)
        >>> ax = net.fit([[0.0, 1.0], [1.0, 0.0]], [1.0, 2.0], epochs=3).plot()
        >>> ax.figure.savefig("curve.png")  # doctest: +SKIP
        """
        return learning_curves(self, ax=ax)


def _cell(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.4g}"


def epoch_row(number: int, loss: float, seconds: float, samples: int) -> Epoch:
    """Return the row of an epoch over so many samples.

    Examples
    --------
    >>> epoch_row(1, 0.5, 2.0, 100)
    {'epoch': 1, 'loss': 0.5, 'seconds': 2.0, 'samples_per_second': 50.0}
    """
    # a clock that stands still over a tiny epoch shall not give an infinite rate
    rate = samples / max(seconds, 1e-9)
    return {"epoch": number, "loss": loss, "seconds": seconds, "samples_per_second": rate}
