"""Runs by their names: a path, a directory's name, a unique part of it, ``latest``; directories and globs of many.

Nothing heavy is imported here: completion waits for it.
"""

from __future__ import annotations

import difflib
import glob
import os
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from synthgrad.errors import ConfigError
from synthgrad.runs.directory import Run

LATEST = "latest"
LETTERS = 4
"""At the end of a name, what tells runs of one second apart."""
SHOWN = 5
"""As many names as an error message offers."""


def is_run(path: Path) -> bool:
    """Whether a directory is that of a run."""
    return os.path.isfile(Run(path).config)  # False where it may not be looked at


def find(places: Iterable[str], runs: Path) -> list[Path]:
    """The run directories in these places, each once, in the order of their names within a place.

    A place is a run, a directory at any height above runs, or a glob; names and globs are looked for in ``runs``
    too. Raises ConfigError where a place holds none.
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
    if not glob.has_magic(place) or is_run(runs / place):
        return [named(place, runs)]
    return (
        [p for match in sorted(glob.glob(place)) for p in _at(Path(match))]
        or [p for p in below(runs) if fnmatchcase(p.name, place)]
        or _none(f"{place}: no runs are called so (synthgrad runs list shows their names)")
    )


def _at(path: Path) -> Iterable[Path]:
    return [path] if is_run(path) else below(path)


def _none(message: str) -> list[Path]:
    raise ConfigError(message)


def below(directory: Path) -> Iterator[Path]:
    """The runs in a directory and in the directories below it, by name; never through a link."""
    try:
        inside = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in inside:
        path = directory / entry.name
        if entry.name.startswith("."):
            continue
        if is_run(path):
            yield path
        elif entry.is_dir(follow_symlinks=False):
            yield from below(path)


def named(name: str, runs: Path) -> Path:
    """The one run that is meant: a path, a name in ``runs``, its beginning, its last four letters, ``latest``.

    Raises ConfigError where there is none, or more than one.
    """
    if name and is_run(Path(name)):
        return Path(name)
    there = list(below(runs))
    if name == LATEST and there:
        return _latest(there)
    found = (
        [path for path in there if path.name == name]
        or [path for path in there if name and path.name.startswith(name)]
        or [path for path in there if name and path.name.endswith(f"-{name}")]
    )
    if len(found) == 1:
        return found[0]
    raise ConfigError(_ambiguous(name, found) if found else _unknown(name, runs, there))


def _latest(there: list[Path]) -> Path:
    """The run whose name has the latest second in front; of several, the one whose config was written last."""
    second = {path: re.match(r"\d{8}-\d{6}(?=-)|", path.name)[0] for path in there}  # type: ignore[index]
    latest = max(second.values())
    return max((path for path in there if second[path] == latest), key=lambda path: (_written(path), path.name))


def _written(path: Path) -> float:
    try:
        return Run(path).config.stat().st_mtime
    except OSError:
        return 0.0


def _ambiguous(name: str, found: list[Path]) -> str:
    alike = len({path.name for path in found}) < len(found)
    names = ", ".join(str(path) if alike else path.name for path in found[:SHOWN])
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return f"{name}: may be {len(found)} runs: {names}{more} ({'give its path' if alike else 'say more of the name'})"


def _unknown(name: str, runs: Path, there: list[Path]) -> str:
    if name and Path(name).exists():
        return f"{name}: is not the directory of a run (it has no config.yaml)"
    if not there:
        return f"{name or repr(name)}: no such run; {runs} holds none (train one with synthgrad train CONFIG)"
    whole = {path.name: path for path in there}
    forms = {**{path.name[-len(name) :]: path for path in there}, **whole} if len(name) >= LETTERS else whole
    near = difflib.get_close_matches(name, forms, 1, 0.5) or difflib.get_close_matches(name, whole, 1, 0.3)
    right = f"did you mean {forms[near[0]].name}?" if near else "see synthgrad runs list"
    return f"{name or repr(name)}: no such run in {runs} ({right})"
