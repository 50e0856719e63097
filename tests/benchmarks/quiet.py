"""Whether all cores are ours: the same products on every core at once, before and after what is timed.

    python tests/benchmarks/quiet.py CORE    (one watcher; started by the benchmarks)

On a shared machine a core takes up to twice as long for the same work while a neighbour works, for seconds at a time,
each core by itself, and no counter of the system tells. So a turn that is to be timed lies between two looks at all
cores. A look is disturbed where one core took more than ``UNREST`` times as long as in the best look of all; a turn
beside a disturbed look is taken again, while patience lasts. What the turn itself measured has no say in that.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from children import Child, arguments, serve, together

from synthgrad.processes import cores

UNREST = 1.35
SIZE = 512
"""Of the products' matrices: more than the first two caches hold, as in the nets that are timed."""
LOOK = 0.03
"""Seconds of a look."""
FIRST = 10
"""Looks before the start, so that there is a best one."""


T = TypeVar("T")


class Turn(NamedTuple, Generic[T]):
    """What a turn has measured, and the slower of the looks around it, in seconds a product on the slowest core."""

    value: T
    look: float


class Watch(AbstractContextManager["Watch"]):
    """A watcher on every core. ``patience`` is in seconds, and is used up by turns that are taken again."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        ours = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else range(cores())
        self._watchers = [self._stack.enter_context(Child("quiet.py", 1, core)) for core in ours]
        alone = min(together([each], LOOK)[0] for _ in range(FIRST) for each in self._watchers)
        self.best, self.patience = float("inf"), 0.0
        self._last = min(self._look() for _ in range(FIRST))
        self.cores = len(self._watchers) * alone / self.best
        """As many cores, each as fast as one alone, do what all do at once."""

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _look(self) -> float:
        self._last = max(together(self._watchers, LOOK))
        self.best = min(self.best, self._last)
        return self._last

    @property
    def limit(self) -> float:
        """The slowest look that is quiet, by the best one so far."""
        return UNREST * self.best

    def turn(self, work: Callable[[], T], patient: bool = True) -> Turn[T]:
        """What ``work`` returns where nothing disturbed it, or, when patience is at an end, where something did."""
        while True:
            begun, before = time.perf_counter(), self._last
            waits = patient and self.patience > 0
            if before > self.limit and waits:
                self._look()
            else:
                turn = Turn(work(), max(before, self._look()))
                if turn.look <= self.limit or not waits:
                    return turn
            self.patience -= time.perf_counter() - begun


def watched(core: int) -> Callable[[float], float]:
    """Seconds of a product on one core, where the system lets us choose it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
    x = np.random.default_rng(0).random((SIZE, SIZE), np.float32)
    out = np.empty_like(x)

    def look(seconds: float) -> float:
        np.matmul(x, x, out=out)
        begun, count = time.perf_counter(), 0
        while (now := time.perf_counter()) < begun + seconds:
            np.matmul(x, x, out=out)
            count += 1
        return (now - begun) / count

    return look


if __name__ == "__main__":
    serve(watched(*arguments()))
