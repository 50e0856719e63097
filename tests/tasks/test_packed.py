"""Packed and foreign files as tables: read, or named with what to do; damaged ones and bombs refused."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from synthgrad.streams import Streams
from synthgrad.tasks import data_files, packed
from synthgrad.tasks.data_files import DataError
from synthgrad.tasks.table import Table, TableOptions

TEXT = "x,y\n" + "".join(f"{i},{i / 2}\n" for i in range(40))
PLAIN = TEXT.encode()
LITTLE = 100 << 20


def zipped(**entries: bytes) -> bytes:
    """A zip file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return file.getvalue()


def tarred() -> bytes:
    """A tar file."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        info = tarfile.TarInfo("m.csv")
        info.size = len(PLAIN)
        archive.addfile(info, io.BytesIO(PLAIN))
    return file.getvalue()


def sizes(directory: Path, name: str, data: bytes) -> tuple[int, int]:
    """Inputs and rows of a table file with these bytes. Raises DataError."""
    path = directory / name
    path.write_bytes(data)
    found = TableOptions(name="table", path=str(path), target="y").sizes()
    return found.n_x, found.train + found.test


def said(directory: Path, name: str, data: bytes) -> str:
    """What is wrong with such a file, on one line."""
    with pytest.raises(DataError) as error:
        sizes(directory, name, data)
    assert "\n" not in str(error.value)
    return str(error.value)


READ: dict[str, tuple[str, bytes]] = {
    "gzip": ("m.csv.gz", gzip.compress(PLAIN)),
    "gzip-of-two-parts": ("m.csv.gz", gzip.compress(PLAIN[:100]) + gzip.compress(PLAIN[100:])),
    "gzip-by-another-name": ("m.csv", gzip.compress(PLAIN)),
    "xz": ("m.csv.xz", lzma.compress(PLAIN)),
    "bzip2": ("m.csv.bz2", bz2.compress(PLAIN)),
    "zip": ("m.zip", zipped(m_csv=PLAIN)),
    "zip-in-a-folder": ("m.zip", zipped(a__m_csv=PLAIN)),
    "utf-16": ("m.csv", TEXT.encode("utf-16")),
    "utf-16-big-endian": ("m.csv", b"\xfe\xff" + TEXT.encode("utf-16-be")),
    "utf-16-packed": ("m.csv.gz", gzip.compress(TEXT.encode("utf-16"))),
    "utf-8-mark": ("m.csv", TEXT.encode("utf-8-sig")),
    "sep": ("m.csv", b"sep=;\n" + PLAIN.replace(b",", b";")),
    "sep-and-mark": ("m.csv", b"\xef\xbb\xbfsep=;\r\n" + PLAIN.replace(b",", b";")),
    "sep-in-quotes": ("m.csv", b'"sep=;"\r\n' + PLAIN.replace(b",", b";")),
    "sep-tab": ("m.csv", b"sep=\t\n" + PLAIN.replace(b",", b"\t")),
    "bars": ("m.csv", PLAIN.replace(b",", b"|")),
}


@pytest.mark.parametrize(("name", "data"), READ.values(), ids=READ)
def test_a_table_is_read_however_it_is_packed_and_encoded(tmp_path: Path, name: str, data: bytes) -> None:
    """By its first bytes, not by its name."""
    assert sizes(tmp_path, name, data) == (1, 40)


def test_lines_are_counted_from_the_first_of_the_file(tmp_path: Path) -> None:
    """The line of Excel's separator too."""
    assert "m.csv:4: column 'x': 'b' is not a number" in said(tmp_path, "m.csv", b"sep=;\nx;y\n1;.5\nb;.7\n")


FOREIGN: dict[str, tuple[str, bytes, str]] = {
    "parquet": ("m.parquet", b"PAR1" + bytes(50), "is a Parquet file, which is not read (with pandas: read_parquet('m"),
    "xlsx": (
        "m.xlsx",
        zipped(xl__workbook_xml=b"", a_xml=b""),
        "is an Excel file, which is not read (save the sheet as C",
    ),
    "xls": (
        "m.xls",
        b"\xd0\xcf\x11\xe0" + bytes(50),
        "is an Excel file, which is not read (save the sheet as CSV UTF-8",
    ),
    "ods": (
        "m.ods",
        zipped(mimetype=b"x", content_xml=b""),
        "is an OpenDocument file, which is not read (save the sheet",
    ),
    "feather": (
        "m.feather",
        b"ARROW1" + bytes(50),
        "is an Arrow file, which is not read (with pandas: read_feather('m.",
    ),
    "hdf5": (
        "m.h5",
        b"\x89HDF\r\n\x1a\n" + bytes(50),
        "is an HDF5 file, which is not read (save its arrays with numpy",
    ),
    "pickle": (
        "m.pkl",
        b"\x80\x04" + bytes(50),
        "is a pickle, which is never loaded, which is not read (save it as CSV)",
    ),
    "json": (
        "m.json",
        b'[{"x": 1}]',
        "is JSON, which is not read (with pandas: read_json('m.json').to_csv('m.csv', index",
    ),
    "page": ("m.csv", b"<!DOCTYPE html>", "is a web page, which is not read (fetch the CSV file itself)"),
    "zstd": (
        "m.csv.zst",
        b"\x28\xb5\x2f\xfd" + bytes(50),
        "is a Zstandard file, which is not read (unpack it, or pack",
    ),
    "tar": ("m.tar", tarred(), "is a tar archive, which is not read (unpack it, and name the table in it)"),
    "tar-gz": ("m.tar.gz", gzip.compress(tarred()), "m.tar.gz: the file in it: is a tar archive, which is not read"),
    "parquet-in-gzip": ("m.gz", gzip.compress(b"PAR1" + bytes(50)), "m.gz: the file in it: is a Parquet file"),
    "packed-twice": (
        "m.gz",
        gzip.compress(gzip.compress(PLAIN)),
        "the file in it: is packed again, which is not read (un",
    ),
    "zip-of-two": (
        "m.zip",
        zipped(a_csv=PLAIN, b_csv=PLAIN),
        "is a zip file with 2 files in it (expected one, the table",
    ),
    "zip-of-none": ("m.zip", zipped(), "is a zip file with no file in it"),
    "utf-16-without-mark": (
        "m.csv",
        TEXT.encode("utf-16-le"),
        "holds NUL bytes, so it is not a CSV file (if it is UTF-16, save",
    ),
    "sep-alone": ("m.csv", b"sep=;\n\n", "m.csv: has no line of names (expected one, then rows)"),
    "latin-1": ("m.csv", "x,größe\n1,2\n".encode("latin-1"), "is not UTF-8 text (save it as CSV UTF-8, or as an NPZ"),
    "odd-utf-16": ("m.csv", TEXT.encode("utf-16")[:-1], "is not UTF-8 text"),
}


@pytest.mark.parametrize(("name", "data", "what"), FOREIGN.values(), ids=FOREIGN)
def test_a_file_of_another_format_is_named_with_what_to_do(tmp_path: Path, name: str, data: bytes, what: str) -> None:
    """In place of complaints about its columns."""
    assert what in said(tmp_path, name, data)


PACK: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "xz": lzma.compress,
    "bz2": bz2.compress,
    "zip": lambda data: zipped(m_csv=data),
}


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_packed_table_that_is_cut_gets_one_message(tmp_path: Path, kind: str, share: float) -> None:
    """Wherever it is cut."""
    data = PACK[kind](PLAIN * 20)
    what = said(tmp_path, f"m.csv.{kind}", data[: int(len(data) * share)])
    assert "get it again" in what
    assert "m.csv." in what


@pytest.mark.parametrize("kind", PACK)
def test_a_packed_table_that_is_damaged_gets_one_message(tmp_path: Path, kind: str) -> None:
    """At any byte, or it is read as it was, where the byte tells nothing."""
    whole = PACK[kind](PLAIN)
    for place in range(len(whole)):
        data = bytearray(whole)
        data[place] ^= 0x55
        with suppress(DataError):
            assert sizes(tmp_path, "m", bytes(data))[1] == 40


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("unit", [b"1,1\n", b"1", b"\n", b","], ids=["rows", "one-line", "empty-lines", "one-row"])
def test_a_bomb_is_refused_by_what_it_unpacks_to(
    tmp_path: Path, kind: str, unit: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Next to nothing of it is kept; whoever means it unpacks it."""
    monkeypatch.setattr(packed, "FREE_BYTES", 1 << 16)
    monkeypatch.setattr(packed, "MAX_RATIO", 20)
    data = PACK[kind](b"x,y\n" + unit * ((1 << 20) // len(unit)))
    tracemalloc.start()
    try:
        what = said(tmp_path, "m", data)
        assert tracemalloc.get_traced_memory()[1] < LITTLE
    finally:
        tracemalloc.stop()
    assert "unpacks to far more than its" in what


def test_a_packed_table_beyond_the_machine_is_refused_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How much is in it nobody knows before."""
    monkeypatch.setattr(data_files, "memory", lambda: 500)
    assert "to train on which would take" in said(tmp_path, "m.csv.gz", gzip.compress(PLAIN))


# cells of a text file -----------------------------------------------------------------------------


def test_true_and_false_are_1_and_0(tmp_path: Path) -> None:
    """In a column of nothing else, in any case."""
    path = tmp_path / "m.csv"
    path.write_text("a,b,y\n1,True,.5\n2,false,.7\n3,TRUE,.9\n")
    options = TableOptions(name="table", path=str(path), target="y", test_share=0, standardize=False)
    x = Table(options, Streams(1)).train.x
    np.testing.assert_array_equal(x[np.argsort(x[:, 0])], [[1, 1], [2, 0], [3, 1]])


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        (["True", "1"], ":3: column 'x': '1' stands among True and False (expected True or False, as in the"),
        (["1", "True"], ":3: column 'x': 'True' is not a number"),
        (["True", "NA"], ":3: column 'x': 'NA' looks like a missing value"),
        (["True", "yes"], ":3: column 'x': 'yes' is not a number (expected True or False, as in"),
        (["1", "None"], ":3: column 'x': 'None' looks like a missing value (fill it in, or leave the row out)"),
        (["1", "2021-03-05"], ":3: column 'x': '2021-03-05' looks like a date or a time (write a number, such as"),
        (["1", '"2,5"'], ":3: column 'x': '2,5' looks like a number in another notation (write 2.5)"),
        (['"1,000"', '"2,5"'], ":2: column 'x': '1,000' looks like a number in another notation (write 1.000)"),
        (["1", "2,5"], ":3: has 3 values, but the header 2 names (quote values with a delimiter in them; write a dec"),
    ],
)
def test_an_input_that_is_no_number_is_told_what_it_looks_like(tmp_path: Path, cells: list[str], what: str) -> None:
    """And what to write."""
    assert what in said(tmp_path, "m.csv", "".join(["x,y\n", *(f"{cell},.5\n" for cell in cells)]).encode())


def test_a_header_may_have_numbers_in_it(tmp_path: Path) -> None:
    """Wavelengths, years, the numbers of columns."""
    for names in ("350.5,351.0,y", "2019,2020,y", "0,1,y"):
        assert sizes(tmp_path, "m.csv", f"{names}\n1,2,.5\n3,4,.7\n".encode()) == (2, 2)
    assert "did you mean 'yy'?" in said(tmp_path, "m.csv", b"350.5,351.0,yy\n1,2,.5\n")


HEADERS = {
    "numbers": "0,0,72,31.53\n0,1,44,14.06\n",
    "fractions-and-a-class": "5.1,3.5,1.4,setosa\n4.9,3.0,1.4,virginica\n",
    "a-gap": "1,,3\n4,5,6\n",
    "whole-numbers-and-a-class": "0,0,1,b\n0,1,1,m\n",
}


@pytest.mark.parametrize("text", HEADERS.values(), ids=HEADERS)
def test_a_missing_header_is_told_with_the_line_to_write(tmp_path: Path, text: str) -> None:
    """As many names as there are columns, the target last."""
    names = ",".join([*(f"x{i}" for i in range(1, text.partition("\n")[0].count(",") + 1)), "y"])
    assert (
        f"m.csv:1: the header seems to be missing: these are values (write a line of names above, such as {names})"
        in (said(tmp_path, "m.csv", text.encode()))
    )
