"""A sweep on a Dask cluster: stacks go out as tasks, and what comes back is written here.

The scheduler need not have synthgrad, and a worker that has none, or another, shall say so: what they are sent is
bytes, and functions that go by value and import where they run.
"""

from __future__ import annotations

import asyncio
import queue
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from synthgrad.errors import RunError
from synthgrad.sweep.events import Begun, Done, Ended, Event, Lost, Progress
from synthgrad.sweep.packing import PackedResult, pack, train_packed, unpack
from synthgrad.sweep.scheduler import POLL_SECONDS, Scheduler, Versions, connected, differing
from synthgrad.sweep.stacks import Stack

AHEAD = 2
"""Tasks handed out for each thread of a worker: one to train, and one that is there when it is done."""
PROGRESS_SECONDS = 1.0
MARK = "synthgrad"


def work_on(scheduler: str, stacks: Sequence[Stack], stop: Callable[[], object]) -> Iterator[Event]:
    """Train stacks on the workers of a running scheduler, about in the order given, and tell what happens.

    When ``stop`` becomes true, what has not come back is given up. When the machine fails a stack (a full disk), no
    further one is begun. Raises ConfigError, before anything runs, where the address is none or a worker has other
    versions; RunError where no scheduler or no worker answers, or none is left.
    """
    with connected(scheduler, stop) as there:
        if there is not None:
            yield from _Sweep(there, stacks).run()


# on a worker --------------------------------------------------------------------------------------


def _by_value() -> tuple[Callable[[], Versions], Callable[[bytes, Versions, str], Any]]:
    """What is installed; and to train a packed stack where that is what is wanted. Both are no module's functions."""

    def versions() -> Versions:
        import importlib
        import sys

        found = {"Python": "{}.{}".format(*sys.version_info)}
        for name in ("synthgrad", "numpy"):
            try:
                found[name] = importlib.import_module(name).__version__
            except ImportError:
                found[name] = "none"
        return found

    def train(packed: bytes, wanted: Versions, topic: str) -> Any:
        import distributed

        found = versions()
        if found != wanted:
            return distributed.get_worker().address, found
        from synthgrad.sweep.cluster import train_here

        return train_here(packed, topic)

    return versions, train


VERSIONS, TRAIN = _by_value()


def train_here(packed: bytes, topic: str) -> PackedResult:
    """Train a packed stack on this worker, as long as that is wanted; tell of it under a topic."""
    import distributed
    from distributed.core import Status

    worker = distributed.get_worker()
    task = worker.state.tasks[worker.get_current_task()]
    said = 0.0

    def tell(event: Begun | Progress) -> None:
        nonlocal said
        if isinstance(event, Begun) or time.monotonic() - said > PROGRESS_SECONDS:
            said = time.monotonic()
            epoch = event.epoch if isinstance(event, Progress) else 0
            worker.log_event(topic, {MARK: [task.key, worker.address, epoch]})

    def stop() -> bool:  # a thread cannot be ended: it looks for itself
        return task.state == "cancelled" or worker.status in (Status.closing, Status.closed, Status.failed)

    return train_packed(packed, worker.address, Path(worker.local_directory), tell, stop)


# here ---------------------------------------------------------------------------------------------


class _Told(NamedTuple):
    """What a worker tells of a stack in its hands; epoch 0 where it has just begun."""

    worker: str
    epoch: int


@dataclass
class _Task:
    """A stack that is handed out, what is to come of it, and the worker that has begun it."""

    stack: Stack
    coming: Future[None]
    worker: str = ""


class _Sweep:
    def __init__(self, scheduler: Scheduler, stacks: Sequence[Stack]) -> None:
        self.scheduler, self.client = scheduler, scheduler.client
        self.waiting, self.out = deque(stacks), dict[str, _Task]()
        self.news: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self.name, self.versions = f"{MARK}-{uuid4().hex[:8]}", VERSIONS()
        self.topic = self.client.id  # the scheduler drops its messages with the client
        self.written, self.total = 0, sum(len(stack.orders) for stack in stacks)

    def run(self) -> Iterator[Event]:
        """Everything, from the first look at the workers on."""
        if not self.scheduler.wait_for_workers():
            return
        self.scheduler.compare(self.versions, VERSIONS)
        self._count()
        self.client.subscribe_topic(self.topic, self._listen)
        while self.waiting or self.out:
            if self.scheduler.stop():
                yield from self._given_up()
                return
            self.scheduler.look()
            yield from self._handed_out()
            yield from self._heard()

    def _count(self) -> None:
        self.scheduler.so_far = f"; {self.written} of {self.total} runs are written"

    # what goes out ------------------------------------------------------------------------------

    def _handed_out(self) -> Iterator[Event]:
        while self.waiting and len(self.out) < AHEAD * self.scheduler.threads:
            stack = self.waiting.popleft()
            try:
                packed = pack(stack)
            except RunError as error:
                yield from _failed(stack, str(error))
                continue
            key = f"{self.name}-{stack.number}"
            coming = asyncio.run_coroutine_threadsafe(self._train(key, packed, -stack.number), self.scheduler.loop)
            self.out[key] = _Task(stack, coming)

    async def _train(self, key: str, packed: bytes, priority: int) -> None:
        """Send a stack to a worker and wait for its result; stopping the wait cancels the task."""
        future = self.client.submit(TRAIN, packed, self.versions, self.topic, key=key, pure=False, priority=priority)
        try:
            found = await future
        except Exception as error:
            found = None if future.cancelled() else error
        self.news.put((key, found))

    def _listen(self, event: tuple[float, Any]) -> None:
        said = event[1]
        if isinstance(said, dict) and MARK in said:
            key, worker, epoch = said[MARK]
            self.news.put((key, _Told(worker, epoch)))

    def _given_up(self) -> Iterator[Event]:
        for task in self.out.values():
            if task.worker:
                for order in task.stack.orders:
                    yield Ended(task.stack.number, order.number, str(order.resume or ""), "interrupted")
                yield Done(task.stack.number)

    def _begin_no_more(self) -> None:
        self.waiting.clear()
        for key in [key for key, task in self.out.items() if not task.worker]:
            self.out.pop(key).coming.cancel()

    # what comes back ----------------------------------------------------------------------------

    def _heard(self) -> Iterator[Event]:
        with suppress(queue.Empty):
            key, what = self.news.get(timeout=POLL_SECONDS)
            while True:
                if key in self.out:
                    yield from self._taken(key, what)
                key, what = self.news.get_nowait()

    def _taken(self, key: str, what: Any) -> Iterator[Event]:
        task = self.out[key]
        if isinstance(what, _Told):
            yield from _told(task, what)
            return
        if what is None:  # cancelled: with the connection, or by a restart of the scheduler
            raise self.scheduler.gone()
        del self.out[key]
        if isinstance(what, PackedResult):
            yield from self._unpacked(task, what)
        elif isinstance(what, BaseException):
            yield from _not_trained(task, what)
        else:  # by a worker that has come after they were compared
            worker, found = what
            self._begin_no_more()
            yield from _failed(task.stack, differing(worker, found, self.versions), broken=True)

    def _unpacked(self, task: _Task, result: PackedResult) -> Iterator[Event]:
        if not task.worker:
            yield from _told(task, _Told(result.worker, 0))
        broken = result.broken
        for order in task.stack.orders:
            ended = result.ended[order.number]
            error = f"{result.worker}: {ended.error}" if ended.error else ""
            ended = ended._replace(path=str(order.resume or ""), error=error)
            try:
                if order.number in result.files:
                    path = unpack(order, task.stack.runs, result.files[order.number])
                    ended = ended._replace(path=str(path))
                    self.written += 1
            except RunError as caught:
                ended, broken = ended._replace(outcome="failed", error=str(caught)), True
            yield ended
        self._count()
        if broken:
            self._begin_no_more()
        yield Done(task.stack.number, broken)


def _told(task: _Task, told: _Told) -> Iterator[Event]:
    stack = task.stack
    if told.epoch:
        yield Progress(stack.number, told.epoch)
        return
    runs = tuple(order.number for order in stack.orders)
    if task.worker:
        yield Lost(stack.number, runs, f"was lost with {task.worker}", again=True)
    task.worker = told.worker
    yield Begun(stack.number, runs)


def _not_trained(task: _Task, error: BaseException) -> Iterator[Event]:
    """No worker has brought it to an end."""
    import distributed

    stack = task.stack
    if not isinstance(error, distributed.KilledWorker):
        yield from _failed(stack, f"{type(error).__name__}: {error}")
        return
    how = f"was lost with each of {error.allowed_failures + 1} workers, the last {error.last_worker.address}"
    yield Lost(stack.number, tuple(order.number for order in stack.orders), how, again=False)
    yield from _failed(stack, f"its process {how}")


def _failed(stack: Stack, error: str, broken: bool = False) -> Iterator[Event]:
    for order in stack.orders:
        yield Ended(stack.number, order.number, str(order.resume or ""), "failed", error)
    yield Done(stack.number, broken)
