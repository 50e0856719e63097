"""Many runs in one zip file: ``RUN/config.yaml``, ``RUN/metrics.csv``, ... Runs can be compared from it.

``unpacking`` reads it.
"""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from synthgrad.errors import ConfigError, RunError
from synthgrad.files import open_regular
from synthgrad.runs.directory import Run, hand_over, reason
from synthgrad.runs.liveness import liveness

LARGEST = 4 << 30
"""An archive that says it unpacks to more is not opened; of an entry no more is read than it says."""
MOST_ENTRIES = 100_000
DATE = (1980, 1, 1, 0, 0, 0)
"""Of every entry, so that the same runs make the same bytes."""
MODE = stat.S_IFREG | 0o644
PART = 1 << 20
"""Bytes that are in memory at a time."""
ANY = Run(Path())
CONFIG, WEIGHTS = ANY.config.name, ANY.weights.name


def shared(name: str) -> bool:
    """Whether a file is one that others need of a run: its own, no checkpoint, none that is half written."""
    return ANY.owns(name) and not name.startswith((".", "checkpoint-"))


def sound(name: str) -> bool:
    """Whether a directory's name is one that a run in an archive can have: on one level, printable, not hidden."""
    drive, _ = os.path.splitdrive(name)
    return name.isprintable() and not drive and not name.startswith(".") and name != ""


def check(place: Path, entries: int, size: int) -> None:
    """Raise ConfigError where an archive has, or would have, too much in it."""
    if entries > MOST_ENTRIES:
        raise ConfigError(f"{place}: has {entries:,} entries (at most {MOST_ENTRIES:,})")
    if size > LARGEST:
        raise ConfigError(f"{place}: has {size:,} bytes, unpacked (at most {LARGEST:,})")


def packable(paths: Iterable[Path]) -> tuple[dict[str, Path], list[str]]:
    """By name, the runs that an archive can have, each once, and a sentence for each that is left out, or is doubtful.

    Left out are runs that are being written, and runs that cannot be read.

    Raises ConfigError where two have one name, or none is left.
    """
    once: dict[str, Path] = {}
    for path in paths:
        once.setdefault(os.path.realpath(path), path)
    chosen: dict[str, Path] = {}
    notes: list[str] = []
    for path in once.values():
        name = os.path.basename(os.path.abspath(path))
        found = liveness(Run(path))
        if found.doubt:
            notes.append(f"{path}: may still be written: {found.doubt} (archived as it is now)")
        if found.writing:
            notes.append(f"{path}: left out: it is being written (archive it when it has ended)")
        elif why := _unreadable(path):
            notes.append(f"{path}: left out: {why}")
        elif not sound(name):
            raise ConfigError(f"{path}: an archive can have no run of this name (rename it)")
        elif name in chosen:
            raise ConfigError(f"{path}: has the name of {chosen[name]} (rename one of them)")
        else:
            chosen[name] = path
    if not chosen:
        raise ConfigError(notes)
    return chosen, notes


def _unreadable(run: Path) -> str:
    """Why a run cannot be put into an archive as a whole; nothing where it can."""
    file = run
    try:
        for file in (Run(run).config, *(file for file, own in _inside(run).items() if own and shared(file.name))):
            open_regular(file).close()
    except OSError as error:
        return f"{file.name} cannot be read: {reason(error)}"
    except (ConfigError, RunError) as error:
        return str(error)
    return ""


def pack(runs: Mapping[str, Path], to: Path, weights: bool = True) -> list[str]:
    """Write runs, by their names, into one file, whole or not at all.

    Returns a sentence for each that has files of others. Raises ConfigError where it is too much, RunError.
    """
    entries: dict[str, Path] = {}
    notes = []
    for name, run in runs.items():
        there = _inside(run)
        entries |= {f"{name}/{path.name}": path for path, own in there.items() if own and shared(path.name)}
        foreign = sorted(path.name for path, own in there.items() if not own)
        notes += [f"{run}: left out: {', '.join(foreign)} (not a run's own)"] if foreign else []
    if not weights:
        entries = {name: path for name, path in entries.items() if path.name != WEIGHTS}
    check(to, len(entries), sum(map(_size, entries.values())))
    hand_over(to, lambda file: _write(file, entries))
    return notes


def _inside(run: Path) -> dict[Path, bool]:
    """What is in a directory, and whether it is a file of a run's own."""
    try:
        return {path: ANY.owns(path.name) and path.is_file() for path in run.iterdir()}
    except OSError as error:
        raise RunError(f"{run}: cannot be read: {reason(error)}") from None


def _write(file: BinaryIO, entries: Mapping[str, Path]) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for name, path in sorted(entries.items()):
            info = zipfile.ZipInfo(name, DATE)
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, MODE << 16
            info.file_size = _size(path)  # tells zipfile whether it needs 64 bits
            with archive.open(info, "w") as entry:
                for part in _parts(path):
                    entry.write(part)


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {reason(error)}") from None


def _parts(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while part := file.read(PART):
                yield part
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {reason(error)}") from None
