"""A report as GitHub Markdown, for an issue or a README; the same runs give the same text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from synthgrad.compare.layout import Column, brief
from synthgrad.compare.report import Report, Table
from synthgrad.compare.screens.stated import count
from synthgrad.compare.view import notes
from synthgrad.compare.view.methods import Methods, claims
from synthgrad.compare.view.settings import tables
from synthgrad.text import printable

SPECIAL = str.maketrans({letter: f"\\{letter}" for letter in "\\`*_{}[]<>|~#&"})


def as_markdown(report: Report) -> str:
    """A heading for each table, its columns, its answers, its notes; then the claims and the warnings."""
    lines = [line for table in report.tables for line in _table(report, table)]
    return "\n".join([*lines, *_claims(report), *_warnings(report)]) + "\n"


def _table(report: Report, table: Table) -> Iterator[str]:
    view = Methods(report, table)
    yield f"### {escaped(table.title)}: {escaped(table.metric)}"
    yield ""
    head = [notes.size(table, view.groups, len(view.groups)), notes.measured(table), *notes.shared(table)]
    yield escaped("; ".join(head))
    yield ""
    for columns in tables(report, table):
        yield from _rows(columns)
    remarks = [*table.answers, *notes.rules(view), *notes.target(table), *notes.lost(view), *table.fairness]
    yield from (f"- {escaped(remark)}" for remark in remarks)
    yield ""


def _claims(report: Report) -> Iterator[str]:
    if report.claims:
        yield f"### Claims: {count(report.claims)}"
        yield ""
        yield from _rows(claims(report.claims))


def _rows(columns: Sequence[Column]) -> Iterator[str]:
    columns = [column for column in brief(columns) if not column.empty]
    yield _row([escaped(column.header) for column in columns])
    yield _row(["---:" if column.right else "---" for column in columns])
    for cells in zip(*(column.cells for column in columns), strict=True):
        yield _row(map(escaped, cells))
    yield ""


def _warnings(report: Report) -> list[str]:
    return [f"- {escaped(warning)}" for warning in report.warnings]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    return printable(" ".join(text.translate(SPECIAL).split()))
