"""Waiting for another process by looking at a counter in shared memory.

Looking takes 50 ns, so data that are there, or arrive soon, cost almost nothing; a longer wait yields the core to
others, and notices when it is no longer wanted.
"""

from __future__ import annotations

import itertools
import os
import platform
import threading
import time

SPIN_SECONDS = 2e-4
"""For so long a counter is looked at without a pause, where every worker has a core."""
NAP_SECONDS, LONG_NAP_SECONDS = 5e-5, 1e-3
"""After that there is a pause between two looks. Who sleeps has the core soon after waking, who spins or yields it is
put last: beside other busy processes workers that did so were three to ten times as slow as these."""
NAPS = 1000
"""So many pauses are short."""

WIDTH = 8
"""Counters in a cache line."""
STOP, STEP, WAITED = range(3)
"""In a worker's own line: whether it is to stop, its steps, the nanoseconds it has waited."""


class Abandoned(Exception):  # noqa: N818
    """The epoch is given up: its parent says so, or is gone."""


class Watch:
    """The counters of all processes, one a line, and how one of them waits for the others."""

    def __init__(self, counters: memoryview, own: int, *, crowded: bool) -> None:
        """``own`` is the line of this process; it is ``crowded`` where there are more processes than cores."""
        self.counters, self.own = counters, own * WIDTH
        self.parent = os.getppid()
        self.spin_ns = 0 if crowded else round(SPIN_SECONDS * 1e9)
        self._lock = threading.Lock()
        self.fence = None if platform.machine().lower() in ("x86_64", "amd64", "i686") else self._fence

    def say(self, at: int, count: int) -> None:
        """Set a counter, for others to see after everything that was written before."""
        if self.fence:
            self.fence()
        self.counters[at] = count

    def look(self, at: int) -> int:
        """A counter, as it is; what was written before it was set can be read."""
        count = self.counters[at]
        if self.fence:
            self.fence()
        return count

    def check(self) -> None:
        """Raises Abandoned where this process is no longer wanted."""
        if self.counters[self.own + STOP] or os.getppid() != self.parent:
            raise Abandoned

    def wait(self, at: int, beyond: int) -> None:
        """Wait until a counter is more than ``beyond``. Raises Abandoned."""
        counters = self.counters
        if counters[at] <= beyond:
            begun = time.perf_counter_ns()
            until = begun + self.spin_ns
            while counters[at] <= beyond:
                if time.perf_counter_ns() > until:
                    self._wait_longer(at, beyond)
            counters[self.own + WAITED] += time.perf_counter_ns() - begun
        if self.fence:
            self.fence()

    def _wait_longer(self, at: int, beyond: int) -> None:
        counters = self.counters
        for tries in itertools.count():
            if counters[at] > beyond:
                return
            self.check()
            time.sleep(NAP_SECONDS if tries < NAPS else LONG_NAP_SECONDS)

    def _fence(self) -> None:
        """Keep reads and writes before it from those after it, on processors that put them in another order.

        A lock that is released and taken again orders both ways; x86 needs nothing of the kind.
        """
        for _ in range(2):
            with self._lock:
                pass
