"""The directory of one run. Every file name of a run lives here.

A directory is taken with ``mkdir``, so any number of processes may start in the same second. Files that
must be whole are written beside and renamed.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from synthgrad.errors import DiskError, RunError
from synthgrad.files import CONFIG_BYTES, matching

NOTE = r"\.metrics\.csv\.[0-9a-f]{8}\.lock"
"""What a note is called that stands for a lock (see ``locking``)."""
MOST_BYTES = {"config.yaml": CONFIG_BYTES, "run.json": 4 << 20, "result.json": 4 << 20, "metrics.csv": 1 << 30}
"""A file of a run that is larger is damaged, and not read."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)


class Run:
    """The directory of one run: what is in it, by name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.yaml"
        self.about = path / "run.json"
        self.metrics = path / "metrics.csv"
        self.result = path / "result.json"
        self.weights = path / "weights.npz"

    def checkpoint(self, epoch: int) -> Path:
        """The file of the state after an epoch."""
        return self.path / f"checkpoint-{epoch:08}.npz"

    def checkpoints(self) -> list[Path]:
        """The files of states that there are, the newest first."""
        return matching(self.path, "checkpoint-*.npz")[::-1]

    def owns(self, name: str) -> bool:
        """Whether a file of this name in the directory is one of a run's, whole or half written."""
        mine = [path.name for path in (self.config, self.about, self.metrics, self.result, self.weights)]
        plain = name.removeprefix(".").removesuffix(".part") if name.endswith(".part") else name
        return plain in mine or bool(re.fullmatch(rf"checkpoint-\d+\.npz|{NOTE}", plain))

    def odd(self) -> str:
        """The name of one of its files that is not a regular file; nothing if all are."""
        files = (self.config, self.about, self.metrics, self.result, self.weights)
        return next((path.name for path in files if os.path.lexists(path) and not os.path.isfile(path)), "")

    @classmethod
    def create(cls, runs: Path, name: str, seed: int) -> Run:
        """Take a new directory ``YYYYMMDD-HHMMSS-<name>-s<seed>-<4 hex>``. Raises RunError."""
        label = _label(name)
        for _ in range(1000):
            stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
            path = runs / f"{stamp}-{label}-s{seed}-{secrets.token_hex(2)}"
            try:
                make(runs)
                path.mkdir()
            except FileExistsError:
                if not runs.is_dir():
                    raise DiskError(f"{runs}: is not a directory (choose another with --runs)") from None
                continue
            except OSError as error:
                raise DiskError(f"{runs}: no run directory can be made there: {reason(error)}") from None
            _sync(runs)
            return cls(path)
        raise RunError(f"{runs}: no free name for a run directory")

    def remove(self) -> None:
        """Take the directory away again."""
        shutil.rmtree(self.path, ignore_errors=True)


def make(directory: Path) -> None:
    """Make a directory, and those above it that are missing; their names survive a loss of power. Raises OSError."""
    missing = [each for each in (directory, *directory.parents) if not os.path.exists(each)]
    directory.mkdir(parents=True, exist_ok=True)
    for each in missing:
        _sync(each.parent)


def whole(path: Path, write: Callable[[BinaryIO], object], lasting: bool = False) -> None:
    """Write a temporary file and rename it, so that half a file is never read.

    A ``lasting`` one is on the disk before it has its name, and so survives a loss of power. Others have no name at
    all until they are whole, where the system can do that, and so leave nothing when their process is killed.
    """
    beside = path.with_name(f".{path.name}.part")
    try:
        with (None if lasting else _nameless(path.parent)) or beside.open("wb") as file:
            write(file)
            file.flush()
            if lasting:
                os.fsync(file.fileno())
            elif not isinstance(file.name, str):
                _name(file, beside)
        beside.replace(path)
        if lasting:
            _sync(path.parent)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _nameless(directory: Path) -> BinaryIO | None:
    """A new file in a directory that has no name yet; None where the system has none."""
    if not hasattr(os, "O_TMPFILE") or not os.path.isdir("/proc/self/fd"):
        return None
    try:
        return os.fdopen(os.open(directory, os.O_TMPFILE | os.O_RDWR, 0o666), "w+b")
    except OSError:  # which the file system cannot do; or whatever it is, a file with a name meets it again
        return None


def _name(file: BinaryIO, path: Path) -> None:
    """Give a name to a file that has none. Raises OSError."""
    path.unlink(missing_ok=True)
    try:
        os.link(f"/proc/self/fd/{file.fileno()}", path, src_dir_fd=file.fileno(), follow_symlinks=True)
    except OSError:  # as where /proc is of another kind
        file.seek(0)
        with path.open("wb") as named:
            shutil.copyfileobj(file, named)


def _sync(directory: Path) -> None:
    """Have the names in a directory on the disk, where the system can do that."""
    with suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def hand_over(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write output that was asked for: a whole file or none; directly to something like /dev/stdout.

    It lasts, because runs may be deleted when they are in an archive. A link stays a link. Raises RunError.
    """
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as file:
                write(file)
        else:
            whole(path.resolve(), write, lasting=True)
    except OSError as error:
        raise RunError(f"{path}: cannot be written: {reason(error)}") from None


def write_text(path: Path, text: str) -> None:
    """Write text that somebody asked for. Raises RunError."""
    hand_over(path, lambda file: file.write(text.encode("utf-8", "surrogateescape")))


def _label(name: str) -> str:
    """The name as a part of a directory's name: no separators, no dots in front, at most 150 bytes."""
    plain = re.sub(r"[^\w.+=-]+", "-", name).encode("utf-8", "ignore")[:150].decode("utf-8", "ignore")
    return plain.strip("-.") or "run"


def not_written(what: str, error: OSError) -> RunError:
    """An error of writing in the user's words, a DiskError where another run would meet it as well."""
    kind = DiskError if error.errno in FULL else RunError
    return kind(f"{what}: {reason(error)}")


def reason(error: OSError) -> str:
    """What the system says, as the end of a sentence."""
    return (error.strerror or str(error)).lower()
