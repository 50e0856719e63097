"""``synthgrad train``: one config, one run."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synthgrad.cli.options import settings
from synthgrad.cli.signals import Stop

if TYPE_CHECKING:
    from synthgrad.cli.quiet import Display
    from synthgrad.experiment import Config, Diverged, Experiment, Record
    from synthgrad.runs.log import Log

DIVERGED = 3


@click.command(short_help="Train the network of a config into a new run directory.")
@click.argument("config", type=click.Path(path_type=Path), metavar="CONFIG.yaml")
@settings
@click.option("--seed", metavar="N", help="The same as -s seed=N.")
@click.option(
    "--runs", type=click.Path(path_type=Path), default="runs", show_default=True, help="Where run directories are made."
)
@click.option("--name", help="Name of the run; the config's file name if not given.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but the run directory.")
def train(config: Path, settings: tuple[str, ...], seed: str | None, runs: Path, name: str | None, quiet: bool) -> None:
    """Train the network of a config and record everything in a new run directory.

    The directory's path is the only line on stdout, so that run=$(synthgrad train config.yaml -q) works.

    \b
    Examples:
      synthgrad train configs/addition/dni-both.yaml
      synthgrad train configs/tutorial/vanilla.yaml -s trainer.alpha=0.05 --seed 7
      synthgrad train configs/addition/dni-both.yaml -s trainer.name=frozen
    """
    one_blas_thread()
    gc.disable()  # what is imported and built here is there to stay; looking for garbage costs 3 % of the start-up
    from synthgrad.config import load
    from synthgrad.experiment import Config, Experiment
    from synthgrad.runs.directory import Run
    from synthgrad.runs.log import Log
    from synthgrad.runs.survey import Surveyor, command_line

    if seed is not None:
        settings = (*settings, f"seed={seed}")
    resolved = load(config, Config, settings)
    surveyor = Surveyor(command_line())
    experiment = Experiment([resolved])
    about = surveyor.about()
    gc.enable()
    with Stop() as stop:  # from here on there is a directory that a signal must not leave half made
        run = Run.create(runs, name or config.stem, resolved.seed)
        with closing(Log(run, experiment, about)) as log:
            code = _follow(experiment, log, _display(quiet, run.path, resolved, experiment), stop)
    click.echo(os.fsencode(run.path))
    if code:
        raise click.exceptions.Exit(code)


def one_blas_thread() -> None:
    """Give BLAS one thread, unless the caller's environment says otherwise; before NumPy is imported.

    Networks of this size gain nothing from more, and results then do not depend on the machine's cores.
    """
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")


def _display(quiet: bool, path: Path, config: Config, experiment: Experiment) -> Display:
    if quiet:
        from synthgrad.cli.quiet import Display

        return Display(path, config, experiment)
    from synthgrad.cli.display import Lines, Live

    kind = Live if Live.possible() else Lines
    return kind(path, config, experiment)


def _follow(experiment: Experiment, log: Log, display: Display, stop: Stop) -> int:
    """Train, record, show. Returns the exit code."""
    from synthgrad.experiment import train

    records = train(experiment)
    with display:
        try:
            diverged = _record(records, log, display, stop)
            records.close()
            interrupted = bool(stop.signal) and log.epoch < experiment.config.training.epochs and diverged is None
            outcome = "diverged" if diverged else "interrupted" if interrupted else "finished"
            log.finish(outcome, diverged)
        except Exception as error:
            records.close()
            log.fail(error)
            raise
    display.summary(outcome, log, diverged)
    return DIVERGED if diverged else 128 + stop.signal if interrupted else 0


def _record(records: Iterator[Record], log: Log, display: Display, stop: Stop) -> Diverged | None:
    """Take records until they end or someone wants to stop; where the run diverged, if it did."""
    from synthgrad.experiment import Diverged, Epoch

    for record in records:
        if isinstance(record, Diverged):
            return record
        if isinstance(record, Epoch):
            log.epoch_done(record)
        display.show(record)
        if stop.signal:
            break
    return None
