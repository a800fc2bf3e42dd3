"""``python -m bench``: measure cells, print the table, write JSON and a chart, compare with an older run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench import machine, profile, report
from bench.cells import CELLS, MAIN
from bench.peers import PEERS
from bench.run import measure


def main() -> int:
    """Run the command line; 1 when --compare finds a cell of fastmlp slower beyond the spread."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Time training steps of fastmlp and its peers in turn, beside the machine's measured peak.",
        epilog="example: python -m bench --cells mnist50,policy --rounds 7 --json new.json --chart new.png",
    )
    parser.add_argument("--cells", default=",".join(MAIN), help=f"of {', '.join(CELLS)} (default: the first six)")
    parser.add_argument("--peers", default=",".join(PEERS), help=f"of {', '.join(PEERS)} (default: all)")
    parser.add_argument("--threads", default="2", help="numbers of threads, as 1,2 (default: 2)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each peer (default: 5)")
    parser.add_argument("--json", type=Path, help="write everything measured to this file")
    parser.add_argument("--chart", type=Path, help="draw the shares of the peak to this PNG file")
    parser.add_argument("--profile", action="store_true", help="split fastmlp's step into its kernels instead")
    parser.add_argument("--compare", type=Path, help="JSON file of an older run to compare with")
    arguments = parser.parse_args()

    facts = machine.description()
    facts["bandwidth"] = f"{machine.bandwidth():.1f} GB/s (copy, one thread)"
    for name, fact in facts.items():
        print(f"{name:<12}{fact}")
    if arguments.profile:
        for name in arguments.cells.split(","):
            for threads in map(int, arguments.threads.split(",")):
                print(profile.table(CELLS[name], threads), flush=True)
        return 0
    results = []
    for name in arguments.cells.split(","):
        for threads in map(int, arguments.threads.split(",")):
            cell_results = measure(CELLS[name], arguments.peers.split(","), threads, arguments.rounds)
            print(
                report.table(cell_results) if not results else report.table(cell_results).split("\n", 2)[2], flush=True
            )
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


if __name__ == "__main__":
    sys.exit(main())
