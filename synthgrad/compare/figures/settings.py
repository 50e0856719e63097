"""A sweep: the metric against what was swept, a line for each method; at the foot, the share of runs that diverged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthgrad.compare.figures import scales
from synthgrad.compare.figures.series import CONTROL, REFERENCE, drawable, looks
from synthgrad.compare.figures.sheet import Panel, Sheet
from synthgrad.compare.figures.style import HUES, SMALL, Axes, FigureBase, Look
from synthgrad.compare.groups import UNSET, shown
from synthgrad.compare.report import Cell, Group, Interval, Sweep, Table, Tuned
from synthgrad.runs.filters import is_number
from synthgrad.text import printable

RUG = 0.11
"""The height of a bar of the rug where all runs diverged, as a share of the axes."""


@dataclass(frozen=True)
class Tried:
    """One setting of one method: where it is drawn, and its result."""

    value: object
    mean: float | None
    interval: Interval | None = None
    diverged: int = 0
    runs: int = 0


@dataclass
class Settings(Panel):
    """The panel of one swept key."""

    INCHES = 2.3
    table: Table
    groups: Sequence[Group]

    @property
    def sweep(self) -> Sweep:
        """The sweep of the table."""
        assert self.table.sweep is not None
        return self.table.sweep

    def draw(self, sheet: Sheet, spot: FigureBase, width: float) -> None:
        axes = spot.subplots()
        tried = [self.tried(i) for i in range(len(self.sweep.methods))]
        places = _places([each.value for line in tried for each in line])
        roles = [role(self.table, method) for method in self.sweep.methods]
        own = [i for i, each in enumerate(roles) if each == "method"]
        kept = [i for i in range(len(roles)) if i not in own[HUES:]]
        for slot, (i, look) in enumerate(zip(kept, looks([roles[i] for i in kept], sheet.palette), strict=True)):
            key = f"t{self.table.number}m{i}"
            label = printable(self.sweep.methods[i].method)
            if not any(t.value in places for t in tried[i]):
                _level(sheet, axes, key, label, look, tried[i], places)
                continue
            _line(sheet, axes, key, label, look, [(places[t.value], t) for t in tried[i]])
            _rug(sheet, axes, key, look, (slot - (len(kept) - 1) / 2) * 4.5, [(places[t.value], t) for t in tried[i]])
        self._dress(sheet, axes, places, any(t.diverged for line in tried for t in line), len(roles) - len(kept))

    def tried(self, method: int) -> list[Tried]:
        """The settings of a method; of several swept keys, the best over the others."""
        by_label = {group.label: group for group in self.groups}
        cells = self.sweep.methods[method].cells
        if len(self.sweep.keys) == 1:
            found = [_tried(cell, self.of, by_label.get(cell.group)) for cell in cells]
        else:
            marginal = self.sweep.marginals.get(self.of, {})
            values = {shown(cell.setting[self.of]): cell.setting[self.of] for cell in cells}
            found = [Tried(values[word], means[2 * method + 1]) for word, means in marginal.items() if word in values]
        return sorted(found, key=lambda each: each.value if is_number(each.value) else 0)

    def _dress(self, sheet: Sheet, axes: Axes, places: dict[object, float], rug: bool, more: int) -> None:
        if all(map(is_number, places)):
            scales.numbers(axes, sorted(places.values()))
        else:
            axes.set_xticks(list(places.values()), [printable(shown(value)) for value in places])
        best = ", best over the other keys" if len(self.sweep.keys) > 1 else ""
        axes.set_ylabel(f"{self.table.metric}{best}")
        axes.set_xlabel(printable(self.of))
        axes.margins(x=0.08)
        self._bound(axes, places)
        if rug:
            low, high = axes.get_ylim()
            axes.set_ylim(low - 1.6 * RUG * (high - low), high)
        remarks = [*(["bars: runs that diverged"] if rug else []), *([f"{more} methods more"] if more else [])]
        sheet.remark(axes, "; ".join(remarks))

    def _bound(self, axes: Axes, places: dict[object, float]) -> None:
        """A line where the generator's step size passes its stability bound, if that is among what was tried."""
        bound = self.sweep.bounds.get(self.of)
        if bound is None or not min(places.values()) / 2 <= bound <= 2 * max(places.values()):
            return
        axes.axvline(bound, color="0.5", lw=0.8, ls=(0, (1, 2)), zorder=1)
        across = axes.get_xaxis_transform()
        axes.text(bound, 1.0, " 2/λ", transform=across, fontsize=SMALL - 0.5, ha="left", va="top")


def role(table: Table, method: Tuned) -> str:
    """control, reference or method, for a method of a sweep."""
    assert table.sweep is not None
    if method.method == table.sweep.control:
        return CONTROL
    return REFERENCE if table.reference in {method.method, *(cell.group for cell in method.cells)} else "method"


def _tried(cell: Cell, key: str, group: Group | None) -> Tried:
    runs = cell.n + cell.diverged if group is None else len(group.seeds)
    return Tried(cell.setting[key], cell.mean, group.interval if group else None, cell.diverged, runs)


def _places(values: Sequence[object]) -> dict[object, float]:
    """Where on the x axis: numbers where they are, anything else one after the other.

    Beside numbers there is no place for methods that do not have the key.
    """
    every = list(dict.fromkeys(values))
    numbers: dict[object, float] = {value: float(value) for value in every if is_number(value)}
    if numbers and len(numbers) >= len([value for value in every if value != UNSET]):
        return numbers
    return {value: float(i) for i, value in enumerate(every)}


Placed = Sequence[tuple[float, Tried]]


def _line(sheet: Sheet, axes: Axes, key: str, label: str, look: Look, placed: Placed) -> None:
    known = [(x, t) for x, t in placed if t.mean is not None and np.isfinite(t.mean)]
    if not known:
        return
    x, y = [x for x, _ in known], drawable(np.array([t.mean for _, t in known]))
    sheet.line(axes, key, x, y, color=look.colour, ls=look.dash, lw=1.3, marker="o", ms=3)
    for bar, t in known:
        if t.interval is not None:
            ends = drawable(np.array(t.interval))
            sheet.line(axes, key, [bar] * 2, ends, color=look.colour, lw=3, alpha=0.3, zorder=1.8)
    sheet.label(axes, x[-1], y[-1], label, look, key)


def _level(
    sheet: Sheet, axes: Axes, key: str, label: str, look: Look, tried: Sequence[Tried], places: dict[object, float]
) -> None:
    """A method that does not have the swept key: its figure all along the axis."""
    means = drawable(np.array([each.mean for each in tried if each.mean is not None and np.isfinite(each.mean)]))
    if len(means):
        ends = [min(places.values()), max(places.values())]
        sheet.line(axes, key, ends, [means[0]] * 2, color=look.colour, ls=look.dash, lw=1.3)
        sheet.label(axes, ends[1], means[0], label, look, key)


def _rug(sheet: Sheet, axes: Axes, key: str, look: Look, aside: float, placed: Placed) -> None:
    """Bars at the foot, ``aside`` points from their place, with how many of how many."""
    from matplotlib.transforms import offset_copy

    place = offset_copy(axes.get_xaxis_transform(), sheet.figure, x=aside, units="points")
    for x, t in placed:
        if t.diverged:
            top = RUG * t.diverged / max(t.runs, t.diverged)
            style = {"color": look.colour, "lw": 3.5, "solid_capstyle": "butt"}
            sheet.line(axes, key, [x, x], [0, top], transform=place, **style)
            text = f"{t.diverged}/{t.runs}"
            sheet.mark(axes.text(x, top + 0.015, text, transform=place, fontsize=SMALL - 0.5, ha="center"), key)
