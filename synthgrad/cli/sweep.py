"""``synthgrad sweep``: train a grid of runs."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from synthgrad.cli.options import complete_setting, new_name, new_runs, quiet, set_option
from synthgrad.cli.signals import Stop
from synthgrad.errors import ExitCode, RunError
from synthgrad.text import counted

if TYPE_CHECKING:
    from synthgrad.cli.quiet_display import QuietDisplay
    from synthgrad.cli.sweep_progress import SweepProgress
    from synthgrad.sweep.events import Event
    from synthgrad.sweep.planning import Plan
    from synthgrad.sweep.stacks import Order

    Engine = Callable[[Callable[[], object]], Any]


def _complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a key or its values as for ``train``; after a comma the next value."""
    key, equals, values = incomplete.partition("=")
    before, comma, value = values.rpartition(",")
    items = complete_setting(context, parameter, f"{key}{equals}{value}")
    return [CompletionItem(item.value.replace("=", f"={before}{comma}", 1)) for item in items]


@click.command
@click.argument("configs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="CONFIG...")
@set_option(
    "settings", metavar="KEY=V1,V2,...", shell_complete=_complete,
    help="Values of a key: a,b,c or 0..9 or 1e-4..1e-1:log4; repeatable, the last one of a key counts.",
)  # fmt: skip
@click.option("--seed", metavar="N|0..9", help="The same as -s seed=N.")
@click.option(
    "--ablate", type=click.Choice(["layers"]),
    help="Train every run again with each hidden layer frozen in turn (trainer.freeze).",
)  # fmt: skip
@new_runs
@new_name
@click.option(
    "--jobs", type=click.IntRange(1), metavar="N", help="Processes, or workers of a scheduler; by default one per core."
)
@click.option(
    "--stack", type=click.IntRange(1), metavar="N",
    help="Train at most N runs side by side in a process, 1 turns it off; by default as many as fit a core's cache.",
)  # fmt: skip
@click.option("--scheduler", metavar="ADDRESS", help="Train on the workers of a Dask scheduler, tcp://HOST:PORT.")
@click.option(
    "--force", is_flag=True, help="On file systems without locks: also train runs that another process may train."
)
@click.option("--dry-run", is_flag=True, help="Only print a train line for each missing run.")
@quiet(help="Print nothing but run directories and errors.")
def sweep(
    configs: tuple[Path, ...],
    settings: tuple[str, ...],
    seed: str | None,
    ablate: str | None,
    runs: Path,
    name: str | None,
    jobs: int | None,
    stack: int | None,
    scheduler: str | None,
    force: bool,
    dry_run: bool,
    quiet: bool,
) -> None:
    """Train every combination of the values for every CONFIG, each in its own run directory.

    sweep skips runs that already exist, so the same line again completes an interrupted sweep. It prints the
    directories of the whole grid on stdout, unless that is a terminal. It skips claims files among the configs.

    Separate values with commas; commas inside brackets do not count. 0..9 means ten whole numbers, 0..100..10 every
    tenth, 0.1..0.5:5 five evenly spaced numbers, 1e-4..1e-1:log4 four on a log scale. A key has no effect on trainers
    without it: trainer.generator.input does not multiply the runs of backprop.

    --ablate layers shows how much each hidden layer contributes: if a network does as well with a layer frozen, it
    does not need what that layer learns (the layer still works, with its initial weights). Compare each freeze=[i] with
    the run that freezes nothing (synthgrad compare --against dni), and all of them with trainer.name=frozen, which
    freezes all hidden layers (synthgrad compare).

    \b
    Examples:
      synthgrad sweep configs/addition/dni-both.yaml --seed 0..9
      synthgrad sweep dni.yaml -s trainer.name=backprop,frozen,dni --seed 0..9
      synthgrad sweep configs/addition/*.yaml -s trainer.alpha=1e-3..1e-1:log3
      synthgrad sweep dni.yaml -s network.hidden='[64],[64, 32]' --jobs 2
      synthgrad sweep dni.yaml --ablate layers --seed 0..9
      synthgrad sweep dni.yaml --seed 0..99 --dry-run | xargs -r -L 1 -P 4 env
      synthgrad sweep dni.yaml --seed 0..99 --scheduler tcp://10.0.0.1:8786
    """
    from synthgrad.cli.layout import some, warn
    from synthgrad.cli.opening import sweep_opening
    from synthgrad.processes import cores
    from synthgrad.sweep.line import SweepLine
    from synthgrad.sweep.planning import Request, planned

    jobs = jobs or cores()
    line = SweepLine(tuple(_without_claims(configs, quiet)), settings, seed, name, ablate)
    with planned(line.runs(), Request(runs, name, jobs, stack, force), reserve=not dry_run) as plan:
        warn(some(f"left out: {each}" for each in plan.damaged))  # they may belong to the grid
        place = scheduler or counted(min(jobs, len(plan.stacks)), "process", "processes")
        first = list(sweep_opening(plan, place, jobs, runs))
        if dry_run:
            _tell_lines(plan, () if quiet else first)
            return
        code = _carry_out(plan, first, _engine(plan, jobs, scheduler), runs, quiet)
    if code:
        raise click.exceptions.Exit(code)


def _without_claims(paths: Sequence[Path], quiet: bool) -> list[Path]:
    """The paths without the claims files that a glob brings along; if there is nothing else, they stay."""
    from synthgrad.config.files import of_claims

    claims = [path for path in paths if len(paths) > 1 and of_claims(path)]
    kept = [path for path in paths if path not in claims]
    if not claims or not kept:
        return list(paths)
    if not quiet:
        said = f"{', '.join(map(str, claims))}: left out ({'claims files' if len(claims) > 1 else 'a claims file'})"
        click.echo(f"sweep: {said}".encode("utf-8", "surrogateescape"), err=True)
    return kept


# training -----------------------------------------------------------------------------------------


def _carry_out(plan: Plan, first: Sequence[str], engine: Engine, runs: Path, quiet: bool) -> int:
    """Print the first lines, train the missing runs, print the results. Returns the exit code. Raises RunError."""
    from synthgrad.cli.sweep_progress import SweepProgress

    progress = SweepProgress(plan)
    with Stop() as stop:
        display = _display(quiet, progress, stop)
        for line in first:
            display.say(line)
        failure = _follow(progress, engine, display, stop)
        if failure:
            display.warn(str(failure))
        with stop.unheard():
            _conclude(progress, display, runs, quiet)
    return _code(progress, stop)


def _follow(progress: SweepProgress, engine: Engine, display: QuietDisplay[Event], stop: Stop) -> RunError | None:
    """Show the events of the engine, up to its end or to the failure that ends it."""
    if not progress.orders:
        return None
    with closing(engine(lambda: stop.signal)) as events, display:
        try:
            for event in events:
                progress.note(event)
                display.show(event)
        except RunError as error:
            return error
    return None


def _conclude(progress: SweepProgress, display: QuietDisplay[Event], runs: Path, quiet: bool) -> None:
    """Print errors and the summary, then the directories of the grid in its order."""
    for message in progress.error_lines():
        display.warn(message)
    display.conclude()
    if quiet and (elsewhere := len(progress.plan.elsewhere)):
        display.warn(f"sweep: {counted(elsewhere, 'run')} of the grid: being trained by another process")
    paths = [path for _, path in sorted(progress.paths.items())]
    if quiet or not sys.stdout.isatty():
        for path in paths:
            click.echo(os.fsencode(path))
    elif len(paths) > 1 and not progress.missing():
        display.say(f"See: synthgrad compare {shlex.quote(str(runs))}{_against(progress.plan)}")


def _against(plan: Plan) -> str:
    """The option that compares each run with frozen layers with the run that freezes none."""
    if not any(each.config.trainer.freeze for each in plan.grid):
        return ""
    from synthgrad.cli.stack_names import labels_without_frozen_layers

    labels = labels_without_frozen_layers(each.config for each in plan.grid)
    several = f"  (or with {', '.join(map(shlex.quote, labels[1:]))})" if labels[1:] else ""
    return f" --against {shlex.quote(labels[0])}{several}" if labels else ""


def _code(progress: SweepProgress, stop: Stop) -> int:
    """The exit code: a signal, a missing run, a diverged run, in this order."""
    if progress.missing():
        return 128 + stop.signal if stop.signal else 1
    return ExitCode.DIVERGED if progress.diverged() else 0


def _engine(plan: Plan, jobs: int, scheduler: str | None) -> Engine:
    """The function that trains the stacks, here or on a cluster."""
    if scheduler is None:
        from synthgrad.sweep.pool import work

        return lambda stop: work(plan.stacks, jobs, stop)
    from synthgrad.sweep.cluster import work_on

    return lambda stop: work_on(scheduler, plan.stacks, stop)


def _display(quiet: bool, progress: SweepProgress, stop: Stop) -> QuietDisplay[Event]:
    if quiet:
        from synthgrad.cli.quiet_display import QuietDisplay

        return QuietDisplay()
    from synthgrad.cli.sweep_display import Lines, Live
    from synthgrad.cli.terminal import Picture

    return (Live if Picture.possible() else Lines)(progress, stop)


# dry run ------------------------------------------------------------------------------------------


def _tell_lines(plan: Plan, first: Sequence[str]) -> None:
    """Print the first lines, then the lines that train the missing runs, in the order of the grid."""
    for line in first:
        click.echo(line, err=True)
    orders = sorted((order for stack in plan.stacks for order in stack.orders), key=attrgetter("number"))
    for order in orders:
        click.echo(os.fsencode(shlex.join(_line(order))))


def _line(order: Order) -> Sequence[str]:
    """The words of the line that trains a run alone, or continues an earlier attempt."""
    if order.resume is None:
        return order.command
    from synthgrad.cli.train_summary import resuming

    return [*resuming(str(order.resume)), *(["--force"] if order.force else []), "-q"]
