"""The screen of a sweep: every method against the settings that were tried, and the methods at their best."""

from __future__ import annotations

from collections.abc import Iterator

from synthgrad.compare.layout import WIDE, fits, lay_out
from synthgrad.compare.report import Cell, Report, Sweep, Table, Tuned
from synthgrad.compare.screens.methods import name_width
from synthgrad.compare.sparkline import sparkline
from synthgrad.compare.text import ends, fill, names
from synthgrad.compare.view import notes
from synthgrad.compare.view.cells import to_target
from synthgrad.compare.view.settings import BEST, Settings
from synthgrad.numbers import fixed, short

WIDEST_GRID = 8
"""Of more settings, only the best is shown, and the marginal of each key."""


def settings(report: Report, table: Table, sweep: Sweep, width: int) -> Iterator[str]:
    """The whole screen."""
    view = Settings(table, sweep, names([m.method for m in sweep.methods], name_width(width)))
    size = notes.size(table, report.of_table(table)[0], len(view.methods), len(view.labels))
    yield from ends(size, notes.measured(table, width >= WIDE), width)
    yield from fill(f"columns {', '.join(sweep.keys)}; mean over seeds", width)
    yield ""
    yield from _table(view, width)
    if table.answers:
        yield ""
    for answer in table.answers:
        yield from fill(answer, width, 2)
    if sweep.marginals:
        yield ""
    for columns in view.marginals():
        yield from lay_out(columns, width)
    yield ""
    for note in (*notes.of_sweep(sweep, table), *(f"- {remark}" for remark in table.fairness)):
        yield from fill(note, width, 2)


def _table(view: Settings, width: int) -> Iterator[str]:
    """Settings side by side where they fit, or else only the best, and all of them below."""
    points = [value for m in view.methods for cell in m.cells for value in cell.curve]
    curves = width >= WIDE and points and len(view.methods[0].cells) <= 4

    def draw(cell: Cell, method: Tuned) -> str:
        """[ ] the best by mean, < at the edge of the grid, div k where seeds diverged."""
        if cell.diverged:
            return view.cell(cell)
        text = fixed(cell.mean, view.digits)
        text = f"[{text}]{'<' if method.edge else ' '}" if cell.best else f"{text}  "
        return f"{sparkline(cell.curve, 4, min(points), max(points))} {text}" if curves else text

    grid = view.grid(draw)
    side_by_side = len(view.labels) <= WIDEST_GRID and fits(grid, width)
    lines = lay_out(grid if side_by_side else view.tuned(), width)
    yield from [*lines, *_paces(view, lines[0], width)]
    if not side_by_side and (len(view.labels) <= WIDEST_GRID or BEST not in lines[0]):
        yield ""
        for m in view.methods:
            cells = ", ".join(f"{cell.label} {draw(cell, m).strip()}" for cell in m.cells)
            yield from fill(f"{m.method}: {cells}", width, 2)


def _paces(view: Settings, header: str, width: int) -> Iterator[str]:
    """The times as text, where the table has no room for them."""
    if "s/epoch" not in header:
        target = view.table.target is not None
        epochs = [f"{to_target(m.epochs_to_target, m.reached, m.runs)}, " if target else "" for m in view.methods]
        paces = [f"{m.method} {n}{short(m.seconds_per_epoch)} s" for m, n in zip(view.methods, epochs, strict=True)]
        what = f"epochs to {short(view.table.target)}, " if target else ""
        yield ""
        yield from fill(f"{what}seconds an epoch, of the best setting: {'; '.join(paces)}", width, 2)
