"""Who is writing a run: a lock on its metrics file, which the system lets go of when the process ends, however it ends.

Advisory, and only where the system has ``flock``; elsewhere nothing is ever held.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

try:
    import fcntl
except ImportError:  # no POSIX system
    fcntl = None  # type: ignore[assignment]

PATIENCE = 0.5
"""Seconds for which a lock that is held may only be one that is being looked at."""


def hold(file: IO[Any], patience: float = PATIENCE) -> bool:
    """Lock an open file until it is closed; False where somebody else still holds it after ``patience`` seconds."""
    end = time.monotonic() + patience
    while fcntl is not None:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        except OSError:  # a file system without locks
            return True
        else:
            return True
    return True


def held(path: Path) -> bool:
    """Whether some process holds the lock of a file, this one included."""
    if fcntl is None:
        return False
    with suppress(OSError), path.open("rb") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
