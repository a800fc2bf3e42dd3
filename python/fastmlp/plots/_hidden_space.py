"""Samples where a hidden layer sees them: in the space of its activations."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fastmlp._checks.text import brief
from fastmlp._drawing.canvas import Array, axes, colour_bar, draw_classes, light_grid, point_size
from fastmlp.network import Network
from fastmlp.plots._checks import check_labels, check_values, class_names, is_continuous

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def hidden_space(network: Network, X: npt.ArrayLike, y: npt.ArrayLike, layer: int = -2, ax: Axes | None = None) -> Axes:
    """Draw samples in the space of the activations of a layer.

    Parameters
    ----------
    network : Network
        With a hidden layer.
    X : array (samples, inputs)
        The samples.
    y : array (samples,) or (samples, classes)
        Labels, or indicator rows; or values of a regression, which a scale of colours shows.
    layer : int, default -2
        As an index of ``network.layers``: -2 is the last hidden one.
    ax : matplotlib Axes, optional
        Where to draw; default: a new figure.

    Returns
    -------
    matplotlib Axes
        With the points of each class. Of a layer with more than two units the first two principal components are
        drawn; the labels of the axes say so, with the share of the variance that each holds.

    Raises
    ------
    ValueError
        There is no such layer, or it has one unit.
    ImportError
        matplotlib is not installed.

    See Also
    --------
    decision_regions : With two inputs and classes.
    weight_images : The weights as pictures.

    Notes
    -----
    The sign of a principal component is free; here its largest coefficient is positive.

    Examples
    --------
    >>> import fastmlp as fm
    >>> X, y = fm.datasets.xor()
    >>> net = fm.Network(2, [fm.Dense(2, "tanh"), fm.Dense(2, "softmax")], seed=0)
    >>> ax = fm.plots.hidden_space(net, X, y)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('layer 1, unit 1', 'layer 1, unit 2')
    """
    if not isinstance(network, Network):
        raise TypeError(f"network must be a Network, got {type(network).__name__}.")
    number = _layer_number(layer, len(network.layers))
    hidden = network.activations(X)[number - 1].astype(np.float64)
    points, names = _plane(hidden, f"layer {number}")
    values = np.asarray(y)
    if is_continuous(values) and values.size == len(hidden):
        values = check_values(values, len(hidden))
        ax = axes(ax)
        size = point_size(len(points))
        drawn = ax.scatter(points[:, 0], points[:, 1], s=size, c=values[:, 0], cmap="viridis", zorder=3)
        colour_bar(ax, drawn, "y")
    else:
        labels = check_labels(y, "y", len(hidden))
        ax = axes(ax)
        classes = np.unique(labels)
        draw_classes(ax, points, labels, classes, class_names(classes, network.classes))
    ax.set_xlabel(names[0])
    ax.set_ylabel(names[1])
    light_grid(ax)
    return ax


def _layer_number(layer: int, n_layers: int) -> int:
    """Return the layer's number, from 1."""
    try:
        index = operator.index(layer)
    except TypeError:
        raise TypeError(f"layer must be an index of network.layers, got {brief(layer)}.") from None
    if not -n_layers <= index < n_layers:
        layers = "1 layer" if n_layers == 1 else f"{n_layers} layers"
        raise ValueError(f"layer {index} does not exist: the network has {layers}, 0 to {n_layers - 1}.")
    return index % n_layers + 1


def _plane(hidden: Array, layer: str) -> tuple[Array, tuple[str, str]]:
    """Return points (rows, 2) and what the two coordinates are."""
    units = hidden.shape[1]
    if units == 1:
        raise ValueError(f"{layer} has 1 unit, but a plane needs two or more: choose another layer.")
    if units == 2:
        return hidden, (f"{layer}, unit 1", f"{layer}, unit 2")
    centred = hidden - hidden.mean(axis=0)
    _, singular, components = np.linalg.svd(centred, full_matrices=False)
    # fewer samples than two span no plane: the second coordinate is 0
    components = np.pad(components, ((0, max(0, 2 - len(components))), (0, 0)))[:2]
    largest = np.abs(components).argmax(axis=1)
    components *= np.where(components[[0, 1], largest] < 0, -1.0, 1.0)[:, np.newaxis]
    variance = np.pad(singular**2, (0, 2))
    shares = variance[:2] / (variance.sum() or 1.0)
    names = [f"{layer}, principal component {k + 1} ({share:.0%})" for k, share in enumerate(shares)]
    return centred @ components.T, (names[0], names[1])
