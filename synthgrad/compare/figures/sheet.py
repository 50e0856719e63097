"""One figure in the making: its panels, and the labels at line ends, which are set apart from one another at last."""

from __future__ import annotations

import textwrap
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, ClassVar, TypeVar

import numpy as np

from synthgrad.compare.figures.style import SMALL, Annotation, Artist, Axes, Figure, FigureBase, Look, Palette
from synthgrad.types import Floats

A = TypeVar("A", bound=Artist)
WRAPPED = 20
"""Letters on a line of a label; it has at most two lines."""
BESIDE = 13
"""Points from the right end of the axes to a label."""
LEADING = 1.15
CROWDED = 1.1
"""Labels higher than this share of their axes are cut to one line each."""


class Sheet:
    """A figure within ``style.drawing``; ``finish`` before it is saved."""

    def __init__(self, width: float, height: float, palette: Palette) -> None:
        from matplotlib.figure import Figure
        from matplotlib.layout_engine import ConstrainedLayoutEngine

        self.palette = palette
        layout = ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.03, wspace=0.02, hspace=0.02)
        self.figure: Figure = Figure(figsize=(width, height), layout=layout)
        self._labels: list[tuple[Axes, Annotation]] = []
        self._count = count()

    def mark(self, artist: A, key: str) -> A:
        """Name what belongs to one method, so that it can be found in an SVG."""
        artist.set_gid(f"{key}.{next(self._count)}")
        return artist

    def line(self, axes: Axes, key: str, *points: Any, **style: Any) -> None:
        """Draw a line, or points, of one method."""
        self.mark(axes.plot(*points, **style)[0], key)

    def label(self, axes: Axes, x: float, y: float, text: str, look: Look, key: str) -> None:
        """A label to the right of the axes, tied to the point (x, y) by a line of the method's colour."""
        from matplotlib.transforms import offset_copy

        note = axes.annotate(
            wrapped(text),
            xy=(x, y),
            xytext=(1, 0.5),
            textcoords=offset_copy(axes.transAxes, self.figure, x=BESIDE, units="points"),
            va="center",
            annotation_clip=False,
            linespacing=LEADING,
            arrowprops={
                "arrowstyle": "-",
                "color": look.colour,
                "linewidth": 1.1,
                "shrinkA": 1,
                "shrinkB": 0,
                "relpos": (0, 0.5),
            },
        )
        self._labels.append((axes, self.mark(note, key)))

    def remark(self, axes: Axes, text: str) -> None:
        """A few words above the axes, at the right."""
        axes.set_title(text, loc="right", fontsize=SMALL, color=self.palette.muted, pad=3)

    def heading(self, axes: Axes, text: str) -> None:
        """What the axes show, above them, at the left."""
        axes.set_title(wrapped(text, 2 * WRAPPED), loc="left", fontsize=7, color=self.palette.ink, pad=3)

    def finish(self) -> Figure:
        """Lay out the figure and set the labels apart; returns the figure."""
        self.figure.draw_without_rendering()
        for axes in dict.fromkeys(axes for axes, _ in self._labels):
            self._set_apart(axes, [note for its, note in self._labels if its is axes])
        return self.figure

    def _set_apart(self, axes: Axes, notes: Sequence[Annotation]) -> None:
        box, (low, high) = axes.get_window_extent(), sorted(axes.get_ylim())
        for note in notes:
            note.xy = (note.xy[0], float(np.clip(note.xy[1], low, high)))  # a line may leave the axes
        points = np.array([axes.transData.transform(note.xy)[1] for note in notes])
        if sum(map(_height, notes)) * self.figure.dpi / 72 > CROWDED * box.height:
            for note in notes:
                note.set_text(_shortened(note.get_text()))
        heights = [_height(note) * self.figure.dpi / 72 for note in notes]
        for note, y in zip(notes, spread(points, heights, box.y0, box.y1), strict=True):
            note.set_position((1, (y - box.y0) / box.height))


@dataclass
class Panel(ABC):
    """A part of a figure: ``kind`` is sweep, curve, loss, seeds, layer or what a run traces; ``of`` a key or metric.

    One that is ``full`` has a row of the figure to itself.
    """

    INCHES: ClassVar[float] = 2.05
    kind: str
    of: str
    full: bool = field(default=False, kw_only=True)

    def height(self, width: float) -> float:
        """Inches."""
        return self.INCHES

    @abstractmethod
    def draw(self, sheet: Sheet, spot: FigureBase, width: float) -> None:
        """Draw into a part of the figure."""


def wrapped(text: str, width: int = WRAPPED, lines: int = 2) -> str:
    """At most so many lines of a label."""
    return "\n".join(textwrap.wrap(text, width, max_lines=lines, placeholder="…"))


def _shortened(text: str) -> str:
    """One line of a label, its beginning and its end: what tells labels apart is often the last."""
    line = text.replace("\n", " ")
    return line if len(line) <= WRAPPED else f"{line[: WRAPPED // 2]}…{line[1 - WRAPPED // 2 :]}"


def _height(note: Annotation) -> float:
    """Points."""
    return (1 + note.get_text().count("\n")) * float(note.get_fontsize()) * LEADING


def spread(wanted: Sequence[float] | Floats, heights: Sequence[float], low: float, high: float) -> list[float]:
    """Places as near as may be to those wanted, in their order, where things of these heights do not overlap.

    Least squares: without the room that those below need, places must only not fall (pool adjacent violators).
    Within low and high if there is room.
    """
    order = np.argsort(wanted, kind="stable")
    sizes = np.asarray(heights, np.float64)[order]
    below = np.concatenate([[0.0], np.cumsum((sizes[1:] + sizes[:-1]) / 2)])
    level = _rising(np.asarray(wanted, np.float64)[order] - below)
    bottom, top = low + sizes[0] / 2, high - sizes[-1] / 2 - below[-1]
    if bottom > top:
        bottom = top = (bottom + top) / 2
    level = np.clip(level, bottom, top)
    places = np.empty(len(order))
    places[order] = level + below
    return [float(place) for place in places]


def _rising(values: Floats) -> Floats:
    """The nearest sequence that does not fall."""
    blocks: list[tuple[float, int]] = []
    for value in values:
        blocks.append((float(value), 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (b, m), (a, n) = blocks.pop(), blocks.pop()
            blocks.append(((a * n + b * m) / (n + m), n + m))
    return np.concatenate([np.full(n, value) for value, n in blocks])
