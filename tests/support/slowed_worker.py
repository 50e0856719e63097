"""A worker that is held up at random, wherever it steps and wherever it hands something over or waits for it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from synthgrad.schedules.delayed_stages import DelayedStage
from synthgrad.schedules.stages import SyntheticStage
from synthgrad.workers import worker
from synthgrad.workers.shared_channel import SharedChannel

PLACES: dict[type, tuple[str, ...]] = {
    SyntheticStage: ("step", "settle"),
    DelayedStage: ("step", "settle"),
    SharedChannel: ("send_h", "send_g", "await_h", "await_g"),
}
PACES = (0.0, 2e-4, 2e-3)
"""Seconds that a worker loses at most, whenever it is held up: each worker has a pace of its own."""


def main() -> None:
    """Train as workers do, at some other pace every time."""
    chance = random.Random()
    pace = chance.choice(PACES)
    for owner, names in PLACES.items():
        for name in names:
            setattr(owner, name, held_up(getattr(owner, name), chance, pace))
    worker.main()


def held_up(method: Callable[..., Any], chance: random.Random, pace: float) -> Callable[..., Any]:
    """The method, before which now and then some time is lost."""

    def slow(*arguments: Any) -> Any:
        if chance.random() < 0.1:
            time.sleep(chance.random() * pace)
        return method(*arguments)

    return slow
