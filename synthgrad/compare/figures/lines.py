"""A metric against epochs: the mean, its 95 % band, a hairline for each seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from synthgrad.compare.figures import scales
from synthgrad.compare.figures.series import Method, Points
from synthgrad.compare.figures.sheet import Panel, Sheet
from synthgrad.compare.figures.style import HUES, SMALL, WIDE, Axes, FigureBase, Look
from synthgrad.compare.groups import alike
from synthgrad.types import Floats

BAND, HAIR = 0.18, 0.22
"""How opaque a band and a hairline are."""
FACETS = 12
"""As many methods as are drawn apart."""
DROPS = 3
"""As many changes of n as are written beside a line."""


@dataclass
class Lines(Panel):
    """The panel of one metric; more methods than there are colours get a small panel each."""

    up: bool
    methods: Sequence[Method]

    @property
    def apart(self) -> list[Method]:
        """The methods that are drawn each in a panel of its own; none if all fit into one."""
        own = [method for method in self.methods if not method.backdrop]
        return own if len(own) > HUES else []

    def __post_init__(self) -> None:
        self.full = bool(self.apart)

    def height(self, width: float) -> float:
        return self.INCHES if not self.apart else 0.25 + 1.1 * -(-len(self.apart[:FACETS]) // _columns(width))

    def draw(self, sheet: Sheet, spot: FigureBase, width: float) -> None:
        if self.apart:
            self._facets(sheet, spot, _columns(width))
            return
        axes = spot.subplots()
        draw_forks(sheet, axes, self.methods)
        for method in self.methods:
            draw_line(sheet, axes, method.key, method.label, method.look, self._points(method))
        self._dress(axes)
        axes.set_ylabel(self.of)
        scales.epochs(axes)

    def _facets(self, sheet: Sheet, spot: FigureBase, columns: int) -> None:
        shown = self.apart[:FACETS]
        grid = spot.subplots(-(-len(shown) // columns), columns, sharex=True, sharey=True, squeeze=False)
        for axes, method in zip(grid.flat, shown, strict=False):
            self._facet(sheet, axes, method)
        for axes in list(grid.flat)[len(shown) :]:
            axes.set_axis_off()
        for axes in list(grid.flat)[max(0, len(shown) - columns) : len(shown)]:
            axes.tick_params(labelbottom=True)
        self._dress(grid.flat[0])
        spot.supylabel(self.of, fontsize=7)
        spot.supxlabel(self._below(len(shown)), fontsize=7)

    def _facet(self, sheet: Sheet, axes: Axes, method: Method) -> None:
        draw_forks(sheet, axes, [method])
        for behind in [m for m in self.methods if m.backdrop]:
            points = self._points(behind)
            colour, dash = behind.look.colour, behind.look.dash
            sheet.line(axes, behind.key, points.epoch, points.mean, color=colour, ls=dash, lw=0.8)
        draw_line(sheet, axes, method.key, "", method.look, self._points(method))
        sheet.heading(axes, method.label)

    def _below(self, shown: int) -> str:
        how = {"control": "dashed", "reference": "black"}
        behind = " and ".join(f"{m.label} {how[m.group.role]}" for m in self.methods if m.backdrop)
        more = f"{shown} of {len(self.apart)} methods" if shown < len(self.apart) else ""
        return "; ".join(filter(None, ["epoch", behind, more]))

    def _points(self, method: Method) -> Points:
        return Points.of(method.group.curves[self.of])

    def _dress(self, axes: Axes) -> None:
        dress(axes, self.of, self.up, [self._points(method) for method in self.methods])


def _columns(width: float) -> int:
    return 4 if width >= WIDE else 2


def draw_forks(sheet: Sheet, axes: Axes, methods: Sequence[Method]) -> None:
    """A thin vertical line where methods branch, up to which they are what they branch from."""
    for same in alike(methods, lambda method: method.fork):
        if (epoch := same[0].fork) is not None:
            draw_fork(sheet, axes, epoch, "-".join(method.key for method in same))


def draw_fork(sheet: Sheet, axes: Axes, epoch: int, key: str) -> None:
    """One such line, that of the methods whose keys are joined."""
    sheet.mark(axes.axvline(epoch, color=sheet.palette.muted, lw=0.6, ls=(0, (1, 1.5)), zorder=1), key)


def dress(axes: Axes, metric: str, up: bool, every: Sequence[Points]) -> None:
    """Give the axes the scale of what they hold."""
    every = [points for points in every if len(points.mean)]
    values = np.concatenate([np.concatenate([p.mean, p.lines.ravel()]) for p in every] or [np.empty(0)])
    values = values[np.isfinite(values)]
    scale = scales.choose(metric, up, values, [float(p.mean[-1]) for p in every])
    scales.vertical(axes, scale, values, scales.highest(up, [float(p.mean[0]) for p in every]))


def draw_line(sheet: Sheet, axes: Axes, key: str, label: str, look: Look, points: Points) -> None:
    """Hairlines, band, mean, and the label at its end; thin from where on there are fewer runs."""
    if not len(points.mean):
        return
    epoch, mean = points.epoch, points.mean
    if len(points.lines) > 1:
        sheet.line(axes, key, *_joined(epoch, points.lines), color=look.colour, lw=0.4, alpha=HAIR, zorder=1.5)
    for part in _stretches(np.isfinite(points.low) & np.isfinite(points.high)):
        x, y = np.r_[epoch[part], epoch[part][::-1]], np.r_[points.high[part], points.low[part][::-1]]
        sheet.mark(axes.fill(x, y, color=look.colour, alpha=BAND, lw=0, zorder=1.8)[0], key)
    full = points.left == points.left[0]
    point = "o" if len(mean) == 1 else None
    for y, lw in (*([] if full.all() else [(mean, 0.7)]), (np.where(full, mean, np.nan), 1.5)):
        sheet.line(axes, key, epoch, y, color=look.colour, ls=look.dash, lw=lw, marker=point, ms=3)
    _say_n(sheet, axes, key, look, points)
    if label:
        sheet.label(axes, epoch[-1], mean[-1], label, look, key)


def _say_n(sheet: Sheet, axes: Axes, key: str, look: Look, points: Points) -> None:
    """How many runs are left, where there are fewer than before."""
    drops = np.flatnonzero(np.diff(points.left) < 0) + 1
    for at in drops if len(drops) <= DROPS else drops[[0, len(drops) // 2, -1]]:
        xy = (points.epoch[at], points.mean[at])
        text = f"n {int(points.left[at])}"
        note = axes.annotate(text, xy, xytext=(0, 3), textcoords="offset points", fontsize=SMALL, ha="center", zorder=3)
        sheet.mark(note, key)
        sheet.line(axes, key, *xy, marker="|", ms=4, mew=0.8, color=look.colour)


def _joined(x: Floats, lines: Floats) -> tuple[Floats, Floats]:
    """Many lines as one with gaps between."""
    rows = [(x[np.isfinite(line)], line[np.isfinite(line)]) for line in lines]
    x, y = (np.concatenate([part for row in rows for part in (row[side], [np.nan])]) for side in (0, 1))
    return x, y


def _stretches(there: npt.NDArray[np.bool_]) -> Iterator[slice]:
    """The runs of True, two or more of them."""
    edges = np.flatnonzero(np.diff(np.r_[False, there, False].astype(int)))
    yield from (slice(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 1)
