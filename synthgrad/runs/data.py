"""The data of a run are the bytes of the files that its task reads, wherever these lie and whatever they are called.

A config names them by keys that only say where they lie; ``run.json`` has the fingerprint of each file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple, Self

from synthgrad.records import Record, Settings
from synthgrad.tasks import TASKS

if TYPE_CHECKING:
    from synthgrad.experiment import Config

DATA = "task.data"
"""Among settings: the data themselves, in place of the keys that say where they lie."""

Files = Mapping[str, str]
"""Fingerprints of files by name, in the order in which the task has them."""


class Data(NamedTuple):
    """The data of a run: one fingerprint of all files together, and the keys that say where they lie, with values."""

    fingerprint: str
    locations: Settings

    @classmethod
    def of(cls, config: Record, files: Files | None) -> Self | None:
        """The data of a config by dotted key; None if its task reads no files, or if their bytes are not known."""
        keys = locations(config)
        return cls(fingerprint(files), {key: config[key] for key in keys}) if keys and files else None

    @property
    def path(self) -> list[str]:
        """The parts of the path of the file, or of the directory of several."""
        return re.split(r"[/\\]", str(next(iter(self.locations.values()))))

    def put_into(self, config: Record, name: str = "") -> Settings:
        """A config that says which data these are, by ``name`` or else by fingerprint, and not where they lie."""
        first, *more = self.locations
        settings = {DATA if key == first else key: value for key, value in config.items() if key not in more}
        return {**settings, DATA: name or self.fingerprint}


def locations(config: Record) -> list[str]:
    """The keys of a config, by dotted key, that only say where its data lie."""
    task = TASKS.get(str(config.get("task.name")))
    return [key for name in task.locations if (key := f"task.{name}") in config] if task else []


def recorded_files(about: Record) -> Files:
    """The fingerprints of the files that a run read, as its ``run.json`` has them; empty if it has none."""
    files = about.get("files")
    return {str(name): str(value) for name, value in files.items()} if isinstance(files, dict) else {}


def fingerprint(files: Files) -> str:
    """One fingerprint of all files, whatever they are called; of a single file its own."""
    each = list(dict.fromkeys(files.values()))  # the same file may train and be held out
    return each[0] if len(each) == 1 else blake2b(" ".join(each).encode(), digest_size=8).hexdigest()


def names(found: Iterable[Data]) -> dict[str, str]:
    """What to call each data, by fingerprint: as much of the end of its path as no other data's path has.

    If other data have the whole path, as of a file that was edited, its last part and the fingerprint.
    """
    paths: dict[str, list[str]] = {}
    for data in found:
        paths.setdefault(data.fingerprint, data.path)

    def name(key: str, path: list[str]) -> str:
        others = [each for other, each in paths.items() if other != key]
        ends = (path[-n:] for n in range(1, len(path) + 1))
        end = next((end for end in ends if all(other[-len(end) :] != end for other in others)), None)
        return "/".join(end) if end else f"{path[-1]} ({key[:8]})"

    return {key: name(key, path) for key, path in paths.items()}


def other_files(about: Record, config: Config) -> tuple[str, ...]:
    """The names of the files whose bytes are not those that the run read; none if it does not say what it read.

    Raises ConfigError if there are no such files now.
    """
    then = recorded_files(about)
    if not then:
        return ()
    now = config.files()
    if fingerprint(then) == fingerprint(now):
        return ()
    changed = [name for name, old in zip(now, then.values(), strict=False) if now[name] != old]
    return tuple(changed if len(then) == len(now) else now)
