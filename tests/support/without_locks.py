"""A file system without locks, in this process or in others; and notes of processes that are elsewhere."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.commands import environment
from synthgrad.runs import locking
from synthgrad.runs.writers import here

GONE = 2**22 + 1
"""No process has this number: Linux gives none above 2^22."""
ERRORS = ("ENOLCK", "ENOSYS", "EOPNOTSUPP")
WITHOUT = (*ERRORS, "no fcntl")
"""The ways in which locks are missing: by an error, or because the system has none, as Windows."""
SITE = """
import os, sys
how = {how!r}
if how == "no fcntl":
    sys.modules["fcntl"] = None
else:
    import errno, fcntl
    def flock(file, what):
        raise OSError(getattr(errno, how), os.strerror(getattr(errno, how)))
    fcntl.flock = flock
"""


def without_locks(patch: pytest.MonkeyPatch, how: str = "ENOLCK") -> None:
    """Have no locks in this process."""
    if how == "no fcntl":
        patch.setattr(locking, "fcntl", None)
        return

    def flock(file: int, what: int) -> None:
        raise OSError(getattr(errno, how), os.strerror(getattr(errno, how)))

    assert locking.fcntl is not None
    patch.setattr(locking.fcntl, "flock", flock)


def site(directory: Path, how: str = "ENOLCK") -> str:
    """A place for PYTHONPATH: processes that have it there have no locks."""
    directory.mkdir(exist_ok=True)
    (directory / "sitecustomize.py").write_text(SITE.format(how=how))
    return str(directory)


def note(file: Path, **said: Any) -> Path:
    """Write a note beside a file, of this process but for what is said."""
    path = file.with_name(f".{file.name}.00ff00ff.lock")
    path.write_text(json.dumps({**here(), **said}))
    return path


@contextmanager
def process() -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    """A process that is there, and what ``here`` says in it."""
    code = "import json; from synthgrad.runs.writers import here; print(json.dumps(here()), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()
    ) as other:
        assert other.stdout is not None
        yield other, json.loads(other.stdout.readline())
        other.kill()
