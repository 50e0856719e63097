"""The group: all workers of one trainer, and their parent's side of it.

Between epochs the trainer of the parent has the state, and everything that is done with a trainer is done with that
one; for an epoch the workers take it over, and what they leave is what the trainer alone would have come to.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe, wait
from typing import NamedTuple

import numpy as np

from synthgrad import processes
from synthgrad.errors import RunError
from synthgrad.tasks.feed import Feed
from synthgrad.trainers import Trainer
from synthgrad.trainers.modular import ModularOptions, pipeline_of
from synthgrad.trainers.zeroed import zeroed
from synthgrad.types import Batch, Metrics
from synthgrad.workers.balance import costs, shares
from synthgrad.workers.job import CounterLayout, Done, Epoch, Failed, Job
from synthgrad.workers.shared_memory import ArraySpec, SharedMemory, total
from synthgrad.workers.waiting import STEP, STOP

MODULE = "synthgrad.workers.worker"
LOOK_SECONDS = 0.05
GRACE_SECONDS = 2.0
KEY = "trainer.schedule.workers"


class Load(NamedTuple):
    """Layers ``first`` to ``last``, a module: the share of the time since the last look in which it was worked at.

    ``queue`` is how many batches lie between it and the module above, ``room`` how many can; 0 where both have the same
    worker, and for the top module.
    """

    first: int
    last: int
    busy: float
    queue: int
    room: int


class WorkerHandle:
    """A worker as its parent sees it: a process, its stages, and the pipe to it."""

    def __init__(self, number: int, own: range, file: int) -> None:
        self.number, self.own = number, own
        self.pipe, theirs = Pipe()
        try:
            self.process = processes.start(
                MODULE, str(theirs.fileno()), str(file), pass_fds=(theirs.fileno(), file), stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )  # fmt: skip
        except BaseException:
            self.pipe.close()
            raise
        finally:
            theirs.close()

    def tell(self, told: object) -> None:
        """Tell it something; that it is gone will be heard."""
        with suppress(OSError):
            self.pipe.send(told)


class WorkerGroup:
    """Workers that train the epochs of a trainer with a pipeline. ``close`` it in the end."""

    def __init__(self, trainer: Trainer, feed: Feed, count: int) -> None:
        """Start ``count`` workers, at most one a stage. Raises RunError."""
        if os.name != "posix":
            raise RunError(f"{KEY}: processes cannot share modules on this system (workers: 1 gives the same)")
        pipeline = pipeline_of(trainer)
        assert pipeline is not None
        self.trainer, self.pipeline, self.feed = trainer, pipeline, feed
        self.workers: list[WorkerHandle] = []
        self.metrics: Metrics = {}
        self.seen = time.monotonic_ns(), [0] * len(self.pipeline.stages)
        self.shares = shares(self._costs(count), count)
        crossed = tuple(own.start - 1 for own in self.shares[1:])
        self.layout = CounterLayout(len(self.shares), crossed, len(self.pipeline.stages))
        specs = list(self._specs())
        try:
            self.memory = SharedMemory.make(specs)
        except OSError as error:
            need = f"{total(specs) / 2**20:.1f} MiB of shared memory"
            said = (error.strerror or str(error)).lower()
            raise RunError(f"{KEY}: {need} cannot be had: {said} (workers: 1 needs none)") from None
        self.arrays = self.memory.arrays
        self.counters = memoryview(self.arrays["counters"]).cast("B").cast("q")  # type: ignore[arg-type]
        try:
            self._start(specs)
        except BaseException:
            self.close()
            raise

    # before the first epoch ---------------------------------------------------------------------

    def _costs(self, count: int) -> list[float]:
        """Seconds a step by stage; where every stage has a worker of its own there is nothing to balance."""
        if count >= len(self.pipeline.stages):
            return [1.0] * len(self.pipeline.stages)
        options = self.trainer.options
        assert isinstance(options, ModularOptions)
        trial = zeroed(self.trainer.setup._replace(trainer=options.with_shortest_delay()))
        pipeline = pipeline_of(trial)
        assert pipeline is not None
        trial.set_rate(0.0)
        x, y = self.feed.source_x[: self.feed.size], self.feed.source_y[: self.feed.size]
        with np.errstate(all="ignore"):
            return costs(pipeline, Batch(x, y, np.empty_like(y)))

    def _specs(self) -> Iterator[ArraySpec]:
        """Everything that parent and workers share."""
        x, y, dtype = self.feed.source_x, self.feed.source_y, str(self.trainer.context.dtype)
        yield ArraySpec("counters", (self.layout.size,), "int64")
        yield from (ArraySpec(name, array.shape, dtype) for name, array in (("x", x), ("y", y), ("h", y)))
        if self.feed.order is not None:
            yield ArraySpec("order", (len(x),), "int64")
        for k, stage in enumerate(self.pipeline.stages):
            for j, array in enumerate(stage.state()):
                yield ArraySpec(f"state.{k}.{j}", array.shape, str(array.dtype))
        for k in self.layout.crossed:
            channel = self.pipeline.channels[k]
            for side in "hg":
                yield ArraySpec(f"channel.{k}.{side}", (channel.slots, self.feed.size * channel.n), dtype)

    def _start(self, specs: Sequence[ArraySpec]) -> None:
        context, options, feed = self.trainer.context, self.trainer.options, self.feed
        crowded = len(self.shares) > processes.cores()
        self._copy_examples()
        for number, own in enumerate(self.shares):
            try:
                self.workers.append(WorkerHandle(number, own, self.memory.file))
            except OSError as error:
                said = (error.strerror or str(error)).lower()
                raise RunError(f"{KEY}: no process can be started: {said} (try fewer workers)") from None
            self.workers[-1].tell(
                Job(
                    number, own, self.layout, self.trainer.setup.network, options, context.n_x,
                    context.n_y, str(context.dtype), context.outputs, feed.size, feed.order is not None, tuple(specs),
                    crowded,
                )
            )  # fmt: skip
        for _ in self._answers():
            pass

    # one epoch ----------------------------------------------------------------------------------

    def epoch(self, number: int, factor: float, *, fresh: bool) -> Iterator[int]:
        """Train an epoch; yields how many steps are done, now and then and in the end.

        ``fresh`` examples have been put into the feed since the last. Raises RunError if a worker dies. A caller
        that stops before the end finds the trainer as it was, and the workers have ended.
        """
        feed, whole = self.feed, False
        try:
            if fresh:
                self._copy_examples()
            order = feed.gather_labels(number)
            if order is not None:
                np.copyto(self.arrays["order"], order)
            self.arrays["counters"][:] = 0
            self.seen = time.monotonic_ns(), [0] * len(self.pipeline.stages)
            self._exchange(out=True)
            for worker in self.workers:
                worker.tell(Epoch(number, factor))
            for metrics in self._answers():
                self.metrics = metrics
                yield min(self.counters[self.layout.own(worker.number) + STEP] for worker in self.workers)
            self._exchange(out=False)
            np.copyto(feed.h, self.arrays["h"])
            whole = True
            yield feed.steps
        finally:
            if not whole:
                self.close()

    def _copy_examples(self) -> None:
        np.copyto(self.arrays["x"], self.feed.source_x)
        np.copyto(self.arrays["y"], self.feed.source_y)

    def _exchange(self, *, out: bool) -> None:
        """Put the trainer's state where workers find it, or take back what they have made of it."""
        for k, stage in enumerate(self.pipeline.stages):
            for j, own in enumerate(stage.state()):
                shared = self.arrays[f"state.{k}.{j}"]
                source, target = (own, shared) if out else (shared, own)
                target[...] = source

    def _answers(self) -> Iterator[Metrics]:
        """Wait until every worker has answered; yields the metrics so far, now and then."""
        open_ = {worker.pipe: worker for worker in self.workers}
        answers: dict[int, Metrics] = {}
        while open_:
            for pipe in wait(list(open_), LOOK_SECONDS):
                assert isinstance(pipe, Connection)
                worker = open_.pop(pipe)
                answers[worker.number] = self._answer(worker)
            yield {name: value for number in sorted(answers) for name, value in answers[number].items()}

    def _answer(self, worker: WorkerHandle) -> Metrics:
        try:
            answer: Done | Failed = worker.pipe.recv()
        except (EOFError, OSError):
            raise RunError(
                f"{self._named(worker)} {processes.how(processes.ended(worker.process, GRACE_SECONDS))}"
            ) from None
        if isinstance(answer, Failed):
            raise RunError(f"{self._named(worker)}: {answer.error}") from RuntimeError(
                f"in the worker:\n{answer.trace}"
            )
        return answer.metrics

    def _named(self, worker: WorkerHandle) -> str:
        first, last = self._layers(worker)
        layers = f"layer {first}" if first == last else f"layers {first} to {last}"
        return f"{KEY}: worker {worker.number + 1} of {len(self.workers)} ({layers})"

    def _layers(self, worker: WorkerHandle) -> tuple[int, int]:
        return self.pipeline.stages[worker.own.start].first, self.pipeline.stages[worker.own.stop - 1].last

    # what there is to see -----------------------------------------------------------------------

    def loads(self) -> list[Load]:
        """What there is to see of each module since the last look, or since the epoch began."""
        then, before = self.seen
        self.seen = now, worked = time.monotonic_ns(), self._worked()
        shares = [min(1.0, (new - old) / max(now - then, 1)) for new, old in zip(worked, before, strict=True)]
        stages = self.pipeline.stages
        return [
            Load(stage.first, stage.last, share, *self._queue(k))
            for k, (stage, share) in enumerate(zip(stages, shares, strict=True))
        ]

    def _worked(self) -> list[int]:
        """Nanoseconds of work in this epoch, by stage."""
        return [self.counters[self.layout.busy(k)] for k in range(self.layout.stages)]

    def _queue(self, k: int) -> tuple[int, int]:
        """How many batches lie between a stage and the next, and how many can, where these have two workers."""
        if k not in self.layout.crossed:
            return 0, 0
        h, g = self.layout.channel(k)
        room = self.pipeline.channels[k].slots
        return max(0, min(room, self.counters[h] - self.counters[g])), room

    # the end ------------------------------------------------------------------------------------

    def close(self) -> None:
        """End all workers, at once those that do not end by themselves."""
        for worker in self.workers:
            self.counters[self.layout.own(worker.number) + STOP] = 1
            worker.pipe.close()
        until = time.monotonic() + GRACE_SECONDS
        for worker in self.workers:
            processes.ended(worker.process, until - time.monotonic())
        self.workers = []
        if self.arrays:
            self.counters.release()
            self.arrays = {}
            self.memory.close()

    @property
    def closed(self) -> bool:
        """Whether its workers have ended."""
        return not self.workers
