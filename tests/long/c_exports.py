"""``python -m tests.long.c_exports``: many random networks as C, compiled in every way at hand, and compared.

Of gcc and clang as C and C++, optimized and not, with and without a fused multiply-add; for 32-bit Arm under emulation,
where arm-linux-gnueabihf-gcc and qemu-arm are there (Debian's gcc-arm-linux-gnueabihf, libc6-dev-armhf-cross and
qemu-user). The default tests take 10 networks and the usual ways (tests/export/test_c.py).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "export"))

from exported_c import builds, compare, random_export


def main() -> int:
    """Print what differs, and how many were compared."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="ways of compiling whose names have this in them")
    arguments = parser.parse_args()
    ways = [way for way in builds(every=True) if arguments.only in way.name]
    faults = 0
    for seed in range(arguments.seed, arguments.seed + arguments.count):
        net, X = random_export(seed)
        with tempfile.TemporaryDirectory() as folder:
            wrong = compare(net, X, ways, Path(folder))
        faults += len(wrong)
        for sentence in wrong:
            print(f"network {seed}, {net}: {sentence}")
    print(f"{arguments.count} networks in {len(ways)} ways ({'; '.join(way.name for way in ways)}): {faults} faults")
    return 1 if faults or not ways else 0


if __name__ == "__main__":
    raise SystemExit(main())
