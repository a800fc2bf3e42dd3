"""What a fit did, epoch by epoch: as rows (``.epochs``), as columns (``history["loss"]``) and as a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Epoch = dict[str, float]


class History(Mapping[str, list[float]]):
    """The epochs of one fit; a mapping from a column's name to its values.

    Columns: ``epoch`` (from 1), ``loss`` (mean over the samples of the epoch, each taken with the weights of its own
    step, penalties included), ``seconds`` (of training), ``samples_per_second``, and with validation data
    ``validation_loss`` and ``validation_accuracy`` (classes) or ``validation_mae`` (values), taken after the epoch.

    Attributes
    ----------
    epochs : list of dict
        One row for each finished epoch.

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

    def __init__(self, epochs: list[Epoch] | None = None) -> None:
        self.epochs: list[Epoch] = [] if epochs is None else epochs

    def __getitem__(self, column: str) -> list[float]:
        if column not in list(self):
            raise KeyError(f"{column!r} is not a column of this history: it has {', '.join(self) or 'none'}.")
        return [epoch[column] for epoch in self.epochs]

    def __iter__(self) -> Iterator[str]:
        return iter(self.epochs[0] if self.epochs else ())

    def __len__(self) -> int:
        return len(self.epochs[0]) if self.epochs else 0

    def __repr__(self) -> str:
        if not self.epochs:
            return "History(0 epochs)"
        shown = {name: value for name, value in self.epochs[-1].items() if "loss" in name or "accuracy" in name}
        last = ", ".join(f"{name}={value:.4g}" for name, value in shown.items())
        return f"History({len(self.epochs)} epochs, last: {last})"

    def plot(self, ax: Any = None) -> Any:
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
        # here, so that importing fastmlp does not import what only pictures need
        from fastmlp.plots import learning_curves

        return learning_curves(self, ax=ax)
