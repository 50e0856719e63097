"""SIGINT and SIGTERM as a wish to stop, looked at between steps, or passed on."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any, Self

from synthgrad.cli.endings import NUMBERS

if TYPE_CHECKING:
    from subprocess import Popen

PATIENCE = 1.0
"""Seconds for which more signals mean the same wish: ``timeout`` sends two, an impatient finger three."""


class Stop:
    """While entered, SIGINT or SIGTERM only sets ``signal``; one that comes much later acts at once."""

    def __init__(self) -> None:
        self.signal = 0
        self._since = 0.0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if not self.signal:
            self.signal, self._since = number, now
        elif now - self._since > PATIENCE:
            raise SystemExit(128 + number)  # past every handler of errors; the terminal is put in order on the way


@contextmanager
def passed_on(process: Popen[Any]) -> Iterator[None]:
    """While entered, signals are for another process to answer, which may get those of a terminal twice."""
    numbers = (signal.SIGINT, *NUMBERS)
    before = [signal.signal(number, lambda number, frame: process.send_signal(number)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
