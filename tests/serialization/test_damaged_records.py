"""Records in model files from strangers: damaged ones are refused in a sentence, and lies do no harm.

What could go wrong: a byte that was changed is believed (each byte of the record once, each length of the file); a
claim, whose digest and head a forger computed anew, brings down the reading, the printing or the verification (each
claim replaced by each of many values): what is not ModelFileError must be a network whose record ends or is not proved.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

import fastmlp as fm
from fastmlp._files.safetensors import tensor_parts
from fastmlp._files.tree import digest_of
from fastmlp._model.record import Record

X, Y = fm.datasets.moons(24)
EXTREMES = [
    0, -1, 1, 2, 2**62, 10**30, 0.5, -0.5, 1e300, None, True, "", "relu", "\x1b[2J", "x" * 999, [], {}, [[]],
    {"dict": {}}, {"tensor": "record.0"}, {"tensor": "record.1"}, {"tensor": []}, {"float": "nan"}, {"float": "inf"},
]  # fmt: skip


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = tmp_path_factory.mktemp("record") / "model.safetensors"
    net = fm.Network(2, [fm.Standardize(), fm.Dense(2, "softmax")], seed=0)
    given = {"epochs": 3, "batch_size": 8, "record": 2}
    net.fit(X, Y, optimizer=fm.SGD(fm.schedules.ReduceOnPlateau(0.1)), validation_fraction=0.25, **given)
    net.fit(X, Y, optimizer=fm.Adam(fm.schedules.Cosine(0.1)), **given)
    net.save(path)
    return path.read_bytes()


def parts(content):
    """Return the header, the description and all tensors of a file, these as bytes."""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    description = json.loads(header["__metadata__"]["fastmlp"])
    # which a forger leaves out
    del description["digest"]
    return header, description, content[8 + size :]


def assert_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(fm.ModelFileError) as refused:
        fm.load(path)
    assert len(str(refused.value).splitlines()) == 1
    return str(refused.value)


def test_a_file_that_ends_too_early_is_refused(tmp_path, content):
    for size in range(0, len(content), 97):
        assert "-" not in assert_refused(tmp_path / "cut.safetensors", content[:size]).removeprefix(str(tmp_path))


def test_every_changed_byte_of_the_arrays_of_a_record_is_seen(tmp_path, content):
    header, _, tensors = parts(content)
    begin = min(entry["data_offsets"][0] for name, entry in header.items() if name.startswith("record."))
    start = len(content) - len(tensors) + begin
    for at in range(start, len(content), 3):
        changed = bytearray(content)
        changed[at] ^= 1 << (at % 8)
        assert_refused(tmp_path / "changed.safetensors", bytes(changed))


def test_a_changed_byte_of_the_text_of_a_record_is_seen(tmp_path, content):
    begin, end = content.index(b"record"), content.index(b"data_offsets")
    for at in range(begin, end, 7):
        changed = bytearray(content)
        changed[at] ^= 1
        assert_refused(tmp_path / "changed.safetensors", bytes(changed))


def places(value):
    """Return every place in JSON as (container, key)."""
    if not isinstance(value, dict | list):
        return []
    keys = list(value) if isinstance(value, dict) else range(len(value))
    return [(value, key) for key in keys] + [place for key in keys for place in places(value[key])]


def test_no_lie_of_a_forger_brings_anything_down(tmp_path, content, monkeypatch):
    # computed anew by the forger
    monkeypatch.setattr(Record, "head", "0" * 32)
    path = tmp_path / "forged.safetensors"
    header, description, tensors = parts(content)
    entries = {name: entry for name, entry in header.items() if name.startswith("record.")}
    codes = {"U8": "u1", "I64": "<i8", "F32": "<f4", "F64": "<f8"}
    arrays = {
        name: np.frombuffer(tensors[slice(*entry["data_offsets"])], codes[entry["dtype"]]).reshape(entry["shape"])
        for name, entry in entries.items()
    }
    n_places = len(places(description["record"]["state"]))
    random = np.random.default_rng(0)
    refused = 0
    for number in range(n_places):
        for extreme in random.permutation(len(EXTREMES))[:5]:
            forged = json.loads(json.dumps(description))
            state = forged["record"]["state"]
            state["dict"]["head"] = "0" * 32
            container, key = places(state)[number]
            container[key] = EXTREMES[extreme]
            forged["record"]["digest"] = digest_of(state, tensor_parts(arrays))
            text = json.dumps(header | {"__metadata__": {"fastmlp": json.dumps(forged)}}).encode()
            path.write_bytes(len(text).to_bytes(8, "little") + text + tensors)
            try:
                net = fm.load(path)
            except fm.ModelFileError:
                refused += 1
                continue
            assert str(net.record).isprintable() or "\n" in str(net.record)
            assert repr(net.record).isprintable()
            found = fm.verify(net, X, Y)
            assert found.sentence.isprintable()
    assert refused > 2 * n_places
