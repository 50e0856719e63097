"""Reading an archive of runs: a path into it reads ``FILE.zip/RUN/...``, and what it leads to is unpacked when opened.

That is into a directory that is removed at the end. Entries that are not a run's own files are never looked at,
so nothing that an archive says is written anywhere else.
"""

from __future__ import annotations

import atexit
import errno
import os
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from synthgrad.errors import ConfigError, RunError
from synthgrad.runs.archive import CONFIG, LARGEST, PART, check, shared, sound
from synthgrad.runs.directory import MOST_BYTES, reason, whole
from synthgrad.runs.unpacked import Directory

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""How an entry may be compressed; others unpack into memory, however large."""
DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, RuntimeError)
"""What zipfile raises at bytes that make no sense to it, at passwords and at methods that it does not know."""


class Unpacked(type(Path())):  # type: ignore[misc]  # of the system's kind: Python 3.11 cannot inherit from Path itself
    """A path into an archive: for people it reads ``FILE.zip/RUN/...``, for the system it is where that is unpacked."""

    def __str__(self) -> str:
        real: str = super().__str__()
        archive = _archive_of(real)
        return archive.shown(real) if archive else real

    def __fspath__(self) -> str:
        real: str = super().__str__()
        archive = _archive_of(real)
        if archive:
            archive.unpack(real)
        return real

    def iterdir(self) -> Iterator[Unpacked]:
        """What is in a run, unpacked or not."""
        real: str = super().__str__()
        archive = _archive_of(real)
        return (self / name for name in (archive.files.get(os.path.basename(real), ()) if archive else ()))

    def open(self, mode: str = "r", *more: object, **options: Any) -> IO[Any]:
        """Raises OSError where it would be written: nothing goes back into an archive."""
        if set(mode) & set("wax+"):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(self))
        file: IO[Any] = super().open(mode, *more, **options)
        return file


class Archive:
    """An archive that is open: the runs in it, unpacked file by file as they are asked for."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigError where it is damaged, holds no runs, or too much."""
        self.path, self.stamp = path, _stamp(path)
        self.zip = _zip(path)
        self.entries = {info.filename: info for info in self.zip.infolist() if _is_own(info)}
        self.files: dict[str, list[str]] = {}
        for name in self.entries:
            run, _, file = name.partition("/")
            self.files.setdefault(run, []).append(file)
        if not any(CONFIG in files for files in self.files.values()):
            raise ConfigError(f"{path}: is not an archive of runs (it has no RUN/{CONFIG})")
        sizes = (info.file_size for info in self.entries.values() if not _too_large(info))  # those are never unpacked
        check(path, len(self.zip.infolist()), sum(sizes))
        try:
            self.directory = Directory()
        except OSError as error:
            raise RunError(f"{path}: cannot be unpacked: {reason(error)}") from None
        self.root = self.directory.path
        atexit.register(self._remove)

    def runs(self) -> list[Path]:
        """The runs in it, by name."""
        return [Unpacked(self.root, run) for run in sorted(self.files) if CONFIG in self.files[run]]

    def shown(self, real: str) -> str:
        """How a path below its directory reads to people."""
        return os.path.join(self.path, *self._inside(real).split("/")).rstrip(os.sep)

    def unpack(self, real: str) -> None:
        """Make what a path below its directory leads to, if the archive has it. Raises ConfigError, RunError."""
        inside = self._inside(real)
        info = self.entries.get(inside)
        try:
            if info is None and inside in self.files:
                os.makedirs(real, exist_ok=True)
            elif info is not None and not os.path.exists(real):
                self._extract(info, real)
        except (*DAMAGE, OSError) as error:
            raise self._fault(error, inside) from None

    def _extract(self, info: zipfile.ZipInfo, real: str) -> None:
        if info.compress_type not in METHODS or _too_large(info):
            raise zipfile.BadZipFile
        os.makedirs(os.path.dirname(real), exist_ok=True)
        with self.zip.open(info) as entry:
            whole(Path(real), lambda file: shutil.copyfileobj(entry, file, PART))

    def _fault(self, error: Exception, inside: str) -> ConfigError | RunError:
        """What went wrong: the machine, or the archive, as when it says that an entry begins before the file does."""
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            return RunError(f"{self.path}: cannot be unpacked: {reason(error)}")
        return ConfigError(f"{self.path}: is damaged: {inside} cannot be unpacked (get the file again)")

    def _inside(self, real: str) -> str:
        return real[len(self.root) + 1 :].replace(os.sep, "/")

    def _remove(self) -> None:
        self.zip.close()
        self.directory.remove()


_open: list[Archive] = []


def opened(path: Path) -> Archive:
    """The archive in a file, opened once, by whatever path. Raises ConfigError."""
    there = next((known for known in _open if known.stamp == _stamp(path)), None)
    if there is None:
        there = Archive(path)
        _open.append(there)
    return there


def _archive_of(real: str) -> Archive | None:
    return next((known for known in _open if f"{real}{os.sep}".startswith(f"{known.root}{os.sep}")), None)


def _stamp(path: Path) -> tuple[int, ...]:
    """What is another when the file is."""
    found = os.stat(path)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _zip(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except DAMAGE:
        raise ConfigError(f"{path}: is damaged, or no zip file (get it again)") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {reason(error)}") from None


def _too_large(info: zipfile.ZipInfo) -> bool:
    """Whether a file says that it is larger than any of its name: such a one is damaged."""
    return info.file_size > MOST_BYTES.get(os.path.basename(info.filename), LARGEST)


def _is_own(info: zipfile.ZipInfo) -> bool:
    """Whether an entry is ``RUN/FILE``, a file of a run's own and no link."""
    run, _, file = info.filename.partition("/")
    return sound(run) and shared(file) and not stat.S_ISLNK(info.external_attr >> 16)
