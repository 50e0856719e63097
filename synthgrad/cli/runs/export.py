"""``synthgrad runs export``: recorded runs for other tools."""

from __future__ import annotations

from pathlib import Path

import click

from synthgrad.cli.options import complete_run, run_names
from synthgrad.cli.runs.layout import emit_all, warn
from synthgrad.export import EXPORTERS, exporter


@click.command(short_help="Export runs as one CSV table or for TensorBoard.")
@click.argument("names", nargs=-1, required=True, metavar="RUN...", shell_complete=complete_run)
@click.option("--to", "kind", type=click.Choice(list(EXPORTERS)), required=True, help="The format.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="PATH",
    help="The file (default: stdout), or TensorBoard's directory (default: tensorboard).",
)  # fmt: skip
@run_names
def export(names: tuple[str, ...], kind: str, output: Path | None, runs: Path) -> None:
    """Export runs: csv is one table with a row for each run and epoch, tensorboard a directory of events for each run.

    The table has the run, its seed, the settings in which the runs differ, then every column of their metrics,
    digit for digit; pandas.read_csv and R's read.csv open it as it is. tensorboard needs an extra:
    pip install 'synthgrad[tensorboard]'.

    \b
    Examples:
      synthgrad runs export latest --to csv -o run.csv
      synthgrad runs export runs --to tensorboard
    """
    from synthgrad.runs.finding import find
    from synthgrad.runs.reading import Recorded

    records = [Recorded(path) for path in find(names, runs)]
    emit_all(exporter(kind)(records, None if str(output) == "-" else output))
    for run in records:
        warn(run.damage)
