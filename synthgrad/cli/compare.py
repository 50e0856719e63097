"""``synthgrad compare``: many runs, one answer."""

from __future__ import annotations

import math
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.core import ParameterSource

from synthgrad.cli.missing_runs import complete_with, list_missing
from synthgrad.cli.options import complete_run, runs_option, where

if TYPE_CHECKING:
    from synthgrad.compare.question import Question
    from synthgrad.compare.report import Report
    from synthgrad.compare.subjects import Gathered

FORMATS = ("table", "json", "csv", "md", "html", "tex")
WIDE = 120
NOTES = 5
"""The most warnings that are shown; a report in JSON has them all."""

TABLES = ("metrics", "at", "against", "conditions", "by", "target", "sort", "no_control", "plot", "curves")
"""Parameters of ``compare`` that are about tables."""


class Output(NamedTuple):
    """The format of the report, where it goes, and what else is written."""

    kind: str
    output: Path | None
    curves: bool
    wide: bool
    whole: bool
    plot: str | None
    html: Path | None
    schema: bool

    @property
    def all_curves(self) -> bool:
        """Whether the report needs more curves than the metric's; in CSV they come from the runs."""
        return self.kind == "html" or bool(self.html or self.plot) or (self.curves and self.kind == "json")


@click.command(short_help="Compare runs: groups, paired differences, verdicts, figures.")
@click.argument("places", nargs=-1, metavar="[RUN | DIRECTORY | GLOB]...", shell_complete=complete_run)
@click.option(
    "--metric", "metrics", multiple=True, metavar="NAME", help="The metric to test; further ones are only described."
)
@click.option(
    "--at", default="last", show_default=True, metavar="last|best|common|epoch=N", help="The epoch to read it at."
)
@click.option("--against", metavar="GROUP", help="Compare with this group only, instead of the control and backprop.")
@where
@click.option("--by", metavar="KEY[,KEY]", help="Axes of a sweep; with a task or network key all runs share one table.")
@click.option(
    "--target", type=float, help="Count the epochs until the metric reaches and keeps this; default .95 of backprop's."
)
@click.option(
    "--sort",
    type=click.Choice(["mean", "label", "n", "seconds", "diverged"]),
    default="mean",
    show_default=True,
    help="Order of the groups.",
)
@click.option("--no-control", is_flag=True, help="Do not ask for the frozen control.")
@click.option(
    "--check", "claims", multiple=True, metavar="'A > B'", help="Exit with 0 if it holds, 4 if not, 5 if undecided."
)
@click.option(
    "--claims",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Answer the claims in a file from the runs of its own sweeps; exit codes as for --check.",
)
@click.option(
    "--format", "kind", type=click.Choice(FORMATS), default="table", show_default=True, help="Format of the output."
)
@click.option("--curves", is_flag=True, help="Add curves to JSON; in CSV write a row for each run and epoch.")
@click.option("--plot", metavar="FILE", help="Also draw a figure: .svg, .pdf or .png; - draws it in the terminal.")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Also write a page with everything.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write the output to a file.")
@click.option("--wide", is_flag=True, help="Use at least 120 columns.")
@click.option("--all", "whole", is_flag=True, help="Show every group, however many there are.")
@click.option(
    "--complete",
    is_flag=True,
    help="Print the sweeps that train missing runs or, if none is missing, the seeds that verdicts need.",
)
@click.option("--run", is_flag=True, help="With --complete: run these sweeps, then answer --claims.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of --format json.")
@runs_option(help="Directory in which runs are found by name, and for the new runs of --complete.")
def compare(
    places: tuple[str, ...],
    metrics: tuple[str, ...],
    at: str,
    against: str | None,
    conditions: tuple[str, ...],
    by: str | None,
    target: float | None,
    sort: str,
    no_control: bool,
    claims: tuple[str, ...],
    files: tuple[Path, ...],
    complete: bool,
    run: bool,
    runs: Path,
    **output: Any,
) -> None:
    """Compare runs that differ in more than the seed, by default all under ./runs.

    Runs with the same settings form a group; groups are paired by seed. Each method is compared with the frozen
    control and with backprop: exact sign-flip tests with Holm's correction, wins and losses.

    \b
    Examples:
      synthgrad compare
      synthgrad compare runs/ --metric test_bit_accuracy --at best
      synthgrad compare --where trainer.alpha=1e-3 --plot fig.svg --html page.html
      synthgrad compare --check 'dni both > frozen' --check 'dni both ~ backprop'
      synthgrad compare --claims configs/addition/claims.yaml
      synthgrad compare --claims configs/addition/claims.yaml --complete --run
      synthgrad compare --complete | sh
      synthgrad compare RUN RUN
    """
    from synthgrad.claims.report import build
    from synthgrad.compare.question import Question
    from synthgrad.runs.finding import find
    from synthgrad.runs.survey import command_line

    show = Output(**output)
    if show.schema:
        _print_schema()
        return
    if run and not complete:
        raise click.UsageError("--run needs --complete")
    if target is not None and not math.isfinite(target):
        raise click.UsageError(f"--target {target}: is not a finite number")
    question = Question(
        metrics=metrics,
        at=at,
        against=against,
        target=target,
        by=tuple(filter(None, (by or "").split(","))),
        sort=sort,
        control=not no_control,
        claims=claims,
        runs=runs,
        curves=show.all_curves,
    )
    if files:
        report, gathered = _stated(files, places, conditions, question, show)
    else:
        gathered = _gather(find(places or (str(runs),), runs), conditions, question, show)
        report = build(gathered, question, command_line())
    if complete:
        from synthgrad.compare.missing import in_flight

        lines = report.missing if files else [each for table in report.tables for each in table.to_decide]
        complete_with(lines, run, bool(files), sum(map(in_flight, gathered.subjects)))
        if not (files and run):
            return
        report, gathered = _stated(files, places, conditions, question, show)
    _warn(report)
    _show(report, gathered, show)
    list_missing(report)
    if report.claims:
        from synthgrad.claims.judge import exit_code

        raise click.exceptions.Exit(exit_code(report.claims))


def _stated(
    files: Sequence[Path], places: Sequence[str], conditions: tuple[str, ...], question: Question, show: Output
) -> tuple[Report, Gathered]:
    """The answers to claims files and, with --all, the tables of their runs."""
    from synthgrad.claims.report import beside, build, of_files
    from synthgrad.runs.survey import command_line

    _refuse(click.get_current_context())
    report, gathered = of_files(files, places, question.runs, command_line())
    if not show.whole or not gathered.subjects:
        return report, gathered
    gathered = _gather([Path(subject.path) for subject in gathered.subjects], conditions, question, show)
    return beside(build(gathered, question, command_line()), report), gathered


def _refuse(context: click.Context) -> None:
    """Raises UsageError where options were typed that have no effect on claims alone."""
    for parameter in context.command.params:
        if context.get_parameter_source(parameter.name or "") != ParameterSource.COMMANDLINE:
            continue
        if parameter.name == "claims":
            raise click.UsageError("--check and --claims do not go together (write the claim into the file)")
        if parameter.name in TABLES and not context.params["whole"]:
            raise click.UsageError(f"{parameter.opts[0]} is about tables, and --claims shows none (without --all)")


def _gather(paths: Sequence[Path], conditions: tuple[str, ...], question: Question, show: Output) -> Gathered:
    from synthgrad.claims.grammar import Claim
    from synthgrad.compare.metrics import needed
    from synthgrad.compare.subjects import gather

    whole = question.curves or len(paths) == 2
    every = show.curves and show.kind == "csv"
    claimed = {Claim.parse(text).metric for text in question.claims}

    def wanted(names: Sequence[str]) -> list[str]:
        told = needed(names, question.metrics, whole)
        return [name for name in names if every or name in told or name in claimed]

    return gather(paths, conditions, wanted)


def _warn(report: Report) -> None:
    from synthgrad.text import printable

    for note in report.warnings[:NOTES]:
        click.echo(printable(f"compare: {note}"), err=True)
    if len(report.warnings) > NOTES:
        click.echo(f"compare: and {len(report.warnings) - NOTES} more warnings", err=True)


# what is shown ------------------------------------------------------------------------------------


def _show(report: Report, gathered: Gathered, show: Output) -> None:
    from synthgrad.runs.directory import write_text

    if show.html is not None:
        from synthgrad.compare.page import page

        write_text(show.html, page(report))
    text = _text(report, gathered, show)
    if show.output is not None:
        write_text(show.output, text)
    else:
        _print(text, show)
    if show.plot not in (None, "-"):
        from synthgrad.compare.figures import save

        save(report, Path(str(show.plot)))


def _text(report: Report, gathered: Gathered, show: Output) -> str:
    """The output in its format."""
    if show.kind == "html":
        from synthgrad.compare.page import page

        return page(report)
    if show.kind == "csv" and show.curves:
        from synthgrad.compare.formats.tidy import curves_as_csv

        return curves_as_csv(report, gathered.subjects)
    if show.kind != "table":
        from synthgrad.compare.formats import FORMATS as WRITERS

        return WRITERS[show.kind](report)
    from synthgrad.compare.screens import screen

    width = shutil.get_terminal_size((80, 24)).columns - 1
    width = max(width, WIDE) if show.wide else max(width, 40)
    lines = screen(report, gathered.subjects, width, show.whole)
    if show.plot == "-":
        from synthgrad.compare.screens.chart import chart

        lines += ["", *chart(report, width)]
    return "\n".join(lines) + "\n"


def _print(text: str, show: Output) -> None:
    if show.kind == "table":
        from synthgrad.compare.text import legible

        text = legible(text, sys.stdout)
    if show.kind == "table" and sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        from synthgrad.cli.colours import coloured

        coloured(text)
    else:
        click.echo(text.encode("utf-8", "surrogateescape"), nl=False)  # a path may have bytes that are not text


def _print_schema() -> None:
    import json

    from synthgrad.compare.formats import schema

    click.echo(json.dumps(schema(), indent=2))
