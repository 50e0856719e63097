"""The data of a run are the bytes of the files that its task reads, wherever these lie and whatever they are called.

A config names them by keys that only say where they lie; ``run.json`` has the fingerprint of each file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from synthgrad.config import label, load, setting
from synthgrad.errors import ConfigError
from synthgrad.runs.deciding import settings as kinds
from synthgrad.tasks import TASKS

if TYPE_CHECKING:
    from synthgrad.experiment import Config
    from synthgrad.runs.reading import Recorded

DATA = "task.data"
"""Among settings: the data themselves, in place of the keys that say where they lie."""

Files = Mapping[str, str]
"""Fingerprints of files by name, in the order in which the task has them."""


class Data(NamedTuple):
    """The data of a run: one fingerprint of all files together, and the keys that say where they lie, with values."""

    fingerprint: str
    locations: dict[str, Any]

    @classmethod
    def of(cls, config: Mapping[str, Any], files: Files | None) -> Self | None:
        """The data of a config by dotted key; None if its task reads no files, or if their bytes are not known."""
        keys = locations(config)
        return cls(fingerprint(files), {key: config[key] for key in keys}) if keys and files else None

    @property
    def path(self) -> list[str]:
        """The parts of the path of the file, or of the directory of several."""
        return re.split(r"[/\\]", str(next(iter(self.locations.values()))))

    def put_into(self, config: Mapping[str, Any], name: str = "") -> dict[str, Any]:
        """A config that says which data these are, by ``name`` or else by fingerprint, and not where they lie."""
        first, *more = self.locations
        settings = {DATA if key == first else key: value for key, value in config.items() if key not in more}
        return {**settings, DATA: name or self.fingerprint}


def locations(config: Mapping[str, Any]) -> list[str]:
    """The keys of a config, by dotted key, that only say where its data lie."""
    task = TASKS.get(str(config.get("task.name")))
    return [key for name in task.locations if (key := f"task.{name}") in config] if task else []


def recorded_files(about: Mapping[str, Any]) -> Files:
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


def other_files(about: Mapping[str, Any], config: Config) -> tuple[str, ...]:
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


# training a recorded run again --------------------------------------------------------------------


def located(recorded: Recorded, settings: Sequence[str]) -> Config:
    """The config of a recorded run, with ``settings`` KEY=VALUE that say where its data lie now.

    Raises ConfigError if they say anything else, and with everything that is wrong with the config.
    """
    from synthgrad.experiment import Config

    path, keys = recorded.run.path, locations(recorded.config)
    for text in settings:
        if ".".join(setting(text).key) not in keys:
            right = f"only {' and '.join(keys)}" if keys else "its task reads no files"
            raise ConfigError(f"{label(text)}: does not say where the data of {path} lie ({right})")
    try:
        return load(recorded.run.config, Config, [*kinds(recorded.config), *settings])
    except ConfigError as error:
        lost = not settings and any(f" {key}: " in line for line in error.lines for key in keys)
        hint = [f"{path}: {_say_where(keys)}"] if lost else []
        raise ConfigError([*error.lines, *hint]) from None


def check_data(recorded: Recorded, config: Config) -> None:
    """Raise ConfigError if the files that ``config`` names are not, byte for byte, those that the run read."""
    if others := other_files(recorded.about, config):
        path, files = recorded.run.path, " and ".join(others)
        where = _say_where(locations(recorded.config))
        raise ConfigError(f"{path}: was trained on other bytes than those in {files} now ({where})")


def _say_where(keys: Sequence[str]) -> str:
    return f"if its data lie elsewhere now, say where: -s {keys[0]}=PATH"
