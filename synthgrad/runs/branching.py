"""A run that branches from another: the config that repeats that run up to an epoch, and goes on in its own way.

No file of the other run is needed to train it: its first part is trained again, to the same bits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from synthgrad.config import Location, Setting, Template, label, plain, replaced, setting
from synthgrad.errors import ConfigError, collect
from synthgrad.experiment import Before, Config
from synthgrad.records import Settings
from synthgrad.runs.data import locations
from synthgrad.runs.deciding import settings as kinds
from synthgrad.runs.directory import Run
from synthgrad.runs.finding import given, named
from synthgrad.runs.first_difference import compare, last_epoch
from synthgrad.runs.moved_data import check_data, located
from synthgrad.runs.reading import Metrics, Recorded
from synthgrad.runs.settings import told
from synthgrad.text import counted

MAY_CHANGE = ("training.epochs", "training.evaluate_every", "training.checkpoint_every")
"""Beside the trainer; everything else is as it was, or the state would be another."""
EPOCH = re.compile(r"0*[1-9][0-9]{0,17}")


class Fork(NamedTuple):
    """A branch to be trained: its config, what it is called, the run it comes from, and that for people."""

    config: Config
    name: str
    run: Run
    parent: Settings


def branch(place: str, runs: Path, settings: tuple[str, ...]) -> Fork:
    """The branch at ``place``, RUN@EPOCH, with these overrides ``KEY=VALUE``. Raises ConfigError."""
    name, epoch = _parts(place)
    recorded = Recorded(named(name, runs))
    if recorded.edited:
        right = "put the values back, run.json has them, and change settings with -s"
        raise ConfigError(
            [*told(recorded.run.config, recorded.edited), f"{recorded.run.path}: cannot be branched from ({right})"]
        )
    _check(recorded, epoch)
    changes = _changes(settings, locations(recorded.config))
    where = [text for text, change in zip(settings, changes, strict=True) if change.key[0] == "task"]
    before = _before(recorded, epoch, where)
    if before.varies:
        said = "its schedule is free, and its epochs do not repeat: there is no state to go on from"
        raise ConfigError(f"{recorded.run.path}: {said} (branch from a run with schedule: pipelined)")
    base = [*map(setting, kinds(recorded.config)), *_base(place, before, epoch)]
    config = _faithful(Template(recorded.run.config, Config).resolve([*base, *changes]), before)
    called = f"{given(recorded.name) or recorded.name}-{config.trainer.name}"
    return Fork(config, called, recorded.run, {"run": recorded.name, "epoch": epoch})


def unlike(parent: Run, run: Run, epoch: int) -> str:
    """What is to be said where a branch is not its parent up to the fork, as on another machine; nothing if it is."""
    first = compare(Metrics(parent.metrics), Metrics(run.metrics)).first
    if first is None or first.epoch > epoch:
        return ""
    where = f"epoch {first.epoch}, {first.column}"
    return (
        f"{run.path}: its first part is not to the last bit that of {parent.path}: they first differ in {where} "
        "(synthgrad runs diff says what else differs, a version or a machine)"
    )


def _parts(place: str) -> tuple[str, int]:
    """The run and the epoch of RUN@EPOCH."""
    name, at, epoch = place.rpartition("@")
    if not at:
        raise ConfigError(f"--from {place}: says no epoch (--from {place or 'RUN'}@20)")
    if not EPOCH.fullmatch(epoch):
        raise ConfigError(f"--from {place}: {epoch!r} is no epoch (a whole number from 1 on)")
    return name, int(epoch)


def _check(recorded: Recorded, epoch: int) -> None:
    """Raise ConfigError where a run has no state after an epoch."""
    last = last_epoch(recorded.metrics().columns([]))
    if epoch <= last:
        return
    ended = f"has recorded {counted(last, 'epoch')}"
    if recorded.diverged:
        ended = f"diverged in epoch {recorded.diverged.get('epoch')}"
    right = f"at most {recorded.run.path}@{last}" if last else "wait for its first, or train it"
    raise ConfigError(f"{recorded.run.path}: {ended}: there is no state after epoch {epoch} ({right})")


def _before(recorded: Recorded, epoch: int, where: Sequence[str]) -> Config:
    """The config of the run up to the epoch: of a branch that of its first trainer. Raises ConfigError.

    ``where`` are settings that say where its data lie now.
    """
    config = located(recorded, where)
    check_data(recorded, config)
    if config.branch is None:
        return config
    fork = config.branch.epoch
    if epoch > fork:
        raise ConfigError(
            f"{recorded.run.path}: is a branch itself, from epoch {fork} on, and there is no branch of a branch "
            f"(at most {recorded.run.path}@{fork}, from its first trainer)"
        )
    was = {name: value for name, value in config.branch.training if value}
    training = config.training.model_copy(update=was)
    return config.model_copy(update={"trainer": config.branch.trainer, "training": training, "branch": None})


def _changes(settings: Iterable[str], where: Sequence[str]) -> list[Setting]:
    """The overrides that a branch can have, ``where`` its data lie among them. Raises ConfigError with all others."""
    return collect(lambda text: _change(text, (*MAY_CHANGE, *where)), settings)


def _change(text: str, may_change: Sequence[str]) -> Setting:
    """An override that a branch can have. Raises ConfigError."""
    change = setting(text)
    if change.key[0] != "trainer" and ".".join(change.key) not in may_change:
        right = f"trainer.*, {', '.join(may_change[:-1])} and {may_change[-1]} may change"
        raise ConfigError(f"{label(text)}: a branch keeps what its run began with ({right})")
    return change


def _base(place: str, before: Config, epoch: int) -> list[Setting]:
    """The overrides that make the run's config that of a branch without changes."""
    where, data = Location(f"--from {place}"), plain(before)
    values = {
        ("branch",): {"epoch": epoch, "trainer": data["trainer"]},
        ("trainer",): data["trainer"],
        ("training", "epochs"): before.training.epochs,
        ("training", "evaluate_every"): before.training.evaluate_every,
    }
    return [Setting(key, value, where) for key, value in values.items()]


def _faithful(config: Config, before: Config) -> Config:
    """The branch with those numbers of its first part that are not its own any more."""
    then, now = dict(before.training), dict(config.training)
    changed = {name: then[name] for name in Before.model_fields if then[name] != now[name]}
    return replaced(config, ("branch", "training"), Before(**changed))
