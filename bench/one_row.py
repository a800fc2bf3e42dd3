"""``python -m bench.one_row``: the class of one row, by the core, a header of C, and what others make of it.

40-100-100-10 in float32 behind a softmax. Our header and emlearn's are compiled at -O3 -march=native, and their
programs time themselves; from Python each call is timed with its way into the library. All take turns; the median of
the rounds is printed. What is not installed is left out.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

import fastmlp as fm
from bench import machine
from fastmlp.sklearn import MLPClassifier

INPUTS, HIDDEN, CLASSES = 40, (100, 100), 10
ROWS, CALLS, CALLS_OF_C = 64, 2000, 200_000

PROGRAM = """
#include <stdio.h>
#include <time.h>
#include "model.h"
{before}
int main(void) {{
  static float rows[{rows}][{inputs}];
  volatile long classes = 0;
  struct timespec begin, end;
  for (int r = 0; r < {rows}; ++r)
    for (int j = 0; j < {inputs}; ++j) rows[r][j] = (float)((r * 31 + j * 17) % 41) / 20 - 1;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  for (int i = 0; i < {calls}; ++i) {{ const float *row = rows[i % {rows}]; classes += {call}; }}
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("%.3f\\n", ((end.tv_sec - begin.tv_sec) * 1e9 + (end.tv_nsec - begin.tv_nsec)) / {calls} / 1e3);
  return 0;
}}
"""

# microseconds of one call
Way = Callable[[], float]


def compiled(folder: Path, call: str, before: str = "", include: str = ".") -> Way:
    """Return the program that times a header of the folder."""
    text = PROGRAM.format(rows=ROWS, inputs=INPUTS, calls=CALLS_OF_C, call=call, before=before)
    (folder / "main.c").write_text(text)
    flags = ["-O3", "-march=native", f"-I{include}", "-D_POSIX_C_SOURCE=200809L"]
    subprocess.run(["gcc", *flags, "main.c", "-o", "program", "-lm"], cwd=folder, check=True)
    return lambda: float(subprocess.run([folder / "program"], capture_output=True, text=True, check=True).stdout)


def called(predict: Callable[[np.ndarray], object], rows: np.ndarray) -> Way:
    """Return what times a function of one row."""
    each = [rows[index : index + 1] for index in range(len(rows))]

    def microseconds() -> float:
        began = time.perf_counter()
        for index in range(CALLS):
            predict(each[index % ROWS])
        return (time.perf_counter() - began) / CALLS * 1e6

    return microseconds


def ways(folder: Path) -> dict[str, Way]:
    """Return what can be timed here."""
    random = np.random.default_rng(0)
    X, y = random.normal(size=(1000, INPUTS)).astype(np.float32), random.integers(0, CLASSES, 1000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nothing has converged
        model = MLPClassifier(HIDDEN, max_iter=5, random_state=0).fit(X, y)
    network, rows = model.network_, np.ascontiguousarray(X[:ROWS])
    fm.set_num_threads(1)
    found = {"fastmlp, network.predict": called(network.predict, rows)}
    own, theirs = folder / "fastmlp", folder / "emlearn"
    own.mkdir()
    network.to_c(own / "model.h")
    scratch = "static float scratch[MODEL_SCRATCH];"
    found["fastmlp, header of C"] = compiled(own, "model_predict(row, scratch)", scratch)
    try:
        import emlearn
    except ImportError:
        pass
    else:
        theirs.mkdir()
        here = Path.cwd()
        os.chdir(theirs)  # it leaves files where it is called
        try:
            converted = emlearn.convert(model.to_sklearn(), method="inline", dtype="float")
        finally:
            os.chdir(here)
        converted.save(file=str(theirs / "model.h"), name="model")
        found["emlearn, header of C"] = compiled(theirs, f"model_predict(row, {INPUTS})", include=emlearn.includedir)
    try:
        import onnxruntime
    except ImportError:
        pass
    else:
        network.to_onnx(folder / "model.onnx")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(folder / "model.onnx", options)
        name = session.get_inputs()[0].name
        found["onnxruntime, session.run"] = called(lambda row: session.run(None, {name: row}), rows)
    found["scikit-learn, predict"] = called(model.to_sklearn().predict, rows)
    return found


def main() -> int:
    """Print microseconds of each way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = ways(Path(folder))
        rounds: dict[str, list[float]] = {name: [] for name in found}
        for _ in range(options.rounds):
            for name, microseconds in found.items():
                rounds[name].append(microseconds())
    for name, fact in machine.description().items():
        print(f"{name}: {fact}")
    sizes = "-".join(map(str, (INPUTS, *HIDDEN, CLASSES)))
    print(f"the class of one row, {sizes} in float32, one thread, {options.rounds} rounds")
    for name, times in rounds.items():
        print(f"{name:<28}{median(times):>9.2f} us")
    return 0


if __name__ == "__main__":
    sys.exit(main())
