"""The number of every single run: a row of dots for each method, lines between those of the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from synthgrad.compare.figures.scales import STEPS
from synthgrad.compare.figures.series import Method, drawable
from synthgrad.compare.figures.sheet import Panel, Sheet, wrapped
from synthgrad.compare.figures.style import Axes, FigureBase

ROWS = 24
"""As many methods as get a row."""
LONG = 24
"""Letters on a line of a method's name."""
SPREAD = 0.26
"""Seeds are this far above and below the middle of their row, in order, so that equal values are seen side by side."""


@dataclass
class Seeds(Panel):
    """The panel of the per-seed values of a metric."""

    methods: Sequence[Method]

    @property
    def rows(self) -> Sequence[Method]:
        """The methods that get a row."""
        return self.methods[:ROWS]

    def height(self, width: float) -> float:
        return 0.55 + 0.24 * len(self.rows)

    def draw(self, sheet: Sheet, spot: FigureBase, width: float) -> None:
        axes = spot.subplots()
        for row, pair in enumerate(pairwise(self.rows)):
            _pairs(sheet, axes, row, *pair)
        for row, method in enumerate(self.rows):
            _dots(sheet, axes, row, method)
        self._dress(sheet, axes)

    def _dress(self, sheet: Sheet, axes: Axes) -> None:
        from matplotlib.ticker import MaxNLocator

        axes.set_yticks(range(len(self.rows)), [_name(method) for method in self.rows])
        axes.set_ylim(len(self.rows) - 0.4, -0.6)
        axes.grid(visible=False)
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=STEPS))
        axes.set_xlabel(self.of)
        if len(self.rows) < len(self.methods):
            sheet.remark(axes, f"{len(self.rows)} of {len(self.methods)} methods")


def _name(method: Method) -> str:
    """Two lines at most."""
    group = method.group
    if not group.diverged:
        return wrapped(method.label, LONG)
    return f"{wrapped(method.label, LONG, 1)}\n{group.diverged} of {len(group.seeds)} diverged"


def _places(method: Method, row: int) -> dict[int, tuple[float, float]]:
    """By seed, the value and the height at which it is drawn."""
    group = method.group
    up = np.linspace(-SPREAD, SPREAD, len(group.seeds)) if len(group.seeds) > 1 else [0.0]
    values = drawable(np.array([np.nan if value is None else value for value in group.values], np.float64))
    pairs = zip(group.seeds, values.tolist(), up, strict=True)
    return {seed: (value, row + float(at)) for seed, value, at in pairs if np.isfinite(value)}


def _pairs(sheet: Sheet, axes: Axes, row: int, above: Method, below: Method) -> None:
    a, b = _places(above, row), _places(below, row + 1)
    shared = [seed for seed in a if seed in b]
    if not shared:
        return
    x = [x for seed in shared for x in (a[seed][0], b[seed][0], np.nan)]
    y = [y for seed in shared for y in (a[seed][1], b[seed][1], np.nan)]
    sheet.line(axes, f"{above.key}-{below.key}", x, y, color=sheet.palette.muted, lw=0.4, alpha=0.5, zorder=1)


def _dots(sheet: Sheet, axes: Axes, row: int, method: Method) -> None:
    group, colour = method.group, method.look.colour
    places = list(_places(method, row).values())
    if places:
        x, y = zip(*places, strict=True)
        sheet.line(axes, method.key, x, y, "o", color=colour, ms=2.8, mew=0, alpha=0.75, zorder=3)
    if group.mean is not None and np.isfinite(group.mean):
        mean, ends = drawable(np.array([group.mean] * 2)), [row - 0.38, row + 0.38]
        sheet.line(axes, method.key, mean, ends, color=colour, lw=1.3, zorder=4)
    if group.interval is not None:
        low_high = drawable(np.array(group.interval))
        sheet.line(axes, method.key, low_high, [row, row], color=colour, lw=4, alpha=0.25, zorder=2)
