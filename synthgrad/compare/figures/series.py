"""What is drawn of a table: its methods, each with its look and its curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthgrad.compare.figures.style import CONTROL_DASH, DASHES, HUES, SOLID, Look, Palette
from synthgrad.compare.report import Curve, Group, Report, Table
from synthgrad.runs.methods import fork
from synthgrad.text import printable
from synthgrad.types import Floats

CONTROL, REFERENCE = "control", "reference"
HUGE = 1e250
"""As far as axes go: matplotlib needs room for their margins, on a logarithmic axis many powers of ten."""


@dataclass(frozen=True)
class Method:
    """A group as it is drawn; ``key`` names it on the page."""

    key: str
    group: Group
    look: Look

    @property
    def label(self) -> str:
        """Its name, fit to be drawn."""
        return printable(self.group.label)

    @property
    def fork(self) -> int | None:
        """The last epoch before it branches from another method; None if it does not."""
        return fork(self.group.config)

    @property
    def backdrop(self) -> bool:
        """Whether it is control or reference, which stand beside every other."""
        return self.group.role in (CONTROL, REFERENCE)


def methods(report: Report, table: Table, palette: Palette) -> list[Method]:
    """The groups of a table in their order; of a sweep, each method at its best setting."""
    groups, _ = report.of_table(table)
    best = {cell.group for method in (table.sweep.methods if table.sweep else ()) for cell in method.cells if cell.best}
    drawn = [(i, group) for i, group in enumerate(groups) if group.label in best] or list(enumerate(groups))
    looks_of = looks([group.role for _, group in drawn], palette)
    return [Method(f"t{table.number}s{i}", group, look) for (i, group), look in zip(drawn, looks_of, strict=True)]


def looks(roles: Sequence[str], palette: Palette) -> list[Look]:
    """Grey and dashed for controls, black for references, a colour and a dash of its own for anything else.

    More methods than there are colours all have the first: they are drawn apart.
    """
    many = sum(role not in (CONTROL, REFERENCE) for role in roles) > HUES
    found, given = [], 0
    for role in roles:
        if role == CONTROL:
            found.append(Look(palette.control, CONTROL_DASH))
        elif role == REFERENCE:
            found.append(Look(palette.reference, SOLID))
        else:
            found.append(Look(palette.methods[0 if many else given], DASHES[0 if many else given]))
            given += 1
    return found


@dataclass(frozen=True)
class Points:
    """A curve as arrays, nan where it has no value; only the epochs that have a mean."""

    epoch: Floats
    mean: Floats
    low: Floats
    high: Floats
    n: Floats
    lines: Floats

    @classmethod
    def of(cls, curve: Curve) -> Points:
        """The points of a curve."""
        mean = _array(curve.mean)
        there = np.isfinite(mean)
        lines = np.array([_array(line) for line in curve.lines]).reshape(-1, len(mean))
        columns = (np.asarray(curve.epoch, np.float64), mean, _array(curve.low), _array(curve.high))
        epoch, mean, low, high = (column[there] for column in columns)
        return cls(epoch, mean, low, high, np.asarray(curve.n, np.float64)[there], lines[:, there])

    @property
    def left(self) -> Floats:
        """How many runs are still there, at each epoch or later."""
        return np.maximum.accumulate(self.n[::-1])[::-1]


def _array(values: Sequence[float | None]) -> Floats:
    return drawable(np.array([np.nan if value is None else value for value in values], np.float64))


def drawable(values: Floats) -> Floats:
    """Numbers as axes can show them: nan for what is not finite, the end of the axis for what is beyond it."""
    return np.clip(np.where(np.isfinite(values), values, np.nan), -HUGE, HUGE)
