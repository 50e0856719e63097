"""Schedules: which lock of the network is removed, in the order of the paper's figures (arXiv 1608.05343).

    sequential    one module after the other, as all trainers do: nothing is lost by not waiting, nothing gained
    pipelined     modules work at the same time, each on a batch of its own; targets come a fixed number of steps late
    free          the same as fast as each can, targets when they come: the result varies with timing
    stochastic    every module updates by chance only (update-decoupled training, section 3.1)

What ``pipelined`` gives depends on the delay alone: one process that takes the modules in turn and any number of
processes that share them end in the same bits.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Any, Literal

import numpy as np

from synthgrad.config import Int, Options, option
from synthgrad.generators.generator import Surroundings
from synthgrad.types import State

Prediction = Literal["anew", "kept"]
LATE = (
    "what a generator's late target is held against: its prediction made anew, which takes one pass through the "
    "generator more, or the one that was kept, whose error is that of weights that have moved since"
)
MOST = 1000
"""Delays beyond this are a slip: everything that is under way is kept."""


class Sequential(Options):
    """One module after the other."""

    kind: Literal["sequential"]


class Pipelined(Options):
    """Modules work at the same time, each on a batch of its own; what comes from above comes a fixed delay late."""

    kind: Literal["pipelined"]
    delay: Int = option(1, "batches by which what a module hands down comes late", ge=1, le=MOST)
    workers: Int = option(1, "processes that share the modules, at most one each; the result is the same", ge=1)


class PipelinedGenerators(Pipelined):
    """Modules work at the same time, each on a batch of its own; generators' targets come a fixed delay late."""

    prediction: Prediction = option("anew", LATE)


class Free(Options):
    """Modules run as fast as they can; the result varies with timing, and no run repeats another."""

    kind: Literal["free"]
    delay: Int = option(
        4, "batches by which a generator's target comes late at most: the length of the queues", ge=1, le=MOST
    )
    workers: Int = option(2, "processes that share the modules, at most one each", ge=1)
    prediction: Prediction = option("anew", LATE)


class Stochastic(Options):
    """After each forward pass every module updates with a probability, and teaches the one below only then."""

    kind: Literal["stochastic"]
    probability: float = option(0.5, "of a module's update in a step; 1 is sequential", gt=0, le=1)


SCHEDULES: dict[str, type[Options]] = {
    "sequential": Sequential,
    "pipelined": PipelinedGenerators,
    "free": Free,
    "stochastic": Stochastic,
}
DELAYING: dict[str, type[Options]] = {"sequential": Sequential, "pipelined": Pipelined}
"""Those that a trainer without generators can have."""


def workers(options: Any) -> int:
    """How many processes a trainer's options ask for."""
    return getattr(getattr(options, "schedule", None), "workers", 1)


def varies(options: Any) -> bool:
    """Whether what a trainer with these options gives depends on timing."""
    return isinstance(getattr(options, "schedule", None), Free)


def alone(options: Any) -> bool:
    """Whether a network with these options cannot be one of a stack: chance or timing chooses its steps."""
    schedule = getattr(options, "schedule", None)
    return varies(options) or (isinstance(schedule, Stochastic) and schedule.probability < 1)


def in_order(options: Any) -> Any:
    """The same options with one module after the other, each in every step and on what the module below puts out."""
    if not hasattr(options, "schedule"):
        return options
    plain = {"schedule": Sequential(kind="sequential"), "input_model": None}
    return options.model_copy(update={name: value for name, value in plain.items() if hasattr(options, name)})


def soon(options: Any) -> Any:
    """The same options with a pipeline's shortest delay: a step costs the same, and costs it from the second on."""
    return options.model_copy(update={"schedule": options.schedule.model_copy(update={"delay": 1})})


class Coins:
    """Chances of modules: whether module k updates in step t, with probability p, a function of the seed, t and k.

    Drawn in blocks from the run's own streams; no numbers of the run's other draws are shifted.
    """

    BLOCK = 1024

    def __init__(self, probability: float, modules: int, around: Surroundings) -> None:
        self.modules, self.around = modules, around
        self.always = probability == 1
        self.below = np.inf if self.always else NormalDist().inv_cdf(probability)
        self.t = np.zeros((), np.int64)
        self.block, self.rows = -1, [[True] * modules]

    def toss(self) -> list[bool]:
        """By module, the lowest first, whether it updates in the next step."""
        if self.always:
            return self.rows[0]
        block, row = divmod(int(self.t), self.BLOCK)
        if block != self.block:
            drawn = self.around.draw(f"schedule.{block}", (self.BLOCK, self.modules))
            self.block, self.rows = block, (drawn < self.below).tolist()
        self.t += 1
        return self.rows[row]

    def state(self) -> State:
        """The count of steps."""
        return {} if self.always else {"schedule.t": self.t}
