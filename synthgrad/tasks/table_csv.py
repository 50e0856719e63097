"""Reads a CSV file: a header, then rows of numbers and one column to predict.

The delimiter is the comma, semicolon, tab or bar that occurs most in the header, or what a first line such as sep=;
says; quotes as in the csv module. UTF-8, or UTF-16 with its byte-order mark; plain, or packed by gzip, xz, bzip2 or
zip. True and False are 1 and 0. Empty lines are skipped.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple, TextIO

import numpy as np
import numpy.typing as npt

from synthgrad.tasks.cells import FLAGS, fault, missing, number
from synthgrad.tasks.data_files import DataError, Stamp, check_memory
from synthgrad.tasks.packed import opened, unpacked_size
from synthgrad.text import closest, counted, listed

BLOCK = 4096
"""Rows that are converted to numbers together."""
LINE = 1 << 24
"""The longest line, in characters."""
SAMPLE_BYTES = 1 << 16
FEWER = "fewer rows, or the same as an NPZ file of float32"
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
"""By its byte-order mark, how a text is encoded."""
_SEP = re.compile(r"\ufeff?\"?sep=(.|\\t)\"?[,;\t|]*\r?\n?", re.IGNORECASE)
"""The first line that Excel understands."""

Row = tuple[int, list[str]]
"""The line on which a row begins, and its cells."""


class Cells(NamedTuple):
    """Inputs x (N, n_x), the target's cells as text, the lines they stand in, and where: file and column."""

    x: npt.NDArray[np.float64]
    target: list[str]
    lines: npt.NDArray[np.int64]
    path: str
    column: str

    def wrong(self, row: int, what: str) -> DataError:
        """The error for a wrong target in a row."""
        return DataError("path", _at(self.path, int(self.lines[row]), self.column, what))


def read_csv(file: Stamp, target: str, columns: Sequence[str]) -> Cells:
    """The columns of a file as numbers, all but the target if none are named. Raises DataError."""
    path = file.path
    try:
        with opened(path) as raw:
            sample = raw.read(SAMPLE_BYTES)
        text = _checked(sample, path, unpacked_size(file))
        with opened(path) as raw, io.TextIOWrapper(raw, _encoding(sample), newline="") as stream:
            rows = _rows(stream, path, text)
            line, header = next(rows, (0, []))
            if not line:
                raise DataError("path", f"{path}: has no line of names (expected one, then rows)")
            names = _names(path, line, header, target)
            chosen = inputs(path, names, target, columns)
            return _columns(_even(rows, path, len(names)), path, names, target, chosen)
    except UnicodeError:
        raise DataError("path", f"{path}: is not UTF-8 text (save it as CSV UTF-8, or as an NPZ file)") from None


# the file as a whole ------------------------------------------------------------------------------


def _checked(sample: bytes, path: str, size: int) -> str:
    """The beginning of a file as text. Raises DataError if it is not text, or too large for this machine."""
    check_memory(path, _numbers(sample, size), FEWER)
    text = sample.decode(_encoding(sample), "replace")
    if not text.strip():
        raise DataError("path", f"{path}: is empty (expected a line of names, then rows)")
    if "\0" in text:
        raise DataError("path", f"{path}: holds NUL bytes, so it is not a CSV file (if it is UTF-16, save it as UTF-8)")
    return text


def _encoding(sample: bytes) -> str:
    return next((encoding for mark, encoding in MARKS.items() if sample.startswith(mark)), "utf-8")


def _numbers(sample: bytes, size: int) -> int:
    """About how many numbers a file has, judged by its beginning; at most one in two bytes."""
    marks = sum(sample.count(mark) for mark in (b",", b";", b"\t", b"\n"))
    return int(size * marks / len(sample)) if marks else size // 2


def _rows(stream: TextIO, path: str, text: str) -> Iterator[Row]:
    """Every row that is not empty, the header first. Raises DataError if the quoting is wrong."""
    said, before = _SEP.match(text), 0
    if said:
        stream.readline()
        before = 1
    head = text[said.end() if said else 0 :].partition("\n")[0]
    delimiter = said[1].replace("\\t", "\t") if said else max(",;\t|", key=re.sub(r'"[^"]*"', "", head).count)
    reader = csv.reader(_lines(stream, path), delimiter=delimiter, strict=True, skipinitialspace=True)
    for _ in itertools.count():
        line = before + reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise DataError("path", f"{path}:{line}: is not a row of a CSV file: {error}") from None
        if row is None:
            return
        if row:
            yield line, row


def _lines(stream: TextIO, path: str) -> Iterator[str]:
    """The lines of a file. Raises DataError if one is too long."""
    for line in iter(lambda: stream.readline(LINE), ""):
        if len(line) == LINE:
            raise DataError("path", f"{path}: has a line of more than {LINE >> 20} MiB, so it is not a CSV file")
        yield line


def _names(path: str, line: int, header: Sequence[str], target: str) -> list[str]:
    """The names of the columns. Raises DataError if they are not unique."""
    names = [unicodedata.normalize("NFC", name.strip()) for name in header]
    twice = [name for name in names if names.count(name) > 1] if len(set(names)) < len(names) else []
    lost = target not in names and closest(target, names) is None
    if _data(names, bool(twice)) and (twice or "" in names or lost or _fractions(names)):
        raise DataError("path", f"{path}:{line}: {_headless(len(names), target)}")
    if "" in names:
        raise DataError("path", f"{path}:{line}: column {names.index('') + 1} has no name (name it, or delete it)")
    if twice:
        raise DataError("path", f"{path}:{line}: two columns are called {twice[0]!r} (rename one)")
    return names


def _data(names: Sequence[str], twice: bool) -> bool:
    """Whether a header looks like a row: numbers and gaps; with a name at one end if any is a fraction, or repeated."""
    if list(names[1:]) == [str(i) for i in range(len(names) - 1)]:
        return False  # as pandas writes a table whose columns have no names, with its index
    numbers = [number(name) is not None or missing(name) for name in names]
    most = len(names) > 2 and (all(numbers[1:]) or all(numbers[:-1]))
    return all(numbers) or (most and (twice or any("." in name for name in names)))


def _fractions(names: Sequence[str]) -> bool:
    """Whether a header has only numbers, some of them fractions; years and column numbers are whole."""
    return all(number(name) is not None for name in names) and any("." in name for name in names)


def _headless(width: int, target: str) -> str:
    """The message that the header is missing, with the line to write."""
    last = "y" if number(target) is not None else target
    line = ",".join([*(f"x{i}" for i in range(1, min(width, 40))), last])
    more = "" if width <= 40 else f", with as many names as there are columns, {width}"
    return f"the header seems to be missing: these are values (write a line of names above, such as {line}{more})"


def inputs(path: str, names: Sequence[str], target: str, columns: Sequence[str], things: str = "column") -> list[str]:
    """The names of the inputs: the columns asked for, or all except the target. Raises DataError."""
    for key, name in [("target", target), *(("columns", name) for name in columns)]:
        if name not in names:
            near = next((each for each in names if each.strip("'\"") == name), None) or closest(name, names)
            meant = f"did you mean {near!r}? " if near else ""
            hint = f"{meant}there are {listed(map(repr, names), 12)}"
            raise DataError(key, f"{path} has no {things} {name!r} ({hint})")
    if target in columns:
        raise DataError("columns", f"{target!r} is the target: it cannot be learned from (leave it out)")
    twice = [name for name in columns if columns.count(name) > 1]
    if twice:
        raise DataError("columns", f"names {twice[0]!r} twice (leave one out)")
    chosen = list(columns) or [name for name in names if name != target]
    if not chosen:
        raise DataError("path", f"{path}: has no {things} except the target {target!r}: there is nothing to learn from")
    return chosen


# cells --------------------------------------------------------------------------------------------


def _columns(rows: Iterator[Row], path: str, names: Sequence[str], target: str, chosen: Sequence[str]) -> Cells:
    place = {name: i for i, name in enumerate(names)}
    at, places = place[target], [place[name] for name in chosen]
    blocks, cells, lines = [], [], []
    flags: frozenset[str] | None = None
    known: dict[str, str] = {}  # one object for each text of the target
    while block := list(itertools.islice(rows, BLOCK)):
        x, flags = _block(block, path, chosen, places, flags)
        blocks.append(x)
        cells += [known.setdefault(text, text) for text in (_name(row[at]) for _, row in block)]
        lines += [line for line, _ in block]
    if not blocks:
        raise DataError("path", f"{path}: has no rows below its header")
    found = Cells(np.concatenate(blocks), cells, np.array(lines), path, target)
    if "" in known:
        raise found.wrong(cells.index(""), "is missing (fill it in, or leave the row out)")
    return found


def _name(text: str) -> str:
    """A cell as a name, in Unicode normal form."""
    text = text.strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _even(rows: Iterable[Row], path: str, width: int) -> Iterator[Row]:
    """The rows. Raises DataError for the first that is not as long as the header."""
    for line, row in rows:
        if len(row) != width:
            hint = " (quote values with a delimiter in them; write a decimal point)" if len(row) > width else ""
            said = f"has {counted(len(row), 'value')}, but the header {counted(width, 'name')}"
            raise DataError("path", f"{path}:{line}: {said}{hint}")
        yield line, row


def _block(
    block: Sequence[Row], path: str, names: Sequence[str], places: Sequence[int], flags: frozenset[str] | None
) -> tuple[npt.NDArray[np.float64], frozenset[str]]:
    """The inputs of some rows (n, n_x), and which are ``flags``, True or False; those of the rows before, if any.

    Raises DataError for the first cell that is not a number, or differs in kind from the rest of its column.
    """
    cells = texts = [[row[place] for place in places] for _, row in block]
    if flags is None:
        flags = frozenset(name for name, text in zip(names, cells[0], strict=True) if _flag(text))
    if flags:
        texts = [
            [_flag(cell) if name in flags else cell for name, cell in zip(names, row, strict=True)] for row in cells
        ]
    if "_" not in "".join(itertools.chain.from_iterable(texts)):  # 1_000 is a number to Python alone
        with suppress(ValueError):
            x = np.array(texts, dtype=np.float64)
            if np.isfinite(x).all():
                return x, flags
    for (line, _), row in zip(block, cells, strict=True):
        for i, (name, cell) in enumerate(zip(names, row, strict=True)):
            if what := _wrong(cell, name in flags, (other[i] for other in cells)):
                raise DataError("path", _at(path, line, name, what))
    raise DataError("path", f"{path}: cannot be read as numbers")


def _flag(text: str) -> str:
    """True and False as the text of a number; "" for other cells."""
    value = FLAGS.get(text.strip().lower())
    return "" if value is None else str(value)


def _wrong(cell: str, flag: bool, column: Iterable[str]) -> str:
    """What is wrong with an input; "" if it is a number or, in a column of flags, a flag."""
    if not flag:
        return fault(cell, "expected one; task.columns names the columns to learn from", column)
    if _flag(cell):
        return ""
    expected = "expected True or False, as in the rows above"
    return fault(cell, expected) or f"{cell.strip()[:40]!r} stands among True and False ({expected})"


def _at(path: str, line: int, column: str, what: str) -> str:
    return f"{path}:{line}: column {column!r}: {what}"
