"""The user's data files: read again only if they change, refused early if they are too large."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, wraps
from hashlib import blake2b, file_digest
from typing import NamedTuple, ParamSpec, TypeVar

from synthgrad.errors import ConfigError, Problem
from synthgrad.numbers import amount
from synthgrad.text import escaped

P = ParamSpec("P")
T = TypeVar("T")
FROM_HERE = "relative to where the command is run, kept absolute; ~ is home"
"""How the help describes a path."""
NUMBER_BYTES = 12
"""Bytes that a number needs at least in training: float64 as it is read, float32 as it is trained on."""


class DataError(ConfigError):
    """A data file is not what its task needs: says which option to change, and what is wrong."""

    def __init__(self, key: str, message: str) -> None:
        message = escaped(message)
        super().__init__(f"task.{key}: {message}")
        self.problem = Problem((key,), message)


class Stamp(NamedTuple):
    """A file as it is now; what was read from it is valid until one of these changes."""

    path: str
    size: int
    changed: int


def stamp(path: str) -> Stamp:
    """The file as it is now. Raises DataError if it cannot be read."""
    try:
        found = os.stat(path)
        with open(path, "rb"):
            pass
    except (OSError, ValueError) as error:
        raise DataError("path", f"{path}: {unreadable(error)}") from None
    return Stamp(path, found.st_size, found.st_mtime_ns)


def unreadable(error: OSError | ValueError) -> str:
    """Why a file cannot be read."""
    kinds: dict[type[Exception], str] = {
        FileNotFoundError: "there is no such file", IsADirectoryError: "is a directory (expected a file)",
    }  # fmt: skip
    why = (isinstance(error, OSError) and error.strerror) or str(error)
    return kinds.get(type(error), f"cannot be read: {why.lower()}")


def beginning(path: str, count: int) -> bytes:
    """The first bytes of a file. Raises DataError."""
    try:
        with open(path, "rb") as file:
            return file.read(count)
    except OSError as error:
        raise DataError("path", f"{path}: {unreadable(error)}") from None


def cached(most: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Cache a function's last ``most`` results, or the DataErrors it raised; its arguments determine them."""

    def remember(make: Callable[P, T]) -> Callable[P, T]:
        @lru_cache(maxsize=most)
        def made(*args: P.args, **kwargs: P.kwargs) -> T | DataError:
            try:
                return make(*args, **kwargs)
            except DataError as error:
                return error

        @wraps(make)
        def again(*args: P.args, **kwargs: P.kwargs) -> T:
            answer = made(*args, **kwargs)  # type: ignore[arg-type] # all are hashable
            if isinstance(answer, DataError):
                raise answer.with_traceback(None)
            return answer

        return again

    return remember


def fingerprints(files: Iterable[Stamp]) -> dict[str, str]:
    """By the names of files, fingerprints of their bytes. Raises DataError if one cannot be read."""
    return {escaped(os.path.basename(file.path)): _fingerprint(file) for file in files}


@cached(4096)
def _fingerprint(file: Stamp) -> str:
    try:
        with open(file.path, "rb") as stream:
            return file_digest(stream, lambda: blake2b(digest_size=8)).hexdigest()
    except OSError as error:
        raise DataError("path", f"{file.path}: {unreadable(error)}") from None


def problems_of(read: Callable[[], object]) -> Iterator[Problem]:
    """The problem that reading a task's files meets, if any."""
    try:
        read()
    except DataError as error:
        yield error.problem


def check_memory(path: str, numbers: int, fewer: str) -> None:
    """Raise DataError if this many numbers do not fit into the memory; ``fewer`` says what would."""
    need, have = numbers * NUMBER_BYTES, memory()
    if need > have:
        room = f"would take {amount(need)} of memory (this machine has {amount(have)}; {fewer})"
        raise DataError("path", f"{path}: {amount(os.path.getsize(path))}, to train on which {room}")


def memory() -> int:
    """Bytes of this machine's memory."""
    try:
        return int(os.sysconf("SC_PAGE_SIZE")) * int(os.sysconf("SC_PHYS_PAGES"))
    except (ValueError, OSError, AttributeError):  # not known on this system
        return 1 << 62
