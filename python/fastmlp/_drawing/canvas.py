"""What all pictures share: the Axes to draw into, colours, and the points of classes.

Colours can be told apart by colour-blind readers: Okabe and Ito's palette (Color Universal Design, 2008) for up to 8
classes, Paul Tol's "muted" (SRON technical note, 2021) for 9 and 10, viridis for more; classes differ in their markers
too. Signed quantities run from orange-red (negative) over white to blue (positive).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = npt.NDArray[Any]

BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
SKY, VERMILLION, YELLOW, BLACK = "#56B4E9", "#D55E00", "#F0E442", "#000000"
OKABE_ITO = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILLION, YELLOW, BLACK)
TOL_MUTED = (
    "#332288", "#88CCEE", "#44AA99", "#117733", "#999933", "#DDCC77", "#CC6677", "#882255", "#AA4499", "#000000",
)  # fmt: skip
MARKERS = "os^DvPX*<>"
GREY = "#555555"
LEGEND_SIZE = 45  # points squared


def axes(ax: Axes | None = None, figsize: tuple[float, float] = (6.4, 4.8)) -> Axes:
    """Return the Axes to draw into: the one that was given, or that of a new figure of this size (inches)."""
    try:
        import matplotlib.pyplot as plt
        from matplotlib.axes import Axes
    except ImportError:
        raise ImportError('fastmlp.plots needs matplotlib: pip install "matplotlib>=3.6".') from None
    if ax is None:
        return plt.subplots(figsize=figsize, layout="constrained")[1]
    if not isinstance(ax, Axes):
        raise TypeError(f"ax must be one matplotlib Axes, got {type(ax).__name__}: make one with plt.subplots()[1].")
    return ax


def sized_axes(ax: Axes | None, width: float, height: float) -> tuple[Axes, float]:
    """Return the Axes for a picture of so many inches, and the part of its size in which it fits into these."""
    if ax is None:
        # a margin, and room for a title
        return axes(None, (width + 0.2, height + 0.4)), 1.0
    box, dpi = axes(ax).get_window_extent(), ax.figure.dpi
    return ax, float(min(1.0, box.width / dpi / width, box.height / dpi / height))


def class_colours(n_classes: int) -> list[Any]:
    """Return a colour for each class."""
    for palette in (OKABE_ITO, TOL_MUTED):
        if n_classes <= len(palette):
            return list(palette[:n_classes])
    import matplotlib

    return list(matplotlib.colormaps["viridis"](np.linspace(0, 1, n_classes)))


def draw_classes(ax: Axes, points: Array, labels: Array, classes: Array, names: list[str]) -> None:
    """Draw points (rows, 2), a colour and a marker for each class, with a legend that names them."""
    size = point_size(len(points))
    # the search for the best place takes seconds with more points; many classes would hide the points anyway
    outside = len(classes) > 6
    place: dict[str, Any] = {"loc": "best" if len(points) <= 3000 else "upper right"}
    if outside:
        place = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
    for index, (label, colour) in enumerate(zip(classes, class_colours(len(classes)), strict=True)):
        members = points[labels == label]
        ax.scatter(
            members[:, 0],
            members[:, 1],
            s=size,
            color=[colour],
            marker=MARKERS[index % len(MARKERS)],
            edgecolors="white",
            linewidths=0.5 if size > 20 else 0.2,
            label=names[index],
            zorder=3,
        )
    ax.legend(title="class", markerscale=math.sqrt(LEGEND_SIZE / size), **place)


def point_size(n_points: int) -> float:
    """Return an area (points squared) at which so many points can be seen."""
    return float(np.clip(8000 / max(n_points, 1), 14, 60))


def colour_bar(ax: Axes, drawn: Any, label: str) -> None:
    """Add a scale of colours, as high as ``ax``, which keeps its place among others; it is drawn within ``ax``."""
    from matplotlib.ticker import MaxNLocator

    ax.figure.colorbar(drawn, cax=ax.inset_axes((1.03, 0.0, 0.04, 1.0)), label=label, ticks=MaxNLocator(7))


def light_grid(ax: Axes) -> None:
    """Draw a grid that stays behind the data, and no frame above and on the right."""
    ax.grid(True, color="#DDDDDD", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
