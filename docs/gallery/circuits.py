"""Drawings of computational graphs for the gallery's pages: boxes, wires, values above them and gradients below."""

from __future__ import annotations

from typing import Any

from fastmlp.reference import Gate

FORWARD, BACKWARD, INK = "#2f7d4f", "#c4472b", "#26282b"


def draw(axes: Any, gates: dict[str, tuple[Gate, float, float]], title: str, digits: int = 2) -> None:
    """Draw gates at their places (x, y): name -> (gate, x, y); a name's part after "#" tells equal ones apart.

    Green is the value that flows forward, red the gradient that flows backward. Wires are drawn between gates that are
    both given, whether a gate feeds another directly or through gates that are left out.
    """
    places = {id(gate): (x, y) for gate, x, y in gates.values()}
    for gate, x, y in gates.values():
        for source in _sources(gate, places):
            start = places[source]
            arrow = {"arrowstyle": "-|>", "color": "#9aa0a6", "shrinkA": 11, "shrinkB": 16, "linewidth": 1.2}
            axes.annotate("", (x, y), start, arrowprops=arrow, zorder=1)
    for name, (gate, x, y) in gates.items():
        style = "round,pad=0.35,rounding_size=0.8" if gate.inputs else "square,pad=0.3"
        box = {"boxstyle": style, "facecolor": "white" if gate.inputs else "#eef1f4", "edgecolor": "#5f6368"}
        axes.text(x, y, name.partition("#")[0], ha="center", va="center", color=INK, bbox=box, zorder=2)
        # beside a leaf, where no wire ends; above and below a gate
        side, offsets = ("center", [(0, 15), (0, -23)]) if gate.inputs else ("right", [(-15, 2), (-15, -10)])
        for number, color, offset in zip((gate.value, gate.gradient), (FORWARD, BACKWARD), offsets, strict=True):
            note = f"{number:.{digits}f}"
            axes.annotate(note, (x, y), offset, textcoords="offset points", ha=side, color=color, fontsize=9)
    xs, ys = zip(*places.values(), strict=True)
    axes.set(xlim=(min(xs) - 0.5, max(xs) + 0.5), ylim=(min(ys) - 0.6, max(ys) + 0.6), title=title)
    axes.set_axis_off()


def _sources(gate: Gate, places: dict[int, tuple[float, float]]) -> list[int]:
    """Return the drawn gates that feed this one, seen through those that are not drawn."""
    found = []
    for source in gate.inputs:
        found += [id(source)] if id(source) in places else _sources(source, places)
    return found
