"""The kind of target that a run of version 0.1 decided and did not record: its metrics say what was learned."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from synthgrad.runs.directory import Run

KIND, GUESS = "task.kind", "guess"
SHOWN = {"accuracy": "classes", "r2": "values"}
"""By a column of the metrics, the kind that has it."""
HEAD = 1 << 16


def decided(run: Run, config: Mapping[str, Any]) -> dict[str, Any]:
    """The config of a run, by dotted key, with the kind of its target where that was left to be guessed."""
    return {**config, **({KIND: kind} if (kind := _kind(run, config)) else {})}


def settings(config: Mapping[str, Any]) -> list[str]:
    """The overrides ``KEY=VALUE`` with which the file of a run's ``decided`` config means what it meant then."""
    kind = config.get(KIND)
    return [f"{KIND}={kind}"] if kind in SHOWN.values() else []


def _kind(run: Run, config: Mapping[str, Any]) -> str:
    if config.get(KIND) != GUESS or not run.metrics.is_file():
        return ""
    with suppress(OSError, ValueError), run.metrics.open("rb") as file:
        names = file.readline(HEAD).decode().strip().split(",")
        return next((kind for name, kind in SHOWN.items() if name in names), "")
    return ""
