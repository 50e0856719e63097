"""The panels of a table, and how they are put together: beside one another, or each a figure of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from synthgrad.compare.figures.layers import Layer
from synthgrad.compare.figures.lines import Lines
from synthgrad.compare.figures.seeds import Seeds
from synthgrad.compare.figures.series import Method, methods
from synthgrad.compare.figures.settings import Settings
from synthgrad.compare.figures.sheet import Panel, Sheet, wrapped
from synthgrad.compare.figures.style import WIDE, FigureBase, Palette
from synthgrad.compare.report import Curve, Report, Table
from synthgrad.errors import RunError
from synthgrad.text import printable

LOSS = "loss"
LETTERS = 13
"""Of a heading, per inch."""


def panels(report: Report, table: Table, palette: Palette) -> list[Panel]:
    """What there is to see of a table."""
    groups, _ = report.of_table(table)
    drawn = methods(report, table, palette)
    found: list[Panel] = [Settings("sweep", key, table, groups) for key in (table.sweep.keys if table.sweep else ())]
    for kind, metric, up in (("curve", table.metric, table.up), ("loss", LOSS, False)):
        having = [m for m in drawn if any(v is not None for v in _mean(m.group.curves, metric))]
        if having and not (kind == "loss" and metric == table.metric):
            found.append(Lines(kind, metric, up, having))
    layers = [Layer("layer", str(i), [m for m in drawn if f"cosine.{i}" in m.group.curves]) for i in _layers(drawn)]
    if any(value is not None for m in drawn for value in m.group.values):
        halves = sum(not panel.full for panel in [*found, *layers])
        found.append(Seeds("seeds", table.metric, drawn, full=halves % 2 == 0))
    return [*found, *layers]


def _layers(drawn: Sequence[Method]) -> list[int]:
    names = {name.partition(".")[2] for m in drawn for name in m.group.curves if name.startswith("cosine.")}
    return sorted(int(name) for name in names if name.isdecimal())


def _mean(curves: Mapping[str, Curve], metric: str) -> Sequence[float | None]:
    return curves[metric].mean if metric in curves else ()


@dataclass
class Heading(Panel):
    """A line of text above the panels of a table, where there is more than one table."""

    def height(self, width: float) -> float:
        return 0.12 + 0.15 * (1 + self._wrapped(width).count("\n"))

    def draw(self, sheet: Sheet, spot: FigureBase, width: float) -> None:
        text = self._wrapped(width)
        spot.text(0.01, 0.5, text, va="center", fontsize=8, fontweight="bold", color=sheet.palette.ink)

    def _wrapped(self, width: float) -> str:
        return wrapped(printable(self.of), int(LETTERS * width))


class Spot(NamedTuple):
    """A panel and its width."""

    panel: Panel
    width: float


def together(report: Report, width: float, palette: Palette) -> Sheet:
    """All panels in one figure, two in a row where it is wide enough. Raises RunError where there are none."""
    found: list[Panel] = []
    for table in report.tables:
        own = panels(report, table, palette)
        found += [Heading("heading", table.title, full=True), *own] if own and len(report.tables) > 1 else own
    if not found:
        raise RunError("nothing to draw: the runs have no curves and no results")
    rows = _rows(found, width)
    heights = [max(spot.panel.height(spot.width) for spot in row) for row in rows]
    sheet = Sheet(width, sum(heights), palette)
    parts = sheet.figure.subfigures(len(rows), 1, height_ratios=heights, squeeze=False)
    for row, part in zip(rows, parts[:, 0], strict=True):
        halves = part.subfigures(1, round(width / row[0].width), squeeze=False)
        for spot, half in zip(row, halves[0], strict=False):
            spot.panel.draw(sheet, half, spot.width)
    return sheet


def alone(panel: Panel, width: float, palette: Palette) -> Sheet:
    """A figure of one panel."""
    sheet = Sheet(width, panel.height(width), palette)
    panel.draw(sheet, sheet.figure, width)
    return sheet


def _rows(found: Sequence[Panel], width: float) -> list[list[Spot]]:
    """Panels in rows: two halves, or one that takes it all."""
    rows: list[list[Spot]] = []
    for panel in found:
        spot = Spot(panel, width if panel.full or width < WIDE else width / 2)
        if rows and len(rows[-1]) == 1 and rows[-1][0].width == spot.width < width:
            rows[-1].append(spot)
        else:
            rows.append([spot])
    return rows
