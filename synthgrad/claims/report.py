"""Reports that answer claims: of typed claims with the tables, of claims files alone or with the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from synthgrad import __version__
from synthgrad.claims.file import ClaimsFile, read
from synthgrad.claims.grammar import Claim
from synthgrad.claims.grid import Grid
from synthgrad.claims.judge import check
from synthgrad.claims.matching import Tables
from synthgrad.compare.building import Comparison
from synthgrad.compare.fairness import environment
from synthgrad.compare.groups import tables, titles
from synthgrad.compare.measure import needed
from synthgrad.compare.question import Question
from synthgrad.compare.report import SCHEMA, Answer, Missing, Report
from synthgrad.compare.subjects import Gathered, Subject, completed, gather
from synthgrad.errors import ConfigError, ErrorCollector
from synthgrad.runs.finding import archive_of, below, find, is_run
from synthgrad.sweep.planning import not_of_the_grid


def build(gathered: Gathered, question: Question, command: Sequence[str]) -> Report:
    """The tables, and the answers to the question's claims in each that has their groups. Raises ConfigError."""
    comparison = Comparison(gathered, question)
    built, claims = comparison.tables, [Claim.parse(text) for text in question.claims]
    titles, metrics = [b.table.title for b in built], [b.table.metric for b in built]
    tables = Tables(comparison.subjects, titles, gathered.names, metrics, question.at)
    return comparison.report(command, check(claims, tables))


def _answers(claims_file: ClaimsFile, gathered: Gathered, planned: Sequence[Subject]) -> list[Answer]:
    """What the runs say; those that are ``planned`` and not there yet make their groups known.

    Raises ConfigError with a line for each claim that is about nobody.
    """
    if not gathered.subjects and not planned:
        raise ConfigError([*gathered.notes, f"{claims_file.path}: there are no runs, and no sweeps to make some"])
    split = tables(completed([*gathered.subjects, *planned]))
    named = titles([table[0].settings for table in split])
    return check(claims_file.claims, Tables(split, named, gathered.names, planned=bool(claims_file.sweeps)))


def of_files(files: Sequence[Path], places: Sequence[str], runs: Path, command: list[str]) -> tuple[Report, Gathered]:
    """A report of the claims of files alone, and the runs that they are about.

    The claims of a file are about the runs of its own sweeps that are in ``places`` or, if there are none, below
    ``runs``; those of a file without sweeps about all runs there. Raises ConfigError with everything that is wrong with
    any file.
    """
    paths = find(places, runs) if places else list(below(runs))
    answers, missing, every, errors = list[Answer](), list[Missing](), Gathered(), ErrorCollector()
    for file in dict.fromkeys(files):
        with errors:
            claims_file = read(file)
            grid = Grid(claims_file, paths)
            gathered = _gathered(claims_file, grid.paths if claims_file.sweeps else paths)
            answers += _answers(claims_file, gathered, grid.planned())
            missing += grid.missing(_home(places, runs))
            notes = [*gathered.notes, *grid.damaged, *not_of_the_grid(grid.others)]
            _merge(every, replace(gathered, notes=notes))
    errors.raise_if_any()
    return _alone(answers, missing, every, command), every


def check_file(file: Path) -> None:
    """Raises ConfigError with everything that is wrong with a file, as far as that shows before any run."""
    claims_file = read(file)
    planned = Grid(claims_file).planned()
    if planned:  # without sweeps the claims are about any runs
        _answers(claims_file, _gathered(claims_file, ()), planned)


def _merge(every: Gathered, gathered: Gathered) -> None:
    known = {subject.path for subject in every.subjects}
    every.subjects += [subject for subject in gathered.subjects if subject.path not in known]
    every.notes += [note for note in gathered.notes if note not in every.notes]
    every.names |= gathered.names


def _alone(found: Sequence[Answer], missing: Sequence[Missing], gathered: Gathered, command: Sequence[str]) -> Report:
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


def _home(places: Sequence[str], runs: Path) -> Path:
    """Where missing runs go: to the one directory where they were looked for, else into ``runs``."""
    one = Path(places[0]) if len(places) == 1 else runs
    candidates = [path for path in (one, runs) if not is_run(path) and archive_of(path) is None]
    return next((path for path in candidates if path == runs or path.is_dir()), Path("runs"))


def _gathered(claims_file: ClaimsFile, paths: Sequence[Path]) -> Gathered:
    """The runs, with the columns that the claims are about."""
    metrics = {claim.metric for claim in claims_file.claims if claim.metric}
    left_open = any(claim.metric is None for claim in claims_file.claims)

    def wanted(names: Sequence[str]) -> list[str]:
        usual = set(needed(names, () if left_open else ("seconds",), whole=False))
        return [name for name in names if name in usual or name in metrics or name == "epoch"]

    return gather(paths, needed=wanted)
