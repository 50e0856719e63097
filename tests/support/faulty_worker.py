"""A worker that takes its time, and to which something happens: ``FAULT`` in the environment says what, and where."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import numpy as np

from synthgrad.schedules.stages import SyntheticStage
from synthgrad.types import Batch
from synthgrad.workers import worker

PAUSE = 0.005
"""Seconds that a step of the lowest module takes at least: an epoch has a midst, on however fast a machine."""
LARGE = 3_000_000
"""Numbers that no pipe holds."""


def main() -> None:
    """Train as workers do, up to step 3 of the module that begins with a certain layer."""
    name, _, first = os.environ.get("FAULT", "").partition(":")
    step, metrics = SyntheticStage.step, SyntheticStage.metrics

    def faulty(stage: SyntheticStage, t: int, batch: Batch) -> None:
        if stage.first == 1:
            time.sleep(PAUSE)
        if t == 3 and f"{stage.first}" == first:
            happen(name)
        step(stage, t, batch)

    def many(stage: SyntheticStage, replicas: tuple[int, ...]) -> dict[str, Any]:
        return metrics(stage, replicas) | {f"many.{stage.first}": np.full(LARGE, float(stage.first))}

    SyntheticStage.step = faulty  # type: ignore[method-assign]
    if name == "large metrics":
        SyntheticStage.metrics = many  # type: ignore[method-assign]
    worker.main()


def happen(name: str) -> None:
    """The fault."""
    if name == "error":
        raise ValueError("these are its words")
    if name == "memory":
        raise MemoryError
    if name == "exit":
        sys.exit(3)
    if name == "deaf":
        time.sleep(1000)
