"""Claims: the runs that a sweep is about to train, so that another over the same grid leaves them to it.

A reservation is a file below the runs directory that its process holds locked; when the process ends, however it ends,
the reservation no longer counts.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from synthgrad.errors import RunError
from synthgrad.files import matching
from synthgrad.runs.directory import make, not_written, reason
from synthgrad.runs.locking import Lock, forget, owned, take
from synthgrad.runs.writers import named

FOLDER, FILES = ".sweeps", "[0-9a-f]*"
TURN = "turn"
"""The file that a process locks while it makes or removes reservations."""
PATIENCE = 60.0
UNSTUCK = "end it, or try again; where it was killed on another host of a file system without locks: --force"


class Reserved(NamedTuple):
    """What live sweeps have reserved, and what others whose processes nobody can see from here: by whom."""

    keys: set[str]
    unseen: dict[str, str]

    def has(self, key: str) -> bool:
        """Whether a run is reserved, or may be."""
        return key in self.keys or key in self.unseen


class Reservation:
    """The reservation of this process; ``locked`` where the file system has locks."""

    def __init__(self, path: Path, locked: bool) -> None:
        self.path, self.locked = path, locked
        self.file: BinaryIO | None = None
        self.lock: Lock | None = None

    def take(self, keys: Iterable[str]) -> None:
        """Reserve the runs with these fingerprints, until ``release``. Raises RunError."""
        reserved = "".join(f"{key}\n" for key in keys).encode()
        try:
            self.file = self.path.open("xb", buffering=0)
            self.lock = take(self.file, self.path)
            if self.file.write(reserved) != len(reserved):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            self.release()
            raise not_written(f"{self.path.parent}: no reservation can be made there", error) from None

    def release(self) -> None:
        """Give up the reservation, and leave nothing behind where no other is made."""
        if self.file is None:
            return
        self.path.unlink(missing_ok=True)
        self.file.close()
        if self.lock is not None:
            self.lock.close()
        with suppress(OSError, RunError), _turn(self.path.parent, patience=0):
            if not matching(self.path.parent, FILES):
                (self.path.parent / TURN).unlink()
        with suppress(OSError):  # somebody else is there
            self.path.parent.rmdir()


@contextmanager
def reserving(runs: Path, force: bool = False) -> Iterator[Reservation]:
    """A reservation to be taken; while entered, nobody else takes one. Raises RunError.

    With ``force`` reservations of processes that nobody can see from here do not count.
    """
    folder = runs / FOLDER
    with _turn(folder, PATIENCE, force) as lock:
        for path in matching(folder, FILES):
            there, said = owned(path)
            if not there and not said:
                path.unlink(missing_ok=True)
                forget(path)
        yield Reservation(folder / secrets.token_hex(8), lock.note is None)


def others(runs: Path, force: bool = False) -> Reserved:
    """The fingerprints of the runs that other sweeps have reserved; ``force`` as for ``reserving``."""
    found = Reserved(set(), {})
    for path in matching(runs / FOLDER, FILES):
        there, said = owned(path)
        with suppress(OSError):
            keys = path.read_text().split() if there or (said and not force) else []
            if there:
                found.keys.update(keys)
            else:
                found.unseen.update(dict.fromkeys(keys, named(said)))
    return found


@contextmanager
def _turn(folder: Path, patience: float, force: bool = False) -> Iterator[Lock]:
    """Be the only one in a folder of reservations, which is made where it is missing. Raises RunError."""
    with ExitStack() as stack:
        try:
            lock = _opened(folder, patience, force, stack)
        except (FileExistsError, NotADirectoryError):
            raise RunError(f"{folder.parent}: is not a directory (choose another with --runs)") from None
        except OSError as error:
            raise RunError(f"{folder}: no reservation can be made there: {reason(error)}") from None
        yield lock


def _opened(folder: Path, patience: float, force: bool, stack: ExitStack) -> Lock:
    """The turn, until the stack ends, of a file that its last holder has not taken away. Raises OSError, RunError."""
    path = folder / TURN
    while True:
        make(folder)  # and the directory of runs with it
        with suppress(FileNotFoundError), ExitStack() as own:  # the folder was taken away
            file = own.enter_context(path.open("ab"))
            lock = take(file, path, patience=patience, force=force)
            if lock is None:
                raise RunError(f"{folder}: another sweep has been making its plan for a minute ({UNSTUCK})")
            own.enter_context(closing(lock))
            if os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
                stack.push(own.pop_all())
                return lock
