"""How the epochs of an experiment are trained: in this process, or by processes that share the modules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from synthgrad.tasks.feed import Feed
from synthgrad.trainers import Trainer
from synthgrad.trainers.modular import pipeline_of
from synthgrad.types import Metrics

if TYPE_CHECKING:
    from synthgrad.workers import Load, WorkerGroup


class Epochs:
    """Trains the epochs of one feed. ``dismiss`` the processes in the end; ``ready`` starts them again."""

    def __init__(self, feed: Feed, *, shared: bool) -> None:
        self.feed, self.shared = feed, shared
        self.group: WorkerGroup | None = None

    def in_order(self, varies: bool) -> None:
        """Train in this process from here on, unless the result ``varies`` with the number of processes."""
        self.shared = self.shared and varies

    def processes(self, trainer: Trainer) -> int:
        """How many processes share the modules of a trainer; 1: this one trains them in order."""
        pipeline = pipeline_of(trainer)
        if not self.shared or pipeline is None:
            return 1
        return min(trainer.options.timing.processes, len(pipeline.stages))

    def ready(self, trainer: Trainer) -> None:
        """Start the processes for this trainer. Raises RunError."""
        if self.group is not None and (self.group.closed or self.group.trainer is not trainer):
            self.dismiss()
        if self.group is None and self.processes(trainer) > 1:
            from synthgrad.workers import WorkerGroup  # which takes a while, and most runs have none

            self.group = WorkerGroup(trainer, self.feed, self.processes(trainer))

    def steps(self, trainer: Trainer, epoch: int, factor: float, *, fresh: bool) -> Iterator[int]:
        """Train on the batches of an epoch; yields how many are done, now and then if processes share the modules.

        Raises RunError where one of these is lost.
        """
        if self.group is None:
            return self.steps_in_order(trainer, epoch)
        return self.group.epoch(epoch, factor, fresh=fresh)

    def steps_in_order(self, trainer: Trainer, epoch: int) -> Iterator[int]:
        """Train on the batches of an epoch in this process; yields how many are done after each.

        Yields again when everything in flight in a pipeline has arrived.
        """
        done = 0
        for done, batch in enumerate(self.feed.epoch(epoch), 1):
            trainer.step(batch)
            yield done
        trainer.settle()
        if pipeline_of(trainer):
            yield done

    def metrics(self, trainer: Trainer) -> Metrics:
        """What the trainer has measured in the epoch that was just trained."""
        return self.group.metrics if self.group else trainer.metrics()

    def loads(self) -> Sequence[Load]:
        """What the processes have been doing since the last call, if there are any."""
        return self.group.loads() if self.group else ()

    def dismiss(self) -> None:
        """End the processes, if there are any."""
        if self.group is not None:
            self.group.close()
            self.group = None
