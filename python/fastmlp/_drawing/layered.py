"""Where the nodes of a directed graph stand that is drawn from left to right, so that nothing runs through anything.

The ways of Sugiyama, Tagawa and Toda (IEEE Transactions on Systems, Man, and Cybernetics 11, 1981): nodes stand in
columns, what feeds them in columns before; an edge over several columns has a place in each; places change their order
where that saves crossings, and move towards their neighbours as far as those beside them let them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# how far apart two nodes of a column are, in rows; an edge that passes by needs less
_NODES, _EDGES = 1.0, 0.5
_SWEEPS = 12
# nodes that only feed, and the passes in which columns settle
_PASSES = 24


@dataclass(frozen=True)
class Layout:
    """Of each node its column and its height in rows, and of each edge the points that it runs through."""

    columns: list[int]
    heights: list[float]
    edges: list[tuple[int, int, list[tuple[float, float]]]]

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return max(self.columns) + 1


def layered(sources: Sequence[Sequence[int]]) -> Layout:
    """Return a layout of nodes, each of which is given by the nodes that feed it, all of them before it."""
    columns = _columns(sources)
    # places: the nodes, then one for each column that an edge passes
    places = list(columns)
    parents: list[list[int]] = [[] for _ in sources]
    chains: list[tuple[int, int, list[int]]] = []
    for node, feeding in enumerate(sources):
        for source in dict.fromkeys(feeding):
            chain = [source]
            for column in range(columns[source] + 1, columns[node]):
                parents.append([chain[-1]])
                places.append(column)
                chain.append(len(places) - 1)
            parents[node].append(chain[-1])
            chains.append((source, node, [*chain, node]))
    children: list[list[int]] = [[] for _ in places]
    for place, feeding in enumerate(parents):
        for source in feeding:
            children[source].append(place)
    order = _ordered(places, parents, children)
    heights = _settled(order, parents, children, n_nodes=len(sources))
    edges = [(source, node, [(float(places[at]), heights[at]) for at in chain]) for source, node, chain in chains]
    return Layout(columns, heights[: len(sources)], edges)


def _columns(sources: Sequence[Sequence[int]]) -> list[int]:
    """Return a column for each node, behind all that feed it; what is fed by nothing stands just before its use."""
    columns = [0] * len(sources)
    for node, feeding in enumerate(sources):
        columns[node] = 1 + max((columns[source] for source in feeding), default=-1)
    for leaf, feeding in enumerate(sources):
        used = [columns[node] for node, others in enumerate(sources) if leaf in others]
        if not feeding and used:
            columns[leaf] = min(used) - 1
    return columns


def _ordered(places: list[int], parents: list[list[int]], children: list[list[int]]) -> list[list[int]]:
    """Return the places of each column from top to bottom, with few crossings: the best of some sweeps."""
    order: list[list[int]] = [[] for _ in range(max(places) + 1)]
    for place in _by_depth(places, parents):
        order[places[place]].append(place)
    best, fewest = [list(column) for column in order], _crossings(order, parents)
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        for column in range(len(order)) if forward else reversed(range(len(order))):
            neighbours = parents if forward else children
            rank = {place: at for other in order for at, place in enumerate(other)}
            means = {
                place: sum(rank[other] for other in neighbours[place]) / len(neighbours[place])
                if neighbours[place]
                else float(rank[place])
                for place in order[column]
            }
            order[column].sort(key=means.__getitem__)
        crossings = _crossings(order, parents)
        if crossings < fewest:
            best, fewest = [list(column) for column in order], crossings
    return best


def _by_depth(places: list[int], parents: list[list[int]]) -> list[int]:
    """Return the places in the order in which a walk back from the last ones meets them: what belongs together."""
    met: dict[int, None] = {}
    stack = sorted(range(len(places)), key=lambda place: places[place])
    while stack:
        place = stack.pop()
        if place not in met:
            met[place] = None
            stack += reversed(parents[place])
    return list(met)


def _crossings(order: list[list[int]], parents: list[list[int]]) -> int:
    """Return how many pairs of edges cross."""
    rank = {place: at for column in order for at, place in enumerate(column)}
    found = 0
    for column in order:
        ends = [(rank[source], rank[place]) for place in column for source in parents[place]]
        found += sum((a - c) * (b - d) < 0 for index, (a, b) in enumerate(ends) for c, d in ends[index + 1 :])
    return found


def _settled(order: list[list[int]], parents: list[list[int]], children: list[list[int]], n_nodes: int) -> list[float]:
    """Return the height of each place, near its neighbours and apart from those of its column."""
    heights = [0.0] * len(parents)
    for column in order:
        for at, place in enumerate(column):
            heights[place] = len(column) / 2.0 - at
    for sweep in range(_PASSES):
        for column in order if sweep % 2 == 0 else reversed(order):
            wanted = []
            for place in column:
                near = [heights[other] for other in (*parents[place], *children[place])]
                wanted.append(sum(near) / len(near) if near else heights[place])
            for place, height in zip(column, _apart(column, wanted, n_nodes), strict=True):
                heights[place] = height
    return heights


def _apart(column: list[int], wanted: list[float], n_nodes: int) -> list[float]:
    """Return heights nearest to those wanted that keep order and distance: pools of neighbours that would collide.

    Least squares under an order, by pooling (Ayer, Brunk, Ewing, Reid and Silverman, Annals of Mathematical Statistics
    26, 1955).
    """
    shifts, shift = [], 0.0
    for at, place in enumerate(column):
        if at:
            both = (place < n_nodes) + (column[at - 1] < n_nodes)
            shift += (_EDGES, (_NODES + _EDGES) / 2, _NODES)[both]
        shifts.append(shift)
    pools: list[tuple[float, int]] = []
    for height, moved in zip(wanted, shifts, strict=True):
        mean, size = height + moved, 1
        # from top to bottom: what comes next must not be higher
        while pools and pools[-1][0] < mean:
            other, n = pools.pop()
            mean, size = (other * n + mean * size) / (n + size), n + size
        pools.append((mean, size))
    pooled = [mean for mean, size in pools for _ in range(size)]
    return [height - moved for height, moved in zip(pooled, shifts, strict=True)]
