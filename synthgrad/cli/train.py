"""``synthgrad train``: one config, one run."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synthgrad.cli.options import complete_fork, complete_run, new_name, new_runs, quiet, seed, settings
from synthgrad.cli.signals import Stop
from synthgrad.errors import ExitCode, RunError

if TYPE_CHECKING:
    from synthgrad.cli.quiet_display import QuietDisplay
    from synthgrad.experiment import Experiment, Record
    from synthgrad.runs.directory import Run
    from synthgrad.runs.log import Log
    from synthgrad.runs.starting import Start


@click.command
@click.argument("config", type=click.Path(path_type=Path), metavar="[CONFIG.yaml]", required=False)
@settings
@seed
@new_runs
@new_name
@click.option(
    "--resume", metavar="RUN", shell_complete=complete_run, help="Continue an interrupted run instead of a new one."
)
@click.option(
    "--from", "parent", metavar="RUN@EPOCH", shell_complete=complete_fork,
    help="Start from the state of another run after an epoch, for example with -s trainer.name=frozen.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="On file systems without locks: resume even if another process may train.")
@quiet(help="Print nothing but the run directory.")
def train(quiet: bool, **asked: Any) -> None:
    """Train the network of a config and record everything in a new run directory.

    Only the path of the directory goes to stdout: run=$(synthgrad train config.yaml -q).

    --resume continues a run that was interrupted, killed or failed, from its last checkpoint (one a minute, see
    training.checkpoint_every; Ctrl-C and other signals write one too) or, without one, from the start. It ends with
    the same numbers as if it had never stopped. If its config.yaml was changed since, --resume refuses. If its data
    were moved, say where they are now with -s task.path.

    --from starts a run that repeats another up to an epoch and then continues with what -s changes: trainer.*,
    training.epochs, training.evaluate_every, training.checkpoint_every. It keeps weights, running statistics and the
    state of optimisers and generators if both trainers have them. The config of the new run says all of this
    (branch.*), so it can be repeated without the other run. The first part is trained again and recorded.

    \b
    Examples:
      synthgrad train configs/addition/dni-both.yaml
      synthgrad train configs/tutorial/vanilla.yaml -s trainer.alpha=0.05 --seed 7
      synthgrad train configs/addition/dni-both.yaml -s trainer.name=frozen
      synthgrad train --resume latest
      synthgrad train --from latest@20 -s trainer.name=frozen
    """
    with _collector_off():
        start = _start(**asked)
    if start.warning:
        click.echo(start.warning, err=True)
    with Stop() as stop, closing(start.begin()) as log:  # there is a directory, which no signal must leave half made
        try:
            code = _train(start.experiment, log, _display(quiet, log, start.experiment), stop)
        except RunError as error:
            raise _resumable(error, log) from error
    if start.parent is not None:
        _warn_if_unlike(start.parent, log)
    with stop.unheard():
        click.echo(os.fsencode(log.run.path))
    if code:
        raise click.exceptions.Exit(code)


@contextmanager
def _collector_off() -> Iterator[None]:
    """Turn Python's garbage collector off, if it is on: what is built at the start stays, and looking costs 3 %."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.freeze()  # or enabling it would look at all of it at once
            gc.enable()


def _start(
    config: Path | None,
    settings: tuple[str, ...],
    seed: str | None,
    runs: Path,
    name: str | None,
    resume: str | None,
    parent: str | None,
    force: bool,
) -> Start:
    """The run that was asked for. Raises UsageError, ConfigError, RunError."""
    if force and resume is None:
        raise click.UsageError("--force belongs to --resume (give both, or leave it out)")
    if resume is not None and (config or name or seed is not None):
        raise click.UsageError("--resume takes the config of the run (leave out CONFIG, --seed, --name)")
    if parent is not None and (config or resume):
        raise click.UsageError("--from takes the config of its run (leave out CONFIG and --resume)")
    from synthgrad.runs import starting

    settings = settings if seed is None else (*settings, f"seed={seed}")
    if parent is not None:
        return starting.branch(parent, settings, runs, name)
    if resume is not None:
        return starting.resume(resume, settings, runs, force)
    if config is None:
        raise click.UsageError("missing argument CONFIG.yaml, or --resume RUN, or --from RUN@EPOCH")
    return starting.new(config, settings, runs, name)


def _train(experiment: Experiment, log: Log, display: QuietDisplay[Record], stop: Stop) -> int:
    """Train, record, show. Returns the exit code."""
    from synthgrad.runs.recording import record

    with display:
        for each in record(experiment, [log], lambda: stop.signal):
            display.show(each)
    display.conclude()
    return {"diverged": ExitCode.DIVERGED, "interrupted": 128 + stop.signal}.get(log.outcome, 0)


def _display(quiet: bool, log: Log, experiment: Experiment) -> QuietDisplay[Record]:
    if quiet:
        from synthgrad.cli.quiet_display import QuietDisplay

        return QuietDisplay()
    from synthgrad.cli.terminal import Picture
    from synthgrad.cli.train_display import Lines, Live

    return (Live if Picture.possible() else Lines)(log, experiment)


def _resumable(error: RunError, log: Log) -> RunError:
    """The error with the line that resumes the run, whose directory is printed all the same."""
    from synthgrad.cli.train_summary import resumption

    with suppress(OSError):  # a stdout that fails as well must not hide why
        click.echo(os.fsencode(log.run.path))
    return RunError("\n".join([str(error), *resumption(log.run)]))


def _warn_if_unlike(parent: Run, log: Log) -> None:
    """Warn if the first part of a branch is not what its parent recorded."""
    from synthgrad.runs.branching import unlike

    branch = log.replica.config.branch
    if branch is not None and (warning := unlike(parent, log.run, branch.epoch)):
        click.echo(warning, err=True)
