"""Where tables come from: what could go wrong, and which test sees it.

A pipe is refused, read twice, or taken for a part of what a slow writer sends (pipes); the standard input is closed for
those who come after (standard input); what gzip packed is read as text, or damage ends in an error of zlib's (gzip).
"""

from __future__ import annotations

import gzip
import io
import os
import sys
import threading

import numpy as np
import pytest

from fastmlp.cli._tables import read_table

CSV = b"a,kind\n1,x\n2,y\n"


def contents(table):
    return table.features.tolist(), table.target.tolist()


EXPECTED = ([[1.0], [2.0]], ["x", "y"])


@pytest.fixture(params=["csv", "csv.gz", "npz"])
def content(request):
    if request.param == "npz":
        archive = io.BytesIO()
        np.savez(archive, X=[[1.0], [2.0]], kind=["x", "y"])
        return archive.getvalue()
    return gzip.compress(CSV) if request.param == "csv.gz" else CSV


def test_standard_input_is_read_and_left_open(content, monkeypatch):
    stdin = io.TextIOWrapper(io.BytesIO(content))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert contents(read_table("-", target="kind")) == EXPECTED
    assert not stdin.buffer.closed


def test_a_pipe_is_read_however_slowly_it_is_written(content, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def write():
        with open(pipe, "wb", buffering=0) as file:
            for index in range(0, len(content), 50):
                file.write(content[index : index + 1])
                file.write(content[index + 1 : index + 50])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert contents(read_table(pipe, target="kind")) == EXPECTED
    finally:
        writer.join()


def test_a_descriptor_of_the_shell_is_read(content):
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    try:
        assert contents(read_table(f"/dev/fd/{reading}", target="kind")) == EXPECTED
    finally:
        os.close(reading)


@pytest.mark.parametrize("name", ["data.csv.gz", "data.csv"])
def test_gzip_is_told_by_its_content(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(gzip.compress(CSV[:9]) + gzip.compress(CSV[9:]))
    assert contents(read_table(path, target="kind")) == EXPECTED


def test_damaged_gzip_files_get_a_sentence(tmp_path):
    path = tmp_path / "data.csv.gz"
    whole = gzip.compress(CSV)
    wrong_sum = whole[:-8] + b"abcd" + whole[-4:]
    for bad in (whole[:5], whole[:-3], whole[:14] + b"\xff" * 4 + whole[18:], wrong_sum, whole + b"more"):
        path.write_bytes(bad)
        with pytest.raises(ValueError, match=r"data\.csv\.gz is a damaged gzip file \(.*[^.]\)\.$"):
            read_table(path, target="kind")


def test_what_holds_no_table_gets_a_sentence(monkeypatch):
    with pytest.raises(ValueError, match="/dev/null is empty"):
        read_table("/dev/null")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a,kind\nz,x\n")))
    with pytest.raises(ValueError, match=r"^the standard input, line 2, column 'a': 'z' is not a number"):
        read_table("-", target="kind")
    # what Python makes of <&- in a shell
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(ValueError, match="the standard input is closed"):
        read_table("-")


def test_a_delimiter_is_not_for_an_npz(tmp_path):
    np.savez(tmp_path / "data.npz", X=[[1.0]], y=[1])
    with pytest.raises(ValueError, match="has no delimiter: leave out --delimiter"):
        read_table(tmp_path / "data.npz", delimiter=";")
