"""Data of every task that reads files, and the same bytes under other paths."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.data_files import write_csv, write_idx, write_npz
from support.trained_runs import replaced

Task = dict[str, Any]


def csv(directory: Path) -> Task:
    """A table of text, in a new directory."""
    directory.mkdir()
    return {"name": "table", "path": str(write_csv(directory, name="mine.csv")), "target": "d", "columns": ["a", "b"]}


def npz(directory: Path) -> Task:
    """A table of arrays, in a new directory."""
    directory.mkdir()
    return {"name": "table", "path": str(write_npz(directory, name="mine.npz")), "target": "d"}


def idx(directory: Path) -> Task:
    """Four files, in a new directory."""
    directory.mkdir()
    return {"name": "idx", "path": str(write_idx(directory, train="train", test="t10k")), "train": "train"}


FILES: dict[str, Callable[[Path], Task]] = {"csv": csv, "npz": npz, "idx": idx}


def copied(task: Task, to: Path) -> Task:
    """The files copied into another directory."""
    old, new = Path(task["path"]), to / "copy"
    if old.is_dir():
        return {**task, "path": str(shutil.copytree(old, new))}
    new.mkdir()
    return {**task, "path": str(shutil.copy(old, new))}


def linked(task: Task, to: Path) -> Task:
    """Another path that leads to them."""
    link = to / f"link{Path(task['path']).suffix}"
    link.symlink_to(task["path"])
    return {**task, "path": str(link)}


def renamed(task: Task, to: Path) -> Task:
    """Copies with other names."""
    task = copied(task, to)
    path = Path(task["path"])
    if path.is_file():
        return {**task, "path": str(path.rename(path.with_name(f"other{path.suffix}")))}
    for file in path.iterdir():
        prefix, _, rest = file.name.partition("-")
        file.rename(path / f"{'learn' if prefix == 'train' else 'held'}-{rest}")
    return {**task, "train": "learn", "test": "held"}


WAYS: dict[str, Callable[[Task, Path], Task]] = {"copied": copied, "linked": linked, "renamed": renamed}


def edited(task: Task) -> None:
    """Change a cell of a table of text."""
    replaced(Path(task["path"]), "setosa", "virginica")
