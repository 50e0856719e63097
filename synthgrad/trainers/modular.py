"""Trainers whose network is cut into modules at some hidden layers, and whose modules may work on a schedule."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from synthgrad.config import LayerSelection, selected_layers
from synthgrad.generators.model import Model
from synthgrad.schedules.options import SEQUENTIAL, ScheduleOptions
from synthgrad.schedules.pipeline import Pipeline
from synthgrad.schedules.schedule import Schedule
from synthgrad.trainers.trainer import Setup, Trainer, TrainerOptions
from synthgrad.types import Metrics, State


class ModularOptions(TrainerOptions):
    """Keys of a trainer with modules; each trainer says what its own do."""

    if TYPE_CHECKING:
        interfaces: LayerSelection
        schedule: ScheduleOptions

    @property
    def timing(self) -> ScheduleOptions:
        return self.schedule

    def in_order(self) -> Self:
        return self.model_copy(update={"schedule": SEQUENTIAL})

    def with_shortest_delay(self) -> Self:
        """The same with a delay of 1: a step costs the same, from the second one on."""
        return self.model_copy(update={"schedule": self.schedule.model_copy(update={"delay": 1})})


class ModularTrainer(Trainer):
    """``interfaces`` are the hidden layers, counted from 1, after which one module ends and the next begins.

    Without a ``schedule`` the trainer's own step has the modules work one after the other.
    """

    options: ModularOptions
    schedule: Schedule | None = None

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.interfaces = selected_layers(self.options.interfaces, len(self.layers) - 1)

    @property
    def spans(self) -> list[tuple[int, int]]:
        """The layers of each module, start to stop - 1, counted from 0."""
        return list(itertools.pairwise([0, *self.interfaces, len(self.layers)]))

    @property
    def in_flight(self) -> Sequence[Model]:
        return self.schedule.in_flight(self.models) if self.schedule else self.models

    def set_batch_size(self, rows: int) -> None:
        if isinstance(self.schedule, Pipeline):  # whose stages choose buffers themselves, each for its own batch
            self.rows = rows
            return
        super().set_batch_size(rows)
        if self.schedule:
            self.schedule.set_batch_size(rows)

    def set_rate(self, factor: float) -> None:
        super().set_rate(factor)
        if self.schedule:
            self.schedule.follow()

    def settle(self) -> None:
        if self.schedule:
            self.schedule.settle()

    def forget(self) -> None:
        if self.schedule:
            self.schedule.restart()
        super().forget()

    def columns(self) -> list[str]:
        return self.schedule.columns() if self.schedule else []

    def metrics(self) -> Metrics:
        return self.schedule.metrics() if self.schedule else {}

    def state(self) -> State:
        return super().state() | (self.schedule.state() if self.schedule else {})


def pipeline_of(trainer: Trainer) -> Pipeline | None:
    """The pipeline in which the modules of a trainer work at the same time, if they do."""
    schedule = trainer.schedule if isinstance(trainer, ModularTrainer) else None
    return schedule if isinstance(schedule, Pipeline) else None
