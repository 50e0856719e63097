"""How signals end a command: as Ctrl-C does, so that nothing half written and nothing unpacked is left behind."""

from __future__ import annotations

import signal
from contextlib import suppress
from types import FrameType

NUMBERS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def answer_signals() -> None:
    """From here on SIGINT raises KeyboardInterrupt, SIGTERM and SIGHUP raise SystemExit; those ignored stay ignored."""
    with suppress(ValueError):  # in a thread, where no signal arrives
        for number in NUMBERS:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, _end)
        if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def ignore_signals() -> None:
    """While a command is ending, which takes a moment, further signals change nothing."""
    with suppress(ValueError):
        for number in (signal.SIGINT, *NUMBERS):
            signal.signal(number, signal.SIG_IGN)


def _end(number: int, frame: FrameType | None) -> None:
    ignore_signals()
    raise SystemExit(128 + number)  # past every handler of errors
