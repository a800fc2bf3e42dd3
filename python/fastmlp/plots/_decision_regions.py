"""The plane, coloured by the class that a classifier predicts there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import check_flag, check_integer
from fastmlp._drawing.canvas import BLACK, axes, class_colours, draw_classes
from fastmlp.network import Network
from fastmlp.plots._checks import (
    check_labels,
    check_predictor,
    check_rows,
    class_names,
    common_classes,
    is_continuous,
)
from fastmlp.plots._plane import corners, grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def decision_regions(
    network: Any,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    ax: Axes | None = None,
    resolution: int = 200,
    *,
    unit_lines: bool = False,
) -> Axes:
    """Draw samples with two inputs over the regions in which a classifier predicts each class.

    Parameters
    ----------
    network : Network, or anything with ``predict``
        Its ``predict`` is called once, with all points of a grid, (resolution * resolution, 2).
    X : array (samples, 2)
        The samples.
    y : array (samples,) or (samples, classes)
        Labels, or indicator rows.
    ax : matplotlib Axes, optional
        Where to draw; default: a new figure.
    resolution : int, default 200
        Points of the grid along each axis.
    unit_lines : bool, default False
        Whether to draw, dashed, where each unit of the first layer changes its sign: a line for each, of a Network.

    Returns
    -------
    matplotlib Axes
        With one image (the regions), the boundaries, white, and the points of each class.

    Raises
    ------
    ValueError
        X has not two columns, or the network predicts values.
    ImportError
        matplotlib is not installed.

    See Also
    --------
    hidden_space : Behind a hidden layer.
    surface : With two inputs and one output.

    Examples
    --------
    >>> import fastmlp as fm
    >>> X, y = fm.datasets.moons(200)
    >>> net = fm.Network(2, [fm.Dense(16, "tanh"), fm.Dense(2, "softmax")], seed=0)
    >>> history = net.fit(X, y, epochs=100, optimizer=fm.Adam(0.02))
    >>> ax = fm.plots.decision_regions(net, X, y)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['0', '1']
    """
    points = check_rows(X, "X", 2, mend=": regions are drawn in the plane of two inputs")
    labels = check_labels(y, "y", len(points))
    resolution = check_integer(resolution, "resolution", minimum=2)
    check_predictor(network)
    if check_flag(unit_lines, "unit_lines") and not isinstance(network, Network):
        raise TypeError(f"unit_lines needs a Network, whose units can be seen, got {type(network).__name__}.")
    low, high = corners(points)
    horizontal, vertical, asked = grid(low, high, resolution)
    predicted = np.asarray(network.predict(asked))
    if predicted.shape != (len(asked),) or is_continuous(predicted):
        raise ValueError("the network predicts values, not classes: draw them with surface.")
    classes = common_classes(labels, predicted, ("y", "the prediction"))
    # point by point of the grid the index of a class
    regions = np.searchsorted(classes, predicted).reshape(resolution, resolution)

    ax = axes(ax)
    from matplotlib.colors import ListedColormap

    # a pixel's middle, not its edge, is the point of the grid
    half = (high - low) / (resolution - 1) / 2
    ax.imshow(
        regions,
        cmap=ListedColormap(class_colours(len(classes))),
        vmin=-0.5,
        vmax=len(classes) - 0.5,
        alpha=0.3,
        origin="lower",
        extent=(low[0] - half[0], high[0] + half[0], low[1] - half[1], high[1] + half[1]),
        interpolation="nearest",
        aspect="auto",
    )
    for index in range(len(classes)):
        inside = regions == index
        if inside.any() and not inside.all():
            ax.contour(horizontal, vertical, inside, levels=[0.5], colors="white", linewidths=1.2)
    for unit in network.pre_activations(asked)[0].T if unit_lines else ():
        if unit.min() < 0 < unit.max():
            z = unit.reshape(resolution, resolution)
            ax.contour(horizontal, vertical, z, levels=[0.0], colors=BLACK, linewidths=1.0, linestyles="--")
    draw_classes(ax, points, labels, classes, class_names(classes, getattr(network, "classes", None)))
    ax.set_xlim(low[0], high[0])
    ax.set_ylim(low[1], high[1])
    ax.set_xlabel("$x_1$")
    ax.set_ylabel("$x_2$")
    return ax
