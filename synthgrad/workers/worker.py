"""A worker: a process that trains its stages of a pipeline, epoch by epoch, as its parent says.

It keeps weights of its own while it trains; before and after an epoch they lie in the memory.
"""

from __future__ import annotations

import signal
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection

import numpy as np

from synthgrad.generators import GENERATOR_INPUTS
from synthgrad.nn.context import Context
from synthgrad.processes import SIGNALS
from synthgrad.schedules.stages import Stage
from synthgrad.tasks.feed import Feed
from synthgrad.trainers import Setup
from synthgrad.trainers.dni import DNIOptions
from synthgrad.trainers.modular import pipeline_of
from synthgrad.trainers.zeroed import Zeros, zeroed
from synthgrad.types import Array, Metrics
from synthgrad.workers.job import Done, Epoch, Failed, Job
from synthgrad.workers.shared_channel import SharedChannel
from synthgrad.workers.shared_memory import SharedMemory
from synthgrad.workers.waiting import STEP, WAITED, Abandoned, Watch


def main() -> None:
    """Train the epochs that come, until nothing comes any more: then the parent is done, or gone."""
    for number in SIGNALS:  # they reach every process of a terminal, and the parent decides
        signal.signal(number, signal.SIG_IGN)
    parent, file = Connection(int(sys.argv[1])), int(sys.argv[2])
    with suppress(EOFError, OSError):
        _serve(parent, file)


def _serve(parent: Connection, file: int) -> None:
    worker: Worker | None = None
    while True:
        told: Job | Epoch = parent.recv()
        try:
            if isinstance(told, Job):
                worker = Worker(told, SharedMemory(file, told.specs))
                answer: Done | Failed = Done({})
            else:
                assert worker is not None
                answer = Done(worker.epoch(told))
        except Abandoned:
            return
        except Exception as error:
            answer = Failed(_told(error), traceback.format_exc())
        parent.send(answer)


def _told(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "not enough memory"
    return f"{type(error).__name__}: {error} (a bug; --debug shows where)"


class Worker:
    """The stages of one worker, its batches, and the memory that it shares."""

    def __init__(self, job: Job, memory: SharedMemory) -> None:
        self.job, self.arrays = job, memory.arrays
        self.counters = memoryview(self.arrays["counters"]).cast("B").cast("q")  # type: ignore[arg-type]
        self.watch = Watch(self.counters, job.number, crowded=job.crowded)
        context = Context(job.n_x, job.n_y, (), np.dtype(job.dtype), Zeros(()), job.outputs)
        self.trainer = zeroed(Setup(job.network, job.trainer, context))
        pipeline = pipeline_of(self.trainer)
        assert pipeline is not None
        self.pipeline = pipeline
        for k in job.layout.crossed:
            self._share(k)
        self.stages: Sequence[Stage] = [self.pipeline.stages[k] for k in job.own]
        self.state = [[*self._shared(k)] for k in job.own]
        self.feed = self._feed()

    def _share(self, k: int) -> None:
        """Put a channel in shared memory."""
        channel, job = self.pipeline.channels[k], self.job
        hs, gs = (self.arrays[f"channel.{k}.{side}"] for side in "hg")
        shared = SharedChannel(channel.n, hs, gs, channel.dtype, self.watch, *job.layout.channel(k))
        self.pipeline.stages[k].above = self.pipeline.stages[k + 1].below = shared

    def _shared(self, k: int) -> Iterator[Array]:
        """The state of a stage in the memory."""
        for j, _ in enumerate(self.pipeline.stages[k].state()):
            yield self.arrays[f"state.{k}.{j}"]

    def _feed(self) -> Feed:
        """The batches; inputs are left out if no stage of this worker reads them."""
        x, y, job = self.arrays["x"], self.arrays["y"], self.job
        if not self._needs_inputs():
            x = np.zeros((len(x), 1), x.dtype)
        return Feed(x, y, job.batch_size, (lambda epoch: self.arrays["order"]) if job.shuffle else None)

    def _needs_inputs(self) -> bool:
        options = self.job.trainer
        models = options.models if isinstance(options, DNIOptions) else []
        return 0 in self.job.own or any(GENERATOR_INPUTS[name].reads_x for model in models for name in model.input)

    def epoch(self, order: Epoch) -> Metrics:
        """Train an epoch; returns the metrics of the stages. Raises Abandoned."""
        self.trainer.set_rate(order.factor)
        self._take()
        with np.errstate(all="ignore"):  # non-finite numbers are looked for by the parent
            self._steps(order.number)
        self._give()
        return {name: value for stage in self.stages for name, value in stage.metrics(()).items()}

    def _steps(self, epoch: int) -> None:
        counters, line, clock, t = self.counters, self.watch.own, time.perf_counter_ns, -1
        stages = [(stage, self.job.layout.busy(k)) for stage, k in zip(self.stages, self.job.own, strict=True)]
        for t, batch in enumerate(self.feed.epoch(epoch)):
            self.watch.check()
            for stage, busy in stages:
                begun = clock() - counters[line + WAITED]
                stage.step(t, batch)
                counters[busy] += clock() - counters[line + WAITED] - begun
            counters[line + STEP] = t + 1
        for stage in reversed(self.stages):
            stage.settle(t + 1)
        for stage in self.stages:
            stage.restart()

    def _take(self) -> None:
        for stage, arrays in zip(self.stages, self.state, strict=True):
            for own, shared in zip(stage.state(), arrays, strict=True):
                own[...] = shared

    def _give(self) -> None:
        for stage, arrays in zip(self.stages, self.state, strict=True):
            for own, shared in zip(stage.state(), arrays, strict=True):
                shared[...] = own
        if self.stages[-1].above is None:
            h: Array = self.arrays["h"]
            np.copyto(h, self.feed.h)
