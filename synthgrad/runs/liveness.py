"""Whether a run is being written at this moment: known from its lock, told by its files where there are no locks."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from synthgrad.files import read_bytes
from synthgrad.records import Record
from synthgrad.runs.directory import MOST_BYTES, Run
from synthgrad.runs.locking import owned
from synthgrad.runs.writers import alive, is_me, named
from synthgrad.text import counted

UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


class Liveness(NamedTuple):
    """Whether a run is being written; ``doubt`` says why nobody can tell, where that is so."""

    writing: bool
    doubt: str = ""

    def taken(self, force: bool = False) -> bool:
        """Whether the run is to be left alone: it is being written, or may be; ``force`` says that then it is not."""
        return self.writing or bool(self.doubt and not force)


def liveness(run: Run) -> Liveness:
    """From the files of a run: its lock, notes next to its metrics, its result, the process that run.json names."""
    there, unseen = owned(run.metrics)
    if unseen:
        return Liveness(False, _doubt(unseen, run.metrics))
    if there is not None or run.result.exists():
        return Liveness(bool(there))
    writer = _writer(run.about)
    there = False if is_me(writer) else alive(writer)  # who writes without locks has a note
    return Liveness(False, _doubt(writer, run.metrics)) if there is None else Liveness(there)


def in_use(run: Run) -> bool:
    """Whether some process is writing a run at this moment, or may be."""
    return liveness(run).taken()


def _writer(about: Path) -> Record:
    """The process that a run.json names: the last that took the run up, or the one that began it."""
    with suppress(OSError, ValueError, RecursionError):
        said = json.loads(read_bytes(about, MOST_BYTES[about.name]))
        again = said.get("resumed") if isinstance(said, dict) else None
        last = again[-1] if isinstance(again, list) and again else said
        return last if isinstance(last, dict) else {}
    return {}


def _doubt(writer: Record, metrics: Path) -> str:
    return f"{named(writer)} wrote it{_age(metrics)}, and this file system has no locks"


def _age(metrics: Path) -> str:
    """How long ago the last row was written."""
    with suppress(OSError):
        seconds = max(0, int(time.time() - metrics.stat().st_mtime))
        size, unit = next(((size, unit) for size, unit in UNITS if seconds >= size), (1, "second"))
        return f" {counted(seconds // size, unit)} ago"
    return ""
