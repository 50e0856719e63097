"""Opens a data file: its bytes as they are, or unpacked while they are read, up to a bound; names other formats.

The first bytes of a file say what it is, not its name.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, Any, BinaryIO, cast

from synthgrad.tasks.data_files import DataError, Stamp, unreadable

MAX_BYTES = 4 << 30
"""No file is unpacked beyond this size, as no archive of runs is."""
MAX_RATIO, FREE_BYTES = 200, 64 << 20
"""Nor beyond this many times its own size, if that is more than FREE_BYTES: a table shrinks to a tenth."""
DAMAGE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError, RuntimeError,
    MemoryError,
)  # fmt: skip
"""What unpacking a damaged, encrypted or strangely packed file raises, in addition to OSError."""
CHUNK = 1 << 18
BEGINNING = 560
"""Bytes that tell the formats apart."""

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
"""How a zip file begins, and one of nothing."""
Opener = Callable[[BinaryIO], IO[bytes]]
PACKED: dict[bytes, tuple[str, Opener]] = {
    b"\x1f\x8b": ("gzip", cast(Opener, gzip.open)),
    b"\xfd7zXZ\0": ("xz", cast(Opener, lzma.open)),
    b"BZh": ("bzip2", cast(Opener, bz2.open)),
}
"""By how a file begins: what it is, and what unpacks it."""
FRAME = "with pandas: read_{0}({1!r}).to_csv('{2}.csv', index=False)"
SHEET = "save the sheet as CSV UTF-8"
PICKLE = "a pickle, which is never loaded", "save it as CSV"
FOREIGN = {
    b"PAR1": ("a Parquet file", FRAME.format("parquet", "{0}", "{1}")),
    b"ARROW1": ("an Arrow file", FRAME.format("feather", "{0}", "{1}")),
    b"\x89HDF\r\n\x1a\n": ("an HDF5 file", "save its arrays with numpy.savez"),
    b"\xd0\xcf\x11\xe0": ("an Excel file", SHEET),
    b"SQLite format 3": ("an SQLite file", "export the table as CSV"),
    b"\x28\xb5\x2f\xfd": ("a Zstandard file", "unpack it, or pack it with gzip"),
    b"7z\xbc\xaf\x27\x1c": ("a 7z file", "unpack it"),
    b"Rar!": ("a RAR file", "unpack it"),
    b"\x04\x22\x4d\x18": ("an LZ4 file", "unpack it, or pack it with gzip"),
    b"MATLAB 5.0": ("a MATLAB file", "save its arrays with numpy.savez"),
    b"\x93NUMPY": ("an NPY file, a single array", "save inputs and target together with numpy.savez"),
    b"%PDF": ("a PDF file", "save the table as CSV"),
    **dict.fromkeys([b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"], PICKLE),
    **dict.fromkeys([b"<!DOCTYPE", b"<html"], ("a web page", "fetch the CSV file itself")),
    **dict.fromkeys([b'{"', b"[{"], ("JSON", FRAME.format("json", "{0}", "{1}"))),
}
"""By how a file begins: formats that are not read, and what to do about it."""
SHEETS = {"xl/workbook.xml": "an Excel file", "xl/workbook.bin": "an Excel file", "content.xml": "an OpenDocument file"}
"""By an entry that a zip file has: what it is."""


@contextmanager
def opened(path: str) -> Iterator[BinaryIO]:
    """The bytes of a file, unpacked. Raises DataError, as reading from it does, if it is damaged or too large."""
    try:
        with ExitStack() as files:
            try:
                stream = _opened(path, files.enter_context(open(path, "rb")), files)
            except (*DAMAGE, ValueError) as error:
                raise _damaged(path, "zip", error) from None
            yield stream
    except OSError as error:
        raise DataError("path", f"{path}: {unreadable(error)}") from None


def _opened(path: str, file: BinaryIO, files: ExitStack) -> BinaryIO:
    head = file.read(BEGINNING)
    file.seek(0)
    magic = next((magic for magic in PACKED if head.startswith(magic)), b"")
    if head.startswith(ZIP):
        raw, kind = _zipped(path, files.enter_context(zipfile.ZipFile(file))), "zip"
    elif magic:
        kind, unpack = PACKED[magic]
        raw = unpack(file)
    else:
        _refuse(path, head)
        return file
    bound = min(MAX_BYTES, max(FREE_BYTES, MAX_RATIO * os.path.getsize(path)))
    stream = files.enter_context(_Packed(_Bounded(files.enter_context(raw), path, kind, bound), CHUNK))
    _refuse(f"{path}: the file in it", stream.peek(BEGINNING)[:BEGINNING], path)
    return stream


def unpacked_size(file: Stamp) -> int:
    """The bytes of a table, unpacked. Raises DataError if it is damaged or too much."""
    with opened(file.path) as stream:
        if not isinstance(stream, _Packed):
            return file.size
        return sum(len(part) for part in iter(lambda: stream.read(CHUNK), b""))


def _zipped(path: str, archive: zipfile.ZipFile) -> IO[bytes]:
    """The only file in a zip archive."""
    names = archive.namelist()
    sheet = next((SHEETS[name] for name in names if name in SHEETS), None)
    if sheet:
        raise _foreign(path, sheet, SHEET)
    files = [name for name in names if not name.endswith("/") and not name.startswith("__MACOSX/")]
    if any(name.endswith(".npy") for name in files):
        raise DataError("path", f"{path}: is an NPZ file (let its name end in .npz)")
    if len(files) != 1:
        few = f"{len(files)} files" if files else "no file"
        raise DataError("path", f"{path}: is a zip file with {few} in it (expected one, the table: unpack it)")
    return archive.open(files[0])


class _Packed(io.BufferedReader):
    """The bytes of a packed file."""


class _Bounded(io.RawIOBase):
    """Unpacked bytes, counted; what goes wrong while unpacking is a DataError."""

    def __init__(self, stream: IO[bytes], path: str, kind: str, bound: int) -> None:
        self.stream, self.path, self.kind, self.left = stream, path, kind, bound

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            part = self.stream.read(min(len(buffer), CHUNK))
        except (*DAMAGE, OSError, ValueError) as error:
            raise _damaged(self.path, self.kind, error) from None
        self.left -= len(part)
        if self.left < 0:
            said = f"unpacks to far more than its {os.path.getsize(self.path):,} bytes"
            raise DataError("path", f"{self.path}: {said} (if that is right, unpack it and name the unpacked file)")
        buffer[: len(part)] = part
        return len(part)


def _damaged(path: str, kind: str, error: Exception) -> DataError:
    if isinstance(error, EOFError):
        return DataError("path", f"{path}: is cut short (its {kind} data end too early: get it again)")
    what = " ".join(str(error).partition(" (b'")[0].split())[:80].lower().rstrip(".") or type(error).__name__
    return DataError("path", f"{path}: is a damaged {kind} file, or not one ({what}: get it again)")


def _refuse(place: str, head: bytes, path: str = "") -> None:
    """Raise DataError if the bytes begin a format that is no table of text."""
    begin = head.lstrip()
    known = next((FOREIGN[magic] for magic in FOREIGN if begin.startswith(magic) or head.startswith(magic)), None)
    if known:
        raise _foreign(place, *known, path)
    if head[257:262] == b"ustar":
        raise _foreign(place, "a tar archive", "unpack it, and name the table in it")
    if path and (head.startswith(ZIP) or any(head.startswith(magic) for magic in PACKED)):
        raise _foreign(place, "packed again", "unpack it")


def _foreign(place: str, what: str, right: str, path: str = "") -> DataError:
    name = os.path.basename(path or place)
    right = right.format(name, name.partition(".")[0])
    return DataError("path", f"{place}: is {what}, which is not read ({right})")
