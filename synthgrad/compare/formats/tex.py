"""A report as LaTeX tables with booktabs rules."""

from __future__ import annotations

import re
from collections.abc import Iterator

from synthgrad.compare.layout import Column, brief
from synthgrad.compare.report import Report, Table
from synthgrad.compare.screens.stated import count
from synthgrad.compare.view.methods import claims
from synthgrad.compare.view.settings import tables
from synthgrad.text import printable

SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "\N{HORIZONTAL ELLIPSIS}": r"\dots{}",
    "\N{REPLACEMENT CHARACTER}": "?",
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
}
BETWEEN = re.compile(r"(?<=\d)\.\.(?=[+-]?\d)")
"""The dots of an interval."""


def as_tex(report: Report) -> str:
    """One ``tabular`` a table, before it one of a sweep's tuned methods, and one of claims; needs booktabs."""
    lines = [line for table in report.tables for line in _table(report, table)]
    return "\n".join([*lines, *_claims(report)]) + "\n"


def _claims(report: Report) -> Iterator[str]:
    if report.claims:
        yield f"% Claims: {count(report.claims)}"
        yield from _tabular(claims(report.claims))


def _table(report: Report, table: Table) -> Iterator[str]:
    yield f"% {_comment(table.title)}: {_comment(table.metric)}, {table.at}, {table.runs} runs"
    for columns in tables(report, table):
        yield from _tabular(columns)


def _tabular(columns: list[Column]) -> Iterator[str]:
    columns = [column for column in brief(columns) if not column.empty]
    yield rf"\begin{{tabular}}{{{''.join('r' if column.right else 'l' for column in columns)}}}"
    yield r"\toprule"
    yield _row([column.header for column in columns])
    yield r"\midrule"
    for cells in zip(*(column.cells for column in columns), strict=True):
        yield _row(list(cells))
    yield r"\bottomrule"
    yield r"\end{tabular}"


def _row(cells: list[str]) -> str:
    return " & ".join(_escaped(cell) for cell in cells) + r" \\"


def _escaped(text: str) -> str:
    shown = "".join(SPECIAL.get(letter, letter) for letter in _comment(text))
    return BETWEEN.sub(r"\\,--\\,", shown)


def _comment(text: str) -> str:
    return printable(" ".join(text.split()))
