"""A sweep on this machine: one process a core, each started with one BLAS thread."""

from __future__ import annotations

import itertools
import pickle
import queue
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from synthgrad.errors import RunError, shortage
from synthgrad.processes import ended, how, start
from synthgrad.runs.directory import reason
from synthgrad.sweep.events import Begun, Done, Ended, Event, Lost
from synthgrad.sweep.planning import left_behind
from synthgrad.sweep.stacks import Order, Stack

POLL_SECONDS = 0.1
GRACE_SECONDS = 10.0
"""Seconds that a worker has to end its runs after a stop signal."""
ATTEMPTS = 2
"""How many workers try a stack: after a worker died, another repeats its runs once."""


class Worker:
    """A process that trains one stack after the other; what it tells is put into ``heard`` with the worker."""

    def __init__(self, heard: queue.SimpleQueue[tuple[Worker, Event | None]]) -> None:
        """Raises OSError where there can be no further process, RuntimeError where there can be no further thread."""
        self.process = start("synthgrad.sweep.worker", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.stack: Stack | None = None
        self.paths: dict[int, str] = {}
        self.open: set[int] = set()
        self.heard = heard
        self.listener = threading.Thread(target=self._listen, daemon=True)
        try:
            self.listener.start()
        except RuntimeError:
            self.process.kill()
            self.process.communicate()
            raise

    def give(self, stack: Stack) -> None:
        """Have it train a stack."""
        self.stack, self.paths = stack, {}
        self.open = {order.number for order in stack.orders}
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # its end will be heard
            pickle.dump(stack, self.process.stdin)
            self.process.stdin.flush()

    def note(self, event: Event) -> None:
        """Keep in mind what it has told of its stack."""
        if isinstance(event, Begun):
            self.paths |= zip(event.runs, event.paths, strict=True)
        elif isinstance(event, Ended):
            self.open.discard(event.run)

    def left(self) -> list[Order]:
        """The unfinished orders, to be resumed in the directories that it made.

        It may have been killed before it could tell which these are.
        """
        assert self.stack is not None
        orders = [order for order in self.stack.orders if order.number in self.open]
        made = {order.number: Path(self.paths[order.number]) for order in orders if order.number in self.paths}
        untold = [order for order in orders if order.number not in made and order.resume is None]
        made |= left_behind(untold, self.stack.runs) if untold else {}
        return [replace(order, resume=made.get(order.number, order.resume)) for order in orders]

    def dismiss(self) -> None:
        """Let it end; what it is training ends as interrupted."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()

    def end(self, until: float) -> None:
        """Wait for its end, and bring it about if that takes too long."""
        ended(self.process, until - time.monotonic())
        self.listener.join()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with suppress(EOFError, pickle.UnpicklingError, OSError, ValueError):  # cut off in the middle, or closed
            while True:
                self.heard.put((self, pickle.load(self.process.stdout)))
        self.heard.put((self, None))


def work(stacks: Sequence[Stack], jobs: int, stop: Callable[[], object]) -> Iterator[Event]:
    """Train stacks, ``jobs`` at a time, in the order given, and tell what happens.

    When ``stop`` becomes true the runs at hand are ended as interrupted. When the machine fails a stack (a full disk),
    no further one is begun.
    """
    return _Pool(stacks, stop).run(jobs)


class _Pool:
    def __init__(self, stacks: Sequence[Stack], stop: Callable[[], object]) -> None:
        self.waiting, self.stop = deque(stacks), stop
        self.heard: queue.SimpleQueue[tuple[Worker, Event | None]] = queue.SimpleQueue()
        self.workers: set[Worker] = set()
        self.stopping = False
        self.numbers = itertools.count(max((stack.number for stack in stacks), default=0) + 1)

    def run(self, jobs: int) -> Iterator[Event]:
        try:
            for _ in range(min(jobs, len(self.waiting))):
                self._hire()
            while self.workers:
                self._look()
                try:
                    worker, event = self.heard.get(timeout=POLL_SECONDS)
                except queue.Empty:
                    continue
                yield from self._gone(worker) if event is None else self._told(worker, event)
        finally:
            until = time.monotonic() + GRACE_SECONDS
            for worker in self.workers:
                worker.dismiss()
            for worker in self.workers:
                worker.end(until)

    def _hire(self) -> None:
        try:
            worker = Worker(self.heard)
        except OSError as error:
            raise RunError(f"sweep: no process can be started: {reason(error)} (try a smaller --jobs)") from None
        except RuntimeError as error:
            if said := shortage(error):
                raise RunError(f"sweep: {said}") from None
            raise
        self.workers.add(worker)
        self._occupy(worker)

    def _occupy(self, worker: Worker) -> None:
        """Give a worker the next stack, or let it go."""
        if self.waiting and not self.stopping:
            worker.give(self.waiting.popleft())
        else:
            worker.dismiss()

    def _look(self) -> None:
        """Stop where that is wished, and end those who do not stop in time."""
        if self.stop() and not self.stopping:
            self.stopping = True
            self.until = time.monotonic() + GRACE_SECONDS
            for worker in self.workers:
                worker.dismiss()
        elif self.stopping and time.monotonic() > self.until:
            for worker in self.workers:
                worker.process.kill()

    def _told(self, worker: Worker, event: Event) -> Iterator[Event]:
        if isinstance(event, Ended) and event.outcome == "interrupted" and not self.stopping:
            return  # another process told it to stop: another worker gets the unfinished runs when it is done
        worker.note(event)
        if not isinstance(event, Done):
            yield event
            return
        if event.broken and not self.stopping:
            self.waiting.clear()
        if worker.open:
            yield from self._lost(worker, "was told to stop")
            worker.stack = None
            worker.dismiss()
            return
        worker.stack = None
        self._occupy(worker)
        yield event

    def _gone(self, worker: Worker) -> Iterator[Event]:
        """A worker has ended: as it should, or with an unfinished stack, which another worker gets."""
        self.workers.remove(worker)
        worker.end(time.monotonic() + GRACE_SECONDS)
        if worker.stack is not None and not (self.stopping and worker.process.returncode == 0):
            yield from self._lost(worker, how(worker.process.returncode))
        if self.waiting and not self.stopping:
            self._hire()

    def _lost(self, worker: Worker, how: str) -> Iterator[Event]:
        """Queue the unfinished runs of a worker, those at the same epoch in one stack."""
        stack = worker.stack
        assert stack is not None
        again = stack.attempt < ATTEMPTS and not self.stopping
        yield Lost(stack.number, tuple(sorted(worker.open)), how, again)
        if again:
            parts: dict[str, list[Order]] = {}
            for order in worker.left():
                parts.setdefault(order.form, []).append(order)
            for part in parts.values():
                self.waiting.appendleft(Stack(next(self.numbers), tuple(part), stack.runs, stack.attempt + 1))
            return
        outcome, error = ("interrupted", "") if self.stopping else ("failed", f"its process {how}")
        for run in sorted(worker.open):
            yield Ended(stack.number, run, worker.paths.get(run, ""), outcome, error)
        yield Done(stack.number)
