"""Claims: the runs that a sweep is about to train, so that another over the same grid leaves them to it.

A claim is a file below the runs directory that its process holds locked; when the process ends, however it ends, the
claim counts no more. Where the system has no locks there are no claims.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from synthgrad.errors import RunError
from synthgrad.runs.directory import not_written, reason
from synthgrad.runs.locking import held, hold

FOLDER = ".sweeps"
TURN = "turn"
"""The file that is locked by whoever is looking at the claims to make one, or to take some away."""
PATIENCE = 60.0


class Claim:
    """The claim of this process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file: BinaryIO | None = None

    def take(self, keys: Iterable[str]) -> None:
        """Claim the runs with these fingerprints, until ``release``. Raises RunError."""
        claimed = "".join(f"{key}\n" for key in keys).encode()
        try:
            self.file = self.path.open("xb", buffering=0)
            hold(self.file)
            if self.file.write(claimed) != len(claimed):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            self.release()
            raise not_written(f"{self.path.parent}: no claim can be made there", error) from None

    def release(self) -> None:
        """Give up the claim, and leave nothing behind where no other is made."""
        if self.file is None:
            return
        self.path.unlink(missing_ok=True)
        self.file.close()
        with suppress(OSError, RunError), _turn(self.path.parent, patience=0):
            if not list(_claims(self.path.parent)):
                (self.path.parent / TURN).unlink()
                self.path.parent.rmdir()


@contextmanager
def claiming(runs: Path) -> Iterator[Claim]:
    """A claim to be taken; while entered, nobody else takes one. Raises RunError."""
    folder = runs / FOLDER
    with _turn(folder, PATIENCE):
        for path in _claims(folder):
            if not held(path):
                path.unlink(missing_ok=True)
        yield Claim(folder / secrets.token_hex(8))


def others(runs: Path) -> set[str]:
    """The fingerprints of the runs that live sweeps have claimed."""
    found: set[str] = set()
    for path in _claims(runs / FOLDER):
        if held(path):
            with suppress(OSError):
                found.update(path.read_text().split())
    return found


def _claims(folder: Path) -> Iterator[Path]:
    return folder.glob("[0-9a-f]*")


@contextmanager
def _turn(folder: Path, patience: float) -> Iterator[None]:
    """Be the only one in a folder of claims, which is made where it is missing. Raises RunError."""
    try:
        file = _opened(folder, patience)
    except (FileExistsError, NotADirectoryError):
        raise RunError(f"{folder.parent}: is not a directory (choose another with --runs)") from None
    except OSError as error:
        raise RunError(f"{folder}: no claim can be made there: {reason(error)}") from None
    with file:
        yield


def _opened(folder: Path, patience: float) -> BinaryIO:
    """The file of the turn, locked; not one that its last holder has taken away meanwhile. Raises OSError, RunError."""
    path = folder / TURN
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # the folder was taken away
            file = path.open("ab")
            if not hold(file, patience):
                file.close()
                raise RunError(f"{folder}: another sweep has been making its plan for a minute (end it, or try again)")
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
                    return file
            file.close()
