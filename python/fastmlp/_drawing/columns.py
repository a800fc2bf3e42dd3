"""Where the units of a network stand in its diagram, so that no number on a connection lies over another one.

Lengths are inches. What is drawn there: plots/_network_diagram.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
# between two columns, of a unit's place without and with numbers or with numbers on edges alone, of a number on an
# edge, from a unit to the nearest of these
COLUMN, ROW, ROW_WITH_NUMBERS, ROW_BETWEEN, LABEL, NEAREST = 1.6, 0.42, 0.95, 0.6, 0.18, 0.62
NAME = 0.22  # of a name above a unit
# points: of a unit without and with a number in it
RADIUS, RADIUS_WITH_NUMBER = 6.7, 16.0


@dataclass(frozen=True)
class Column:
    """Where the units of a layer stand, in inches: those that are shown, and its bias node, None where it has none."""

    x: float
    height: float
    units: Array
    heights: Array
    is_shortened: bool
    radius: float
    bias_height: float | None

    @property
    def top(self) -> float:
        """Half the height that the column takes."""
        return float(max(np.abs(self.heights).max(), self.bias_height or 0.0)) + self.radius / 72 + 0.2


def shown_units(size: int, max_units: int) -> Array:
    """Return the units of a layer that are drawn: all, or the first and the last ones."""
    if size <= max_units:
        return np.arange(size)
    first = (max_units + 1) // 2
    return np.concatenate([np.arange(first), np.arange(size - (max_units - first), size)])


def columns_of(
    sizes: list[int], shown: list[Array], *, bias_nodes: bool, has_weights: bool, has_numbers: bool, has_names: bool
) -> list[Column]:
    """Return where all units stand: high enough for what is written, all columns equally high where that is weights."""
    row = ROW_WITH_NUMBERS if has_numbers else ROW_BETWEEN if has_weights else ROW
    row += NAME if has_names else 0.0
    radius = RADIUS_WITH_NUMBER if has_numbers else RADIUS
    places = [len(units) + (len(units) < size) for units, size in zip(shown, sizes, strict=True)]
    nodes = [bias_nodes] * (len(shown) - 1) + [False]
    heights = [row * (n + node) for n, node in zip(places, nodes, strict=True)]
    distances = [COLUMN] * (len(shown) - 1)
    if has_weights:
        # on the way from n units to m the numbers of one unit lie together, and those of the next below them
        pairs = [(n + node, m) for n, node, m in zip(places, nodes, places[1:], strict=False)]
        total = max([*heights, *(LABEL * m * (n + 1) for n, m in pairs)])
        heights = [total] * len(shown)
        distances = [max(COLUMN, NEAREST / part_of_the_way(n, m, total)) for n, m in pairs]
    columns = []
    for index, (units, n, node) in enumerate(zip(shown, places, nodes, strict=True)):
        step = heights[index] / (n + node)
        at = (n + node - 1) / 2 - np.arange(n + node)
        if len(units) < sizes[index]:
            at = np.delete(at, node + (len(units) + 1) // 2)
        x = float(sum(distances[:index]))
        own = at[node:] * step
        columns.append(
            Column(
                x, heights[index], units, own, len(units) < sizes[index], radius, float(at[0] * step) if node else None
            )
        )
    return columns


def part_of_the_way(n: int, m: int, height: float) -> float:
    """Return the part of the way from n units to m, all on this height, at which no two numbers lie over each other.

    There the m numbers of a unit are at least a letter's height apart, and there is room for them before those of the
    next unit; of these places the one nearest to a third of the way.
    """
    least = LABEL * m / height if m > 1 else 0.0
    # a unit's numbers spread over (m - 1) / m of the height by that part, and units are 1 / n of it apart
    most = (1 / n - LABEL / height) / (1 / n + (m - 1) / m) if n > 1 else 1.0
    return min(max(0.33, least), most)
