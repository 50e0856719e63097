"""Files of claims: the grid that each is about, those of its runs that are there, and the lines that make the rest."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.core import ParameterSource

from synthgrad.errors import ConfigError

if TYPE_CHECKING:
    from synthgrad.compare.report import Answer, Missing, Report
    from synthgrad.compare.statements import Line, Statements
    from synthgrad.compare.subjects import Gathered, Subject
    from synthgrad.experiment import Config

GRID = ("configs", "settings", "seed", "name", "ablate")
"""Parameters of ``sweep`` that say which runs there are; the others say how they are made."""


TABLES = ("metrics", "at", "against", "conditions", "by", "target", "sort", "no_control", "plot", "curves")
"""Parameters of ``compare`` that are about tables."""


@dataclass
class Answered:
    """The answers of files of claims, the sweeps that lack runs, and the runs that are there."""

    answers: list[Answer]
    missing: list[Missing]
    gathered: Gathered


def stated(files: Sequence[Path], places: Sequence[str], runs: Path, command: list[str]) -> tuple[Report, Gathered]:
    """A report of the claims alone, and the runs that they are about.

    Every file is held against the runs of its own sweeps that are in ``places`` or, if there are none, below ``runs``;
    a file without sweeps against all that are there. Raises ConfigError with everything that is wrong with any file.
    """
    from synthgrad.compare.answered import alone
    from synthgrad.compare.subjects import Gathered
    from synthgrad.errors import ErrorCollector
    from synthgrad.runs.finding import below, find

    paths = find(places, runs) if places else list(below(runs))
    found, errors = Answered([], [], Gathered()), ErrorCollector()
    for file in dict.fromkeys(files):
        with errors:
            _add(found, file, paths, _home(places, runs))
    errors.raise_if_any()
    return alone(found.answers, found.missing, found.gathered, command), found.gathered


def checked(file: Path) -> None:
    """Raises ConfigError with everything that is wrong with a file, as far as it shows before any run."""
    from synthgrad.compare.answered import answers
    from synthgrad.compare.statements import read

    statements = read(file)
    planned = _Grid(statements, ()).planned()
    if planned:  # without sweeps it is about whatever runs are there
        answers(statements, _gathered(statements, ()), planned)


def configs_of(paths: Sequence[Path], quiet: bool) -> list[Path]:
    """The paths without the files of claims that a glob brings along; if there is nothing else, they stay."""
    from synthgrad.config.files import of_claims

    claims = [path for path in paths if len(paths) > 1 and of_claims(path)]
    kept = [path for path in paths if path not in claims]
    if not claims or not kept:
        return list(paths)
    if not quiet:
        said = f"{', '.join(map(str, claims))}: left out ({'files' if len(claims) > 1 else 'a file'} of claims)"
        click.echo(f"sweep: {said}".encode("utf-8", "surrogateescape"), err=True)
    return kept


def refuse(context: click.Context) -> None:
    """Raises UsageError where options were typed that have no effect on claims alone."""
    typed = [
        parameter
        for parameter in context.command.params
        if context.get_parameter_source(parameter.name or "") == ParameterSource.COMMANDLINE
    ]
    for parameter in typed:
        if parameter.name == "claims":
            raise click.UsageError("--check and --claims do not go together (write the claim into the file)")
        if parameter.name in TABLES and not context.params["whole"]:
            raise click.UsageError(f"{parameter.opts[0]} is about tables, and --claims shows none (without --all)")


def _home(places: Sequence[str], runs: Path) -> Path:
    """Where missing runs go: to the one directory where they were looked for, else into ``runs``."""
    from synthgrad.runs.finding import archive_of, is_run

    one = Path(places[0]) if len(places) == 1 else runs
    candidates = [path for path in (one, runs) if not is_run(path) and archive_of(path) is None]
    return next((path for path in candidates if path == runs or path.is_dir()), Path("runs"))


def _add(found: Answered, file: Path, paths: Sequence[Path], home: Path) -> None:
    from synthgrad.cli.sweep_opening import left_alone
    from synthgrad.compare.answered import answers
    from synthgrad.compare.statements import read

    statements = read(file)
    grid = _Grid(statements, paths)
    gathered = _gathered(statements, grid.paths if statements.sweeps else paths)
    found.answers += answers(statements, gathered, grid.planned())
    found.missing += grid.missing(home)
    known = {subject.path for subject in found.gathered.subjects}
    found.gathered.subjects += [subject for subject in gathered.subjects if subject.path not in known]
    notes = [*gathered.notes, *grid.damaged, *left_alone(grid.others)]
    found.gathered.notes += [note for note in notes if note not in found.gathered.notes]
    found.gathered.names |= gathered.names


def _gathered(statements: Statements, paths: Sequence[Path]) -> Gathered:
    """The runs, with the columns that the claims are about."""
    from synthgrad.compare.metrics import needed
    from synthgrad.compare.subjects import gather

    metrics = {claim.metric for claim in statements.claims if claim.metric}
    left_open = any(claim.metric is None for claim in statements.claims)

    def wanted(names: Sequence[str]) -> list[str]:
        usual = set(needed(names, () if left_open else ("seconds",), whole=False))
        return [name for name in names if name in usual or name in metrics or name == "epoch"]

    return gather(paths, needed=wanted)


# the grid -----------------------------------------------------------------------------------------


class _Sweep(NamedTuple):
    """The words of a sweep from here, and the configs of its runs by fingerprint."""

    words: list[str]
    runs: dict[str, Config]


class _Grid:
    """The runs of all sweeps of a file, and which of them are there."""

    def __init__(self, statements: Statements, paths: Sequence[Path]) -> None:
        from synthgrad.errors import ErrorCollector
        from synthgrad.runs.reading import OPEN
        from synthgrad.sweep.planning import Found, found

        errors = ErrorCollector()
        self.sweeps: list[_Sweep] = []
        for line in statements.sweeps:
            with errors:
                self.sweeps.append(_planned(line, statements.path.parent))
        errors.raise_if_any()
        self.runs = {key: config for sweep in self.sweeps for key, config in sweep.runs.items()}
        known = found(paths, self.runs) if self.runs else Found()
        self.paths = [each.run.path for several in known.there.values() for each in several]
        self.ended = {key for key, several in known.there.items() if any(each.outcome not in OPEN for each in several)}
        self.damaged = [f"left out: {each}" for each in known.damaged]
        self.others = Counter(names for key, each in known.others.items() if key not in self.ended for names in each)

    def planned(self) -> list[Subject]:
        """The runs that have not come to an end, as subjects without figures."""
        from synthgrad.compare.cases import planned
        from synthgrad.config import flat, plain

        left = (config for key, config in self.runs.items() if key not in self.ended)
        return [planned(flat(plain(config)), config.files()) for config in left]

    def missing(self, home: Path) -> Iterator[Missing]:
        """The sweeps that make the missing runs; a run that an earlier one makes is not missing twice."""
        from synthgrad.compare.report import Missing

        made = set(self.ended)
        for sweep in self.sweeps:
            lacking = sweep.runs.keys() - made
            made |= lacking
            if lacking:
                yield Missing(shlex.join([*sweep.words, "--runs", str(home), "-q"]), len(lacking))


def _planned(line: Line, directory: Path) -> _Sweep:
    """The runs that a line of a file stands for. Raises ConfigError, which names the line."""
    from synthgrad.config import flat, plain
    from synthgrad.sweep.ablation import ablated
    from synthgrad.sweep.grid import grid
    from synthgrad.sweep.planning import identity

    try:
        chosen = _parsed(line, directory)
        settings = (*chosen["settings"], *([f"seed={chosen['seed']}"] if chosen["seed"] is not None else []))
        runs = grid(chosen["configs"], settings)
        configs = [each.config for each in (ablated(runs) if chosen["ablate"] else runs)]
    except ConfigError as error:
        raise ConfigError(f"{line.place}: {each}" for each in error.lines) from None
    return _Sweep(_words(chosen), {identity(flat(plain(config)), config.files()): config for config in configs})


def _parsed(line: Line, directory: Path) -> dict[str, Any]:
    """The parameters of the sweep, its configs as they are found from here. Raises ConfigError."""
    from synthgrad.cli import as_ours
    from synthgrad.cli.sweep import sweep

    words = list(line.words[2:] if line.words[:2] == ("synthgrad", "sweep") else line.words)
    if {"-h", "--help"}.intersection(words):
        raise ConfigError("--help has no place in a claim's sweep")
    try:
        context = sweep.make_context("sweep", words)
    except click.ClickException as error:
        raise ConfigError(as_ours(error.format_message())) from None
    typed = [name for name in context.params if context.get_parameter_source(name) == ParameterSource.COMMANDLINE]
    for parameter in sweep.params:
        if parameter.name in typed and parameter.name not in GRID:
            raise ConfigError(f"{parameter.opts[-1]} has no place here (only what says which runs there are)")
    chosen = {name: context.params[name] for name in GRID}
    chosen["configs"] = [Path(os.path.normpath(directory / config)) for config in chosen["configs"]]
    return chosen


def _words(chosen: dict[str, Any]) -> list[str]:
    """The line that makes these runs, as it is typed here."""
    words = ["synthgrad", "sweep"]
    words += [f"./{path}" if str(path).startswith("-") else str(path) for path in chosen["configs"]]
    words += [word for setting in chosen["settings"] for word in ("-s", setting)]
    for name in GRID[2:]:
        if chosen[name] is not None:
            words += [f"--{name}", str(chosen[name])]
    return words
