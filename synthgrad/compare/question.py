"""What a comparison is asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from synthgrad.compare.missing import RUNS


@dataclass(frozen=True)
class Question:
    """What is asked of the runs; the first of ``metrics`` is tested, the others are only described.

    ``runs`` is where those go that an archive lacks.
    """

    metrics: tuple[str, ...] = ()
    at: str = "last"
    against: str | None = None
    target: float | None = None
    by: tuple[str, ...] = ()
    sort: str = "mean"
    control: bool = True
    claims: tuple[str, ...] = ()
    curves: bool = False
    runs: Path = RUNS
