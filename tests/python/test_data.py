"""X as users have it: every numeric layout gives the bits of the clean array, everything else one clear sentence.

What could go wrong: memory read in a wrong order or byte order, or past an edge (the layouts differ from the clean
array), a conversion that loses information or takes nonsense for numbers (the table of bad X), a check that writes into
its argument (read-only arrays, and the comparison with a copy), a sentence that names the wrong place.
"""

import numpy as np
import pytest

import fastmlp as fm

RNG = np.random.default_rng(0)
# integers up to 100 are exact in every numeric dtype, so that one clean array serves them all
CLEAN = RNG.integers(0, 100, (20, 6)).astype(np.float64)
LABELS = RNG.integers(0, 3, 20)


def misaligned(array):
    memory = np.empty(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    memory[...] = array
    assert not memory.flags.aligned
    return memory


def read_only(array):
    array = array.copy()
    array.setflags(write=False)
    return array


def every_second(array, axis):
    wide = np.full([2 * n if i == axis else n for i, n in enumerate(array.shape)], 55, array.dtype)
    strided = wide[::2] if axis == 0 else wide[:, ::2]
    strided[...] = array
    return strided


LAYOUTS = {
    "list": lambda a: a.tolist(),
    "transposed": lambda a: a.T.copy().T,
    "fortran": np.asfortranarray,
    "strided rows": lambda a: every_second(a, 0),
    "strided columns": lambda a: every_second(a, 1),
    "negative stride": lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
    "big-endian": lambda a: a.astype(">f8"),
    "big-endian float32": lambda a: a.astype(">f4"),
    "big-endian int16": lambda a: a.astype(">i2"),
    "read-only": read_only,
    "misaligned": misaligned,
    "misaligned float32": lambda a: misaligned(a.astype(np.float32)),
    "strided uint8": lambda a: every_second(a.astype(np.uint8), 1),
    "matrix": lambda a: a.astype(np.float32).view(np.matrix),
    "unmasked": lambda a: np.ma.masked_array(a, mask=False),
    **{
        name: (lambda a, name=name: a.astype(name))
        for name in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")
    },
    **{name: (lambda a, name=name: a.astype(name)) for name in ("float16", "float32")},
}


def network(dtype="float32"):
    return fm.Network(6, [fm.Dense(5, "tanh"), fm.Dense(3, "softmax")], dtype=dtype, seed=1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_bits_of_the_clean_array(layout, dtype):
    X = LAYOUTS[layout](CLEAN)
    before = np.array(X)
    clean, same = network(dtype), network(dtype)
    assert np.array_equal(same.forward(X), clean.forward(CLEAN))
    assert same.loss(X, LABELS) == clean.loss(CLEAN, LABELS)
    assert np.array_equal(same.gradients(X, LABELS).inputs, clean.gradients(CLEAN, LABELS).inputs)
    same.fit(X, LABELS, epochs=2, batch_size=7)
    clean.fit(CLEAN, LABELS, epochs=2, batch_size=7)
    assert np.array_equal(same.get_parameters(), clean.get_parameters())
    assert np.array_equal(before, X)


def test_bools_are_zeros_and_ones():
    X = CLEAN > 50
    assert np.array_equal(network().forward(X[:, ::-1]), network().forward(X[:, ::-1].astype(float)))


def test_a_memory_map_is_read_where_it_lies(tmp_path):
    np.save(tmp_path / "X.npy", CLEAN)
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert np.array_equal(network().forward(X), network().forward(CLEAN))


def test_a_frame_of_numbers_is_an_array():
    class Frame:
        def __array__(self, dtype=None, copy=None):
            return CLEAN

    assert np.array_equal(network().forward(Frame()), network().forward(CLEAN))


class Sparse:
    def toarray(self):
        raise AssertionError("a sparse matrix must not be made dense behind the user's back")


def with_value(value, row=3, column=4, dtype=np.float64):
    X = CLEAN.astype(dtype)
    X[row, column] = value
    return X


TOO_MANY_BITS = 2**53 + 1
BAD = [
    (CLEAN[:, :5], ValueError, "X has 5 columns, but the network expects 6 inputs."),
    (CLEAN[:, :1], ValueError, "X has 1 column, but the network expects 6 inputs."),
    (CLEAN[0], ValueError, "X has shape (6,), but must be (samples, inputs): use X.reshape(1, -1) for one sample"),
    (
        CLEAN.reshape(20, 2, 3),
        ValueError,
        "X has shape (20, 2, 3), but must be (samples, inputs): use X.reshape(20, -1).",
    ),
    (5.0, ValueError, "X has shape (), but must be (samples, inputs)."),
    (CLEAN[:0], ValueError, "X has no rows: give at least one sample."),
    ([], ValueError, "X has shape (0,)"),
    (with_value(np.nan), ValueError, "X holds NaN in row 3, column 4: remove or fill missing values first."),
    (
        with_value(np.nan, 19, 5, np.float32),
        ValueError,
        "X holds NaN in row 19, column 5: remove or fill missing values",
    ),
    (with_value(np.nan, 0, 0, np.float16), ValueError, "X holds NaN in row 0, column 0: remove or fill missing values"),
    (with_value(np.nan).T.copy().T, ValueError, "X holds NaN in row 3, column 4:"),
    (with_value(np.inf), ValueError, "X holds infinity in row 3, column 4: remove or fill infinite values first."),
    (with_value(-np.inf), ValueError, "X holds infinity in row 3, column 4:"),
    (with_value(-1e39), ValueError, "X holds -1e+39 in row 3, column 4, which float32 cannot hold: scale the data"),
    (
        with_value(TOO_MANY_BITS, dtype=np.int64),
        ValueError,
        f"X holds the integer {TOO_MANY_BITS} in row 3, column 4, which float64 would round",
    ),
    (with_value(-TOO_MANY_BITS, dtype=np.int64), ValueError, f"X holds the integer -{TOO_MANY_BITS} in row 3"),
    (with_value(2**64 - 1, dtype=np.uint64), ValueError, f"X holds the integer {2**64 - 1} in row 3"),
    (None, TypeError, "X must be an array of real numbers, got None"),
    ("text", TypeError, "X must be an array of real numbers, got str of dtype <U4"),
    (CLEAN.astype(str), TypeError, "X must be an array of real numbers, got ndarray of dtype <U"),
    (CLEAN.astype(str).astype(object), TypeError, "X must be an array of real numbers, got ndarray of dtype object"),
    (CLEAN.astype(complex), TypeError, "X must be an array of real numbers, got ndarray of dtype complex128"),
    (CLEAN.astype("M8[s]"), TypeError, "X must be an array of real numbers, got ndarray of dtype datetime64[s]"),
    pytest.param(
        [[1, 2], [3]],
        ValueError,
        "X must be an array of numbers, but cannot be made into one: setting an array element with a sequence.",
        marks=pytest.mark.skipif(np.__version__.startswith("1.23."), reason="NumPy 1.23 only warns of it"),
    ),
    (Sparse(), TypeError, "X is sparse (Sparse), but must be dense: use X.toarray()."),
    (np.ma.masked_equal(CLEAN, CLEAN[0, 0]), ValueError, "X has masked values: remove or fill them first."),
    (np.zeros((2, 6), [("a", "f8")]), TypeError, "X must be an array of real numbers"),
]


@pytest.mark.parametrize(("X", "kind", "sentence"), BAD, ids=[sentence for *_, sentence in BAD])
def test_bad_data_gives_its_sentence_and_changes_nothing(X, kind, sentence):
    net = network()
    before = net.get_parameters()
    calls = (net.predict, net.forward, net.activations, lambda X: net.loss(X, LABELS), lambda X: net.fit(X, LABELS))
    for call in calls:
        with pytest.raises(kind) as caught:
            call(X)
        assert str(caught.value).startswith(sentence)
        assert ". " not in str(caught.value), "one sentence"
    assert np.array_equal(net.get_parameters(), before)


def test_wider_floats_than_float64_are_refused():
    if np.dtype(np.longdouble).itemsize == 8:
        pytest.skip("long double is float64 here")
    with pytest.raises(TypeError, match=r"at most float64 is used: use X\.astype\('float64'\)\.$"):
        network().predict(CLEAN.astype(np.longdouble))


def test_large_values_fit_into_a_network_of_float64():
    assert np.isfinite(network("float64").forward(with_value(1e39))).all()


def test_validation_data_are_called_by_their_name():
    with pytest.raises(ValueError, match=r"^validation_data\[0\] has 5 columns, but the network expects 6 inputs\.$"):
        network().fit(CLEAN, LABELS, validation_data=(CLEAN[:, 1:], LABELS))
    with pytest.raises(ValueError, match=r"^validation_data\[1\]\[0\] is 3, but the network has 3 classes"):
        network().fit(CLEAN, LABELS, validation_data=(CLEAN, LABELS * 0 + 3))
    with pytest.raises(
        ValueError, match=rf"^validation_data\[1\] has 1 row, but validation_data\[0\] has {len(CLEAN)}: "
    ):
        network().fit(CLEAN, LABELS, validation_data=(CLEAN, LABELS[:1]))
    pair = r"^validation_data must be a pair \(X, y\), or \(X, y, sample_weight\), got"
    with pytest.raises(TypeError, match=rf"{pair} ndarray\.$"):
        network().fit(CLEAN, LABELS, validation_data=CLEAN)
    with pytest.raises(TypeError, match=rf"{pair} 1 of them\.$"):
        network().fit(CLEAN, LABELS, validation_data=(CLEAN,))
    with pytest.raises(ValueError, match=r"^validation_data\[2\] has shape \(1,\), but must have .* of valid"):
        network().fit(CLEAN, LABELS, validation_data=(CLEAN, LABELS, [1.0]))


def test_validation_samples_have_weights():
    weights = np.arange(1.0, len(LABELS) + 1)
    net = network()
    history = net.fit(CLEAN, LABELS, epochs=1, validation_data=(CLEAN, LABELS, weights))
    expected = net.evaluate(CLEAN, LABELS, sample_weight=weights)
    assert history["validation_loss"] == [expected["loss"]]
    assert history["validation_accuracy"] == [expected["accuracy"]]
