"""``synthgrad train``: one config, one run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synthgrad.cli.options import settings

if TYPE_CHECKING:
    from synthgrad.cli.display import Display
    from synthgrad.experiment import Config, Diverged, Experiment
    from synthgrad.runs import Log

DIVERGED = 3


@click.command()
@click.argument("config", type=click.Path(path_type=Path), metavar="CONFIG.yaml")
@settings
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="The same as -s seed=N.")
@click.option(
    "--runs", type=click.Path(path_type=Path), default="runs", show_default=True, help="Where run directories are made."
)
@click.option("--name", help="Name of the run; the config's file name if not given.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but the run directory.")
def train(config: Path, settings: tuple[str, ...], seed: int | None, runs: Path, name: str | None, quiet: bool) -> None:
    """Train the network of a config and record everything in a new run directory.

    The directory's path is the only line on stdout, so that run=$(synthgrad train config.yaml -q) works.

    \b
    Examples:
      synthgrad train configs/addition/dni-both.yaml
      synthgrad train configs/tutorial/vanilla.yaml -s trainer.alpha=0.05 --seed 7
      synthgrad train configs/addition/dni-both.yaml -s trainer.name=frozen
    """
    one_blas_thread()
    from synthgrad.config import load
    from synthgrad.experiment import Config, Experiment
    from synthgrad.runs import Log, Run, Surveyor, command_line

    if seed is not None:
        settings = (*settings, f"seed={seed}")
    resolved = load(config, Config, settings)
    surveyor = Surveyor(command_line())
    experiment = Experiment([resolved])
    run = Run.create(runs, name or config.stem, resolved.seed)
    log = Log(run, experiment, surveyor.about())
    try:
        code = _follow(experiment, log, _display(quiet, run.path, resolved, experiment))
    finally:
        log.close()
    click.echo(run.path)
    if code:
        raise click.exceptions.Exit(code)


def one_blas_thread() -> None:
    """Give BLAS one thread, unless the caller's environment says otherwise; before NumPy is imported.

    Networks of this size gain nothing from more, and results then do not depend on the machine's cores.
    """
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")


def _display(quiet: bool, path: Path, config: Config, experiment: Experiment) -> Display:
    from synthgrad.cli.display import Display, Lines, Live

    kind = Display if quiet else Live if Live.possible() else Lines
    return kind(path, config, experiment)


def _follow(experiment: Experiment, log: Log, display: Display) -> int:
    """Train, record, show. Returns the exit code."""
    from synthgrad.cli.signals import Stop
    from synthgrad.errors import RunError
    from synthgrad.experiment import Diverged, Epoch, train

    diverged: Diverged | None = None
    with Stop() as stop, display:
        records = train(experiment)
        try:
            for record in records:
                if isinstance(record, Diverged):
                    diverged = record
                    continue
                if isinstance(record, Epoch):
                    log.epoch_done(record)
                display.show(record)
                if stop.signal:
                    break
        except (RunError, MemoryError) as error:
            records.close()
            _failed(log, error)
            raise
        records.close()
        interrupted = bool(stop.signal) and log.epoch < experiment.config.training.epochs and diverged is None
        outcome = "diverged" if diverged else "interrupted" if interrupted else "finished"
        log.finish(outcome, diverged)
    display.summary(outcome, log, diverged)
    return DIVERGED if diverged else 128 + stop.signal if interrupted else 0


def _failed(log: Log, error: BaseException) -> None:
    """Say in the run directory that it failed, where that is still possible."""
    from synthgrad.errors import RunError

    try:
        log.finish("failed", error=str(error))
    except RunError:
        log.run.weights.unlink(missing_ok=True)
