"""The curves of a single run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from synthgrad.compare.figures import scales
from synthgrad.compare.figures.layers import EDGE
from synthgrad.compare.figures.lines import draw_fork, draw_line, dress
from synthgrad.compare.figures.series import Points, drawable, looks
from synthgrad.compare.figures.sheet import Panel, Sheet
from synthgrad.compare.figures.style import HUES, FigureBase
from synthgrad.scores import DIAGNOSES, is_up, score_in
from synthgrad.text import printable
from synthgrad.types import Floats

MAX_POINTS = 300
"""As many points as a curve is drawn with."""
LAYERED = {**DIAGNOSES, "generator_error": "generator_error"}


@dataclass
class Traces(Panel):
    """Some columns of a run in one panel: ``kind`` is loss, score, or a column that every layer has."""

    columns: Mapping[str, Floats]
    epoch: Floats
    fork: int | None = None

    def draw(self, sheet: Sheet, spot: FigureBase, width: float) -> None:
        axes = spot.subplots()
        every = [self._points(name) for name in self.columns]
        if self.fork is not None:
            draw_fork(sheet, axes, self.fork, self.kind)
        given = looks(["method"] * len(every), sheet.palette)
        for i, (name, look, points) in enumerate(zip(self.columns, given, every, strict=True)):
            shown = np.clip(points.mean, -1, 1) if self.bounded else points.mean
            draw_line(sheet, axes, f"{self.kind}{i}", printable(name), look, _alone(points.epoch, shown))
        if self.bounded:
            axes.axhline(0, color=sheet.palette.muted, lw=0.8, zorder=1)
            axes.set_ylim(-EDGE, EDGE)
        else:
            dress(axes, self.of, is_up(next(iter(self.columns))), every)
        axes.set_ylabel(self.of)
        scales.epochs(axes)

    @property
    def bounded(self) -> bool:
        """Whether it is shown from -1 to 1."""
        return self.kind in ("cosine", "skill")

    def _points(self, name: str) -> Points:
        there = np.isfinite(self.columns[name])
        return _alone(*thinned(self.epoch[there], drawable(self.columns[name][there])))


def traces(columns: Mapping[str, Floats], fork: int | None = None) -> list[Traces]:
    """The panels of a run with these columns, which may branch; at most as many lines in each as there are colours."""
    known = {name: column for name, column in columns.items() if np.isfinite(column).any()}
    parts = [("loss", "loss", {n: c for n, c in known.items() if n in ("loss", "test_loss")})]
    meanings = {name: score.meaning for name in known if (score := score_in(name))}
    parts += [
        ("score", words, {n: c for n, c in known.items() if meanings.get(n) == words})
        for words in dict.fromkeys(meanings.values())
    ]
    parts += [(kind, words, dict(_layers(known, kind))) for kind, words in LAYERED.items()]
    return [
        Traces(kind, words, dict(list(some.items())[:HUES]), columns["epoch"], fork)
        for kind, words, some in parts
        if some
    ]


def _layers(columns: Mapping[str, Floats], kind: str) -> Iterator[tuple[str, Floats]]:
    for name, column in columns.items():
        what, _, number = name.partition(".")
        if what == kind and number.isdecimal():
            yield f"layer {number}", column


def thinned(x: Floats, y: Floats, most: int = MAX_POINTS) -> tuple[Floats, Floats]:
    """The least and the greatest value of each of so many parts, and both ends: no peak is lost."""
    if len(x) <= most:
        return x, y
    edges = np.linspace(0, len(x), most // 2 + 1).astype(int)
    kept = {0, len(x) - 1}
    for a, b in pairwise(edges):
        kept |= {a + int(y[a:b].argmin()), a + int(y[a:b].argmax())}
    some = sorted(kept)
    return x[some], y[some]


def _alone(epoch: Floats, values: Floats) -> Points:
    """The points of one run: no band, no hairlines."""
    nothing = np.full(len(epoch), np.nan)
    return Points(epoch, values, nothing, nothing, np.ones(len(epoch)), np.empty((0, len(epoch))))
