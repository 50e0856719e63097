"""Messages between workers and their parent, and the layout of the memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from synthgrad.trainers import NetworkOptions, TrainerOptions
from synthgrad.types import Metrics, Outputs
from synthgrad.workers.shared_memory import ArraySpec
from synthgrad.workers.waiting import WIDTH


class CounterLayout(NamedTuple):
    """Where counters stand, one line each: of the workers, then two of each crossed channel, then of the stages.

    ``crossed`` are the channels between two workers, counted from the lowest.
    """

    workers: int
    crossed: tuple[int, ...]
    stages: int

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return (self.workers + 2 * len(self.crossed) + self.stages) * WIDTH

    def own(self, worker: int) -> int:
        """The place of a worker's own line."""
        return worker * WIDTH

    def channel(self, k: int) -> tuple[int, int]:
        """The places of the two counters of a crossed channel, of h and of g."""
        line = self.workers + 2 * self.crossed.index(k)
        return line * WIDTH, (line + 1) * WIDTH

    def busy(self, stage: int) -> int:
        """The place of a stage's nanoseconds of work."""
        return (self.workers + 2 * len(self.crossed) + stage) * WIDTH


@dataclass(frozen=True)
class Job:
    """The part of one worker: stages ``own`` of a trainer that is made from the same options as its parent's.

    ``specs`` are those of the shared arrays, ``layout`` that of their counters.
    """

    number: int
    own: range
    layout: CounterLayout
    network: NetworkOptions
    trainer: TrainerOptions
    n_x: int
    n_y: int
    dtype: str
    outputs: Outputs
    batch_size: int
    shuffle: bool
    specs: tuple[ArraySpec, ...]
    crowded: bool


class Epoch(NamedTuple):
    """The order to train an epoch, with the factor on every step size."""

    number: int
    factor: float


class Done(NamedTuple):
    """The answer: the metrics of the worker's stages."""

    metrics: Metrics


class Failed(NamedTuple):
    """The other answer: an exception, in words and in full."""

    error: str
    trace: str
