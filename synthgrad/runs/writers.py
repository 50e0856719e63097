"""The process that writes a run, as run.json and notes beside a file tell of it, and whether it is still there.

This counts where a file system has no locks. A number of a process is used again: its start tells the two apart.
"""

from __future__ import annotations

import os
import platform
from contextlib import suppress

from synthgrad.records import Record, Settings


def here() -> Settings:
    """What tells this process from every other, as run.json has it.

    ``pid_started`` is in ticks since the system began, ``pid_namespace`` whose numbers these are; None where the system
    does not say.
    """
    pid = os.getpid()
    return {
        "host": platform.node(), "pid": pid, "pid_started": _stat(pid)[1], "pid_namespace": _namespace(),
    }  # fmt: skip


def is_me(said: Record) -> bool:
    """Whether this process is meant."""
    return all(said.get(key) == value for key, value in here().items())


def alive(said: Record) -> bool | None:
    """Whether a process is there that ``here`` told of; None where nobody can tell from this machine."""
    pid = said.get("pid")
    if os.name != "posix" or not isinstance(pid, int) or isinstance(pid, bool) or pid < 1:
        return None
    if said.get("host") != platform.node() or said.get("pid_namespace") != _namespace():
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OverflowError:
        return None
    except PermissionError:  # somebody else's
        pass
    state, started = _stat(pid)
    then = said.get("pid_started")
    return state not in ("Z", "X") and (None in (then, started) or then == started)


def named(said: Record) -> str:
    """A process in words."""
    pid, host = said.get("pid"), said.get("host")
    process = f"process {pid}" if isinstance(pid, int) else "an unknown process"
    return f"{process} on {host}" if isinstance(host, str) and host else process


def _stat(pid: int) -> tuple[str, int | None]:
    """State and start of a process, as Linux has them in /proc."""
    with suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()  # before that is a name, in which anything may stand
        return fields[0].decode(), int(fields[19])
    return "", None


def _namespace() -> str | None:
    with suppress(OSError):
        return os.readlink("/proc/self/ns/pid")
    return None
