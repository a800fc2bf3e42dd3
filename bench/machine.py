"""What the machine can do: its fused multiply-add peak and its memory bandwidth, measured, and what it is.

The peak is that of the vector width of fastmlp's active target, by a small C++ program compiled here with g++: as many
independent chains as hide the latency, nothing else. It is measured again in every round, since shared machines drift.
"""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

import fastmlp as fm
from fastmlp import _core

SOURCE = r"""
typedef REAL Vector __attribute__((vector_size(BYTES)));
constexpr int kLanes = BYTES / sizeof(REAL), kChains = 12;
extern "C" double spin(long n) {
  Vector chain[kChains], a, b;
  for (int i = 0; i < kLanes; ++i) a[i] = REAL(0.999), b[i] = REAL(0.001);
#pragma GCC unroll 12
  for (int c = 0; c < kChains; ++c) chain[c] = a * REAL(c);
  for (long k = 0; k < n; ++k) {
#pragma GCC unroll 12
    for (int c = 0; c < kChains; ++c) {
      Vector r;
      for (int i = 0; i < kLanes; ++i) r[i] = FMA(chain[c][i], a[i], b[i]);
      chain[c] = r;
    }
  }
  Vector total = chain[0];
#pragma GCC unroll 12
  for (int c = 1; c < kChains; ++c) total += chain[c];
  return total[0];
}
"""
BYTES = {"x86-64-v2": 16, "x86-64-v3": 32, "x86-64-v4": 64, "aarch64": 16}
CHAINS = 12


def peak_meter(dtype: str) -> Callable[[int], float]:
    """Return a function that measures the peak in GFLOP/s of a number of threads, in about 0.1 s."""
    target = fm.active_target()
    wide = BYTES[target]
    real, fma = ("float", "__builtin_fmaf") if dtype == "float32" else ("double", "__builtin_fma")
    architecture = [] if target == "aarch64" else [f"-march={target}", "-mprefer-vector-width=512"]
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder, "peak.cpp"), Path(folder, "peak.so")
        source.write_text(SOURCE)
        # the last flags keep a lane-wise fma one instruction, as in CMakeLists.txt
        options = ["-O3", "-shared", "-fPIC", "-fvect-cost-model=unlimited", "-fno-tree-loop-im", "-fno-tree-pre"]
        options += [f"-DREAL={real}", f"-DFMA={fma}", f"-DBYTES={wide}"]
        subprocess.run(["g++", *options, *architecture, str(source), "-o", str(library)], check=True)
        spin = ctypes.CDLL(str(library)).spin
    spin.restype, spin.argtypes = ctypes.c_double, [ctypes.c_long]
    flop = 2 * CHAINS * wide // np.dtype(dtype).itemsize

    def measure(threads: int) -> float:
        rounds = 4_000_000
        best = 0.0
        with ThreadPoolExecutor(threads) as pool:
            for _ in range(3):
                start = time.perf_counter()
                list(pool.map(spin, [rounds] * threads))
                best = max(best, threads * rounds * flop / (time.perf_counter() - start) / 1e9)
        return best

    return measure


def bandwidth() -> float:
    """Return GB/s of copying an array larger than the caches with one thread, reads and writes counted."""
    source = np.ones(32_000_000, np.float64)
    target = np.empty_like(source)
    best = 0.0
    for _ in range(5):
        start = time.perf_counter()
        np.copyto(target, source)
        best = max(best, 2 * source.nbytes / (time.perf_counter() - start) / 1e9)
    return best


def two_threads() -> str:
    """Return what two threads reach of twice the peak of one: about half where they share a core."""
    peak = peak_meter("float32")
    one = peak(1)
    share = peak(2) / (2 * one)
    shared = " (they share a core, or the machine is busy)" if share < 0.8 else ""
    return f"{share:.0%} of twice the peak of one, {one:.0f} GFLOP/s{shared}"


def description() -> dict[str, str]:
    """Return the facts that a result means nothing without."""
    cpu = platform.processor()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        fields = dict(line.split(":", 1) for line in lines if ":" in line)
        clean = {name.strip(): value.strip() for name, value in fields.items()}
        cpu = f"{clean.get('model name', cpu)} (family {clean.get('cpu family')}, model {clean.get('model')})"
    return {
        "cpu": cpu,
        "processors": str(len(os.sched_getaffinity(0))),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "target": fm.active_target(),
        **_core.processor_info(),
    }
