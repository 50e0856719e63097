"""The columns of a table for formats without a width: nothing is left out or cut."""

from __future__ import annotations

from collections.abc import Iterator

from synthgrad.compare.report import Report, Table
from synthgrad.compare.screens.layout import Column
from synthgrad.compare.screens.many import Screen
from synthgrad.compare.screens.swept import SweepScreen

WIDTH = 79
WHOLE = 10_000
"""As much of a label as fits into this: all of it."""


def whole(report: Report, table: Table) -> Screen:
    """The screen that has every group and every label whole."""
    return Screen(report, table, WIDTH, whole=True, label=WHOLE)


def blocks(report: Report, table: Table) -> Iterator[list[Column]]:
    """Of a sweep the tuned methods; then, always, the groups. Curves are for screens."""
    if table.sweep is not None:
        yield _told(SweepScreen(report, table, table.sweep, WIDTH, label=WHOLE).tuned())
    yield _told(whole(report, table).columns())


def claimed(report: Report) -> list[Column]:
    """The claims and their answers; none if nothing was claimed."""
    answers = report.claims
    apart = len({answer.title for answer in answers}) > 1
    columns = [
        Column("claim", [a.claim for a in answers], right=False),
        *([Column("of", [a.title for a in answers], right=False)] if apart else []),
        Column("answer", [a.answer for a in answers], right=False),
        Column("n", [str(a.n) for a in answers]),
        Column("why", [a.why for a in answers], right=False),
    ]
    return columns if answers else []


def _told(columns: list[Column]) -> list[Column]:
    return [column for column in columns if column.header != "curve" and not column.empty]
