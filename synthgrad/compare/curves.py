"""Curves of a group: the mean over its runs, and the interval, at a choice of epochs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from synthgrad.compare import statistics
from synthgrad.compare.report import POINTS, Curve
from synthgrad.compare.subjects import Subject
from synthgrad.types import Floats


def curve(subjects: Sequence[Subject], metric: str, points: int = POINTS, band: bool = True) -> Curve:
    """A metric against epochs; ``band`` computes the interval of the mean at each."""
    measured = [subject.curve(metric) for subject in subjects]
    known = [epochs for epochs, _ in measured if len(epochs)]
    if not known:
        return Curve([], [], [], [], [], [[] for _ in subjects])
    every = np.unique(np.concatenate(known))
    epochs = (
        every[np.unique(np.linspace(0, len(every) - 1, points).round().astype(int))] if len(every) > points else every
    )
    values = np.stack([_at(epochs, *each) for each in measured])
    there = np.isfinite(values)
    n, size = there.sum(0), 2.0 ** len(values).bit_length()  # a power of two: exact, and no sum overflows
    mean = (np.where(there, values, 0) / size).sum(0) / np.maximum(n, 1) * size
    low, high = _band(values) if band else (np.full(len(epochs), np.nan),) * 2
    return Curve(
        epoch=[int(epoch) for epoch in epochs],
        mean=_known(np.where(n > 0, mean, np.nan)),
        low=_known(low),
        high=_known(high),
        n=[int(count) for count in n],
        lines=[_known(line) for line in values],
    )


def _at(epochs: Floats, known: Floats, values: Floats) -> Floats:
    """The values at these epochs, nan where there is none."""
    place = np.searchsorted(known, epochs)
    place[place == len(known)] = 0
    return np.where(known[place] == epochs, values[place], np.nan) if len(known) else np.full(len(epochs), np.nan)


def _band(values: Floats) -> tuple[Floats, Floats]:
    """The interval of the mean at each epoch over the runs that have a value there."""
    ends = np.full((2, values.shape[1]), np.nan)
    for at in range(values.shape[1]):
        column = values[:, at]
        known = statistics.interval(column[np.isfinite(column)])
        if known is not None:
            ends[:, at] = known
    return ends[0], ends[1]


def _known(values: Floats) -> list[float | None]:
    return [float(value) if math.isfinite(value) else None for value in values]
