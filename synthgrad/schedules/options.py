"""Schedules as options: which lock of the network is removed, in the order of the paper's figures (arXiv 1608.05343).

    sequential    one module after the other, as all trainers do: nothing waits, nothing is lost
    pipelined     modules work at the same time, each on a batch of its own; targets come a fixed number of steps late
    free          the same as fast as each can, targets when they come: the result varies with timing
    stochastic    every module updates by chance only (update-decoupled training, section 3.1)

What ``pipelined`` gives depends on the delay alone: one process that takes the modules in turn and any number of
processes that share them end in the same bits.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from synthgrad.config import Int, Options, option

Prediction = Literal["anew", "kept"]
LATE = (
    "what a generator's late target is held against: its prediction made anew, which takes one pass through the "
    "generator more, or the one that was kept, whose error is that of weights that have moved since"
)
LONGEST_DELAY = 1000
"""Longer delays are surely a mistake: everything in flight is kept in memory."""


class ScheduleOptions(Options):
    """What every schedule has. ``pipelines``: modules work at the same time; ``varies``: the result depends on timing.

    ``stacks``: whether a network can be trained in a stack with others, so that all take the same steps.
    """

    kind: str
    pipelines: ClassVar[bool] = False
    varies: ClassVar[bool] = False

    @property
    def stacks(self) -> bool:
        return not self.varies

    @property
    def processes(self) -> int:
        """How many processes are asked for, to share the modules."""
        return 1


class Sequential(ScheduleOptions):
    """One module after the other."""

    kind: str = "sequential"


SEQUENTIAL = Sequential.model_construct()


class Pipelined(ScheduleOptions):
    """Modules work at the same time, each on a batch of its own; what comes from above comes a fixed delay late."""

    delay: Int = option(1, "batches by which what a module hands down comes late", ge=1, le=LONGEST_DELAY)
    workers: Int = option(1, "processes that share the modules, at most one each; the result is the same", ge=1)
    pipelines = True

    @property
    def processes(self) -> int:
        return self.workers


class PipelinedGenerators(Pipelined):
    """Modules work at the same time, each on a batch of its own; generators' targets come a fixed delay late."""

    prediction: Prediction = option("anew", LATE)


class Free(ScheduleOptions):
    """Modules run as fast as they can; the result varies with timing, and no run repeats another."""

    delay: Int = option(
        4, "batches by which a generator's target comes late at most: the length of the queues", ge=1, le=LONGEST_DELAY
    )
    workers: Int = option(2, "processes that share the modules, at most one each", ge=1)
    prediction: Prediction = option("anew", LATE)
    pipelines = varies = True

    @property
    def processes(self) -> int:
        return self.workers


class Stochastic(ScheduleOptions):
    """After each forward pass every module updates with a probability, and teaches the one below only then."""

    probability: float = option(0.5, "of a module's update in a step; 1 is sequential", gt=0, le=1)

    @property
    def stacks(self) -> bool:
        return self.probability == 1


SCHEDULES: dict[str, type[ScheduleOptions]] = {
    "sequential": Sequential,
    "pipelined": PipelinedGenerators,
    "free": Free,
    "stochastic": Stochastic,
}
DELAYING: dict[str, type[ScheduleOptions]] = {"sequential": Sequential, "pipelined": Pipelined}
"""Those that a trainer without generators can have."""
