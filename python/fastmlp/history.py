"""What a fit did, epoch by epoch: as rows (``.epochs``), as columns (``history["loss"]``) and as a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from fastmlp._checks.text import brief, joined
from fastmlp._drawing.learning_curves import learning_curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Epoch = dict[str, float]


class History(Mapping[str, list[float]]):
    """The epochs of one fit; a mapping from a column's name to its values.

    Columns: ``epoch`` (from 1), ``loss`` (mean over the samples of the epoch, each taken with the weights of its own
    step, penalties included), ``seconds`` (of training), ``samples_per_second``, and with validation samples
    ``validation_loss`` and ``validation_accuracy`` (classes), ``validation_mae`` (values) or ``validation_`` with the
    name of each of the ``metrics``, taken after the epoch; with a schedule ``learning_rate``, of the epoch's last step.
    So nothing else need record a fit.

    Attributes
    ----------
    epochs : list of dict
        One row for each finished epoch.
    converged : bool or None
        Of L-BFGS: whether it ended where a tolerance said so, not at a limit or for want of a lower loss. None for
        optimizers that do not look for an end, and where a callback ended the fit.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(2, [fm.Dense(1)], seed=0)
    >>> history = net.fit([[0.0, 1.0], [1.0, 0.0]], [1.0, 2.0], epochs=3)
    >>> history["epoch"]
    [1, 2, 3]
    >>> sorted(history.epochs[0])
    ['epoch', 'loss', 'samples_per_second', 'seconds']
    """

    # no others: what is misspelled would be kept, and do nothing
    __slots__ = ("__weakref__", "converged", "epochs")

    def __init__(self, epochs: list[Epoch] | None = None) -> None:
        self.epochs: list[Epoch] = [] if epochs is None else epochs
        self.converged: bool | None = None

    def __getitem__(self, column: str) -> list[float]:
        if not isinstance(column, str) or column not in list(self):
            raise KeyError(f"{brief(column)} is not a column of this history: it has {joined(self) or 'none'}.")
        return [epoch[column] for epoch in self.epochs]

    def __iter__(self) -> Iterator[str]:
        return iter(self.epochs[0] if self.epochs else ())

    def __len__(self) -> int:
        return len(self.epochs[0]) if self.epochs else 0

    def __repr__(self) -> str:
        if not self.epochs:
            return "History(0 epochs)"
        shown = {name for name in self if name == "loss" or name.startswith("validation_")}
        last = ", ".join(f"{name}={value:.4g}" for name, value in self.epochs[-1].items() if name in shown)
        return f"History({len(self.epochs)} epochs, last: {last})"

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the loss, and the validation loss if there is one, over the epochs: ``fastmlp.plots.learning_curves``.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; default: a new figure.

        Returns
        -------
        matplotlib Axes

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
