"""What a network computes over one input (a curve) or two inputs (a surface), with the data beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastmlp._drawing.canvas import BLACK, BLUE, GREY, OKABE_ITO, axes, colour_bar, light_grid, point_size
from fastmlp.plots._checks import check_predictor, check_rows, check_span, check_values
from fastmlp.plots._plane import corners, grid

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
        With one input.
    X : array (samples, 1) or (samples,)
        The samples.
    y : array (samples,) or (samples, outputs)
        Their values, drawn as points.
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

    See Also
    --------
    surface : With two inputs and one output.
    learning_curves : Of a training.

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
    targets = check_values(y, len(inputs))
    check_predictor(network)
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
        What was drawn into.

    Raises
    ------
    ValueError
        There is more than one output, X has not two columns, or y more than one.
    ImportError
        matplotlib is not installed.

    See Also
    --------
    curve : With one input.
    decision_regions : With two inputs and classes.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(2, [fm.Dense(1, "sigmoid")], seed=0)
    >>> net.set_parameters([10.0, 10.0, -15.0])  # AND
    >>> ax = fm.plots.surface(net, [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1])
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('$x_1$', '$x_2$')
    """
    points = None if X is None else check_rows(X, "X", 2, mend=": a surface is drawn over two inputs")
    if y is not None and points is None:
        raise ValueError("y is given without X: give the samples too.")
    targets = None if y is None or points is None else check_values(y, len(points))
    check_predictor(network)
    if span is not None:
        low, high = np.repeat([check_span(span)], 2, axis=0).T
    else:
        low, high = (np.full(2, -1.0), np.full(2, 1.0)) if points is None else corners(points)
    if targets is not None and targets.shape[1] != 1:
        raise ValueError(f"y has {targets.shape[1]} columns, but a surface shows one output.")
    horizontal, vertical, asked = grid(low, high, RESOLUTION)
    outputs = np.asarray(getattr(network, "forward", network.predict)(asked)).reshape(len(asked), -1)
    if outputs.shape[1] != 1:
        raise ValueError(f"the network has {outputs.shape[1]} outputs, but a surface shows one.")
    values = check_rows(outputs, "the output").reshape(RESOLUTION, RESOLUTION)

    ax = axes(ax)
    from matplotlib.ticker import MaxNLocator

    seen = values.ravel() if targets is None else np.append(values, targets)
    levels = MaxNLocator(24).tick_values(float(seen.min()), float(seen.max()))
    filled = ax.contourf(horizontal, vertical, values, levels=levels, cmap="viridis")
    colour_bar(ax, filled, "output")
    if points is not None:
        colours = BLACK if targets is None else filled.to_rgba(targets[:, 0])
        ax.scatter(
            points[:, 0],
            points[:, 1],
            s=point_size(len(points)),
            c=colours,
            edgecolors="white",
            linewidths=1.0,
            zorder=3,
        )
    ax.set_xlim(low[0], high[0])
    ax.set_ylim(low[1], high[1])
    ax.set_xlabel("$x_1$")
    ax.set_ylabel("$x_2$")
    return ax
