"""Reading a CSV file: a header, then rows of numbers and one column to be predicted.

The delimiter is the comma, semicolon or tab that the header has most of; quotes are those of the csv module; UTF-8,
with or without a byte-order mark. Empty lines are skipped.
"""

from __future__ import annotations

import csv
import itertools
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from difflib import get_close_matches
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from synthgrad.tasks.files import DataError, Stamp, fits, unreadable
from synthgrad.wording import counted

BLOCK = 4096
"""Rows that are turned into numbers together."""
HEADER_BYTES = 1 << 24
SAMPLE_BYTES = 1 << 16
FEWER = "fewer rows, or the same as an NPZ file of float32"

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
        """That something is wrong with the target of a row."""
        return DataError("path", _at(self.path, int(self.lines[row]), self.column, what))


def read_csv(file: Stamp, target: str, columns: Sequence[str]) -> Cells:
    """The columns of a file as numbers, all but the target if none are named. Raises DataError."""
    path = file.path
    head = _head(file)
    delimiter = max(",;\t", key=re.sub(r'"[^"]*"', "", head).count)
    try:
        with open(path, newline="", encoding="utf-8-sig") as stream:
            rows = _rows(stream, path, delimiter)
            names = _names(path, next(rows)[1])
            chosen = inputs(path, names, target, columns)
            return _columns(rows, path, names, target, chosen)
    except UnicodeDecodeError:
        raise DataError("path", f"{path}: is not UTF-8 text (save it as that, or as an NPZ file)") from None
    except OSError as error:
        raise DataError("path", f"{path}: {unreadable(error)}") from None


# the file as a whole ------------------------------------------------------------------------------


def _head(file: Stamp) -> str:
    """The first line. Raises DataError where this is no text, or more than the machine can hold."""
    with open(file.path, "rb") as stream:
        sample = stream.read(SAMPLE_BYTES)
        stream.seek(0)
        head = stream.readline(HEADER_BYTES)
    fits(file.path, _numbers(sample, file.size), FEWER)
    if not sample.strip():
        raise DataError("path", f"{file.path}: is empty (expected a line of names, then rows)")
    if b"\0" in sample:
        raise DataError("path", f"{file.path}: holds NUL bytes, so it is no CSV file")
    if len(head) == HEADER_BYTES:
        raise DataError("path", f"{file.path}: its first line, of {HEADER_BYTES >> 20} MiB and more, is no header")
    return head.decode("utf-8-sig", "replace")


def _numbers(sample: bytes, size: int) -> int:
    """About how many numbers there are in a file that goes on as it begins; at most one in two bytes."""
    marks = sum(sample.count(mark) for mark in (b",", b";", b"\t", b"\n"))
    return int(size * marks / len(sample)) if marks else size // 2


def _rows(stream: Iterable[str], path: str, delimiter: str) -> Iterator[Row]:
    """Every row that is not empty. Raises DataError where the quoting is wrong."""
    reader = csv.reader(stream, delimiter=delimiter, strict=True, skipinitialspace=True)
    for _ in itertools.count():
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise DataError("path", f"{path}:{line}: is no row of a CSV file: {error}") from None
        if row is None:
            return
        if row:
            yield line, row


def _names(path: str, header: Sequence[str]) -> list[str]:
    """The names of the columns. Raises DataError where they are not one of a kind."""
    names = [name.strip() for name in header]
    if "" in names:
        raise DataError("path", f"{path}:1: column {names.index('') + 1} has no name (name it, or delete it)")
    twice = [name for name in names if names.count(name) > 1] if len(set(names)) < len(names) else []
    if twice:
        raise DataError("path", f"{path}:1: two columns are called {twice[0]!r} (rename one)")
    return names


def inputs(path: str, names: Sequence[str], target: str, columns: Sequence[str], things: str = "column") -> list[str]:
    """What is learned from: the columns asked for, or all but the target. Raises DataError."""
    for key, name in [("target", target), *(("columns", name) for name in columns)]:
        if name not in names:
            near = get_close_matches(name, names, 1)
            known = ", ".join(map(repr, names[:12])) + (", ..." if len(names) > 12 else "")
            hint = f"did you mean {near[0]!r}? there are {known}" if near else f"there are {known}"
            raise DataError(key, f"{path} has no {things} {name!r} ({hint})")
    if target in columns:
        raise DataError("columns", f"{target!r} is the target: it cannot be learned from (leave it out)")
    twice = [name for name in columns if columns.count(name) > 1]
    if twice:
        raise DataError("columns", f"names {twice[0]!r} twice (leave one out)")
    chosen = list(columns) or [name for name in names if name != target]
    if not chosen:
        raise DataError("path", f"{path}: has no {things} but the target {target!r}: there is nothing to learn from")
    return chosen


# cells --------------------------------------------------------------------------------------------


def _columns(rows: Iterator[Row], path: str, names: Sequence[str], target: str, chosen: Sequence[str]) -> Cells:
    place = {name: i for i, name in enumerate(names)}
    at, places = place[target], [place[name] for name in chosen]
    blocks, cells, lines = [], [], []
    known: dict[str, str] = {}  # one object for each text of the target
    while block := list(itertools.islice(rows, BLOCK)):
        _even(block, path, len(names))
        blocks.append(_block(block, path, chosen, places))
        cells += [known.setdefault(text, text) for text in (row[at].strip() for _, row in block)]
        lines += [line for line, _ in block]
    if not blocks:
        raise DataError("path", f"{path}: has no rows below its header")
    found = Cells(np.concatenate(blocks), cells, np.array(lines), path, target)
    if "" in known:
        raise found.wrong(cells.index(""), "is missing (fill it in, or leave the row out)")
    return found


def _even(block: Sequence[Row], path: str, width: int) -> None:
    """Raise DataError for the first row that is not as long as the header."""
    for line, row in block:
        if len(row) != width:
            raise DataError("path", f"{path}:{line}: has {counted(len(row), 'value')}, but the header {width} names")


def _block(block: Sequence[Row], path: str, names: Sequence[str], places: Sequence[int]) -> npt.NDArray[np.float64]:
    """The inputs of some rows (n, n_x). Raises DataError for the first cell that is no number."""
    texts = [[row[place] for place in places] for _, row in block]
    if "_" not in "".join(itertools.chain.from_iterable(texts)):  # 1_000 is a number to Python alone
        with suppress(ValueError):
            x = np.array(texts, dtype=np.float64)
            if np.isfinite(x).all():
                return x
    for (line, _), row in zip(block, texts, strict=True):
        for name, text in zip(names, row, strict=True):
            if what := fault(text, "expected one; task.columns names the columns to learn from"):
                raise DataError("path", _at(path, line, name, what))
    raise DataError("path", f"{path}: cannot be read as numbers")


def fault(text: str, right: str) -> str:
    """What is wrong with a cell that should be a finite number, with what would be right; nothing if it is one."""
    text = text.strip()
    if not text:
        return "is missing (fill it in, or leave the row out)"
    value = number(text)
    if value is None and text.count(",") == 1 and number(text.replace(",", ".")) is not None:
        right = "write a decimal point"
    if value is None:
        return f"{text[:40]!r} is not a number ({right})"
    return "" if math.isfinite(value) else f"{text[:40]!r} is not a finite number (leave the row out)"


def number(text: str) -> float | None:
    """A cell as a number, be it finite or not; None if it is none."""
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def _at(path: str, line: int, column: str, what: str) -> str:
    return f"{path}:{line}: column {column!r}: {what}"
