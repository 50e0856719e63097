"""A report as tidy CSV: one row for each group, seed and metric, which pandas, R and a spreadsheet read unaided."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from synthgrad.compare.groups import UNSET
from synthgrad.compare.report import Group, Report
from synthgrad.compare.subjects import Subject
from synthgrad.spreadsheets import csv_line, csv_text

CLAIM = (
    "line", "claim", "title", "answer", "metric", "at", "epoch", "n", "mean", "low", "high", "p", "p_holm", "why",
)  # fmt: skip
"""The columns of claims."""


def as_csv(report: Report) -> str:
    """Columns: table, group, the keys that differ, seed, run, outcome, metric, epoch, value. Nothing is rounded.

    Of claims without tables, one row for each answer.
    """
    if not report.tables:
        return claims_as_csv(report)
    keys = list(dict.fromkeys(key for group in report.groups for key in group.keys_that_differ))
    rows: list[list[Any]] = [["table", "group", *keys, "seed", "run", "outcome", "metric", "epoch", "value"]]
    for table in report.tables:
        for group in report.of_table(table)[0]:
            rows += _rows(group, keys, table.metric, "" if table.epoch is None else table.epoch)
    return csv_text(rows)


def claims_as_csv(report: Report) -> str:
    """One row for each answer, its numbers unrounded; blank for what there is not."""
    rows: list[list[Any]] = [[*CLAIM]]
    for answer in report.claims:
        low, high = answer.interval or (None, None)
        row = {**vars(answer), "low": low, "high": high}
        rows.append(["" if row[name] is None else row[name] for name in CLAIM])
    return csv_text(rows)


def curves_as_csv(report: Report, subjects: Sequence[Subject]) -> str:
    """One row for each run and epoch, every column of its metrics file; blank where nothing was measured."""
    keys = list(dict.fromkeys(key for group in report.groups for key in group.keys_that_differ))
    names = list(dict.fromkeys(name for subject in subjects for name in subject.columns))
    by_path = {subject.path: subject for subject in subjects}
    lines = [csv_line(["table", "group", *keys, "seed", "run", "epoch", *names])]
    for group in report.groups:
        settings = [cell(group.config.get(key, UNSET)) for key in keys]
        for seed, run in zip(group.seeds, group.runs, strict=True):
            start = [group.table, group.label, *settings, seed, run]
            lines += (csv_line([*start, *row]) for row in _epochs(by_path[run], names))
    return "\n".join(lines) + "\n"


def _epochs(subject: Subject, names: Sequence[str]) -> Iterator[list[Any]]:
    blank = [""] * len(subject.epochs)
    columns = [map(_number, subject.columns[name].tolist()) if name in subject.columns else blank for name in names]
    yield from map(list, zip(map(_number, subject.epochs.tolist()), *columns, strict=True))


def _number(value: float) -> str:
    """All digits; whole numbers without a point; blank for what was not measured."""
    if value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return "" if math.isnan(value) else repr(value)


def _rows(group: Group, keys: list[str], metric: str, epoch: int | str) -> Iterator[list[Any]]:
    settings = [cell(group.config.get(key, UNSET)) for key in keys]
    told = [(metric, group.values), *((name, other.values) for name, other in group.others.items())]
    for name, values in told:
        for seed, run, outcome, value in zip(group.seeds, group.runs, group.outcomes, values, strict=True):
            number = "" if value is None else repr(value)
            yield [group.table, group.label, *settings, seed, run, outcome, name, epoch, number]


def cell(value: object) -> Any:
    """A setting as a cell: blank where the run does not have it."""
    return "" if value == UNSET or value is None else value
