"""A report as GitHub Markdown, for an issue or a README; the same runs give the same text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synthgrad.compare.formats.columns import blocks, claimed, whole
from synthgrad.compare.report import Report, Table
from synthgrad.compare.screens.head import arrival, head
from synthgrad.compare.screens.layout import Column
from synthgrad.compare.screens.stated import count
from synthgrad.text import printable

SPECIAL = str.maketrans({letter: f"\\{letter}" for letter in "\\`*_{}[]<>|~#&"})


def as_markdown(report: Report) -> str:
    """A heading for each table, its columns, its answers, its notes; then the claims and the warnings."""
    lines = [line for table in report.tables for line in _table(report, table)]
    return "\n".join([*lines, *_claims(report), *_warnings(report)]) + "\n"


def _table(report: Report, table: Table) -> Iterator[str]:
    screen = whole(report, table)
    yield f"### {escaped(table.title)}: {escaped(table.metric)}"
    yield ""
    yield from (escaped(line) for line in head(table, screen.groups, 10_000))
    yield ""
    for columns in blocks(report, table):
        yield from _rows(columns)
    rules = [*screen.rules(), *arrival(table, " ".join(column.header for column in screen.columns()))]
    yield from (f"- {escaped(line)}" for line in [*table.answers, *rules, *screen.diverged(), *table.fairness])
    yield ""


def _claims(report: Report) -> Iterator[str]:
    if report.claims:
        yield f"### Claims: {count(report.claims)}"
        yield ""
        yield from _rows(claimed(report))


def _rows(columns: Sequence[Column]) -> Iterator[str]:
    yield _row([column.header for column in columns])
    yield _row(["---:" if column.right else "---" for column in columns], raw=True)
    for cells in zip(*(column.cells for column in columns), strict=True):
        yield _row(list(cells))
    yield ""


def _warnings(report: Report) -> list[str]:
    return [f"- {escaped(warning)}" for warning in report.warnings]


def _row(cells: list[str], raw: bool = False) -> str:
    return f"| {' | '.join(cells if raw else map(escaped, cells))} |"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    return printable(" ".join(text.translate(SPECIAL).split()))
