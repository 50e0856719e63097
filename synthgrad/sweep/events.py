"""What happens in a sweep, as a stream: who shows it needs to know no more."""

from __future__ import annotations

from typing import NamedTuple


class Begun(NamedTuple):
    """A stack is being trained: its number, the numbers of its runs in the grid, and their directories."""

    stack: int
    runs: tuple[int, ...]
    paths: tuple[str, ...] = ()


class Progress(NamedTuple):
    """A stack has come to an epoch, a few times a second."""

    stack: int
    epoch: int


class Ended(NamedTuple):
    """A run has ended: finished, diverged, interrupted or failed; of one that failed, why."""

    stack: int
    run: int
    path: str
    outcome: str
    error: str = ""


class Done(NamedTuple):
    """All runs of a stack have ended; ``broken``: the machine failed, so every other run would fail too."""

    stack: int
    broken: bool = False


class Lost(NamedTuple):
    """The process of a stack has died, and how; its runs are repeated if ``again``."""

    stack: int
    runs: tuple[int, ...]
    how: str
    again: bool


Event = Begun | Progress | Ended | Done | Lost
