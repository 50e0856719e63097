"""Starts a run: a new one from a config, a branch of another run, or a recorded run that is resumed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from synthgrad.config import load
from synthgrad.experiment import Config, Experiment
from synthgrad.records import Settings
from synthgrad.runs.directory import Run
from synthgrad.runs.log import Log
from synthgrad.runs.provenance import Provenance, command_line


class Start(NamedTuple):
    """An experiment, what begins its log, the run that it branches from if it is a branch, and a warning."""

    experiment: Experiment
    begin: Callable[[], Log]
    parent: Run | None = None
    warning: str = ""


def new(config: Path, settings: tuple[str, ...], runs: Path, name: str | None) -> Start:
    """A run of a config with these overrides ``KEY=VALUE``. Raises ConfigError."""
    return _new(load(_file(config), Config, settings), runs, name or _name(config), {})


def branch(place: str, settings: tuple[str, ...], runs: Path, name: str | None) -> Start:
    """A run that branches at ``place``, RUN@EPOCH, with these overrides. Raises ConfigError."""
    from synthgrad.runs.branching import branch

    fork = branch(place, runs, settings)
    return _new(fork.config, runs, name or fork.name, {"branch": fork.parent})._replace(parent=fork.run)


def resume(name: str, locations: tuple[str, ...], runs: Path, force: bool) -> Start:
    """A recorded run that continues; ``locations`` say where its data are now. Raises ConfigError, RunError."""
    from synthgrad.runs.finding import named
    from synthgrad.runs.moved_data import located
    from synthgrad.runs.reading import Recorded
    from synthgrad.runs.resuming import check, take_up
    from synthgrad.runs.settings import original

    recorded = Recorded(named(name, runs))
    check(recorded, force)
    experiment, about = _made(located(recorded, locations))
    said = "run.json has no copy of the settings (written by an older version): config.yaml is taken as it is"
    warning = f"{recorded.run.path}: {said}" if original(recorded.about) is None else ""
    return Start(experiment, lambda: take_up(recorded.run, experiment.replicas[0], about, force), warning=warning)


def _new(config: Config, runs: Path, name: str, more: dict[str, object]) -> Start:
    experiment, about = _made(config)
    return Start(
        experiment, lambda: Log.begin(Run.create(runs, name, config.seed), experiment.replicas[0], {**about, **more})
    )


def _made(config: Config) -> tuple[Experiment, Settings]:
    """The experiment of a config, and what it is made with; git is asked meanwhile."""
    surveyor = Provenance(command_line())
    experiment = Experiment([config])
    return experiment, surveyor.about()


def _file(config: Path) -> Path:
    """The config file, unpacked if it is in an archive; what unpacks it is imported only then."""
    if os.path.exists(config):
        return config
    from synthgrad.runs.finding import config_file

    return config_file(config)


def _name(config: Path) -> str:
    """The name of a run that was given none: of its config file, or of the run whose config it is."""
    if config != Run(config.parent).config:
        return config.stem
    from synthgrad.runs.finding import called

    return called(config)
