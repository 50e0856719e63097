"""``synthgrad runs list``: a line for each run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synthgrad.cli.layout import as_json, emit, painted, some, table, warn, width
from synthgrad.cli.options import format_option, outcome, places, run_names, since, where
from synthgrad.compare.layout import Column
from synthgrad.text import are, counted, escaped

if TYPE_CHECKING:
    from synthgrad.runs.description import Overview
    from synthgrad.runs.reading import Recorded

COLOURS = {
    "diverged": "red", "failed": "red", "unreadable": "red", "interrupted": "yellow", "unfinished": "yellow",
}  # fmt: skip
OUTCOME = Column("outcome", right=False, paint=lambda text: painted(text, fg=COLOURS.get(text.strip())))


def headings() -> dict[str, Column]:
    """The columns of the table."""
    from synthgrad.scores import SCORES

    scores = {f"test_{score.column}": Column(score.name, rank=score.rank) for score in SCORES}
    return {
        "name": Column("name", right=False),
        "outcome": OUTCOME,
        "epoch": Column("epochs", rank=3),
        "seed": Column("seed", rank=7),
        "trainer": Column("trainer", right=False, rank=4),
        **scores,
        "seconds": Column("seconds", rank=6),
        "started": Column("started", right=False, rank=8),
    }


@click.command("list")
@places
@where
@outcome
@since
@click.option("--sort", metavar="[-]KEY", help="By a column or a key of the config; - for the largest first.")
@format_option(
    type=click.Choice(["table", "json", "csv"]), default="table", help="Of the output; json and csv have every digit."
)
@run_names
def list_(
    places: tuple[str, ...],
    conditions: tuple[str, ...],
    outcomes: tuple[str, ...],
    since: datetime | None,
    sort: str | None,
    kind: str,
    runs: Path,
) -> None:
    """List the runs in PLACEs: runs, directories, archives, globs; by default all below --runs.

    exact, bits, accuracy and r2 are those of the held-out examples in the last epoch: shares that are right, and of
    the variance that is explained. Columns that do not fit are left out.

    \b
    Examples:
      synthgrad runs list
      synthgrad runs list --where trainer.name=dni,frozen --where 'seed<5'
      synthgrad runs list --outcome failed --since 2h
      synthgrad runs list --sort -test_exact_accuracy --format csv
    """
    from synthgrad.runs.description import overview
    from synthgrad.runs.filters import select

    paths = paths_in(places or (str(runs),), runs)
    records, broken = read(paths)
    chosen = begun(select(records, conditions), since)
    ordered = _ordered(chosen, sort) if sort else list(map(overview, chosen))
    both = [*ordered, *([] if conditions or since else broken)]
    shown = [said for said in both if not outcomes or said["outcome"] in outcomes]
    emit(FORMATS[kind](shown))
    warn(_notes(paths, shown, broken, places or (str(runs),)))


def paths_in(places: Iterable[str], runs: Path) -> list[Path]:
    """The runs in these places; a directory may be empty. Raises ConfigError."""
    from synthgrad.runs.finding import below, find, is_run

    found: dict[Path, None] = {}
    for place in places:
        directory = Path(place)
        plain = (directory.is_dir() or place == str(runs)) and not is_run(directory)  # --runs need not be there yet
        found |= dict.fromkeys(below(directory) if plain else find([place], runs))
    return list(found)


def read(paths: Iterable[Path]) -> tuple[list[Recorded], list[Overview]]:
    """The runs that can be read, and a line for each that cannot."""
    from synthgrad.errors import ConfigError
    from synthgrad.runs.description import unreadable
    from synthgrad.runs.reading import Recorded

    records, broken = [], []
    for path in paths:
        try:
            records.append(Recorded(path))
        except ConfigError as error:
            broken.append(unreadable(path.name, str(path), str(error)))
    return records, broken


def begun(records: Iterable[Recorded], since: datetime | None, before: datetime | None = None) -> list[Recorded]:
    """The runs that began in this time; those of which it is not known are not among them."""
    return [
        run
        for run in records
        if not (since or before)
        or (run.started and (since is None or run.started >= since) and (before is None or run.started < before))
    ]


# order --------------------------------------------------------------------------------------------


def _ordered(records: Sequence[Recorded], sort: str) -> list[Overview]:
    """The runs by a column, a last figure or a key of the config; those without it last."""
    from synthgrad.runs.description import overview

    down, key = sort.startswith("-"), sort.removeprefix("-")
    pairs = [(overview(run), run) for run in records]
    values = _values(pairs, key, f"--sort {sort}")
    there = [(value, said) for value, (said, _) in zip(values, pairs, strict=True) if value is not None]
    missing = [said for value, (said, _) in zip(values, pairs, strict=True) if value is None]
    there.sort(key=lambda pair: _rank(pair[0]), reverse=down)
    return [*(said for _, said in there), *missing]


def _values(pairs: Sequence[tuple[Overview, Recorded]], key: str, place: str) -> list[Any]:
    from synthgrad.runs.description import FIELDS
    from synthgrad.runs.filters import ABSENT, resolve, value

    column = next((name for name, heading in headings().items() if heading.header == key), key)
    if column in FIELDS:
        return [said[column] for said, _ in pairs]
    if any(column in run.last for _, run in pairs):
        return [run.last.get(column) for _, run in pairs]
    records = [run for _, run in pairs]
    if not records:
        return []
    config = resolve(key, records, place)
    return [None if (has := value(run, config)) is ABSENT else has for run in records]


def _rank(value: object) -> tuple[bool, Any]:
    """Numbers before text, lists as text."""
    number = isinstance(value, int | float)
    return (not number, value if number else str(value))


# formats ------------------------------------------------------------------------------------------


def _table(shown: Sequence[Overview]) -> list[str]:
    columns = headings()
    return table(list(columns.values()), [[_text(name, said) for name in columns] for said in shown], width())


def _text(name: str, said: Overview) -> str:
    """A cell."""
    from synthgrad.scores import score_in

    value = said[name]
    if name == "epoch" and value is not None:
        return f"{value}/{said['epochs']}" if said["epochs"] else str(value)
    if value is None:
        return ""
    if score_in(name):
        from synthgrad.numbers import fixed

        return fixed(value, 4)
    if name == "seconds":
        return f"{value:.1f}"
    return str(value)[:16].replace("T", " ") if name == "started" else escaped(value)


def _csv(shown: Sequence[Overview]) -> list[str]:
    from synthgrad.runs.description import FIELDS
    from synthgrad.spreadsheets import csv_line

    return [csv_line(FIELDS), *(csv_line(said[field] for field in FIELDS) for said in shown)]


FORMATS = {"table": _table, "json": lambda shown: [as_json(shown)], "csv": _csv}


# notes --------------------------------------------------------------------------------------------


def _notes(
    paths: Sequence[Path], shown: Sequence[Overview], broken: Sequence[Overview], places: Sequence[str]
) -> Iterator[str]:
    """What a person should know beside the list."""
    if not paths:
        yield f"{', '.join(places)}: no runs yet (train one with synthgrad train CONFIG)"
    elif not shown:
        yield f"none of {len(paths)} runs matches (see --where, --outcome, --since)"
    yield from some(str(said["note"]) for said in broken)
    damaged = [said for said in shown if said["note"] and said not in broken]
    if damaged:
        runs = f"{counted(len(damaged), 'run')} {are(len(damaged))}"
        yield f"{runs} damaged, such as {damaged[0]['name']} (synthgrad runs show says where)"
