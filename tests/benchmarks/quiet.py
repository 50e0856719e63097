"""Whether all cores are ours: the same products on every core, before and after what is timed.

    python tests/benchmarks/quiet.py CORE    (one watcher; started by the benchmarks)

On a shared machine a core takes up to twice as long for the same work, for seconds at a time, and no counter of the
system tells: neighbours work, or two cores of ours were put onto one while one of them was idle. So what is timed lies
between two looks at all cores: at once where it uses several, one after the other where it uses one. A look is
disturbed where a core took more than ``UNREST`` times as long as in the best look of all: cores that are never free at
the same time, or that are two halves of one, cannot show what two can do. A turn waits for a look that is not, and is
taken again if the look after it is, while patience lasts. What it measured has no say in that.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from children import Child, arguments, serve, together

from synthgrad.processes import cores

UNREST = 1.35
"""So many times as long as in the best look."""
SIZE = 512
"""Of the products' matrices: more than the first two caches hold, as in the nets that are timed."""
LOOK = 0.03
"""Seconds of a look."""
FIRST = 10
"""Looks before the start, so that there is a best one."""
SETTLE = 4
"""Looks after a turn with threads of BLAS, which spin on for a while: the first undisturbed one counts."""

T = TypeVar("T")


class Turn(NamedTuple, Generic[T]):
    """What a turn has measured, and the slower of the looks around it, in seconds a product on the slowest core."""

    value: T
    look: float


class Watch(AbstractContextManager["Watch"]):
    """A watcher on every core. ``patience`` is in seconds, and is used up by waiting and by turns taken again."""

    def __init__(self) -> None:
        self._stack, self.patience = ExitStack(), 0.0
        ours = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else range(cores())
        self._watchers = [self._stack.enter_context(Child("quiet.py", 1, core)) for core in ours]
        self._best = {True: float("inf"), False: float("inf")}
        for _ in range(FIRST):
            self._look(at_once=False)
            self._look(at_once=True)

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def cores(self) -> float:
        """As many cores, each as fast as one alone, do what all do at once."""
        return len(self._watchers) * self._best[False] / self._best[True]

    def _look(self, at_once: bool) -> float:
        looks = [self._watchers] if at_once else [[each] for each in self._watchers]
        slowest = max(float(seconds) for each in looks for seconds in together(each, LOOK))
        self._best[at_once] = min(self._best[at_once], slowest)
        return slowest

    def _still(self, look: float) -> bool:
        return look <= UNREST * min(self._best.values())

    def _after(self, at_once: bool, threads: bool) -> float:
        for _ in range(SETTLE if threads else 1):
            look = self._look(at_once)
            if self._still(look):
                break
        return look

    def quiet(self, turn: Turn[Any]) -> bool:
        """Whether a turn was undisturbed, by the best look so far."""
        return self._still(turn.look)

    def turn(self, work: Callable[[], T], at_once: bool, threads: bool = False, patient: bool = True) -> Turn[T]:
        """What ``work`` returns where nothing disturbed it, or, when patience is at an end, where something did.

        ``at_once``: it uses more than one core; ``threads``: by threads of BLAS.
        """
        while True:
            begun, before = time.perf_counter(), self._look(at_once)
            waits = patient and self.patience > 0
            if not waits or self._still(before):
                turn = Turn(work(), max(before, self._after(at_once, threads)))
                if not waits or self.quiet(turn):
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
