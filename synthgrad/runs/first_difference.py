"""Where two logs part: the first epoch and column in which they are not the same to the last bit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from synthgrad.runs.reading import Metrics
from synthgrad.types import Floats

CLOCKS = ("seconds",)
"""Columns that no run repeats."""


class FirstDifference(NamedTuple):
    """The first difference of two logs: epoch, column, and the two values."""

    epoch: int
    column: str
    values: tuple[float, float]


class Comparison(NamedTuple):
    """Two logs side by side: the columns that both have, the last epoch of each, and where they part, if they do."""

    columns: list[str]
    ends: tuple[int, int]
    first: FirstDifference | None


def compare(a: Metrics, b: Metrics) -> Comparison:
    """Hold two logs against each other as far as both go, in the columns that both have."""
    names = shared(a.names, b.names)
    first, second = a.columns(a.names), b.columns(b.names)
    ends = (last_epoch(first), last_epoch(second))
    return Comparison([name for name in names if name != "epoch"], ends, part(names, first, second))


def shared(a: Iterable[str], b: Iterable[str]) -> list[str]:
    """The columns of both, in the first one's order, except times."""
    others = set(b)
    return [name for name in a if name in others and name not in CLOCKS]


def last_epoch(columns: Mapping[str, Floats]) -> int:
    """The last recorded epoch, 0 if there is none."""
    return int(columns["epoch"][-1]) if len(columns["epoch"]) else 0


def part(names: Iterable[str], a: Mapping[str, Floats], b: Mapping[str, Floats]) -> FirstDifference | None:
    """The first row, and in it the first of these columns, whose values differ; nan equals nan."""
    rows = min(len(a["epoch"]), len(b["epoch"]))
    first: tuple[int, str] | None = None
    for name in names:
        different = np.flatnonzero(_bits(a[name][:rows]) != _bits(b[name][:rows]))
        if len(different) and (first is None or different[0] < first[0]):
            first = int(different[0]), name
    if first is None:
        return None
    row, name = first
    epoch = min(a["epoch"][row], b["epoch"][row])
    return FirstDifference(int(epoch), name, (float(a[name][row]), float(b[name][row])))


def _bits(column: Floats) -> npt.NDArray[np.int64]:
    """Each value's bits, those of every nan alike."""
    return np.where(np.isnan(column), np.nan, column).view(np.int64)
