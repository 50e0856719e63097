"""What can go wrong, in the user's words.

    SynthgradError            one message: PLACE: WHAT (what would be right)
    |- ConfigError            a config, an override or a command line is wrong         exit 2
    `- RunError               a file, a directory, the machine failed while running    exit 1
       `- DiskError           the disk is full or read-only: every other run would fail too

A run that diverges is not an error but an outcome with an exit code of its own. The command line turns errors into
text and an exit code in one place, ``cli/__init__.py``.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable
from enum import IntEnum
from types import TracebackType
from typing import NamedTuple, TypeVar

S = TypeVar("S")
T = TypeVar("T")


class ExitCode(IntEnum):
    """How a command ended; 128 and its number after a signal."""

    DONE = 0
    FAILED = 1
    BAD_USAGE = 2
    DIVERGED = 3
    NOT_HELD = 4
    UNDECIDED = 5


def shortage(error: BaseException) -> str:
    """The shortage of memory, threads or processes that an error is due to, in words; "" for any other error."""
    text = str(error)
    unmapped = isinstance(error, ImportError) and ("failed to map segment" in text or "allocate memory" in text)
    no_memory = isinstance(error, OSError) and error.errno == errno.ENOMEM
    if isinstance(error, MemoryError) or no_memory or unmapped:
        return f"not enough memory: {text}" if isinstance(error, MemoryError) and text else "not enough memory"
    if (isinstance(error, RuntimeError) and "start new thread" in text) or isinstance(error, BlockingIOError):
        return "no more threads or processes can be started (ulimit -u prints the limit)"
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


class ErrorCollector:
    """Collects the ConfigErrors of its ``with`` blocks, to raise them as one: every line once, in order."""

    def __init__(self) -> None:
        self.lines: dict[str, None] = {}

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: type | None, error: BaseException | None, _trace: TracebackType | None) -> bool:
        if not isinstance(error, ConfigError):
            return False
        self.lines |= dict.fromkeys(error.lines)
        return True

    def raise_if_any(self) -> None:
        """Raise ConfigError with every line that was collected, if there is one."""
        if self.lines:
            raise ConfigError(self.lines)


def collect(function: Callable[[S], T], items: Iterable[S]) -> list[T]:
    """The results of ``function`` for each item. The ConfigErrors of all items are raised as one."""
    errors, results = ErrorCollector(), list[T]()
    for item in items:
        with errors:
            results.append(function(item))
    errors.raise_if_any()
    return results


class RunError(SynthgradError):
    """Something other than the config failed: a disk, a permission, memory."""


class DiskError(RunError):
    """The disk is full or read-only: every other run would fail too."""
