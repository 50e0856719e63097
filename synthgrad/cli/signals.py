"""SIGINT and SIGTERM as a wish to stop, looked at between steps."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any, Self


class Stop:
    """While entered, the first SIGINT or SIGTERM only sets ``signal``; a second one acts at once."""

    def __init__(self) -> None:
        self.signal = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, frame: FrameType | None) -> None:
        self.signal = number
        for each in self._before:
            signal.signal(each, signal.SIG_DFL)
