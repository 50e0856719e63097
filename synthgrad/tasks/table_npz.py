"""Reads an NPZ file: arrays of numbers with equally many rows, one of them to predict.

An array (N,) is one input, an array (N, ...) one for each number of a row. Nothing in the file is executed: an array
of Python objects, which NumPy could only load as a pickle, is refused by its header.
"""

from __future__ import annotations

import math
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, NamedTuple

import numpy as np
from numpy.lib import format as npy

from synthgrad.tasks.data_files import DataError, Stamp, beginning, check_memory, unreadable
from synthgrad.tasks.table_csv import inputs
from synthgrad.tasks.task import Values
from synthgrad.text import counted, listed
from synthgrad.types import AnyArray

DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, SyntaxError)
"""What reading a damaged, encrypted or strangely packed file raises."""
FEWER = "fewer rows, or fewer arrays in task.columns"


class Arrays(NamedTuple):
    """Inputs x (N, n_x) and the target (N,) or (N, n_y), numbers or text, with its file and its name."""

    x: Values
    target: AnyArray
    path: str
    name: str

    @property
    def text(self) -> bool:
        """Whether the target is text."""
        return self.target.dtype.kind in "US"

    def wrong(self, what: str) -> DataError:
        """The error for a wrong target."""
        return DataError("path", f"{self.path}: the array {self.name!r} {what}")

    def names(self) -> list[str]:
        """The target's texts, one a row, in Unicode normal form."""
        texts = self.target.astype(str) if self.target.dtype.kind == "U" else _decoded(self.target)
        return [unicodedata.normalize("NFC", text.strip()) for text in texts.ravel().tolist()]


def _decoded(target: AnyArray) -> AnyArray:
    """Text that is stored as bytes."""
    try:
        return np.char.decode(target, "utf-8")
    except UnicodeDecodeError:
        return np.char.decode(target, "latin-1")


def read_npz(file: Stamp, target: str, columns: Sequence[str]) -> Arrays:
    """The arrays of a file as numbers, all but the target if none are named. Raises DataError."""
    path = file.path
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.namelist() if entry.endswith(".npy")]
            names = [_name(entry) for entry in entries]
            if not names:
                raise DataError("path", f"{path}: is a zip file without arrays (expected one that np.savez writes)")
            if len(set(names)) < len(names):
                twice = next(name for name in names if names.count(name) > 1)
                raise DataError("path", f"{path}: two arrays are called {twice!r} (rename one)")
            chosen = inputs(path, names, target, columns, "array")
            return _Reader(archive, path, dict(zip(names, entries, strict=True))).read(target, chosen, bool(columns))
    except zipfile.BadZipFile as error:
        what = (
            "is an NPY file, a single array" if beginning(path, 6) == b"\x93NUMPY" else "is no NPZ file, or cut short"
        )
        raise DataError("path", f"{path}: {what} ({str(error).lower()}; expected what np.savez writes)") from None
    except OSError as error:
        raise DataError("path", f"{path}: {unreadable(error)}") from None


def _name(entry: str) -> str:
    return unicodedata.normalize("NFC", entry.removesuffix(".npy"))


class _Reader:
    """Reads arrays of an archive by name; ``entries`` has the name of each one's file in it."""

    def __init__(self, archive: zipfile.ZipFile, path: str, entries: Mapping[str, str]) -> None:
        self.archive, self.path, self.entries = archive, path, entries

    def read(self, target: str, chosen: Sequence[str], named: bool) -> Arrays:
        """The target and the inputs; ``named``: the user has chosen these. Raises DataError."""
        (rows, *rest), _ = self._head(target)
        if not rows:
            raise self._wrong(target, "has no rows")
        faults: dict[str, DataError] = {}
        room = self._room(target, (rows, *rest))
        for name in chosen:
            try:
                room += self._room(name, self._input(name, target, rows))
            except DataError as error:
                faults[name] = error
        if faults:
            raise self._advised(faults, [name for name in chosen if name not in faults], named)
        check_memory(self.path, room, FEWER)
        x = np.concatenate([self._numbers(name) for name in chosen], axis=1)
        found = Arrays(x, self._load(target), self.path, target)
        if not found.text and (what := _infinite(found.target)):
            raise found.wrong(what)
        return found

    def _advised(self, faults: Mapping[str, DataError], sound: Sequence[str], named: bool) -> DataError:
        """The first fault, with the line that leaves out all arrays that have one."""
        first = next(iter(faults.values()))
        if named or not sound:
            return first
        line = f"task.columns: [{listed(sound)}]"
        return DataError("path", f"{first.problem.message}; to learn from the other arrays alone write {line}")

    def _wrong(self, name: str, what: str) -> DataError:
        return DataError("path", f"{self.path}: the array {name!r} {what}")

    def _room(self, name: str, shape: tuple[int, ...]) -> int:
        """The numbers of an array, or as many as take the room of its text."""
        return max(math.prod(shape), self.archive.getinfo(self.entries[name]).file_size // 8)

    def _input(self, name: str, target: str, rows: int) -> tuple[int, ...]:
        """The shape of an input. Raises DataError if it has other rows than the target, or no numbers."""
        shape, kind = self._head(name)
        if shape[0] != rows:
            few = f"{name!r} has {counted(shape[0], 'row')}, but {target!r} {rows:,}"
            raise DataError("path", f"{self.path}: the array {few} (expected as many)")
        if kind in "US":
            raise self._wrong(name, "holds text, not numbers (task.columns names the arrays to learn from)")
        return shape

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        """The bytes of an array. Raises DataError for whatever reading a damaged one raises."""
        try:
            with self.archive.open(self.entries[name]) as stream:
                yield stream
        except DAMAGE as error:
            raise self._wrong(name, f"is damaged ({' '.join(str(error).split())[:80]})") from None

    def _head(self, name: str) -> tuple[tuple[int, ...], str]:
        """The shape of an array and the kind of its dtype. Raises DataError unless it has rows of numbers or text."""
        with self._open(name) as stream:
            one = npy.read_magic(stream) == (1, 0)
            shape, _, dtype = (npy.read_array_header_1_0 if one else npy.read_array_header_2_0)(stream)
            head = stream.tell()
        if dtype.hasobject:
            what = "holds Python objects, which only a pickle can store; pickles are never loaded"
            raise self._wrong(name, f"{what} (save it as numbers)")
        if dtype.kind not in "biufUS":
            raise self._wrong(name, f"holds {dtype}, which is not a kind of number (save it as numbers)")
        if not shape:
            raise self._wrong(name, "is a single number (expected one row for each example)")
        if 0 in shape[1:]:
            raise self._wrong(name, f"has rows without a number, {shape}")
        if self.archive.getinfo(self.entries[name]).file_size != head + math.prod(shape) * dtype.itemsize:
            raise self._wrong(name, "is cut short, or damaged")
        return tuple(shape), dtype.kind

    def _load(self, name: str) -> AnyArray:
        with self._open(name) as stream:
            return np.asarray(npy.read_array(stream, allow_pickle=False))

    def _numbers(self, name: str) -> Values:
        """An array as inputs, (N, n) in float64. Raises DataError if a number is not finite."""
        array = self._load(name)
        with np.errstate(over="ignore"):  # longer numbers than float64
            values = array.reshape(len(array), -1).astype(np.float64)
        if what := _infinite(values):
            raise self._wrong(name, what)
        return values


def _infinite(array: AnyArray) -> str:
    """Where an array of numbers is not finite; "" if all of it is."""
    if np.isfinite(array).all():
        return ""
    row = int(np.flatnonzero(~np.isfinite(array).reshape(len(array), -1).all(1))[0])
    return f"is not finite in row {row}, counted from 0 (leave it out)"
