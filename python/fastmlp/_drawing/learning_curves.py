"""The losses (or other columns) of a fit over its epochs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from fastmlp._checks.arguments import is_list
from fastmlp._checks.text import brief, joined
from fastmlp._drawing.canvas import OKABE_ITO, axes, light_grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LABELS = {"loss": "training", "validation_loss": "validation"}


def learning_curves(
    history: Mapping[str, Sequence[float]], columns: str | Iterable[str] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw what a fit reached over its epochs.

    Parameters
    ----------
    history : History or mapping
        Of ``fit``, or anything that maps names of columns to as many values as there are epochs.
    columns : str or list of str, optional
        Columns to draw; default: every loss.
    ax : matplotlib Axes, optional
        Where to draw; default: a new figure.

    Returns
    -------
    matplotlib Axes
        What was drawn into.

    Raises
    ------
    ValueError
        There is no epoch, or no such column.
    ImportError
        matplotlib is not installed.

    See Also
    --------
    fastmlp.History.plot : The same as a method.
    curve : With one input.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(2, [fm.Dense(4, "tanh"), fm.Dense(2, "softmax")], seed=0)
    >>> X, y = fm.datasets.moons(200, seed=0)
    >>> history = net.fit(X, y, epochs=20, batch_size=16, validation_data=fm.datasets.moons(200, seed=1))
    >>> ax = fm.plots.learning_curves(history)
    >>> [line.get_label() for line in ax.lines]
    ['training', 'validation']
    """
    if not isinstance(history, Mapping):
        raise TypeError(f"history must be what fit returned, got {type(history).__name__}.")
    names = _columns(history, columns)
    ax = axes(ax)
    from matplotlib.ticker import MaxNLocator

    about_losses = all(name.endswith("loss") for name in names)
    for index, name in enumerate(names):
        values = history[name]
        ax.plot(
            history["epoch"] if "epoch" in history else range(1, len(values) + 1),
            values,
            color=OKABE_ITO[index % len(OKABE_ITO)],
            linestyle=("-", "--", "-.", ":")[index % 4],
            linewidth=2,
            marker="o" if len(values) <= 20 else "",
            markersize=4,
            label=LABELS.get(name, name) if about_losses else name.replace("_", " "),
        )
    ax.set_xlabel("epoch")
    ax.set_ylabel("loss" if about_losses else ", ".join(dict.fromkeys(_quantity(name) for name in names)))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    ax.legend()
    light_grid(ax)
    return ax


def _columns(history: Mapping[str, Sequence[float]], columns: str | Iterable[str] | None) -> list[str]:
    if not len(history) or not len(history[next(iter(history))]):
        raise ValueError("the history has no epochs: there is nothing to draw before a fit.")
    if columns is None:
        names = [name for name in history if name.endswith("loss")]
    elif not is_list(columns):
        raise TypeError(f"columns must be a list of names of columns, got {brief(columns)}.")
    else:
        names = [columns] if isinstance(columns, str) else list(columns)
    unknown = [name for name in names if name not in history]
    if unknown or not names:
        what = f"has no column {brief(unknown[0])}" if unknown else "has no column to draw"
        raise ValueError(f"the history {what}: choose from {joined(history)}.")
    return names


def _quantity(name: str) -> str:
    return name.removeprefix("validation_").replace("_", " ")
