"""Networks as headers of C: what could go wrong, and which test sees it.

A layer, an activation or a scaling computes something else in C, be it the last bit (random networks, every activation
over its range), the more so where a compiler fuses what it should not (g++) or has no fused multiply-add (plain
builds, within a tolerance that follows from the weights); a compiler warns (-Werror with all that is asked for); a file
needs a library, keeps something between calls, or two of them meet in one program; a wrong argument leaves a file.

Plain arithmetic is held to ``tolerance_of`` each row, which _export/c_tests.py derives; all else to the bit.
"""

from __future__ import annotations

import hashlib
import re
import subprocess

import numpy as np
import pytest
from exported_c import FORMULAS, WARNINGS, builds, compare, random_export, run

import fastmlp as fm
from docs import pages
from fastmlp._export import c_activations, c_network
from fastmlp._model.description import Described
from fastmlp.activations import ACTIVATIONS
from fastmlp.layers import Layer

needs_compiler = pytest.mark.skipif(not builds(), reason="there is no C compiler here: gcc, clang and cc are missing")
# at the ends of what functions tell apart, and beyond
EDGES = [0.0, 1e-45, 1e-38, 1e-32, 2.0**-60, 1e-9, 0.5, 1.0, 2.5, 8.9, 17.3, 69.3, 87.3, 88.7, 105.0, 708.5, 1e4, 1e30]


def two_layers(**arguments):
    return fm.Network(3, [fm.Dense(5, "tanh"), fm.Dense(2, "softmax")], seed=0, **arguments)


def compiled(folder, body, *options, language="c"):
    """Return the finished process of a compiler on a function around some lines, with model.h included."""
    source = folder / f"main.{language}"
    source.write_text(f'#include "model.h"\n#include <stdio.h>\nint main(void) {{\n{body}\nreturn 0;\n}}\n')
    command = builds()[0].command[0]
    return subprocess.run(
        [command, "-std=c99", *WARNINGS, *options, source, "-o", folder / "main"], capture_output=True, text=True
    )


@needs_compiler
@pytest.mark.parametrize("seed", range(10))
def test_a_random_network_computes_the_same_in_c(seed, tmp_path):
    net, X = random_export(seed)
    assert compare(net, X, builds(), tmp_path) == []


@needs_compiler
def test_every_activation_has_its_bits_over_its_whole_range_and_headers_share_a_program(tmp_path):
    x = np.concatenate([np.linspace(-12, 12, 500), EDGES, np.negative(EDGES)])
    nets = {}
    for dtype in ("float32", "float64"):
        for number, activation in enumerate([*ACTIVATIONS, *FORMULAS]):
            net = fm.Network(1, [fm.Dense(1, activation)], dtype=dtype, seed=0)
            net.set_parameters([1.0, 0.0])
            nets[f"a{number}_{dtype}"] = net
    lines, includes = [], []
    for name, net in nets.items():
        net.to_c(tmp_path / f"{name}.h", name=name, gradient=True)
        real = {"float32": "float", "float64": "double"}[str(net.dtype)]
        includes.append(f'#include "{name}.h"')
        lines.append(
            f"for (j = 0; j < {len(x)}; ++j) {{ {real} s[{name.upper()}_GRADIENT_SCRATCH], y[2], v[2] = {{1, 1}}; "
            f"v[0] = ({real})x[j]; {name}_forward(v, y, s); {name}_gradient(v, v + 1, y + 1, s); "
            "fwrite(y, sizeof y, 1, stdout); }"
        )
    main = [*includes, "#include <stdio.h>", "int main(void) {", f"static double x[{len(x)}]; int j;"]
    main += ["if (fread(x, sizeof x, 1, stdin) != 1) return 1;", *lines, "return 0; }", ""]
    for way in builds():
        source = tmp_path / f"main.{way.language}"
        source.write_text("\n".join(main))
        subprocess.run([*way.command, source, "-o", tmp_path / "main"], check=True)
        left = subprocess.run(tmp_path / "main", input=x.tobytes(), capture_output=True, check=True).stdout
        for name, net in nets.items():
            X = x.astype(net.dtype)[:, np.newaxis]
            size = 2 * len(x) * net.dtype.itemsize
            (found, slopes), left = np.frombuffer(left[:size], net.dtype).reshape(-1, 2).T, left[size:]
            expected = net.forward(X)[:, 0]
            if way.plain:
                # roundings of the argument and of the value; far away they are larger than what is computed
                near = (np.abs(x) <= 100) & np.isfinite(expected)
                scale = (np.maximum(1, np.abs(expected)) * np.maximum(1, np.abs(x)))[near]
                off = np.abs(found[near] - expected[near]) / scale
                assert off.max() <= 8 * np.finfo(net.dtype).eps, (way.name, name, x[near][off.argmax()])
            else:
                assert np.array_equal(found, expected, equal_nan=True), (way.name, name, x[found != expected])
                right = net.vjp(X, np.ones_like(X))[:, 0]
                assert np.array_equal(slopes, right, equal_nan=True), (way.name, name, x[slopes != right])


@needs_compiler
def test_a_header_calls_nothing_but_memcpy_and_keeps_nothing(tmp_path):
    layers = [fm.RobustScale([0.0] * 3, [1.0] * 3), *(fm.Dense(4, name) for name in ACTIVATIONS if name != "softmax")]
    units = fm.Standardize([5.0, -4.0], [2.0, 3.0])
    net = fm.Network(3, [*layers, fm.LayerNorm(), fm.Maxout(3), fm.Dense(2)], seed=0, scale_targets=units)
    net.to_c(tmp_path / "model.h")
    for option in ("-march=native", "-O2"):
        body = "float x[3] = {0}, s[MODEL_SCRATCH]; double y[2]; model_predict(x, y, s); return model_selftest();"
        assert compiled(tmp_path, body, "-c", option).stderr == ""
        symbols = subprocess.run(["nm", "-u", tmp_path / "main"], capture_output=True, text=True, check=True).stdout
        # the compiler may make one of loops that set or copy, and guard its stack
        assert set(symbols.split()) <= {"U", "memcpy", "memset", "memmove", "__stack_chk_fail", "_GLOBAL_OFFSET_TABLE_"}
    text = (tmp_path / "model.h").read_text()
    assert set(re.findall(r"static (\w+)", text)) == {"inline", "const"}


@needs_compiler
def test_fast_math_is_refused_by_the_compiler(tmp_path):
    two_layers().to_c(tmp_path / "model.h")
    for option in ("-ffast-math", "-Ofast", "-ffinite-math-only"):
        done = compiled(tmp_path, "", option)
        assert done.returncode
        assert "compile without -ffast-math" in done.stderr
    assert compiled(tmp_path, "").returncode == 0


@needs_compiler
@pytest.mark.parametrize(
    ("first", "second"), [("model", "model"), ("model", "model_gradient"), ("model_gradient", "model")]
)
def test_two_headers_whose_names_meet_do_not_compile(first, second, tmp_path):
    two_layers().to_c(tmp_path / "model.h", name=first, gradient=True)
    fm.Network(2, [fm.Dense(1)], seed=1).to_c(tmp_path / "other.h", name=second, gradient=True)
    assert compiled(tmp_path, '#include "model.h"').returncode == 0
    (tmp_path / "both.h").write_text('#include "model.h"\n#include "other.h"\n')
    source = tmp_path / "both.c"
    source.write_text('#include "both.h"\n')
    done = subprocess.run(
        [builds()[0].command[0], "-std=c99", "-c", source, "-o", tmp_path / "both.o"], capture_output=True
    )
    assert done.returncode != 0
    assert b"under another name" in done.stderr


@needs_compiler
@pytest.mark.parametrize("option", ["-march=native", "-O1"])
def test_the_self_test_sees_one_wrong_weight(tmp_path, option):
    net = two_layers()
    net.to_c(tmp_path / "model.h")
    text = (tmp_path / "model.h").read_text()
    weight = f"{net.layers[0].weights[1, 2]:.9g}f"
    assert text.count(weight) == 1
    (tmp_path / "model.h").write_text(text.replace(weight, f"{net.layers[0].weights[1, 2] + 1e-3:.9g}f"))
    assert compiled(tmp_path, "return model_selftest();", option).returncode == 0
    assert subprocess.run(tmp_path / "main").returncode > 0


@needs_compiler
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_embeddings_have_their_bits_for_numbers_of_every_size(dtype, tmp_path):
    random = np.random.default_rng(0)
    sizes = [size for size in EDGES if size < 1e20]
    X = np.array([*random.normal(size=(200, 2)) * 3, *([[size, -size] for size in sizes])], dtype)
    waves = fm.Network(2, [fm.Periodic(9, 5), fm.Dense(3, "tanh")], dtype=dtype, seed=0)
    # of both signs, none, hardly any, and more than the core tells apart
    waves.embedding.frequencies[:] = [0.0, 1e-32, -1e-10, -0.3, 0.7, -1.0, 25.0, -1e3, 3e4]
    waves.embedding.phases[:] = [0.25, -0.25, 0.1, 1e-33, -0.4, 0.5, -3.0, 0.0, 2e3]
    # bins of one width and of others, of one column fewer, and a column without any
    edges = ((-3.0, -1.0, -0.5, 0.5, 2.0**-1 + 2.0**-20, 3.0), (1.0,))
    bins = fm.Network(2, [fm.PiecewiseLinear(5, edges), fm.Dense(3, "tanh")], dtype=dtype, seed=0)
    # sums of two columns and of a bias
    edges = ((-3.0, -1.0, 0.1, 2.0), (-2.0, 0.0, 0.3, 1.7, 2.0, 4.0))
    several = fm.Network(2, [fm.PiecewiseLinear(5, edges), fm.Dense(19, "tanh")], dtype=dtype, seed=0)
    several.set_parameters(random.normal(size=several.n_parameters))
    # dropout takes shares one by one, in the order of a product
    dropped = fm.Network(2, [bins.embedding, fm.Dropout(0.5), fm.Dense(3, "tanh")], dtype=dtype, seed=0)
    for net in (waves, bins, several, dropped):
        assert compare(net, X, builds(), tmp_path) == []


@needs_compiler
def test_what_scaling_makes_infinite_is_beyond_the_last_bin(tmp_path):
    layers = [fm.Standardize([0.0] * 2, [1e-3] * 2), fm.PiecewiseLinear(3, ((-1.0, 0.0, 1.0, 2.0), (0.5,)))]
    net = fm.Network(2, [*layers, fm.Dense(3, "tanh")], seed=0)
    assert compare(net, np.array([[3e38, -3e38], [0.0, 3e38]], np.float32), builds(), tmp_path) == []
    net.to_c(tmp_path / "model.h", gradient=True)
    outputs = run(net, np.array([[np.inf, 0.0]], np.float32), builds()[0]._replace(plain=True), tmp_path)[2]
    assert np.isnan(outputs).all()


@needs_compiler
@pytest.mark.parametrize("embedding", [[], [fm.Periodic(2)], [fm.PiecewiseLinear(2, ((0.0, 1.0),) * 3)]])
def test_nan_goes_through_and_has_no_class(embedding, tmp_path):
    scaling = fm.Standardize([0.0] * 3, [1.0] * 3)
    net = fm.Network(3, [scaling, *embedding, fm.Dense(4, "relu"), fm.Maxout(3), fm.Dense(2, "softmax")], seed=0)
    net.to_c(tmp_path / "model.h", gradient=True)
    way = builds()[0]._replace(plain=True)
    X = np.zeros((2, 3), np.float32)
    X[1, 1] = np.nan
    _, _, outputs, gradient, labels = run(net, X, way, tmp_path)
    assert np.isnan(outputs).any(axis=1).tolist() == [False, True]
    assert np.isnan(gradient).any(axis=1).tolist() == [False, True]
    assert labels.ravel().tolist() == [net.predict(X[:1])[0], -1]


@needs_compiler
def test_the_program_of_the_guide_prints_what_its_page_says(tmp_path):
    page = pages.FOLDER / "guide" / "c.md"
    printed = pages.run(page, tmp_path)[0].splitlines()[-1]
    (tmp_path / "main.c").write_text(re.search(r"```c\n(#include.*?)```", page.read_text("utf-8"), re.DOTALL)[1])
    way = builds()[0]
    subprocess.run([*way.command, tmp_path / "main.c", "-o", tmp_path / "main"], check=True)
    found = subprocess.run(tmp_path / "main", capture_output=True, text=True, check=True).stdout
    assert found.split() == [printed.split()[0].strip("[]"), printed.split()[1]]


@needs_compiler
def test_names_of_classes_and_inputs_are_those_given(tmp_path):
    net = two_layers()
    net.classes = ['a "quoted" \\ one', "d\u00e9j\u00e0 ??/ */ vu"]
    features = ["model_length", "MODEL_INPUTS\n", "%d \U0001f600"]
    net.to_c(tmp_path / "model.h", feature_names=features)
    body = 'int i; for (i = -1; i < 4; ++i) printf("%s|%s|", model_class_name(i), model_feature_name(i));'
    assert compiled(tmp_path, body).stderr == ""
    shown = subprocess.run(tmp_path / "main", capture_output=True, check=True).stdout.decode()
    pairs = zip(["", *net.classes, "", ""], ["", *features, ""], strict=True)
    assert shown == "".join(f"{name}|{feature}|" for name, feature in pairs)


def test_a_header_names_the_version_and_the_hash_of_the_model_file_and_is_the_same_twice(tmp_path):
    net = two_layers()
    net.metadata["note"] = "kept"
    net.to_c(tmp_path / "model.h")
    net.save(tmp_path / "model.safetensors")
    text = (tmp_path / "model.h").read_text()
    digest = hashlib.sha256((tmp_path / "model.safetensors").read_bytes()).hexdigest()
    assert text.count(digest) == 2
    assert f"written by fastmlp {fm.__version__};" in text
    fm.load(tmp_path / "model.safetensors").to_c(tmp_path / "again.h")
    assert (tmp_path / "again.h").read_text() == text
    net.to_c(tmp_path / "other.h", name="digits_2")
    assert "model_" not in (tmp_path / "other.h").read_text().lower()


def test_flash_and_ram_in_the_comment_are_those_of_the_arrays(tmp_path):
    net = fm.Network(40, [fm.Dense(100, "relu"), fm.Dense(100, "relu"), fm.Dense(10)], seed=0)
    net.to_c(tmp_path / "model.h")
    text = (tmp_path / "model.h").read_text()
    assert f"{4 * net.n_parameters} bytes of numbers" in text
    assert "#define MODEL_SCRATCH 200\n" in text
    assert "800 bytes" in text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"name": "2nd"}, "name must be a name in C, .* got '2nd'"),
        ({"name": "_model"}, "name must be a name in C"),
        ({"name": "a__b"}, "name must be a name in C"),
        ({"name": "m" * 41}, "at most 40"),
        ({"feature_names": ["a", "b"]}, "feature_names must be a list of 3 names, got"),
        ({"feature_names": ["a", "b", 3]}, "feature_names must be a list of 3 names"),
        # of any order, and its letters
        ({"feature_names": {"a", "b", "c"}}, "feature_names must be a list of 3 names"),
        ({"feature_names": "abc"}, "feature_names must be a list of 3 names, got 'abc'"),
        ({"feature_names": ["a", "b", "c" * 5000]}, "an input has a name of 5000 bytes"),
        ({"feature_names": ["a", "b", "c\0d"]}, "an input has a NUL in its name"),
        ({"feature_names": ["a", "b", "\ud800"]}, "an input has a name that is no text"),
    ],
)
def test_a_wrong_argument_is_a_sentence_and_leaves_no_file(arguments, sentence, tmp_path):
    with pytest.raises(ValueError, match=sentence):
        two_layers().to_c(tmp_path / "model.h", **arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_network_that_cannot_be_written_is_a_sentence_and_leaves_no_file(tmp_path, monkeypatch):
    class Embedding(Layer):
        name = "embedding"

        def __repr__(self):
            return "Embedding(7)"

    path = tmp_path / "model.h"
    net = two_layers()
    with monkeypatch.context() as patch:
        walk = c_network.described
        patch.setattr(c_network, "described", lambda model: iter([*list(walk(model))[:1], Described(Embedding())]))
        with pytest.raises(ValueError, match=r"layers\[1\] is Embedding\(7\), which cannot be written as C"):
            net.to_c(path)
    with monkeypatch.context() as patch:
        patch.setattr(c_activations, "PLAIN", ())
        with pytest.raises(ValueError, match=r"the activation Tanh\(\) cannot be written as C"):
            net.to_c(path)
    net.layers[0].weights[0, 0] = np.nan
    with pytest.raises(ValueError, match=r"layers\[0\].weights holds NaN"):
        net.to_c(path)
    large = fm.Network(1, [fm.Dense(1), fm.Dense(1)], seed=0)
    large.set_parameters([3e38, 0, 3e38, 0])
    with pytest.raises(ValueError, match="outputs for ordinary inputs are not finite"):
        large.to_c(path)
    with pytest.raises(ValueError, match="scale_targets has not learned its numbers"):
        fm.Network(1, [fm.Dense(1)], scale_targets=True).to_c(path)
    for layer, kind in ((fm.Standardize(), "Standardize"), (fm.PiecewiseLinear(4), "PiecewiseLinear")):
        with pytest.raises(ValueError, match=f"{kind} has not learned its"):
            fm.Network(1, [layer, fm.Dense(1)]).to_c(path)
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_cannot_be_written_is_said_before_anything_is_done(tmp_path):
    net = two_layers()
    with pytest.raises(ValueError, match="is the name of an ONNX model, but C is written"):
        net.to_c(tmp_path / "model.onnx")
    with pytest.raises(FileNotFoundError, match="is not a folder"):
        net.to_c(tmp_path / "missing" / "model.h")
    with pytest.raises(TypeError, match="path must be the name of a file"):
        net.to_c(3)
    with pytest.raises(TypeError, match="name must be a name in C"):
        net.to_c(tmp_path / "model.h", name=b"model")
    assert list(tmp_path.iterdir()) == []
