"""The right to write a file: the system's lock, which it lets go of when a process ends, however it ends.

Where a file system has no locks, a note beside the file says which process has the right. Whoever wants it writes a
note first and looks for others then, so of two at once at least one sees the other. The note of a process that is gone
counts no more; that of a process nobody can see from here does, unless ``force`` says that it is gone.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from synthgrad.files import matching, read_bytes
from synthgrad.records import Settings
from synthgrad.runs.writers import alive, here, is_me

try:
    import fcntl
except ImportError:  # no POSIX system
    fcntl = None  # type: ignore[assignment]

AnyFile = IO[str] | IO[bytes]
PATIENCE = 0.5
"""Seconds for which a lock that is held may only be one that is being looked at."""
PAUSE_SECONDS = 0.01
UNLOCKED = "this file system has no locks: a run counts as being written while the process that run.json names is there"
_mine: set[str] = set()
"""The notes that this process has written: others that name it are copies, as in a directory that was restored."""


class Note(NamedTuple):
    """A note: what it says of its process, and whether that is there; None where nobody can tell from here."""

    path: Path
    said: Settings
    alive: bool | None


class Lock:
    """A right that this process has, until ``close``; with a ``note`` where there are no locks."""

    def __init__(self, note: Path | None) -> None:
        self.note = note

    def close(self) -> None:
        """Give it up; a lock of the system's goes when its file is closed."""
        if self.note is not None:
            _remove(self.note)


def take(file: AnyFile, path: Path, *, patience: float = PATIENCE, force: bool = False) -> Lock | None:
    """The right to write an open file; None where somebody else still has it after ``patience`` seconds.

    Raises OSError where there are no locks and no note can be written.
    """
    end = time.monotonic() + patience
    while True:
        locked = _flock(file, "LOCK_EX")
        if locked is not False and not _others(path, None, force):
            note = _write(path) if locked is None else None
            if not _others(path, note, force):
                return Lock(note)
            Lock(note).close()
        if locked:
            _flock(file, "LOCK_UN")
        if time.monotonic() > end:
            return None
        time.sleep(PAUSE_SECONDS * (1 + random.random()))


def hold(file: AnyFile, patience: float = PATIENCE) -> bool:
    """Lock an open file until it is closed; False where somebody else still holds it after ``patience`` seconds."""
    end = time.monotonic() + patience
    while (locked := _flock(file, "LOCK_EX")) is False and time.monotonic() <= end:
        time.sleep(PAUSE_SECONDS)
    return locked is not False


def held(path: Path) -> bool | None:
    """Whether some process holds the lock of a file, this one included; None where there are no locks."""
    if not os.path.isfile(path):  # to open a named pipe would never end
        return False
    with suppress(OSError), path.open("rb") as file:
        locked = _flock(file, "LOCK_SH")
        return None if locked is None else not locked
    return False


def owned(path: Path) -> tuple[bool | None, Settings]:
    """Whether some process has the right to write a file; None where nobody can tell, and what its note says."""
    locked, beside = held(path), list(notes(path))
    if locked or any(note.alive for note in beside):
        return True, {}
    unseen = next((note.said for note in beside if note.alive is None), None)
    if unseen is not None:
        return None, unseen
    return (False if locked is False or beside else None), {}


def forget(path: Path) -> None:
    """Take away the notes beside a file."""
    for note in notes(path):
        _remove(note.path)


def notes(path: Path) -> Iterator[Note]:
    """The notes beside a file."""
    for note in matching(path.parent, f".{path.name}.*.lock"):
        with suppress(FileNotFoundError):  # it was taken away meanwhile
            said = _read(note)
            yield Note(note, said, os.path.abspath(note) in _mine if is_me(said) else alive(said))


def _flock(file: AnyFile, how: str) -> bool | None:
    """Ask the system for a lock; None where it has none: errors such as ENOLCK, ENOSYS, EOPNOTSUPP."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(file.fileno(), getattr(fcntl, how) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _others(path: Path, mine: Path | None, force: bool) -> bool:
    """Whether somebody else has a note; those of processes that are gone are taken away."""
    for note in notes(path):
        if note.path == mine:
            continue
        if note.alive or (note.alive is None and not force):
            return True
        _remove(note.path)
    return False


def _write(path: Path) -> Path:
    """Write a note of this process, whole from the moment it has its name."""
    note = path.with_name(f".{path.name}.{secrets.token_hex(4)}.lock")
    beside = note.with_name(f".{note.name}.part")
    _mine.add(os.path.abspath(note))
    try:
        with beside.open("wb") as file:
            file.write(json.dumps(here()).encode())
            file.flush()
            os.fsync(file.fileno())  # an empty note would be that of an unknown process
        beside.replace(note)
    except BaseException:
        beside.unlink(missing_ok=True)
        _mine.discard(os.path.abspath(note))
        raise
    return note


def _read(note: Path) -> Settings:
    try:
        said = json.loads(read_bytes(note, 1 << 16))
    except FileNotFoundError:
        raise
    except (OSError, ValueError, RecursionError):
        said = None
    return said if isinstance(said, dict) and said else {"pid": None}


def _remove(note: Path) -> None:
    with suppress(OSError):
        note.unlink()
    _mine.discard(os.path.abspath(note))
