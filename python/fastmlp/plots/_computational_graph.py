"""A graph of the reference's gates: values above them, gradients below, laid out by itself."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastmlp._checks.arguments import check_flag, check_integer
from fastmlp._checks.text import decimal
from fastmlp._drawing.canvas import BLACK, GREEN, GREY, VERMILLION, sized_axes
from fastmlp._drawing.layered import Layout, layered
from fastmlp.reference import Gate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# inches, at full size: of a row, of a column without its labels, of a letter; from a gate to what is written at it
ROW, COLUMN, LETTER, LABEL = 0.66, 0.62, 0.078, 0.15
FONT = 9.0
MOST_GATES = 400
FORWARD, BACKWARD = GREEN, VERMILLION


@dataclass(frozen=True)
class _Node:
    """A gate as it is drawn: what is written in it, above it and below it."""

    gate: Gate
    inside: str
    above: str
    below: str

    @property
    def width(self) -> int:
        """Of its longest text, in letters."""
        return max(len(self.inside) + 1, len(self.above), len(self.below))


def computational_graph(
    gate: Gate, ax: Axes | None = None, digits: int = 2, *, blocks: bool = True, named_only: bool = False
) -> Axes:
    """Draw all gates that a gate depends on: what each computes, its value above and its gradient below.

    Parameters
    ----------
    gate : fastmlp.reference.Gate
        The last one. Gradients are those of its last ``backward``.
    ax : matplotlib Axes, optional
        Where to draw; letters become smaller where the graph needs more room. Default: a new figure of the size that
        it needs.
    digits : int, default 2
        Behind the point.
    blocks : bool, default True
        Whether a step that is made of several gates, a sigmoid or a loss for example, is drawn as one.
    named_only : bool, default False
        Whether to leave out gates without a name: what they feed is joined with what feeds them.

    Returns
    -------
    matplotlib Axes
        What was drawn into.

    Raises
    ------
    TypeError
        It is not a gate.
    ValueError
        More than 400 gates are to be drawn.
    ImportError
        matplotlib is not installed.

    See Also
    --------
    fastmlp.reference.Network.circuit : The gates of a network.

    Notes
    -----
    A leaf is a box with its name, a gate a circle with its operation, and above it its name, if it has one. Numbers
    that stand in a formula are written into the gate that uses them. Columns and the order in them: Sugiyama, Tagawa
    and Toda (1981).

    Examples
    --------
    >>> import fastmlp as fm
    >>> from fastmlp.reference import Gate
    >>> x, y, z = Gate(-2.0, name="x"), Gate(5.0, name="y"), Gate(-4.0, name="z")
    >>> f = (x + y) * z
    >>> f.backward()
    >>> ax = fm.plots.computational_graph(f, digits=0)
    >>> sorted(text.get_text() for text in ax.texts)[:6]
    ['+', '-12', '-2', '-4', '-4', '-4']
    """
    if not isinstance(gate, Gate):
        raise TypeError(f"gate must be a Gate of fastmlp.reference, got {type(gate).__name__}.")
    digits = check_integer(digits, "digits", minimum=0, maximum=15)
    picture = _Picture(digits, check_flag(blocks, "blocks"), check_flag(named_only, "named_only"))
    nodes, sources = picture.nodes(gate)
    if len(nodes) > MOST_GATES:
        mend = "" if named_only else ", or only gates that have names, named_only=True"
        raise ValueError(f"the graph has {len(nodes)} gates, but at most {MOST_GATES} are drawn: draw a part{mend}.")
    layout = layered(sources)
    # in inches, from the first column's middle: wide enough for what is written in each
    widths = [
        max(node.width for node, at in zip(nodes, layout.columns, strict=True) if at == column) * LETTER
        for column in range(layout.n_columns)
    ]
    middles = np.concatenate([[0.0], np.cumsum([(a + b) / 2 + COLUMN for a, b in itertools.pairwise(widths)])])
    low, high = min(layout.heights), max(layout.heights)
    left, right = -widths[0] / 2 - 0.2, middles[-1] + widths[-1] / 2 + 0.2
    bottom, top = (low - 0.8) * ROW, (high + 0.8) * ROW
    ax, size = sized_axes(ax, right - left, top - bottom)
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    ax.set_axis_off()
    _draw_edges(ax, layout, middles, size)
    for node, column, height in zip(nodes, layout.columns, layout.heights, strict=True):
        _draw_node(ax, node, middles[column], height * ROW, size)
    return ax


@dataclass(frozen=True)
class _Picture:
    """Which gates are drawn, and what is written at them."""

    digits: int
    blocks: bool
    named_only: bool

    def nodes(self, last: Gate) -> tuple[list[_Node], list[list[int]]]:
        """Return the gates to draw, each after those that feed it, and of each the numbers of these."""
        nodes: list[_Node] = []
        sources: list[list[int]] = []
        drawn: dict[int, int] = {}
        for gate in self._in_order(last):
            if gate is last or self._is_drawn(gate):
                sources.append(self._feeding(gate, drawn))
                drawn[id(gate)] = len(nodes)
                nodes.append(self._node(gate))
        return nodes, sources

    def _inputs(self, gate: Gate) -> tuple[Gate, ...]:
        return gate.block[1] if self.blocks and gate.block is not None else gate.inputs

    def _in_order(self, last: Gate) -> list[Gate]:
        """Return the gates that can be seen from the last one, each after its inputs."""
        seen = {id(last)}
        stack = [last]
        while stack:
            for source in self._inputs(stack.pop()):
                if id(source) not in seen:
                    seen.add(id(source))
                    stack.append(source)
        return [gate for gate in last.topological_order() if id(gate) in seen]

    def _is_drawn(self, gate: Gate) -> bool:
        if gate.operation == "constant" and not gate.name:
            return False
        return bool(gate.name or not gate.inputs or not self.named_only)

    def _feeding(self, gate: Gate, drawn: dict[int, int]) -> list[int]:
        """Return the drawn gates that feed one, through those that are not drawn."""
        found: dict[int, None] = {}
        stack = list(reversed(self._inputs(gate)))
        seen = set()
        while stack:
            source = stack.pop()
            if id(source) in drawn:
                found[drawn[id(source)]] = None
            elif id(source) not in seen:
                seen.add(id(source))
                stack += reversed(self._inputs(source))
        return list(found)

    def _node(self, gate: Gate) -> _Node:
        value, gradient = (decimal(number, self.digits) for number in (gate.value, gate.gradient))
        if not gate.inputs:
            return _Node(gate, gate.name or value, value if gate.name else "", gradient)
        if self.named_only and gate.name:
            return _Node(gate, gate.name, value, gradient)
        step = gate.block[0] if self.blocks and gate.block is not None else _operation(gate)
        return _Node(gate, step, f"{gate.name} = {value}" if gate.name else value, gradient)


def _operation(gate: Gate) -> str:
    """Return what a gate does, with the numbers that it does it with."""
    constants = [one for one in gate.inputs if one.operation == "constant" and not one.name]
    if gate.operation.startswith("**"):
        return f"x^{gate.operation[2:]}"
    symbol = "\N{MULTIPLICATION SIGN}" if gate.operation == "*" else gate.operation
    if len(gate.inputs) == 1:
        return "-x" if symbol == "-" else symbol
    if len(constants) != 1 or len(gate.inputs) != 2:
        return symbol
    number = f"{constants[0].value:g}"
    if symbol in ("max", "min"):
        return f"{symbol}(x, {number})"
    if gate.inputs[0] is constants[0] and symbol in ("-", "/"):
        return f"{number} {symbol} x"
    return f"{symbol} {number}"


def _draw_edges(ax: Axes, layout: Layout, middles: np.ndarray, size: float) -> None:
    from matplotlib.collections import LineCollection

    lines = []
    for _, _, points in layout.edges:
        columns, heights = np.array(points).T
        lines.append(np.column_stack([middles[columns.astype(int)], heights * ROW]))
    ax.add_collection(LineCollection(lines, colors="#9AA0A6", linewidths=1.1 * size, zorder=1))


def _draw_node(ax: Axes, node: _Node, x: float, y: float, size: float) -> None:
    is_leaf = not node.gate.inputs
    font = FONT * size
    box = {
        "boxstyle": "square,pad=0.25" if is_leaf else _outline(node.inside),
        "facecolor": "#EEF1F4" if is_leaf else "white",
        "edgecolor": GREY,
        "linewidth": size,
    }
    ax.text(x, y, node.inside, ha="center", va="center", fontsize=font, color=BLACK, bbox=box, zorder=3)
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 0.4 * size, "alpha": 0.85}
    for text, side, colour in [(node.above, 1, FORWARD), (node.below, -1, BACKWARD)]:
        if text:
            ax.text(
                x,
                y + side * LABEL,
                text,
                ha="center",
                va="bottom" if side > 0 else "top",
                fontsize=font,
                color=colour,
                bbox=behind,
                zorder=2,
            )


def _outline(inside: str) -> str:
    return "circle,pad=0.25" if len(inside) == 1 else "round,pad=0.3,rounding_size=0.8"
