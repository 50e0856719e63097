"""Checkpoints: the state of a run after an epoch, in its directory, to take it up from.

The last two are kept: one that is torn falls back to the one before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from synthgrad.files import matching
from synthgrad.runs.arrays import DAMAGE, read_arrays
from synthgrad.runs.directory import Run, whole
from synthgrad.types import State

KEPT = 2
STATE = "state/"


class Checkpoint(NamedTuple):
    """The state after an epoch, and the seconds of training that led to it."""

    epoch: int
    seconds: float
    state: State


def write(run: Run, checkpoint: Checkpoint) -> None:
    """Write a checkpoint beside and rename it, then drop those that are too old. Raises OSError."""
    about = {"epoch": np.int64(checkpoint.epoch), "seconds": np.float64(checkpoint.seconds)}
    arrays = about | {f"{STATE}{name}": value for name, value in checkpoint.state.items()}
    whole(run.checkpoint(checkpoint.epoch), lambda file: np.savez(file, **arrays), lasting=True)  # type: ignore[arg-type]
    for old in run.checkpoints()[KEPT:]:
        old.unlink(missing_ok=True)
    _clear_torn(run)


def read(run: Run) -> Iterator[Checkpoint]:
    """The checkpoints that are whole, the newest first."""
    for path in run.checkpoints():
        try:
            arrays = read_arrays(path)
            state = {name.removeprefix(STATE): array for name, array in arrays.items() if name.startswith(STATE)}
            found = Checkpoint(int(arrays["epoch"]), float(arrays["seconds"]), state)
        except DAMAGE:
            continue
        yield found


def clear(run: Run) -> None:
    """Take all checkpoints away. Raises OSError."""
    for path in run.checkpoints():
        path.unlink(missing_ok=True)
    _clear_torn(run)


def _clear_torn(run: Run) -> None:
    """Take away what was being written when a process was killed."""
    for path in matching(run.path, ".checkpoint-*.part"):
        path.unlink(missing_ok=True)
