"""Which worker works at which stages: consecutive ones, so that the slowest worker is as fast as can be."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from functools import cache
from statistics import median

from synthgrad.schedules.pipeline import Pipeline
from synthgrad.types import Batch

SECONDS = 0.1
STEPS = 40
"""A stage's cost is its median over this many steps, or fewer if time runs out."""


def costs(pipeline: Pipeline, batch: Batch) -> list[float]:
    """Seconds that each stage takes for a batch, measured in one process."""
    taken: list[list[float]] = [[] for _ in pipeline.stages]
    until = time.perf_counter() + SECONDS
    for t in range(STEPS):
        for stage, times in zip(pipeline.stages, taken, strict=True):
            begun = time.perf_counter()
            stage.step(t, batch)
            times.append(time.perf_counter() - begun)
        if t > len(taken) + 2 and time.perf_counter() > until:
            break
    return [median(times[2:]) for times in taken]  # the first make buffers, and nothing has come from above


def shares(costs: Sequence[float], workers: int) -> list[range]:
    """The stages of each worker, at most ``workers`` and none without a stage: the largest sum of costs is smallest."""
    count = min(workers, len(costs))
    sums = [0.0, *itertools.accumulate(costs)]

    @cache
    def best(start: int, pieces: int) -> tuple[float, tuple[int, ...]]:
        """The largest sum when stages from ``start`` on are cut into ``pieces``, and where pieces end."""
        if pieces == 1:
            return sums[-1] - sums[start], (len(costs),)
        found = []
        for end in range(start + 1, len(costs) - pieces + 2):
            rest, ends = best(end, pieces - 1)
            found.append((max(sums[end] - sums[start], rest), (end, *ends)))
        return min(found)

    return [range(a, b) for a, b in itertools.pairwise([0, *best(0, count)[1]])]
