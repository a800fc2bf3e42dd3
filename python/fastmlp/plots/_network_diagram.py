"""A network as units and connections: who feeds whom, how strongly and with which sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastmlp._checks.arguments import check_integer
from fastmlp._drawing.canvas import BLUE, GREY, VERMILLION, Array, axes
from fastmlp.network import Network

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDEST = 3.0  # points, of the largest |weight| of a layer


def network_diagram(network: Network, ax: Axes | None = None, max_units: int = 12) -> Axes:
    r"""Draw the units of a network in columns, one for each layer, and the connections between them.

    Parameters
    ----------
    network : Network
    ax : matplotlib Axes, optional
        Where to draw; default: a new figure.
    max_units : int, default 12
        A layer with more units shows this many, the first and the last ones, with dots between.

    Returns
    -------
    matplotlib Axes
        With a collection of lines for each layer, a collection of circles for each column, and labels.

    Raises
    ------
    TypeError
        It is not a network.
    ImportError
        matplotlib is not installed.

    Notes
    -----
    A connection is blue where its weight is positive, orange-red where negative, and as wide as the weight is
    large, in relation to the largest one of its layer.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network(2, [fm.Dense(3, "tanh"), fm.Dense(1, "sigmoid")], seed=0)
    >>> ax = fm.plots.network_diagram(net)
    >>> [text.get_text() for text in ax.texts]
    ['inputs\n2', 'layer 1\n3 tanh', 'layer 2\n1 sigmoid']
    """
    if not isinstance(network, Network):
        raise TypeError(f"network must be a Network, got {type(network).__name__}.")
    max_units = check_integer(max_units, "max_units", minimum=2)
    sizes = [network.n_inputs, *(layer.units for layer in network.layers)]
    labels = [f"inputs\n{network.n_inputs}"] + [
        f"layer {number}\n{layer.units} {layer.activation.name}" for number, layer in enumerate(network.layers, 1)
    ]
    shown = [_shown_units(size, max_units) for size in sizes]
    heights = [_heights(size, len(units)) for size, units in zip(sizes, shown, strict=True)]
    tallest = max(float(height.max()) for height in heights) + 0.5

    ax = axes(ax, (2.4 * len(sizes), 0.9 * tallest + 1.8))
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D

    for index, layer in enumerate(network.layers):
        weights = np.asarray(layer.weights, np.float64)[np.ix_(shown[index], shown[index + 1])]
        strength = np.abs(weights) / (np.abs(layer.weights).max() or 1.0)
        ends = [[(index, a), (index + 1, b)] for a in heights[index] for b in heights[index + 1]]
        ax.add_collection(
            LineCollection(
                ends,
                colors=[VERMILLION if weight < 0 else BLUE for weight in weights.ravel()],
                linewidths=WIDEST * strength.ravel(),
                alpha=0.25 + 0.65 * strength.ravel(),
                zorder=1,
            )
        )
    for index, (size, units, height) in enumerate(zip(sizes, shown, heights, strict=True)):
        ax.scatter(
            np.full(len(height), index), height, s=180, facecolors="white", edgecolors=GREY, linewidths=1.5, zorder=2
        )
        if len(units) < size:
            ax.scatter(np.full(3, index), [-0.3, 0.0, 0.3], s=8, color=GREY, zorder=2)
        ax.text(index, -tallest - 0.2, labels[index], ha="center", va="top", linespacing=1.4)
    ax.set_xlim(-0.4, len(sizes) - 0.6)
    ax.set_ylim(-tallest - 1.6, tallest)
    ax.legend(
        handles=[
            Line2D([], [], color=BLUE, linewidth=WIDEST, label="positive weight"),
            Line2D([], [], color=VERMILLION, linewidth=WIDEST, label="negative weight"),
        ],
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=2,
        frameon=False,
    )
    ax.set_axis_off()
    return ax


def _shown_units(size: int, max_units: int) -> Array:
    """Return the units of a layer that are drawn: all, or the first and the last ones."""
    if size <= max_units:
        return np.arange(size)
    first = (max_units + 1) // 2
    return np.concatenate([np.arange(first), np.arange(size - (max_units - first), size)])


def _heights(size: int, n_shown: int) -> Array:
    """Return where units stand, from top to bottom around 0, with room for dots in the middle of a shortened layer."""
    if n_shown == size:
        return (size - 1) / 2 - np.arange(size)
    first = (n_shown + 1) // 2
    places = np.arange(n_shown) + np.where(np.arange(n_shown) < first, 0.0, 1.0)
    # the dots stand at 0
    return first - places
