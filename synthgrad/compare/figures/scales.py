"""Axes: linear, logarithmic or logit, and ticks that a person would have chosen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synthgrad.compare.figures.style import Axes
from synthgrad.scores import score_in
from synthgrad.types import Floats

NEAR_ONE = 0.97
"""Where two methods end above this share, their difference is seen on a logit scale only."""
WILD = 100.0
"""Times the first value: a loss above this is on its way to overflow and is not followed."""
STEPS = [1, 2, 2.5, 5, 10]
"""Between the ticks of linear axes, times a power of ten."""
SHARES = (0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999)


def choose(metric: str, up: bool, values: Floats, ends: Sequence[float]) -> str:
    """The scale of a metric with these finite values, whose curves have these ends."""
    if not len(values) or values.min() <= 0:
        return "linear"
    if not up:
        return "log" if values.max() / values.min() >= 3 else "linear"
    score = score_in(metric)
    near = sum(end > NEAR_ONE for end in ends) >= 2
    return "logit" if score and score.share and near and values.max() < 1 else "linear"


def vertical(axes: Axes, scale: str, values: Floats, top: float) -> None:
    """Give the y axis of axes in which everything has been drawn a scale and ticks; above ``top`` it is cut off."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

    axes.set_yscale(scale, **({} if scale == "linear" else {"nonpositive": "clip"}))
    if len(values) and values.max() > top:
        axes.set_ylim(values.min() / 1.3 if scale == "log" else min(0.0, values.min()), top)
    if scale == "linear":
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=STEPS))
        return
    if scale == "logit":
        axes.yaxis.set_major_locator(FixedLocator([s for s in SHARES if values.min() / 2 < s < (1 + values.max()) / 2]))
    else:
        axes.yaxis.set_major_locator(LogLocator(subs=_steps(*axes.get_ylim()), numticks=9))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def highest(up: bool, firsts: Sequence[float]) -> float:
    """Where to cut off what is on its way to overflow, with these first values."""
    return np.inf if up or max(firsts, default=0.0) <= 0 else WILD * max(firsts)


def _steps(low: float, high: float) -> tuple[float, ...]:
    decades = np.log10(high / low)
    return (1.0, 2.0, 5.0) if decades < 1.7 else (1.0, 3.0) if decades < 2.7 else (1.0,)


def epochs(axes: Axes) -> None:
    """An x axis of whole numbers."""
    from matplotlib.ticker import MaxNLocator

    axes.margins(x=0.02)
    left, right = axes.get_xlim()
    if right - left < 1:
        axes.set_xlim((left + right) / 2 - 0.5, (left + right) / 2 + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_xlabel("epoch")


def numbers(axes: Axes, values: Sequence[float]) -> None:
    """An x axis with these ticks, logarithmic where they are spread so."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    if min(values) > 0 and max(values) / min(values) >= 4:
        axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(values[:: 1 + len(values) // 9]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
