"""``python -m bench.footprint``: memory that training takes beyond the data, time of an import, size on disk.

Memory: 60 000 rows of 784 values, held as a NumPy array, then one epoch of a 784-50-10 network in a process of its own;
what grows is the peak of resident memory during it over what was resident before it, which includes what a library
loads or compiles when it is first used. Import: fresh interpreters, files in the cache. Speed is measured elsewhere.
"""

from __future__ import annotations

import argparse
import importlib
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import PackageNotFoundError, files
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import numpy as np

from bench.cells import DataCell
from bench.peers import PEERS, TRAINING

SAMPLES, INPUTS, CLASSES = 60_000, 784, 10
IMPORTS = 5
# A peer's module, and the distributions that hold it; their dependencies are not counted.
PACKAGES = {
    "fastmlp": ("fastmlp", ("fastmlp",)),
    "jax": ("jax", ("jax", "jaxlib")),
    "torch": ("torch", ("torch",)),
    "onnxruntime": ("onnxruntime", ("onnxruntime",)),
    "sklearn": ("sklearn.neural_network", ("scikit-learn",)),
}


def memory(peer: str, dtype: str, threads: int) -> tuple[float, float]:
    """Return MB of the data and MB by which the peak grew while a network was made and trained for an epoch."""
    prepare = importlib.import_module(PEERS[peer]).prepare
    random = np.random.default_rng(0)
    # both are drawn in place, so that no peak from before the training is above what is resident then; the bytes
    # are 0 and 1, so that the training stays finite
    shape = (SAMPLES, INPUTS)
    X = random.random(shape, np.float32) if dtype == "float32" else random.integers(0, 2, shape, np.uint8)
    y = random.integers(0, CLASSES, SAMPLES)
    cell = DataCell("footprint", (INPUTS, 50, CLASSES), 200, "momentum", SAMPLES, learning_rate=0.01, X=X, y=y)
    before = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    prepare(cell, threads).train(1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return (X.nbytes + y.nbytes) / 1e6, (peak - before) / 1e6


def memory_table(peers: list[str], threads: int) -> Iterator[str]:
    """Yield the lines of the table of memory."""
    yield f"{'peer':<16}{'X':<9}{'data MB':>9}{'growth MB':>11}{'of data':>9}"
    for peer in peers:
        for dtype in ("float32", "uint8"):
            try:
                with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                    data, growth = pool.submit(memory, peer, dtype, threads).result()
            except ImportError as error:
                yield f"{peer} is left out: {error}"
                break
            yield f"{peer:<16}{dtype:<9}{data:>9.1f}{growth:>11.1f}{growth / data:>9.1%}"


def start_seconds(program: str) -> float:
    """Return the median seconds of a program in fresh interpreters, after one more that fills the caches."""
    seconds = []
    for _ in range(IMPORTS + 1):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", program], check=True)
        seconds.append(time.perf_counter() - start)
    return median(seconds[1:])


def size(module: str, distributions: tuple[str, ...]) -> tuple[float, str]:
    """Return MB of the installed files without bytecode, and what they are the files of."""
    try:
        paths = [Path(str(path.locate())) for name in distributions for path in files(name) or ()]
        source = " + ".join(distributions)
    except PackageNotFoundError:
        spec = find_spec(module.split(".")[0])
        assert spec is not None
        assert spec.origin is not None
        paths = list(Path(spec.origin).parent.rglob("*"))
        source = "its directory, not installed"
    counted = [path for path in paths if path.suffix != ".pyc" and path.is_file()]
    return sum(path.stat().st_size for path in counted) / 1e6, source


def import_table(peers: list[str]) -> Iterator[str]:
    """Yield the lines of the table of imports and sizes."""
    yield f"{'import':<24}{'ms':>8}{'over numpy':>12}{'MB on disk':>12}"
    bare, numpy = start_seconds("pass"), start_seconds("import numpy")
    yield f"{'nothing':<24}{bare * 1e3:>8.1f}"
    yield f"{'numpy':<24}{numpy * 1e3:>8.1f}{0:>12.1f}{size('numpy', ('numpy',))[0]:>12.1f}"
    for peer in peers:
        module, distributions = PACKAGES[peer]
        if find_spec(module.split(".")[0]) is None:
            yield f"{module} is left out: it is not installed"
            continue
        seconds = start_seconds(f"import {module}")
        megabytes, source = size(module, distributions)
        yield f"{module:<24}{seconds * 1e3:>8.1f}{(seconds - numpy) * 1e3:>12.1f}{megabytes:>12.1f}  ({source})"


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.footprint", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--peers", default=",".join(PACKAGES), help=f"of {', '.join(PACKAGES)} (default: all)")
    parser.add_argument("--threads", type=int, default=2, help="default: 2")
    arguments = parser.parse_args()
    peers = arguments.peers.split(",")
    for line in memory_table([peer for peer in peers if peer in TRAINING], arguments.threads):
        print(line, flush=True)
    print()
    for line in import_table(peers):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
