"""``python -m tests.long.gradients``: verdicts on many functions at random, right and with one wrong entry.

No right gradient may be called wrong, and one entry that is wrong by a thousandth must be found where the function
shows it. The default tests take 50 of each (tests/python/test_gradient_verdicts.py).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import fastmlp as fm

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))

from random_functions import random_function, visible_entry


def main() -> int:
    """Print what failed, and how many were tried."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most-parameters", type=int, default=2000)
    arguments = parser.parse_args()
    alarms = missed = undecided = planted = 0
    for seed in range(arguments.seed, arguments.seed + arguments.count):
        function = random_function(seed, arguments.most_parameters)
        report = fm.check_gradients(function.f, function.gradient, function.x)
        undecided += not report.wrong and not report.passed
        if report.wrong:
            alarms += 1
            print(f"alarm at {function.name}, {function.way}:\n{report}")
        entry = visible_entry(function, seed)
        if entry is None:
            continue
        planted += 1
        gradient = function.gradient(function.x)
        gradient[entry] *= gradient.dtype.type(1.001 if seed % 2 else 0.999)
        found = [probe.parameter for probe in fm.check_gradients(function.f, gradient, function.x).wrong]
        if found != [f"x[{entry}]"]:
            missed += 1
            print(f"missed x[{entry}] of {function.name}, {function.way}: found {found}")
    print(f"{arguments.count} right functions: {alarms} false alarms, {undecided} undecided")
    print(f"{planted} with a wrong entry: {missed} missed")
    return 1 if alarms or missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
