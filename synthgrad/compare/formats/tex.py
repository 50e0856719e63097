"""A report as LaTeX tables with booktabs rules."""

from __future__ import annotations

import re
from collections.abc import Iterator

from synthgrad.compare.report import Report, Table
from synthgrad.compare.screens.many import Screen
from synthgrad.compare.text import plain

WIDTH = 79
WHOLE = 10_000
"""As much of a label as fits into this: all of it."""
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
    """One ``tabular`` for each table; needs ``\\usepackage{booktabs}``."""
    return "\n".join(line for table in report.tables for line in _table(report, table)) + "\n"


def _table(report: Report, table: Table) -> Iterator[str]:
    columns = Screen(report, table, WIDTH, whole=True, label=WHOLE).columns()
    columns = [column for column in columns if column.header != "curve" and not column.empty]
    yield f"% {_comment(table.title)}: {_comment(table.metric)}, {table.at}, {table.runs} runs"
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
    return plain(" ".join(text.split()))
