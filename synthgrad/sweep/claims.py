"""Claims: the runs that a sweep is about to train, so that another over the same grid leaves them to it.

A claim is a file below the runs directory that its process holds locked; when the process ends, however it ends, the
claim counts no more. Where the system has no locks there are no claims.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from synthgrad.errors import RunError
from synthgrad.runs.directory import reason
from synthgrad.runs.locking import held, hold

FOLDER = ".sweeps"
TURN = "turn"
"""The file that is locked by whoever is looking at the claims to make one."""
PATIENCE = 60.0


class Claim:
    """The claim of this process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file: BinaryIO | None = None

    def take(self, keys: Iterable[str]) -> None:
        """Claim the runs with these fingerprints, until ``release``."""
        self.file = self.path.open("xb", buffering=0)
        hold(self.file)
        self.file.write("".join(f"{key}\n" for key in keys).encode())

    def release(self) -> None:
        """Give up the claim."""
        if self.file is not None:
            self.path.unlink(missing_ok=True)
            self.file.close()
            with suppress(OSError):
                (self.path.parent / TURN).unlink()
            with suppress(OSError):  # another claim is in it
                self.path.parent.rmdir()


@contextmanager
def claiming(runs: Path) -> Iterator[Claim]:
    """A claim to be taken; while entered, nobody else takes one. Raises RunError."""
    folder = runs / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / TURN).open("ab") as turn:
            if not hold(turn, PATIENCE):
                raise RunError(f"{folder}: another sweep has been making its plan for a minute (end it, or try again)")
            yield Claim(folder / secrets.token_hex(8))
    except OSError as error:
        raise RunError(f"{folder}: no claim can be made there: {reason(error)}") from None


def others(runs: Path) -> set[str]:
    """The fingerprints of the runs that live sweeps have claimed; the claims of dead ones are taken away."""
    found: set[str] = set()
    for path in (runs / FOLDER).glob("[0-9a-f]*"):
        with suppress(OSError):
            if held(path):
                found.update(path.read_text().split())
            else:
                path.unlink()
    return found
