"""Damaged, cut and foreign model files: what could go wrong, and which test sees it.

A file that is not a sound model gives another error than ModelFileError, or ends the process (fuzz, truncations), takes
memory or time for what it only claims (claims), or passes though it contradicts itself (edited headers: each line there
is one rule of the format; without the digest, by which a forger loses nothing). A bit that was flipped gives a network
that is valid but different, and nobody sees it (each byte of every kind of file).
"""

from __future__ import annotations

import json
import struct
import tracemalloc

import numpy as np
import pytest

import fastmlp as fm
import fastmlp.sklearn
from fastmlp.sklearn import TabularClassifier


@pytest.fixture(scope="module")
def sound_and_scaled(tmp_path_factory):
    net = fm.Network(3, [fm.RobustScale([0.5, -1.0, 2.0], [1.0, 0.0, 0.25]), fm.Dense(2, "softmax")], seed=0)
    path = tmp_path_factory.mktemp("scaled") / "model.safetensors"
    net.save(path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    net = fm.Network(3, [fm.Dense(4, "leaky_relu"), fm.Dense(2, "softmax")], seed=0)
    net.classes = ["a", "b"]
    net.metadata = {"note": "x"}
    path = tmp_path_factory.mktemp("sound") / "model.safetensors"
    net.save(path)
    return path.read_bytes()


def taken_apart(content):
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    description = json.loads(header["__metadata__"]["fastmlp"])
    # as the first files were, and as a forger can always make it
    del description["digest"]
    return header, description, content[8 + size :]


def put_together(header, description, tensors):
    if description is not None:
        header["__metadata__"]["fastmlp"] = description if isinstance(description, str) else json.dumps(description)
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + tensors


def refuse(path, content, sentence=None):
    path.write_bytes(content)
    with pytest.raises(fm.ModelFileError, match=sentence) as caught:
        fm.load(path)
    text = str(caught.value)
    assert str(path) in text
    assert text.endswith(".")
    assert "\n" not in text
    assert len(text) < 400


def test_the_file_put_together_again_is_sound(sound, tmp_path):
    (tmp_path / "model.safetensors").write_bytes(put_together(*taken_apart(sound)))
    assert fm.load(tmp_path / "model.safetensors").classes == ["a", "b"]


@pytest.mark.parametrize("kind", ["a network", "a checkpoint", "an estimator", "a record"])
def test_every_flipped_bit_is_seen(tmp_path, kind):
    path, load = tmp_path / "model.safetensors", fm.load
    X, y = fm.datasets.moons(24)
    net = fm.Network(2, [fm.Dense(2, "softmax")], seed=0)
    if kind == "an estimator":
        TabularClassifier(2, n_estimators=1, max_iter=2, random_state=0).fit(X, y).save(path)
        load = fastmlp.sklearn.load
    else:
        checkpoint = fm.Checkpoint(path) if kind == "a checkpoint" else None
        net.fit(X, y, epochs=2, checkpoint=checkpoint, record=kind == "a record")
        if checkpoint is None:
            net.save(path)
    content = path.read_bytes()
    begin = 8 + int.from_bytes(content[:8], "little")
    load(path)
    # of the weights each byte; of the header, whose claims have tests of their own, some
    for at in [*range(0, begin, 13), *range(begin, len(content))]:
        changed = bytearray(content)
        changed[at] ^= 1 << (at % 8)
        path.write_bytes(changed)
        with pytest.raises(fm.ModelFileError):
            load(path)


def test_a_digest_that_is_none_is_no_reason_to_believe(sound, tmp_path):
    path = tmp_path / "model.safetensors"
    header, description, tensors = taken_apart(sound)
    for digest in ("", 3, None, [], "0" * 64):
        refuse(
            path, put_together(header, description | {"digest": digest}, tensors), "its digest is of another content"
        )


def test_every_truncation_and_any_appended_byte_is_refused(sound, tmp_path):
    for size in range(len(sound)):
        refuse(tmp_path / "model.safetensors", sound[:size])
    refuse(tmp_path / "model.safetensors", sound + b"\0", "its tensors take 104 bytes, but 105 follow the header")


@pytest.mark.parametrize("name", ["sound", "sound_and_scaled"])
def test_thousands_of_mutated_files_load_or_give_the_one_error(name, tmp_path, request):
    sound = put_together(*taken_apart(request.getfixturevalue(name)))
    generator = np.random.default_rng(0)
    path = tmp_path / "model.safetensors"
    header_size = 8 + int.from_bytes(sound[:8], "little")
    tokens = [
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
    refused = 0
    for round_ in range(4000):
        content = bytearray(sound)
        # most rounds hit the header, which is where the claims are
        end = header_size if round_ % 4 else len(content)
        for _ in range(generator.integers(1, 4)):
            at = int(generator.integers(0, end))
            kind = generator.integers(0, 4)
            if kind == 0:
                content[at] ^= 1 << int(generator.integers(0, 8))
            elif kind == 1:
                content[at] = int(generator.integers(0, 256))
            elif kind == 2:
                token = tokens[generator.integers(0, len(tokens))]
                content[at : at + len(token)] = token
            else:
                stop = at + int(generator.integers(1, 20))
                content[at:stop] = content[stop : stop + stop - at]
        path.write_bytes(content)
        try:
            net = fm.load(path)
        except fm.ModelFileError:
            refused += 1
        else:
            assert np.isfinite(net.get_parameters()).all()
    # both outcomes must occur, or the mutations test nothing
    assert 2000 < refused < 3990


def replaced(*keys_and_value):
    *keys, last, value = keys_and_value

    def edit(entry):
        for key in keys:
            entry = entry[key]
        if value is KeyError:
            del entry[last]
        else:
            entry[last] = value

    return edit


def scaled(**entry):
    return lambda description: description["layers"].insert(0, {"kind": "robustscale", **entry})


THREE = [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (replaced("n_inputs", 4), r"layers\.0\.weights has shape \[3, 4\], but its network needs \[4, 4\]"),
        (replaced("n_inputs", True), "n_inputs is True"),
        (replaced("n_inputs", 3.0), r"n_inputs is 3\.0"),
        (replaced("n_inputs", -3), "needs"),
        (replaced("n_inputs", 2**70), "needs"),
        (replaced("layers", []), "should not have"),
        (replaced("layers", {}), "layers is {}"),
        (replaced("layers", 0, "units", 0), "units must be"),
        (replaced("layers", 0, "units", "4"), "units is '4'"),
        (replaced("layers", 0, "kind", "convolution"), "a layer is of the kind 'convolution'"),
        (replaced("layers", 0, "kind", KeyError), "a layer lacks 'kind'"),
        (replaced("layers", 0, "bias", True), "a layer should not have 'bias'"),
        (replaced("layers", 0, "l1", KeyError), "a layer lacks 'l1'"),
        (replaced("layers", 0, "l1", -1.0), "l1 must be"),
        (replaced("layers", 0, "l2", None), "l2 is None"),
        (replaced("layers", 0, "activation", "relu"), "activation is 'relu'"),
        (replaced("layers", 0, "activation", {"name": "exec"}), "its activation is 'exec'"),
        (replaced("layers", 0, "activation", {"name": "relu", "slope": 1.0}), "should not have 'slope'"),
        (replaced("layers", 0, "activation", {"name": "leaky_relu", "slope": "1"}), "slope must be"),
        (replaced("layers", 0, "activation", {"name": "logistic"}), "its activation is 'logistic'"),
        (replaced("layers", 0, "initializer", None), "initializer"),
        (replaced("layers", 0, "initializer", {"name": "best"}), "its initializer is 'best'"),
        (replaced("layers", 0, "initializer", {"name": "constant"}), "initializer 'constant'"),
        (replaced("layers", 0, "initializer", {"name": "constant", "value": "1"}), "value must be"),
        (replaced("layers", 0, "bias_rate_factor", -1.0), "bias_rate_factor must be at least"),
        (replaced("layers", 0, "weight_rate_factor", None), "weight_rate_factor is None"),
        (replaced("layers", 0, "rate_factor", 1.0), "a layer should not have 'rate_factor'"),
        (replaced("layers", 0, "activation", {"name": "softmax"}), "softmax"),
        (replaced("layers", 0, "activation", {"name": "formula"}), "lacks 'text'"),
        (replaced("layers", 0, "activation", {"name": "formula", "text": 1}), "a formula must be a string, got 1"),
        (replaced("layers", 0, "activation", {"name": "formula", "text": "tanh"}), "'tanh' at column 1 is none of"),
        (replaced("layers", 0, "activation", {"name": "formula", "text": "__import__('os')"}), "is none of"),
        (replaced("layers", 0, "activation", {"name": "formula", "text": "x*" * 10**6 + "x"}), "2000001 characters"),
        (replaced("layers", 0, "activation", {"name": "formula", "text": "x" + "+x" * 499}), "more than 100 levels"),
        (replaced("layers", 0, "activation", {"name": "formula", "text": "(" * 499 + "x"}), "cannot be read"),
        (replaced("layers", 0, "activation", {"name": "formula", "text": "x*9**9**9**9"}), "constant part"),
        (replaced("layers", 0, "activation", {"name": "formula", "text": "x+1", "y": 1}), "should not have 'y'"),
        (scaled(median=THREE, deviation=THREE), "a robustscale layer lacks 'limit'"),
        (scaled(median=THREE, deviation=THREE, limit=3.0, to=[0, 1]), "a robustscale layer should not have 'to'"),
        (scaled(median=THREE, deviation=None, limit=3.0), "median and deviation must be given together"),
        (scaled(median=THREE, deviation=THREE[:2], limit=3.0), "median has 3 numbers and deviation 2"),
        (scaled(median=THREE[:2], deviation=THREE[:2], limit=3.0), "RobustScale is for 2 inputs"),
        (scaled(median=THREE, deviation=[1.0, -1.0, 1.0], limit=3.0), r"deviation\[1\] must be at least 0"),
        (scaled(median=THREE, deviation=[1.0, 1e-310, 1.0], limit=3.0), "RobustScale cannot scale"),
        (scaled(median=THREE, deviation={"0": 1.0}, limit=3.0), r"deviation\[0\] must be a number"),
        (scaled(median="123", deviation="123", limit=3.0), "median must hold one number for each input"),
        (scaled(median=THREE, deviation=THREE, limit=0), "limit must be"),
        (scaled(median=THREE, deviation=THREE, limit=True), "limit must be"),
        (scaled(median=THREE, deviation=THREE, limit=[3.0]), "limit must be"),
        (replaced("loss", {"name": "exec"}), "its loss is 'exec'"),
        (replaced("loss", {"name": "hinge"}), "loss 'hinge' needs identity or tanh"),
        (replaced("loss", {"name": "mse", "delta": 1.0}), "loss 'mse' should not have 'delta'"),
        (replaced("loss", {"name": "huber", "delta": 1.0, "class_weight": -1}), "loss 'huber' should not have"),
        (replaced("loss", {"name": "huber"}), "loss 'huber' lacks 'delta'"),
        (replaced("loss", {"name": "huber", "delta": -1.0}), "delta must be"),
        (replaced("loss", {"name": "cross_entropy", "class_weight": {"00": 1.0}}), "class_weight is '00'"),
        (replaced("loss", {"name": "cross_entropy", "class_weight": {"-1": 1.0}}), "class_weight is '-1'"),
        (replaced("loss", {"name": "cross_entropy", "class_weight": {"9" * 5000: 1.0}}), "class_weight is '999"),
        (replaced("loss", {"name": "cross_entropy", "class_weight": {"7": 1.0}}), "class_weight has the label 7"),
        (replaced("loss", {"name": "cross_entropy", "class_weight": {"0": "1"}}), r"class_weight\[0\] must be"),
        (replaced("loss", {"name": "cross_entropy", "class_weight": [1.0]}), r"its class_weight is \[1.0\]"),
        (replaced("loss", {"name": "cross_entropy", "label_smoothing": 1.0}), "label_smoothing must be"),
        (replaced("loss", {}), "name of the loss is None"),
        (replaced("dtype", "float16"), "its dtype is 'float16'"),
        (replaced("dtype", "float64"), "is 'F32', but its network needs F64"),
        (replaced("seed", "0"), "seed is '0'"),
        (replaced("seed", -1), "seed must be"),
        (replaced("seed", 2**64), "seed must be"),
        (replaced("classes", ["a"]), "classes must be"),
        (replaced("classes", [["a"], ["b"]]), "classes must be"),
        (replaced("metadata", []), "metadata must be"),
        (replaced("extra", 1), "its description should not have 'extra'"),
        (replaced("seed", KeyError), "its description lacks 'seed'"),
        (replaced("format", 2), "it has format 2 and this fastmlp reads up to 1, so upgrade"),
        (replaced("format", "1"), "its format is '1', not 1"),
        (replaced("format", True), "its format is True, not 1"),
    ],
)
def test_a_description_outside_the_vocabulary_is_refused(sound, tmp_path, edit, sentence):
    header, description, tensors = taken_apart(sound)
    edit(description)
    refuse(tmp_path / "model.safetensors", put_together(header, description, tensors), sentence)


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (replaced("__metadata__", KeyError), "does not describe a network"),
        (replaced("__metadata__", "other", ""), "does not describe a network"),
        (replaced("__metadata__", "fastmlp", 1), "does not describe a network"),
        (replaced("__metadata__", "fastmlp", "[]"), r"its description is \[\]"),
        (replaced("__metadata__", "fastmlp", "{"), "its description is not JSON"),
        (replaced("__metadata__", "fastmlp", "\ud800"), "its description is not JSON"),
        (replaced("__metadata__", "fastmlp", '{"a":' * 50_000), "its description is nested too deep"),
        (replaced("__metadata__", "fastmlp", '{"format":1,"format":1}'), "its description has a key twice"),
        (replaced("__metadata__", "fastmlp", '{"format":NaN}'), "its description holds the number NaN"),
        (replaced("__metadata__", "fastmlp", '{"format":1e999}'), "its description holds the number 1e999"),
        (replaced("layers.0.bias", KeyError), r"lacks 'layers\.0\.bias'"),
        (replaced("layers.2.bias", {}), r"should not have 'layers\.2\.bias'"),
        (replaced("layers.0.bias", []), r"layers\.0\.bias is \[\]"),
        (replaced("layers.0.bias", "shape", [2, 2]), r"has shape \[2, 2\], but its network needs \[4\]"),
        (replaced("layers.0.bias", "dtype", "BF16"), "is 'BF16', but its network needs F32"),
        (replaced("layers.0.bias", "data_offsets", [0]), r"has offsets \[0\]"),
        (replaced("layers.0.bias", "data_offsets", [0.0, 16.0]), r"has offsets \[0\.0, 16\.0\]"),
        (replaced("layers.0.bias", "data_offsets", [0, 15]), "do not fit its shape"),
        (replaced("layers.0.bias", "data_offsets", [16, 32]), "does not start where the tensor before it ends"),
        (replaced("layers.0.bias", "data_offsets", [-16, 0]), "does not start where the tensor before it ends"),
        (replaced("layers.0.bias", "extra", 1), r"layers\.0\.bias should not have 'extra'"),
    ],
)
def test_a_header_that_contradicts_the_network_is_refused(sound, tmp_path, edit, sentence):
    header, _, tensors = taken_apart(sound)
    edit(header)
    refuse(tmp_path / "model.safetensors", put_together(header, None, tensors), sentence)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_refused(sound, tmp_path, value):
    refuse(tmp_path / "model.safetensors", sound[:-4] + struct.pack("<f", value), "holds NaN or infinity")


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 8, b"PK\x03\x04" + bytes(100), b"\x80\x04\x95" + bytes(100), b"{}", b"\x93NUMPY" + bytes(100)],
)
def test_foreign_files_are_refused(tmp_path, content):
    refuse(tmp_path / "model.safetensors", content)


@pytest.mark.parametrize(
    "header", [b"[" * 100_000, b'{"a":' * 100_000, b"{" + b" " * 1000, b'{"a":1,"a":1}', b"\xff\xfe{}"]
)
def test_headers_that_are_no_plain_json_are_refused(tmp_path, header):
    refuse(tmp_path / "model.safetensors", put_together(header, None, b""), "its header")


def test_claims_of_a_small_file_take_no_memory(sound, tmp_path):
    header, description, tensors = taken_apart(sound)
    description["layers"][0]["units"] = 2**40
    header["layers.0.weights"] = {"dtype": "F32", "shape": [3, 2**40], "data_offsets": [0, 12 * 2**40]}
    header["layers.0.bias"] = {"dtype": "F32", "shape": [2**40], "data_offsets": [12 * 2**40, 16 * 2**40]}
    header["layers.1.weights"] = {"dtype": "F32", "shape": [2**40, 2], "data_offsets": [16 * 2**40, 24 * 2**40]}
    header["layers.1.bias"]["data_offsets"] = [24 * 2**40, 24 * 2**40 + 8]
    tracemalloc.start()
    try:
        refuse(tmp_path / "model.safetensors", put_together(header, description, tensors), "but 104 follow the header")
        refuse(tmp_path / "model.safetensors", b"\xff" * 8 + sound[8:], "more than the limit 16777216")
        refuse(tmp_path / "model.safetensors", (2**24).to_bytes(8, "little") + sound[8:], "it is truncated")
        # one header of 2**24 bytes may be read before its length is seen to be wrong
        assert tracemalloc.get_traced_memory()[1] < 2**24 + 2**20
    finally:
        tracemalloc.stop()


def claims(layers, n_inputs, units, metadata="{}", **others):
    """Return a file of a network with these layers, its weights zero, and with this JSON of metadata."""
    description = {
        "format": 1,
        "n_inputs": n_inputs,
        "layers": layers,
        "loss": {"name": "mse"},
        "dtype": "float32",
        "seed": 0,
        "classes": None,
        **others,
    }
    header, end, n_in = {}, 0, n_inputs
    for number, n_out in enumerate(units):
        for part, shape in (("weights", [n_in, n_out]), ("bias", [n_out])):
            size = 4 * int(np.prod(shape))
            offsets = [end, end + size]
            header[f"layers.{number}.{part}"] = {"dtype": "F32", "shape": shape, "data_offsets": offsets}
            end += size
        n_in = n_out
    text = f'{json.dumps(description)[:-1]}, "metadata": {metadata}}}'
    header["__metadata__"] = {"fastmlp": text}
    return put_together(json.dumps(header).encode(), None, bytes(end))


def dense(units=1, activation="identity"):
    kind = activation if isinstance(activation, dict) else {"name": activation}
    return {"kind": "dense", "units": units, "activation": kind, "l1": 0.0, "l2": 0.0}


def formulas(count):
    return [dense(1, {"name": "formula", "text": f"erf(x/{i + 1})*erf(x/2)*erf(x/3)*erf(x/4)"}) for i in range(count)]


MB = 2**20


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (lambda: claims([dense()], 1, [1], f'{{"a":[{"[]," * (5 * MB)}0]}}'), "values, more than 500000"),
        (lambda: claims([dense()], 1, [1], f'{{"a":[{"[]," * 200_000}0]}}'), "lists and objects, more than 100000"),
        (lambda: claims([dense()], 1, [1], f'{{"a":[{"1," * (7 * MB)}0]}}'), "values, more than 500000"),
        (lambda: claims([dense()], 1, [1], f'{{"a":"{":" * 200_000}"}}'), "members of objects, more than 150000"),
        (lambda: claims([dense()], 1, [1], f'{{"a":{"9" * (5 * MB)}}}'), "its description holds the number 99999"),
        (
            lambda: claims([dense()], 1, [1], f'{{"a":{"[" * 900}{"]" * 900}}}'),
            "metadata is nested deeper than 32 levels",
        ),
        (lambda: claims([dense()] * 6000, 1, [1] * 6000), "it has 6000 layers, more than 5000"),
        (lambda: claims(formulas(1000), 1, [1] * 1000), r"its formulas have \d+ characters, more than 10000"),
        # the core would make 16 units of one
        (
            lambda: claims([dense()], 3 * MB, [1]),
            "its network would take 201326656 bytes for 12582916 bytes of weights",
        ),
    ],
    ids=range(9),
)
def test_what_would_cost_much_is_refused_before_it_does(tmp_path, content, sentence):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content())
    size = path.stat().st_size
    tracemalloc.start()
    try:
        with pytest.raises(fm.ModelFileError, match=sentence) as caught:
            fm.load(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # bytes and text of the header, and what 6000 layers are as objects of Python (8.3 MB with 3.10, less with 3.11)
    assert peak < 2.5 * size + 9 * MB
    assert len(str(caught.value)) < 400


def test_many_layers_are_read_and_their_formula_is_parsed_once(tmp_path, monkeypatch):
    from fastmlp import activations

    parsed = []
    monkeypatch.setattr(activations, "parse", lambda text, real=activations.parse: (parsed.append(text), real(text))[1])
    text = "x*tanh(x) + 0.123"
    path = tmp_path / "model.safetensors"
    path.write_bytes(claims([dense(1, {"name": "formula", "text": text})] * 2000, 1, [1] * 2000))
    assert len(fm.load(path).layers) == 2000
    assert parsed == [text]


def test_what_would_not_be_read_is_not_written(tmp_path):
    path = tmp_path / "model.safetensors"
    net = fm.Network(1, [fm.Dense(1)])
    net.metadata = {"a": [[]] * 100_001}
    with pytest.raises(ValueError, match="this network was not written: its description, with classes"):
        net.save(path)
    with pytest.raises(ValueError, match="this network was not written: its network would take"):
        fm.Network(2 * MB, [fm.Dense(1)]).save(path)
    assert not path.exists()


def test_a_large_tensor_is_read_in_pieces_between_which_signals_come(tmp_path, monkeypatch):
    from fastmlp._files import safetensors

    fm.Network(500, [fm.Dense(1000)], seed=0).save(tmp_path / "model.safetensors")
    sizes = []

    def exactly(file, count, real=safetensors._exactly):
        sizes.append(count)
        return real(file, count)

    monkeypatch.setattr(safetensors, "_exactly", exactly)
    fm.load(tmp_path / "model.safetensors")
    # the header's length, the header, two pieces of the weights, the bias
    assert len(sizes) == 5
    assert max(sizes) <= safetensors.PIECE


def test_two_tensors_that_changed_places_are_seen(tmp_path):
    # of one shape: no claim contradicts another
    net = fm.Network(2, [fm.Dense(2, "tanh"), fm.Dense(2, "softmax")], seed=0)
    net.save(tmp_path / "model.safetensors")
    content = (tmp_path / "model.safetensors").read_bytes()
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    names = "layers.0.weights", "layers.1.weights"
    header[names[0]], header[names[1]] = header[names[1]], header[names[0]]
    content = put_together(header, None, content[8 + size :])
    refuse(tmp_path / "model.safetensors", content, "its digest is of another content")
