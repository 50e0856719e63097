"""A file of claims held against the runs of its sweeps: the answers, and a report of them alone or with tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from synthgrad import __version__
from synthgrad.compare.cases import Tables
from synthgrad.compare.claims import check
from synthgrad.compare.fairness import environment
from synthgrad.compare.groups import tables, titles
from synthgrad.compare.report import SCHEMA, Answer, Missing, Report
from synthgrad.compare.statements import Statements
from synthgrad.compare.subjects import Gathered, Subject, completed
from synthgrad.errors import ConfigError


def answers(statements: Statements, gathered: Gathered, planned: Sequence[Subject]) -> list[Answer]:
    """What the runs say; those that are ``planned`` and not there yet make their groups known.

    Raises ConfigError with a line for each claim that is about nobody.
    """
    if not gathered.subjects and not planned:
        raise ConfigError([*gathered.notes, f"{statements.path}: there are no runs, and no sweeps to make some"])
    split = tables(completed([*gathered.subjects, *planned]))
    named = titles([table[0].settings for table in split])
    return check(statements.claims, Tables(split, named, gathered.names, planned=bool(statements.sweeps)))


def alone(found: Sequence[Answer], missing: Sequence[Missing], gathered: Gathered, command: Sequence[str]) -> Report:
    """A report that has claims and no tables."""
    metrics, places = ([*dict.fromkeys(each)] for each in zip(*((a.metric, a.at) for a in found), strict=True))
    return Report(
        schema=SCHEMA,
        synthgrad=__version__,
        command=list(command),
        metric=", ".join(filter(None, metrics)),
        at=", ".join(places),
        family={},
        tables=[],
        groups=[],
        differences=[],
        claims=[replace(each, table=0) for each in found],
        environment=environment(gathered.subjects),
        warnings=list(gathered.notes),
        missing=list(missing),
    )


def beside(tables: Report, claims: Report) -> Report:
    """The tables and the answers on the same runs, each with the number of its table, 0 where that is left out."""
    numbers = {_setting({**table.task, **table.network}): table.number for table in tables.tables}
    found = [replace(each, table=numbers.get(_setting(each.setting), 0)) for each in claims.claims]
    warnings = [*dict.fromkeys([*tables.warnings, *claims.warnings])]
    return replace(tables, claims=found, missing=claims.missing, warnings=warnings)


def _setting(settings: dict[str, object]) -> str:
    return repr(sorted(settings.items(), key=str))
