"""``synthgrad runs archive``: runs in one file, for others to compare from."""

from __future__ import annotations

from pathlib import Path

import click

from synthgrad.cli.layout import warn
from synthgrad.cli.options import file_option, run_names, several_runs
from synthgrad.numbers import amount
from synthgrad.text import counted


@click.command
@several_runs
@file_option("-o", "--output", required=True, help="The zip file; - for stdout.")
@click.option("--no-weights", is_flag=True, help="Without the final weights, which only runs verify needs.")
@run_names
def archive(names: tuple[str, ...], output: Path, no_weights: bool, runs: Path) -> None:
    """Put runs into one zip file, which every command takes for a directory of runs: FILE, or FILE/RUN for one of them.

    The same runs make the same bytes. Checkpoints, files that are not a run's own, and runs that are still being
    written are left out.

    \b
    Examples:
      synthgrad runs archive runs/addition -o paper.zip
      synthgrad compare paper.zip runs/mine
      synthgrad runs show paper.zip/latest
    """
    from synthgrad.runs.archive import pack, packable
    from synthgrad.runs.finding import find

    to = Path("/dev/stdout") if str(output) == "-" else output
    chosen, left_out = packable(find(names, runs))
    warn(left_out)
    warn(pack(chosen, to, weights=not no_weights))
    size = f", {amount(to.stat().st_size)}" if to.is_file() else ""
    warn([f"{counted(len(chosen), 'run')}{size}"])
