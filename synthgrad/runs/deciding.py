"""The kind of target that a run of version 0.1 decided and did not record: its metrics say what was learned."""

from __future__ import annotations

from contextlib import suppress

from synthgrad.records import Record, Settings
from synthgrad.runs.directory import Run
from synthgrad.scores import SCORES

KIND, GUESS = "task.kind", "guess"
HEAD = 1 << 16


def decided(run: Run, config: Record) -> Settings:
    """The config of a run, by dotted key, with the kind of its target where that was left to be guessed."""
    return {**config, **({KIND: kind} if (kind := _kind(run, config)) else {})}


def settings(config: Record) -> list[str]:
    """The overrides ``KEY=VALUE`` with which the file of a run's ``decided`` config means what it meant then."""
    kind = config.get(KIND)
    return [f"{KIND}={kind}"] if kind in ("classes", "values") else []


def _kind(run: Run, config: Record) -> str:
    if config.get(KIND) != GUESS or not run.metrics.is_file():
        return ""
    with suppress(OSError, ValueError), run.metrics.open("rb") as file:
        names = file.readline(HEAD).decode().strip().split(",")
        return next((score.of for score in SCORES if score.column in names), "")
    return ""
