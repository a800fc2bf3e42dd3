"""``python -m bench``: measure cells, print the table, write JSON and a chart, compare with an older run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench import machine, profile, report, scaling
from bench.cells import CELLS, GROUPS, AnyCell, Cell, cells_named
from bench.images import image_cells
from bench.peers import PEERS
from bench.run import Result, measure


def main() -> int:
    """Run the command line; 1 when --compare finds a cell of fastmlp slower beyond the spread."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Time training steps of fastmlp and its peers, or calls that predict (cells named infer...), in "
        "turn, beside the machine's measured peak. Other measures: python -m bench.mnist, bench.epochs, "
        "bench.footprint, bench.first_calls, bench.instructions.",
        epilog="examples: python -m bench --cells mnist50,policy --rounds 7 --json new.json --chart new.png; "
        "python -m bench --cells sweep --threads 1,2 --peers fastmlp,jax",
    )
    parser.add_argument(
        "--cells",
        default="main",
        help=f"of the groups {', '.join(GROUPS)} and the cells {', '.join(CELLS)}, images (all cells on images), "
        f"{', '.join(image_cells(Path()))} (default: main)",
    )
    parser.add_argument("--mnist", type=Path, help="where the four IDX files of MNIST lie, for the real ones of these")
    parser.add_argument("--peers", help=f"of {', '.join(PEERS)} (default: all that do the cell)")
    parser.add_argument("--threads", default="2", help="numbers of threads, as 1,2 (default: 2)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each peer (default: 5)")
    parser.add_argument("--json", type=Path, help="write everything measured to this file")
    parser.add_argument("--chart", type=Path, help="draw the shares of the peak to this PNG file")
    parser.add_argument("--scaling", type=Path, help="fastmlp on 1, 2, 4, ... threads instead, drawn to this PNG file")
    parser.add_argument("--profile", action="store_true", help="split fastmlp's training step into its kernels instead")
    parser.add_argument("--compare", type=Path, help="JSON file of an older run to compare with")
    arguments = parser.parse_args()
    try:
        cells = cells_named(arguments.cells, image_cells(arguments.mnist))
    except ValueError as error:
        parser.error(str(error))
    unknown = [peer for peer in (arguments.peers or "fastmlp").split(",") if peer not in PEERS]
    if unknown:
        parser.error(f"{unknown[0]!r} is not a peer ({', '.join(PEERS)})")
    threads_asked = [int(threads) for threads in arguments.threads.split(",")]

    facts = machine.description()
    facts["bandwidth"] = f"{machine.bandwidth():.1f} GB/s (copy, one thread)"
    facts["two threads"] = machine.two_threads()
    for name, fact in facts.items():
        print(f"{name:<12}{fact}")
    if arguments.profile:
        for cell in cells:
            for threads in threads_asked if isinstance(cell, Cell) else ():
                print(profile.table(cell, threads), flush=True)
        return 0
    if arguments.scaling:
        return draw_scaling(arguments.scaling, cells, facts, arguments.rounds)
    results: list[Result] = []
    print(report.HEADER, "-" * len(report.HEADER), sep="\n")
    for cell in cells:
        peers = arguments.peers.split(",") if arguments.peers else list(cell.peers)
        for threads in threads_asked:
            cell_results = measure(cell, peers, threads, arguments.rounds)
            for line in report.rows(cell_results):
                print(line, flush=True)
            results += cell_results
    for version in dict.fromkeys(result.version for result in results):
        print(version)
    if arguments.json:
        report.write_json(arguments.json, facts, results)
    if arguments.chart:
        report.draw(arguments.chart, facts, results)
    if arguments.compare:
        text, slower = report.compare(report.read_json(arguments.compare), results)
        print(text)
        return int(slower)
    return 0


def draw_scaling(path: Path, cells: list[AnyCell], facts: dict[str, str], rounds: int) -> int:
    """Print and draw the cells over the number of threads."""
    processors = int(facts["processors"])
    numbers = scaling.numbers_of_threads(processors)
    print(f"{'us a step, threads':<20}" + "".join(f"{number:>12}" for number in numbers))
    results = {}
    for cell in cells:
        results[cell.name] = scaling.measure(cell, numbers, rounds)
        print(scaling.row(cell, results[cell.name], processors), flush=True)
    scaling.draw(path, f"{facts['cpu']}, {processors} processors", results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
