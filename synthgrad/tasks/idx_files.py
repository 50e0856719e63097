"""Reads the IDX format: a header, then only bytes; plain or gzipped.

    images   00 00 08 03, then N, rows, columns as 32-bit big-endian numbers, then N · rows · columns bytes
    labels   00 00 08 01, then N, then N bytes

LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
"""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import IO, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from synthgrad.tasks.data_files import DataError, Stamp, cached, check_memory, stamp

Kind = Literal["images", "labels"]
AXES = {"images": 3, "labels": 1}
KINDS: tuple[Kind, Kind] = ("images", "labels")
CHUNK = 1 << 20


class Content(NamedTuple):
    """Shape of the whole file, and its first n examples: images (n, rows · columns), labels (n, 1)."""

    shape: tuple[int, ...]
    values: npt.NDArray[np.uint8]


def names(prefix: str, kind: Kind) -> list[str]:
    """The names that a file may have: as MNIST has them, with a dot, gzipped."""
    return [f"{prefix}-{kind}{mark}idx{AXES[kind]}-ubyte{end}" for end in ("", ".gz") for mark in "-."]


def find(directory: str, prefixes: tuple[str, ...]) -> list[Stamp]:
    """Images and labels for each prefix. Raises DataError that names all missing files."""
    wanted = [names(prefix, kind) for prefix in prefixes for kind in KINDS]
    firsts = ", ".join(each[0] for each in wanted)
    sought = f"{firsts}; each may end in .gz, or be written as {wanted[0][1]}; nothing is downloaded"
    if not Path(directory).is_dir():
        what = "is a file" if Path(directory).exists() else "there is no such directory"
        raise DataError("path", f"{directory}: {what} (expected a directory with {sought})")
    found = [next((path for name in each if (path := Path(directory, name)).is_file()), None) for each in wanted]
    missing = [each[0] for each, path in zip(wanted, found, strict=True) if path is None]
    if missing:
        raise DataError(
            "path", f"{directory}: has no {' and no '.join(missing)} ({_others(directory, prefixes)}sought: {sought})"
        )
    return [stamp(str(path)) for path in found]


def _others(directory: str, prefixes: tuple[str, ...]) -> str:
    """Which other data sets are in the directory, by the beginnings of their names."""
    there = {path.name.rpartition("-images")[0] for path in Path(directory).glob("*-images[-.]idx3-ubyte*")}
    others = ", ".join(sorted(there - {*prefixes}))
    return f"there is {others}: choose with task.train and task.test; " if others else ""


@cached(8)
def read(file: Stamp, kind: Kind, most: int | None) -> Content:
    """The first ``most`` images or labels of a file, or all. Raises DataError if it is something else, or damaged."""
    path = file.path
    from synthgrad.tasks.packed import opened  # long to import

    with opened(path) as stream:
        shape = _head(stream, path, kind)
        one = math.prod(shape[1:])
        count = shape[0] if most is None else min(most, shape[0])
        if kind == "images":
            check_memory(path, count * one, "task.train_examples and task.test_examples take fewer images")
        data = stream.read(count * one)
        rest = sum(len(chunk) for chunk in iter(lambda: stream.read(CHUNK), b""))  # which checks packed files, too
    head = 4 + 4 * len(shape)
    _complete(path, head + len(data) + rest, head + math.prod(shape))
    return Content(shape, np.frombuffer(data, np.uint8).reshape(count, one))


def _head(stream: IO[bytes], path: str, kind: Kind) -> tuple[int, ...]:
    """The shape in the header of a file."""
    magic, right = stream.read(4), bytes([0, 0, 8, AXES[kind]])
    if magic != right:
        raise DataError("path", f"{path}: {_no_magic(magic, right, kind)}")
    sizes = stream.read(4 * AXES[kind])
    if len(sizes) < 4 * AXES[kind]:
        _complete(path, 4 + len(sizes), 4 + 4 * AXES[kind])
    shape = struct.unpack(f">{AXES[kind]}I", sizes)
    if 0 in shape:
        raise DataError("path", f"{path}: holds no {kind} (its header says {' x '.join(map(str, shape))})")
    return shape


def _no_magic(magic: bytes, right: bytes, kind: Kind) -> str:
    other: Kind = "labels" if kind == "images" else "images"
    hint = f"expected {right.hex(' ')}, the magic number of {kind}"
    if magic == bytes([0, 0, 8, AXES[other]]):
        hint = f"these are {other}; {hint}"
    return f"begins with {magic.hex(' ')} ({hint})" if magic else f"is empty ({hint})"


def _complete(path: str, size: int, right: int) -> None:
    if size < right:
        raise DataError("path", f"{path}: is cut short, with {size:,} bytes of {right:,} (fetch it again)")
    if size > right:
        raise DataError("path", f"{path}: has {size:,} bytes, but its header says {right:,} (fetch it again)")
