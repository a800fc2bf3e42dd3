"""A network as units and connections: who feeds whom, how strongly and with which sign, and what flows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import check_flag, check_integer, is_list
from fastmlp._checks.arrays import check_finite_layers, check_row
from fastmlp._checks.text import decimal
from fastmlp._drawing.canvas import BLACK, BLUE, GREY, VERMILLION, Array, sized_axes
from fastmlp._drawing.columns import Column, columns_of, part_of_the_way, shown_units
from fastmlp.network import Network

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDEST = 3.0  # points, of the largest |weight| of a layer
FONT = 9.0
FOOT = 0.85  # inches, of what stands below the units
NARROWEST = 3.2  # inches, for the legend
MOST_NUMBERS = 64  # on the edges of a layer


def network_diagram(
    network: Network,
    ax: Axes | None = None,
    max_units: int = 12,
    *,
    x: npt.ArrayLike | None = None,
    weights: bool = False,
    bias_nodes: bool = False,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    hidden_names: Sequence[Sequence[str]] | None = None,
    digits: int = 2,
) -> Axes:
    r"""Draw the units of a network in columns, one for each layer, and the connections between them.

    Parameters
    ----------
    network : Network
        All of it is drawn, or the first units of each layer.
    ax : matplotlib Axes, optional
        Where to draw; letters become smaller where the picture needs more room. Default: a new figure.
    max_units : int, default 12
        A layer with more units shows this many, the first and the last ones, with dots between.
    x : array-like (inputs,), optional
        A sample: its inputs and what they become stand in the units, the pre-activations z below.
    weights : bool, default False
        Whether to write each weight on its connection, and each bias below its unit.
    bias_nodes : bool, default False
        Whether biases are connections from a unit that is always 1.
    input_names, output_names : sequence of str, optional
        What inputs and outputs are called.
    hidden_names : sequence of sequences of str, optional
        What the units of each hidden layer are called.
    digits : int, default 2
        Of numbers, behind the point.

    Returns
    -------
    matplotlib Axes
        With a collection of lines for each layer, a collection of circles for each column, and labels.

    Raises
    ------
    TypeError
        It is not a network.
    ValueError
        ``x`` is not one sample, there are not as many names as units, more than 64 weights of a layer to write, or
        weights that are no numbers.
    ImportError
        matplotlib is not installed.

    See Also
    --------
    computational_graph : Each operation of a network, of the reference.

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
    >>> ax = fm.plots.network_diagram(net, x=[1.0, -1.0], weights=True)
    """
    if not isinstance(network, Network):
        raise TypeError(f"network must be a Network, got {type(network).__name__}.")
    if network.embedding is not None:
        raise ValueError(
            "network_diagram draws inputs that go into the first layer as they are, but this network embeds them."
        )
    check_finite_layers(network.layers)
    max_units = check_integer(max_units, "max_units", minimum=2)
    digits = check_integer(digits, "digits", minimum=0, maximum=15)
    has_nodes, has_weights = check_flag(bias_nodes, "bias_nodes"), check_flag(weights, "weights")
    sizes = [network.n_inputs, *(layer.units for layer in network.layers)]
    shown = [shown_units(size, max_units) for size in sizes]
    if has_weights:
        _check_numbers_can_be_read(shown, has_nodes)
    names = [_names(input_names, sizes[0], "input_names"), *_hidden_names(hidden_names, sizes[1:-1])]
    names.append(_names(output_names, sizes[-1], "output_names"))
    written = _written(network, x, has_weights and not has_nodes, digits)
    columns = columns_of(
        sizes,
        shown,
        bias_nodes=has_nodes,
        has_weights=has_weights,
        has_numbers=bool(written),
        has_names=any(names[1:-1]),
    )

    margin = [0.35 + 0.08 * max((len(name) for name in of or []), default=0) for of in (names[0], names[-1])]
    width, top = columns[-1].x, max(column.top for column in columns)
    bottom = -top - FOOT
    spare = max(0.0, NARROWEST - width - sum(margin)) / 2
    left, right, up = -margin[0] - spare, width + margin[1] + spare, top + 0.1
    ax, size = sized_axes(ax, right - left, up - bottom)
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, up)
    for index, layer in enumerate(network.layers):
        _draw_connections(ax, columns[index], columns[index + 1], layer, digits if has_weights else None, size)
    for index, column in enumerate(columns):
        _draw_units(ax, column, written, index, len(columns) - 1, names[index], size)
        called = "inputs" if index == 0 else f"layer {index}"
        kind = "" if index == 0 else f" {network.layers[index - 1].activation.name}"
        at: dict[str, Any] = {"ha": "center", "va": "top", "fontsize": FONT * size, "linespacing": 1.4}
        ax.text(column.x, -top - 0.12, f"{called}\n{sizes[index]}{kind}", **at)
    _draw_legend(ax, size)
    ax.set_axis_off()
    return ax


def _check_numbers_can_be_read(shown: list[Array], has_nodes: bool) -> None:
    for index, (before, units) in enumerate(pairwise(shown), 1):
        n = (len(before) + has_nodes) * len(units)
        if n > MOST_NUMBERS:
            raise ValueError(
                f"layer {index} has {n} weights to write, but at most {MOST_NUMBERS} can be read: "
                "leave weights out, or show fewer units, max_units=4."
            )


def _names(names: Any, size: int, what: str) -> list[str] | None:
    if names is None:
        return None
    given: list[Any] = list(names) if is_list(names) else [names]
    if isinstance(names, str) or not all(isinstance(name, str) for name in given):
        raise TypeError(f"{what} must be a list of names, one for each: {size}.")
    if len(given) != size:
        raise ValueError(f"{what} has {len(given)} names, but must have one for each: {size}.")
    return given


def _hidden_names(names: Any, sizes: list[int]) -> list[list[str] | None]:
    if names is None:
        return [None] * len(sizes)
    if isinstance(names, str) or not is_list(names) or len(list(names)) != len(sizes):
        raise ValueError(f"hidden_names must be a list of lists of names, one for each hidden layer: {len(sizes)}.")
    return [_names(one, size, f"hidden_names[{i}]") for i, (one, size) in enumerate(zip(names, sizes, strict=True))]


def _written(network: Network, x: Any, has_biases: bool, digits: int) -> list[tuple[list[str], list[str]]]:
    """Return for each column what stands in its units, and below them; nothing where there are no numbers."""
    sizes = [network.n_inputs, *(layer.units for layer in network.layers)]
    if x is None and not has_biases:
        return []
    inside: list[list[str]] = [[""] * size for size in sizes]
    below: list[list[str]] = [[""] * size for size in sizes]
    if has_biases:
        for index, layer in enumerate(network.layers, 1):
            if len(layer.bias) == sizes[index]:
                below[index] = [f"b {_number(b, digits)}" for b in layer.bias]
    if x is not None:
        row = check_row(x, network.n_inputs, np.dtype(network.dtype))
        inside = [[_number(a, digits) for a in values[0]] for values in (row, *network.activations(row))]
        for index, z in enumerate(network.pre_activations(row), 1):
            if z.shape[1] == sizes[index]:
                numbers = [f"z {_number(z_j, digits)}" for z_j in z[0]]
                lines = zip(below[index], numbers, strict=True)
                below[index] = ["\n".join(line for line in pair if line) for pair in lines]
    return list(zip(inside, below, strict=True))


def _number(number: float, digits: int) -> str:
    """Return a number that is short enough for a circle."""
    return decimal(float(number), digits, largest=1e4)


def _draw_connections(ax: Axes, column: Column, other: Column, layer: Any, digits: int | None, size: float) -> None:
    from matplotlib.collections import LineCollection

    all_weights = np.asarray(layer.weights, np.float64)
    # of maxout the pieces of a unit follow those of all others: the first piece is drawn
    values = all_weights[np.ix_(column.units, other.units)]
    starts = list(column.heights)
    if column.bias_height is not None:
        starts.insert(0, column.bias_height)
        values = np.vstack([np.asarray(layer.bias, np.float64)[other.units], values])
    strength = np.abs(values) / (max(np.abs(all_weights).max(), np.abs(values).max()) or 1.0)
    colours = [VERMILLION if weight < 0 else BLUE for weight in values.ravel()]
    ax.add_collection(
        LineCollection(
            [[(column.x, a), (other.x, b)] for a in starts for b in other.heights],
            colors=colours,
            linewidths=size * np.maximum(WIDEST * strength.ravel(), 0.0 if digits is None else 0.5),
            alpha=0.25 + 0.65 * strength.ravel(),
            zorder=1,
        )
    )
    if digits is None:
        return
    part = part_of_the_way(len(starts) + column.is_shortened, len(other.heights) + other.is_shortened, other.height)
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 0.3 * size, "alpha": 0.8}
    ends = ((a, b) for a in starts for b in other.heights)
    for (a, b), value, colour in zip(ends, values.ravel(), colours, strict=True):
        at = column.x + part * (other.x - column.x), a + part * (b - a)
        text = _number(value, digits)
        ax.text(*at, text, ha="center", va="center", fontsize=FONT * size, color=colour, bbox=behind, zorder=3)


def _draw_units(
    ax: Axes, column: Column, written: Any, index: int, last: int, names: list[str] | None, size: float
) -> None:
    area = (2 * column.radius * size) ** 2
    style: dict[str, Any] = {"facecolors": "white", "edgecolors": GREY, "linewidths": 1.5 * size, "zorder": 4}
    ax.scatter(np.full(len(column.heights), column.x), column.heights, s=area, **style)
    if column.is_shortened:
        first = (len(column.units) + 1) // 2
        middle = (column.heights[first - 1] + column.heights[first]) / 2
        ax.scatter(np.full(3, column.x), middle + np.array([-0.1, 0.0, 0.1]), s=8 * size, color=GREY, zorder=2)
    font: dict[str, Any] = {"fontsize": FONT * size, "zorder": 5, "color": BLACK}
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 0.3 * size, "alpha": 0.8}
    if column.bias_height is not None:
        ax.scatter([column.x], [column.bias_height], s=area, marker="s", **style)
        ax.text(column.x, column.bias_height, "1", ha="center", va="center", **font)
    for unit, height in zip(column.units, column.heights, strict=True):
        if written:
            inside, below = (of[unit] for of in written[index])
            # a long number needs a smaller type to stay in its circle
            small = font | {"fontsize": FONT * size * min(1.0, 5 / max(len(inside), 1))}
            ax.text(column.x, height, inside, ha="center", va="center", **small)
            place: dict[str, Any] = {"ha": "center", "va": "top", "linespacing": 1.1}
            if below:
                under = height - column.radius / 72 - 0.03
                ax.text(column.x, under, below, bbox=behind, **place, **(font | {"color": GREY, "zorder": 3}))
        if names is not None and 0 < index < last:
            place = {"ha": "center", "va": "bottom"}
            over = height + column.radius / 72 + 0.03
            ax.text(column.x, over, names[unit], bbox=behind, **place, **(font | {"zorder": 3}))
        elif names is not None:
            side = -1 if index == 0 else 1
            at = column.x + side * (column.radius / 72 + 0.08)
            ax.text(at, height, names[unit], ha="right" if index == 0 else "left", va="center", **font)


def _draw_legend(ax: Axes, size: float) -> None:
    from matplotlib.lines import Line2D

    ax.legend(
        handles=[
            Line2D([], [], color=BLUE, linewidth=WIDEST * size, label="positive weight"),
            Line2D([], [], color=VERMILLION, linewidth=WIDEST * size, label="negative weight"),
        ],
        loc="lower center",
        ncols=2,
        frameon=False,
        fontsize=FONT * size,
        borderaxespad=0.0,
    )
