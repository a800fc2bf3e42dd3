"""What a network computes over one input (a curve) or two inputs (a surface), with the data beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastmlp._validation import check_pair, check_real
from fastmlp.plots._canvas import BLACK, BLUE, GREY, OKABE_ITO, Array, axes, light_grid, point_size
from fastmlp.plots._checks import check_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

N_POINTS = 401
# of a surface along each axis
RESOLUTION = 101


def curve(network: Any, X: npt.ArrayLike, y: npt.ArrayLike, ax: Axes | None = None) -> Axes:
    """Draw the values that a network with one input predicts, as a curve through the data.

    Parameters
    ----------
    network : Network, or anything with ``predict``
    X : array (samples, 1) or (samples,)
    y : array (samples,) or (samples, outputs)
    ax : matplotlib Axes, optional
        Where to draw; default: a new figure.

    Returns
    -------
    matplotlib Axes
        With a line for each output, over the range of X and a little more, and the points.

    Raises
    ------
    ValueError
        X has more than one column, or y other rows.
    ImportError
        matplotlib is not installed.

    Examples
    --------
    >>> import fastmlp as fm
    >>> import numpy as np
    >>> x = np.linspace(-3, 3, 50)
    >>> net = fm.Network(1, [fm.Dense(16, "tanh"), fm.Dense(1)], seed=0)
    >>> history = net.fit(x[:, np.newaxis], np.sin(x), epochs=200, optimizer=fm.Adam(0.02))
    >>> ax = fm.plots.curve(net, x, np.sin(x))
    >>> [line.get_label() for line in ax.lines]
    ['prediction']
    """
    inputs = check_rows(X, "X", 1, mend=": a curve is drawn over one input")
    targets = _targets(y, len(inputs))
    low, high = float(inputs.min()), float(inputs.max())
    margin = 0.05 * (high - low) or 1.0
    x = np.linspace(low - margin, high + margin, N_POINTS)
    predicted = check_rows(np.asarray(network.predict(x[:, np.newaxis])).reshape(N_POINTS, -1), "the prediction")
    if predicted.shape[1] != targets.shape[1]:
        raise ValueError(f"y has {targets.shape[1]} columns, but the prediction has {predicted.shape[1]}.")

    ax = axes(ax)
    single = targets.shape[1] == 1
    size = point_size(len(inputs))
    for output in range(targets.shape[1]):
        colour = OKABE_ITO[output % len(OKABE_ITO)]
        of = "" if single else f" of output {output}"
        ax.scatter(
            inputs[:, 0], targets[:, output], s=size / 2, color=GREY if single else colour, alpha=0.6, label="data" + of
        )
        ax.plot(x, predicted[:, output], color=BLUE if single else colour, linewidth=2.2, label="prediction" + of)
    ax.set_xlabel("x")
    ax.set_ylabel("y")
    ax.legend()
    light_grid(ax)
    return ax


def surface(
    network: Any,
    X: npt.ArrayLike | None = None,
    y: npt.ArrayLike | None = None,
    span: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the output of a network with two inputs and one output as a map of colours.

    Parameters
    ----------
    network : Network, or anything with ``predict``
        Of a ``Network`` the output is drawn, so that one sigmoid shows its probability.
    X : array (samples, 2), optional
        Samples to draw as points.
    y : array (samples,), optional
        Their values, in the same colours.
    span : (low, high), optional
        Of both inputs; default: the range of X, or (-1, 1) without X.
    ax : matplotlib Axes, optional
        Where to draw; default: a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        There is more than one output, or X has not two columns.
    ImportError
        matplotlib is not installed.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(2, [fm.Dense(1, "sigmoid")], seed=0)
    >>> net.set_parameters([10.0, 10.0, -15.0])  # AND
    >>> ax = fm.plots.surface(net, [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1])
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('x0', 'x1')
    """
    points = None if X is None else check_rows(X, "X", 2, mend=": a surface is drawn over two inputs")
    if y is not None and points is None:
        raise ValueError("y is given without X: give the samples too.")
    targets = None if y is None or points is None else _targets(y, len(points))
    low, high = _bounds(points, span)
    horizontal, vertical = np.linspace(low, high, RESOLUTION).T
    grid = np.stack(np.meshgrid(horizontal, vertical), axis=-1).reshape(-1, 2)
    outputs = np.asarray(getattr(network, "forward", network.predict)(grid), np.float64)
    if outputs.size != len(grid):
        raise ValueError(f"the network has {outputs.size // len(grid)} outputs, but a surface shows one.")
    values = outputs.reshape(RESOLUTION, RESOLUTION)

    ax = axes(ax)
    both = values if targets is None else np.concatenate([values.ravel(), targets.ravel()])
    bottom, top = float(both.min()), float(both.max())
    filled = ax.contourf(
        horizontal,
        vertical,
        values,
        levels=np.linspace(bottom, top if top > bottom else bottom + 1, 25),
        cmap="viridis",
    )
    ax.figure.colorbar(filled, ax=ax, label="output", format="%.3g")
    if points is not None:
        colours = BLACK if targets is None else filled.to_rgba(targets[:, 0])
        ax.scatter(*points.T, s=point_size(len(points)), c=colours, edgecolors="white", linewidths=1.0, zorder=3)
    ax.set_xlim(low[0], high[0])
    ax.set_ylim(low[1], high[1])
    ax.set_xlabel("x0")
    ax.set_ylabel("x1")
    return ax


def _targets(y: npt.ArrayLike, rows: int) -> Array:
    targets = check_rows(np.asarray(y).reshape(len(np.asarray(y)), -1), "y")
    if len(targets) != rows:
        raise ValueError(f"y has {len(targets)} rows, but X has {rows}: give one value for each.")
    return targets


def _bounds(points: Array | None, span: tuple[float, float] | None) -> tuple[Array, Array]:
    """Return the lower left and the upper right corner."""
    if span is not None:
        low, high = (check_real(end, "span") for end in check_pair(span, "span"))
        if not low < high:
            raise ValueError(f"span must run from low to high, got ({low:g}, {high:g}).")
        return np.full(2, low), np.full(2, high)
    if points is None:
        return np.full(2, -1.0), np.full(2, 1.0)
    low_corner, high_corner = points.min(axis=0), points.max(axis=0)
    margin = np.where(high_corner > low_corner, 0.08 * (high_corner - low_corner), 1.0)
    return low_corner - margin, high_corner + margin
