"""How the epochs of an experiment are trained: in this process, or by processes that share the modules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from synthgrad.trainers import Trainer
from synthgrad.trainers.modular import pipeline_of

if TYPE_CHECKING:
    from synthgrad.experiment.objects import Experiment
    from synthgrad.workers import Crew, Load


class Epochs:
    """Trains epochs of an experiment. ``dismiss`` the processes in the end; ``ready`` has them again."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.shared = not experiment.replica_shape
        self.crew: Crew | None = None

    def in_order(self) -> None:
        """Train in this process from here on, unless the schedule makes that another thing."""
        self.shared = self.shared and self.experiment.config.varies

    def processes(self, trainer: Trainer) -> int:
        """How many processes share the modules of a trainer, 1 where this one trains them in order."""
        pipeline = pipeline_of(trainer)
        if not self.shared or pipeline is None:
            return 1
        return min(trainer.options.timing.processes, len(pipeline.stages))

    def ready(self) -> None:
        """Have the processes for the trainer of the moment. Raises RunError."""
        trainer = self.experiment.trainer
        if self.crew is not None and (self.crew.closed or self.crew.trainer is not trainer):
            self.dismiss()
        if self.crew is None and self.processes(trainer) > 1:
            from synthgrad.workers import Crew  # which takes a while, and most runs have none

            self.crew = Crew(trainer, self.experiment.feed, self.processes(trainer))

    def steps(self, epoch: int) -> Iterator[int]:
        """Train on the batches of an epoch; yields how many are done, now and then where processes share the modules.

        Raises RunError where one of these is lost.
        """
        if self.crew is None:
            return self.steps_in_order(epoch)
        experiment = self.experiment
        return self.crew.epoch(epoch, experiment.factor(epoch), fresh=experiment.task.fresh)

    def steps_in_order(self, epoch: int) -> Iterator[int]:
        """Train on the batches of an epoch in this process; yields how many are done after each.

        Yields once more when what was under way in a pipeline in the end has arrived.
        """
        done, trainer = 0, self.experiment.trainer
        for done, batch in enumerate(self.experiment.feed.epoch(epoch), 1):
            trainer.step(batch)
            yield done
        trainer.settle()
        if pipeline_of(trainer):
            yield done

    def figures(self) -> dict[str, npt.NDArray[Any]]:
        """What the trainer adds to the epoch that was just trained."""
        return self.crew.figures if self.crew else self.experiment.trainer.metrics()

    def loads(self) -> Sequence[Load]:
        """What the processes have been doing since the last look, if there are any."""
        return self.crew.loads() if self.crew else ()

    def dismiss(self) -> None:
        """End the processes, if there are any."""
        if self.crew is not None:
            self.crew.close()
            self.crew = None
