"""What the generator of one hidden layer is worth: its cosine to the true gradient and, below, its skill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from synthgrad.compare.figures import scales
from synthgrad.compare.figures.lines import draw_forks, draw_line
from synthgrad.compare.figures.series import Method, Points, looks
from synthgrad.compare.figures.sheet import Panel, Sheet
from synthgrad.compare.figures.style import HUES, Axes, FigureBase
from synthgrad.scores import DIAGNOSES

EDGE = 1.06
"""How far the axes go beyond 1, so that a line along it is seen."""


@dataclass
class Layer(Panel):
    """The two panels of a hidden layer, both from -1 to 1; ``of`` is its number."""

    INCHES = 2.9
    methods: Sequence[Method]

    def draw(self, sheet: Sheet, spot: FigureBase, width: float) -> None:
        upper, lower = spot.subplots(2, 1, sharex=True)
        for axes, (kind, words) in zip((upper, lower), DIAGNOSES.items(), strict=True):
            self._draw(sheet, axes, kind)
            axes.set_ylabel(words)
        sheet.heading(upper, f"hidden layer {self.of}")
        if len(self.methods) > HUES:
            sheet.remark(upper, f"{HUES} of {len(self.methods)} methods")
        scales.epochs(lower)

    def _drawn(self, sheet: Sheet) -> Sequence[Method]:
        """The first of the methods; of too many, each in a colour that it has only here."""
        if len(self.methods) <= HUES:
            return self.methods
        first = self.methods[:HUES]
        own = looks([m.group.role for m in first], sheet.palette)
        return [replace(m, look=look) for m, look in zip(first, own, strict=True)]

    def _draw(self, sheet: Sheet, axes: Axes, kind: str) -> None:
        axes.axhline(0, color=sheet.palette.muted, lw=0.8, zorder=1)
        draw_forks(sheet, axes, self._drawn(sheet))
        for method in self._drawn(sheet):
            curve = method.group.curves.get(f"{kind}.{self.of}")
            if curve is not None:
                points = Points.of(curve)
                draw_line(sheet, axes, method.key, method.label, method.look, clipped(points))
                _mark_clipped(sheet, axes, method, points)
        axes.set_ylim(-EDGE, EDGE)
        axes.set_yticks([-1, -0.5, 0, 0.5, 1], ["−1", "", "0", "", "1"])


def clipped(points: Points) -> Points:
    """The points within -1..1."""
    mean, low, high, lines = (np.clip(part, -1, 1) for part in (points.mean, points.low, points.high, points.lines))
    return replace(points, mean=mean, low=low, high=high, lines=lines)


def _mark_clipped(sheet: Sheet, axes: Axes, method: Method, points: Points) -> None:
    """Arrowheads at the foot where the mean lies below."""
    below = np.flatnonzero(points.mean < -1)
    if len(below):
        some = below[np.unique(np.linspace(0, len(below) - 1, 6).astype(int))]
        x, y = points.epoch[some], np.full(len(some), -1.0)
        sheet.line(axes, method.key, x, y, "v", color=method.look.colour, ms=3.2, mew=0, clip_on=False, zorder=4)
