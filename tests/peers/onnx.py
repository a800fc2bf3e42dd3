"""``python -m tests.peers.onnx --count 500``: random networks and tables as ONNX, run by the onnxruntime at hand.

What is compared, and how far it may be off, is said in tests/export/exported_onnx.py. A fifth as many tables.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime

sys.path.insert(0, str(Path(__file__).parents[1] / "export"))
from exported_onnx import Feeds, faults, random_network, random_table, table_faults


def run(path: str, feeds: Feeds) -> Feeds:
    """Return the outputs of a model by name."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))


def main() -> int:
    """Print what differs, and how many were compared."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    numbers = range(arguments.seed, arguments.seed + arguments.count)
    wrong, shares = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "model.onnx")
        for number in numbers:
            net, X = random_network(number)
            found, share = faults(net, X, path, run)
            wrong += [f"network {number}, {net}: {fault}" for fault in found]
            shares.append(share)
        for number in numbers[::5]:
            model, X = random_table(number)
            found = table_faults(model, X, path, run)
            wrong += [f"table {number}, {list(X)}: {fault}" for fault in found]
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(
        f"onnxruntime {onnxruntime.__version__}: {arguments.count} networks and {len(numbers[::5])} tables, "
        f"{len(wrong)} faults; errors as a share of 1e-5 (1e-11 in float64) of the row's largest output: median "
        f"{np.median(shares):.2g}, above 1 in {np.sum(np.array(shares) > 1)} networks, whose roundings are larger"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
