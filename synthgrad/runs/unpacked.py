"""The temporary directories that archives are unpacked into: each belongs to a process, and is removed with it.

A process that was killed leaves its own behind; the next one that unpacks something removes it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from synthgrad.runs.locking import held, hold

PREFIX = "synthgrad-"
MARK, INSIDE = "in-use", "runs"
"""The file in it that its process keeps locked, and that holds its number; and where everything else is."""
YOUNG = 60.0
"""Seconds for which a directory is left alone: its process may be about to lock it."""


class Directory:
    """A temporary directory of this process; ``path`` is what others may write into."""

    def __init__(self) -> None:
        """Raises OSError."""
        for left in _left():
            shutil.rmtree(left, ignore_errors=True)
        self.place = tempfile.mkdtemp(prefix=PREFIX)
        mark = Path(self.place, MARK)
        self.mark = mark.open("wb", buffering=0)
        hold(self.mark)
        self.mark.write(str(os.getpid()).encode())
        self.path = os.path.realpath(os.path.join(self.place, INSIDE))
        os.mkdir(self.path)

    def remove(self) -> None:
        """Remove it, and everything in it."""
        self.mark.close()
        shutil.rmtree(self.place, ignore_errors=True)


def _left() -> Iterator[Path]:
    """The directories of this user whose processes are no more."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError, ValueError):
            found = path.lstat()
            mine = not hasattr(os, "getuid") or found.st_uid == os.getuid()
            mark = path / MARK
            if mine and time.time() - found.st_mtime > YOUNG and not (held(mark) or _runs(int(mark.read_text()))):
                yield path


def _runs(process: int) -> bool:
    """Whether there is a process of this number."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
