"""Reading an NPZ file: arrays of numbers with as many rows each, one of them to be predicted.

An array (N,) is one input, an array (N, ...) as many as a row of it has numbers. Nothing in the file is run: an array
of Python objects, which NumPy could only load as a pickle, is refused by its head alone.
"""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from synthgrad.tasks.files import DataError, Stamp, fits, unreadable
from synthgrad.tasks.table_csv import inputs
from synthgrad.tasks.task import Values

DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, SyntaxError)
"""What reading a damaged, encrypted or strangely packed file raises."""
FEWER = "fewer rows, or fewer arrays in task.columns"


class Arrays(NamedTuple):
    """Inputs x (N, n_x) and the target (N,) or (N, n_y), numbers or text, with its file and its name."""

    x: Values
    target: npt.NDArray[Any]
    path: str
    name: str

    @property
    def text(self) -> bool:
        """Whether the target is text."""
        return self.target.dtype.kind in "US"

    def wrong(self, what: str) -> DataError:
        """That something is wrong with the target."""
        return DataError("path", f"{self.path}: the array {self.name!r} {what}")


def read_npz(file: Stamp, target: str, columns: Sequence[str]) -> Arrays:
    """The arrays of a file as numbers, all but the target if none are named. Raises DataError."""
    path = file.path
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
            if not names:
                raise DataError("path", f"{path}: is a zip file without arrays (expected one that np.savez writes)")
            if len(set(names)) < len(names):
                twice = next(name for name in names if names.count(name) > 1)
                raise DataError("path", f"{path}: two arrays are called {twice!r} (rename one)")
            chosen = inputs(path, names, target, columns, "array")
            return _read(archive, path, target, chosen)
    except zipfile.BadZipFile as error:
        what = "is an NPY file, a single array" if _begins(path, b"\x93NUMPY") else "is no NPZ file, or cut short"
        raise DataError("path", f"{path}: {what} ({str(error).lower()}; expected what np.savez writes)") from None
    except OSError as error:
        raise DataError("path", f"{path}: {unreadable(error)}") from None


def _begins(path: str, magic: bytes) -> bool:
    with open(path, "rb") as file:
        return file.read(len(magic)) == magic


def _read(archive: zipfile.ZipFile, path: str, target: str, chosen: Sequence[str]) -> Arrays:
    shapes = {name: _shape(archive, path, name) for name in (target, *chosen)}
    rows = shapes[target][0]
    other = next((name for name, shape in shapes.items() if shape[0] != rows), None)
    if other is not None:
        few = f"{other!r} has {shapes[other][0]:,} rows, but {target!r} {rows:,}"
        raise DataError("path", f"{path}: the array {few} (expected as many)")
    if not rows:
        raise DataError("path", f"{path}: the array {target!r} has no rows")
    fits(path, sum(math.prod(shape) for shape in shapes.values()), FEWER)
    x = np.concatenate([_numbers(_load(archive, path, name), path, name) for name in chosen], axis=1)
    found = Arrays(x, _load(archive, path, target), path, target)
    if not found.text and (what := _infinite(found.target)):
        raise found.wrong(what)
    return found


def _shape(archive: zipfile.ZipFile, path: str, name: str) -> tuple[int, ...]:
    """The shape of an array, from its head. Raises DataError where it is not one of rows of numbers or text."""
    info = archive.getinfo(f"{name}.npy")
    with _reading(path, name), archive.open(info) as stream:
        shape, _, dtype = _head(stream)
        head = stream.tell()
    if dtype.hasobject:
        what = "holds Python objects, which only a pickle can store; pickles are never loaded"
        raise DataError("path", f"{path}: the array {name!r} {what} (save it as numbers)")
    if dtype.kind not in "biufUS":
        raise DataError("path", f"{path}: the array {name!r} holds {dtype}, which are no numbers (save it as numbers)")
    if not shape:
        raise DataError("path", f"{path}: the array {name!r} is a single number (expected one row for each example)")
    if 0 in shape[1:]:
        raise DataError("path", f"{path}: the array {name!r} has rows without a number, {shape}")
    if info.file_size != head + math.prod(shape) * dtype.itemsize:
        raise DataError("path", f"{path}: the array {name!r} is cut short, or damaged")
    return tuple(shape)


def _head(stream: IO[bytes]) -> Any:
    """Shape, order, dtype."""
    version = npy.read_magic(stream)
    return (npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0)(stream)


def _load(archive: zipfile.ZipFile, path: str, name: str) -> npt.NDArray[Any]:
    with _reading(path, name), archive.open(f"{name}.npy") as stream:
        array: npt.NDArray[Any] = npy.read_array(stream, allow_pickle=False)
    return array


@contextmanager
def _reading(path: str, name: str) -> Iterator[None]:
    """Say of whatever a damaged array raises that it is damaged."""
    try:
        yield
    except DAMAGE as error:
        what = " ".join(str(error).split())[:80]
        raise DataError("path", f"{path}: the array {name!r} is damaged ({what})") from None


def _numbers(array: npt.NDArray[Any], path: str, name: str) -> Values:
    """An array as inputs, (N, n) in float64. Raises DataError where it holds text, or what is not finite."""
    if array.dtype.kind in "US":
        hint = "task.columns names the arrays to learn from"
        raise DataError("path", f"{path}: the array {name!r} holds text, which is no number ({hint})")
    with np.errstate(over="ignore"):  # longer numbers than float64
        values = array.reshape(len(array), -1).astype(np.float64)
    if what := _infinite(values):
        raise DataError("path", f"{path}: the array {name!r} {what}")
    return values


def _infinite(array: npt.NDArray[Any]) -> str:
    """Where an array of numbers is not finite; nothing if it is nowhere."""
    if np.isfinite(array).all():
        return ""
    row = int(np.flatnonzero(~np.isfinite(array).reshape(len(array), -1).all(1))[0])
    return f"is not finite in row {row}, counted from 0 (leave it out)"
