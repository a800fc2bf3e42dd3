"""The demo's picture: how the loss fell, what the network thinks of some digits, and what its hidden units look for.

Takes plain arrays, so that it can be drawn without training. Everything runs on matplotlib's own objects, without
pyplot, so that no window system and no global state is touched.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

INK, GREY, FAINT = "#26282b", "#7d838a", "#d9dcdf"
TRAINING, TEST = "#9aa7b5", "#1f5c99"
RIGHT, WRONG = "#1f5c99", "#c4472b"
COLUMNS, ROWS = 3, 3


@dataclass(frozen=True)
class Findings:
    """What the picture shows: n test images, their labels and probabilities (n, 10), and the weights.

    ``hidden_weights`` is (units, height, width), ``output_weights`` (units, 10), accuracy is the share of right ones
    among the test images, seconds are those of the training, here and by scikit-learn.
    """

    name: str
    history: Mapping[str, list[float]]
    images: npt.NDArray[Any]
    labels: npt.NDArray[Any]
    probabilities: npt.NDArray[Any]
    hidden_weights: npt.NDArray[Any]
    output_weights: npt.NDArray[Any]
    accuracy: float
    seconds: float
    peer_seconds: float


def draw(findings: Findings) -> bytes:
    """Return the picture as the bytes of a PNG file."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    style: Any = {
        "font.family": "DejaVu Sans",
        "font.size": 9.0,
        "text.color": INK,
        "axes.labelcolor": GREY,
        "axes.edgecolor": FAINT,
        "xtick.color": GREY,
        "ytick.color": GREY,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(13.0, 8.6), dpi=150, facecolor="white")
        FigureCanvasAgg(figure)
        figure.text(0.045, 0.955, _headline(findings), fontsize=16, fontweight="bold", va="center")
        figure.text(0.045, 0.921, _subline(findings), fontsize=10, color=GREY, va="center")
        _curve(figure, findings, (0.045, 0.54, 0.40, 0.285))
        _weights(figure, findings, (0.045, 0.035, 0.40, 0.325))
        _samples(figure, findings, (0.515, 0.50, 0.47, 0.325), typical=True)
        _samples(figure, findings, (0.515, 0.035, 0.47, 0.325), typical=False)
        content = io.BytesIO()
        figure.savefig(content, format="png")
    return content.getvalue()


def _headline(findings: Findings) -> str:
    return f"fastmlp learns {findings.name} to {100 * findings.accuracy:.2f} % in {_seconds(findings.seconds)}"


def _subline(findings: Findings) -> str:
    n_test, n_hidden = len(findings.labels), len(findings.hidden_weights)
    wrong = int((findings.probabilities.argmax(axis=1) != findings.labels).sum())
    return (
        f"{n_hidden} hidden units; {wrong} of {n_test} test digits wrong; "
        f"the same training takes scikit-learn {_seconds(findings.peer_seconds)} on this computer"
    )


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"


def _title(figure: Any, box: tuple[float, float, float, float], title: str, note: str) -> None:
    left, bottom, _, height = box
    figure.text(left, bottom + height + 0.043, title, fontsize=11.5, fontweight="bold", va="center")
    figure.text(left, bottom + height + 0.018, note, fontsize=9, color=GREY, va="center")


def _curve(figure: Any, findings: Findings, box: tuple[float, float, float, float]) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    epochs = findings.history["epoch"]
    training, test = findings.history["loss"], findings.history["validation_loss"]
    best = int(np.argmin(test))
    late = f"lowest after epoch {epochs[best]:.0f}" if best + 1 < len(test) else "still falling at the end"
    _title(
        figure, box, f"The test loss ends at {test[-1]:.3f}, {late}", "mean cross-entropy by epoch, logarithmic scale"
    )
    axes = figure.add_axes(box)
    for values, colour, name in ((training, TRAINING, "training"), (test, TEST, "test")):
        axes.plot(epochs, values, color=colour, linewidth=2, marker="o", markersize=4 if len(epochs) <= 20 else 0)
        axes.text(1.015, values[-1], name, color=colour, transform=axes.get_yaxis_transform(), va="center")
    axes.set_yscale("log")
    axes.set_xlim(min(epochs) - 0.3, max(epochs) + 0.02 * len(epochs))
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.tick_params(which="both", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("epoch")


def _weights(figure: Any, findings: Findings, box: tuple[float, float, float, float]) -> None:
    from matplotlib.colors import CenteredNorm

    # the units that the outputs listen to most come first
    order = np.argsort(-np.linalg.norm(findings.output_weights, axis=1), kind="stable")
    tiles = findings.hidden_weights[order]
    n_units, height, width = tiles.shape
    _title(
        figure,
        box,
        f"The {n_units} hidden units look for strokes in certain places",
        "incoming weights as images: blue pixels excite, red ones inhibit; most influential unit first",
    )
    n_columns = int(np.ceil(np.sqrt(2 * n_units)))
    n_rows = -(-n_units // n_columns)
    gap = max(1, height // 10)
    sheet = np.full((n_rows * (height + gap) - gap, n_columns * (width + gap) - gap), np.nan)
    for index, tile in enumerate(tiles):
        top, left = (index // n_columns) * (height + gap), (index % n_columns) * (width + gap)
        sheet[top : top + height, left : left + width] = tile
    axes = figure.add_axes(box, anchor="NW")
    # a few extreme weights shall not turn the rest pale
    norm = CenteredNorm(0.0, float(np.percentile(np.abs(tiles), 99.5)))
    sheet_image = axes.imshow(sheet, cmap="RdBu", norm=norm, interpolation="nearest")
    axes.set_axis_off()
    left, bottom, width, _ = box
    key = figure.colorbar(
        sheet_image, cax=figure.add_axes((left, bottom - 0.005, 0.3 * width, 0.01)), orientation="horizontal"
    )
    key.set_ticks([norm.vmin, 0.0, norm.vmax], labels=[f"{norm.vmin:.2g}", "0", f"{norm.vmax:.2g}"])
    key.ax.tick_params(length=0, labelsize=7, pad=2)
    key.outline.set_visible(False)


def _samples(figure: Any, findings: Findings, box: tuple[float, float, float, float], typical: bool) -> None:
    certainty = findings.probabilities[np.arange(len(findings.labels)), findings.labels]
    order = np.argsort(certainty, kind="stable")
    middle = float(np.median(certainty))
    if typical:
        shown = np.arange(min(COLUMNS * ROWS, len(order)))
        # rounded down, to be true
        title = f"Half of the test digits are recognized with more than {np.floor(1000 * middle) / 10:.1f} %"
        note = "the first ones of the test set, and the probability of each class"
    else:
        shown = order[: COLUMNS * ROWS]
        wrong = int((findings.probabilities[shown].argmax(axis=1) != findings.labels[shown]).sum())
        certain = 100 * float(findings.probabilities[shown].max(axis=1).mean())
        title = f"The {len(shown)} hardest digits: {wrong} answers wrong, {certain:.0f} % sure on average"
        note = "those whose true class (blue) got the least probability; red: the answer where it is wrong"
    _title(figure, box, title, note)
    left, bottom, width, height = box
    cell_width, cell_height = width / COLUMNS, height / ROWS
    for place, index in enumerate(shown):
        x, y = left + place % COLUMNS * cell_width, bottom + height - (place // COLUMNS + 1) * cell_height
        image = figure.add_axes((x, y + 0.1 * cell_height, 0.38 * cell_width, 0.8 * cell_height), anchor="W")
        image.imshow(findings.images[index], cmap="Greys", interpolation="nearest")
        image.set_xticks([])
        image.set_yticks([])
        for spine in image.spines.values():
            spine.set(visible=True, color=FAINT)
        bars = figure.add_axes((x + 0.40 * cell_width, y + 0.24 * cell_height, 0.50 * cell_width, 0.46 * cell_height))
        _bars(bars, findings.probabilities[index], int(findings.labels[index]))


def _bars(axes: Any, probabilities: npt.NDArray[Any], label: int) -> None:
    answer = int(probabilities.argmax())
    colours = [GREY] * len(probabilities)
    colours[answer], colours[label] = WRONG, RIGHT
    axes.bar(range(len(probabilities)), probabilities, color=colours, width=0.8)
    axes.set_ylim(0.0, 1.0)
    axes.set_xlim(-0.6, len(probabilities) - 0.4)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.set_xticks(range(len(probabilities)))
    axes.tick_params(length=0, labelsize=7, pad=2)
    for digit, tick in enumerate(axes.get_xticklabels()):
        if digit in (answer, label):
            tick.set(color=colours[digit], fontweight="bold")
    right = answer == label
    text = f"{label}: {_percent(float(probabilities[label]))}" if right else f"{label}, taken for {answer}"
    axes.set_title(text, fontsize=8.5, color=INK if right else WRONG, loc="left", pad=4)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share < 0.9995 else "over 99.9 %"
