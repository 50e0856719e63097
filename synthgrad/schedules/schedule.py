"""What a schedule owes: one step of all modules, what it counts, and how an epoch ends and begins."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence

from synthgrad.generators import Generator, Oracle
from synthgrad.generators.model import Model
from synthgrad.nn.losses import Loss
from synthgrad.nn.modules import Module
from synthgrad.nn.optimizers import Optimizer
from synthgrad.types import Array, Batch, Metrics, State

Source = Generator | Oracle
Slot = tuple[Module, Optimizer, Source | Loss, Source | None]
"""A module, its optimiser, the model that gives it its delta, and the model below, whose target it hands down."""
Sweep = Callable[[Sequence[Slot], Array, Batch], None]
"""One step of all modules, the lowest first, on the network's input h."""


class Schedule(ABC):
    """When the modules of a network work in a step, and what they wait for; here, what most schedules do not need."""

    @abstractmethod
    def step(self, h: Array, batch: Batch) -> None:
        """Train all modules on one batch, whose inputs are h."""

    def set_batch_size(self, rows: int) -> None:
        """Choose the buffers for batches of ``rows`` examples."""

    def settle(self) -> None:
        """End an epoch: everything in flight arrives."""

    def restart(self) -> None:
        """Begin an epoch: nothing is in flight."""

    def follow(self) -> None:
        """Take over new step sizes from the trainer."""

    def in_flight(self, models: Sequence[Model]) -> Sequence[Model]:
        """The models beside the network, each with all its copies that have a prediction of their own."""
        return models

    def columns(self) -> list[str]:
        """The names of what this schedule counts."""
        return []

    @abstractmethod
    def metrics(self) -> Metrics:
        """The models' errors and what this schedule counts, since the last call."""

    def state(self) -> State:
        """What training changes in the schedule itself."""
        return {}


def errors(models: Iterable[Source]) -> Metrics:
    """Sum |target - prediction| of each model since the last call, by column."""
    return {M.column: M.take_error() for M in models}
