"""Reading tables: what could go wrong, and which test sees it.

A number is read inexactly or a column taken for another (exact), what spreadsheets add is taken for data, or their
delimiter for a part of a name (dialects, delimiter), a table of twice the columns costs four times the work (columns),
a cell that is no number, a short row, a missing name or encoding passes or gives a sentence that does not say where
(bad files) or one as long as the file (long), an NPZ runs code, takes what is no table, or escapes with an error of
zipfile's (bad archives). Where the bytes come from is in test_sources.py.
"""

from __future__ import annotations

import io
import pickle
import zipfile

import numpy as np
import pytest

from fastmlp.cli import _csv
from fastmlp.cli._tables import read_table


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data.csv"


def test_numbers_are_exact_and_columns_in_order(path):
    path.write_text("a,kind,b\n0.1,x,-1e-300\n 2 ,y,123456789.123456789\n")
    table = read_table(path, target="kind")
    assert table.feature_names == ["a", "b"]
    np.testing.assert_array_equal(table.features, [[0.1, -1e-300], [2.0, 123456789.123456789]])
    assert table.features.dtype == np.float64
    assert table.target.tolist() == ["x", "y"]


def test_chosen_features_come_in_the_order_asked_for(path):
    path.write_text("a,b,id\n1,2,n1\n3,4,n2\n")
    table = read_table(path, features=["b", "a"], need_target=False)
    np.testing.assert_array_equal(table.features, [[2.0, 1.0], [4.0, 3.0]])
    assert table.target is None


def test_a_target_that_is_not_needed_is_still_no_feature(path):
    path.write_text("a,y\n1,2\n")
    assert read_table(path, target="y", need_target=False).feature_names == ["a"]
    assert read_table(path, target="z", need_target=False).feature_names == ["a", "y"]


@pytest.mark.parametrize(
    "content",
    [
        b"a,kind\n1,x y\n2,z\n",
        b"\xef\xbb\xbfa,kind\r\n1,x y\r\n2,z\r\n",
        b'"a","kind"\n"1","x y"\n"2","z"',
        b" a , kind \n1, x y \n2,z\n\n\n",
        b'\n \r\n,,\n""\na,kind\n1,x y\n2,z\n',
        b"\xef\xbb\xbf\r\na;kind\r\n1;x y\r\n2;z\r\n",
        b"a\tkind\n1\tx y\n2\tz\n",
        b",a,kind\n0,1,x y\n1,2,z\n",
        b'"";"a";"kind"\n"r1";"1";"x y"\n"r2";"2";"z"\n',
        b"a,kind\r1,x y\r2,z\r",
        b"a,kind\n1,x y\n2,z\n,\n , \n\n   \n",
    ],
)
def test_the_dialects_of_spreadsheets_are_read_alike(path, content):
    path.write_bytes(content)
    table = read_table(path, target="kind")
    assert (table.feature_names, table.features.tolist(), table.target.tolist()) == (
        ["a"],
        [[1.0], [2.0]],
        ["x y", "z"],
    )


def test_quoted_cells_may_hold_commas_and_line_ends(path):
    path.write_text('a,kind\n1,"x, ""y""\nz"\n2,w\nq,w\n')
    with pytest.raises(ValueError, match="line 5, column 'a': 'q' is not a number"):
        read_table(path, target="kind")
    path.write_text('a,kind\n1,"x, ""y""\nz"\n')
    assert read_table(path, target="kind").target.tolist() == ['x, "y"\nz']


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty: a table begins with a line of column names"),
        (b"\n\n", "is empty"),
        (b"a,y\n", "has no rows below its header"),
        (b"1,2\n3,4\n", "begins with a line of numbers"),
        (b"a,y,a\n1,2,3\n", "two columns with the name 'a'"),
        (b"a,,y\n0,1,2\n", "column 2 has no name"),
        (b"a,y,\n0,1,\n", "column 3 has no name"),
        (b",y\n0,1\n", "has no column but the target 'y'"),
        (b"a,b\n1,2\n", "there is no column 'y'; the columns are 'a', 'b'"),
        (b"y\n1\n", "has no column but the target 'y'"),
        (b"a,y\n1,2\n3\n", "line 3: 1 cells, but the header has 2 columns"),
        (b"a,y\n1,2,3\n", "line 2: 3 cells"),
        (b"a,y\n1,2\n\n3,4\n", "line 3: the line is empty, but rows follow"),
        (b"a,y\n1,2\n,\n3,4\n", "line 3: the line is empty, but rows follow"),
        (b"a,y\n1,2\nx,4\n", "line 3, column 'a': 'x' is not a number; only the target may be text"),
        (b"a,y\n1,2\n1_000,4\n", "line 3, column 'a': '1_000' is not a number"),
        (b"a,y\n1,2\n,4\n", "line 3, column 'a': the cell is empty"),
        (b"a,y\n1,2\nnan,4\n", "row 2 below the header, column 'a': nan is not finite"),
        (b"a,y\n1,2\n1e999,4\n", "column 'a': inf is not finite"),
        (b"a,y\n1,\n", "line 2, column 'y': the target is empty"),
        (b'a,y\n1,"2\n', "this is not CSV"),
        (b'a,y\n1,"2"3\n', "this is not CSV"),
        (b"a,y\n1,\xe4\n", "is not UTF-8 text"),
        (b"\xff\xfea\x00,\x00", "is not UTF-8 text"),
        (b"a|y\n1|2\n", "there is no column 'y'; the columns are 'a|y'; if there are more, give --delimiter"),
        (b"a;y\n1,5;2\n", "line 2, column 'a': '1,5' is not a number; write decimals with a point"),
        (b"a,y\nNA,2\n", "line 2, column 'a': 'NA' is a missing value; fill it or remove the row"),
        (b"a,y\n" + b"1" * 200_000 + b",2\n", "this is not CSV"),
    ],
)
def test_bad_files_get_a_sentence_that_says_where(path, content, sentence):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=sentence) as caught:
        read_table(path, target="y")
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "names"),
    [
        # of a name that holds a delimiter, the next line tells what it is
        (b"a;b,y\n1,2\n", ["a;b"]),
        (b"a, cm;b, cm, in;y\n1;2;3\n", ["a, cm", "b, cm, in"]),
        (b'"a, cm";"b";y\n1;2;3\n', ["a, cm", "b"]),
        (b"a b\ty\n1\t2\n", ["a b"]),
    ],
)
def test_the_delimiter_is_the_one_that_header_and_rows_agree_on(path, content, names):
    path.write_bytes(content)
    assert read_table(path, target="y").feature_names == names


@pytest.mark.parametrize("delimiter", ["|", ";", " ", "\t"])
def test_a_delimiter_that_is_given_is_taken(path, delimiter):
    path.write_text("a,y\n1,2\n3,4\n".replace(",", delimiter))
    table = read_table(path, target="y", delimiter=delimiter)
    assert (table.features.tolist(), table.target.tolist()) == ([[1.0], [3.0]], ["2", "4"])
    path.write_text("a,y\n1,2\n")
    with pytest.raises(ValueError, match="there is no column 'y'"):
        read_table(path, target="y", delimiter=delimiter)


def test_a_first_column_without_a_name_is_left_out_and_told(path):
    # as pandas writes a frame whose columns are numbers: no line of numbers, but a header
    path.write_text(",0,1,y\nr0,1,2,a\nr1,3,4,b\n")
    table = read_table(path, target="y")
    assert (table.feature_names, table.features.tolist(), table.skipped_index) == (["0", "1"], [[1, 2], [3, 4]], True)
    path.write_text("x,y\n1,a\n")
    assert not read_table(path, target="y").skipped_index


class Name(str):
    """A name that counts how often it is compared with another."""

    __slots__ = ()
    compared = 0
    __hash__ = str.__hash__

    def __eq__(self, other):
        Name.compared += 1
        return str.__eq__(self, other)

    def strip(self, *_):
        return self


@pytest.mark.parametrize("chosen", [False, True], ids=["all features", "chosen features"])
def test_a_table_of_many_columns_costs_a_few_comparisons_for_each(path, monkeypatch, chosen):
    width = 2000
    names = [f"column {index}" for index in range(width)]
    path.write_text(",".join(names) + "\n" + ",".join("1" * width) + "\n")
    reader = _csv.csv.reader
    monkeypatch.setattr(_csv.csv, "reader", lambda *a, **k: Counting(reader(*a, **k)))
    Name.compared = 0
    table = read_table(path, target=names[-1], features=names[-2::-1] if chosen else None)
    assert len(table.feature_names) == width - 1
    # of every name with another it would be 2 million
    assert 0 < Name.compared < 10 * width


class Counting:
    def __init__(self, reader):
        self._reader = reader

    def __getattr__(self, name):
        return getattr(self._reader, name)

    def __iter__(self):
        return self

    def __next__(self):
        return [Name(cell) for cell in next(self._reader)]


@pytest.mark.parametrize(
    "content",
    ["a,y\n1,2\n", ",".join(f"a rather long name of column {i}" for i in range(3000)), "b" * 100_000 + ",c\nx,3\n"],
)
def test_a_sentence_about_long_names_is_short(path, content):
    path.write_text(content)
    with pytest.raises(ValueError, match="column") as caught:
        read_table(path, target="y" * 100_000)
    # twenty names of at most sixty characters and some words
    assert len(str(caught.value)) < 2000


def test_an_endless_line_is_refused_before_it_fills_the_memory(path, monkeypatch):
    monkeypatch.setattr(_csv, "MAX_LINE", 1000)
    path.write_text("a,b\n1," + "2" * 1000)
    with pytest.raises(ValueError, match=r"line 2: this is not CSV \(the line has 1000 characters or more\)"):
        read_table(path, need_target=False)


def test_files_that_are_not_there_are_named(tmp_path):
    for place in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(FileNotFoundError, match=f"{place.name} is not a file"):
            read_table(place)


@pytest.mark.parametrize("dtype", ["uint8", "int64", "bool", "float16", "float32", ">f8"])
def test_an_npz_gives_x_and_y(tmp_path, dtype):
    X = np.arange(6).reshape(3, 2).astype(dtype)
    np.savez_compressed(tmp_path / "data.npz", X=X, y=np.arange(3), kind=np.array(["a", "b", "c"]))
    table = read_table(tmp_path / "data.npz")
    assert table.feature_names == ["x0", "x1"]
    assert table.features.dtype == np.float64
    np.testing.assert_array_equal(table.features, X)
    assert table.target.tolist() == [0, 1, 2]
    assert read_table(tmp_path / "data.npz", target="kind").target.tolist() == ["a", "b", "c"]
    assert read_table(tmp_path / "data.npz", target="z", need_target=False).target is None


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"y": np.zeros(2)}, "has no array 'X'; its arrays are 'y'"),
        ({"X": np.zeros((2, 2))}, "has no array 'y'; its arrays are 'X'"),
        ({"X": np.zeros(2), "y": np.zeros(2)}, r"X must be numbers of shape \(samples, inputs\), got float64 \(2,\)"),
        ({"X": np.zeros((0, 2)), "y": np.zeros(0)}, "X must be numbers"),
        ({"X": np.array([["a"]]), "y": np.zeros(1)}, "X must be numbers"),
        ({"X": np.zeros((2, 2), complex), "y": np.zeros(2)}, "X must be numbers"),
        ({"X": np.array([[1.0, np.nan]]), "y": np.zeros(1)}, "X holds nan in row 0, column 1"),
        ({"X": np.zeros((2, 2)), "y": np.zeros(3)}, r"y must be numbers or text of shape \(2,\), got float64 \(3,\)"),
        ({"X": np.zeros((2, 2)), "y": np.array([0.0, np.nan])}, "y, row 1: 'nan' stands for a missing value"),
        ({"X": np.zeros((2, 2)), "y": np.array(["a", "NA"])}, "y, row 1: 'NA' stands for a missing value"),
        ({"X": np.array([[object()]]), "y": np.zeros(1)}, "is not an NPZ file of plain arrays"),
    ],
)
def test_bad_archives_get_a_sentence(tmp_path, arrays, sentence):
    np.savez(tmp_path / "data.npz", **arrays)
    with pytest.raises(ValueError, match=sentence):
        read_table(tmp_path / "data.npz")


def test_damaged_archives_get_a_sentence(tmp_path):
    path = tmp_path / "data.npz"
    np.savez_compressed(path, X=np.arange(40.0).reshape(20, 2), y=np.arange(20))
    content = path.read_bytes()
    np.save(tmp_path / "single.npy", np.zeros((2, 2)))
    foreign = [b"", b"PK\x03\x04", b"abc", (tmp_path / "single.npy").read_bytes()]
    generator = np.random.default_rng(0)
    damaged = []
    for _ in range(500):
        changed = bytearray(content)
        changed[generator.integers(0, len(content))] ^= 1 << generator.integers(0, 8)
        damaged.append(bytes(changed))
    refused = 0
    for bad in foreign + [content[:size] for size in range(0, len(content), 7)] + damaged:
        path.write_bytes(bad)
        try:
            read_table(path)
        except ValueError:
            refused += 1
    # some bits matter to nobody, such as those of times
    assert refused > 300


def test_no_sentence_tells_how_to_load_a_pickle(tmp_path):
    (tmp_path / "data.npz").write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(ValueError, match=r"is not an NPZ file of plain arrays \(it is not a zip archive\)\.$"):
        read_table(tmp_path / "data.npz")


def test_an_archive_that_claims_too_much_is_an_error(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (2**40, 2**20)})
    with zipfile.ZipFile(tmp_path / "data.npz", "w") as archive:
        archive.writestr("X.npy", header.getvalue())
    with pytest.raises((ValueError, MemoryError)):
        read_table(tmp_path / "data.npz")
