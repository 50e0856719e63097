"""What can go wrong, in the user's words.

    SynthgradError            one message: PLACE: WHAT (what would be right)
    |- ConfigError            a config, an override or a command line is wrong         exit 2
    `- RunError               a file, a directory, the machine failed while running    exit 1
       `- DiskError           the disk is full or may not be written: so for every run

A run that diverges is not an error but an outcome with an exit code of its own. The command line turns errors into
text and an exit code in one place, ``cli/__init__.py``.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple


class ExitCode(IntEnum):
    """How a command ended; 128 and its number after a signal."""

    DONE = 0
    FAILED = 1
    BAD_USAGE = 2
    DIVERGED = 3
    NOT_HELD = 4
    UNDECIDED = 5


def lacking(error: BaseException) -> str:
    """What the machine has too little of, where an error says so; nothing for any other error."""
    text, number = str(error), getattr(error, "errno", None)
    unmapped = isinstance(error, ImportError) and ("failed to map segment" in text or "allocate memory" in text)
    if isinstance(error, MemoryError) or number == errno.ENOMEM or unmapped:
        return f"not enough memory: {text}" if isinstance(error, MemoryError) and text else "not enough memory"
    if (isinstance(error, RuntimeError) and "start new thread" in text) or isinstance(error, BlockingIOError):
        return "no further thread or process can be started (ulimit -u says how many there may be)"
    return ""


class SynthgradError(Exception):
    """The root of everything that synthgrad reports instead of a traceback."""

    exit_code = ExitCode.FAILED


class Problem(NamedTuple):
    """One thing wrong with a config: the dotted key and what is wrong with its value."""

    key: tuple[str | int, ...]
    message: str


class ConfigError(SynthgradError):
    """Everything that is wrong with a config, each on a line of its own."""

    exit_code = ExitCode.BAD_USAGE

    def __init__(self, lines: str | Iterable[str]) -> None:
        self.lines = [lines] if isinstance(lines, str) else list(lines)
        super().__init__("\n".join(self.lines))


class RunError(SynthgradError):
    """Something outside the config failed: a disk, a permission, the memory."""


class DiskError(RunError):
    """Nothing more can be written there: no other run would fare better."""
