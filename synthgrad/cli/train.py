"""``synthgrad train``: one config, one run."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synthgrad.cli.options import complete_fork, complete_run, settings
from synthgrad.cli.signals import Stop
from synthgrad.errors import ExitCode, RunError

if TYPE_CHECKING:
    from synthgrad.cli.quiet_display import QuietDisplay
    from synthgrad.experiment import Config, Experiment, Record
    from synthgrad.runs.directory import Run
    from synthgrad.runs.log import Log

    Begin = Callable[[], Log]


@click.command(short_help="Train the network of a config into a new run directory.")
@click.argument("config", type=click.Path(path_type=Path), metavar="[CONFIG.yaml]", required=False)
@settings
@click.option("--seed", metavar="N", help="The same as -s seed=N.")
@click.option(
    "--runs", type=click.Path(path_type=Path), default="runs", show_default=True, help="Where run directories are made."
)
@click.option("--name", help="Name of the run; the config's file name if not given.")
@click.option(
    "--resume", metavar="RUN", shell_complete=complete_run, help="Go on with an interrupted run instead of a new one."
)
@click.option(
    "--from",
    "parent",
    metavar="RUN@EPOCH",
    shell_complete=complete_fork,
    help="Go on from the state of another run after an epoch, with another trainer (-s trainer.name=frozen).",
)
@click.option(
    "--force", is_flag=True, help="Resume also a run that may still be trained, on file systems without locks."
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but the run directory.")
def train(
    config: Path | None,
    settings: tuple[str, ...],
    seed: str | None,
    runs: Path,
    name: str | None,
    resume: str | None,
    parent: str | None,
    force: bool,
    quiet: bool,
) -> None:
    """Train the network of a config and record everything in a new run directory.

    The directory's path is the only line on stdout, so that run=$(synthgrad train config.yaml -q) works.

    --resume goes on with a run that was interrupted, killed or failed, from its last checkpoint (one a minute, see
    training.checkpoint_every; Ctrl-C and other signals leave one too), without one from the start, and ends where it
    would have ended. A run whose config.yaml is no longer what it began with is refused. If its data were moved, say
    where they are now with -s task.path.

    --from begins a run that is the other one up to that epoch and goes on with what -s changes: trainer.*,
    training.epochs, training.evaluate_every, training.checkpoint_every. Weights, running statistics, and what
    optimisers and generators remember are carried over where both trainers have them. Its config says all of it
    (branch.*) and repeats it without the other run; the first part is trained again, and so is in its metrics.

    \b
    Examples:
      synthgrad train configs/addition/dni-both.yaml
      synthgrad train configs/tutorial/vanilla.yaml -s trainer.alpha=0.05 --seed 7
      synthgrad train configs/addition/dni-both.yaml -s trainer.name=frozen
      synthgrad train --resume latest
      synthgrad train --from latest@20 -s trainer.name=frozen
    """
    if force and resume is None:
        raise click.UsageError("--force belongs to --resume (give both, or leave it out)")
    if resume is not None and (config or name or seed is not None):
        raise click.UsageError("--resume takes the config of the run (leave out CONFIG, --seed, --name)")
    chosen = settings if seed is None else (*settings, f"seed={seed}")
    with _collector_off():
        experiment, begin, origin = _prepared(config, chosen, runs, name, resume, parent, force)
    with Stop() as stop, closing(begin()) as log:  # there is a directory, which no signal must leave half made
        try:
            code = _follow(experiment, log, _display(quiet, log, experiment), stop)
        except RunError as error:
            raise _failed(error, log) from error
    if origin is not None:
        _hold_against(origin, log)
    with stop.unheard():
        click.echo(os.fsencode(log.run.path))
    if code:
        raise click.exceptions.Exit(code)


@contextmanager
def _collector_off() -> Iterator[None]:
    """While entered, Python looks for no garbage: what is imported and built stays, and looking costs 3 % of the start.

    A collector that was off before stays off.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _prepared(
    config: Path | None,
    settings: tuple[str, ...],
    runs: Path,
    name: str | None,
    resume: str | None,
    parent: str | None,
    force: bool,
) -> tuple[Experiment, Begin, Run | None]:
    """The experiment, what begins its log, and the run that it branches from, if any."""
    if parent is not None:
        if config or resume:
            raise click.UsageError("--from takes the config of its run (leave out CONFIG and --resume)")
        return _branch(parent, settings, runs, name)
    if resume is None:
        if config is None:
            raise click.UsageError("missing argument CONFIG.yaml, or --resume RUN, or --from RUN@EPOCH")
        return *_new(config, settings, runs, name), None
    return *_old(resume, runs, settings, force), None


def _failed(error: RunError, log: Log) -> RunError:
    """The error with the line that resumes the run; whoever asked for its directory gets it too."""
    from synthgrad.cli.train_summary import resumption

    with suppress(OSError):  # a stdout that fails as well must not hide why
        click.echo(os.fsencode(log.run.path))
    return RunError("\n".join([str(error), *resumption(log.run)]))


def _new(config: Path, settings: tuple[str, ...], runs: Path, name: str | None) -> tuple[Experiment, Begin]:
    """The experiment of a config, and the log of a run that begins."""
    from synthgrad.config import load
    from synthgrad.experiment import Config

    return _begun(load(_file(config), Config, settings), runs, name or _name(config), {})


def _branch(parent: str, settings: tuple[str, ...], runs: Path, name: str | None) -> tuple[Experiment, Begin, Run]:
    """The experiment of a run that branches from another, its log that begins, and that other run."""
    from synthgrad.runs.branching import branch

    fork = branch(parent, runs, settings)
    return *_begun(fork.config, runs, name or fork.name, {"branch": fork.parent}), fork.run


def _hold_against(parent: Run, log: Log) -> None:
    """Warn where the first part of a branch is not what its parent recorded."""
    from synthgrad.runs.branching import unlike

    branch = log.replica.config.branch
    if branch is not None and (said := unlike(parent, log.run, branch.epoch)):
        click.echo(said, err=True)


def _begun(config: Config, runs: Path, label: str, more: dict[str, Any]) -> tuple[Experiment, Begin]:
    from synthgrad.experiment import Experiment
    from synthgrad.runs.directory import Run
    from synthgrad.runs.log import Log
    from synthgrad.runs.survey import Surveyor, command_line

    surveyor = Surveyor(command_line())
    experiment = Experiment([config])
    about = {**surveyor.about(), **more}
    return experiment, lambda: Log.begin(Run.create(runs, label, config.seed), experiment.replicas[0], about)


def _name(config: Path) -> str:
    """What a run is called that was given no name; looked up only where the config may be that of a run."""
    from synthgrad.runs.directory import Run

    if config != Run(config.parent).config:
        return config.stem
    from synthgrad.runs.finding import called

    return called(config)


def _file(config: Path) -> Path:
    """The config itself; what finds it in an archive is imported only where it may be in one."""
    if os.path.exists(config):
        return config
    from synthgrad.runs.finding import config_file

    return config_file(config)


def _old(name: str, runs: Path, where: tuple[str, ...], force: bool) -> tuple[Experiment, Begin]:
    """The experiment of a run, its data ``where`` they lie now, and its log that goes on."""
    from synthgrad.experiment import Experiment
    from synthgrad.runs.data import located
    from synthgrad.runs.finding import named
    from synthgrad.runs.reading import Recorded
    from synthgrad.runs.resuming import check, take_up
    from synthgrad.runs.settings import original
    from synthgrad.runs.survey import Surveyor, command_line

    recorded = Recorded(named(name, runs))
    check(recorded, force)
    config = located(recorded, where)
    if original(recorded.about) is None:
        said = "run.json has no copy of the settings that it began with (an older version): config.yaml is believed"
        click.echo(f"{recorded.run.path}: {said}", err=True)
    surveyor = Surveyor(command_line())
    experiment = Experiment([config])
    about = surveyor.about()
    return experiment, lambda: take_up(recorded.run, experiment.replicas[0], about, force)


def _display(quiet: bool, log: Log, experiment: Experiment) -> QuietDisplay[Record]:
    if quiet:
        from synthgrad.cli.quiet_display import QuietDisplay

        return QuietDisplay()
    from synthgrad.cli.terminal import Picture
    from synthgrad.cli.train_display import Lines, Live

    kind = Live if Picture.possible() else Lines
    return kind(log, experiment)


def _follow(experiment: Experiment, log: Log, display: QuietDisplay[Record], stop: Stop) -> int:
    """Train, record, show. Returns the exit code."""
    from synthgrad.runs.recording import record

    with display:
        for each in record(experiment, [log], lambda: stop.signal):
            display.show(each)
    display.conclude()
    return {"diverged": ExitCode.DIVERGED, "interrupted": 128 + stop.signal}.get(log.outcome, 0)
