"""Malformed data files, through the command line: one message, exit code 2, nothing left behind."""

from __future__ import annotations

import gzip
import io
import os
import re
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from support.commands import typed
from support.data_files import IMAGES, LABELS, TABLE, TRAIN, idx_bytes, write_csv, write_idx, write_npz

from synthgrad.config import dump
from synthgrad.tasks import data_files

SPARSE = 3 << 30
"""Bytes of a file that takes none on the disk."""
LITTLE = 100 << 20
"""Bytes that may be taken to refuse it."""
TEXTS = {
    "text": ("a,b,d\n1,2,3\n4,x7,6\n", "table.csv:3: column 'b': 'x7' is not a number (expected one; task.columns"),
    "decimal-comma": (
        "a;b;d\n1;2,5;3\n",
        "table.csv:2: column 'b': '2,5' looks like a number in another notation (write 2.5)",
    ),
    "underscores": (
        "a,b,d\n1,1_000,3\n",
        "table.csv:2: column 'b': '1_000' looks like a number in another notation (write 1000)",
    ),
    "missing": ("a,b,d\n1,2,3\n4,,6\n", "table.csv:3: column 'b': is missing (fill it in, or leave the row out)"),
    "missing-target": ("a,b,d\n1,2,3\n4,5,\n", "table.csv:3: column 'd': is missing (fill it in, or"),
    "nan": ("a,b,d\n1,nan,3\n4,5,6\n", "table.csv:2: column 'b': 'nan' looks like a missing value (fill it in, or"),
    "infinite": ("a,b,d\n1,2,3\n4,-inf,6\n", "table.csv:3: column 'b': '-inf' is not a finite number"),
    "too-large": ("a,b,d\n1,1e999,3\n4,5,6\n", "table.csv:2: column 'b': '1e999' is not a finite number"),
    "nan-target": (
        "a,b,d\n1,2,3\n4,5,nan\n",
        "table.csv:3: column 'd': 'nan' looks like a missing value, in 1 row (fill it in, or",
    ),
    "one-class": ("a,b,d\n1,2,yes\n4,5,yes\n", "there is only one class, 'yes', in "),
    "no-target": ("a,b,dd\n1,2,3\n", "has no column 'd' (did you mean 'dd'? there are 'a', 'b', 'dd')"),
    "no-header": (
        "1,2,3\n4,5,6\n",
        "csv:1: the header seems to be missing: these are values (write a line of names above, such as x1,x2,d)",
    ),
    "only-a-target": ("d\n1\n2\n", "table.csv: has no column except the target 'd': there is nothing to learn from"),
    "no-rows": ("a,b,d\n", "table.csv: has no rows below its header"),
    "empty": ("", "table.csv: is empty (expected a line of names, then rows)"),
    "twice": ("a,a,d\n1,2,3\n", "table.csv:1: two columns are called 'a' (rename one)"),
    "no-name": ("a,,d\n1,2,3\n", "table.csv:1: column 2 has no name (name it, or delete it)"),
    "short-row": ("a,b,d\n1,2,3\n\n4\n", "table.csv:4: has 1 value, but the header 3 names"),
    "long-row": ("a,b,d\n1,2,3,4\n", "table.csv:2: has 4 values, but the header 3 names"),
    "open-quote": ('a,b,d\n1,2,3\n4,"5,6\n', "table.csv:3: is not a row of a CSV file: unexpected end of data"),
    "odd-quote": ('a,b,d\n1,"2"3,3\n', "table.csv:2: is not a row of a CSV file: ',' expected after '\"'"),
}
"""A table without which target d cannot be learned, and a part of what is said of it."""


class Case(NamedTuple):
    """A way to write files into a directory, which returns the options of a task, and what is said of it."""

    write: Callable[[Path], dict[str, Any]]
    said: str


def table(write: Callable[[Path], Path], **options: Any) -> Callable[[Path], dict[str, Any]]:
    """The options of a table that is written so."""
    return lambda directory: {"name": "table", "path": str(write(directory)), "target": "d", **options}


def csv(text: str, **options: Any) -> Callable[[Path], dict[str, Any]]:
    """A CSV file of this text."""
    return table(lambda directory: write_csv(directory, text), **options)


def npz(**arrays: Any) -> Callable[[Path], dict[str, Any]]:
    """An NPZ file of these arrays."""
    return table(lambda directory: write_npz(directory, **arrays))


def file(name: str, data: bytes, **options: Any) -> Callable[[Path], dict[str, Any]]:
    """A table file of these bytes."""

    def write(directory: Path) -> Path:
        (directory / name).write_bytes(data)
        return directory / name

    return table(write, **options)


def sparse(name: str) -> Callable[[Path], dict[str, Any]]:
    """A table file of 3 GiB of nothing."""

    def write(directory: Path) -> Path:
        (directory / name).touch()
        os.truncate(directory / name, SPARSE)
        return directory / name

    return table(write)


def idx(change: Callable[[Path], object] = lambda path: None, **more: Any) -> Callable[[Path], dict[str, Any]]:
    """The files of an image set, changed."""

    def write(directory: Path) -> dict[str, Any]:
        write_idx(directory, **more)
        change(directory)
        return {"name": "idx", "path": str(directory)}

    return write


def changed(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    """Change the bytes of a file."""
    return lambda directory: (directory / name).write_bytes(change((directory / name).read_bytes()))


class Harm:
    """Would leave a file behind if it were unpickled."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("unpickled",)


def packed(**entries: bytes) -> bytes:
    """A zip file of these entries."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in entries.items():
            archive.writestr(f"{name}.npy", data)
    return file.getvalue()


def npy(array: Any) -> bytes:
    """An array as an NPY file."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


D = np.arange(80.0)
BAD = np.where(D == 7, np.nan, D)
HUGE = npy(np.zeros(1)).replace(b"(1,), }" + b" " * 11, b"(400000000000,), }")
IMAGES_FILE, LABELS_FILE = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def end_of(data: bytes) -> bytes:
    """All but the last three bytes."""
    return data[:-3]


def empty_but_large(directory: Path) -> None:
    """3 GiB of nothing in place of images."""
    (directory / IMAGES_FILE).write_bytes(b"")
    os.truncate(directory / IMAGES_FILE, SPARSE)


def head_of_3_gib(directory: Path) -> None:
    """Four million images of 28 x 28 that its head speaks of, of which there is nothing on the disk."""
    path = directory / IMAGES_FILE
    path.write_bytes(bytes([0, 0, 8, 3]) + struct.pack(">3I", 4_000_000, 28, 28))
    os.truncate(path, 16 + 4_000_000 * 28 * 28)


CASES = {
    **{f"csv-{name}": Case(csv(text), said) for name, (text, said) in TEXTS.items()},
    "csv-latin-1": Case(file("t.csv", "a,d\n1,größer\n".encode("latin-1")), "t.csv: is not UTF-8 text"),
    "csv-binary": Case(file("t.csv", b"a,d\n1,\0\n"), "t.csv: holds NUL bytes, so it is not a CSV file"),
    "csv-sparse": Case(sparse("t.csv"), "t.csv: "),
    "csv-no-column": Case(csv("age,d\n1,2\n", columns="agee"), "{path} has no column 'agee' (did you mean 'age'?"),
    "csv-target-among-inputs": Case(csv("a,d\n1,2\n", columns=["a", "d"]), "task.columns: 'd' is the target: it"),
    "csv-column-twice": Case(csv("a,d\n1,2\n", columns=["a", "a"]), "task.columns: names 'a' twice (leave one out)"),
    "csv-text-as-values": Case(csv("a,d\n1,x\n2,y\n", kind="values"), "table.csv:2: column 'd': 'x' is not a number"),
    "no-file": Case(table(lambda directory: directory / "none.csv"), "none.csv: there is no such file"),
    "a-directory": Case(table(lambda directory: directory), ": is a directory (expected a file)"),
    "npz-pickle": Case(npz(x=TABLE, d=np.array([Harm()] * 80)), "the array 'd' holds Python objects, which only a"),
    "npz-pickled-input": Case(npz(x=np.array([Harm()] * 80), d=D), "the array 'x' holds Python objects, which only a"),
    "npz-no-array": Case(npz(x=TABLE, dd=D), "has no array 'd' (did you mean 'dd'? there are 'x', 'dd')"),
    "npz-lengths": Case(npz(x=TABLE[:79], d=D), "the array 'x' has 79 rows, but 'd' 80 (expected as many)"),
    "npz-nan": Case(npz(x=np.c_[D, BAD], d=D), "the array 'x' is not finite in row 7, counted from 0 (leave it out)"),
    "npz-nan-target": Case(npz(x=TABLE, d=BAD), "the array 'd' is not finite in row 7, counted from 0 (leave it out)"),
    "npz-text": Case(npz(x=D.astype(str), d=D), "the array 'x' holds text, not numbers (task.columns names the"),
    "npz-one-class": Case(npz(x=TABLE, d=np.ones(80)), "there is only one class, '1.0', in "),
    "npz-dates": Case(npz(x=D.astype("M8[s]"), d=D), "the array 'x' holds datetime64[s], which is not a kind of"),
    "npz-a-number": Case(npz(x=np.array(3.0), d=D), "the array 'x' is a single number (expected one row"),
    "npz-no-rows": Case(npz(x=TABLE[:0], d=D[:0]), "the array 'd' has no rows"),
    "npz-no-columns": Case(npz(x=TABLE[:, :0], d=D), "the array 'x' has rows without a number, (80, 0)"),
    "npz-not-a-zip": Case(file("t.npz", b"a,b\n1,2\n"), "t.npz: is no NPZ file, or cut short (file is not a zip file;"),
    "npz-cut-short": Case(file("t.npz", end_of(packed(d=npy(D), x=npy(TABLE)))), "t.npz: is no NPZ file, or cut short"),
    "npz-array-cut-short": Case(file("t.npz", packed(d=npy(D)[:-3], x=npy(TABLE))), "the array 'd' is cut short, or"),
    "npz-array-damaged": Case(file("t.npz", packed(d=b"nothing", x=npy(TABLE))), "the array 'd' is damaged (EOF"),
    "npz-without-arrays": Case(file("t.npz", packed().replace(b".npy", b".txt")), "t.npz: is a zip file without"),
    "npz-array-twice": Case(file("t.npz", packed(d=npy(D), x=npy(D)).replace(b"x.npy", b"d.npy")), "two arrays are"),
    "npz-longer-numbers": Case(npz(x=D + np.longdouble("1e400"), d=D), "the array 'x' is not finite in row 0"),
    "npz-claims": Case(file("t.npz", packed(d=HUGE, x=npy(D))), "the array 'd' is cut short, or damaged"),
    "npy": Case(file("t.npy", npy(TABLE)), "t.npy: is an NPY file, a single array"),
    "npz-sparse": Case(sparse("t.npz"), "t.npz: is no NPZ file, or cut short (file is not a zip file;"),
    "idx-nothing": Case(lambda directory: {"name": "idx", "path": str(directory)}, "no train-images-idx3-ubyte and"),
    "idx-one-missing": Case(idx(lambda d: (d / LABELS_FILE).unlink()), f"has no {LABELS_FILE} (sought: "),
    "idx-no-directory": Case(
        lambda directory: {"name": "idx", "path": f"{directory}/mnist"}, "mnist: there is no such directory (expected a"
    ),
    "idx-a-file": Case(
        lambda directory: {"name": "idx", "path": f"{write_idx(directory)}/{LABELS_FILE}"}, "is a file (expected a"
    ),
    "idx-other-names": Case(idx(train="emnist-letters-train", test="emnist-letters-test"), "choose with task.train"),
    "idx-magic": Case(
        idx(changed(IMAGES_FILE, lambda data: b"\0\0\x0d\x03" + data[4:])),
        f"{IMAGES_FILE}: begins with 00 00 0d 03 (expected 00 00 08 03, the magic number of images)",
    ),
    "idx-labels-for-images": Case(
        idx(changed(IMAGES_FILE, lambda data: idx_bytes(LABELS))), "begins with 00 00 08 01 (these are labels; expected"
    ),
    "idx-empty": Case(idx(changed(IMAGES_FILE, lambda data: b"")), f"{IMAGES_FILE}: is empty (expected 00 00 08 03"),
    "idx-head-cut-short": Case(idx(changed(IMAGES_FILE, lambda data: data[:9])), "is cut short, with 9 bytes of 16"),
    "idx-cut-short": Case(idx(changed(IMAGES_FILE, end_of)), f"{IMAGES_FILE}: is cut short, with 1,213 bytes of 1,216"),
    "idx-too-long": Case(idx(changed(LABELS_FILE, lambda data: data + b"x")), "has 69 bytes, but its header says"),
    "idx-gzip-cut-short": Case(idx(changed(f"{IMAGES_FILE}.gz", end_of), end=".gz"), "is cut short (its gzip data"),
    "idx-cut-short-inside": Case(
        idx(changed(f"{IMAGES_FILE}.gz", lambda data: gzip.compress(gzip.decompress(data)[:-3])), end=".gz"),
        "is cut short, with 1,213 bytes of 1,216",
    ),
    "idx-too-long-inside": Case(
        idx(changed(f"{LABELS_FILE}.gz", lambda data: gzip.compress(gzip.decompress(data) + b"x")), end=".gz"),
        "has 69 bytes, but its header says 68",
    ),
    "idx-counts": Case(
        idx(changed(LABELS_FILE, lambda data: idx_bytes(LABELS[:59]))), "holds 60 images, but {path}/train-labels"
    ),
    "idx-no-images": Case(
        idx(changed(IMAGES_FILE, lambda data: idx_bytes(IMAGES[:0]))), "holds no images (its header says 0 x 4 x 5)"
    ),
    "idx-sizes": Case(
        idx(changed("t10k-images-idx3-ubyte", lambda data: idx_bytes(IMAGES[TRAIN:, :3]))),
        "t10k-images-idx3-ubyte: its images have 3 x 5 pixels, those of {path}/train-images-idx3-ubyte 4 x 5 pixels",
    ),
    "idx-one-class": Case(idx(labels=np.full(90, 4, np.uint8)), "all labels are 4 (at least two classes are needed)"),
    "idx-strange-label": Case(
        idx(changed("t10k-labels-idx1-ubyte", lambda data: idx_bytes(LABELS[TRAIN:] + np.uint8(1)))),
        "t10k-labels-idx1-ubyte: has the label 3, which is not in {path}/train-labels-idx1-ubyte",
    ),
    "idx-more-than-there-are": Case(
        lambda directory: {**idx()(directory), "train_examples": 61}, "task.train_examples: 61 is more than there are"
    ),
    "idx-sparse": Case(
        idx(empty_but_large), f"{IMAGES_FILE}: begins with 00 00 00 00 (expected 00 00 08 03"
    ),
    "idx-3-gib": Case(idx(head_of_3_gib), f"{IMAGES_FILE}: 2.92 GiB, to train on which would take 35 GiB of memory"),
}  # fmt: skip


@pytest.mark.parametrize(("write", "said"), CASES.values(), ids=CASES)
def test_a_malformed_file_gets_one_message_and_leaves_nothing_behind(
    write: Callable[[Path], dict[str, Any]], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2, one line that names the config's key, the file and the place in it; no run, nothing executed."""
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "data"
    data.mkdir()
    options = write(data)
    config = tmp_path / "a.yaml"
    config.write_text(dump({"task": options, "trainer": {"name": "backprop"}}))
    answer = typed("train", config, "--runs", tmp_path / "runs")
    assert (answer.code, answer.out) == (2, "")
    (line,) = answer.err.splitlines()
    assert said.format(path=options["path"]) in line
    assert re.match(rf"{re.escape(str(config))}:\d+:\d+: task\.\w+: ", line)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.yaml", "data"]


LARGE = ("csv-sparse", "npz-sparse", "npz-claims", "idx-sparse", "idx-3-gib")


@pytest.mark.parametrize("name", LARGE)
def test_a_file_of_gigabytes_is_refused_without_being_read(name: str, tmp_path: Path) -> None:
    """Next to no memory is taken for it, so that the message comes at once."""
    config = tmp_path / "a.yaml"
    config.write_text(dump({"task": CASES[name].write(tmp_path), "trainer": {"name": "backprop"}}))
    tracemalloc.start()
    try:
        assert typed("config", "check", config).code == 2
        assert tracemalloc.get_traced_memory()[1] < LITTLE
    finally:
        tracemalloc.stop()


def test_a_csv_file_beyond_the_machine_is_told_from_one_of_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By how many numbers a file of its size may have, which takes no look at what is in it."""
    monkeypatch.setattr(data_files, "memory", lambda: 8 << 30)
    config = tmp_path / "a.yaml"
    config.write_text(dump({"task": sparse("t.csv")(tmp_path), "trainer": {"name": "backprop"}}))
    (line,) = typed("train", config, "--runs", tmp_path / "runs").err.splitlines()
    assert "t.csv: 3 GiB, to train on which would take 18 GiB of memory (this machine has 8 GiB; fewer" in line
