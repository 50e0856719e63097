"""Curves as lines of block characters."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from synthgrad.compare.arithmetic import share

BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int, low: float | None = None, high: float | None = None) -> str:
    """A curve of at most ``width`` blocks; each stands for the mean of its share of the values.

    From ``low`` to ``high``, by default the least and the greatest of these means. What is not finite is a gap.
    """
    count = min(width, len(values))
    if not count:
        return ""
    edges = [round(i * len(values) / count) for i in range(count + 1)]
    means = [_mean(values[a:b]) for a, b in itertools.pairwise(edges)]
    finite = [mean for mean in means if math.isfinite(mean)]
    low = min(finite, default=0.0) if low is None else low
    high = max(finite, default=0.0) if high is None else high
    return "".join(_block(mean, low, high) for mean in means)


def _mean(values: Sequence[float]) -> float:
    finite = [float(value) for value in values if math.isfinite(value)]
    return sum(value / len(finite) for value in finite) if finite else math.nan


def _block(value: float, low: float, high: float) -> str:
    if not math.isfinite(value):
        return " "
    return BLOCKS[max(0, min(7, int(share(value, low, high) * 8)))]
