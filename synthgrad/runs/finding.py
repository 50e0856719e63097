"""Runs by their names: a path, a directory's name, a unique part of it, ``latest``; directories and globs of many.

An archive counts as a directory of runs, ``FILE.zip/RUN`` as one of them. Nothing heavy is imported here: completion
waits for it.
"""

from __future__ import annotations

import errno
import glob
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path

from synthgrad.errors import ConfigError
from synthgrad.runs.directory import Run, reason
from synthgrad.text import closest, listed

LATEST = "latest"
LETTERS = 4
"""At the end of a name, what tells runs of one second apart."""
SHOWN = 5
"""As many names as an error message offers."""


NOTHING = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP)
"""What the system says where there is no such file; anything else keeps it from looking."""


def is_run(path: Path) -> bool:
    """Whether a directory is that of a run: it has a config.yaml, not a directory, or nobody may look whether it has.

    Whether that is a file shows when it is read.
    """
    try:
        return not stat.S_ISDIR(os.lstat(Run(path).config).st_mode)
    except OSError as error:
        return error.errno not in NOTHING
    except ValueError:  # a NUL in the name
        return False


def find(places: Iterable[str], runs: Path) -> list[Path]:
    """The run directories in these places, each once, in the order of their names within a place.

    A place is a run, a directory at any height above runs, an archive, or a glob; names and globs are looked for in
    ``runs`` too. Raises ConfigError where a place holds none.
    """
    found = dict.fromkeys(path for place in places for path in _in_place(place, runs))
    return list(found)


def _in_place(place: str, runs: Path) -> list[Path]:
    path = Path(place)
    if is_run(path):
        return [path]
    archive = archive_of(path)
    if path == archive or os.path.isdir(path):
        return list(below(path)) or _none(
            f"{place}: holds no runs (train one with synthgrad train CONFIG --runs {place})"
        )
    if archive:
        name = str(path.relative_to(archive))
        return [p for p in below(archive) if fnmatchcase(p.name, name)] or [_among(name, archive)]
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


def archive_of(path: Path) -> Path | None:
    """The archive that a path is or leads into."""
    file = next((part for part in (path, *path.parents) if os.path.isfile(part)), None)
    return file if file and (file.suffix.lower() == ".zip" or _zipped(file)) else None


def _zipped(file: Path) -> bool:
    with suppress(OSError), file.open("rb") as opened:
        return opened.read(2) == b"PK"
    return False


def below(directory: Path) -> Iterator[Path]:
    """The runs in a directory and in the directories below it, by name, never through a link; or those in an archive.

    Unreadable directories are among them: they may hold a run, and reading them raises the reason.
    Raises ConfigError where that is damaged.
    """
    if os.path.isfile(directory) and archive_of(directory):
        from synthgrad.runs.unpacking import opened

        yield from opened(directory).runs()
        return
    waiting = [(directory, True)]
    while waiting:
        path, is_directory = waiting.pop()
        if path != directory and is_run(path):
            yield path
        elif is_directory:
            try:
                waiting += _inside(path)
            except OSError as error:
                if error.errno not in NOTHING:
                    yield path


def _inside(directory: Path) -> list[tuple[Path, bool]]:
    """What is in a directory, the last name first, and whether it is a directory itself and no link. Raises OSError."""
    entries = sorted(os.scandir(directory), key=lambda entry: entry.name, reverse=True)
    return [(directory / e.name, e.is_dir(follow_symlinks=False)) for e in entries if not e.name.startswith(".")]


def not_a_run(path: Path) -> str:
    """Why a directory is not that of a run."""
    try:
        os.scandir(path).close()
    except OSError as error:
        if error.errno not in NOTHING:
            return f"{path}: cannot be read: {reason(error)}"
    return f"{path}: is not the directory of a run (it has no config.yaml)"


def named(name: str, runs: Path) -> Path:
    """The one run that is meant: a path, a name in ``runs``, its beginning, its last four letters, ``latest``.

    Of an archive the only one, or such a name after it. Raises ConfigError where there is none, or more than one.
    """
    if name and is_run(Path(name)):
        return Path(name)
    archive = archive_of(Path(name))
    if archive is None:
        return _among(name, runs)
    inside = Path(name).relative_to(archive)
    return _among(str(inside), archive) if inside.name else _only(archive)


def config_file(path: Path) -> Path:
    """A path as it is or, where nothing is there, the file it leads to in an archive, ``FILE.zip/RUN/config.yaml``.

    The run may be named in any of the ways that ``named`` knows. Raises ConfigError.
    """
    archive = None if os.path.exists(path) else archive_of(path)
    if archive is None:
        return path
    run, *file = path.relative_to(archive).parts
    return named(str(archive / run), archive).joinpath(*file)


def called(config: Path) -> str:
    """What the run of a config is called: the file's name or, where the file is a run's own, what that is called."""
    place = config_file(config)
    return given(place.parent.name) or config.stem if is_run(place.parent) else config.stem


def given(name: str) -> str:
    """The part of a run directory's name that was given to it, without stamp, seed and letters; maybe nothing."""
    return "-".join(name.split("-")[2:-2])


def _only(archive: Path) -> Path:
    there = list(below(archive))
    if len(there) == 1:
        return there[0]
    some = listed((path.name for path in there), SHOWN)
    raise ConfigError(f"{archive}: holds {len(there)} runs: {some} (say which: {archive}/NAME)")


def _among(name: str, runs: Path) -> Path:
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
    right = "give its path" if alike else "say more of the name"
    some = listed(found if alike else (path.name for path in found), SHOWN)
    return f"{name}: may be {len(found)} runs: {some} ({right})"


def _unknown(name: str, runs: Path, there: list[Path]) -> str:
    if name and os.path.exists(name) and not os.path.isfile(runs):
        return not_a_run(Path(name))
    if not there:
        return f"{name or repr(name)}: no such run; {runs} holds none (train one with synthgrad train CONFIG)"
    whole = {path.name: path for path in there}
    forms = {**{path.name[-len(name) :]: path for path in there}, **whole} if len(name) >= LETTERS else whole
    near = closest(name, forms, 0.5) or closest(name, whole, 0.3)
    command = f"synthgrad runs list {runs}" if os.path.isfile(runs) else "synthgrad runs list"
    right = f"did you mean {forms[near].name}?" if near else f"see {command}"
    return f"{name or repr(name)}: no such run in {runs} ({right})"
