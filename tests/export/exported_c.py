"""Random networks of everything that can be exported to C, compiled by what is at hand, and compared with fastmlp.

Used by test_c.py for a few networks, and by ``python -m tests.long.c_exports`` for many.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import warnings
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

import fastmlp as fm
from fastmlp._export.c_tests import tolerance_of
from fastmlp.activations import ACTIVATIONS
from fastmlp.network import model_of

ARM = "arm-linux-gnueabihf-gcc"
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror"]
FORMULAS = [
    "x*sigmoid(1.702*x)",
    "where(x > 1, log(x) + 1, x**2)",
    "max(min(x, 2), -1)*abs(x)",
    "erf(x) + 0.1*sin(3*x) - cos(x)",
    "sqrt(1 + x*x) - 1",
    "softplus(x) - log(2)",
    "exp(-x*x)",
]
ROWS = 40
# what a program reads and writes of one row
MAIN = """\
#include "model.h"
#include <stdio.h>

int main(void) {
  static %(real)s x[MODEL_INPUTS], scratch[MODEL_SCRATCH];
  static %(output)s y[MODEL_OUTPUTS], v[MODEL_OUTPUTS];
  static %(real)s g[MODEL_INPUTS], room[MODEL_GRADIENT_SCRATCH];
  int k;
  const int head[2] = {MODEL_SAME_BITS, model_selftest()};
  fwrite(head, sizeof head, 1, stdout);
  while (fread(x, sizeof x, 1, stdin) == 1) {
    model_forward(x, y, scratch);
    fwrite(y, sizeof y, 1, stdout);
    for (k = 0; k < MODEL_OUTPUTS; ++k) v[k] = 1 + (%(output)s)k / 8;
    model_gradient(x, v, g, room);
    fwrite(g, sizeof g, 1, stdout);
    %(predict)s
  }
  return 0;
}
"""
PREDICT = {
    True: "{ const int label = model_predict(x, scratch); fwrite(&label, sizeof label, 1, stdout); }",
    False: "model_predict(x, y, scratch); fwrite(y, sizeof y, 1, stdout);",
}


class Build(NamedTuple):
    """A way of compiling a header; plain: without a fused multiply-add."""

    name: str
    command: list[str]
    language: str
    plain: bool
    emulator: list[str] = []  # noqa: RUF012


def builds(*, every=False) -> list[Build]:
    """Return the ways that this machine has: of each compiler with and without fused multiply-add, as C and C++.

    Every one: also without optimization, and for 32-bit Arm, run under emulation.
    """
    found = []
    # a machine without a fused multiply-add has plain arithmetic only
    plain = set(fm.available_targets()) <= {"x86-64-v2"}
    for c, cpp in (("gcc", "g++"), ("clang", "clang++"), ("clang-14", "clang++-14")):
        if not shutil.which(c):
            continue
        found.append(Build(f"{c} -O3 -march=native", [c, "-std=c99", "-O3", "-march=native", *WARNINGS], "c", plain))
        found.append(Build(f"{c} -O2", [c, "-std=c99", "-O2", *WARNINGS], "c", True))
        if shutil.which(cpp):
            # as C++ gcc fuses what it is not kept from
            command = [cpp, "-std=c++11", "-O2", "-march=native", *WARNINGS]
            found.append(Build(f"{cpp} -O2 -march=native", command, "cpp", plain))
        if every:
            found.append(Build(f"{c} -O0 -march=native", [c, "-std=gnu11", "-march=native", *WARNINGS], "c", plain))
    if every and shutil.which(ARM) and shutil.which("qemu-arm"):
        for unit, is_plain in (("vfpv3-d16", True), ("neon-vfpv4", False)):
            command = [ARM, "-std=c99", "-O2", "-march=armv7-a", f"-mfpu={unit}", "-static", *WARNINGS]
            found.append(Build(f"32-bit Arm, {unit}", command, "c", is_plain, ["qemu-arm"]))
    if not found and shutil.which("cc"):
        found.append(Build("cc -O2", ["cc", "-std=c99", "-O2"], "c", True))
    return found


def random_export(seed: int) -> tuple[fm.Network, np.ndarray]:
    """Return a network of random layers, activations, scalings and outputs, and rows of its dtype."""
    random = np.random.default_rng(seed)
    dtype = random.choice(["float32", "float64"])
    n_inputs = int(random.choice([1, 2, 3, 5, 8, 19, 40]))
    centre, spread = random.normal(size=n_inputs) * 10, 10.0 ** random.uniform(-3, 3, n_inputs)
    X = (centre + spread * random.normal(size=(ROWS, n_inputs))).astype(dtype)
    scalings = [
        [],
        [fm.Standardize()],
        [fm.Rescale()],
        [fm.Rescale(to=(-1, 1), minimum=-30, maximum=60)],
        [fm.RobustScale()],
        [fm.RobustScale(limit=None)],
    ]
    layers: list[fm.layers.Layer] = list(scalings[random.integers(len(scalings))])
    if not layers:
        X = random.normal(size=X.shape).astype(dtype)
    embeddings = [fm.PiecewiseLinear(int(random.integers(1, 6))), fm.Periodic(int(random.integers(1, 20)), 4)]
    embeddings.append(fm.Periodic(3, int(random.integers(2, 9)), deviation=10.0))
    if random.integers(3) == 0:
        layers.append(embeddings[random.integers(len(embeddings))])
    for _ in range(int(random.integers(0, 4))):
        units = int(random.choice([1, 2, 3, 7, 16, 17, 33, 50]))
        if random.integers(5) == 0:
            layers.append(fm.Maxout(units, pieces=int(random.integers(2, 4))))
        else:
            layers.append(fm.Dense(units, _activation(random)))
        if random.integers(4) == 0 and units > 1:
            layers.append(fm.LayerNorm())
        if random.integers(4) == 0:
            layers.append(fm.Dropout(0.25))
    last, loss, n_outputs, extra = _output(random)
    net = fm.Network(n_inputs, [*layers, fm.Dense(n_outputs, last)], loss=loss, dtype=dtype, seed=int(seed), **extra)
    if net.is_classifier:
        y = np.arange(ROWS) % max(n_outputs, 2)
        if random.integers(2):
            y = np.array(["class " + "abcdefghijklmnopqrstuvwxyz"[label] for label in y])
    else:
        y = np.abs(random.normal(size=(ROWS, n_outputs))) * 50 + 100 * (loss != "poisson")
    # for what it learns of the data, whatever comes of the weights
    with warnings.catch_warnings(), suppress(FloatingPointError):
        warnings.simplefilter("ignore", UserWarning)
        net.fit(X, y, epochs=1, batch_size=None, optimizer=fm.SGD(1e-3))
    net.set_parameters(net.get_parameters() + 0.05 * random.normal(size=net.n_parameters))
    # inputs that are exactly 0, tiny, far away
    X[0], X[1], X[2] = 0, X[1] * 1e-32, X[2] * 50
    return net, X


def _activation(random):
    names = [name for name in ACTIVATIONS if name != "softmax"]
    chosen = [*names, *FORMULAS, fm.activations.LeakyReLU(0.2), fm.activations.ELU(0.7)]
    return chosen[random.integers(len(chosen))]


def _output(random):
    """Return the last activation, the loss, the number of outputs and further arguments."""
    several = int(random.integers(2, 20))
    kinds = [
        ("softmax", None, several, {}),
        ("sigmoid", None, 1, {}),
        ("sigmoid", None, several, {}),
        ("identity", "hinge", several, {}),
        ("identity", "hinge", 1, {}),
        ("identity", "poisson", 1, {}),
        ("identity", None, several, {"scale_targets": True}),
        ("identity", None, 1, {"scale_targets": True}),
        ("identity", "mae", 1, {}),
        (_activation(random), "mse", several, {}),
    ]
    return kinds[random.integers(len(kinds))]


def compare(net: fm.Network, X: np.ndarray, ways: list[Build], folder: Path) -> list[str]:
    """Return what is not as it should be in each way of compiling; X in the dtype of the network."""
    net.to_c(folder / "model.h", gradient=True)
    wrong = []
    for way in ways:
        ran = run(net, X, way, folder)
        if isinstance(ran, str):
            wrong.append(f"{way.name}: {ran}")
            continue
        wrong += [f"{way.name}: {fault}" for fault in _faults(net, X, way, *ran)]
    return wrong


def run(net, X, way, folder):
    """Return same bits, self-test, outputs, gradients and predictions of a build, or what its compiler says."""
    real = {"float32": "float", "float64": "double"}[str(net.dtype)]
    scaled = net.target_scaling is not None
    main = folder / f"main.{way.language}"
    main.write_text(
        MAIN % {"real": real, "output": "double" if scaled else real, "predict": PREDICT[net.is_classifier]}
    )
    # no -lm: nothing of it is wanted
    program = folder / "main"
    made = subprocess.run([*way.command, main, "-o", program], capture_output=True, text=True, cwd=folder)
    if made.returncode:
        return made.stderr
    done = subprocess.run([*way.emulator, program], input=X.tobytes(), capture_output=True)
    if done.returncode:
        return f"ended with status {done.returncode}"
    same_bits, selftest = struct.unpack("ii", done.stdout[:8])
    output = np.dtype(np.float64 if scaled else net.dtype)
    predicted = [("labels", "i4")] if net.is_classifier else [("values", output, net.n_outputs)]
    kind = np.dtype([("outputs", output, net.n_outputs), ("gradient", net.dtype, net.n_inputs), *predicted])
    rows = np.frombuffer(done.stdout[8:], kind)
    return same_bits, selftest, *(rows[part].reshape(len(X), -1) for part in kind.names)


def _predictions(net, X):
    """Return numbers of classes, or values; None where fastmlp refuses: counts of a far row are too large."""
    with suppress(FloatingPointError):
        found = net.predict(X)
        return np.array([net.classes.index(name) for name in found]) if found.dtype.kind == "U" else found
    return None


def _faults(net, X, way, same_bits, selftest, outputs, gradient, predicted):
    expected = net.forward(X)
    if way.plain == bool(same_bits):
        yield f"MODEL_SAME_BITS is {same_bits}"
    if selftest:
        yield f"the self-test is {selftest}"
    if same_bits:
        if outputs.tobytes() != expected.tobytes():
            worst = np.abs(outputs - expected).max()
            yield f"outputs differ by {worst}: {outputs[outputs != expected][:3]} {expected[outputs != expected][:3]}"
        V = np.tile(1 + np.arange(net.n_outputs) / 8, (len(X), 1)).astype(outputs.dtype)
        right = net.vjp(X, V)
        if not np.array_equal(gradient, right, equal_nan=True):
            row, column = np.argwhere(gradient != right)[0]
            yield f"the gradient of row {row} is {gradient[row, column]} at {column}, not {right[row, column]}"
        classes = _predictions(net, X)
        if classes is not None and not np.array_equal(predicted.ravel(), np.asarray(classes, outputs.dtype).ravel()):
            yield f"predictions {predicted[:5]}, not {classes[:5]}"
        return
    model = model_of(net)
    deviation = np.array(net.target_scaling.deviation) if net.target_scaling else np.ones(net.n_outputs)
    for row, found, right in zip(X, outputs, expected, strict=True):
        allowed = tolerance_of(model, row) * deviation + np.abs(right) * 2.0**-52
        if not (np.abs(found - right) <= allowed).all():
            yield f"row {row[:3]} is off by {np.abs(found - right).max()}, of {allowed.max()} allowed"
            return
