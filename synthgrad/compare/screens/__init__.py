"""A report as text for a terminal of any width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synthgrad.compare.report import Report, Table
from synthgrad.compare.screens.methods import methods
from synthgrad.compare.screens.settings import settings
from synthgrad.compare.screens.stated import stated
from synthgrad.compare.screens.two import two
from synthgrad.compare.subjects import Subject
from synthgrad.compare.text import cut, fill
from synthgrad.text import are, counted, printable


def screen(report: Report, subjects: Sequence[Subject], width: int, whole: bool = False) -> list[str]:
    """The lines of a report: of two runs, of a sweep, or of methods; ``whole`` lists every group."""
    lines: list[str] = []
    for table in report.tables:
        if len(report.tables) > 1:
            lines += [*([""] if lines else []), cut(f"== {table.title} ==", width), ""]
        lines += _table(report, table, subjects, width, whole)
    return [printable(line) for line in [*lines, *_claims(report, width)]]


def _table(report: Report, table: Table, subjects: Sequence[Subject], width: int, whole: bool) -> Iterator[str]:
    if len(subjects) == 2 and len(report.tables) == 1:
        yield from two(subjects[0], subjects[1], table, width)
        return
    if table.sweep is not None:
        yield from settings(report, table, table.sweep, width)
    else:
        yield from methods(report, table, width, whole)
    if table.missing:
        yield ""
        yield from _missing(table, width)


def _missing(table: Table, width: int) -> Iterator[str]:
    """Runs that would complete the table, and the first of the lines that make them."""
    runs = sum(each.runs for each in table.missing)
    count = f"{counted(runs, 'run')} {are(runs)}"
    why = (
        "No frozen control here, so nothing can be said about whether hidden layers learned: " if _lacks(table) else ""
    )
    yield from fill(f"{why}{count} missing (compare --complete prints all lines, --complete --run runs them):", width)
    yield f"  {table.missing[0].line}"


def _lacks(table: Table) -> bool:
    """Whether the control is among the missing runs."""
    return table.lacks_control and not table.controls_left_out


def _claims(report: Report, width: int) -> Iterator[str]:
    if report.claims and report.tables:
        yield ""
    if any(each.line for each in report.claims):
        yield from stated(report.claims, width)
        return
    for each in report.claims:
        where = f" ({report.tables[each.table - 1].title})" if len(report.tables) > 1 else ""
        yield from fill(f"{each.answer}: {each.claim}{where}: {each.why}", width, 2)
