"""The runs under comparison: what of each is needed, and what had to be left out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from synthgrad.errors import ConfigError
from synthgrad.records import Record, Settings
from synthgrad.runs.data import Data, Files, names, recorded_files
from synthgrad.runs.defaults import filled
from synthgrad.runs.environment import hashes
from synthgrad.runs.filters import select
from synthgrad.runs.reading import Recorded
from synthgrad.runs.settings import relevant_settings
from synthgrad.scores import diagnosis
from synthgrad.types import Floats

FINISHED, DIVERGED = "finished", "diverged"
PLANNED = "planned"
"""The outcome of a run that does not exist yet."""
RUN_ONLY = ("seed", "diagnostics")
"""Keys of a config in which the runs of a group may differ, beside those that tell nothing."""


@dataclass(frozen=True)
class Subject:
    """One run: the settings that it is grouped by, its outcome, and its curves.

    ``data`` are those of files of the user; None if it reads none, or has not recorded what it read.
    """

    name: str
    path: str
    seed: int
    settings: Settings
    outcome: str
    diverged: Settings
    about: Settings
    epochs: Floats
    columns: dict[str, Floats]
    data: Data | None = None

    @property
    def hashes(self) -> dict[str, str]:
        """Fingerprints of data, initial weights and batch order; empty for runs that are older than they."""
        return {key: str(value) for key, value in hashes(self.about).items()}

    @property
    def seconds(self) -> float:
        """Seconds of training."""
        seconds = self.curve("seconds")[1]
        return float(seconds[-1]) if len(seconds) else 0.0

    @property
    def seconds_per_epoch(self) -> float | None:
        """Seconds of training over epochs; None where they were not measured."""
        return self.seconds / float(self.epochs[-1]) if self.seconds else None

    def curve(self, metric: str) -> tuple[Floats, Floats]:
        """The epochs at which a metric was measured, and its values there."""
        values = self.columns.get(metric)
        if values is None:
            return np.empty(0), np.empty(0)
        there = np.isfinite(values)
        return self.epochs[there], values[there]


@dataclass(frozen=True)
class LeftOut:
    """A run that conditions leave out: it is not compared, but neither is it missing."""

    seed: int
    settings: Settings
    outcome: str


@dataclass
class Gathered:
    """The runs that can be compared, and one sentence for everything that cannot or only in part."""

    subjects: list[Subject] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    """Everything that some run has measured."""
    left_out: list[LeftOut] = field(default_factory=list)


def gather(
    paths: Iterable[Path],
    conditions: Sequence[str] = (),
    needed: Callable[[Sequence[str]], Sequence[str]] = lambda names: names,
) -> Gathered:
    """Read the runs that meet all conditions, and those columns of theirs that are needed.

    Raises ConfigError where a condition says nothing.
    """
    gathered, records = Gathered(), []
    once: dict[Any, Path] = {}
    for path in paths:
        once.setdefault(_place(path), path)
    for path in once.values():
        try:
            records.append(Recorded(path))
        except ConfigError as error:
            gathered.notes.append(f"left out: {error}")
    chosen = select(records, conditions)
    for record in chosen:
        _add(gathered, record, needed)
    gathered.subjects = completed(gathered.subjects)
    gathered.notes += _changed_files(gathered.subjects)
    others = [record for record in records if record not in chosen] if conditions else []
    gathered.left_out = [LeftOut(r.seed, settings_of(r.config), r.outcome) for r in others if type(r.seed) is int]
    return gathered


def completed(subjects: Sequence[Subject]) -> list[Subject]:
    """The subjects; those that lack keys which others have, as runs of older versions do, with their defaults.

    Their data are called by the names of the files, so that all who have the same are called the same.
    """
    keys = dict.fromkeys(key for subject in subjects for key in subject.settings)
    called = names(subject.data for subject in subjects if subject.data)

    def complete(subject: Subject) -> Subject:
        settings, data = subject.settings, subject.data
        if len(settings) < len(keys):
            settings = relevant_settings(filled({**settings, **(data.locations if data else {})}, keys))
        if data:
            settings = data.put_into(settings, called[data.fingerprint])
        return subject if settings is subject.settings else replace(subject, settings=settings)

    return [complete(subject) for subject in subjects]


def _changed_files(subjects: Iterable[Subject]) -> Iterator[str]:
    """A sentence for each file that was changed between the runs."""
    found: dict[str, set[str]] = {}
    for data in (subject.data for subject in subjects if subject.data):
        found.setdefault(", ".join(map(str, data.locations.values())), set()).add(data.fingerprint)
    for place, several in found.items():
        if len(several) > 1:
            yield f"{place}: was changed between the runs: those on other bytes are compared apart"


def _place(path: Path) -> tuple[int, int] | Path:
    """What is the same for one directory, by whatever path it is found."""
    try:
        found = path.stat()
    except OSError:
        return path
    return found.st_dev, found.st_ino


def _add(gathered: Gathered, record: Recorded, needed: Callable[[Sequence[str]], Sequence[str]]) -> None:
    if type(record.seed) is not int:
        gathered.notes.append(f"left out: {record.run.config}: has no seed")
        return
    metrics = record.metrics()
    columns = metrics.columns(needed(metrics.names))
    if not _measured(columns):
        columns = metrics.columns(metrics.names)  # what is needed is blank
    gathered.names.update(name for name in metrics.names if name not in ("epoch", "step"))
    epochs = columns.pop("epoch", np.empty(0))
    data = Data.of(record.config, recorded_files(record.about))
    gathered.notes += record.damage + ([metrics.damage] if metrics.damage else [])
    gathered.subjects.append(
        Subject(
            name=record.name,
            path=str(record.run.path),
            seed=record.seed,
            settings=settings_of(record.config, data),
            outcome=record.outcome,
            diverged=record.diverged,
            about=record.about,
            epochs=epochs,
            columns=columns,
            data=data,
        )
    )


def _measured(columns: Mapping[str, Floats]) -> bool:
    """Whether the metrics have a number, or the diagnoses where they are all that is needed."""
    told = [name for name in columns if name not in ("epoch", "seconds")]
    metrics = [name for name in told if not diagnosis(name)]
    return any(np.isfinite(columns[name]).any() for name in metrics or told)


def settings_of(config: Record, data: Data | None = None) -> Settings:
    """What runs are grouped by, of a resolved config by dotted key and the data that it names."""
    return {key: _plain(value) for key, value in relevant_settings(config, data).items() if key not in RUN_ONLY}


def _plain(value: object) -> Any:
    """A setting as JSON has them: what it has not, a date or no number, as text."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    known = value is None or isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))
    return value if known else str(value)


def planned(config: Record, files: Files) -> Subject:
    """A run that does not exist yet, of a resolved config by dotted key and the fingerprints of its files."""
    data = Data.of(config, files)
    return Subject("", "", config["seed"], settings_of(config, data), PLANNED, {}, {}, np.empty(0), {}, data)
