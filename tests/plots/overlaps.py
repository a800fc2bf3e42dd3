"""Which texts of a picture lie over each other: their boxes, as matplotlib draws them."""

from __future__ import annotations

from itertools import combinations


def _visible(texts):
    return [text for text in texts if text.get_visible() and text.get_text().strip()]


def _tick_labels(axis):
    """Return the labels of the ticks that are drawn: those within the limits."""
    low, high = sorted(axis.get_view_interval())
    return [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high] + [
        tick.label2 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high
    ]


def texts_of(ax):
    """Return the texts of an Axes, legend and title among them, with their boxes in pixels."""
    figure = ax.figure
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    found = [ax.title, *ax.texts]
    if ax.axison:
        found += [ax.xaxis.label, ax.yaxis.label, *_tick_labels(ax.xaxis), *_tick_labels(ax.yaxis)]
    for child in ax.child_axes:
        found += [child.yaxis.label, *_tick_labels(child.yaxis)]
    boxes = []
    for text in _visible(found):
        # a frame that can be seen belongs to its text
        patch = text.get_bbox_patch()
        has_frame = patch is not None and patch.get_edgecolor()[3] > 0
        boxes.append((text.get_text(), (patch if has_frame else text).get_window_extent(renderer)))
    if ax.get_legend() is not None:
        boxes.append(("legend", ax.get_legend().get_window_extent(renderer)))
    return boxes


def overlaps(ax, slack=1.0):
    """Return the pairs of texts that share more than ``slack`` pixels each way: boxes have a margin of about that."""
    found = []
    for (one, a), (other, b) in combinations(texts_of(ax), 2):
        width, height = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        if width > slack and height > slack:
            found.append((one, other))
    return found
