"""``synthgrad compare``: many runs, one answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from synthgrad.cli.compare_output import FORMATS, Output
from synthgrad.cli.missing_runs import complete_with, list_missing
from synthgrad.cli.options import complete_run, file_option, format_option, runs_option, where

if TYPE_CHECKING:
    from synthgrad.compare.question import Question
    from synthgrad.compare.report import Report
    from synthgrad.compare.subjects import Gathered

TABLES = ("metrics", "at", "against", "conditions", "by", "target", "sort", "no_control", "plot", "curves")
"""Parameters of ``compare`` that are about tables."""


@click.command
@click.argument("places", nargs=-1, metavar="[RUN | DIRECTORY | GLOB]...", shell_complete=complete_run)
@click.option(
    "--metric", "metrics", multiple=True, metavar="NAME", help="The metric to test; further ones are only described."
)
@click.option(
    "--at", default="last", show_default=True, metavar="last|best|common|epoch=N", help="The epoch at which it is read."
)
@click.option("--against", metavar="GROUP", help="Compare with this group only, instead of the control and backprop.")
@where
@click.option("--by", metavar="KEY[,KEY]", help="Axes of a sweep; with a task or network key all runs share one table.")
@click.option(
    "--target", type=float, help="Count the epochs until the metric reaches and keeps this; default .95 of backprop's."
)
@click.option(
    "--sort", type=click.Choice(["mean", "label", "n", "seconds", "diverged"]), default="mean", show_default=True,
    help="Order of the groups.",
)  # fmt: skip
@click.option("--no-control", is_flag=True, help="Do not ask for the frozen control.")
@click.option(
    "--check", "claims", multiple=True, metavar="'A > B'", help="Exit with 0 if it holds, 4 if not, 5 if undecided."
)
@file_option(
    "--claims", "files", multiple=True,
    help="Answer the claims in a file from the runs of its own sweeps; exit codes as for --check.",
)  # fmt: skip
@format_option(type=click.Choice(FORMATS), default="table", help="Format of the output.")
@click.option("--curves", is_flag=True, help="Add curves to JSON; in CSV write a row for each run and epoch.")
@click.option("--plot", metavar="FILE", help="Also draw a figure: .svg, .pdf or .png; - draws it in the terminal.")
@file_option("--html", help="Also write a page with everything.")
@file_option("-o", "--output", help="Write the output to a file.")
@click.option("--wide", is_flag=True, help="Use at least 120 columns.")
@click.option("--all", "whole", is_flag=True, help="Show every group, however many there are.")
@click.option(
    "--complete", is_flag=True,
    help="Print the sweeps that train missing runs or, if none is missing, the seeds that verdicts need.",
)  # fmt: skip
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
    from synthgrad.runs.provenance import command_line

    show = Output(**output)
    if show.schema:
        show.print_schema()
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

    def answer() -> tuple[Report, Gathered]:
        if files:
            return _stated(files, places, conditions, question, show)
        gathered = _gather(find(places or (str(runs),), runs), conditions, question, show)
        return build(gathered, question, command_line()), gathered

    report, gathered = answer()
    if complete:
        lines = report.missing if files else [each for table in report.tables for each in table.to_decide]
        complete_with(lines, gathered.subjects, run, silent=bool(files))
        if not (files and run):
            return
        report, gathered = answer()
    show.write(report, gathered)
    list_missing(report)
    if report.claims:
        from synthgrad.claims.judge import exit_code

        raise click.exceptions.Exit(exit_code(report.claims))


def _stated(
    files: Sequence[Path], places: Sequence[str], conditions: tuple[str, ...], question: Question, show: Output
) -> tuple[Report, Gathered]:
    """The answers to claims files and, with --all, the tables of their runs."""
    from synthgrad.claims.report import beside, build, of_files
    from synthgrad.runs.provenance import command_line

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
    from synthgrad.compare.measure import needed
    from synthgrad.compare.subjects import gather

    whole = question.curves or len(paths) == 2
    every = show.curves and show.kind == "csv"
    claimed = {Claim.parse(text).metric for text in question.claims}

    def wanted(names: Sequence[str]) -> list[str]:
        told = needed(names, question.metrics, whole)
        return [name for name in names if every or name in told or name in claimed]

    return gather(paths, conditions, wanted)
