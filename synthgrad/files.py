"""Files that anybody may have written: read only if they are files, and never more of them than is sensible."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from synthgrad.numbers import amount

CONFIG_BYTES = 1 << 18
"""A config is a few lines."""
KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}

if sys.platform == "win32":
    OPEN_FLAGS = os.O_RDONLY | os.O_BINARY
else:
    OPEN_FLAGS = os.O_RDONLY | os.O_NONBLOCK


class TooLargeError(OSError):
    """A file has more bytes than anybody has a use for."""


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading. Raises OSError where it is none: a pipe or a device would never come to an end."""
    _check(os.stat(path))  # before it is opened: to open a device may do something
    descriptor = os.open(path, OPEN_FLAGS)
    try:
        _check(os.fstat(descriptor))
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def read_bytes(path: Path, most: int, regular: bool = True) -> bytes:
    """All bytes of a file, or of a pipe if it need not be ``regular``.

    Raises OSError, TooLargeError where there are more than ``most`` of them.
    """
    with open_regular(path) if regular else path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise _too_large(most)
        data = file.read((size or most) + 1)  # a pipe does not say its size; to ask for more takes the memory for it
    if len(data) > most:
        raise _too_large(most)
    return data


def _check(found: os.stat_result) -> None:
    kind = stat.S_IFMT(found.st_mode)
    if kind == stat.S_IFDIR:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if kind != stat.S_IFREG:
        raise OSError(errno.EINVAL, f"it is {KINDS.get(kind, 'no file')}")


def _too_large(most: int) -> TooLargeError:
    return TooLargeError(errno.EFBIG, f"it has more than {amount(most)}")


def matching(directory: Path, pattern: str) -> list[Path]:
    """What a directory has under names that match, in order; nothing if somebody deletes it meanwhile."""
    with suppress(FileNotFoundError):
        return sorted(directory.glob(pattern))
    return []
