"""Runs by their names: a path, a directory's name, a unique part of it, ``latest``; directories and globs of many."""

from __future__ import annotations

import difflib
import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from synthgrad.errors import ConfigError
from synthgrad.runs.reading import is_run

LATEST = "latest"
SHOWN = 5
"""As many names as an error message offers."""


def find(places: Iterable[str], runs: Path) -> list[Path]:
    """The run directories in these places, each once, in the order of their names within a place.

    A place is a run, a directory at any height above runs, or a glob; a name is looked for in ``runs`` too.
    Raises ConfigError where a place holds none.
    """
    found = dict.fromkeys(path for place in places for path in _in_place(place, runs))
    return list(found)


def _in_place(place: str, runs: Path) -> list[Path]:
    path = Path(place)
    if is_run(path):
        return [path]
    if path.is_dir():
        return list(below(path)) or _none(
            f"{place}: holds no runs (train one with synthgrad train CONFIG --runs {place})"
        )
    matches = [
        p for match in sorted(glob.glob(place)) for p in ([Path(match)] if is_run(Path(match)) else below(Path(match)))
    ]
    if matches:
        return matches
    if glob.has_magic(place):
        return _none(f"{place}: no runs are called so")
    return [named(place, runs)]


def _none(message: str) -> list[Path]:
    raise ConfigError(message)


def below(directory: Path) -> Iterator[Path]:
    """The runs in a directory and in the directories below it, by name; never through a link."""
    try:
        inside = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in inside:
        if entry.name.startswith(".") or not entry.is_dir():
            continue
        path = directory / entry.name
        if is_run(path):
            yield path
        elif not entry.is_symlink():
            yield from below(path)


def named(name: str, runs: Path) -> Path:
    """The one run that is meant: a path, a name in ``runs``, its beginning, its last four letters, ``latest``.

    Raises ConfigError where there is none, or more than one.
    """
    if is_run(Path(name)):
        return Path(name)
    there = list(below(runs))
    if name == LATEST and there:
        return max(there, key=lambda path: (path.name, path))
    found = (
        [path for path in there if path.name == name]
        or [path for path in there if path.name.startswith(name)]
        or [path for path in there if path.name.endswith(f"-{name}")]
    )
    if len(found) == 1:
        return found[0]
    raise ConfigError(_ambiguous(name, found) if found else _unknown(name, runs, there))


def _ambiguous(name: str, found: list[Path]) -> str:
    names = ", ".join(path.name for path in found[:SHOWN])
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return f"{name}: may be {len(found)} runs: {names}{more} (say more of the name)"


def _unknown(name: str, runs: Path, there: list[Path]) -> str:
    if Path(name).exists():
        return f"{name}: is not the directory of a run (it has no config.yaml)"
    if not there:
        return f"{name}: no such run; {runs} holds none (train one with synthgrad train CONFIG)"
    near = difflib.get_close_matches(name, [path.name for path in there], 1, 0.3)
    return f"{name}: no such run in {runs} ({f'did you mean {near[0]}?' if near else 'see synthgrad runs list'})"
