"""Reading MNIST's files: what could go wrong, and which test sees it.

A file is taken for what it is not (of another kind), a damaged or cut file gives pixels anyway (truncation, flipped
bit), a header that claims more than the file holds takes memory (claims too much, unpacks to more), images and labels
do not belong together (go together, one size), values or order change (come back).
The files are made here, tiny; the sizes 3 and 2 x 5 are different, so that exchanged dimensions are seen.
"""

from __future__ import annotations

import gzip
import struct
import tracemalloc

import numpy as np
import pytest

from fastmlp.datasets import load_mnist

NAMES = {
    ("train", 3): "train-images-idx3-ubyte",
    ("train", 1): "train-labels-idx1-ubyte",
    ("t10k", 3): "t10k-images-idx3-ubyte",
    ("t10k", 1): "t10k-labels-idx1-ubyte",
}


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">{1 + array.ndim}I", 0x0800 + array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def arrays():
    generator = np.random.default_rng(0)
    return {
        (part, rank): generator.integers(0, 256, size=(n, 2, 5)[: 3 if rank == 3 else 1], dtype=np.uint8)
        for part, n in (("train", 3), ("t10k", 4))
        for rank in (3, 1)
    }


@pytest.fixture
def folder(tmp_path, arrays):
    for key, array in arrays.items():
        (tmp_path / f"{NAMES[key]}.gz").write_bytes(gzip.compress(idx(array)))
    return tmp_path


def assert_is(loaded, arrays):
    for values, key in zip(loaded, NAMES, strict=True):
        assert values.dtype == np.uint8
        assert values.flags.writeable
        np.testing.assert_array_equal(values, arrays[key].reshape(len(arrays[key]), -1).squeeze())


def test_the_four_files_come_back_as_rows_of_pixels_and_labels(folder, arrays):
    loaded = load_mnist(folder)
    assert [values.shape for values in loaded] == [(3, 10), (3,), (4, 10), (4,)]
    assert_is(loaded, arrays)


@pytest.mark.parametrize("mark", ["-", "."])
@pytest.mark.parametrize("end", [".gz", ""])
def test_plain_and_dotted_names_are_found(tmp_path, arrays, mark, end):
    for key, array in arrays.items():
        name = NAMES[key].replace("-idx", f"{mark}idx") + end
        (tmp_path / name).write_bytes(gzip.compress(idx(array)) if end else idx(array))
    assert_is(load_mnist(str(tmp_path)), arrays)


def test_a_missing_folder_and_a_missing_file_are_named(folder):
    with pytest.raises(FileNotFoundError, match="nowhere is not a folder"):
        load_mnist(folder / "nowhere")
    (folder / f"{NAMES['t10k', 1]}.gz").unlink()
    with pytest.raises(FileNotFoundError, match=r"holds no t10k-labels-idx1-ubyte\.gz"):
        load_mnist(folder)


def test_every_truncation_of_a_gzip_file_is_refused(folder):
    path = folder / f"{NAMES['train', 3]}.gz"
    content = path.read_bytes()
    for size in range(len(content)):
        path.write_bytes(content[:size])
        with pytest.raises(ValueError, match=rf"^\S*{path.name} "):
            load_mnist(folder)


def test_every_truncation_of_a_plain_file_is_refused(folder, arrays):
    (folder / f"{NAMES['train', 1]}.gz").unlink()
    path = folder / NAMES["train", 1]
    content = idx(arrays["train", 1])
    for size in range(len(content)):
        path.write_bytes(content[:size])
        with pytest.raises(ValueError, match=r"truncated|ends inside its header"):
            load_mnist(folder)


def test_a_flipped_bit_in_a_gzip_file_is_refused_or_harmless(folder, arrays):
    path = folder / f"{NAMES['train', 3]}.gz"
    content = path.read_bytes()
    refused = 0
    for bit in range(8 * len(content)):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            loaded = load_mnist(folder)
        except ValueError:
            refused += 1
        else:
            # bits of gzip's own header (time, system) change nothing
            assert_is(loaded, arrays)
    # all but the 7 bytes of time, extra flags and system, and some flag bits, are under a checksum
    assert refused > 8 * (len(content) - 10)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (idx(np.zeros(8, np.uint8)), "is not an IDX file of images: its magic number is 2049, not 2051"),
        (b"\x00" * 100, "its magic number is 0, not 2051"),
        (struct.pack(">4I", 2051, 0, 2, 5), "is empty"),
        (struct.pack(">4I", 2051, 3, 2, 5) + bytes(31), "more bytes follow than the 30"),
        (struct.pack(">4I", 2051, 3, 2, 5) + bytes(29), "30 bytes of data, but 29 follow"),
        (b"", "ends inside its header"),
    ],
)
def test_files_of_another_kind_or_size_are_refused(folder, content, sentence):
    path = folder / f"{NAMES['train', 3]}.gz"
    path.write_bytes(gzip.compress(content))
    with pytest.raises(ValueError, match=sentence):
        load_mnist(folder)


def test_a_header_that_claims_too_much_takes_no_memory(folder):
    path = folder / f"{NAMES['train', 3]}.gz"
    path.write_bytes(gzip.compress(struct.pack(">4I", 2051, *[2**32 - 1] * 3) + bytes(1000)))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="more than it can hold"):
            load_mnist(folder)
        # the buffers of gzip take some 100 kB
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_a_file_that_unpacks_to_more_than_it_says_is_not_unpacked(folder):
    path = folder / f"{NAMES['train', 3]}.gz"
    path.write_bytes(gzip.compress(struct.pack(">4I", 2051, 3, 2, 5) + bytes(50_000_000)))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="more bytes follow"):
            load_mnist(folder)
        # far below the 50 MB
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_images_and_labels_must_go_together(folder, arrays):
    path = folder / f"{NAMES['train', 1]}.gz"
    path.write_bytes(gzip.compress(idx(arrays["t10k", 1])))
    with pytest.raises(ValueError, match=r"holds 3 images, but train-labels-idx1-ubyte\.gz holds 4 labels"):
        load_mnist(folder)


def test_training_and_test_images_must_have_one_size(folder):
    path = folder / f"{NAMES['t10k', 3]}.gz"
    path.write_bytes(gzip.compress(idx(np.zeros((4, 5, 3), np.uint8))))
    with pytest.raises(ValueError, match=r"images of 2 x 5 pixels, but t10k-images-idx3-ubyte\.gz of 5 x 3"):
        load_mnist(folder)
