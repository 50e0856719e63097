"""The sweeps that make what a comparison lacks: said, printed for a shell, or run."""

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

STOPPING = [getattr(signal, name, None) for name in ("SIGHUP", "SIGINT", "SIGUSR1", "SIGUSR2", "SIGTERM")]
"""Signals after which an exit code is 128 and their number."""
QUIET = " -q"
"""What the lines end in: their output is for a script."""


def make(missing: Iterable[Missing], run: bool, silent: bool = False, training: int = 0) -> None:
    """Print the sweeps that make the missing runs, or run them; ``silent`` ones print no directories.

    ``training`` is how many runs are being trained at this moment.
    """
    lines = list(dict.fromkeys(each.line for each in missing))
    if not lines:
        also = f" ({counted(training, 'run')} {are(training)} being trained)" if training else ""
        click.echo(f"compare: nothing is missing{also}", err=True)
    for at, line in enumerate(lines, 1):
        if run:
            _run(line.removesuffix(QUIET), f"{at} of {len(lines)}", silent)
        else:
            click.echo(_bytes(line))


def tell(report: Report) -> None:
    """Say which sweeps the claims lack, on stderr."""
    if not report.missing:
        return
    runs = sum(each.runs for each in report.missing)
    many = f"{counted(runs, 'run')} {are(runs)}"
    click.echo(f"compare: {many} missing, which these make (or the same line with --complete --run):", err=True)
    for each in report.missing:
        click.echo(_bytes(f"  {each.line.removesuffix(QUIET)}"), err=True)


def _run(line: str, place: str, silent: bool) -> None:
    """Run a sweep, which shows how far it is."""
    import shlex
    import subprocess

    from synthgrad.cli.signals import passed_on

    click.echo(f"{place}: {line}", err=True)
    words, out = [sys.executable, "-m", *shlex.split(line)], subprocess.DEVNULL if silent else None
    with subprocess.Popen(words, stdout=out) as process, passed_on(process):
        code = process.wait()
    if code not in (ExitCode.DONE, ExitCode.DIVERGED):
        raise click.exceptions.Exit(passed_over(code))


def passed_over(code: int) -> int:
    """The exit code of a sweep that failed as that of this command; below 0 it is the signal that killed the sweep."""
    ended = 128 - code if code < 0 else code
    return ended if ended == ExitCode.BAD_USAGE or ended - 128 in STOPPING else 1


def _bytes(text: str) -> bytes:
    """What of a path is no text stays as it was."""
    return text.encode("utf-8", "surrogateescape")
