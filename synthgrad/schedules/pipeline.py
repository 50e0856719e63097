"""A pipeline: the stages of all modules, worked on in turn by one process.

In every step each module works on the batch of that step, the lowest first, and gradients from above come late.
Processes that share the stages do the same things with the same numbers.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from synthgrad.generators.model import Model
from synthgrad.schedules.channel import Channel
from synthgrad.schedules.schedule import Schedule
from synthgrad.schedules.stages import Stage
from synthgrad.types import Array, Batch, Metrics, ReplicaShape


class Pipeline(Schedule):
    """Stages, the lowest first, and the channels between neighbours.

    A pipeline is empty between two epochs: at the end of an epoch everything in flight arrives, because evaluation
    needs a network that no pending target will change. So the last ``delay`` targets of an epoch are less late.
    """

    def __init__(self, stages: Sequence[Stage], channels: Sequence[Channel], replicas: ReplicaShape) -> None:
        self.stages, self.channels, self.replicas = stages, list(channels), replicas
        self.t = 0
        for channel, (lower, upper) in zip(channels, itertools.pairwise(stages), strict=True):
            lower.above = upper.below = channel

    def step(self, h: Array, batch: Batch) -> None:
        for stage in self.stages:
            stage.step(self.t, batch)
        self.t += 1

    def settle(self) -> None:
        for stage in reversed(self.stages):
            stage.settle(self.t)
        self.restart()

    def restart(self) -> None:
        self.t = 0
        for stage in self.stages:
            stage.restart()

    def metrics(self) -> Metrics:
        """What the stages have measured since the last call."""
        return {name: value for stage in self.stages for name, value in stage.metrics(self.replicas).items()}

    def in_flight(self, models: Sequence[Model]) -> Sequence[Model]:
        return [M for stage in self.stages for M in stage.models()]

    def columns(self) -> list[str]:
        staleness = [f"staleness.{stage.last}" for stage in self.stages[:-1]]
        return [*staleness, *(f"updates.{i}" for i in range(1, self.stages[-1].last + 1))]

    def follow(self) -> None:
        for stage in self.stages:
            stage.follow()
