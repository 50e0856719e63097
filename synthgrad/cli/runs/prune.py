"""``synthgrad runs prune``: delete runs, after a look at which."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synthgrad.cli.layout import emit, some, table, warn, width
from synthgrad.cli.options import before, outcome, places, run_names, since, where
from synthgrad.cli.runs.list import OUTCOME, begun, paths_in, read
from synthgrad.compare.layout import Column
from synthgrad.numbers import amount
from synthgrad.text import counted, escaped

if TYPE_CHECKING:
    from synthgrad.runs.description import Overview

COLUMNS = [Column("name", right=False), OUTCOME, Column("epochs", rank=1), Column("bytes")]


@click.command
@places
@where
@outcome
@since
@before
@click.option("--delete", is_flag=True, help="Delete them; without it they are only listed.")
@click.option("--force", is_flag=True, help="Also runs that may still be written, on file systems without locks.")
@run_names
def prune(
    places: tuple[str, ...],
    conditions: tuple[str, ...],
    outcomes: tuple[str, ...],
    since: datetime | None,
    before: datetime | None,
    delete: bool,
    force: bool,
    runs: Path,
) -> None:
    """List what would be deleted, and with --delete delete it: the runs in PLACEs that are as the options say.

    With neither, unfinished runs: failed, interrupted, or without a result. Only what is in the directory --runs can
    be deleted. A run that is being written, a link, and a directory that holds files of others are left alone. Where a
    file system has no locks, a run whose process nobody can see from here is deleted only with --force.

    \b
    Examples:
      synthgrad runs prune
      synthgrad runs prune --delete
      synthgrad runs prune --where trainer.name=frozen --before 1w
    """
    from synthgrad.runs import pruning
    from synthgrad.runs.description import overview
    from synthgrad.runs.filters import select
    from synthgrad.runs.reading import OPEN

    paths = paths_in(places or (str(runs),), runs)
    pruning.check(paths, runs)
    filtered = bool(conditions or since or before)
    wanted = outcomes or (() if places or filtered else OPEN)
    records, broken = read(paths)
    met = begun(select(records, conditions), since, before)
    both = [*map(overview, met), *([] if filtered else broken)]
    chosen = [said for said in both if not wanted or said["outcome"] in wanted]
    warn(some(f"left alone: {said['note']}" for said in broken if said not in chosen))
    if wanted == OPEN:
        remains = pruning.remains(runs).items()
        chosen += [{"path": str(path), "outcome": what, "epoch": None, "epochs": None} for path, what in remains]
    _each(chosen, runs, delete, force)


def _each(chosen: Sequence[Overview], runs: Path, delete: bool, force: bool) -> None:
    """List or delete, and say how much it was, what was left alone, what to do next."""
    from synthgrad.runs import pruning
    from synthgrad.runs.locking import UNLOCKED

    rows, notes, total = [], [], 0
    if pruning.unlocked(Path(said["path"]) for said in chosen):
        notes.append(f"{runs}: {UNLOCKED}")
    try:
        for said in chosen:
            path = Path(said["path"])
            why = pruning.obstacle(path, runs, force)
            size = 0 if why else pruning.size(path)
            if delete and not why:
                why = pruning.delete(path, runs, force)
            if why:
                notes.append(f"{path}: left alone: {why}")
                continue
            below = path.relative_to(runs) if path.is_relative_to(runs) else path
            rows.append([escaped(below), escaped(said["outcome"]), _epochs(said), str(size)])
            total += size
    finally:
        emit(table(COLUMNS, rows, width()))
        warn([*notes, _sum(len(rows), total, delete)])


def _epochs(said: Overview) -> str:
    """As far as it came, of how far it was to go."""
    if said["epoch"] is None:
        return ""
    return f"{said['epoch']}/{said['epochs']}" if said["epochs"] else str(said["epoch"])


def _sum(number: int, total: int, deleted: bool) -> str:
    if not number:
        return "nothing to delete"
    what = f"{counted(number, 'run')}, {amount(total)}"
    return f"{what}: {'deleted' if deleted else 'nothing was deleted yet (--delete does it)'}"
