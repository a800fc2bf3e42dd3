"""What all pictures share: the Axes to draw into, colours, and the points of classes.

Colours can be told apart by colour-blind readers: Okabe and Ito's palette (Color Universal Design, 2008) for up to 8
classes, Paul Tol's "muted" (SRON technical note, 2021) for 9 and 10, viridis for more; classes differ in their markers
too. Signed quantities run from orange-red (negative) over white to blue (positive).
"""

from __future__ import annotations

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


def axes(ax: Axes | None = None, figsize: tuple[float, float] = (6.4, 4.8)) -> Axes:
    """Return the Axes to draw into: the one that was given, or that of a new figure of this size (inches)."""
    try:
        import matplotlib.pyplot as plt
        from matplotlib.axes import Axes
    except ImportError:
        raise ImportError("fastmlp.plots needs matplotlib: pip install 'fastmlp[plot]'.") from None
    if ax is None:
        return plt.subplots(figsize=figsize, layout="constrained")[1]
    if not isinstance(ax, Axes):
        raise TypeError(f"ax must be one matplotlib Axes, got {type(ax).__name__}: make one with plt.subplots()[1].")
    return ax


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
    for index, (label, colour) in enumerate(zip(classes, class_colours(len(classes)), strict=True)):
        members = points[labels == label]
        ax.scatter(
            members[:, 0],
            members[:, 1],
            s=size,
            color=[colour],
            marker=MARKERS[index % len(MARKERS)],
            edgecolors="white",
            linewidths=0.5,
            label=names[index],
            zorder=3,
        )
    many = len(classes) > 6
    ax.legend(title="class", ncols=2 if many else 1, fontsize="small" if many else None)


def point_size(n_points: int) -> float:
    """Return an area (points squared) at which so many points can be seen."""
    return float(np.clip(6000 / max(n_points, 1), 12, 60))


def light_grid(ax: Axes) -> None:
    """Draw a grid that stays behind the data, and no frame above and on the right."""
    ax.grid(True, color="#DDDDDD", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
