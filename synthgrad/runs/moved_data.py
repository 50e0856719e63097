"""The config of a recorded run whose data may lie elsewhere now, and whether they are the same bytes."""

from __future__ import annotations

from collections.abc import Sequence

from synthgrad.config import label, load, setting
from synthgrad.errors import ConfigError
from synthgrad.experiment import Config
from synthgrad.runs.data import locations, other_files
from synthgrad.runs.deciding import settings as kinds
from synthgrad.runs.reading import Recorded


def located(recorded: Recorded, settings: Sequence[str]) -> Config:
    """The config of a recorded run, with ``settings`` KEY=VALUE that say where its data lie now.

    Raises ConfigError if they say anything else, and with everything that is wrong with the config.
    """
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
