"""``synthgrad runs verify``: train runs again and compare every number with the record."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Self

import click

from synthgrad.cli.layout import emit, warn
from synthgrad.cli.options import quiet, run_names, set_option, several_runs
from synthgrad.errors import ExitCode
from synthgrad.text import escaped

if TYPE_CHECKING:
    from synthgrad.runs.verifying import Verdict, Verifier

VARIES = "not trained again: its schedule is free, so its result varies with timing"
SECONDS = 0.2
"""Between two pictures of the progress."""


@click.command
@several_runs
@set_option(
    "where", metavar="KEY=PATH",
    help="Where the data of the runs lie now (task.path), if not where they were; repeatable.",
)  # fmt: skip
@quiet(help="Show no progress.")
@run_names
def verify(names: tuple[str, ...], where: tuple[str, ...], quiet: bool, runs: Path) -> None:
    """Train runs again from their configs, writing nothing, and compare every epoch with what was recorded.

    A run on files of yours needs the same bytes, wherever they are. If its data were moved, -s says where they are
    now; nothing else can be set.

    Exit code 0 if all repeat to the last bit, 2 if the data of one are not there or have other bytes, 4 if one does
    not repeat, 5 if one has recorded nothing to compare, or nothing that could be repeated.

    \b
    Examples:
      synthgrad runs verify latest
      synthgrad runs verify runs/*
      synthgrad runs verify latest -s task.path=/mnt/data/iris.csv
    """
    from synthgrad.errors import ConfigError
    from synthgrad.runs.finding import find
    from synthgrad.runs.reading import Recorded
    from synthgrad.runs.verifying import Verifier

    codes, problems = {0}, []
    for path in find(names, runs):
        try:
            codes.add(_verified(Verifier(Recorded(path), where), quiet))
        except ConfigError as error:
            problems += error.lines
    if problems:
        raise ConfigError(problems)
    raise click.exceptions.Exit(ExitCode.NOT_HELD if ExitCode.NOT_HELD in codes else max(codes))


def _verified(verifier: Verifier, quiet: bool) -> int:
    """Say whether a run repeats, and return the exit code that stands for it."""
    name = escaped(verifier.recorded.name)
    warn(verifier.recorded.damage)
    if verifier.varies:
        emit([f"{name}: {VARIES}"])
        return ExitCode.UNDECIDED
    verdict = _followed(verifier, quiet)
    emit([f"{name}: {sentence(verdict)}"])
    return ExitCode.NOT_HELD if verdict.difference else 0 if verdict.decided else ExitCode.UNDECIDED


def _followed(verifier: Verifier, quiet: bool) -> Verdict:
    """Train to the verdict, showing how far it is."""
    from synthgrad.runs.verifying import Verdict

    with Progress(escaped(verifier.recorded.name), verifier.end, quiet) as progress:
        for record in verifier.run():
            if isinstance(record, Verdict):
                return record
            progress.show(record.epoch)
    raise AssertionError("the stream ends with a verdict")


class Progress:
    """One line on stderr, where that is a terminal, that leaves nothing behind."""

    def __init__(self, name: str, end: int, quiet: bool) -> None:
        self.name, self.end, self.drawn = name, end, 0.0
        self.shown = sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not quiet

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._draw("")

    def show(self, epoch: int) -> None:
        """Say how far it is, a few times a second."""
        if time.monotonic() - self.drawn > SECONDS:
            self.drawn = time.monotonic()
            self._draw(f"epoch {epoch:>{len(str(self.end))}}/{self.end}  {self.name}")

    def _draw(self, text: str) -> None:
        if self.shown:
            room = os.get_terminal_size(sys.stderr.fileno()).columns - 1
            click.echo(f"\r\x1b[K{text[:room]}", err=True, nl=False)


# words --------------------------------------------------------------------------------------------


def sentence(verdict: Verdict) -> str:
    """The result."""
    if verdict.difference:
        return "; ".join(_differs(verdict))
    return ", then ".join(_repeats(verdict)) or "nothing was recorded that could be compared"


def _repeats(verdict: Verdict) -> Iterator[str]:
    if verdict.epoch or verdict.weights:
        of = "" if verdict.columns == verdict.recorded else f" of {verdict.recorded}"
        weights = ", final weights" if verdict.weights else ""
        yield f"identical to epoch {verdict.epoch} ({verdict.columns}{of} columns{weights})"
    if verdict.diverged:
        yield f"diverged in the same place ({verdict.diverged.where}, step {verdict.diverged.step})"


def _differs(verdict: Verdict) -> Iterable[str]:
    """The first difference, and what is not as it was."""
    from synthgrad.runs.environment import HASHES

    epoch, place, recorded, now = verdict.difference or (0, "", "", "")
    yield f"differs in epoch {epoch}: {escaped(place)}: recorded {escaped(recorded)}" + (f", now {now}" if now else "")
    changed = [
        HASHES[key] if key in HASHES else f"{escaped(key)} {escaped(then)}, now {escaped(new)}"
        for key, (then, new) in verdict.environment.items()
    ]
    yield f"not as it was: {'; '.join(changed)}" if changed else "versions, threads and machine are as they were"
