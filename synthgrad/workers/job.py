"""What a worker is told, and where in the arena it finds what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from synthgrad.trainers import TRAINERS, Setup, Trainer
from synthgrad.types import Outputs
from synthgrad.workers.arena import Plot
from synthgrad.workers.waiting import WIDTH


@dataclass(frozen=True)
class Job:
    """The part of one worker: stages ``own`` of a trainer that is made from the same options as its parent's.

    ``plots`` are those of the arena; ``crossed`` the edges, counted from the lowest, between two workers; the
    first lines of counters are the workers', then there are two for each of these edges, then one for each stage.
    """

    number: int
    workers: int
    own: range
    crossed: tuple[int, ...]
    network: Any
    trainer: Any
    n_x: int
    n_y: int
    dtype: str
    outputs: Outputs
    batch_size: int
    shuffle: bool
    plots: tuple[Plot, ...]
    crowded: bool

    def counters(self, edge: int) -> tuple[int, int]:
        """The places of the two counters of an edge, of h and of g."""
        line = self.workers + 2 * self.crossed.index(edge)
        return line * WIDTH, (line + 1) * WIDTH

    def busy(self, stage: int) -> int:
        """The place of a stage's nanoseconds of work."""
        return (self.workers + 2 * len(self.crossed) + stage) * WIDTH


class Epoch(NamedTuple):
    """The order to train an epoch, with the factor on every step size."""

    number: int
    factor: float


class Done(NamedTuple):
    """The answer: the figures of the worker's stages."""

    figures: dict[str, Any]


class Failed(NamedTuple):
    """The other answer: an exception, in words and in full."""

    error: str
    trace: str


def blank(setup: Setup) -> Trainer:
    """A trainer of the same form, its weights not drawn."""
    around = setup.around
    undrawn = Undrawn(around.lead)
    return TRAINERS[setup.trainer.name](
        Setup(setup.network, setup.trainer, type(around)(**{**vars(around), "draw": undrawn}))
    )


@dataclass(frozen=True)
class Undrawn:
    """Zeros in the place of random numbers."""

    lead: tuple[int, ...]

    def __call__(self, name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        return np.zeros((*self.lead, *shape))
