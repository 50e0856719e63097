"""``synthgrad runs export``: recorded runs for other tools."""

from __future__ import annotations

from pathlib import Path

import click

from synthgrad.cli.layout import emit_all, some, warn
from synthgrad.cli.options import complete_run, run_names
from synthgrad.cli.runs.list import read
from synthgrad.export import EXPORTERS, exporter


@click.command
@click.argument("names", nargs=-1, required=True, metavar="RUN...", shell_complete=complete_run)
@click.option("--to", "kind", type=click.Choice(list(EXPORTERS)), required=True, help="The format.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="PATH",
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
    emit_all(exporter(kind)(records, None if str(output) == "-" else output))
    warn(some(f"left out: {said['note']}" for said in broken))
    for run in records:
        warn(run.damage)
