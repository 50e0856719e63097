"""What it costs to hand something over to another process or thread: the table of parallel.py --handover.

Two take turns: one says that step t is there, the other, which has been waiting for it, says the same of its own step,
and so on. One way is half of such an exchange; what is handed over lies in place already, and nothing is copied. Each
of the two has a core of its own, as at work: on one core the system switches faster, but only one of them works.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import threading
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from synthgrad.workers.shared_channel import SharedChannel
from synthgrad.workers.shared_memory import ArraySpec, SharedMemory
from synthgrad.workers.waiting import WIDTH, Watch

GOAL_US = 2.0
PIECES = 40
EXCHANGES = 10_000

Turn = Callable[[int], object]
Turns = tuple[Turn, Turn]
"""What one does in exchange t, and what the other does meanwhile."""

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
PROCESSES = multiprocessing.get_context("fork")


def measure() -> dict[str, tuple[float, float, float]]:
    """Microseconds one way, by the name of the way: the median of pieces of the exchanges, and their quartiles."""
    return {name: _one_way(*row) for name, row in WAYS.items()}


def _one_way(make: Callable[[], Turns], start: Callable[..., Any], exchanges: int) -> tuple[float, float, float]:
    mine, theirs = make()
    other = start(target=_all, args=(theirs, exchanges, CORES[-1]), daemon=True)
    other.start()
    times = _all(mine, exchanges, CORES[0])[1:]  # the first piece has the other's start in it
    other.join()
    _stay(*CORES)
    low, middle, high = sorted(times)[len(times) // 4], median(times), sorted(times)[-len(times) // 4]
    return middle * 1e6, low * 1e6, high * 1e6


def _all(turn: Turn, exchanges: int, core: int) -> list[float]:
    """Take part in all exchanges, on one core; returns the seconds one way, by piece."""
    _stay(core)
    count, times = exchanges // PIECES, []
    for piece in range(PIECES):
        begun = time.perf_counter()
        for t in range(piece * count, (piece + 1) * count):
            turn(t)
        times.append((time.perf_counter() - begun) / count / 2)
    return times


def _stay(*cores: int) -> None:
    """Have this thread on these cores, where the system lets itself be told."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)


def shared_edge() -> Turns:
    """The package's own: two counters in shared memory, each waited for by looking at it."""
    memory = SharedMemory.make(
        [ArraySpec("counters", (4 * WIDTH,), "int64"), *(ArraySpec(side, (2, 1), "float32") for side in "hg")]
    )
    counters = memoryview(memory.arrays["counters"]).cast("B").cast("q")  # type: ignore[arg-type]
    lower, upper = (
        SharedChannel(1, memory.arrays["h"], memory.arrays["g"], "float32", watch, 2 * WIDTH, 3 * WIDTH)
        for watch in (Watch(counters, own, crowded=False) for own in (0, 1))
    )
    upper.watch.parent = os.getpid()  # it is a child of this process that will look
    return lambda t: (lower.send_h(t), lower.await_g(t)), lambda t: (upper.await_h(t), upper.send_g(t))


def os_pipe() -> Turns:
    """A byte through a pipe of the system."""
    (up_out, up_in), (down_out, down_in) = os.pipe(), os.pipe()
    return (
        lambda _: (os.write(up_in, b"."), os.read(down_out, 1)),
        lambda _: (os.read(up_out, 1), os.write(down_in, b".")),
    )


def connection() -> Turns:
    """A byte through a pipe of multiprocessing."""
    mine, theirs = PROCESSES.Pipe()
    return (
        lambda _: (mine.send_bytes(b"."), mine.recv_bytes()),
        lambda _: (theirs.recv_bytes(), theirs.send_bytes(b".")),
    )


def semaphore(kind: Any) -> Turns:
    """One semaphore a direction."""
    up, down = kind(0), kind(0)
    return lambda _: (up.release(), down.acquire()), lambda _: (up.acquire(), down.release())


def queues(kind: Any) -> Turns:
    """One queue a direction."""
    up, down = kind(), kind()
    return lambda t: (up.put(t), down.get()), lambda t: (up.get(), down.put(t))


def condition() -> Turns:
    """Two counters and a condition."""
    counts, changed = [0, 0], threading.Condition()

    def turn(own: int, t: int) -> None:
        with changed:
            changed.wait_for(lambda: own == 0 or counts[0] > t)
            counts[own] = t + 1
            changed.notify()
            changed.wait_for(lambda: counts[1] > t)

    return lambda t: turn(0, t), lambda t: turn(1, t)


def event() -> Turns:
    """One event a direction."""
    up, down = threading.Event(), threading.Event()
    return (
        lambda _: (up.set(), down.wait(), down.clear()),
        lambda _: (up.wait(), up.clear(), down.set()),
    )


def looked_at() -> Turns:
    """Two counters that are looked at, as between processes; but only one thread of an interpreter runs at a time."""
    counts = [0, 0]

    def mine(t: int) -> None:
        counts[0] = t + 1
        while counts[1] <= t:
            pass

    def theirs(t: int) -> None:
        while counts[0] <= t:
            pass
        counts[1] = t + 1

    return mine, theirs


Row = tuple[Callable[[], Turns], Callable[..., Any], int]
OWN = "processes: counter in shared memory (the package's)"
WAYS: dict[str, Row] = {
    OWN: (shared_edge, PROCESSES.Process, 10 * EXCHANGES),
    "processes: os.pipe": (os_pipe, PROCESSES.Process, EXCHANGES),
    "processes: multiprocessing.Pipe": (connection, PROCESSES.Process, EXCHANGES),
    "processes: multiprocessing.Semaphore": (lambda: semaphore(PROCESSES.Semaphore), PROCESSES.Process, EXCHANGES),
    "threads: Condition": (condition, threading.Thread, EXCHANGES),
    "threads: Event": (event, threading.Thread, EXCHANGES),
    "threads: Semaphore": (lambda: semaphore(threading.Semaphore), threading.Thread, EXCHANGES),
    "threads: queue.Queue": (lambda: queues(queue.Queue), threading.Thread, EXCHANGES),
    "threads: queue.SimpleQueue": (lambda: queues(queue.SimpleQueue), threading.Thread, EXCHANGES),
    "threads: counter that is looked at": (looked_at, threading.Thread, 4 * PIECES),
}


def report() -> float:
    """Print the table; returns the microseconds of the package's own way."""
    print(f"hand-over between two, one way: microseconds, median (quartiles) of {PIECES - 1} pieces")
    found = measure()
    for name, (middle, low, high) in found.items():
        print(f"  {name:<54} {middle:9.2f}  ({low:.2f}..{high:.2f})", flush=True)
    return found[OWN][0]
