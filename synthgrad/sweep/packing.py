"""Runs that travel: a stack goes to another machine as bytes, and its run directories come back so.

No disk is shared. A run is trained into a directory of the worker's, and written into one of ours when it is whole.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, NamedTuple

from synthgrad.errors import RunError
from synthgrad.files import open_regular
from synthgrad.runs.directory import Run, not_written, reason, whole
from synthgrad.runs.locking import take
from synthgrad.runs.provenance import Provenance
from synthgrad.sweep.events import Begun, Done, Ended, Progress
from synthgrad.sweep.stacks import Order, Stack
from synthgrad.sweep.training import train_stack

Files = dict[str, bytes]
"""The files of a run by name."""


class PackedStack(NamedTuple):
    """A stack, and the files of its resumed runs by number."""

    stack: Stack
    files: dict[int, Files]


class PackedResult(NamedTuple):
    """The result of a stack: how each of its runs ended, and its files, by number; ``broken`` as in ``Done``."""

    worker: str
    ended: dict[int, Ended]
    files: dict[int, Files]
    broken: bool


def pack(stack: Stack) -> bytes:
    """A stack as bytes. Raises RunError if a resumed run cannot be read."""
    files = {}
    for order in stack.orders:
        if order.resume is not None:
            run = Run(order.resume)
            try:
                files[order.number] = _read([run.config, run.about, run.metrics, *run.checkpoints()])
            except OSError as error:
                raise RunError(f"{run.path}: cannot be read: {reason(error)}") from None
    return pickle.dumps(PackedStack(stack, files))


def train_packed(
    received: bytes, worker: str, folder: Path, tell: Callable[[Begun | Progress], object], stop: Callable[[], object]
) -> PackedResult:
    """Train a packed stack on ``worker`` below ``folder``, and leave nothing there."""
    packed: PackedStack = pickle.loads(received)
    result = PackedResult(worker, {}, {}, False)
    with TemporaryDirectory(prefix="synthgrad-", dir=folder) as below:
        for event in train_stack(_laid_out(packed, Path(below)), Provenance([]).about(), stop):
            if isinstance(event, Ended):
                result.ended[event.run] = event
            elif isinstance(event, Done):
                result = result._replace(broken=event.broken)
            elif isinstance(event, Begun | Progress):
                tell(event)
        for number, ended in result.ended.items():
            if ended.path:
                run = Run(Path(ended.path))
                result.files[number] = _read(p for p in run.path.iterdir() if run.owns(p.name))
    return result


def _laid_out(packed: PackedStack, below: Path) -> Stack:
    """The stack with its directories here; those of resumed runs as they were."""
    orders = []
    for order in packed.stack.orders:
        if order.resume is not None:
            here = below / f"{order.number}"
            here.mkdir()
            for name, content in packed.files[order.number].items():
                (here / name).write_bytes(content)
            order = replace(order, resume=here, force=True)  # no other process has this copy
        orders.append(order)
    return replace(packed.stack, orders=tuple(orders), runs=below)


def _read(paths: Iterable[Path]) -> Files:
    """The files that are there. Raises OSError if one is not a file."""
    files = {}
    for path in paths:
        if path.exists():
            with open_regular(path) as file:
                files[path.name] = file.read()
    return files


def unpack(order: Order, runs: Path, files: Files) -> Path:
    """Write a run that came back to a new directory below ``runs``, or to that of the attempt it resumed.

    The result is written last, and the run is locked meanwhile. Raises RunError; then there is no result, and no
    directory if it was new.
    """
    run = Run(order.resume) if order.resume is not None else Run.create(runs, order.name, order.config.seed)
    try:
        _write(run, files, order.force)
    except OSError as error:
        if order.resume is None:
            run.remove()
        raise not_written(f"{run.path}: cannot be written", error) from None
    return run.path


def _write(run: Run, files: Files, force: bool) -> None:
    with run.metrics.open("r+b" if run.metrics.exists() else "xb") as file:
        lock = take(file, run.metrics, force=force)
        if lock is None:
            raise RunError(f"{run.path}: is being trained by another process (its own result is left to it)")
        with closing(lock):
            _write_all(run, file, files)


def _write_all(run: Run, file: BinaryIO, files: Files) -> None:
    last = (run.metrics.name, run.result.name)
    run.result.unlink(missing_ok=True)
    file.write(files.get(run.metrics.name, b""))  # over the rows that were there, which begin alike
    file.truncate()
    os.fsync(file.fileno())
    for name in [*(name for name in files if name not in last), *(name for name in last[1:] if name in files)]:
        whole(run.path / name, lambda into, name=name: into.write(files[name]), lasting=True)  # type: ignore[misc]
    for path in run.checkpoints():
        if path.name not in files:
            path.unlink()
