"""Signals that ask a command to stop: end it as Ctrl-C does, wait for the end of a step, or go to another process."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from subprocess import Popen

PATIENCE = 1.0
"""Seconds within which further signals count as the first one: ``timeout`` sends two, an impatient finger three."""
NUMBERS = [signal.Signals[name] for name in ("SIGTERM", "SIGHUP") if name in signal.Signals.__members__]


def answer_signals() -> None:
    """From here on SIGINT raises KeyboardInterrupt, SIGTERM and SIGHUP raise SystemExit; ignored ones stay ignored.

    Nothing half written and nothing unpacked is left behind.
    """
    with suppress(ValueError):  # in a thread, where no signal arrives
        for number in NUMBERS:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, _end)
        if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def ignore_signals() -> None:
    """Ignore further signals while a command ends, which takes a moment."""
    with suppress(ValueError):
        for number in (signal.SIGINT, *NUMBERS):
            signal.signal(number, signal.SIG_IGN)


def _end(number: int, frame: FrameType | None) -> None:
    ignore_signals()
    raise SystemExit(128 + number)  # no handler of errors catches it


class Stop:
    """While entered, a signal only sets ``signal``; one that comes more than ``PATIENCE`` later ends the process.

    A signal that was ignored before stays ignored (``nohup``).
    """

    def __init__(self) -> None:
        self.signal = 0
        self._since = 0.0
        self._answers = ExitStack()

    def __enter__(self) -> Self:
        self._answers.enter_context(_answered(self._take))
        return self

    def __exit__(self, *exception: object) -> None:
        self._answers.close()

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Let printing fail after a signal: the reader may be gone, and the exit code says what happened."""
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
            raise SystemExit(128 + number)  # no handler of errors catches it; the display restores the terminal


def passed_on(process: Popen[bytes]) -> AbstractContextManager[None]:
    """While entered, another process gets these signals; it may get those of a terminal twice."""
    return _answered(lambda number, frame: process.send_signal(number))


@contextmanager
def _answered(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """While entered, ``handler`` answers signals."""
    from synthgrad.processes import handled

    before = {number: signal.signal(number, handler) for number in handled()}
    try:
        yield
    finally:
        for number, answer in before.items():
            signal.signal(number, answer)
