"""What the system knows of processes: which there are, what they hold open, and what they have in memory."""

from __future__ import annotations

import os
import re
from pathlib import Path

from support.commands import until

WORKER = re.compile(rb"from (synthgrad\.workers\.worker|support\.(slowed|faulty)_worker) import")
"""What is in the command line of a process that shares the layers of a run, here and in tests of such processes."""


def children(pid: int | None = None) -> set[int]:
    """The processes that a process has started, this one if none is named; zombies are among them."""
    tasks = Path(f"/proc/{pid or os.getpid()}/task").glob("*/children")
    return {int(child) for task in tasks for child in task.read_text().split()}


def alive(pid: int) -> bool:
    """Whether a process is still there, and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def workers(pid: int | None = None) -> list[int]:
    """The processes that share the layers of a run which another process trains, in their order."""
    return sorted(child for child in children(pid) if WORKER.search(_command(child)))


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def ended(pids: list[int], seconds: float = 10) -> None:
    """Wait until none of these processes is there any more."""
    until(lambda: not any(alive(pid) for pid in pids), seconds)


def open_files(pid: int | None = None) -> list[str]:
    """What the descriptors of a process stand for, but for that of this look itself."""
    found = []
    for link in Path(f"/proc/{pid or os.getpid()}/fd").iterdir():
        try:
            found.append(os.readlink(link))
        except OSError:  # with which the directory was read
            continue
    return sorted(found)


def mapped(pid: int | None = None) -> set[str]:
    """The files that a process has in its memory."""
    lines = Path(f"/proc/{pid or os.getpid()}/maps").read_text().splitlines()
    return {line.split(maxsplit=5)[5] for line in lines if len(line.split(maxsplit=5)) == 6}
