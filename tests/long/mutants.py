"""Random mutations of model files and checkpoints: what a file does that was damaged, or made to do harm.

    python -m tests.long.mutants --count 50000 --seed 1

Reading one gives a network that can predict (or says in a sentence why not), or ModelFileError in one sentence; within
a second, and within 64 MB beyond the size of the file. The same holds of the record and of the state of a training in
it, whose digests a forger has computed anew. Not one of the default tests, of which test_damaged_model_files.py and
test_damaged_records.py in tests/serialization are the short form.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
import tracemalloc
import warnings
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from tests.long.sentences import LONGEST, fault_of_error, fault_of_warnings, ring

import fastmlp as fm
from fastmlp._files.container import digest_of_file
from fastmlp._files.opening import read_file
from fastmlp._files.safetensors import CODES, tensor_parts
from fastmlp._files.tree import digest_of
from fastmlp._training import keeper

SECONDS, BYTES = 1.0, 64 * 2**20
TOKENS = [
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"-1",
    b"1e999",
    b"null",
    b"NaN",
    b"\\",
    b"\xff",
    b"9" * 30,
    b"[" * 99,
]
EXTREMES: list[Any] = [
    0, -1, 1, 2, 3, 2**31, 2**63, 2**64, 10**30, -(10**300), 0.0, -0.0, 0.5, 1e-320, 1e300, 3.5e38, None, True, False,
    "", "relu", "x*x", "1/x", "exp(exp(x))", "\x00", "\ud800", "x" * 5000, [], {}, [[]], [0], [1.0] * 9,
    {"name": "relu"}, {"name": "formula", "text": "x**9"}, {"name": "constant", "value": 1e38},
]  # fmt: skip
LAYERS = [
    lambda: fm.Dense(3, "relu"),
    lambda: fm.Dense(2, "leaky_relu", l2=0.1, initializer="he_uniform"),
    lambda: fm.Dense(2, "x*sigmoid(x)", weight_rate_factor=0.5),
    lambda: fm.Dropout(0.3),
    lambda: fm.Maxout(2, 3),
    lambda: fm.LayerNorm(),
]
SCALINGS = [fm.Standardize, fm.Rescale, fm.RobustScale]
LAST = [
    (2, "softmax", None),
    (1, "sigmoid", None),
    (2, "identity", None),
    (1, "identity", fm.losses.Huber(0.5)),
    (1, "identity", fm.losses.Quantile(0.9)),
    (1, "tanh", "mae"),
    (2, "softmax", fm.losses.CrossEntropy(class_weight={0: 2.0, 1: 1.0})),
]


class Cut:
    """Ends a training amid a file, or not."""

    def __init__(self, is_wanted: bool) -> None:
        self._is_wanted = is_wanted

    def __call__(self, network: fm.Network, epoch: dict[str, float]) -> None:
        if self._is_wanted and epoch["epoch"] == 2:
            raise SystemExit

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        pass


def honest(random: np.random.Generator, path: Path) -> bytes:
    """Return a sound file of a random network, with a record or as a checkpoint in a part of them."""
    units, activation, loss = LAST[random.integers(len(LAST))]
    layers: list[Any] = []
    for _ in range(random.integers(4)):
        layer = LAYERS[random.integers(len(LAYERS))]()
        # these two stand behind a layer that has weights
        if isinstance(layer, fm.Dense | fm.Maxout) or (layers and isinstance(layers[-1], fm.Dense | fm.Maxout)):
            layers.append(layer)
    scaled = random.random() < 0.5
    if scaled:
        layers.insert(0, SCALINGS[random.integers(3)]())
    targets = bool(activation == "identity" and random.random() < 0.5)
    dtype = ["float32", "float64"][random.integers(2)]
    layers.append(fm.Dense(units, activation))
    net = fm.Network(3, layers, loss=loss, dtype=dtype, seed=1, scale_targets=targets)
    y = random.integers(0, 2, 8) if activation == "softmax" else random.random((8, units))
    path.unlink(missing_ok=True)
    kind = random.integers(4)
    settings: dict[str, Any] = {"epochs": 2, "batch_size": 2, "record": [False, True, 1][random.integers(3)]}
    if scaled or targets or kind:
        if kind == 3:
            settings |= {"checkpoint": fm.Checkpoint(path, steps=3), "callbacks": [Cut(random.random() < 0.5)]}
        with suppress(SystemExit):
            net.fit(random.normal(size=(8, 3)), y, **settings)
        if kind == 3:
            return path.read_bytes()
    if net.is_classifier:
        net.classes = ["no", "yes"] if random.random() < 0.5 else None
    net.metadata = [{}, {"note": "x", "list": [1, {"a": None}]}][random.integers(2)]
    net.save(path)
    return path.read_bytes()


def flipped(content: bytes, random: np.random.Generator) -> bytes:
    """Return it with bytes changed, in the header in most cases, for the claims are there."""
    changed = bytearray(content)
    header = 8 + int.from_bytes(content[:8], "little")
    end = header if random.random() < 0.7 else len(content)
    for _ in range(random.integers(1, 5)):
        at = int(random.integers(0, end))
        kind = random.integers(3)
        if kind == 0:
            changed[at % len(changed)] ^= 1 << int(random.integers(8))
        elif kind == 1:
            token = TOKENS[random.integers(len(TOKENS))]
            changed[at : at + len(token)] = token
        else:
            stop = at + int(random.integers(1, 20))
            changed[at:stop] = changed[stop : stop + stop - at]
    return bytes(changed)


def cut(content: bytes, random: np.random.Generator) -> bytes:
    """Return it too short or too long."""
    if random.random() < 0.8:
        return content[: int(random.integers(0, len(content)))]
    return content + bytes(int(random.integers(1, 2000)))


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every place in JSON as (container, key)."""
    if not isinstance(value, dict | list):
        return []
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    return [(value, key) for key in keys] + [place for key in keys for place in places(value[key])]


def edited(content: bytes, random: np.random.Generator) -> bytes:
    """Return it with entries of the header or the description made others, removed, doubled or swapped."""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    description = json.loads(header["__metadata__"]["fastmlp"])
    root = description if random.random() < 0.7 else header
    for _ in range([1, 1, 1, 2, 3][random.integers(5)]):
        found = places(root)
        if not found:
            break
        container, key = found[random.integers(len(found))]
        kind = random.integers(5)
        other, other_key = found[random.integers(len(found))]
        if kind <= 1:
            container[key] = json.loads(json.dumps(EXTREMES[random.integers(len(EXTREMES))]))
        elif kind == 2:
            container[key], other[other_key] = (
                json.loads(json.dumps(part)) for part in (other[other_key], container[key])
            )
        elif kind == 3:
            del container[key]
        elif isinstance(container, list):
            container.extend([json.loads(json.dumps(container[key]))] * int(random.integers(1, 300)))
        else:
            container[f"{key}s"] = 1
    if root is description and isinstance(header.get("__metadata__"), dict):
        if random.random() < 0.7:
            with suppress(Exception):
                seal(description, header, content[8 + size :])
        header["__metadata__"]["fastmlp"] = json.dumps(description)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + content[8 + size :]


def seal(description: dict[str, Any], header: dict[str, Any], tensors: bytes) -> None:
    """Compute the digests of a record and of the whole anew, as a forger does."""
    arrays = {
        name: np.frombuffer(tensors[slice(*entry["data_offsets"])], CODES[entry["dtype"]]).reshape(entry["shape"])
        for name, entry in header.items()
        if name.startswith("record.")
    }
    entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
    if "record" in description:
        description["record"]["digest"] = digest_of(description["record"]["state"], tensor_parts(arrays))
    description["digest"] = digest_of_file([{**description, "digest": ""}, entries], [tensors])


def resized(content: bytes, random: np.random.Generator) -> bytes:
    """Return it with a tensor of another shape, for which there is room, or with two tensors swapped."""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    tensors = content[8 + size :]
    names = [name for name in header if name != "__metadata__"]
    first, second = (header[names[random.integers(len(names))]] for _ in range(2))
    if random.random() < 0.3:
        first["shape"], second["shape"] = second["shape"], first["shape"]
        first["data_offsets"], second["data_offsets"] = second["data_offsets"], first["data_offsets"]
    elif first["shape"]:
        begin, end = first["data_offsets"]
        old = first["shape"][0]
        new = max(0, old + int(random.integers(-2, 1000)))
        first["shape"][0] = new
        more = (end - begin) // max(old, 1) * new - (end - begin)
        tensors = tensors[:end] + bytes(more) if more >= 0 else tensors[: end + more]
        tensors += content[8 + size + end :]
        for name in names:
            header[name]["data_offsets"] = [at + more if at >= end else at for at in header[name]["data_offsets"]]
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + tensors


def extreme_numbers(content: bytes, random: np.random.Generator) -> bytes:
    """Return it with numbers of its tensors made NaN, infinite, huge or tiny."""
    changed = bytearray(content)
    begin = 8 + int.from_bytes(content[:8], "little")
    for _ in range(random.integers(1, 4)):
        kind = [np.float32, np.float64][random.integers(2)]
        size = np.dtype(kind).itemsize
        number = kind([np.nan, np.inf, -np.inf, 3e38, -3e38, 1e-45, 0][random.integers(7)]).tobytes()
        at = begin + size * int(random.integers(0, max(1, (len(content) - begin) // size)))
        changed[at : at + size] = number
    return bytes(changed)


MUTATIONS = [flipped, cut, edited, edited, resized, extreme_numbers]


def fault_of(path: Path, size: int) -> tuple[str, str]:
    """Return what came of reading the file, and what is wrong with it ("": nothing)."""
    came = "loaded"
    tracemalloc.reset_peak()
    before, begin = tracemalloc.get_traced_memory()[0], time.perf_counter()
    fault = ""
    signal.setitimer(signal.ITIMER_REAL, 10)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                net = fm.load(path)
                assert net.record is None or str(net.record)
                if b'\\"training\\"' in path.read_bytes():
                    read_file(path, keeper.read)
            except fm.ModelFileError as error:
                came, fault = "refused", fault_of_error(error)
                # beside the name of the file
                if len(str(error)) - len(str(path)) > LONGEST - 100:
                    fault = f"a sentence of {len(str(error))} characters: {error}"
            else:
                try:
                    net.predict(np.ones((2, min(net.n_inputs, 10**5))))
                except (FloatingPointError, RuntimeError, ValueError) as error:
                    came, fault = "loaded, predicts nothing", fault_of_error(error)
                net.summary()
        fault = fault or fault_of_warnings(caught)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        fault = fault_of_error(error) or f"{type(error).__name__}, not ModelFileError: {error}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    seconds, peak = time.perf_counter() - begin, tracemalloc.get_traced_memory()[1] - before
    if not fault and peak > BYTES + size:
        fault = f"{peak} bytes for a file of {size}"
    if not fault and seconds > SECONDS and slow_again(path):
        fault = f"{seconds:.1f} s"
    return came, fault


def slow_again(path: Path) -> bool:
    """Return whether reading takes as long a second time: another process may have had the machine."""
    begin = time.process_time()
    with suppress(fm.ModelFileError):
        fm.load(path)
    return time.process_time() - begin > SECONDS


def run(count: int, seed: int) -> int:
    """Read so many mutants; return how many faults there were, which are printed."""
    random = np.random.default_rng(seed)
    signal.signal(signal.SIGALRM, ring)
    tracemalloc.start()
    counts: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        for index in range(count):
            if index % 50 == 0:
                sound = honest(random, path)
            mutation = MUTATIONS[random.integers(len(MUTATIONS))]
            content = mutation(sound, random)
            path.write_bytes(content)
            came, fault = fault_of(path, len(content))
            counts[f"{mutation.__name__}: {came}"] += 1
            if fault:
                faults[fault] += 1
                if faults[fault] == 1:
                    print(f"{mutation.__name__} {index}: {fault}", flush=True)
    for name, number in sorted(counts.items()):
        print(f"{number:7} {name}")
    print(f"{count} mutants, seed {seed}: {sum(faults.values())} faults")
    return sum(faults.values())


def main() -> None:
    """Run as a program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sys.exit(run(options.count, options.seed) > 0)


if __name__ == "__main__":
    main()
