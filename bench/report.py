"""Results as a table, as JSON, as a chart with the machine's peak as the top line, and compared with older ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from bench.cells import label
from bench.run import Result

HEADER = f"{'cell':<20}{'peer':<16}{'threads':>7}{'us':>12}{'spread':>8}{'GFLOP/s':>10}{'of peak':>9}{'ratio':>8}"


def rows(results: Sequence[Result]) -> list[str]:
    """Return the rows below HEADER; us: of a step or a call; ratio: how many times as long as fastmlp's it takes."""
    lines = []
    for result in results:
        own = next(
            (r for r in results if (r.cell, r.threads, r.peer) == (result.cell, result.threads, "fastmlp")), None
        )
        ratio = f"{result.step / own.step:8.2f}" if own is not None else f"{'-':>8}"
        lines.append(
            f"{result.cell:<20}{result.peer:<16}{result.threads:>7}{result.step * 1e6:>12.2f}"
            f"{result.spread:>8.1%}{result.gflops:>10.1f}{result.share:>9.1%}{ratio}"
        )
    return lines


def write_json(path: Path, machine: dict[str, str], results: Sequence[Result]) -> None:
    """Write everything that was measured."""
    path.write_text(
        json.dumps({"machine": machine, "results": [asdict(result) for result in results]}, indent=1) + "\n"
    )


def read_json(path: Path) -> list[Result]:
    """Read what write_json wrote."""
    return [Result(**entry) for entry in json.loads(path.read_text())["results"]]


def compare(old: Sequence[Result], new: Sequence[Result]) -> tuple[str, bool]:
    """Return a table of shares of peak, old against new, and whether a cell became slower by more than the spreads."""
    lines = [f"{'cell':<20}{'peer':<16}{'threads':>7}{'old':>9}{'new':>9}{'change':>9}"]
    slower = False
    for result in new:
        key = (result.cell, result.peer, result.threads)
        before = next((r for r in old if (r.cell, r.peer, r.threads) == key), None)
        if before is None:
            continue
        change = result.share / before.share - 1
        beyond = abs(change) > before.spread + result.spread
        slower = slower or (beyond and change < 0 and result.peer == "fastmlp")
        verdict = ("slower" if change < 0 else "faster") if beyond else ""
        lines.append(
            f"{result.cell:<20}{result.peer:<16}{result.threads:>7}"
            f"{before.share:>9.1%}{result.share:>9.1%}{change:>+9.1%}  {verdict}"
        )
    return "\n".join(lines), slower


def draw(path: Path, machine: dict[str, str], results: Sequence[Result]) -> None:
    """Draw the share of the machine's peak of each peer by cell; the line on top is the peak."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    cells = list(dict.fromkeys(result.cell for result in results))
    peers = list(dict.fromkeys(result.peer for result in results))
    looks = {
        "fastmlp": ("fastmlp", "#c1440e"),
        "jax": ("JAX", "#4c78a8"),
        "torch": ("PyTorch", "#7a7a7a"),
        "torch-compiled": ("PyTorch, compiled", "#a8a8a8"),
        "onnxruntime": ("ONNX Runtime", "#5b9a5b"),
        "sklearn": ("scikit-learn", "#d9b44a"),
    }
    figure, axes = plt.subplots(figsize=(1.25 * len(cells) + 1.8, 4.2), layout="constrained")
    width = 0.84 / len(peers)
    for p, peer in enumerate(peers):
        own = {result.cell: result for result in results if result.peer == peer}
        at = [c + (p - (len(peers) - 1) / 2) * width for c, cell in enumerate(cells) if cell in own]
        heights = [own[cell].share for cell in cells if cell in own]
        name, colour = looks.get(peer, (peer, None))
        bars = axes.bar(at, heights, width * 0.92, label=name, color=colour)
        if peer == "fastmlp":
            axes.bar_label(bars, [f"{height:.0%}" for height in heights], fontsize=8, padding=2)
    axes.axhline(1.0, color="black", linewidth=1)
    axes.set_xlim(-0.6, len(cells) - 0.4)
    axes.text(len(cells) - 0.42, 1.01, "measured fused multiply-add peak", ha="right", va="bottom", fontsize=8)
    axes.set_xticks(range(len(cells)), [label(cell) for cell in cells], fontsize=9)
    axes.set_ylim(0, 1.1)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_ylabel("share of the machine's peak")
    axes.set_title(f"Training step, {machine['processors']} cores, {machine['cpu']}", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(0, 0.9))
    figure.savefig(path, dpi=150)
    plt.close(figure)
