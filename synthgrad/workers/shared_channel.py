"""A channel between modules that different processes work at."""

from __future__ import annotations

import numpy.typing as npt

from synthgrad.schedules.channel import Channel, Slots
from synthgrad.types import Array
from synthgrad.workers.waiting import Watch


class SharedChannel(Channel):
    """Slots (slots, B n) in shared memory, and two counters: how many h are there, and how many g.

    ``h_at`` and ``g_at`` are the places of the counters. Everything is written where it will be read.
    """

    def __init__(self, n: int, hs: Array, gs: Array, dtype: npt.DTypeLike, watch: Watch, h_at: int, g_at: int) -> None:
        super().__init__(n, len(hs), (), dtype)
        self.hs, self.gs = hs, gs
        self.watch, self.h_at, self.g_at = watch, h_at, g_at

    def set_batch_size(self, rows: int) -> None:
        if rows not in self._sets:
            self._sets[rows] = self._cut(self.hs, rows), self._cut(self.gs, rows)

    def _cut(self, slots: Array, rows: int) -> Slots:
        return [slot[: rows * self.n].reshape(rows, self.n) for slot in slots]

    def send_h(self, t: int) -> None:
        self.watch.say(self.h_at, t + 1)

    def send_g(self, t: int) -> None:
        self.watch.say(self.g_at, t + 1)

    def await_h(self, t: int) -> None:
        self.watch.wait(self.h_at, t)

    def await_g(self, t: int) -> None:
        self.watch.wait(self.g_at, t)

    def arrived(self) -> int:
        return self.watch.look(self.g_at)

    def clear(self) -> None:
        """The counters begin anew when nobody is at work: their parent sees to that."""
