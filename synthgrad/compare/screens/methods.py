"""The screen of a table of methods: each against the control, in one line, and what may be concluded."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from synthgrad.compare.arithmetic import share
from synthgrad.compare.layout import WIDE, Column, brief, lay_out, taken
from synthgrad.compare.report import Report, Table
from synthgrad.compare.sparkline import sparkline
from synthgrad.compare.text import cell_width, cut, ends, fill, names
from synthgrad.compare.view import notes
from synthgrad.compare.view.methods import LEAST, Methods
from synthgrad.numbers import fixed

MAX_ROWS = 12
"""With more groups than this only the first ``SHOWN`` are listed."""
SHOWN = 10
DENSITY = " .:*#"
"""A place of the strip of seeds holds none, one, two, three, more of them."""


def methods(report: Report, table: Table, width: int, whole: bool = False) -> Iterator[str]:
    """The whole screen; ``whole`` lists every group."""
    groups, _ = report.of_table(table)
    hidden = 0 if whole or len(groups) <= MAX_ROWS else len(groups) - SHOWN
    labels = names([group.label for group in groups], name_width(width))
    view = Methods(report, table, labels, len(groups) - hidden)
    yield from ends(notes.size(table, groups, len(groups)), notes.measured(table, width >= WIDE), width)
    yield from fill("    ".join(notes.shared(table)), width, 12)
    yield ""
    columns = view.columns()
    rows = lay_out([*columns, *_curve(view, columns, width)], width)
    yield from rows
    if hidden:
        yield f"+ {hidden} more (--all shows them)"
    parts = [
        _filled(table.answers, width),
        _beside(view, width),
        _layers(view, width),
        _strip(view, width) if not hidden else (),
        _others(view, width),
        _notes(view, rows[0], width),
    ]
    for lines in filter(None, map(list, parts)):
        yield from ["", *lines]


def name_width(width: int) -> int:
    """How much of a screen a name may take."""
    return max(10, min(16, width - 30), width // 4)


def _filled(sentences: Sequence[str], width: int) -> Iterator[str]:
    for sentence in sentences:
        yield from fill(sentence, width, 2)


def _curve(view: Methods, columns: Sequence[Column], width: int) -> list[Column]:
    """The mean of each group over the epochs, in the space that is left."""
    kept = [column for column in brief(columns) if not column.empty]
    ranks = (LEAST + 1, LEAST) if width >= WIDE else (5,)  # the columns that a curve leaves room for
    spaces = [width - taken([column for column in kept if column.rank < rank]) - 2 for rank in ranks]
    space = min(next((space for space in spaces if space >= 8), spaces[-1]), 24)
    means = [[math.nan if v is None else v for v in g.curves[view.table.metric].mean] for g in view.groups]
    every = [v for line in means for v in line if v == v]
    if space < 5 or not every:
        return []
    cells = [sparkline(line, space, min(every), max(every)) for line in means]
    return [Column("curve", cells, right=False, rank=5)]


def _beside(view: Methods, width: int) -> Iterator[str]:
    """Against the second reference."""
    for against in view.table.family:
        if against != view.against and (columns := view.beside(against)):
            yield from lay_out(columns, width)


def _layers(view: Methods, width: int) -> Iterator[str]:
    if columns := view.layers():
        yield from fill(notes.CLOSENESS, width)
        yield from lay_out(columns, width)


def _strip(view: Methods, width: int) -> Iterator[str]:
    """Each seed's value in its place on a common axis."""
    values = [v for g in view.groups for v in g.values if v is not None]
    label = max(cell_width(name) for name in ["seeds", *(view.names[g.label] for g in view.groups)])
    width -= label + 4
    if len(values) < 2 or min(values) == max(values) or width < 20:
        return
    low, high = min(values), max(values)
    left, right = fixed(low, view.digits), fixed(high, view.digits)
    yield f"{'seeds':<{label}}  {left}{right:>{max(0, width + 2 - len(left))}}"
    for g in view.groups:
        places = np.zeros(width, int)
        for v in g.values:
            if v is not None:
                places[min(width - 1, int(share(v, low, high) * width))] += 1
        marks = "".join(DENSITY[min(count, 4)] for count in places)
        name = view.names[g.label]
        yield f"{name}{' ' * (label - cell_width(name))}  |{marks}|"


def _others(view: Methods, width: int) -> Iterator[str]:
    for columns in view.others():
        columns[0].header = cut(columns[0].header, width // 3)
        yield from lay_out(columns, width)


def _notes(view: Methods, headings: str, width: int) -> Iterator[str]:
    """How to read the table with these headings, and what is to be known before it is believed."""
    columns = notes.target(view.table) if view.columns()[-4].header in headings else ()
    rules = " ".join([*notes.rules(view), *columns])
    yield from fill(rules, width) if rules else ()
    yield from _filled([f"- {remark}" for remark in (*notes.lost(view), *view.table.fairness)], width)
