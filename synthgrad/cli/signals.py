"""Signals that ask a process to stop: a wish that is looked at between steps, or passed on to another process."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from subprocess import Popen

PATIENCE = 1.0
"""Seconds for which more signals mean the same wish: ``timeout`` sends two, an impatient finger three."""


class Stop:
    """While entered, a signal of ``SIGNALS`` only sets ``signal``; one that comes much later acts at once.

    A signal that was ignored before stays ignored (``nohup``).
    """

    def __init__(self) -> None:
        self.signal = 0
        self._since = 0.0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        from synthgrad.processes import handled  # for which --help does not wait

        self._before = {number: signal.signal(number, self._take) for number in handled()}
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """After a signal nobody may be there to read what is printed: the exit code says what happened all the same."""
        try:
            yield
        except OSError:
            if not self.signal:
                raise

    def _take(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if not self.signal:
            self.signal, self._since = number, now
        elif now - self._since > PATIENCE:
            raise SystemExit(128 + number)  # past every handler of errors; the terminal is put in order on the way


@contextmanager
def passed_on(process: Popen[Any]) -> Iterator[None]:
    """While entered, these signals are for another process to answer, which may get those of a terminal twice."""
    from synthgrad.processes import handled

    before = {number: signal.signal(number, lambda number, frame: process.send_signal(number)) for number in handled()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
