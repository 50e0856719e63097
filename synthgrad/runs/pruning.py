"""Deleting runs: only what lies in the runs directory itself, holds only a run's own files, is not being written."""

from __future__ import annotations

import errno
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from itertools import takewhile
from pathlib import Path

from synthgrad.errors import ConfigError, RunError
from synthgrad.runs.directory import Run, reason
from synthgrad.runs.finding import is_run
from synthgrad.runs.liveness import liveness
from synthgrad.runs.locking import held, take

HALF_DELETED = ".pruned-"
"""What the name of a directory begins with while it is being deleted: nobody finds a run there."""
UNBORN = re.compile(r"\d{8}-\d{6}-.+-s\d+-[0-9a-f]{4}")
"""The name of a directory that was taken for a run: killed within its first moments it has no config."""
PATIENCE = 60.0
"""Seconds that a run has to begin."""
IN_FLIGHT, GONE = "it is being written", "it is gone"
UNSEEN = "it may still be written: {doubt} (if that process has ended: --force)"


def check(paths: Iterable[Path], runs: Path) -> None:
    """Raise ConfigError where one of these is not below the runs directory."""
    outside = [path for path in paths if _way(path, runs) is None]
    if outside:
        raise ConfigError(f"{outside[0]}: is not below {runs} (only what is can be deleted; --runs DIR says where)")


def _way(path: Path, runs: Path) -> list[Path] | None:
    """The path and the directories above it, up to the runs directory; None where it is not below that."""
    top = os.path.realpath(runs)
    parts = (path.absolute(), *path.absolute().parents)
    way = list(takewhile(lambda part: os.path.realpath(part) != top, parts))
    inside = Path(top) in Path(os.path.realpath(path)).parents  # runs/../elsewhere only looks as if it were
    return way if len(way) < len(parts) and (inside or any(part.is_symlink() for part in way)) else None


def obstacle(path: Path, runs: Path, force: bool = False) -> str:
    """Why a run is not to be deleted; nothing where it may be.

    With ``force`` a run that nobody can tell to be written is not.
    """
    way = _way(path, runs)
    if way is None:
        return f"it is not below {runs}"
    links = [part for part in way if part.is_symlink()]
    if links:
        return "it is a link" if links == [path.absolute()] else f"it is reached through a link, {links[-1].name}"
    found = liveness(Run(path))
    if found.taken(force):
        return IN_FLIGHT if found.writing else UNSEEN.format(doubt=found.doubt)
    try:
        foreign = [entry.name for entry in _entries(path) if not _own(entry)]
    except FileNotFoundError:
        return GONE
    except OSError as error:
        return f"it cannot be read: {reason(error)}"
    return f"it holds what is not a run's own: {', '.join(foreign)}" if foreign else ""


def _entries(path: Path) -> list[os.DirEntry[str]]:
    return sorted(os.scandir(path), key=lambda entry: entry.name)


def _own(entry: os.DirEntry[str]) -> bool:
    return Run(Path()).owns(entry.name) and entry.is_file(follow_symlinks=False)


def unlocked(paths: Iterable[Path]) -> bool:
    """Whether some of these runs are on a file system without locks."""
    return any(held(Run(path).metrics) is None for path in paths)


def size(path: Path) -> int:
    """The bytes of the files in a directory; none where somebody else is deleting it."""
    with suppress(OSError):
        return sum(entry.stat(follow_symlinks=False).st_size for entry in _entries(path))
    return 0


def delete(path: Path, runs: Path, force: bool = False) -> str:
    """Delete a run, or say why not, as things are at this moment. Raises RunError.

    Its metrics file is locked meanwhile, so that nobody takes the run up.
    """
    why = obstacle(path, runs, force)
    if why:
        return why
    place = Path(os.path.realpath(path))
    try:
        with _locked(Run(place).metrics, force) as ours:
            if not ours:
                return IN_FLIGHT
            _remove(place)
    except FileNotFoundError:
        return GONE
    except OSError as error:
        raise RunError(f"{path}: cannot be deleted: {reason(error)}") from None
    return ""


@contextmanager
def _locked(metrics: Path, force: bool) -> Iterator[bool]:
    """Hold the lock of a metrics file, if there is one; whether nobody else does."""
    try:
        file = metrics.open("r+b")  # over a network a lock for one alone needs a file that can be written
    except FileNotFoundError:
        yield True
        return
    with file:
        lock = take(file, metrics, force=force)
        with closing(lock) if lock else nullcontext():
            yield lock is not None


def _remove(place: Path) -> None:
    """Rename a directory to what no finder looks at, then take its files away one by one. Raises OSError."""
    if not os.access(place, os.W_OK | os.X_OK):
        os.stat(place)  # where it is gone that is what is wrong
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    if not place.name.startswith(HALF_DELETED):
        place = place.rename(place.with_name(f"{HALF_DELETED}{secrets.token_hex(4)}"))
    for entry in _entries(place):
        if _own(entry):
            os.unlink(entry)
    place.rmdir()


def remains(runs: Path) -> dict[Path, str]:
    """Directories that no other command looks at, each with the reason: half deleted, or its run never began."""
    found: dict[Path, str] = {}
    for directory, names, _ in os.walk(runs):
        for name in sorted(names):
            path = Path(directory) / name
            if name.startswith(HALF_DELETED):
                found[path] = "half deleted"
            elif UNBORN.fullmatch(name) and not is_run(path) and _is_old(path):
                found[path] = "never begun"
    return found


def _is_old(path: Path) -> bool:
    """Whether nobody can be about to begin a run there."""
    with suppress(OSError):
        return time.time() - path.stat().st_mtime > PATIENCE
    return False
