"""``synthgrad runs export``: recorded runs for other tools."""

from __future__ import annotations

from pathlib import Path

import click

from synthgrad.cli.layout import emit, some, warn
from synthgrad.cli.options import file_option, run_names, several_runs
from synthgrad.cli.runs.list import read
from synthgrad.export import EXPORTERS, exporter


@click.command
@several_runs
@click.option("--to", "kind", type=click.Choice(list(EXPORTERS)), required=True, help="The format.")
@file_option(
    "-o", "--output", metavar="PATH",
    help="The file (default: stdout), or TensorBoard's directory (default: tensorboard).",
)  # fmt: skip
@run_names
def export(names: tuple[str, ...], kind: str, output: Path | None, runs: Path) -> None:
    """Export runs: csv is one table with a row for each run and epoch, tensorboard a directory of events for each run.

    The table has the run, its seed and outcome, all settings, then every column of the metrics, digit for digit;
    pandas.read_csv and R's read.csv open it as it is. Text that a spreadsheet would take for a formula has an
    apostrophe in front. tensorboard needs an extra: pip install 'synthgrad[tensorboard]'.

    \b
    Examples:
      synthgrad runs export latest --to csv -o run.csv
      synthgrad runs export runs --to tensorboard
    """
    from synthgrad.errors import ConfigError
    from synthgrad.runs.finding import find

    records, broken = read(find(names, runs))
    if not records:
        raise ConfigError(str(said["note"]) for said in broken)
    emit(exporter(kind)(records, None if str(output) == "-" else output))
    warn(some(f"left out: {said['note']}" for said in broken))
    for run in records:
        warn(run.damage)
