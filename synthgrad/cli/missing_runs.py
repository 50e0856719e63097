"""The sweeps that train the runs a comparison needs: listed, printed for a shell, or run."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from synthgrad.errors import ExitCode
from synthgrad.text import are, counted

if TYPE_CHECKING:
    from synthgrad.compare.report import Missing, Report
    from synthgrad.compare.subjects import Subject

NAMES = ("SIGHUP", "SIGINT", "SIGUSR1", "SIGUSR2", "SIGTERM")
STOPPING = [signal.Signals[name] for name in NAMES if name in signal.Signals.__members__]
"""Signals after which an exit code is 128 and their number."""
QUIET = " -q"
"""The end of a line whose output is for a script."""


def complete_with(missing: Iterable[Missing], subjects: Iterable[Subject], run: bool, silent: bool) -> None:
    """Print the sweeps that train missing runs of these subjects, or run them; ``silent`` ones print no directories."""
    lines = list(dict.fromkeys(each.line for each in missing))
    if not lines:
        from synthgrad.compare.missing import in_flight

        training = sum(map(in_flight, subjects))
        also = f" ({counted(training, 'run')} {are(training)} being trained)" if training else ""
        click.echo(f"compare: nothing is missing{also}", err=True)
    for number, line in enumerate(lines, 1):
        if run:
            _run(line.removesuffix(QUIET), f"{number} of {len(lines)}", silent)
        else:
            click.echo(_bytes(line))


def list_missing(report: Report) -> None:
    """Print on stderr which sweeps would train the runs that claims need."""
    if not report.missing:
        return
    runs = sum(each.runs for each in report.missing)
    click.echo(
        f"compare: {counted(runs, 'run')} {are(runs)} missing; to train them, add --complete --run or type:", err=True
    )
    for each in report.missing:
        click.echo(_bytes(f"  {each.line.removesuffix(QUIET)}"), err=True)


def _run(line: str, place: str, silent: bool) -> None:
    """Run a sweep, which shows its own progress."""
    import shlex
    import subprocess

    from synthgrad.cli.signals import passed_on

    click.echo(f"{place}: {line}", err=True)
    words, out = [sys.executable, "-m", *shlex.split(line)], subprocess.DEVNULL if silent else None
    with subprocess.Popen(words, stdout=out) as process, passed_on(process):
        code = process.wait()
    if code not in (ExitCode.DONE, ExitCode.DIVERGED):
        raise click.exceptions.Exit(exit_code(code))


def exit_code(code: int) -> int:
    """The exit code of ``compare`` if a sweep failed with this code; below 0 it is the signal that killed the sweep."""
    ended = 128 - code if code < 0 else code
    return ended if ended == ExitCode.BAD_USAGE or ended - 128 in STOPPING else ExitCode.FAILED


def _bytes(text: str) -> bytes:
    """Text in any encoding; bytes of a path that are not text stay as they are."""
    return text.encode("utf-8", "surrogateescape")
